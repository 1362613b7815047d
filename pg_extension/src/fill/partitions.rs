//! What partitions demand of a row.

use super::catalog::{CatalogTable, Partition};

/// What the partitions that can take rows demand, each as one expression. A complete set of hash
/// partitions demands nothing. A default partition is passed over where there are others.
pub fn demands(table: &CatalogTable) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let own = table.own_partition.clone().filter(|text| !text.is_empty());
    if let Some(root) = table.partitions.iter().find(|partition| {
        !table
            .partitions
            .iter()
            .any(|other| Some(other.id) == partition.parent)
    }) {
        if root.leaf {
            return own.into_iter().collect();
        }
        collect(root, &table.partitions, &mut out);
    } else {
        out.extend(own);
    }
    if out.iter().any(String::is_empty) {
        return Vec::new();
    }
    out
}

fn collect(node: &Partition, all: &[Partition], out: &mut Vec<String>) {
    let children: Vec<&Partition> = all.iter().filter(|p| p.parent == Some(node.id)).collect();
    if node.leaf || is_complete(node, &children) {
        let mut conditions: Vec<String> = node
            .constraint
            .iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect();
        conditions.extend(node.checks.iter().map(|check| format!("({check})")));
        out.push(match conditions.len() {
            0 => String::new(),
            1 => conditions.remove(0),
            _ => format!("({})", conditions.join(" AND ")),
        });
        return;
    }
    let (defaults, others): (Vec<&Partition>, Vec<&Partition>) = children
        .into_iter()
        .partition(|child| child.bound.as_deref() == Some("DEFAULT"));
    let before = out.len();
    for child in others {
        collect(child, all, out);
    }
    if out.len() == before {
        for child in defaults {
            collect(child, all, out);
        }
    }
}

/// Whether hash partitions cover every remainder, and demand nothing else.
fn is_complete(node: &Partition, children: &[&Partition]) -> bool {
    let demanding = |child: &&Partition| !child.leaf || child.checks != node.checks;
    if node.strategy != Some('h') || children.iter().any(demanding) {
        return false;
    }
    // FOR VALUES WITH (modulus 4, remainder 0)
    let moduli: Option<Vec<u64>> = children
        .iter()
        .map(|child| {
            let bound = child.bound.as_deref()?;
            let (_, rest) = bound.split_once("modulus ")?;
            rest.split(',').next()?.trim().parse().ok()
        })
        .collect();
    let Some(moduli) = moduli else { return false };
    let largest = moduli.iter().copied().max().unwrap_or(0);
    largest > 0 && moduli.iter().map(|modulus| largest / modulus).sum::<u64>() == largest
}

/// Whether any partition can take rows.
pub fn can_take_rows(table: &CatalogTable) -> bool {
    table
        .partitions
        .iter()
        .any(|partition| partition.leaf && partition.strategy.is_none())
}
