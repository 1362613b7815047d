//! CHECK constraints of every form.

use super::{assert_filled, prepared};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    checks_on_numbers,
    checks_on_text,
    checks_on_time_and_others,
    checks_across_columns,
    checks_on_null,
    checks_that_few_values_meet,
    checks_that_are_known_by_their_constants,
    checks_that_call_functions,
];

fn checks_on_numbers(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a integer NOT NULL CHECK (a > 10))",
        "CREATE TABLE target (a integer NOT NULL CHECK (10 >= a))",
        "CREATE TABLE target (a smallint NOT NULL CHECK (a BETWEEN -5 AND 5))",
        "CREATE TABLE target (a numeric(6,2) NOT NULL CHECK (a >= 0 AND a < 100))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a IN (1, 2, 3)))",
        "CREATE TABLE target (a bigint NOT NULL CHECK (a = ANY (ARRAY[10, 20]::bigint[])))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a <> 0))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a NOT IN (1, 2)))",
        "CREATE TABLE target (a double precision NOT NULL CHECK (a > 0 AND a < 1))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a < 0 OR a > 100))",
        "CREATE TABLE target (a integer NOT NULL CHECK (NOT (a > 50)))",
        "CREATE TABLE target (a integer NOT NULL CHECK (abs(a) <= 10))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a % 7 = 0))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a = 42))",
        "CREATE TABLE target (a money NOT NULL CHECK (a > 5::money))",
        "CREATE TABLE target (a real NOT NULL CHECK (a BETWEEN 0.5 AND 0.6))",
        "CREATE TABLE target (a numeric NOT NULL CHECK (a > 1e20))",
        "CREATE TABLE target (price numeric(3,2) NOT NULL CHECK (price >= 5), age integer NOT NULL CHECK (age > 200), year integer NOT NULL CHECK (year < 1500))",
        "CREATE TABLE target (id integer PRIMARY KEY CHECK (id > 1000))",
        "CREATE TABLE target (a integer UNIQUE CHECK (a BETWEEN 1 AND 300))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a BETWEEN 1 AND 10) CHECK (a > 4) CHECK (a <> 7))",
        "CREATE TABLE target (a integer NOT NULL CHECK ((a > 5) IS TRUE))",
        "CREATE TABLE target (a integer NOT NULL CHECK (a::numeric / 2 < 10 AND a > 0))",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_on_text(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a text NOT NULL CHECK (length(a) BETWEEN 3 AND 8))",
        "CREATE TABLE target (a text NOT NULL CHECK (a <> ''))",
        "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^[A-Z]{2}-[0-9]{4}$'))",
        "CREATE TABLE target (a text UNIQUE CHECK (a ~ '^[A-Z]{2}-\\d{4}$'))",
        "CREATE TABLE target (a text NOT NULL CHECK (a ~ '[[:alpha:]]+ [[:digit:]]'))",
        "CREATE TABLE target (a text NOT NULL CHECK (a LIKE 'SKU-%'))",
        "CREATE TABLE target (a text UNIQUE NOT NULL CHECK (a LIKE '__-%x' AND length(a) <= 12))",
        "CREATE TABLE target (a text NOT NULL CHECK (a IN ('draft', 'live')))",
        "CREATE TABLE target (a varchar(10) NOT NULL CHECK (a::text = ANY (ARRAY['x', 'y'])))",
        "CREATE TABLE target (a text NOT NULL CHECK (a ~* '^(yes|no)$'))",
        "CREATE TABLE target (a text NOT NULL CHECK (starts_with(a, 'pre-') AND right(a, 1) = '!'))",
        "CREATE TABLE target (a text UNIQUE NOT NULL CHECK (a LIKE 'a_%' AND a LIKE '%.b%' AND a LIKE '%z' AND a NOT LIKE '%q%'))",
        "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^\\d{3}$' AND a::integer BETWEEN 200 AND 300))",
        "CREATE TABLE target (a text NOT NULL CHECK (a !~ '[0-9]'))",
        "CREATE TABLE target (a text NOT NULL CHECK (a = upper(a)))",
        "CREATE TABLE target (email text NOT NULL CHECK (email = lower(email)))",
        "CREATE TABLE target (a char(3) NOT NULL CHECK (a ~ '^[A-Z]{3}$'))",
        "CREATE TABLE target (a text NOT NULL CHECK (btrim(a) = a AND a <> ''))",
        "CREATE TABLE target (a text NOT NULL CHECK (a SIMILAR TO '(a|b)+c'))",
        "CREATE TABLE target (a text NOT NULL CHECK (octet_length(a) <= 4))",
        "CREATE TABLE target (email text NOT NULL CHECK (position('@' in email) > 1))",
        "CREATE TABLE target (email text NOT NULL CHECK (email LIKE '%@%.%'))",
        "CREATE TABLE target (phone text NOT NULL CHECK (phone ~ '^\\+?[0-9]{7,15}$'))",
        "CREATE TABLE target (url text NOT NULL CHECK (url ~ '^https?://'))",
        "CREATE TABLE target (name text NOT NULL CHECK (length(name) > 30))",
        "CREATE TABLE target (country_code text NOT NULL CHECK (length(country_code) = 3))",
        "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^x') CHECK (length(a) = 5))",
        "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^[a-z]+$' AND char_length(a) >= 10))",
        "CREATE TABLE target (slug text UNIQUE NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'))",
        "CREATE TABLE target (slug varchar(12) NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'))",
        "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^[a-zA-Z]+-x$' AND length(a) < 9), b text NOT NULL CHECK (b = upper(b) AND b ~ '^[a-zA-Z0-9]+$'))",
        "CREATE TABLE target (hex text NOT NULL CHECK (hex ~ '^#[0-9a-fA-F]{6}$'))",
        "CREATE TABLE target (email text NOT NULL CHECK (email ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]+$'))",
        "CREATE TABLE target (a text COLLATE \"C\" NOT NULL CHECK (a >= 'm' AND a < 'n'))",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_on_time_and_others(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a date NOT NULL CHECK (a >= DATE '2020-01-01'))",
        "CREATE TABLE target (created_at timestamptz NOT NULL CHECK (created_at < '1990-01-01 00:00+00'))",
        "CREATE TABLE target (a time NOT NULL CHECK (a BETWEEN '08:00' AND '18:00'))",
        "CREATE TABLE target (a interval NOT NULL CHECK (a > '0' AND a < '1 day'))",
        "CREATE TABLE target (a date NOT NULL CHECK (extract(isodow FROM a) < 6))",
        "CREATE TABLE target (birth_date date NOT NULL CHECK (birth_date > '1900-01-01' AND birth_date < CURRENT_DATE))",
        "CREATE TABLE target (a boolean NOT NULL CHECK (a))",
        "CREATE TABLE target (a text[] NOT NULL CHECK (cardinality(a) > 0))",
        "CREATE TABLE target (a integer[] NOT NULL CHECK (array_length(a, 1) = 3))",
        "CREATE TABLE target (a jsonb NOT NULL CHECK (jsonb_typeof(a) = 'object'))",
        "CREATE TABLE target (a jsonb NOT NULL CHECK (jsonb_typeof(a) = 'array'))",
        "CREATE TABLE target (a inet NOT NULL CHECK (family(a) = 4))",
        "CREATE TABLE target (a bytea NOT NULL CHECK (octet_length(a) = 32))",
        "CREATE TABLE target (a int4range NOT NULL CHECK (NOT isempty(a)))",
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE target (a mood NOT NULL CHECK (a > 'a'), b mood NOT NULL CHECK (b IN ('a', 'c')))",
        "CREATE TABLE target (a uuid NOT NULL CHECK (a <> '00000000-0000-0000-0000-000000000000'))",
        "CREATE TABLE target (lat numeric NOT NULL CHECK (lat BETWEEN 40 AND 50), lon numeric NOT NULL CHECK (lon BETWEEN -10 AND 0))",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_across_columns(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CHECK (a < b))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL CHECK (b < 1000), c integer NOT NULL, CHECK (a < b AND b < c))",
        "CREATE TABLE target (starts_at timestamptz NOT NULL, ends_at timestamptz, CHECK (ends_at > starts_at))",
        "CREATE TABLE target (starts_at date NOT NULL, ends_at date NOT NULL, CHECK (ends_at >= starts_at + 7))",
        "CREATE TABLE target (a numeric(8,2) NOT NULL, b numeric(8,2) NOT NULL, CHECK (a <= b AND a > 0))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CHECK (a <> b))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CHECK (a + b <= 100), CHECK (a >= 0 AND b >= 0))",
        "CREATE TABLE target (price numeric(8,2) NOT NULL CHECK (price > 0), quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100), total numeric(12,2) NOT NULL CHECK (total = price * quantity))",
        "CREATE TABLE target (net numeric(8,2) NOT NULL CHECK (net > 0), tax numeric(8,2) NOT NULL, gross numeric(10,2) NOT NULL, CHECK (tax = round(net * 0.2, 2)), CHECK (gross = net + tax))",
        "CREATE TABLE target (net numeric(8,2) NOT NULL CHECK (net > 0), discount numeric(8,2) NOT NULL CHECK (discount BETWEEN 0 AND net))",
        "CREATE TABLE target (first_name text NOT NULL, initial char(1) NOT NULL CHECK (initial = left(first_name, 1)))",
        "CREATE TABLE target (a boolean NOT NULL, b boolean NOT NULL, CHECK (a OR b))",
        "CREATE TABLE target (a boolean NOT NULL, b boolean NOT NULL, CHECK (a <> b))",
        "CREATE TABLE target (kind text NOT NULL CHECK (kind IN ('x', 'y')), n integer NOT NULL, CHECK ((kind = 'x' AND n > 0) OR (kind = 'y' AND n < 0)))",
        "CREATE TABLE target (kind text NOT NULL CHECK (kind IN ('person', 'company')), code text NOT NULL, CHECK (CASE kind WHEN 'person' THEN code ~ '^P[0-9]{3}$' ELSE code ~ '^C[0-9]{3}$' END))",
        "CREATE TABLE target (country char(2) NOT NULL CHECK (country IN ('US', 'DE')), zip text NOT NULL, CHECK (country <> 'US' OR zip ~ '^[0-9]{5}$'))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, c integer NOT NULL, CHECK (a >= b), CHECK (b >= c), CHECK (c >= 0), CHECK (a <= 10))",
        "CREATE TABLE target (a integer PRIMARY KEY, b integer NOT NULL UNIQUE, CHECK (b > a))",
        "CREATE TABLE target (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, CHECK (created_at <= updated_at), CHECK (deleted_at IS NULL OR deleted_at >= created_at))",
        "CREATE TABLE target (a date NOT NULL, b integer NOT NULL, CHECK (extract(year FROM a) = b))",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

