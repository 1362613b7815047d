//! Reads tables through a cursor, in one READ ONLY transaction on a connection whose transactions
//! are read-only by default.

use arrow_array::{ArrayRef, RecordBatch};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use synth_engine::schema::{ColumnSpec, Constraint, ForeignKey, TableSpec};

use super::options::{self, Relation};
use super::{error, types};
use crate::error::{Error, Result};
use crate::quote;
use crate::reader::{BATCH_ROWS, BatchStream, Reader};

/// A read-only connection.
pub struct PostgresReader {
    connection: PgConnection,
    search_path: Vec<String>,
}

impl PostgresReader {
    /// Connects.
    pub async fn connect(url: &str) -> Result<Self> {
        let mut connection = options::connect_reader(url).await?;
        let search_path = options::close_search_path(&mut connection).await?;
        Ok(Self {
            connection,
            search_path,
        })
    }
}

/// The constraints of a table; columns in the constraint's order.
const CONSTRAINTS: &str = "\
SELECT c.contype::pg_catalog.text, \
  ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k(n, i) \
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.i), \
  coalesce((SELECT r.relname::pg_catalog.text FROM pg_catalog.pg_class AS r WHERE r.oid = c.confrelid), ''), \
  ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY AS k(n, i) \
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.i) \
FROM pg_catalog.pg_constraint AS c \
WHERE c.conrelid = $1::pg_catalog.text::pg_catalog.regclass AND c.contype IN ('p', 'u', 'f') \
ORDER BY pg_catalog.strpos('puf', c.contype::pg_catalog.text), c.oid";

/// The columns of a table, with domains resolved to what they are of.
const COLUMNS: &str = "\
SELECT a.attname::pg_catalog.text, \
  pg_catalog.format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, NULL), \
  NOT (a.attnotnull OR t.typnotnull), \
  coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '') \
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid \
WHERE a.attrelid = $1::pg_catalog.text::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped \
ORDER BY a.attnum";

#[async_trait]
impl Reader for PostgresReader {
    async fn describe(&mut self, table: &str) -> Result<TableSpec> {
        let relation = options::resolve(&mut self.connection, &self.search_path, table).await?;
        if relation.kind.is_none() {
            return Err(Error::NoTable {
                table: table.to_owned(),
            });
        }
        let from_sqlx = |e| error::map(e, table);
        let quoted = relation.quoted();
        let columns: Vec<(String, String, bool, String)> = sqlx::query_as(COLUMNS)
            .bind(&quoted)
            .fetch_all(&mut self.connection)
            .await
            .map_err(from_sqlx)?;
        let constraints: Vec<(String, Vec<String>, String, Vec<String>)> =
            sqlx::query_as(CONSTRAINTS)
                .bind(&quoted)
                .fetch_all(&mut self.connection)
                .await
                .map_err(from_sqlx)?;
        let comment: String = sqlx::query_scalar(
            "SELECT coalesce(pg_catalog.obj_description($1::pg_catalog.text::pg_catalog.regclass, 'pg_class'), '')",
        )
        .bind(&quoted)
        .fetch_one(&mut self.connection)
        .await
        .map_err(from_sqlx)?;
        Ok(TableSpec {
            name: relation.name,
            columns: columns
                .into_iter()
                .map(|(name, base, nullable, comment)| ColumnSpec {
                    name,
                    column_type: types::column_type(&base),
                    nullable,
                    comment,
                })
                .collect(),
            constraints: constraints
                .into_iter()
                .map(|(kind, columns, table, referenced)| match kind.as_str() {
                    "p" => Constraint::PrimaryKey(columns),
                    "u" => Constraint::Unique(columns),
                    _ => Constraint::ForeignKey(ForeignKey {
                        columns,
                        table,
                        referenced,
                    }),
                })
                .collect(),
            comment,
        })
    }

    fn read<'a>(&'a mut self, table: &str, spec: &TableSpec) -> Result<BatchStream<'a>> {
        let state = State::Start(Box::new(Scan {
            reader: self,
            table: table.to_owned(),
            spec: spec.clone(),
        }));
        Ok(stream::try_unfold(state, |mut state| async move {
            loop {
                state = match state {
                    State::Start(scan) => State::Open(scan.open().await?),
                    State::Open(mut cursor) => {
                        let batch = cursor.next().await?;
                        if let Some(batch) = batch {
                            return Ok(Some((batch, State::Open(cursor))));
                        }
                        let ended = cursor.transaction.commit().await;
                        return ended.map(|()| None).map_err(|e| error::map(e, ""));
                    }
                }
            }
        })
        .boxed())
    }
}

struct Scan<'a> {
    reader: &'a mut PostgresReader,
    table: String,
    spec: TableSpec,
}

enum State<'a> {
    Start(Box<Scan<'a>>),
    Open(Box<Cursor<'a>>),
}

struct Cursor<'a> {
    transaction: sqlx::Transaction<'a, sqlx::Postgres>,
    spec: TableSpec,
    table: String,
}

/// Fetches [`BATCH_ROWS`] rows.
const FETCH: &str = "FETCH FORWARD 2048 FROM synth_rows";
const _: () = assert!(BATCH_ROWS == 2048);

impl Cursor<'_> {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        // Not persistent: each cursor of this name has columns of its own.
        let rows = sqlx::query(FETCH)
            .persistent(false)
            .fetch_all(&mut *self.transaction)
            .await
            .map_err(|e| error::map(e, &self.table))?;
        if rows.is_empty() {
            return Ok(None);
        }
        let arrays = self
            .spec
            .columns
            .iter()
            .enumerate()
            .map(|(i, column)| types::array(&rows, i, column))
            .collect::<Result<Vec<ArrayRef>>>()?;
        RecordBatch::try_new(self.spec.arrow_schema(), arrays)
            .map(Some)
            .map_err(|e| Error::Engine(e.into()))
    }
}

impl<'a> Scan<'a> {
    async fn open(self: Box<Self>) -> Result<Box<Cursor<'a>>> {
        let Self {
            reader,
            table,
            spec,
        } = *self;
        let from_sqlx = |e| error::map(e, &table);
        let relation: Relation =
            options::resolve(&mut reader.connection, &reader.search_path, &table).await?;
        let columns: Vec<String> = spec.columns.iter().map(types::select_item).collect();
        let mut sql = format!(
            "DECLARE synth_rows NO SCROLL CURSOR FOR SELECT {} FROM {}",
            columns.join(", "),
            relation.quoted()
        );
        if !spec.primary_key().is_empty() {
            sql.push_str(" ORDER BY ");
            sql.push_str(&quote::identifiers(
                spec.primary_key().iter().map(String::as_str),
            ));
        }
        let mut transaction = reader
            .connection
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .map_err(from_sqlx)?;
        sqlx::query(AssertSqlSafe(sql))
            .persistent(false)
            .execute(&mut *transaction)
            .await
            .map_err(from_sqlx)?;
        Ok(Box::new(Cursor {
            transaction,
            spec,
            table,
        }))
    }
}
