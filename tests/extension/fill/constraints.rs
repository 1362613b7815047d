//! CHECK and exclusion constraints, NOT NULL, generated columns and triggers.

use super::{
    Case, Impossible, anew, assert_announced, assert_filled, assert_rows_hold, fill, prepared,
};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    checks_on_numbers,
    checks_on_text,
    checks_on_time_and_others,
    checks_across_columns,
    checks_on_null,
    exclusion_constraints,
    generated_columns,
    what_cannot_be_met_is_announced,
    triggers_fire,
    a_trigger_may_keep_rows_out,
];

fn checks_on_numbers(pg: &Postgres) {
    const CASES: &[Case] = &[
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a > 10))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (10 >= a))",
            300,
        ),
        (
            "CREATE TABLE target (a smallint NOT NULL CHECK (a BETWEEN -5 AND 5))",
            300,
        ),
        (
            "CREATE TABLE target (a numeric(6,2) NOT NULL CHECK (a >= 0 AND a < 100))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a IN (1, 2, 3)))",
            300,
        ),
        (
            "CREATE TABLE target (a bigint NOT NULL CHECK (a = ANY (ARRAY[10, 20]::bigint[])))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a <> 0))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a NOT IN (1, 2)))",
            300,
        ),
        (
            "CREATE TABLE target (a double precision NOT NULL CHECK (a > 0 AND a < 1))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a < 0 OR a > 100))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (NOT (a > 50)))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (abs(a) <= 10))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a % 7 = 0))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a = 42))",
            300,
        ),
        (
            "CREATE TABLE target (a money NOT NULL CHECK (a > 5::money))",
            300,
        ),
        (
            "CREATE TABLE target (a real NOT NULL CHECK (a BETWEEN 0.5 AND 0.6))",
            300,
        ),
        (
            "CREATE TABLE target (a numeric NOT NULL CHECK (a > 1e20))",
            300,
        ),
        (
            "CREATE TABLE target (price numeric(3,2) NOT NULL CHECK (price >= 5), age integer NOT NULL CHECK (age > 200), year integer NOT NULL CHECK (year < 1500))",
            300,
        ),
        (
            "CREATE TABLE target (id integer PRIMARY KEY CHECK (id > 1000))",
            300,
        ),
        (
            "CREATE TABLE target (a integer UNIQUE CHECK (a BETWEEN 1 AND 300))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a BETWEEN 1 AND 10) CHECK (a > 4) CHECK (a <> 7))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK ((a > 5) IS TRUE))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CHECK (a::numeric / 2 < 10 AND a > 0))",
            300,
        ),
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_on_text(pg: &Postgres) {
    const CASES: &[Case] = &[
        (
            "CREATE TABLE target (a text NOT NULL CHECK (length(a) BETWEEN 3 AND 8))",
            300,
        ),
        ("CREATE TABLE target (a text NOT NULL CHECK (a <> ''))", 300),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^[A-Z]{2}-[0-9]{4}$'))",
            300,
        ),
        (
            "CREATE TABLE target (a text UNIQUE CHECK (a ~ '^[A-Z]{2}-\\d{4}$'))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a ~ '[[:alpha:]]+ [[:digit:]]'))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a LIKE 'SKU-%'))",
            300,
        ),
        (
            "CREATE TABLE target (a text UNIQUE NOT NULL CHECK (a LIKE '__-%x' AND length(a) <= 12))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a IN ('draft', 'live')))",
            300,
        ),
        (
            "CREATE TABLE target (a varchar(10) NOT NULL CHECK (a::text = ANY (ARRAY['x', 'y'])))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a ~* '^(yes|no)$'))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a !~ '[0-9]'))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a = upper(a)))",
            300,
        ),
        (
            "CREATE TABLE target (email text NOT NULL CHECK (email = lower(email)))",
            300,
        ),
        (
            "CREATE TABLE target (a char(3) NOT NULL CHECK (a ~ '^[A-Z]{3}$'))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (btrim(a) = a AND a <> ''))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a SIMILAR TO '(a|b)+c'))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (octet_length(a) <= 4))",
            300,
        ),
        (
            "CREATE TABLE target (email text NOT NULL CHECK (position('@' in email) > 1))",
            300,
        ),
        (
            "CREATE TABLE target (email text NOT NULL CHECK (email LIKE '%@%.%'))",
            300,
        ),
        (
            "CREATE TABLE target (phone text NOT NULL CHECK (phone ~ '^\\+?[0-9]{7,15}$'))",
            300,
        ),
        (
            "CREATE TABLE target (url text NOT NULL CHECK (url ~ '^https?://'))",
            300,
        ),
        (
            "CREATE TABLE target (name text NOT NULL CHECK (length(name) > 30))",
            300,
        ),
        (
            "CREATE TABLE target (country_code text NOT NULL CHECK (length(country_code) = 3))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^x') CHECK (length(a) = 5))",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL CHECK (a ~ '^[a-z]+$' AND char_length(a) >= 10))",
            300,
        ),
        (
            "CREATE TABLE target (slug text UNIQUE NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'))",
            300,
        ),
        (
            "CREATE TABLE target (hex text NOT NULL CHECK (hex ~ '^#[0-9a-fA-F]{6}$'))",
            300,
        ),
        (
            "CREATE TABLE target (email text NOT NULL CHECK (email ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]+$'))",
            300,
        ),
        (
            "CREATE TABLE target (a text COLLATE \"C\" NOT NULL CHECK (a >= 'm' AND a < 'n'))",
            300,
        ),
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_on_time_and_others(pg: &Postgres) {
    const CASES: &[Case] = &[
        (
            "CREATE TABLE target (a date NOT NULL CHECK (a >= DATE '2020-01-01'))",
            300,
        ),
        (
            "CREATE TABLE target (created_at timestamptz NOT NULL CHECK (created_at < '1990-01-01 00:00+00'))",
            300,
        ),
        (
            "CREATE TABLE target (a time NOT NULL CHECK (a BETWEEN '08:00' AND '18:00'))",
            300,
        ),
        (
            "CREATE TABLE target (a interval NOT NULL CHECK (a > '0' AND a < '1 day'))",
            300,
        ),
        (
            "CREATE TABLE target (a date NOT NULL CHECK (extract(isodow FROM a) < 6))",
            300,
        ),
        (
            "CREATE TABLE target (birth_date date NOT NULL CHECK (birth_date > '1900-01-01' AND birth_date < CURRENT_DATE))",
            300,
        ),
        ("CREATE TABLE target (a boolean NOT NULL CHECK (a))", 300),
        (
            "CREATE TABLE target (a text[] NOT NULL CHECK (cardinality(a) > 0))",
            300,
        ),
        (
            "CREATE TABLE target (a integer[] NOT NULL CHECK (array_length(a, 1) = 3))",
            300,
        ),
        (
            "CREATE TABLE target (a jsonb NOT NULL CHECK (jsonb_typeof(a) = 'object'))",
            300,
        ),
        (
            "CREATE TABLE target (a jsonb NOT NULL CHECK (jsonb_typeof(a) = 'array'))",
            300,
        ),
        (
            "CREATE TABLE target (a inet NOT NULL CHECK (family(a) = 4))",
            300,
        ),
        (
            "CREATE TABLE target (a bytea NOT NULL CHECK (octet_length(a) = 32))",
            300,
        ),
        (
            "CREATE TABLE target (a int4range NOT NULL CHECK (NOT isempty(a)))",
            300,
        ),
        (
            "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE TABLE target (a mood NOT NULL CHECK (a > 'a'), b mood NOT NULL CHECK (b IN ('a', 'c')))",
            300,
        ),
        (
            "CREATE TABLE target (a uuid NOT NULL CHECK (a <> '00000000-0000-0000-0000-000000000000'))",
            300,
        ),
        (
            "CREATE TABLE target (lat numeric NOT NULL CHECK (lat BETWEEN 40 AND 50), lon numeric NOT NULL CHECK (lon BETWEEN -10 AND 0))",
            300,
        ),
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_across_columns(pg: &Postgres) {
    const CASES: &[Case] = &[
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CHECK (a < b))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL CHECK (b < 1000), c integer NOT NULL, CHECK (a < b AND b < c))",
            300,
        ),
        (
            "CREATE TABLE target (starts_at timestamptz NOT NULL, ends_at timestamptz, CHECK (ends_at > starts_at))",
            300,
        ),
        (
            "CREATE TABLE target (starts_at date NOT NULL, ends_at date NOT NULL, CHECK (ends_at >= starts_at + 7))",
            300,
        ),
        (
            "CREATE TABLE target (a numeric(8,2) NOT NULL, b numeric(8,2) NOT NULL, CHECK (a <= b AND a > 0))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CHECK (a <> b))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CHECK (a + b <= 100), CHECK (a >= 0 AND b >= 0))",
            300,
        ),
        (
            "CREATE TABLE target (price numeric(8,2) NOT NULL CHECK (price > 0), quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 100), total numeric(12,2) NOT NULL CHECK (total = price * quantity))",
            300,
        ),
        (
            "CREATE TABLE target (net numeric(8,2) NOT NULL CHECK (net > 0), tax numeric(8,2) NOT NULL, gross numeric(10,2) NOT NULL, CHECK (tax = round(net * 0.2, 2)), CHECK (gross = net + tax))",
            300,
        ),
        (
            "CREATE TABLE target (net numeric(8,2) NOT NULL CHECK (net > 0), discount numeric(8,2) NOT NULL CHECK (discount BETWEEN 0 AND net))",
            300,
        ),
        (
            "CREATE TABLE target (first_name text NOT NULL, initial char(1) NOT NULL CHECK (initial = left(first_name, 1)))",
            300,
        ),
        (
            "CREATE TABLE target (a boolean NOT NULL, b boolean NOT NULL, CHECK (a OR b))",
            300,
        ),
        (
            "CREATE TABLE target (a boolean NOT NULL, b boolean NOT NULL, CHECK (a <> b))",
            300,
        ),
        (
            "CREATE TABLE target (kind text NOT NULL CHECK (kind IN ('x', 'y')), n integer NOT NULL, CHECK ((kind = 'x' AND n > 0) OR (kind = 'y' AND n < 0)))",
            300,
        ),
        (
            "CREATE TABLE target (kind text NOT NULL CHECK (kind IN ('person', 'company')), code text NOT NULL, CHECK (CASE kind WHEN 'person' THEN code ~ '^P[0-9]{3}$' ELSE code ~ '^C[0-9]{3}$' END))",
            300,
        ),
        (
            "CREATE TABLE target (country char(2) NOT NULL CHECK (country IN ('US', 'DE')), zip text NOT NULL, CHECK (country <> 'US' OR zip ~ '^[0-9]{5}$'))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, c integer NOT NULL, CHECK (a >= b), CHECK (b >= c), CHECK (c >= 0), CHECK (a <= 10))",
            300,
        ),
        (
            "CREATE TABLE target (a integer PRIMARY KEY, b integer NOT NULL UNIQUE, CHECK (b > a))",
            300,
        ),
        (
            "CREATE TABLE target (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, CHECK (created_at <= updated_at), CHECK (deleted_at IS NULL OR deleted_at >= created_at))",
            300,
        ),
        (
            "CREATE TABLE target (a date NOT NULL, b integer NOT NULL, CHECK (extract(year FROM a) = b))",
            300,
        ),
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn checks_on_null(pg: &Postgres) {
    const CASES: &[Case] = &[
        ("CREATE TABLE target (a integer CHECK (a IS NOT NULL))", 300),
        ("CREATE TABLE target (a integer CHECK (a IS NULL))", 300),
        (
            "CREATE TABLE target (a integer CHECK (a IS NULL OR a > 4))",
            300,
        ),
        (
            "CREATE TABLE target (a integer, b integer, CHECK ((a IS NULL) <> (b IS NULL)))",
            300,
        ),
        (
            "CREATE TABLE target (a integer, b integer, CHECK ((a IS NULL) = (b IS NULL)))",
            300,
        ),
        (
            "CREATE TABLE target (a text, b text, c text, CHECK (num_nonnulls(a, b, c) = 1))",
            300,
        ),
        (
            "CREATE TABLE target (a text, b text, CHECK (a IS NOT NULL OR b IS NOT NULL))",
            300,
        ),
        (
            "CREATE TABLE target (a text, b text, CHECK (coalesce(a, b) IS NOT NULL))",
            300,
        ),
        (
            "CREATE TABLE target (state text NOT NULL CHECK (state IN ('open', 'paid')), paid_at timestamptz, CHECK (state <> 'paid' OR paid_at IS NOT NULL))",
            300,
        ),
        (
            "CREATE TABLE target (state text NOT NULL CHECK (state IN ('open', 'cancelled')), reason text, CHECK ((state = 'cancelled') = (reason IS NOT NULL)))",
            300,
        ),
        (
            "CREATE TABLE target (done boolean NOT NULL, done_at timestamptz, CHECK (done = (done_at IS NOT NULL)))",
            300,
        ),
        (
            "CREATE TABLE target (a integer, b integer, CHECK (a IS NOT NULL AND b IS NULL OR a IS NULL AND b IS NOT NULL))",
            300,
        ),
        (
            "CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE target (a integer REFERENCES parent, b integer REFERENCES parent, CHECK ((a IS NULL) <> (b IS NULL)))",
            300,
        ),
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn exclusion_constraints(pg: &Postgres) {
    const CASES: &[Case] = &[
        (
            "CREATE TABLE target (slot int4range NOT NULL, EXCLUDE USING gist (slot WITH &&))",
            300,
        ),
        (
            "CREATE TABLE target (room integer NOT NULL, during tsrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&))",
            300,
        ),
        (
            "CREATE TABLE room (id integer PRIMARY KEY); CREATE TABLE target (room_id integer NOT NULL REFERENCES room, during tstzrange NOT NULL, EXCLUDE USING gist (room_id WITH =, during WITH &&))",
            300,
        ),
        (
            "CREATE TABLE target (room integer NOT NULL, during daterange NOT NULL, cancelled boolean NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled))",
            300,
        ),
        (
            "CREATE TABLE target (machine text NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL, CHECK (starts_on < ends_on), EXCLUDE USING gist (machine WITH =, daterange(starts_on, ends_on) WITH &&))",
            300,
        ),
        (
            "CREATE TABLE target (code text, EXCLUDE USING hash (code WITH =))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, EXCLUDE USING btree (a WITH =))",
            300,
        ),
        (
            "CREATE TABLE target (area circle NOT NULL, EXCLUDE USING gist (area WITH &&))",
            300,
        ),
        (
            "CREATE TABLE target (area box NOT NULL, EXCLUDE USING gist (area WITH &&))",
            300,
        ),
        (
            "CREATE TABLE target (room integer NOT NULL CHECK (room BETWEEN 1 AND 3), during tstzrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&) DEFERRABLE INITIALLY DEFERRED)",
            300,
        ),
        (
            "CREATE TABLE target (during tsmultirange NOT NULL, EXCLUDE USING gist (during WITH &&))",
            300,
        ),
    ];
    let mut session = prepared(pg);
    session.run("CREATE EXTENSION btree_gist SCHEMA public");
    assert_filled(&mut session, CASES);
    // Once more into what is there.
    for (definition, _) in CASES.iter().take(3) {
        anew(&mut session);
        session.run(definition);
        for rows in [100, 150] {
            let call = format!(
                "SELECT sum(rows_written) >= {rows} FROM synth_fill_schema('t', {rows}, seed => {rows})"
            );
            assert_eq!(session.value(&call), "t", "{definition}");
        }
        assert_rows_hold(&mut session, &["t"]);
    }
}

fn generated_columns(pg: &Postgres) {
    const CASES: &[Case] = &[
        (
            "CREATE TABLE target (a integer NOT NULL, b integer GENERATED ALWAYS AS (a / 2) STORED)",
            300,
        ),
        (
            "CREATE TABLE target (a smallint NOT NULL, b smallint GENERATED ALWAYS AS (a * 10) STORED)",
            300,
        ),
        (
            "CREATE TABLE target (a numeric(4,2) NOT NULL, b smallint NOT NULL, c numeric(5,2) GENERATED ALWAYS AS (a * b) STORED)",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL, b varchar(8) GENERATED ALWAYS AS (lower(a)) STORED)",
            300,
        ),
        (
            "CREATE TABLE target (a text NOT NULL, b text GENERATED ALWAYS AS (lower(a)) STORED UNIQUE)",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, c int4range GENERATED ALWAYS AS (int4range(a, b)) STORED)",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer GENERATED ALWAYS AS (a % 1000) STORED CHECK (b > 5))",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer GENERATED ALWAYS AS (nullif(a, 3)) STORED NOT NULL)",
            300,
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b numeric GENERATED ALWAYS AS (100.0 / a) STORED)",
            300,
        ),
    ];
    assert_filled(&mut prepared(pg), CASES);
}

