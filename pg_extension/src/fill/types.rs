//! Types of the catalog as classes of the engine.

use std::collections::HashMap;

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};
use serde::Deserialize;
use synth_engine::fill::class::Class;
use synth_engine::fill::{Column, Plan, Table};

use super::catalog::document;
use super::inline::CatalogCheck;
use crate::query::query;

/// How many values of a domain stand for all of them where it is part of another type.
const POOL: u64 = 256;

/// A type as the catalog has it.
#[derive(Debug, Deserialize)]
struct Type {
    id: u32,
    schema: String,
    name: String,
    kind: char,
    category: char,
    element: u32,
    base: u32,
    base_typmod: i32,
    not_null: bool,
    range_of: Option<u32>,
    labels: Vec<String>,
    fields: Vec<(String, u32, i32)>,
    checks: Vec<CatalogCheck>,
}

/// The types that a table is made of.
pub struct Types(HashMap<u32, Type>);

/// What the type of a column says.
pub struct Shape {
    /// Its class, domains looked through.
    pub class: Class,
    /// Checks of its domains.
    pub checks: Vec<(String, String)>,
    /// Whether a domain refuses NULL.
    pub not_null: bool,
}

impl Types {
    /// Reads types and all that they are made of.
    pub fn read(ids: &[u32]) -> Self {
        let ids: Vec<Oid> = ids.iter().map(|&id| Oid::from(id)).collect();
        let types: Vec<Type> = query(
            include_str!("types.sql"),
            &[(pg_sys::OIDARRAYOID, ids.into_datum())],
            |row| Ok(row.get::<String>(1)?.map(|text| document(&text))),
        );
        Self(types.into_iter().map(|one| (one.id, one)).collect())
    }

    /// The name of a type, qualified and quoted, without modifiers.
    pub fn qualified(&self, id: u32) -> String {
        match self.0.get(&id) {
            Some(one) => format!(
                "{}.{}",
                pgrx::spi::quote_identifier(&one.schema),
                pgrx::spi::quote_identifier(&one.name)
            ),
            None => "pg_catalog.text".to_owned(),
        }
    }

    /// The type under the domains of a type, with its modifier, as SQL under the safe search path.
    pub fn base(&self, id: u32, typmod: i32) -> String {
        let (mut id, mut typmod) = (id, typmod);
        while let Some(one) = self.0.get(&id).filter(|one| one.kind == 'd') {
            (id, typmod) = (one.base, one.base_typmod);
        }
        crate::query::with_safe_path(|| {
            // SAFETY: gives a palloc'd string for any OID.
            unsafe {
                crate::boundary::string(pg_sys::format_type_extended(
                    Oid::from(id),
                    typmod,
                    (pg_sys::FORMAT_TYPE_TYPEMOD_GIVEN | pg_sys::FORMAT_TYPE_FORCE_QUALIFY) as u16,
                ))
            }
        })
    }

    /// What a type with a modifier says.
    pub fn shape(&self, id: u32, typmod: i32) -> Shape {
        let mut shape = Shape {
            class: Class::Other {
                name: String::new(),
                category: 'X',
            },
            checks: Vec::new(),
            not_null: false,
        };
        let (mut id, mut typmod) = (id, typmod);
        while let Some(one) = self.0.get(&id).filter(|one| one.kind == 'd') {
            let checks = one.checks.iter();
            shape
                .checks
                .extend(checks.map(|check| (check.name.clone(), check.expression(None))));
            shape.not_null |= one.not_null;
            (id, typmod) = (one.base, one.base_typmod);
        }
        shape.class = self.class(id, typmod);
        shape
    }

