//! The connectors: what is written is read back, and loads by several writers join.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Date32Array, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use futures::TryStreamExt;
use libtest_mimic::Trial;
use synth_connectors::driver::{self, Sink};
use synth_connectors::ledger::{CHUNK_ROWS, Grain, Load};
use synth_connectors::load::{self, Control};
use synth_connectors::{
    BATCH_ROWS, ChunkBatches, ChunkOutcome, Error, ErrorKind, Prepared, Writer,
};
use synth_engine::domain::{self, TableOptions};
use synth_engine::schema::{ColumnSpec, ColumnType, Constraint, TableSpec};

use crate::servers::postgres::Postgres;
use crate::synthd::{Scratch, assert_same, rows};
use crate::{Fixture, block_on, plain};

/// A test of whatever database the URL names.
type OnUrl = fn(&str);

/// The tests.
pub fn trials(fixture: &Fixture) -> Vec<Trial> {
    let sqlite = |name: &str, test: fn(&str)| {
        plain(&format!("connectors::sqlite::{name}"), move || {
            let scratch = Scratch::new();
            test(&scratch.sqlite("test.db"));
        })
    };
    let postgres = |name: &str, test: fn(&str)| {
        fixture.postgres(&format!("connectors::postgres::{name}"), move |pg| {
            test(&pg.url(&pg.create_database()));
        })
    };
    let both: [(&str, OnUrl); 5] = [
        ("every_type_reads_back_equal", every_type_reads_back_equal),
        (
            "a_generated_table_reads_back_in_key_order",
            generated_table_reads_back,
        ),
        ("a_chunk_is_written_once", a_chunk_is_written_once),
        ("two_loaders_of_one_load_duplicate_nothing", two_loaders),
        ("hostile_names_stay_names", hostile_names),
    ];
    let mut out = Vec::new();
    for (name, test) in both {
        out.push(sqlite(name, test));
        out.push(postgres(name, test));
    }
    out.push(fixture.postgres(
        "connectors::postgres::readers_cannot_write",
        readers_cannot_write,
    ));
    out.push(fixture.postgres(
        "connectors::postgres::foreign_types_are_read",
        foreign_types,
    ));
    out.push(fixture.postgres("connectors::postgres::tables_are_described", described));
    out.push(fixture.postgres("connectors::postgres::single_column_end_marker", end_marker));
    out
}

async fn writer(url: &str) -> Box<dyn Writer> {
    match driver::open_sink(url).await {
        Ok(Sink::Database(writer)) => writer,
        Ok(Sink::File(_)) => panic!("{url} is no database"),
        Err(error) => panic!("cannot open: {error}"),
    }
}

/// Writes a chunk of one batch.
async fn write(
    writer: &mut dyn Writer,
    load: &Load,
    chunk: Range<u64>,
    batch: &RecordBatch,
) -> synth_connectors::Result<ChunkOutcome> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    sender.send(Ok(batch.clone())).await.unwrap();
    writer
        .write(load, chunk, &mut ChunkBatches::new(&mut receiver, 1))
        .await
}

fn load_into(target: &str, rows: u64) -> Load {
    Load {
        generator: "test".to_owned(),
        options: TableOptions::default(),
        start: 0,
        units: rows,
        grain: Grain {
            batch: BATCH_ROWS as u64,
            chunk: CHUNK_ROWS,
        },
        target: target.to_owned(),
    }
}

