//! Random schemas that Postgres accepts, as pieces that can be left out one by one.
//!
//! A schema is drawn so that rows for it exist: a column has at most one set of checks of its own,
//! checks across columns use columns without, and a cycle of references has an edge that can wait.
//! A contradiction is added on purpose, and marked.

use std::fmt::Write as _;

/// A sequence of draws from a seed (splitmix64).
pub struct Draw(pub u64);

impl Draw {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.bits() % (n as u64)).unwrap_or_default()
    }

    /// True in one of `n` cases.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of a list.
    pub fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

/// A schema: types, then tables, then what ties them.
#[derive(Clone, Default)]
pub struct Schema {
    pub tables: Vec<Table>,
    /// Name of the constraint that cannot be met, and its table.
    pub contradiction: Option<(String, String)>,
}

/// A table.
#[derive(Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub clauses: Vec<Clause>,
    /// Column and strategy of its partitions, and their bounds.
    pub partitions: Option<(String, &'static str, Vec<String>)>,
}

/// A column: its name, type and what stands behind.
#[derive(Clone)]
pub struct Column {
    pub name: String,
    kind: &'static str,
    rest: String,
    /// Whether checks and references may still be put on it.
    free: bool,
}

/// A constraint or an index.
#[derive(Clone)]
pub struct Clause {
    pub name: String,
    text: String,
    form: Form,
    columns: Vec<String>,
    /// The table referred to, with the columns that its key has.
    target: Option<(String, Vec<String>)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Inside,
    Index,
    Reference,
    Key,
}

/// Types that tables share.
const TYPES: &str = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'it''s');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN code AS varchar(8) CHECK (VALUE ~ '^[A-Z]{2}[0-9]{3,5}$');
CREATE DOMAIN labels AS text[] CHECK (cardinality(VALUE) BETWEEN 1 AND 3);
CREATE TYPE place AS (street text, n smallint, mood mood);
CREATE TYPE spread AS RANGE (subtype = float8);
";

/// Types of ordinary columns.
const KINDS: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(6,2)",
    "numeric(12,4)",
    "real",
    "double precision",
    "boolean",
    "text",
    "varchar(5)",
    "varchar(40)",
    "char(3)",
    "date",
    "timestamp",
    "timestamptz",
    "timestamptz(0)",
    "time",
    "interval",
    "uuid",
    "bytea",
    "json",
    "jsonb",
    "inet",
    "cidr",
    "macaddr",
    "bit(5)",
    "varbit(12)",
    "money",
    "point",
    "box",
    "circle",
    "int4range",
    "numrange",
    "tstzrange",
    "daterange",
    "int8multirange",
    "tsvector",
    "xml",
    "integer[]",
    "text[]",
    "mood[]",
    "date[][]",
    "mood",
    "positive",
    "code",
    "labels",
    "place",
    "place[]",
    "spread",
    "name",
    "\"char\"",
    "oid",
    "regclass",
    "pg_lsn",
    "interval day to second(1)",
    "numeric(3,-1)",
    "positive[]",
];

/// Names that say what a column holds; the types that follow may not agree, and need not.
const NAMES: &[&str] = &[
    "email",
    "first_name",
    "last_name",
    "phone",
    "city",
    "country",
    "zip",
    "iban",
    "currency",
    "price",
    "quantity",
    "created_at",
    "updated_at",
    "birth_date",
    "url",
    "status",
    "description",
    "lat",
    "lon",
    "uuid",
    "ip",
    "title",
    "company",
    "username",
    "color",
    "Total Amount",
    "it's",
    "select",
    "größe",
    "age",
    "year",
    "percent",
    "notes",
];

const INTEGERS: &[&str] = &["smallint", "integer", "bigint"];
const TEXTS: &[&str] = &["text", "varchar(40)"];
const TIMES: &[&str] = &["date", "timestamp", "timestamptz"];

