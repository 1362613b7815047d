//! The run-time table of drivers: a URL's scheme chooses one.

use futures::future::BoxFuture;

use crate::csv::CsvFile;
use crate::error::{Error, Result};
use crate::reader::Reader;
use crate::writer::Writer;

/// Something that rows can be written to.
pub enum Sink {
    /// A database: chunk by chunk, resumable.
    Database(Box<dyn Writer>),
    /// A file or pipe: in one go.
    File(CsvFile),
}

type OpenSink = for<'a> fn(&'a str) -> BoxFuture<'a, Result<Sink>>;
type OpenReader = for<'a> fn(&'a str) -> BoxFuture<'a, Result<Box<dyn Reader>>>;

/// A driver.
pub struct Driver {
    /// The database's name.
    pub name: &'static str,
    /// URL schemes, without the colon.
    pub schemes: &'static [&'static str],
    /// What a URL looks like.
    pub example: &'static str,
    open_sink: OpenSink,
    open_reader: Option<OpenReader>,
}

static DRIVERS: &[Driver] = &[
    #[cfg(feature = "postgres")]
    Driver {
        name: crate::postgres::NAME,
        schemes: &["postgres", "postgresql"],
        example: "postgres://user@host:5432/database",
        open_sink: |url| {
            Box::pin(async move {
                Ok(Sink::Database(Box::new(
                    crate::postgres::PostgresWriter::connect(url).await?,
                )))
            })
        },
        open_reader: Some(|url| {
            Box::pin(async move {
                let reader: Box<dyn Reader> =
                    Box::new(crate::postgres::PostgresReader::connect(url).await?);
                Ok(reader)
            })
        }),
    },
    #[cfg(feature = "sqlite")]
    Driver {
        name: crate::sqlite::NAME,
        schemes: &["sqlite"],
        example: "sqlite:clinic.db",
        open_sink: |url| {
            Box::pin(async move {
                Ok(Sink::Database(Box::new(
                    crate::sqlite::SqliteWriter::connect(url).await?,
                )))
            })
        },
        open_reader: Some(|url| {
            Box::pin(async move {
                let reader: Box<dyn Reader> =
                    Box::new(crate::sqlite::SqliteReader::connect(url).await?);
                Ok(reader)
            })
        }),
    },
    Driver {
        name: crate::csv::NAME,
        schemes: &["csv"],
        example: "csv:patients.csv (csv:- is standard output)",
        open_sink: |url| Box::pin(async move { Ok(Sink::File(CsvFile::from_url(url)?)) }),
        open_reader: None,
    },
];

/// All drivers of this build.
pub fn drivers() -> &'static [Driver] {
    DRIVERS
}

/// The driver for a URL.
pub fn find(url: &str) -> Result<&'static Driver> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    DRIVERS
        .iter()
        .find(|driver| {
            driver
                .schemes
                .iter()
                .any(|s| s.eq_ignore_ascii_case(scheme))
        })
        .ok_or_else(|| Error::UnknownScheme {
            examples: DRIVERS
                .iter()
                .map(|driver| driver.example)
                .collect::<Vec<_>>()
                .join(", "),
        })
}

/// Opens what a URL names for writing.
pub async fn open_sink(url: &str) -> Result<Sink> {
    (find(url)?.open_sink)(url).await
}

/// Opens what a URL names for reading.
pub async fn open_reader(url: &str) -> Result<Box<dyn Reader>> {
    let driver = find(url)?;
    let open = driver.open_reader.ok_or_else(|| Error::Destination {
        driver: driver.name,
        problem: "it can be written, not read".to_owned(),
    })?;
    open(url).await
}

/// The URL as it may be shown: without user, password and parameters.
///
/// A URL in which the password cannot be told apart for certain is reduced to its scheme.
pub fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once(':') else {
        return "(not a URL)".to_owned();
    };
    let Some(rest) = rest
        .strip_prefix("//")
        .filter(|_| scheme.starts_with("postgres"))
    else {
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        return format!("{scheme}:{path}");
    };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    if tail.contains('@') {
        return format!("{scheme}://...");
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = tail.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgres://u:secret@h:1/d?password=secret",
                "postgres://h:1/d",
            ),
            ("postgres://u:se@cret@h/d", "postgres://h/d"),
            ("postgres://u:secret/x@h/d", "postgres://..."),
            ("postgres://u:secret?x@h/d", "postgres://..."),
            ("postgresql:///d?host=/tmp&user=secret", "postgresql:///d"),
            ("sqlite:a b.db?mode=rwc", "sqlite:a b.db"),
            ("sqlite:///abs/x.db", "sqlite:///abs/x.db"),
            ("csv:-", "csv:-"),
            ("secret", "(not a URL)"),
        ] {
            assert_eq!(redact(url), shown, "{url}");
        }
    }

    #[test]
    fn schemes_are_known_whatever_their_case() {
        assert_eq!(find("CSV:-").map(|d| d.name).ok(), Some("CSV"));
        let Err(error) = find("mysql://h/d") else {
            panic!("mysql has no driver yet");
        };
        assert!(
            error.hint().contains("sqlite:clinic.db"),
            "{}",
            error.hint()
        );
    }
}