    /// The source of functions that checks of the domains of a type call, with the checks' names.
    pub fn bodies(&self, id: u32) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let mut id = id;
        while let Some(one) = self.0.get(&id).filter(|one| one.kind == 'd') {
            out.extend(one.checks.iter().flat_map(CatalogCheck::bodies));
            id = one.base;
        }
        out
    }

    /// The class of a type that is part of another: a domain with checks stands for a choice of its
    /// values.
    fn part(&self, id: u32, typmod: i32) -> Class {
        let shape = self.shape(id, typmod);
        if shape.checks.is_empty() {
            return shape.class;
        }
        let mut column = Column::new("value", "domain", shape.class.clone());
        column.domain_checks = shape.checks;
        column.not_null = true;
        let table = Table {
            name: "domain".to_owned(),
            columns: vec![column],
            ..Table::default()
        };
        let plan = Plan::new(table, POOL, 0);
        if !plan.problems.is_empty() {
            return shape.class;
        }
        let mut labels: Vec<String> = plan
            .batch(0..POOL)
            .columns
            .first()
            .map(|values| values.iter().flatten().map(str::to_owned).collect())
            .unwrap_or_default();
        labels.sort_unstable();
        labels.dedup();
        let labels = self.accepted(id, typmod, labels, &plan);
        Class::Enum { labels }
    }

    /// Those of the values of a domain that its checks accept: the database is asked where the plan
    /// does not promise it.
    fn accepted(&self, id: u32, typmod: i32, values: Vec<String>, plan: &Plan) -> Vec<String> {
        if plan.unproven.is_empty() {
            return values;
        }
        let conditions: Vec<String> = plan
            .table()
            .columns
            .iter()
            .flat_map(|column| &column.domain_checks)
            .map(|(_, check)| format!("({}) IS NOT FALSE", super::gate::of_value(check, "t.value")))
            .collect();
        let sql = format!(
            "SELECT t.text FROM (SELECT u.text, u.text::{} AS value FROM pg_catalog.unnest($1) u (text)) t WHERE {}",
            self.base(id, typmod),
            conditions.join(" AND ")
        );
        query(
            &sql,
            &[(pg_sys::TEXTARRAYOID, values.into_datum())],
            |row| row.get::<String>(1),
        )
    }

    fn class(&self, id: u32, typmod: i32) -> Class {
        let Some(one) = self.0.get(&id) else {
            return Class::Other {
                name: String::new(),
                category: 'X',
            };
        };
        let boxed = |id: u32, typmod: i32| Box::new(self.part(id, typmod));
        match one.kind {
            'e' => Class::Enum {
                labels: one.labels.clone(),
            },
            'c' => Class::Composite {
                fields: one
                    .fields
                    .iter()
                    .map(|(name, id, typmod)| (name.clone(), self.part(*id, *typmod)))
                    .collect(),
            },
            'r' => Class::Range {
                element: boxed(one.range_of.unwrap_or(0), -1),
                name: one.name.clone(),
            },
            'm' => Class::MultiRange {
                element: boxed(one.range_of.unwrap_or(0), -1),
                name: one.name.clone(),
            },
            // Read and written otherwise than arrays.
            _ if one.element != 0 && !matches!(&*one.name, "int2vector" | "oidvector") => {
                Class::Array {
                    element: boxed(one.element, typmod),
                }
            }
            _ if one.schema == "pg_catalog" => built_in(&one.name, one.category, typmod),
            _ if one.name == "citext" => Class::text(),
            _ => Class::Other {
                name: one.name.clone(),
                category: one.category,
            },
        }
    }
}

/// The class of a type of the system itself.
fn built_in(name: &str, category: char, typmod: i32) -> Class {
    let length = |header: i32| u32::try_from(typmod - header).ok();
    match name {
        "bool" => Class::Boolean,
        "int2" => Class::Integer { bytes: 2 },
        "int4" => Class::Integer { bytes: 4 },
        "int8" => Class::Integer { bytes: 8 },
        "float4" => Class::Float { bytes: 4 },
        "float8" => Class::Float { bytes: 8 },
        "numeric" => {
            // As numeric_typmod_precision and numeric_typmod_scale of the server compute them.
            let packed = typmod - 4;
            Class::Decimal {
                precision: (typmod >= 4).then_some((packed >> 16 & 0xFFFF) as u32),
                scale: (typmod >= 4).then_some(((packed & 0x7FF) ^ 1024) - 1024),
            }
        }
        "text" => Class::text(),
        "varchar" => Class::Text {
            max_chars: length(4),
            fixed: false,
        },
        "bpchar" => Class::Text {
            max_chars: length(4),
            fixed: true,
        },
        "name" => Class::Name,
        "char" => Class::Char1,
        "bytea" => Class::Bytes,
        "date" => Class::Date,
        "time" => Class::Time,
        "timetz" => Class::TimeTz,
        "timestamp" => Class::Timestamp,
        "timestamptz" => Class::TimestampTz,
        "interval" => Class::Interval,
        "uuid" => Class::Uuid,
        "json" => Class::Json { binary: false },
        "jsonb" => Class::Json { binary: true },
        "xml" => Class::Xml,
        "inet" => Class::Inet,
        "cidr" => Class::Cidr,
        "macaddr" => Class::MacAddr { bytes: 6 },
        "macaddr8" => Class::MacAddr { bytes: 8 },
        "bit" => Class::Bits {
            length: length(0),
            varying: false,
        },
        "varbit" => Class::Bits {
            length: length(0),
            varying: true,
        },
        "money" => Class::Money,
        "point" => Class::Point,
        "line" => Class::Line,
        "lseg" => Class::Segment,
        "box" => Class::Box,
        "path" => Class::Path,
        "polygon" => Class::Polygon,
        "circle" => Class::Circle,
        "tsvector" => Class::TextSearchVector,
        "tsquery" => Class::TextSearchQuery,
        "pg_lsn" => Class::LogSequence,
        "oid" => Class::ObjectId,
        name if name.starts_with("reg") => Class::Registered(name.to_owned()),
        name => Class::Other {
            name: name.to_owned(),
            category: if category == 'S' { 'U' } else { category },
        },
    }
}