fn what_cannot_be_met_is_announced(pg: &Postgres) {
    const CASES: &[Impossible] = &[
        (
            "CREATE TABLE target (a integer NOT NULL CONSTRAINT empty_set CHECK (a > 5 AND a < 5))",
            &["empty_set", "a"],
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CONSTRAINT never CHECK (false))",
            &["never"],
        ),
        (
            "CREATE TABLE target (amount smallint NOT NULL CONSTRAINT beyond CHECK (amount > 40000))",
            &["beyond", "amount"],
        ),
        (
            "CREATE TABLE target (a varchar(3) NOT NULL CONSTRAINT too_long CHECK (length(a) > 5))",
            &["too_long", "a"],
        ),
        (
            "CREATE TABLE target (a integer NOT NULL, b integer NOT NULL, CONSTRAINT one_way CHECK (a < b), CONSTRAINT other_way CHECK (b < a))",
            &["_way"],
        ),
        (
            "CREATE TYPE nothing AS ENUM (); CREATE TABLE target (a nothing NOT NULL)",
            &["a"],
        ),
        (
            "CREATE FUNCTION no(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'; CREATE TABLE target (a integer NOT NULL CONSTRAINT asks CHECK (no(a)))",
            &["asks"],
        ),
        (
            "CREATE TABLE target (a text NOT NULL CONSTRAINT rare CHECK (md5(a) = 'd41d8cd98f00b204e9800998ecf8427f' AND a <> ''))",
            &["rare"],
        ),
        (
            "CREATE DOMAIN d AS integer CONSTRAINT none_left CHECK (VALUE > 3 AND VALUE < 4); CREATE TABLE target (a d NOT NULL)",
            &["none_left", "a"],
        ),
        (
            "CREATE TABLE target (a integer NOT NULL CONSTRAINT no_value CHECK (a IS NULL))",
            &["no_value", "a"],
        ),
    ];
    assert_announced(&mut prepared(pg), CASES, 20);
}