/// One column of each type, nullable, and a key.
fn every_type() -> (TableSpec, RecordBatch) {
    let text = vec![
        Some(""),
        Some("NULL"),
        Some("say \"hi\", 'you'\r\n\t\\N \\. \\"),
        Some("Zoë 😀 \u{202e}rtl e\u{301} 漢字"),
        None,
    ];
    // 0001-01-01 and 9999-12-31: what both databases and ISO 8601 share.
    let days = vec![Some(-719_162), Some(2_932_896), Some(0), Some(-1), None];
    let micros = vec![
        Some(-62_135_596_800_000_000),
        Some(253_402_300_799_999_999),
        Some(-1),
        Some(1),
        None,
    ];
    let doubles = vec![
        Some(f64::MAX),
        Some(f64::MIN_POSITIVE),
        Some(-0.1),
        Some(f64::NEG_INFINITY),
        None,
    ];
    let uuids = [
        Some([0_u8; 16]),
        Some([255; 16]),
        Some([1; 16]),
        Some(*b"0123456789abcdef"),
        None,
    ];
    let columns: Vec<(&str, ColumnType, ArrayRef)> = vec![
        (
            "Key \"id\"",
            ColumnType::BigInt,
            Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, 1, i64::MAX])),
        ),
        ("text", ColumnType::Text, Arc::new(StringArray::from(text))),
        (
            "number",
            ColumnType::BigInt,
            Arc::new(Int64Array::from(vec![
                Some(i64::MAX),
                Some(i64::MIN),
                Some(0),
                None,
                None,
            ])),
        ),
        (
            "select",
            ColumnType::Double,
            Arc::new(Float64Array::from(doubles)),
        ),
        ("day", ColumnType::Date, Arc::new(Date32Array::from(days))),
        (
            "at",
            ColumnType::TimestampTz,
            Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC")),
        ),
        (
            "uuid",
            ColumnType::Uuid,
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(uuids.into_iter(), 16)
                    .unwrap(),
            ),
        ),
    ];
    let spec = TableSpec {
        name: "every type".to_owned(),
        columns: columns
            .iter()
            .enumerate()
            .map(|(i, (name, column_type, _))| {
                let column = ColumnSpec::new(name, *column_type, "it's a \\ \"comment\"");
                if i == 0 { column } else { column.nullable() }
            })
            .collect(),
        constraints: vec![
            Constraint::PrimaryKey(vec!["Key \"id\"".to_owned()]),
            Constraint::Unique(vec!["uuid".to_owned(), "text".to_owned()]),
        ],
        comment: "A row; nothing'more".to_owned(),
    };
    let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
    let batch = RecordBatch::try_new(spec.arrow_schema(), arrays).unwrap();
    (spec, batch)
}

fn every_type_reads_back_equal(url: &str) {
    let (spec, batch) = every_type();
    block_on(async {
        let mut writer = writer(url).await;
        let load = load_into("every type", 5);
        assert_eq!(
            writer.prepare(&load, &spec).await.unwrap(),
            Prepared::Created
        );
        write(&mut *writer, &load, 0..5, &batch).await.unwrap();
        writer.close().await.unwrap();
        let mut reader = driver::open_reader(url).await.unwrap();
        let described = reader.describe("every type").await.unwrap();
        assert_eq!(described.constraints, spec.constraints);
        let names = |spec: &TableSpec| -> Vec<(String, bool)> {
            spec.columns
                .iter()
                .map(|c| (c.name.clone(), c.nullable))
                .collect()
        };
        assert_eq!(names(&described), names(&spec));
        if url.starts_with("postgres") {
            assert_eq!(described, spec, "Postgres keeps types and comments too");
        }
        let back: Vec<RecordBatch> = reader
            .read("every type", &spec)
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(back, [batch]);
    });
}

fn generated_table_reads_back(url: &str) {
    let table = domain::table("patients", &TableOptions::default()).unwrap();
    let count = 5_000;
    let batch = table.batch(0..count).unwrap();
    block_on(async {
        let load = Load {
            generator: "patients".to_owned(),
            ..load_into("patients", count)
        };
        let sink = driver::open_sink(url).await.unwrap();
        let outcome = load::run(sink, &load, table.clone(), false, &Control::default())
            .await
            .unwrap();
        assert_eq!((outcome.rows_written, outcome.complete), (count, true));
        let mut reader = driver::open_reader(url).await.unwrap();
        let batches: Vec<RecordBatch> = reader
            .read("patients", table.spec())
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert!(batches.len() > 2 && batches.iter().all(|b| b.num_rows() <= 2_048));
        let mut expected: Vec<String> = lines(&[batch]);
        expected.sort_unstable();
        // The key is the first column, and UUIDs sort as their text.
        assert_same(&lines(&batches), &expected);
    });
}

fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let mut out = Vec::new();
    for batch in batches {
        synth_engine::format::csv::write_batch(batch, &mut out).unwrap();
    }
    String::from_utf8(out)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn a_chunk_is_written_once(url: &str) {
    let (spec, batch) = every_type();
    block_on(async {
        let load = load_into("t", 10);
        let mut first = writer(url).await;
        let mut second = writer(url).await;
        assert_eq!(
            first.prepare(&load, &spec).await.unwrap(),
            Prepared::Created
        );
        assert_eq!(
            second.prepare(&load, &spec).await.unwrap(),
            Prepared::Existing
        );
        let outcome = write(&mut *first, &load, 0..5, &batch).await.unwrap();
        assert_eq!(outcome, ChunkOutcome::Written);
        let outcome = write(&mut *second, &load, 0..5, &batch).await.unwrap();
        assert_eq!(outcome, ChunkOutcome::AlreadyThere);
        assert_eq!(second.committed(&load).await.unwrap(), vec![0_u64..5; 1]);
        // Another load with the same keys fails as a whole: no row, no ledger entry.
        let other = load_into("t", 11);
        let error = write(&mut *second, &other, 0..5, &batch).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(second.committed(&other).await.unwrap().is_empty());
    });
    assert_eq!(rows(url, "t").len(), 6, "five rows, one with a line end");
}

fn two_loaders(url: &str) {
    let count = 6 * CHUNK_ROWS + 17;
    let load = Load {
        generator: "uuid".to_owned(),
        ..load_into("ids", count)
    };
    let table = domain::table("uuid", &load.options).unwrap();
    let written = block_on(async {
        let one = || async {
            let sink = driver::open_sink(url).await.unwrap();
            load::run(sink, &load, table.clone(), true, &Control::default()).await
        };
        let (a, b, c) = futures::join!(one(), one(), one());
        let outcomes = [a.unwrap(), b.unwrap(), c.unwrap()];
        assert!(outcomes.iter().all(|o| o.complete));
        outcomes.iter().map(|o| o.rows_written).sum::<u64>()
    });
    assert_eq!(written, count);
    let mut ids = rows(url, "ids");
    assert_eq!(ids.len() as u64, count);
    ids.dedup();
    assert_eq!(ids.len() as u64, count, "rows are there twice");
}

fn hostile_names(url: &str) {
    let (spec, batch) = every_type();
    for name in [
        "x\"; drop table y; --",
        "it's",
        "a b",
        "SELECT",
        "Ünï",
        "%s$1?1",
    ] {
        block_on(async {
            let mut writer = writer(url).await;
            let load = load_into(name, 5);
            writer.prepare(&load, &spec).await.unwrap();
            write(&mut *writer, &load, 0..5, &batch).await.unwrap();
            assert_eq!(
                writer.committed(&load).await.unwrap(),
                vec![0_u64..5; 1],
                "{name}"
            );
            writer.close().await.unwrap();
        });
        assert_eq!(rows(url, name).len(), 6, "{name}");
    }
    block_on(async {
        let mut writer = writer(url).await;
        for name in ["", "nul\0", "synth_ledger", &"x".repeat(300)] {
            let error = writer
                .prepare(&load_into(name, 5), &spec)
                .await
                .unwrap_err();
            assert!(matches!(error, Error::TableName { .. }), "{name}: {error}");
        }
    });
}