/// Products, distances and sums of which few of the values that columns usually have make right ones.
fn checks_that_few_values_meet(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a numeric NOT NULL, b numeric NOT NULL, CHECK (a * b < 100 AND a + b > 3 AND a > 0 AND b > 0))",
        "CREATE TABLE target (a float8 NOT NULL, b float8 NOT NULL, CHECK (a * b < 100 AND a + b > 3 AND a > 0 AND b > 0))",
        "CREATE TABLE target (lat float8 NOT NULL, lon float8 NOT NULL, CHECK (lat * lat + lon * lon < 400))",
        "CREATE TABLE target (total float8 NOT NULL, net float8 NOT NULL, tax float8 NOT NULL, CHECK (abs(total - (net + tax)) < 0.01))",
        "CREATE TABLE target (a real NOT NULL, b real NOT NULL, c real NOT NULL, CHECK (a * 1.5 + b / 3 <= c))",
        "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, c integer NOT NULL, CHECK (a * b = c AND a > 1 AND b > 1))",
        "CREATE TABLE target (w float8 NOT NULL CHECK (w > 0), h float8 NOT NULL CHECK (h > 0), ratio float8 NOT NULL, CHECK (abs(ratio - w / h) < 0.001))",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

/// Conditions that are not understood, but whose constants say what a value looks like.
fn checks_that_are_known_by_their_constants(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a jsonb NOT NULL CHECK (a @> '{\"kind\": \"card\", \"limits\": {\"day\": 5}}'))",
        "CREATE TABLE target (a jsonb NOT NULL CHECK (a @> '{\"kind\": \"card\"}' OR a @> '{\"kind\": \"cash\"}'))",
        "CREATE TABLE target (a jsonb NOT NULL CHECK (a @> '[1, 2]'))",
        "CREATE TABLE target (a jsonb NOT NULL CHECK (a ->> 'state' IN ('open', 'closed')))",
        "CREATE TABLE target (a jsonb NOT NULL CHECK (a ? 'x' AND (a ->> 'x')::numeric BETWEEN 10 AND 20))",
        "CREATE TABLE target (a json NOT NULL CHECK (a -> 'owner' ->> 'name' IS NOT NULL OR a ->> 'owner' = 'nobody'))",
        "CREATE TABLE target (a jsonb NOT NULL CHECK (a @? '$.id'))",
        "CREATE TABLE target (a inet NOT NULL CHECK (a << '10.20.0.0/16'))",
        "CREATE TABLE target (a inet NOT NULL CHECK (a <<= '2001:db8::/32'))",
        "CREATE TABLE target (ip inet NOT NULL CHECK (NOT a_private(ip)))",
        "CREATE TABLE target (a cidr NOT NULL CHECK (a <<= '192.168.0.0/16' AND masklen(a) BETWEEN 20 AND 28))",
        "CREATE TABLE target (a cidr NOT NULL CHECK (a >> '10.1.2.3'))",
        "CREATE TABLE target (a point NOT NULL CHECK (a[0] BETWEEN 5 AND 15 AND a[1] BETWEEN -3 AND -2.5))",
        "CREATE TABLE target (a point NOT NULL CHECK (a <@ box '(1000,1000),(1001,1002)'))",
        "CREATE TABLE target (a point NOT NULL CHECK (a <@ circle '<(50,50),2>'))",
        "CREATE TABLE target (a circle NOT NULL CHECK (radius(a) < 0.5 AND center(a) <@ box '(3,3),(9,9)'))",
        "CREATE TABLE target (a box NOT NULL CHECK (a <@ box '(300,300),(400,400)'))",
        "CREATE TABLE target (a text[] NOT NULL CHECK (a && ARRAY['red', 'blue']))",
        "CREATE TABLE target (a text[] NOT NULL CHECK (a <@ ARRAY['red', 'blue', 'it''s']))",
        "CREATE TABLE target (a tsvector NOT NULL CHECK (a @@ 'cat & dog'::tsquery))",
    ];
    let mut session = prepared(pg);
    session.run("CREATE FUNCTION public.a_private(inet) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 << '10.0.0.0/8' $$");
    assert_filled(&mut session, CASES);
}