const INTEGER_CHECKS: &[&str] = &[
    "@ > 10",
    "@ >= 0 AND @ < 100",
    "@ BETWEEN -50 AND 50",
    "@ IN (1, 2, 3, 5)",
    "@ <> 0",
    "@ % 3 = 0",
    "@ < 0 OR @ > 1000",
    "NOT (@ > 77)",
    "@ = ANY (ARRAY[4, 8, 15])",
    "abs(@) <= 1000",
    "@ IS NULL OR @ > 5",
    "@ NOT IN (7, 8)",
    "-5 < @ AND @ <= 30000",
];
const TEXT_CHECKS: &[&str] = &[
    "@ ~ '^[A-Z]{2}-[0-9]{3}$'",
    "length(@) BETWEEN 2 AND 9",
    "@ IN ('draft', 'live', 'gone')",
    "@ LIKE 'ab%'",
    "@ <> ''",
    "@ ~ '^[a-z0-9]+(-[a-z0-9]+)*$'",
    "@ ~* '^(yes|no)$'",
    "@ = lower(@)",
    "char_length(@) = 4",
    "@ !~ '[0-9]'",
    "@ LIKE '%x_y%'",
    "@ ~ '^\\d{3,5}$' AND length(@) > 3",
    "@ ~ '[[:upper:]]{2}'",
    "octet_length(@) <= 16",
];
const TIME_CHECKS: &[&str] = &[
    "@ >= '2020-01-01'",
    "@ BETWEEN '1999-01-01' AND '2001-12-31'",
    "@ < '2030-06-01' AND @ > '2024-01-01'",
    "@ IS NULL OR @ > '1980-01-01'",
];

/// Draws a schema of at most twelve tables.
pub fn draw(seed: u64) -> Schema {
    let mut draw = Draw(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut schema = Schema::default();
    let count = 1 + draw.below(12);
    let mut names = 0;
    for number in 0..count {
        let table = table(&mut draw, &schema, number, &mut names);
        schema.tables.push(table);
    }
    references(&mut draw, &mut schema, &mut names);
    if draw.one_in(5) {
        contradict(&mut draw, &mut schema);
    }
    schema
}

fn fresh(names: &mut usize) -> String {
    *names += 1;
    format!("k{names}")
}

fn table(draw: &mut Draw, schema: &Schema, number: usize, names: &mut usize) -> Table {
    let mut table = Table {
        name: if draw.one_in(6) {
            format!("T {number}'s")
        } else {
            format!("t{number}")
        },
        columns: Vec::new(),
        clauses: Vec::new(),
        partitions: None,
    };
    if draw.one_in(5) {
        partition(draw, &mut table);
    }
    key(draw, schema, &mut table, names);
    for _ in 0..draw.below(8) {
        column(draw, &mut table);
    }
    checks(draw, &mut table, names);
    across(draw, &mut table, names);
    unique(draw, &mut table, names);
    table
}

impl Table {
    fn add(&mut self, name: String, kind: &'static str, rest: &str, free: bool) -> String {
        self.columns.push(Column {
            name: name.clone(),
            kind,
            rest: rest.to_owned(),
            free,
        });
        name
    }

    /// Takes a free column of one of these types, so that nothing else is put on it.
    fn take(&mut self, kinds: &[&str]) -> Option<String> {
        let column = self
            .columns
            .iter_mut()
            .find(|column| column.free && kinds.contains(&column.kind))?;
        column.free = false;
        Some(column.name.clone())
    }

    fn clause(&mut self, name: String, form: Form, text: String, columns: &[String]) {
        self.clauses.push(Clause {
            name,
            text,
            form,
            columns: columns.to_vec(),
            target: None,
        });
    }

    /// The partition key, which every unique constraint has to have.
    fn with_partition_key(&self, mut columns: Vec<String>) -> Vec<String> {
        if let Some((column, ..)) = &self.partitions
            && !columns.contains(column)
        {
            columns.push(column.clone());
        }
        columns
    }

    fn kind(&self, name: &str) -> &'static str {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .map_or("integer", |column| column.kind)
    }
}