fn readers_cannot_write(pg: &Postgres) {
    let database = pg.create_database();
    pg.psql(
        &database,
        "CREATE TABLE log (n int); \
         CREATE FUNCTION tell() RETURNS text LANGUAGE sql AS 'INSERT INTO public.log VALUES (1) RETURNING ''x''';\
         CREATE VIEW trap AS SELECT public.tell() AS t",
    )
    .unwrap();
    let error = block_on(async {
        let mut reader = driver::open_reader(&pg.url(&database)).await.unwrap();
        let spec = reader.describe("trap").await.unwrap();
        let rows: Result<Vec<_>, _> = reader.read("trap", &spec).unwrap().try_collect().await;
        rows.unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
    assert_eq!(pg.psql(&database, "SELECT count(*) FROM log").unwrap(), "0");
}

fn foreign_types(pg: &Postgres) {
    let database = pg.create_database();
    pg.psql(
        &database,
        "CREATE DOMAIN small AS smallint CHECK (VALUE > 0); CREATE TYPE mood AS ENUM ('ok');\
         CREATE TABLE t (i int, s small, r real, n numeric, b boolean, c char(3), v varchar(9), m mood, j jsonb, a int[], d date);\
         INSERT INTO t VALUES (-1, 2, 0.5, 1.10, true, 'x', 'y', 'ok', '{\"k\": null}', '{1,2}', '2026-01-01')",
    )
    .unwrap();
    let url = pg.url(&database);
    assert_eq!(
        rows(&url, "t"),
        ["-1,2,0.5,1.10,true,x,y,ok,\"{\"\"k\"\": null}\",\"{1,2}\",2026-01-01"]
    );
    pg.psql(&database, "UPDATE t SET d = 'infinity'").unwrap();
    let error = block_on(async {
        let mut reader = driver::open_reader(&url).await.unwrap();
        let spec = reader.describe("t").await.unwrap();
        let rows: Result<Vec<_>, _> = reader.read("t", &spec).unwrap().try_collect().await;
        rows.unwrap_err()
    });
    assert!(error.to_string().contains("column d"), "{error}");
}

fn described(pg: &Postgres) {
    let database = pg.create_database();
    pg.psql(
        &database,
        "CREATE SCHEMA s; CREATE TABLE s.a (x bigint, y text, PRIMARY KEY (y, x)); \
         CREATE TABLE s.b (y text, x bigint, FOREIGN KEY (y, x) REFERENCES s.a)",
    )
    .unwrap();
    block_on(async {
        let mut reader = driver::open_reader(&pg.url(&database)).await.unwrap();
        let a = reader.describe("s.a").await.unwrap();
        assert_eq!(a.primary_key(), ["y", "x"], "in the key's order");
        let b = reader.describe("s.b").await.unwrap();
        let [Constraint::ForeignKey(key)] = &b.constraints[..] else {
            panic!("{:?}", b.constraints);
        };
        assert_eq!(key.table, "a");
        assert_eq!(key.columns, ["y", "x"]);
        assert_eq!(key.referenced, ["y", "x"]);
        let error = reader.describe("s.c").await.unwrap_err();
        assert!(matches!(error, Error::NoTable { .. }), "{error}");
    });
}

fn end_marker(pg: &Postgres) {
    let url = pg.url(&pg.create_database());
    let spec = TableSpec {
        name: "t".to_owned(),
        columns: vec![ColumnSpec::new("v", ColumnType::Text, "").nullable()],
        constraints: Vec::new(),
        comment: String::new(),
    };
    let values: ArrayRef = Arc::new(StringArray::from(vec![
        Some("\\."),
        None,
        Some(""),
        Some("z"),
    ]));
    let batch = RecordBatch::try_new(spec.arrow_schema(), vec![values]).unwrap();
    block_on(async {
        let mut writer = writer(&url).await;
        let load = load_into("t", 4);
        writer.prepare(&load, &spec).await.unwrap();
        write(&mut *writer, &load, 0..4, &batch).await.unwrap();
        let mut reader = driver::open_reader(&url).await.unwrap();
        let back: Vec<RecordBatch> = reader
            .read("t", &spec)
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(back[0].num_rows(), 4);
        assert_eq!(back[0].column(0).null_count(), 1);
        assert_eq!(back, [batch], "nothing is cut at \\.");
    });
}
