//! Reads tables of an SQLite database, which is opened read-only.

use std::collections::BTreeMap;

use arrow_array::{ArrayRef, RecordBatch};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use synth_engine::schema::{ColumnSpec, Constraint, ForeignKey, TableSpec};

use super::{error, options, types};
use crate::error::{Error, Result};
use crate::quote;
use crate::reader::{BATCH_ROWS, BatchStream, Reader};

/// A read-only connection.
pub struct SqliteReader {
    connection: SqliteConnection,
}

impl SqliteReader {
    /// Opens the file, which must exist.
    pub async fn connect(url: &str) -> Result<Self> {
        Ok(Self {
            connection: options::connect_reader(url).await?,
        })
    }

    async fn rows(&mut self, sql: &'static str, table: &str) -> Result<Vec<SqliteRow>> {
        sqlx::query(sql)
            .bind(table.to_owned())
            .fetch_all(&mut self.connection)
            .await
            .map_err(|e| error::map(e, table))
    }
}

fn text(row: &SqliteRow, index: usize) -> Result<String> {
    row.try_get_unchecked(index).map_err(|e| error::map(e, ""))
}

fn number(row: &SqliteRow, index: usize) -> Result<i64> {
    row.try_get_unchecked(index).map_err(|e| error::map(e, ""))
}

#[async_trait]
impl Reader for SqliteReader {
    async fn describe(&mut self, table: &str) -> Result<TableSpec> {
        let columns = self
            .rows(
                "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid",
                table,
            )
            .await?;
        if columns.is_empty() {
            return Err(Error::NoTable {
                table: table.to_owned(),
            });
        }
        let mut spec = TableSpec {
            name: table.to_owned(),
            columns: Vec::new(),
            constraints: Vec::new(),
            comment: String::new(),
        };
        let mut key: BTreeMap<i64, String> = BTreeMap::new();
        for row in &columns {
            let name = text(row, 0)?;
            let position = number(row, 3)?;
            let mut column = ColumnSpec::new(&name, types::column_type(&text(row, 1)?), "");
            column.nullable = number(row, 2)? == 0;
            spec.columns.push(column);
            if position > 0 {
                key.insert(position, name);
            }
        }
        if !key.is_empty() {
            let columns = key.into_values().collect();
            spec.constraints.push(Constraint::PrimaryKey(columns));
        }
        let unique = self
            .rows(
                "SELECT l.seq, i.name FROM pragma_index_list(?1) AS l, pragma_index_info(l.name) AS i \
                 WHERE l.\"unique\" AND l.origin = 'u' AND NOT l.partial ORDER BY l.seq DESC, i.seqno",
                table,
            )
            .await?;
        for group in unique.chunk_by(|a, b| number(a, 0).ok() == number(b, 0).ok()) {
            let columns = group
                .iter()
                .map(|row| text(row, 1))
                .collect::<Result<_>>()?;
            spec.constraints.push(Constraint::Unique(columns));
        }
        let foreign = self
            .rows(
                "SELECT id, \"table\", \"from\", coalesce(\"to\", \"from\") FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
                table,
            )
            .await?;
        for group in foreign.chunk_by(|a, b| number(a, 0).ok() == number(b, 0).ok()) {
            spec.constraints.push(Constraint::ForeignKey(ForeignKey {
                table: text(&group[0], 1)?,
                columns: group
                    .iter()
                    .map(|row| text(row, 2))
                    .collect::<Result<_>>()?,
                referenced: group
                    .iter()
                    .map(|row| text(row, 3))
                    .collect::<Result<_>>()?,
            }));
        }
        Ok(spec)
    }

    fn read<'a>(&'a mut self, table: &str, spec: &TableSpec) -> Result<BatchStream<'a>> {
        let columns = spec.columns.clone();
        let schema = spec.arrow_schema();
        let mut sql = format!(
            "SELECT {} FROM {}",
            quote::identifiers(columns.iter().map(|c| c.name.as_str())),
            quote::identifier(table)
        );
        let key = spec.primary_key();
        if !key.is_empty() {
            sql.push_str(" ORDER BY ");
            sql.push_str(&quote::identifiers(key.iter().map(String::as_str)));
        }
        let table = table.to_owned();
        // One statement is one read transaction: all rows are of the same moment.
        let rows = sqlx::query(AssertSqlSafe(sql))
            .fetch(&mut self.connection)
            .map_err(move |e| error::map(e, &table))
            .boxed();
        Ok(stream::try_unfold(rows, move |mut rows| {
            let (columns, schema) = (columns.clone(), schema.clone());
            async move {
                let mut chunk = Vec::with_capacity(BATCH_ROWS);
                while chunk.len() < BATCH_ROWS {
                    let Some(row) = rows.try_next().await? else {
                        break;
                    };
                    chunk.push(row);
                }
                if chunk.is_empty() {
                    return Ok(None);
                }
                let arrays = columns
                    .iter()
                    .enumerate()
                    .map(|(i, column)| types::array(&chunk, i, column))
                    .collect::<Result<Vec<ArrayRef>>>()?;
                let batch =
                    RecordBatch::try_new(schema, arrays).map_err(|e| Error::Engine(e.into()))?;
                Ok(Some((batch, rows)))
            }
        })
        .boxed())
    }
}