fn partition(draw: &mut Draw, table: &mut Table) {
    let quoted = |list: &[&str]| {
        list.iter()
            .map(|bound| (*bound).to_owned())
            .collect::<Vec<_>>()
    };
    let (kind, strategy, bounds) = match draw.below(5) {
        0 => (
            "mood",
            "LIST",
            quoted(&["IN ('sad', 'ok')", "IN ('it''s')"]),
        ),
        1 => (
            "integer",
            "RANGE",
            quoted(&[
                "FROM (MINVALUE) TO (100)",
                "FROM (500) TO (90000)",
                "FROM (100000) TO (MAXVALUE)",
            ]),
        ),
        2 => (
            "timestamptz",
            "RANGE",
            quoted(&[
                "FROM ('2023-01-01') TO ('2023-02-01')",
                "FROM ('2023-06-01') TO ('2023-07-01')",
            ]),
        ),
        3 => (
            "bigint",
            "HASH",
            quoted(&[
                "WITH (MODULUS 3, REMAINDER 0)",
                "WITH (MODULUS 3, REMAINDER 1)",
                "WITH (MODULUS 3, REMAINDER 2)",
            ]),
        ),
        _ => (
            "text",
            "LIST",
            quoted(&["IN ('north', 'south')", "IN ('east')"]),
        ),
    };
    let name = table.add("part".to_owned(), kind, " NOT NULL", false);
    table.partitions = Some((name, strategy, bounds));
}

fn key(draw: &mut Draw, schema: &Schema, table: &mut Table, names: &mut usize) {
    let columns = match draw.below(12) {
        0 => return,
        1 | 2 => vec![table.add("id".to_owned(), "uuid", "", false)],
        3 => vec![table.add("code".to_owned(), "code", "", false)],
        4 => vec![
            table.add("a".to_owned(), "integer", "", false),
            table.add(
                "b".to_owned(),
                draw.of(&["text", "date", "smallint"]),
                "",
                false,
            ),
        ],
        5 if table.partitions.is_none() => {
            let kind = draw.of(&[
                " GENERATED ALWAYS AS IDENTITY",
                " GENERATED BY DEFAULT AS IDENTITY (START 50 INCREMENT 4)",
            ]);
            vec![table.add("id".to_owned(), "integer", kind, false)]
        }
        6 if table.partitions.is_none() => vec![table.add("id".to_owned(), "bigserial", "", false)],
        7 if draw.one_in(3) => vec![table.add("flag".to_owned(), "boolean", "", false)],
        8 => junction(draw, schema, table, names),
        _ => vec![table.add("id".to_owned(), draw.of(INTEGERS), "", false)],
    };
    let columns = table.with_partition_key(columns);
    let text = format!("PRIMARY KEY ({})", list(&columns));
    table.clause(fresh(names), Form::Key, text, &columns);
}

/// A key made of references to two tables.
fn junction(draw: &mut Draw, schema: &Schema, table: &mut Table, names: &mut usize) -> Vec<String> {
    let mut columns = Vec::new();
    for side in ["left", "right"] {
        let targets: Vec<(String, Vec<String>, Vec<&'static str>)> =
            schema.tables.iter().filter_map(single_key).collect();
        if targets.is_empty() {
            columns.push(table.add(side.to_owned(), "integer", "", false));
            continue;
        }
        let (target, key, kinds) = draw.of(&targets);
        columns.push(table.add(side.to_owned(), kinds[0], "", false));
        refer(
            table,
            fresh(names),
            &columns[columns.len() - 1..].to_vec(),
            &target,
            &key,
            "",
        );
    }
    columns
}

/// Table, columns and types of a key that can be referred to.
fn any_key(table: &Table) -> Option<(String, Vec<String>, Vec<&'static str>)> {
    let key = table
        .clauses
        .iter()
        .find(|clause| clause.form == Form::Key)?;
    let kinds = key
        .columns
        .iter()
        .map(|column| match table.kind(column) {
            "bigserial" => "bigint",
            kind => kind,
        })
        .collect();
    Some((table.name.clone(), key.columns.clone(), kinds))
}

fn single_key(table: &Table) -> Option<(String, Vec<String>, Vec<&'static str>)> {
    any_key(table).filter(|(_, columns, _)| columns.len() == 1)
}

fn refer(
    table: &mut Table,
    name: String,
    columns: &[String],
    target: &str,
    key: &[String],
    how: &str,
) {
    let text = format!(
        "FOREIGN KEY ({}) REFERENCES {} ({}){how}",
        list(columns),
        quote(target),
        list(key)
    );
    table.clauses.push(Clause {
        name,
        text,
        form: Form::Reference,
        columns: columns.to_vec(),
        target: Some((target.to_owned(), key.to_vec())),
    });
}

fn column(draw: &mut Draw, table: &mut Table) {
    let name = if draw.one_in(2) {
        draw.of(NAMES).to_owned()
    } else {
        format!("c{}", table.columns.len())
    };
    if table.columns.iter().any(|column| column.name == name) {
        return;
    }
    // Half of the columns have types that checks are made for.
    let kind = match draw.below(8) {
        0 => draw.of(INTEGERS),
        1 => draw.of(TEXTS),
        2 => draw.of(TIMES),
        3 => "numeric(12,4)",
        _ => draw.of(KINDS),
    };
    let (rest, free) = match (draw.below(12), kind) {
        (0, "integer") => (" DEFAULT 7", false),
        (0, "text") => (" DEFAULT 'new' NOT NULL", false),
        (0, "timestamptz") => (" DEFAULT now() NOT NULL", false),
        (0, "uuid") => (" DEFAULT gen_random_uuid()", false),
        (1..=6, _) => (" NOT NULL", true),
        _ => ("", true),
    };
    table.add(name.clone(), kind, rest, free);
    if draw.one_in(6) {
        let generated = match kind {
            "integer" => Some((format!("{} / 2 + 1", quote(&name)), "integer")),
            "text" => Some((format!("lower({}) || '!'", quote(&name)), "text")),
            "numeric(12,4)" => Some((format!("round({} * 2, 1)", quote(&name)), "numeric")),
            _ => None,
        };
        if let Some((expression, kind)) = generated {
            let rest = format!(" GENERATED ALWAYS AS ({expression}) STORED");
            table.add(format!("g {name}"), kind, &rest, false);
            if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
                column.free = false;
            }
        }
    }
}

