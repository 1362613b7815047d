//! What the last masking of some tables saw: the verification of a run's own record, which costs
//! nothing, since the write pass compares each value with its original.

use pgrx::pg_sys::{self, Oid};
use pgrx::{IntoDatum, JsonB};
use serde_json::{Value, json};

use crate::mask::owner::AsOwner;
use crate::own;
use crate::query::query;

/// What the last masking of some tables saw, for the audit.
#[derive(Default)]
pub struct Seen {
    /// Control totals before, by table.
    pub before: Value,
    /// Control totals after, by table.
    pub after: Value,
    /// What comparing each written value with the originals has shown.
    pub verification: Value,
}

/// What the last masking of these tables saw.
pub fn seen(relids: &[Oid]) -> Seen {
    let mut before = serde_json::Map::new();
    let mut after = serde_json::Map::new();
    if !own::exists(c"fingerprint") {
        return Seen::default();
    }
    let descriptions = {
        let _owner = AsOwner::of(own::relid(c"fingerprint"));
        query(
            "SELECT relid, description FROM synth.fingerprint WHERE relid OPERATOR(pg_catalog.=) ANY ($1)",
            &[(pg_sys::OIDARRAYOID, relids.to_vec().into_datum())],
            |row| Ok(row.get::<Oid>(1)?.zip(row.get::<JsonB>(2)?)),
        )
    };
    let mut written = Written::default();
    for (relid, description) in descriptions {
        let name = crate::boundary::relation_name(relid);
        written.add(&name, &description.0);
        before.insert(name.clone(), description.0["before"].clone());
        after.insert(name, description.0["after"].clone());
    }
    Seen {
        before: Value::Object(before),
        after: Value::Object(after),
        verification: written.summary(),
    }
}

/// The verification that the write pass is: every value was compared with its original as it was
/// written, a sample of distinct ones with all originals at the end, and rows were counted.
#[derive(Default)]
struct Written {
    clean: u64,
    not_judged: u64,
    columns: Vec<Value>,
    rows: (u64, u64),
    checksum: (u64, u64),
}

impl Written {
    fn add(&mut self, table: &str, description: &Value) {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let sum = |totals: &Value| {
            let hex = totals["unmasked_columns"].as_str().unwrap_or_default();
            u64::from_str_radix(hex, 16).unwrap_or_default()
        };
        let (before, after) = (&description["before"], &description["after"]);
        self.rows.0 += number(&before["rows"]);
        self.rows.1 += number(&after["rows"]);
        // Rows may have moved between partitions: the sums are compared.
        self.checksum.0 = self.checksum.0.wrapping_add(sum(before));
        self.checksum.1 = self.checksum.1.wrapping_add(sum(after));
        for column in description["columns"].as_array().into_iter().flatten() {
            let kept = number(&column["kept_rows"]);
            let found = number(&column["originals_among_them"]);
            let verdict = if kept == 0 && found == 0 {
                self.clean += 1;
                "clean"
            } else {
                self.not_judged += 1;
                "not judged: synth_verify_masked tells chance from survivors"
            };
            self.columns.push(json!({
                "table": table,
                "column": column["name"],
                "values": column["values"],
                "kept": kept,
                "distinct_compared": column["distinct_compared"],
                "originals_among_them": found,
                "verdict": verdict,
            }));
        }
    }

    fn summary(self) -> Value {
        let equal = |(one, other): (u64, u64)| if one == other { "equal" } else { "differs" };
        json!({
            "method": "written values",
            "clean": self.clean,
            "not_judged": self.not_judged,
            "rows": equal(self.rows),
            "unmasked_columns": equal(self.checksum),
            "columns": self.columns,
        })
    }
}
