//! Writes chunks with COPY in one transaction with the ledger's row.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use synth_engine::format::csv;
use synth_engine::schema::TableSpec;
use tokio::task::spawn_blocking;

use super::options::{self, Relation};
use super::{error, types};
use crate::error::{Error, Result};
use crate::ledger::{self, Load};
use crate::quote;
use crate::writer::{ChunkBatches, ChunkOutcome, FoundColumn, Prepared, Writer, differences};

/// Key of the advisory lock under which tables are created: "synth" in ASCII.
const PREPARE_LOCK: i64 = 0x73_79_6e_74_68;

/// A connection that writes.
pub struct PostgresWriter {
    connection: PgConnection,
    search_path: Vec<String>,
    /// The target, once prepared.
    target: Option<Relation>,
}

impl PostgresWriter {
    /// Connects.
    pub async fn connect(url: &str) -> Result<Self> {
        let mut connection = options::connect_writer(url).await?;
        let search_path = options::close_search_path(&mut connection).await?;
        Ok(Self {
            connection,
            search_path,
            target: None,
        })
    }

    fn target(&self, load: &Load) -> Result<Relation> {
        self.target.clone().ok_or_else(|| Error::NoTable {
            table: load.target.clone(),
        })
    }
}

fn create_ledger(target: &Relation) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\
         load_id text NOT NULL, chunk_start bigint NOT NULL, chunk_end bigint NOT NULL, \
         generator text NOT NULL, seed text NOT NULL, as_of date NOT NULL, \
         target_table text NOT NULL, load_start bigint NOT NULL, load_rows bigint NOT NULL, \
         committed_at timestamptz NOT NULL DEFAULT pg_catalog.now(), \
         PRIMARY KEY (load_id, chunk_start))",
        target.beside(ledger::TABLE)
    )
}

/// The statements that create a table.
fn create_table(target: &Relation, spec: &TableSpec) -> Vec<String> {
    let table = target.quoted();
    let mut out = vec![quote::create_table(&table, spec, types::sql_type)];
    if !spec.comment.is_empty() {
        out.push(format!(
            "COMMENT ON TABLE {table} IS {}",
            quote::literal(&spec.comment)
        ));
    }
    for column in spec.columns.iter().filter(|c| !c.comment.is_empty()) {
        out.push(format!(
            "COMMENT ON COLUMN {table}.{} IS {}",
            quote::identifier(&column.name),
            quote::literal(&column.comment)
        ));
    }
    out
}

/// What a `pg_class.relkind` is called.
fn kind_name(kind: char) -> &'static str {
    match kind {
        'v' => "a view",
        'm' => "a materialized view",
        'f' => "a foreign table",
        'i' | 'I' => "an index",
        'S' => "a sequence",
        'c' => "a type",
        _ => "something else",
    }
}

#[async_trait]
impl Writer for PostgresWriter {
    async fn prepare(&mut self, load: &Load, spec: &TableSpec) -> Result<Prepared> {
        let from_sqlx = |e| error::map(e, &load.target);
        let mut transaction = self
            .connection
            .begin_with("BEGIN ISOLATION LEVEL READ COMMITTED")
            .await
            .map_err(from_sqlx)?;
        sqlx::query("SELECT pg_catalog.pg_advisory_xact_lock($1)")
            .bind(PREPARE_LOCK)
            .execute(&mut *transaction)
            .await
            .map_err(from_sqlx)?;
        let target = options::resolve(&mut transaction, &self.search_path, &load.target).await?;
        let prepared = match target.kind {
            Some('r' | 'p') => {
                let found: Vec<(String, String, bool)> = sqlx::query_as(
                    "SELECT a.attname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull \
                     FROM pg_catalog.pg_attribute AS a \
                     WHERE a.attrelid = $1::pg_catalog.text::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped \
                     ORDER BY a.attnum",
                )
                .bind(target.quoted())
                .fetch_all(&mut *transaction)
                .await
                .map_err(from_sqlx)?;
                let found: Vec<FoundColumn> = found
                    .into_iter()
                    .map(|(name, sql_type, not_null)| FoundColumn {
                        name,
                        sql_type,
                        not_null,
                    })
                    .collect();
                let differences = differences(&spec.columns, types::sql_type, &found);
                if !differences.is_empty() {
                    return Err(Error::Columns {
                        table: load.target.clone(),
                        differences,
                    });
                }
                Prepared::Existing
            }
            Some(kind) => {
                return Err(Error::NotATable {
                    table: load.target.clone(),
                    what: kind_name(kind).to_owned(),
                });
            }
            None => Prepared::Created,
        };
        sqlx::query(AssertSqlSafe(create_ledger(&target)))
            .execute(&mut *transaction)
            .await
            .map_err(from_sqlx)?;
        if prepared == Prepared::Created {
            for statement in create_table(&target, spec) {
                sqlx::query(AssertSqlSafe(statement))
                    .persistent(false)
                    .execute(&mut *transaction)
                    .await
                    .map_err(from_sqlx)?;
            }
            // Entries of a table of this name that was dropped tell of rows that are gone.
            sqlx::query(AssertSqlSafe(format!(
                "DELETE FROM {} WHERE target_table = $1",
                target.beside(ledger::TABLE)
            )))
            .bind(&target.name)
            .execute(&mut *transaction)
            .await
            .map_err(from_sqlx)?;
        }
        transaction.commit().await.map_err(from_sqlx)?;
        self.target = Some(target);
        Ok(prepared)
    }

