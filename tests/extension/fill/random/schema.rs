//! Schemas as pieces that can be left out one by one.

use std::fmt::Write as _;

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
    pub kind: &'static str,
    pub rest: String,
    /// Whether checks and references may still be put on it.
    pub free: bool,
}

/// A constraint or an index.
#[derive(Clone)]
pub struct Clause {
    pub name: String,
    pub text: String,
    pub form: Form,
    pub columns: Vec<String>,
    /// The table referred to, with the columns that its key has.
    pub target: Option<(String, Vec<String>)>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Form {
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

impl Table {
    pub fn add(&mut self, name: String, kind: &'static str, rest: &str, free: bool) -> String {
        self.columns.push(Column {
            name: name.clone(),
            kind,
            rest: rest.to_owned(),
            free,
        });
        name
    }

    /// Takes a free column of one of these types, so that nothing else is put on it.
    pub fn take(&mut self, kinds: &[&str]) -> Option<String> {
        let column = self
            .columns
            .iter_mut()
            .find(|column| column.free && kinds.contains(&column.kind))?;
        column.free = false;
        Some(column.name.clone())
    }

    pub fn clause(&mut self, name: String, form: Form, text: String, columns: &[String]) {
        self.clauses.push(Clause {
            name,
            text,
            form,
            columns: columns.to_vec(),
            target: None,
        });
    }

    /// The partition key, which every unique constraint has to have.
    pub fn with_partition_key(&self, mut columns: Vec<String>) -> Vec<String> {
        if let Some((column, ..)) = &self.partitions
            && !columns.contains(column)
        {
            columns.push(column.clone());
        }
        columns
    }

    pub fn kind(&self, name: &str) -> &'static str {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .map_or("integer", |column| column.kind)
    }
}

pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub fn list(names: &[String]) -> String {
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
                        parts.push(format!("CONSTRAINT {} {}", clause.name, clause.text));
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
