//! Connections from a `postgres://` URL.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use super::{NAME, error};
use crate::error::{Error, Result};

/// How long a server may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

fn options(url: &str) -> Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)
        .map_err(|_| Error::Destination {
            driver: NAME,
            problem: "the URL or a parameter of it cannot be read".to_owned(),
        })?
        .application_name("synthd")
        .disable_statement_logging())
}

async fn connect(options: PgConnectOptions) -> Result<PgConnection> {
    match tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(error::map_connect(error)),
        Err(_) => Err(Error::Connect {
            driver: NAME,
            reason: format!("no answer within {} seconds", CONNECT_TIMEOUT.as_secs()),
        }),
    }
}

/// A connection that writes.
pub(super) async fn connect_writer(url: &str) -> Result<PgConnection> {
    connect(options(url)?).await
}

/// A connection on which the server refuses to write.
pub(super) async fn connect_reader(url: &str) -> Result<PgConnection> {
    connect(options(url)?.options([("default_transaction_read_only", "on")])).await
}

/// The schemas of the session's search path, after which the path is closed: what follows names
/// its objects in full, and nobody else's functions or operators can slip in.
pub(super) async fn close_search_path(connection: &mut PgConnection) -> Result<Vec<String>> {
    let from_sqlx = |e| error::map(e, "");
    let schemas: Vec<String> =
        sqlx::query_scalar("SELECT pg_catalog.current_schemas(false)::pg_catalog.text[]")
            .fetch_one(&mut *connection)
            .await
            .map_err(from_sqlx)?;
    sqlx::query("SET search_path = pg_catalog, pg_temp")
        .execute(connection)
        .await
        .map_err(from_sqlx)?;
    Ok(schemas)
}

/// A table's schema and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relation {
    pub schema: String,
    pub name: String,
    /// What is there: `pg_class.relkind`, or nothing yet.
    pub kind: Option<char>,
}

impl Relation {
    /// Schema and name, quoted.
    pub fn quoted(&self) -> String {
        self.beside(&self.name)
    }

    /// Another table of the same schema, quoted.
    pub fn beside(&self, name: &str) -> String {
        format!(
            "{}.{}",
            crate::quote::identifier(&self.schema),
            crate::quote::identifier(name)
        )
    }
}

/// Splits `table` or `schema.table`.
fn split(table: &str) -> Result<(Option<&str>, &str)> {
    let (schema, name) = match table.split_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, table),
    };
    if name.contains('.') {
        return Err(Error::TableName {
            problem: "it has more than one dot; at most schema.table is possible".to_owned(),
        });
    }
    for part in schema.into_iter().chain([name]) {
        crate::writer::check_name(part, LONGEST_NAME)?;
    }
    Ok((schema, name))
}

/// Bytes that Postgres keeps of a name.
const LONGEST_NAME: usize = 63;

/// Finds a table: as named, or along the search path; one that is not there belongs in the path's
/// first schema.
pub(super) async fn resolve(
    connection: &mut PgConnection,
    search_path: &[String],
    table: &str,
) -> Result<Relation> {
    let (schema, name) = split(table)?;
    let schemas = match schema {
        Some(schema) => vec![schema.to_owned()],
        None => search_path.to_vec(),
    };
    let found: Option<(String, String)> = sqlx::query_as(
        "SELECT n.nspname::pg_catalog.text, c.relkind::pg_catalog.text \
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE n.nspname = ANY ($1) AND c.relname = $2 \
         ORDER BY pg_catalog.array_position($1, n.nspname::pg_catalog.text) LIMIT 1",
    )
    .bind(&schemas)
    .bind(name)
    .fetch_optional(connection)
    .await
    .map_err(|e| error::map(e, table))?;
    if let Some((schema, kind)) = found {
        return Ok(Relation {
            schema,
            name: name.to_owned(),
            kind: kind.chars().next(),
        });
    }
    let schema = schemas
        .into_iter()
        .next()
        .ok_or_else(|| Error::Permission {
            action: "no schema of the search path can be used".to_owned(),
        })?;
    Ok(Relation {
        schema,
        name: name.to_owned(),
        kind: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_may_have_a_schema() {
        assert_eq!(split("patients").ok(), Some((None, "patients")));
        assert_eq!(
            split("clinic.patients").ok(),
            Some((Some("clinic"), "patients"))
        );
        let long = "x".repeat(200);
        for name in ["a.b.c", ".a", "a.", "", &long, "clinic.synth_ledger"] {
            assert!(split(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_read_is_not_shown() {
        let Err(error) = options("postgres://u:SECRET@h:notaport/d") else {
            panic!("a port is a number");
        };
        assert!(
            !format!("{error} {error:?}").contains("SECRET"),
            "{error:?}"
        );
    }
}