fn checks(draw: &mut Draw, table: &mut Table, names: &mut usize) {
    for at in 0..table.columns.len() {
        let column = &table.columns[at];
        if !column.free || !draw.one_in(3) {
            continue;
        }
        let quoted = quote(&column.name);
        let text = match column.kind {
            kind if INTEGERS.contains(&kind) => draw.of(INTEGER_CHECKS).replace('@', &quoted),
            kind if TEXTS.contains(&kind) => draw.of(TEXT_CHECKS).replace('@', &quoted),
            kind if TIMES.contains(&kind) => draw.of(TIME_CHECKS).replace('@', &quoted),
            "numeric(12,4)" | "numeric(6,2)" => draw
                .of(&["@ > 0", "@ BETWEEN 1 AND 9.5", "@ >= 0 AND @ < 1000"])
                .replace('@', &quoted),
            "boolean" => draw
                .of(&["@", "@ IS NOT NULL", "NOT @"])
                .replace('@', &quoted),
            "mood" => draw
                .of(&["@ <> 'sad'", "@ IN ('ok', 'it''s')", "@ > 'ok'"])
                .replace('@', &quoted),
            "integer[]" | "text[]" => format!("cardinality({quoted}) > 0"),
            "jsonb" => format!("jsonb_typeof({quoted}) = 'object'"),
            "int4range" => format!("NOT isempty({quoted})"),
            _ => continue,
        };
        let columns = [column.name.clone()];
        table.columns[at].free = false;
        table.clause(
            fresh(names),
            Form::Inside,
            format!("CHECK ({text})"),
            &columns,
        );
    }
}

fn across(draw: &mut Draw, table: &mut Table, names: &mut usize) {
    for _ in 0..draw.below(3) {
        let kinds: &[&[&str]] = match draw.below(6) {
            0 => &[&["integer"], &["integer"]],
            1 => &[&["timestamptz"], &["timestamptz"]],
            2 => &[&["date"], &["date"]],
            3 => &[&["numeric(12,4)"], &["numeric(12,4)"]],
            4 => &[&["boolean"], &["text", "date", "timestamptz"]],
            _ => &[KINDS, KINDS],
        };
        let two: Vec<String> = kinds.iter().filter_map(|kinds| table.take(kinds)).collect();
        let [a, b] = &two[..] else { continue };
        let (kind, optional) = (
            table.kind(a),
            [a, b].iter().all(|name| {
                table
                    .columns
                    .iter()
                    .any(|column| column.name == **name && column.rest.is_empty())
            }),
        );
        let texts: &[&str] = match kind {
            _ if optional && draw.one_in(2) => &[
                "(# IS NULL) <> (@ IS NULL)",
                "(# IS NULL) = (@ IS NULL)",
                "# IS NOT NULL OR @ IS NOT NULL",
                "num_nonnulls(#, @) = 1",
            ],
            "boolean" => &[
                "NOT # OR @ IS NOT NULL",
                "# IS NULL OR NOT # OR @ IS NOT NULL",
            ],
            _ if kind != table.kind(b) => continue,
            "integer" => &["# < @", "# <> @", "# >= @ AND @ > 0", "# BETWEEN 0 AND @"],
            "timestamptz" | "date" => &["# <= @", "@ > #"],
            "numeric(12,4)" => &[
                "# <= @ AND # > 0",
                "@ = # * 2",
                "# + @ < 1000 AND # > 0 AND @ > 0",
            ],
            _ => continue,
        };
        let text = draw
            .of(texts)
            .replace('#', &quote(a))
            .replace('@', &quote(b));
        table.clause(
            fresh(names),
            Form::Inside,
            format!("CHECK ({text})"),
            &two.clone(),
        );
    }
}

