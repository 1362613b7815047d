//! Writes chunks as multi-row INSERTs in one transaction with the ledger's row.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row};
use synth_engine::schema::TableSpec;
use tokio::task::spawn_blocking;

use super::{error, options, types};
use crate::error::{Error, Result};
use crate::ledger::{self, Load};
use crate::quote;
use crate::writer::{
    ChunkBatches, ChunkOutcome, FoundColumn, Prepared, Writer, check_name, differences,
};

/// Parameters in a statement: SQLite's default limit.
const MOST_PARAMETERS: usize = 32_766;

/// Rows in a statement at most; more do not make it faster.
const MOST_ROWS: usize = 128;

/// The load's identity: to SQLite, names that differ in ASCII case are one table.
fn identity(load: &Load) -> String {
    Load {
        target: load.target.to_ascii_lowercase(),
        ..load.clone()
    }
    .id()
}

/// Bytes in a table's name. SQLite has no limit; this keeps error messages readable.
const LONGEST_NAME: usize = 255;

/// A connection that writes.
pub struct SqliteWriter {
    connection: SqliteConnection,
}

impl SqliteWriter {
    /// Opens the file; creates it if absent.
    pub async fn connect(url: &str) -> Result<Self> {
        Ok(Self {
            connection: options::connect_writer(url).await?,
        })
    }
}

fn create_ledger() -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\
         load_id TEXT NOT NULL, chunk_start INTEGER NOT NULL, chunk_end INTEGER NOT NULL, \
         generator TEXT NOT NULL, seed TEXT NOT NULL, as_of TEXT NOT NULL, \
         target_table TEXT NOT NULL, load_start INTEGER NOT NULL, load_rows INTEGER NOT NULL, \
         committed_at TEXT NOT NULL, PRIMARY KEY (load_id, chunk_start))",
        quote::identifier(ledger::TABLE)
    )
}

fn create_table(table: &str, spec: &TableSpec) -> String {
    quote::create_table(&quote::identifier(table), spec, types::sql_type)
}

fn found_column(row: &SqliteRow) -> std::result::Result<FoundColumn, sqlx::Error> {
    Ok(FoundColumn {
        name: row.try_get_unchecked(0)?,
        sql_type: row.try_get_unchecked(1)?,
        not_null: row.try_get_unchecked::<i64, _>(2)? != 0,
    })
}

#[async_trait]
impl Writer for SqliteWriter {
    async fn prepare(&mut self, load: &Load, spec: &TableSpec) -> Result<Prepared> {
        let table = load.target.as_str();
        check_name(table, LONGEST_NAME)?;
        if table.to_ascii_lowercase().starts_with("sqlite_") {
            return Err(Error::TableName {
                problem: "names that begin with sqlite_ are SQLite's own".to_owned(),
            });
        }
        let from_sqlx = |e| error::map(e, table);
        let mut transaction = self
            .connection
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(from_sqlx)?;
        sqlx::query(AssertSqlSafe(create_ledger()))
            .execute(&mut *transaction)
            .await
            .map_err(from_sqlx)?;
        let kind: Option<String> = sqlx::query_scalar(
            "SELECT type FROM sqlite_schema WHERE lower(name) = lower(?1) AND type <> 'trigger'",
        )
        .bind(table.to_owned())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(from_sqlx)?;
        let prepared = match kind.as_deref() {
            None => {
                sqlx::query(AssertSqlSafe(create_table(table, spec)))
                    .execute(&mut *transaction)
                    .await
                    .map_err(from_sqlx)?;
                // Entries of a table of this name that was dropped tell of rows that are gone.
                sqlx::query("DELETE FROM synth_ledger WHERE lower(target_table) = lower(?1)")
                    .bind(table.to_owned())
                    .execute(&mut *transaction)
                    .await
                    .map_err(from_sqlx)?;
                Prepared::Created
            }
            Some("table") => {
                let found: Vec<FoundColumn> =
                    sqlx::query("SELECT name, type, \"notnull\" FROM pragma_table_info(?1)")
                        .bind(table.to_owned())
                        .fetch_all(&mut *transaction)
                        .await
                        .map_err(from_sqlx)?
                        .iter()
                        .map(found_column)
                        .collect::<std::result::Result<_, _>>()
                        .map_err(from_sqlx)?;
                let differences = differences(&spec.columns, types::sql_type, &found);
                if !differences.is_empty() {
                    return Err(Error::Columns {
                        table: table.to_owned(),
                        differences,
                    });
                }
                Prepared::Existing
            }
            Some(other) => {
                return Err(Error::NotATable {
                    table: table.to_owned(),
                    what: format!("a {other}"),
                });
            }
        };
        transaction.commit().await.map_err(from_sqlx)?;
        Ok(prepared)
    }

