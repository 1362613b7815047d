//! Fewer branches that allow the same.

use super::{Branch, Domain, Nullness, Relation};

/// Leaves out branches that another one includes, and joins those that differ in a list of values.
pub(super) fn simplified(branches: Vec<Branch>) -> Vec<Branch> {
    let mut kept: Vec<Branch> = Vec::new();
    for branch in branches {
        if kept.iter().any(|other| includes(other, &branch)) {
            continue;
        }
        kept.retain(|other| !includes(&branch, other));
        kept.push(branch);
    }
    let mut joined: Vec<Branch> = Vec::new();
    for branch in kept {
        match joined.iter_mut().find_map(|other| {
            let both = join(other, &branch)?;
            Some((other, both))
        }) {
            Some((other, both)) => *other = both,
            None => joined.push(branch),
        }
    }
    joined
}

/// Whether every row of `narrow` is in `wide`, as far as is seen at a glance.
fn includes(wide: &Branch, narrow: &Branch) -> bool {
    let domain = |name: &String| narrow.columns.get(name).cloned().unwrap_or_default();
    let always_null = |name: &String| domain(name).null == Nullness::MustBeNull;
    let columns = wide.columns.iter().all(|(name, allowed)| {
        let null = match allowed.null {
            Nullness::Free => true,
            other => domain(name).null == other,
        };
        let mut values = domain(name);
        values.null = allowed.null;
        null && (values == *allowed || always_null(name) || is_unrestricted(allowed))
    });
    let relations = wide.relations.iter().all(|relation| {
        narrow.relations.contains(relation)
            || match relation {
                Relation::Compare { left, right, .. } => always_null(left) || always_null(right),
                Relation::Computed { column, .. } => always_null(column),
                Relation::Predicate { .. } => false,
            }
    });
    let unproven = wide
        .unproven
        .iter()
        .all(|check| narrow.unproven.contains(check));
    columns && relations && unproven
}

fn is_unrestricted(domain: &Domain) -> bool {
    *domain
        == Domain {
            null: domain.null,
            ..Domain::default()
        }
}

/// Both branches as one, if they differ in nothing but the values listed for one column.
fn join(a: &Branch, b: &Branch) -> Option<Branch> {
    if a.relations != b.relations
        || a.unproven != b.unproven
        || !a.columns.keys().eq(b.columns.keys())
    {
        return None;
    }
    let mut different = a
        .columns
        .iter()
        .filter(|(name, domain)| b.columns.get(*name) != Some(domain));
    let (name, domain) = different.next()?;
    if different.next().is_some() {
        return None;
    }
    let other = b.columns.get(name)?;
    let mut both = domain.clone();
    let (Some(values), Some(more)) = (both.allowed.as_mut(), other.allowed.as_ref()) else {
        return None;
    };
    for value in more {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    let mut same = other.clone();
    same.allowed.clone_from(&both.allowed);
    if same != both {
        return None;
    }
    let mut joined = a.clone();
    joined.columns.insert(name.clone(), both);
    Some(joined)
}