    async fn committed(&mut self, load: &Load) -> Result<Vec<Range<u64>>> {
        let target = self.target(load)?;
        let rows: Vec<(i64, i64)> = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT chunk_start, chunk_end FROM {} WHERE load_id = $1 ORDER BY chunk_start",
            target.beside(ledger::TABLE)
        )))
        .bind(identity(load, &target))
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
        let target = self.target(load)?;
        let from_sqlx = |e| error::map(e, &load.target);
        let mut transaction = self
            .connection
            .begin_with("BEGIN ISOLATION LEVEL READ COMMITTED")
            .await
            .map_err(from_sqlx)?;
        // Waits for another loader's chunk of the same start, and then finds its entry.
        let entered = sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO {} (load_id, chunk_start, chunk_end, generator, seed, as_of, \
             target_table, load_start, load_rows) \
             VALUES ($1, $2, $3, $4, $5, $6::pg_catalog.text::pg_catalog.date, $7, $8, $9) \
             ON CONFLICT DO NOTHING",
            target.beside(ledger::TABLE)
        )))
        .bind(identity(load, &target))
        .bind(chunk.start.cast_signed())
        .bind(chunk.end.cast_signed())
        .bind(&load.generator)
        .bind(load.signed_seed().to_string())
        .bind(synth_engine::calendar::format_date(load.options.as_of))
        .bind(&target.name)
        .bind(load.start.cast_signed())
        .bind(load.units.cast_signed())
        .execute(&mut *transaction)
        .await
        .map_err(from_sqlx)?;
        if entered.rows_affected() == 0 {
            return Ok(ChunkOutcome::AlreadyThere);
        }
        if let Some(first) = batches.next().await.transpose()? {
            let statement = format!(
                "COPY {} ({}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')",
                target.quoted(),
                quote::identifiers(
                    first
                        .schema_ref()
                        .fields()
                        .iter()
                        .map(|f| f.name().as_str())
                )
            );
            let mut copy = transaction
                .copy_in_raw(&statement)
                .await
                .map_err(from_sqlx)?;
            // Rendering the next batch overlaps with sending this one.
            let render = |batch: RecordBatch| spawn_blocking(move || render(&batch));
            let mut next = Some(render(first));
            while let Some(current) = next {
                let bytes = current.await??;
                next = batches.next().await.transpose()?.map(render);
                copy.send(bytes).await.map_err(from_sqlx)?;
            }
            copy.finish().await.map_err(from_sqlx)?;
        }
        transaction.commit().await.map_err(from_sqlx)?;
        Ok(ChunkOutcome::Written)
    }

    async fn close(self: Box<Self>) -> Result<()> {
        self.connection.close().await.map_err(|e| error::map(e, ""))
    }
}

/// The load's identity, whether or not the user spelled out the schema.
fn identity(load: &Load, target: &Relation) -> String {
    Load {
        target: target.name.clone(),
        ..load.clone()
    }
    .id()
}

/// A batch as CSV without header.
fn render(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    if batch.num_columns() == 1
        && let Some(column) = batch.column(0).as_string_opt::<i32>()
        && column.iter().flatten().any(|value| value == "\\.")
    {
        // Alone on a line this would end the COPY, unless quoted.
        for value in column {
            if let Some(value) = value {
                out.push(b'"');
                out.extend_from_slice(value.replace('"', "\"\"").as_bytes());
                out.push(b'"');
            }
            out.push(b'\n');
        }
        return Ok(out);
    }
    csv::write_batch(batch, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, StringArray};
    use std::sync::Arc;

    #[test]
    fn the_end_marker_as_a_value_is_quoted() {
        let values: ArrayRef = Arc::new(StringArray::from(vec![Some("\\."), None, Some("a\"b")]));
        let batch = RecordBatch::try_from_iter([("v", values)]).unwrap();
        assert_eq!(render(&batch).unwrap(), b"\"\\.\"\n\n\"a\"\"b\"\n");
    }
}