fn unique(draw: &mut Draw, table: &mut Table, names: &mut usize) {
    let sorted = [
        "integer",
        "bigint",
        "text",
        "varchar(40)",
        "date",
        "timestamptz",
        "uuid",
        "numeric(12,4)",
        "inet",
        "mood",
        "code",
        "positive",
        "int4range",
        "bytea",
    ];
    for _ in 0..draw.below(3) {
        let Some(at) = (0..4)
            .map(|_| draw.below(table.columns.len().max(1)))
            .find(|at| {
                table.columns.get(*at).is_some_and(|column| {
                    sorted.contains(&column.kind)
                        && !column.rest.contains("GENERATED")
                        && !column.rest.contains("DEFAULT")
                        && column.name != "part"
                })
            })
        else {
            continue;
        };
        let (name, kind) = (table.columns[at].name.clone(), table.columns[at].kind);
        if table
            .clauses
            .iter()
            .any(|clause| clause.form == Form::Reference && clause.columns.contains(&name))
        {
            continue;
        }
        let columns = table.with_partition_key(vec![name.clone()]);
        let partitioned = table.partitions.is_some();
        let (form, text) = match draw.below(7) {
            0 if !partitioned && TEXTS.contains(&kind) => {
                (Form::Index, format!("ON @ (lower({}))", quote(&name)))
            }
            1 if !partitioned => (
                Form::Index,
                format!("ON @ ({0}) WHERE {0} IS NOT NULL", quote(&name)),
            ),
            2 => (
                Form::Inside,
                format!("UNIQUE NULLS NOT DISTINCT ({})", list(&columns)),
            ),
            3 => (
                Form::Inside,
                format!("UNIQUE ({}) DEFERRABLE INITIALLY DEFERRED", list(&columns)),
            ),
            4 if kind == "int4range" && !partitioned => (
                Form::Inside,
                format!("EXCLUDE USING gist ({} WITH &&)", quote(&name)),
            ),
            _ => (Form::Inside, format!("UNIQUE ({})", list(&columns))),
        };
        table.clause(fresh(names), form, text, &columns);
    }
}

fn references(draw: &mut Draw, schema: &mut Schema, names: &mut usize) {
    for from in 0..schema.tables.len() {
        for number in 0..draw.below(4) {
            let to = draw.below(schema.tables.len());
            let Some((target, key, kinds)) = any_key(&schema.tables[to]) else {
                continue;
            };
            // Only an edge to an earlier table may be one that has to be there at once.
            let backwards = to < from;
            let needed =
                draw.one_in(2) && (backwards || key.len() == 1 && to != from && draw.one_in(2));
            let how = match (backwards, needed) {
                (false, true) => " DEFERRABLE INITIALLY DEFERRED",
                (_, false) if key.len() > 1 && draw.one_in(3) => " MATCH FULL",
                _ => draw.of(&[
                    "",
                    "",
                    " ON DELETE CASCADE",
                    " ON DELETE SET NULL ON UPDATE CASCADE",
                    " DEFERRABLE",
                ]),
            };
            let table = &mut schema.tables[from];
            let columns: Vec<String> = kinds
                .iter()
                .enumerate()
                .map(|(part, kind)| {
                    table.add(
                        format!("r{number}_{part}"),
                        kind,
                        if needed { " NOT NULL" } else { "" },
                        false,
                    )
                })
                .collect();
            refer(table, fresh(names), &columns, &target, &key, how);
            if draw.one_in(6) && table.partitions.is_none() {
                let text = format!("UNIQUE ({})", list(&columns));
                table.clause(fresh(names), Form::Inside, text, &columns);
            }
        }
    }
}