/// What a function in SQL says is read as if it stood in the constraint; of others the constants are.
fn checks_that_call_functions(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE FUNCTION is_sku(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT t ~ '^SKU-[0-9]{4}[A-F]{2}$' $$; CREATE TABLE target (sku text NOT NULL CHECK (is_sku(sku)))",
        "CREATE FUNCTION is_sku(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT t ~ '^SKU-[0-9]{4}[A-F]{2}$' $$; CREATE TABLE target (sku text PRIMARY KEY CHECK (is_sku(sku)))",
        "CREATE FUNCTION is_sku(t text) RETURNS boolean IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT t ~ '^SKU-[0-9]{4}$'; END; CREATE DOMAIN sku AS text CHECK (is_sku(VALUE)); CREATE TABLE target (sku sku NOT NULL, skus sku[] NOT NULL)",
        "CREATE FUNCTION is_even(n integer) RETURNS boolean IMMUTABLE STRICT LANGUAGE sql AS $$ SELECT n % 2 = 0 $$; CREATE TABLE target (n integer NOT NULL CHECK (is_even(n) AND n > 1000000))",
        "CREATE FUNCTION in_order(a date, b date) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT a <= b $$; CREATE TABLE target (a date NOT NULL, b date NOT NULL, CHECK (in_order(a, b)))",
        "CREATE FUNCTION is_sku(t text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN /* it is one */ RETURN t ~ '^SKU-[0-9]{4}[A-F]{2}$'; END $$; CREATE TABLE target (sku text NOT NULL CHECK (is_sku(sku)), b text UNIQUE CHECK (is_sku(b)))",
        "CREATE FUNCTION is_state(t text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN -- don't ask\n RETURN t IN ('open', 'closed'); END $$; CREATE DOMAIN state AS varchar(20) CHECK (is_state(VALUE)); CREATE TABLE target (a state NOT NULL)",
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_on_null(pg: &Postgres) {
    const CASES: &[&str] = &[
        "CREATE TABLE target (a integer CHECK (a IS NOT NULL))",
        "CREATE TABLE target (a integer CHECK (a IS NULL))",
        "CREATE TABLE target (a integer CHECK (a IS NULL OR a > 4))",
        "CREATE TABLE target (a integer, b integer, CHECK ((a IS NULL) <> (b IS NULL)))",
        "CREATE TABLE target (a integer, b integer, CHECK ((a IS NULL) = (b IS NULL)))",
        "CREATE TABLE target (a text, b text, c text, CHECK (num_nonnulls(a, b, c) = 1))",
        "CREATE TABLE target (a text, b text, CHECK (a IS NOT NULL OR b IS NOT NULL))",
        "CREATE TABLE target (a text, b text, CHECK (coalesce(a, b) IS NOT NULL))",
        "CREATE TABLE target (state text NOT NULL CHECK (state IN ('open', 'paid')), paid_at timestamptz, CHECK (state <> 'paid' OR paid_at IS NOT NULL))",
        "CREATE TABLE target (state text NOT NULL CHECK (state IN ('open', 'cancelled')), reason text, CHECK ((state = 'cancelled') = (reason IS NOT NULL)))",
        "CREATE TABLE target (done boolean NOT NULL, done_at timestamptz, CHECK (done = (done_at IS NOT NULL)))",
        "CREATE TABLE target (a integer, b integer, CHECK (a IS NOT NULL AND b IS NULL OR a IS NULL AND b IS NOT NULL))",
        "CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE target (a integer REFERENCES parent, b integer REFERENCES parent, CHECK ((a IS NULL) <> (b IS NULL)))",
    ];
    assert_filled(&mut prepared(pg), CASES);
}
