//! Templates: text with fields in braces, taken apart once.

use std::fmt::{self, Write};

/// What stands in a template's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// First name.
    First,
    /// Last name.
    Last,
    /// Another last name.
    OtherLast,
    /// The father's first name.
    Father,
    /// Daughter or son.
    Child,
    /// Title.
    Title,
    /// Full name.
    Full,
    /// Legal form.
    Suffix,
    /// A word of the trade.
    Word,
    /// City.
    City,
    /// City with its region before it, where its name does not begin with that.
    FullCity,
    /// Region.
    Region,
    /// Code of the region.
    RegionCode,
    /// Postal code.
    Postcode,
    /// Street with number.
    Street,
    /// Name of a street or of a kind of unit.
    Name,
    /// Number.
    Number,
}

impl Field {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "first" => Self::First,
            "last" => Self::Last,
            "last2" => Self::OtherLast,
            "father" => Self::Father,
            "child" => Self::Child,
            "title" => Self::Title,
            "full" => Self::Full,
            "suffix" => Self::Suffix,
            "word" => Self::Word,
            "city" => Self::City,
            "full_city" => Self::FullCity,
            "region" => Self::Region,
            "code" => Self::RegionCode,
            "postcode" => Self::Postcode,
            "street" => Self::Street,
            "name" | "type" => Self::Name,
            "number" => Self::Number,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    Field(Field),
}

/// Text with fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// Takes a template such as `{last} {first}` apart. What is no field stays as it is.
    pub fn new(text: &'static str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, (name, after))) = rest
            .split_once('{')
            .and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
        {
            if !before.is_empty() {
                parts.push(Part::Text(before));
            }
            if let Some(field) = Field::from_name(name) {
                parts.push(Part::Field(field));
            }
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest));
        }
        Self(parts)
    }

    /// Writes the text, each field by `write`.
    #[inline]
    pub fn write(
        &self,
        out: &mut dyn Write,
        mut write: impl FnMut(Field, &mut dyn Write) -> fmt::Result,
    ) -> fmt::Result {
        for part in &self.0 {
            match *part {
                Part::Text(text) => out.write_str(text)?,
                Part::Field(field) => write(field, out)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_replaced() {
        let mut out = String::new();
        Template::new("〒{postcode}\n{city}, x")
            .write(&mut out, |field, out| {
                out.write_str(if field == Field::Postcode { "1" } else { "2" })
            })
            .unwrap();
        assert_eq!(out, "〒1\n2, x");
    }
}
