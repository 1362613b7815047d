//! Conditions on columns that are written, from what is computed of them: generated columns have to
//! fit their types, and ranges have to begin before they end.

use synth_engine::fill::class::Class;

use super::catalog::CatalogTable;
use super::gate::replace_word;
use super::types::Types;

/// What the types of generated columns demand of the columns they are computed from.
pub fn implied_checks(table: &CatalogTable, types: &Types) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let generated = table
        .columns
        .iter()
        .filter(|column| column.generated == "s");
    let expressions = generated.filter_map(|column| column.default.as_deref());
    for expression in expressions.chain(table.definitions.iter().map(String::as_str)) {
        for (low, high) in range_bounds(expression) {
            out.push((
                format!("range of {low} and {high}"),
                format!("({low} <= {high})"),
            ));
        }
    }
    for column in &table.columns {
        let (Some(expression), "s") = (&column.default, column.generated.as_str()) else {
            continue;
        };
        let shape = types.shape(column.type_id, column.typmod);
        let limit = match shape.class {
            Class::Decimal {
                precision: Some(precision),
                scale,
            } => {
                let whole = i64::from(precision) - i64::from(scale.unwrap_or(0));
                // One less than the power of ten: what is computed is rounded on assignment.
                usize::try_from(whole)
                    .ok()
                    .map(|digits| "9".repeat(digits.max(1)))
            }
            Class::Integer { bytes: 2 } => Some(i16::MAX.to_string()),
            Class::Integer { bytes: 4 } => Some(i32::MAX.to_string()),
            _ => None,
        };
        let name = format!("type of column {}", column.name);
        if let Some(limit) = limit {
            out.push((
                name,
                format!("((({expression}) <= ({limit})::numeric) AND (({expression}) >= ('-{limit}')::numeric))"),
            ));
        } else if let Class::Text {
            max_chars: Some(chars),
            ..
        } = shape.class
        {
            // What a text is made of is as long at most, however it is put together.
            let parts: Vec<String> = table
                .columns
                .iter()
                .filter(|part| part.name != column.name)
                .filter(|part| types.shape(part.type_id, part.typmod).class.is_text())
                .map(|part| pgrx::spi::quote_identifier(&part.name))
                .filter(|part| replace_word(expression, part, "") != *expression)
                .collect();
            for part in &parts {
                let share = (chars as usize / parts.len()).max(1);
                out.push((name.clone(), format!("(length(({part})::text) <= {share})")));
            }
            out.push((name, format!("(length(({expression})::text) <= {chars})")));
        }
        if column.not_null {
            out.push((
                format!("column {}", column.name),
                format!("(({expression}) IS NOT NULL)"),
            ));
        }
    }
    out
}

/// A constraint with generated columns replaced by what they are computed from.
pub fn without_generated(table: &CatalogTable, expression: &str) -> String {
    let mut out = expression.to_owned();
    for column in &table.columns {
        if let (Some(generated), "s") = (&column.default, column.generated.as_str()) {
            let name = pgrx::spi::quote_identifier(&column.name);
            out = replace_word(&out, &name, &format!("({generated})"));
        }
    }
    out
}

/// The columns that a range is made of, as in `tstzrange(a, b)`: the first may not be above the
/// second.
fn range_bounds(expression: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (at, _) in expression.match_indices("range(") {
        let rest = &expression[at + "range(".len()..];
        // A bound with a parenthesis is more than a column.
        let Some(end) = rest
            .find([')', '('])
            .filter(|&end| rest[end..].starts_with(')'))
        else {
            continue;
        };
        let mut parts = rest[..end].split(", ");
        if let (Some(low), Some(high)) = (parts.next(), parts.next()) {
            let is_name = |text: &str| {
                let plain = !text.contains(['\'', ' ', ':']);
                let digit = text.starts_with(|c: char| c.is_ascii_digit());
                !text.is_empty() && !digit && (text.starts_with('"') || plain)
            };
            if is_name(low) && is_name(high) {
                out.push((low.to_owned(), high.to_owned()));
            }
        }
    }
    out
}