/// Adds a constraint that no row can meet.
fn contradict(draw: &mut Draw, schema: &mut Schema) {
    let at = draw.below(schema.tables.len());
    let table = &mut schema.tables[at];
    let name = "impossible".to_owned();
    let column = table.add("cannot".to_owned(), "smallint", " NOT NULL", false);
    let text = draw.of(&[
        "cannot > 5 AND cannot < 5",
        "cannot > 40000",
        "cannot IS NULL",
        "cannot IN (1, 2) AND cannot > 2",
        "cannot < 3 AND NOT (cannot < 10)",
    ]);
    table.clause(
        name.clone(),
        Form::Inside,
        format!("CHECK ({text})"),
        &[column],
    );
    schema.contradiction = Some((table.name.clone(), name));
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| quote(name))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Schema {
    /// The statements that make it, in the first schema of the search path.
    pub fn sql(&self) -> String {
        let mut sql = TYPES.to_owned();
        let mut after = String::new();
        for table in &self.tables {
            let name = quote(&table.name);
            let mut parts: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("{} {}{}", quote(&column.name), column.kind, column.rest))
                .collect();
            for clause in &table.clauses {
                match clause.form {
                    Form::Inside | Form::Key => {
                        parts.push(format!("CONSTRAINT {} {}", clause.name, clause.text))
                    }
                    Form::Reference => {
                        let _ = writeln!(
                            after,
                            "ALTER TABLE {name} ADD CONSTRAINT {} {};",
                            clause.name, clause.text
                        );
                    }
                    Form::Index => {
                        let _ = writeln!(
                            after,
                            "CREATE UNIQUE INDEX {} {};",
                            clause.name,
                            clause.text.replace("ON @", &format!("ON {name}"))
                        );
                    }
                }
            }
            let _ = write!(
                sql,
                "CREATE TABLE {name} (\n    {}\n)",
                parts.join(",\n    ")
            );
            if let Some((column, strategy, bounds)) = &table.partitions {
                let _ = writeln!(sql, " PARTITION BY {strategy} ({});", quote(column));
                for (number, bound) in bounds.iter().enumerate() {
                    let partition = quote(&format!("{} p{number}", table.name));
                    let _ = writeln!(
                        sql,
                        "CREATE TABLE {partition} PARTITION OF {name} FOR VALUES {bound};"
                    );
                }
            } else {
                sql.push_str(";\n");
            }
        }
        sql + &after
    }

    /// This schema with one piece less, in every way that leaves it whole.
    pub fn smaller(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for at in 0..self.tables.len() {
            let name = &self.tables[at].name;
            let mut less = self.clone();
            less.tables.remove(at);
            for table in &mut less.tables {
                table.clauses.retain(|clause| {
                    clause
                        .target
                        .as_ref()
                        .is_none_or(|(target, _)| target != name)
                });
            }
            if !less.tables.is_empty() {
                found.push(less);
            }
        }
        for at in 0..self.tables.len() {
            let table = &self.tables[at];
            for number in 0..table.clauses.len() {
                let referred = table.clauses[number].form == Form::Key
                    && self
                        .tables
                        .iter()
                        .flat_map(|other| &other.clauses)
                        .any(|clause| {
                            clause
                                .target
                                .as_ref()
                                .is_some_and(|(target, _)| *target == table.name)
                        });
                if !referred {
                    let mut less = self.clone();
                    less.tables[at].clauses.remove(number);
                    found.push(less);
                }
            }
            for number in 0..table.columns.len() {
                let name = &table.columns[number].name;
                let used = table
                    .clauses
                    .iter()
                    .any(|clause| clause.columns.contains(name))
                    || table
                        .partitions
                        .as_ref()
                        .is_some_and(|(column, ..)| column == name)
                    || table
                        .columns
                        .iter()
                        .any(|column| column.rest.contains(&quote(name)));
                if !used {
                    let mut less = self.clone();
                    less.tables[at].columns.remove(number);
                    found.push(less);
                }
            }
        }
        if let Some((_, name)) = &self.contradiction {
            found.retain(|less| {
                less.tables
                    .iter()
                    .flat_map(|table| &table.clauses)
                    .any(|clause| clause.name == *name)
            });
        }
        found
    }
}