fn triggers_fire(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE log (what text, n bigint);
         CREATE TABLE target (id integer PRIMARY KEY, name text NOT NULL, slug text);
         CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := 'slug-' || NEW.id; RETURN NEW; END $$;
         CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('row', NEW.id); RETURN NULL; END $$;
         CREATE FUNCTION log_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log SELECT 'statement', count(*) FROM fresh; RETURN NULL; END $$;
         CREATE FUNCTION before_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('before', 0); RETURN NULL; END $$;
         CREATE TRIGGER a BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION change();
         CREATE TRIGGER b AFTER INSERT ON target FOR EACH ROW EXECUTE FUNCTION log();
         CREATE TRIGGER c AFTER INSERT ON target REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION log_all();
         CREATE TRIGGER d BEFORE INSERT ON target FOR EACH STATEMENT EXECUTE FUNCTION before_all();",
    );
    assert_eq!(fill(&mut session, "target", 250), "250");
    let counts = session.rows(
        "SELECT (SELECT count(*) FROM target WHERE slug = 'slug-' || id), (SELECT count(DISTINCT n) FROM log WHERE what = 'row'),
         (SELECT sum(n) FROM log WHERE what = 'statement'), (SELECT count(*) > 0 FROM log WHERE what = 'before')",
    );
    assert_eq!(counts, [crate::extension::row(&["250", "250", "250", "t"])]);
    assert_rows_hold(&mut session, &["t"]);
}

fn a_trigger_may_keep_rows_out(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY);
         CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 2 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;
         CREATE TRIGGER skip BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION skip();
         CREATE TABLE child (target_id integer NOT NULL REFERENCES target)",
    );
    let said = fill(&mut session, "target", 200);
    let there = session.value("SELECT count(*) FROM target");
    assert_eq!(said, there, "the number of rows that arrived");
    assert!(
        there
            .parse::<u32>()
            .is_ok_and(|rows| rows > 0 && rows < 200),
        "{there}"
    );
    // Children refer to the rows that are there, not to those that should have been.
    assert_eq!(fill(&mut session, "child", 200), "200");
    assert_rows_hold(&mut session, &["t"]);
}
