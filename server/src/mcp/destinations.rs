//! The destinations that the operator named: the only ones that clients can write to.

use std::collections::BTreeMap;

use synth_connectors::csv::CsvFile;
use synth_connectors::driver::{self, Sink};

use super::ToolError;

/// Bytes of a destination's name.
const LONGEST_NAME: usize = 64;

/// URLs by name. No URL leaves this module.
pub struct Destinations(BTreeMap<String, String>);

impl Destinations {
    /// Reads `NAME=URL`s. The error does not quote them: they may hold a password.
    pub fn parse<'a>(items: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut out = BTreeMap::new();
        for (i, item) in items.enumerate() {
            let place = i + 1;
            let (name, url) = item
                .split_once('=')
                .ok_or_else(|| format!("destination {place} is not NAME=URL"))?;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
                return Err(format!(
                    "the name of destination {place} is not 1 to {LONGEST_NAME} letters, digits, _ or -"
                ));
            }
            let driver = driver::find(url)
                .map_err(|error| format!("destination {name}: {error}. {}", error.hint()))?;
            if driver.name == synth_connectors::csv::NAME {
                let file = CsvFile::from_url(url)
                    .map_err(|error| format!("destination {name}: {error}"))?;
                if file.is_stdout() {
                    return Err(format!(
                        "destination {name} is standard output, which carries MCP"
                    ));
                }
            }
            if out.insert(name.to_owned(), url.to_owned()).is_some() {
                return Err(format!("destination {name} is named twice"));
            }
        }
        Ok(Self(out))
    }

    /// The names.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn url(&self, name: &str) -> Result<&str, ToolError> {
        self.0.get(name).map(String::as_str).ok_or_else(|| {
            ToolError(if self.0.is_empty() {
                "no destination is configured, so only previews are possible: leave out destination, \
                 or ask the operator to start synthd with --destination NAME=URL (or \
                 SYNTHD_DESTINATIONS)"
                    .to_owned()
            } else {
                format!(
                    "there is no destination of this name; there are: {}",
                    self.names().join(", ")
                )
            })
        })
    }

    /// Whether the destination is a file, which has no tables.
    pub fn is_file(&self, name: &str) -> Result<bool, ToolError> {
        Ok(driver::find(self.url(name)?)?.name == synth_connectors::csv::NAME)
    }

    /// Opens a destination. A file that exists is kept.
    pub async fn open(&self, name: &str) -> Result<Sink, ToolError> {
        Ok(match driver::open_sink(self.url(name)?).await? {
            Sink::File(file) => Sink::File(file.keep_existing()),
            database @ Sink::Database(_) => database,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read_and_bad_ones_refused_without_quoting_them() {
        let good = Destinations::parse(["a=sqlite:x.db", "b=postgres://u:p@h/d?a=b"].into_iter());
        assert_eq!(good.map(|d| d.names().join(",")), Ok("a,b".to_owned()));
        for bad in [
            "SECRET",
            "=sqlite:SECRET",
            "a b=sqlite:SECRET",
            "a=SECRET",
            "a=mysql://SECRET",
            "a=csv:-",
            "a=csv:",
        ] {
            match Destinations::parse(["a=sqlite:x", bad].into_iter().skip(1)) {
                Ok(_) => panic!("{bad} is accepted"),
                Err(problem) => assert!(!problem.contains("SECRET"), "{problem}"),
            }
        }
        assert!(Destinations::parse(["a=sqlite:x", "a=sqlite:y"].into_iter()).is_err());
    }
}
