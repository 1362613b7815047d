//! Values of a type that is neither ordered nor text.

use super::generated::Suited;
use super::{Made, literal_text};
use crate::fill::cell;
use crate::fill::check::Domain;
use crate::fill::class::Class;
use crate::fill::recognize::{Recognition, Recognized};
use crate::fill::source::{Cell, Source, share};
use crate::fill::table::Column;

/// Values of a type that has no codec and is no text.
pub(super) fn make(
    column: &Column,
    class: &Class,
    domain: &Domain,
    suited: Option<&Recognized>,
) -> Result<Made, String> {
    if !cell::is_known(class) {
        return Err(format!("no values are known for type {}", column.type_name));
    }
    if let Some(suited) = Suited::new(suited) {
        return suited.make(column, domain);
    }
    let mut cell = Cell::new(class.clone());
    let mut reason = "nothing but its type is known".to_owned();
    let mut proven = domain.patterns.is_empty() && domain.lower.is_none() && domain.upper.is_none();
    match class {
        Class::Boolean => {
            if let Some(Recognized {
                recognition: Recognition::Boolean { probability },
                reason: said,
                ..
            }) = suited
            {
                cell.truth = Some(share(*probability));
                reason.clone_from(said);
            }
            proven &= domain.excluded.is_empty();
        }
        Class::Bytes => {
            cell.least = domain.min_bytes;
            cell.most = domain.max_bytes;
        }
        Class::Array { .. } => {
            cell.least = domain.min_items;
            cell.most = domain.max_items;
            cell.contains = domain.contains.iter().filter_map(literal_text).collect();
            if let Some(element) = &domain.element {
                let only_listed = Domain {
                    allowed: None,
                    ..(**element).clone()
                } == Domain::default();
                proven &= only_listed;
                cell.elements = element
                    .allowed
                    .as_ref()
                    .map(|allowed| allowed.iter().filter_map(literal_text).collect());
            }
        }
        Class::Json { .. } => {
            cell.json_keys.clone_from(&domain.json_keys);
            cell.json_type = domain.json_types.first().cloned();
        }
        _ => {}
    }
    proven &= domain.family.is_none_or(|family| family == 4);
    let mut made = Made::new(Source::Cell(cell), column.type_name.clone(), reason);
    made.proven = proven;
    Ok(made)
}