    async fn committed(&mut self, load: &Load) -> Result<Vec<Range<u64>>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT chunk_start, chunk_end FROM synth_ledger WHERE load_id = ?1 ORDER BY chunk_start",
        )
        .bind(identity(load))
        .fetch_all(&mut self.connection)
        .await
        .map_err(|e| error::map(e, ledger::TABLE))?;
        Ok(ledger::merge(rows.into_iter().map(|(start, end)| {
            start.cast_unsigned()..end.cast_unsigned()
        })))
    }

    async fn write(
        &mut self,
        load: &Load,
        chunk: Range<u64>,
        batches: &mut ChunkBatches<'_>,
    ) -> Result<ChunkOutcome> {
        let from_sqlx = |e| error::map(e, &load.target);
        let mut transaction = self
            .connection
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(from_sqlx)?;
        let entered = sqlx::query(
            "INSERT INTO synth_ledger (load_id, chunk_start, chunk_end, generator, seed, as_of, \
             target_table, load_start, load_rows, committed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) \
             ON CONFLICT DO NOTHING",
        )
        .bind(identity(load))
        .bind(chunk.start.cast_signed())
        .bind(chunk.end.cast_signed())
        .bind(load.generator.clone())
        .bind(load.signed_seed().to_string())
        .bind(synth_engine::calendar::format_date(load.options.as_of))
        .bind(load.target.clone())
        .bind(load.start.cast_signed())
        .bind(load.units.cast_signed())
        .execute(&mut *transaction)
        .await
        .map_err(from_sqlx)?;
        if entered.rows_affected() == 0 {
            return Ok(ChunkOutcome::AlreadyThere);
        }
        let Some(first) = batches.next().await.transpose()? else {
            transaction.commit().await.map_err(from_sqlx)?;
            return Ok(ChunkOutcome::Written);
        };
        let columns = first.num_columns().max(1);
        let rows_each = (MOST_PARAMETERS / columns).clamp(1, MOST_ROWS);
        let into = format!(
            "INSERT INTO {} ({}) VALUES ",
            quote::identifier(&load.target),
            quote::identifiers(
                first
                    .schema_ref()
                    .fields()
                    .iter()
                    .map(|f| f.name().as_str())
            )
        );
        let row = format!("({})", vec!["?"; columns].join(","));
        let statement = |rows: usize| -> Arc<str> {
            format!("{into}{}", vec![row.as_str(); rows].join(",")).into()
        };
        let full = statement(rows_each);
        // Encoding the next batch overlaps with inserting this one.
        let encode =
            |batch: RecordBatch| spawn_blocking(move || types::arguments(&batch, rows_each));
        let mut next = Some(encode(first));
        while let Some(current) = next {
            let statements = current.await??;
            next = batches.next().await.transpose()?.map(encode);
            for (rows, arguments) in statements {
                let sql = if rows == rows_each {
                    full.clone()
                } else {
                    statement(rows)
                };
                sqlx::query_with(AssertSqlSafe(sql), arguments)
                    .execute(&mut *transaction)
                    .await
                    .map_err(from_sqlx)?;
            }
        }
        transaction.commit().await.map_err(from_sqlx)?;
        Ok(ChunkOutcome::Written)
    }

    async fn close(self: Box<Self>) -> Result<()> {
        self.connection.close().await.map_err(|e| error::map(e, ""))
    }
}
