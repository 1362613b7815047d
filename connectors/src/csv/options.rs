//! Which file a `csv:` URL names.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// A file to be written, not opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFile {
    /// `None` is standard output.
    pub(super) path: Option<PathBuf>,
    pub(super) replace: bool,
}

impl CsvFile {
    /// `csv:path`, or `csv:-` for standard output.
    pub fn from_url(url: &str) -> Result<Self> {
        let path = url.split_once(':').map_or("", |(_, path)| path);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(Error::Destination {
                driver: super::NAME,
                problem: "the path is empty".to_owned(),
            });
        }
        Ok(Self {
            path: (path != "-").then(|| PathBuf::from(path)),
            replace: true,
        })
    }

    /// The same file, which must not exist yet: an error instead of a replacement.
    #[must_use]
    pub fn keep_existing(mut self) -> Self {
        self.replace = false;
        self
    }

    /// Whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        self.path.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        let path = |url| CsvFile::from_url(url).map(|f| f.path).ok();
        assert_eq!(path("csv:-"), Some(None));
        assert_eq!(path("csv:a b.csv"), Some(Some("a b.csv".into())));
        assert_eq!(path("csv:///tmp/x"), Some(Some("/tmp/x".into())));
        assert_eq!(path("csv:"), None);
    }
}
