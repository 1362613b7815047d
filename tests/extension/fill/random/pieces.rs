//! What random schemas are made of: types, names, and checks with `@` for the column.

/// Types of ordinary columns.
#[rustfmt::skip]
pub const KINDS: &[&str] = &[
    "smallint", "integer", "bigint", "numeric", "numeric(6,2)", "numeric(12,4)", "real",
    "double precision", "boolean", "text", "varchar(5)", "varchar(40)", "char(3)", "date",
    "timestamp", "timestamptz", "timestamptz(0)", "time", "interval", "uuid", "bytea", "json",
    "jsonb", "inet", "cidr", "macaddr", "bit(5)", "varbit(12)", "money", "point", "box", "circle",
    "int4range", "numrange", "tstzrange", "daterange", "int8multirange", "tsvector", "xml",
    "integer[]", "text[]", "mood[]", "date[][]", "mood", "positive", "code", "labels", "place",
    "place[]", "spread", "name", "\"char\"", "oid", "regclass", "pg_lsn",
    "interval day to second(1)", "numeric(3,-1)", "positive[]",
];

/// Names that say what a column holds; the types that follow may not agree, and need not.
#[rustfmt::skip]
pub const NAMES: &[&str] = &[
    "email", "first_name", "last_name", "phone", "city", "country", "zip", "iban", "currency",
    "price", "quantity", "created_at", "updated_at", "birth_date", "url", "status", "description",
    "lat", "lon", "uuid", "ip", "title", "company", "username", "color", "Total Amount", "it's",
    "select", "größe", "age", "year", "percent", "notes",
];

pub const INTEGERS: &[&str] = &["smallint", "integer", "bigint"];
pub const TEXTS: &[&str] = &["text", "varchar(40)"];
pub const TIMES: &[&str] = &["date", "timestamp", "timestamptz"];

pub const INTEGER_CHECKS: &[&str] = &[
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
pub const TEXT_CHECKS: &[&str] = &[
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
pub const TIME_CHECKS: &[&str] = &[
    "@ >= '2020-01-01'",
    "@ BETWEEN '1999-01-01' AND '2001-12-31'",
    "@ < '2030-06-01' AND @ > '2024-01-01'",
    "@ IS NULL OR @ > '1980-01-01'",
];
