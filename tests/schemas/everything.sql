-- A schema that uses every feature synth_fill has to meet: more than 100 tables in ev, types in
-- ev_types, and tables of the same names in ev_twin. Load it as a superuser into an empty database.
-- Tables are grouped by what they are for; where a table cannot hold 1,000 rows, it says so.

CREATE EXTENSION btree_gist;
CREATE SCHEMA ev;
CREATE SCHEMA ev_types;
CREATE SCHEMA ev_twin;

------------------------------------------------------------------------------------------ types

CREATE TYPE ev_types.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE ev_types."Week Day" AS ENUM ('Mo', 'Di"enstag', 'o''clock', 'mañana', '水', 'with, comma', 'with space', '');
CREATE TYPE ev_types.one AS ENUM ('only');

CREATE DOMAIN ev_types.positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN ev_types.small_positive AS ev_types.positive CHECK (VALUE < 1000);
CREATE DOMAIN ev_types.email_address AS text CHECK (VALUE ~ '^[a-z0-9._]+@[a-z0-9.]+\.[a-z]{2,}$');
CREATE DOMAIN ev_types.us_zip AS text CHECK (VALUE ~ '^\d{5}(-\d{4})?$');
CREATE DOMAIN ev_types.percent AS numeric(5,2) NOT NULL CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN ev_types.year AS integer CONSTRAINT year_check CHECK (VALUE >= 1901 AND VALUE <= 2155);
CREATE DOMAIN ev_types.good_mood AS ev_types.mood CHECK (VALUE <> 'sad');
CREATE DOMAIN ev_types.colour AS varchar(10) CHECK (VALUE IN ('red', 'green', 'blue'));
CREATE DOMAIN ev_types.labels AS text[] CHECK (cardinality(VALUE) BETWEEN 1 AND 5);
CREATE DOMAIN ev_types.matrix AS double precision[][];
CREATE DOMAIN ev_types.past AS date DEFAULT '2000-01-01' CHECK (VALUE < '2024-01-01');

CREATE TYPE ev_types.address AS (street text, city varchar(30), zip ev_types.us_zip, place point);
CREATE TYPE ev_types.person AS (name text, home ev_types.address, labels text[], mood ev_types.mood, score numeric(4,1));
CREATE TYPE ev_types.span AS (low integer, high integer);
CREATE DOMAIN ev_types.ordered_span AS ev_types.span CHECK ((VALUE).low <= (VALUE).high);

CREATE FUNCTION ev_types.time_difference(a time, b time) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT extract(epoch FROM a - b)::double precision $$;
CREATE TYPE ev_types.time_range AS RANGE (subtype = time, subtype_diff = ev_types.time_difference);
CREATE TYPE ev_types.float_range AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = ev_types.float_ranges);
CREATE TYPE ev_types.text_range AS RANGE (subtype = text, collation = "C");
CREATE DOMAIN ev_types.shift AS ev_types.time_range CHECK (NOT isempty(VALUE));

CREATE TABLE ev.types_numeric (
    id bigint PRIMARY KEY,
    a smallint NOT NULL, b integer NOT NULL, c bigint NOT NULL, d numeric NOT NULL,
    e numeric(1) NOT NULL, f numeric(10,2) NOT NULL, g numeric(3,-2) NOT NULL, h numeric(2,5) NOT NULL,
    i numeric(38,10) NOT NULL, j numeric(1000,0), k real NOT NULL, l double precision NOT NULL,
    m money NOT NULL, n float(10), o decimal(5,5) NOT NULL
);

CREATE TABLE ev.types_text (
    id integer PRIMARY KEY,
    a text NOT NULL, b varchar NOT NULL, c varchar(1) NOT NULL, d varchar(7) NOT NULL, e varchar(5000) NOT NULL,
    f char NOT NULL, g char(10) NOT NULL, h "char" NOT NULL, i name NOT NULL, j bpchar NOT NULL,
    k text COLLATE "C" NOT NULL, l text COLLATE "POSIX", m character varying(2)
);

CREATE TABLE ev.types_time (
    a date NOT NULL, b time NOT NULL, c time(0) NOT NULL, d time(3) with time zone NOT NULL, e timetz NOT NULL,
    f timestamp NOT NULL, g timestamp(0) NOT NULL, h timestamptz NOT NULL, i timestamptz(3) NOT NULL,
    j interval NOT NULL, k interval year to month NOT NULL, l interval day to second(2) NOT NULL,
    m interval hour NOT NULL, n interval(0) NOT NULL
);

CREATE TABLE ev.types_network (
    a inet NOT NULL, b cidr NOT NULL, c macaddr NOT NULL, d macaddr8 NOT NULL
);

CREATE TABLE ev.types_geometry (
    a point NOT NULL, b lseg NOT NULL, c path NOT NULL, d box NOT NULL, e polygon NOT NULL,
    f line NOT NULL, g circle NOT NULL
);

CREATE TABLE ev.types_bits (
    a boolean NOT NULL, b bit NOT NULL, c bit(8) NOT NULL, d bit(100) NOT NULL, e bit varying NOT NULL,
    f bit varying(5) NOT NULL, g bytea NOT NULL, h uuid NOT NULL
);

CREATE TABLE ev.types_document (
    a json NOT NULL, b jsonb NOT NULL, c jsonpath NOT NULL, d xml NOT NULL, e tsvector NOT NULL, f tsquery NOT NULL
);

CREATE TABLE ev.types_system (
    a oid NOT NULL, b regproc NOT NULL, c regprocedure NOT NULL, d regoper NOT NULL, e regoperator NOT NULL,
    f regclass NOT NULL, g regtype NOT NULL, h regrole NOT NULL, i regnamespace NOT NULL, j regconfig NOT NULL,
    k regdictionary NOT NULL, l regcollation NOT NULL, m tid NOT NULL, n xid NOT NULL, o cid NOT NULL,
    p xid8 NOT NULL, q pg_lsn NOT NULL, r pg_snapshot NOT NULL, s txid_snapshot NOT NULL, t aclitem NOT NULL,
    u refcursor NOT NULL
);

-- These types refuse all input, so NULL is the only value a client can give.
CREATE TABLE ev.types_internal (
    a pg_node_tree, b pg_ndistinct, c pg_dependencies, d pg_mcv_list, e gtsvector,
    f pg_brin_bloom_summary, g pg_brin_minmax_multi_summary, h gtsvector[]
);

CREATE TABLE ev.types_range (
    a int4range NOT NULL, b int8range NOT NULL, c numrange NOT NULL, d tsrange NOT NULL, e tstzrange NOT NULL,
    f daterange NOT NULL, g int4multirange NOT NULL, h int8multirange NOT NULL, i nummultirange NOT NULL,
    j tsmultirange NOT NULL, k tstzmultirange NOT NULL, l datemultirange NOT NULL,
    m ev_types.time_range NOT NULL, n ev_types.float_range NOT NULL, o ev_types.text_range NOT NULL,
    p ev_types.float_ranges NOT NULL, q ev_types.shift NOT NULL
);

CREATE TABLE ev.types_user (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a ev_types.mood NOT NULL, b ev_types."Week Day" NOT NULL, c ev_types.one NOT NULL,
    d ev_types.positive NOT NULL, e ev_types.small_positive NOT NULL, f ev_types.email_address NOT NULL,
    g ev_types.us_zip NOT NULL, h ev_types.percent, i ev_types.year NOT NULL, j ev_types.good_mood NOT NULL,
    k ev_types.colour NOT NULL, l ev_types.labels NOT NULL, m ev_types.matrix NOT NULL, n ev_types.past NOT NULL,
    o ev_types.address NOT NULL, p ev_types.person NOT NULL, q ev_types.span NOT NULL, r ev_types.ordered_span NOT NULL
);

CREATE TABLE ev.types_arrays (
    a integer[] NOT NULL, b text[][] NOT NULL, c integer[3] NOT NULL, d ev_types.mood[] NOT NULL,
    e ev_types.positive[] NOT NULL, f ev_types.address[] NOT NULL, g ev_types.labels[] NOT NULL,
    h ev_types.time_range[] NOT NULL, i ev_types.float_ranges[] NOT NULL, j numeric(5,2)[] NOT NULL,
    k varchar(3)[] NOT NULL, l char(2)[] NOT NULL, m bit(3)[] NOT NULL, n timestamptz(0)[] NOT NULL,
    o ev_types.ordered_span[] NOT NULL, p ev_types.percent[] NOT NULL
);

CREATE TABLE ev.types_arrays_all (
    id serial PRIMARY KEY,
    a01 boolean[] NOT NULL,
    a02 bytea[],
    a03 "char"[] NOT NULL,
    a04 name[],
    a05 bigint[] NOT NULL,
    a06 smallint[],
    a07 integer[] NOT NULL,
    a08 text[],
    a09 oid[] NOT NULL,
    a10 tid[],
    a11 xid[] NOT NULL,
    a12 cid[],
    a13 json[] NOT NULL,
    a14 xml[],
    a15 point[] NOT NULL,
    a16 lseg[],
    a17 path[] NOT NULL,
    a18 box[],
    a19 polygon[] NOT NULL,
    a20 line[],
    a21 cidr[] NOT NULL,
    a22 real[],
    a23 double precision[] NOT NULL,
    a24 circle[],
    a25 macaddr8[] NOT NULL,
    a26 money[],
    a27 macaddr[] NOT NULL,
    a28 inet[],
    a29 character[] NOT NULL,
    a30 character(3)[],
    a31 character varying[] NOT NULL,
    a32 character varying(5)[],
    a33 date[] NOT NULL,
    a34 time[],
    a35 time(0)[] NOT NULL,
    a36 timestamp[],
    a37 timestamptz[] NOT NULL,
    a38 timestamptz(3)[],
    a39 interval[] NOT NULL,
    a40 timetz[],
    a41 bit[] NOT NULL,
    a42 bit(4)[],
    a43 bit varying[] NOT NULL,
    a44 bit varying(6)[],
    a45 numeric[] NOT NULL,
    a46 numeric(8,3)[],
    a47 refcursor[] NOT NULL,
    a48 uuid[],
    a49 txid_snapshot[] NOT NULL,
    a50 pg_lsn[],
    a51 tsvector[] NOT NULL,
    a52 tsquery[],
    a53 jsonb[] NOT NULL,
    a54 jsonpath[],
    a55 int4range[] NOT NULL,
    a56 numrange[],
    a57 tsrange[] NOT NULL,
    a58 tstzrange[],
    a59 daterange[] NOT NULL,
    a60 int8range[],
    a61 int4multirange[] NOT NULL,
    a62 nummultirange[],
    a63 tsmultirange[] NOT NULL,
    a64 tstzmultirange[],
    a65 datemultirange[] NOT NULL,
    a66 int8multirange[],
    a67 pg_snapshot[] NOT NULL,
    a68 xid8[],
    a69 regclass[] NOT NULL,
    a70 regtype[],
    a71 regrole[] NOT NULL,
    a72 regnamespace[],
    a73 regproc[] NOT NULL,
    a74 regprocedure[],
    a75 regoper[] NOT NULL,
    a76 regoperator[],
    a77 regconfig[] NOT NULL,
    a78 regdictionary[],
    a79 regcollation[] NOT NULL,
    a80 aclitem[]
);

-- A table's row type is a type too.
CREATE TABLE ev.pair (left_part integer NOT NULL, right_part text);
CREATE TABLE ev.types_row (id integer PRIMARY KEY, one ev.pair NOT NULL, many ev.pair[]);
CREATE TYPE ev_types.typed AS (id integer, name varchar(12), at timestamptz);
CREATE TABLE ev.typed OF ev_types.typed (PRIMARY KEY (id), name NOT NULL);

------------------------------------------------------------------- defaults, identity, generated

CREATE SEQUENCE ev.ticket_numbers START 1000 INCREMENT 10;
CREATE FUNCTION ev.next_code() RETURNS text LANGUAGE sql VOLATILE
    AS $$ SELECT 'T-' || nextval('ev.ticket_numbers') $$;

CREATE TABLE ev.defaults (
    id bigint DEFAULT nextval('ev.ticket_numbers') PRIMARY KEY,
    code text DEFAULT ev.next_code() NOT NULL,
    key uuid DEFAULT gen_random_uuid() NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    day date DEFAULT CURRENT_DATE,
    due date DEFAULT CURRENT_DATE + 30 NOT NULL,
    who name DEFAULT CURRENT_USER NOT NULL,
    state text DEFAULT 'new' NOT NULL,
    labels text[] DEFAULT '{}' NOT NULL,
    settings jsonb DEFAULT '{"theme": "dark"}' NOT NULL,
    price numeric(8,2) DEFAULT 9.99,
    open boolean DEFAULT true NOT NULL,
    mood ev_types.mood DEFAULT 'ok' NOT NULL,
    length interval DEFAULT '1 hour' NOT NULL
);

CREATE TABLE ev.all_defaults (
    a integer DEFAULT 7 NOT NULL, b text DEFAULT 'x' NOT NULL, c timestamptz DEFAULT clock_timestamp() NOT NULL,
    d ev_types.past NOT NULL
);

CREATE TABLE ev.no_columns ();

CREATE TABLE ev.identity_always (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE ev.identity_by_default (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE ev.identity_options (
    id smallint GENERATED ALWAYS AS IDENTITY (START 30000 INCREMENT -2 MINVALUE -30000 MAXVALUE 32000 CACHE 20) UNIQUE,
    name text
);
CREATE TABLE ev.identity_only (id bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE ev.serials (a smallserial, b serial PRIMARY KEY, c bigserial UNIQUE);

CREATE TABLE ev.generated (
    id integer PRIMARY KEY,
    first_name text NOT NULL,
    last_name text NOT NULL,
    full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED,
    price numeric(8,2) NOT NULL,
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    total numeric(12,2) GENERATED ALWAYS AS (price * quantity) STORED CHECK (total >= 0),
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', first_name)) STORED
);
CREATE TABLE ev.generated_key (
    code varchar(12) NOT NULL,
    code_lower varchar(12) GENERATED ALWAYS AS (lower(code)) STORED UNIQUE
);

---------------------------------------------------------------------------------------- keys

CREATE TABLE ev.unique_types (
    a smallint UNIQUE, b integer UNIQUE, c bigint UNIQUE, d text UNIQUE, e varchar(8) UNIQUE, f char(4) UNIQUE,
    g uuid UNIQUE, h date UNIQUE, i timestamptz UNIQUE, j numeric(8,2) UNIQUE, k inet UNIQUE, l bytea UNIQUE,
    m double precision UNIQUE, n bit(16) UNIQUE, o time UNIQUE, p int4range UNIQUE, q macaddr UNIQUE,
    r jsonb UNIQUE, s text[] UNIQUE, t interval UNIQUE, u ev_types.address, v money UNIQUE, w name UNIQUE,
    x ev_types.email_address UNIQUE, y daterange UNIQUE, z cidr UNIQUE, z1 real UNIQUE, z2 ev_types.positive UNIQUE,
    z3 bit varying(20) UNIQUE, z4 tsvector UNIQUE, z5 ev_types.us_zip UNIQUE
);
CREATE TABLE ev.key_uuid (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL UNIQUE, phone text UNIQUE, username varchar(20) NOT NULL UNIQUE);
CREATE TABLE ev.key_text (code varchar(6) PRIMARY KEY CHECK (code ~ '^[A-Z]{3}[0-9]{3}$'), name text NOT NULL);
CREATE TABLE ev.key_checked (id integer PRIMARY KEY CHECK (id >= 1000000 AND id % 2 = 0));
-- NULLs make room where the values do not suffice.
CREATE TABLE ev.unique_nullable (mood ev_types.mood UNIQUE, flag boolean UNIQUE, note text);
CREATE TABLE ev.unique_multi (
    mood ev_types.mood, number smallint CHECK (number BETWEEN 1 AND 5000), letter char(1) CHECK (letter IN ('a', 'b', 'c')),
    UNIQUE (mood, number), PRIMARY KEY (number, mood, letter)
);
CREATE TABLE ev.unique_dense (x smallint CHECK (x BETWEEN 1 AND 40), y smallint CHECK (y BETWEEN 1 AND 50), PRIMARY KEY (x, y));
CREATE TABLE ev.unique_partial (
    id integer PRIMARY KEY, email text NOT NULL, deleted_at timestamptz, is_default boolean NOT NULL, owner_id integer NOT NULL
);
CREATE UNIQUE INDEX ON ev.unique_partial (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ON ev.unique_partial (owner_id) WHERE is_default;
CREATE TABLE ev.unique_expression (
    id integer PRIMARY KEY, email text NOT NULL, room integer NOT NULL, at timestamp NOT NULL, body text NOT NULL
);
CREATE UNIQUE INDEX ON ev.unique_expression (lower(email));
CREATE UNIQUE INDEX ON ev.unique_expression (room, date_trunc('day', at));
CREATE UNIQUE INDEX ON ev.unique_expression (md5(body));
CREATE TABLE ev.unique_nulls (a integer, b ev_types.mood, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE TABLE ev.unique_one_null (a integer UNIQUE NULLS NOT DISTINCT);
CREATE TABLE ev.unique_deferred (
    id integer PRIMARY KEY DEFERRABLE, position integer NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE ev.unique_including (id integer, extra text, CONSTRAINT covered PRIMARY KEY (id) INCLUDE (extra));
CREATE TABLE ev.unique_overlap (a integer NOT NULL, b integer NOT NULL, c integer NOT NULL, UNIQUE (a, b), UNIQUE (b, c), UNIQUE (c));
CREATE TABLE ev.no_key (a integer, b text);

-- Tables that hold few rows: 2, 3, 4, 1.
CREATE TABLE ev.small_boolean (flag boolean PRIMARY KEY, name text NOT NULL);
CREATE TABLE ev.small_enum (mood ev_types.mood PRIMARY KEY, name text NOT NULL);
CREATE TABLE ev.small_pair (a boolean, b boolean, PRIMARY KEY (a, b));
CREATE TABLE ev.small_singleton (id boolean PRIMARY KEY DEFAULT true CHECK (id), company text NOT NULL);
-- At most 9 rows: its key refers to a table of 3.
CREATE TABLE ev.small_child (mood ev_types.mood REFERENCES ev.small_enum, step smallint CHECK (step IN (1, 2, 3)), PRIMARY KEY (mood, step));

--------------------------------------------------------------------------- exclusion constraints

CREATE TABLE ev.room (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, seats integer CHECK (seats > 0));
CREATE TABLE ev.reservation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id integer NOT NULL REFERENCES ev.room,
    during tsrange NOT NULL,
    guest text NOT NULL,
    EXCLUDE USING gist (room_id WITH =, during WITH &&)
);
CREATE TABLE ev.exclude_range (slot int4range NOT NULL, EXCLUDE USING gist (slot WITH &&));
CREATE TABLE ev.exclude_partial (
    room integer NOT NULL, during tstzrange NOT NULL, cancelled boolean NOT NULL,
    EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled)
);
CREATE TABLE ev.exclude_columns (
    machine text NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL, CHECK (starts_on < ends_on),
    EXCLUDE USING gist (machine WITH =, daterange(starts_on, ends_on) WITH &&)
);
CREATE TABLE ev.exclude_equal (code text, EXCLUDE USING hash (code WITH =));
CREATE TABLE ev.exclude_circle (area circle NOT NULL, EXCLUDE USING gist (area WITH &&));
CREATE TABLE ev.exclude_network (net inet NOT NULL, EXCLUDE USING gist (net inet_ops WITH &&));
CREATE TABLE ev.exclude_different (cage integer NOT NULL, animal text NOT NULL, EXCLUDE USING gist (cage WITH =, animal WITH <>));

----------------------------------------------------------------------------------------- checks

CREATE TABLE ev.check_numbers (
    a integer NOT NULL CHECK (a > 10), b integer NOT NULL CHECK (b BETWEEN -5 AND 5), c numeric(6,2) CHECK (c >= 0 AND c < 100),
    d integer NOT NULL CHECK (d IN (1, 2, 3, 5, 8)), e integer NOT NULL CHECK (e <> 0), f integer NOT NULL CHECK (f % 7 = 0),
    g double precision NOT NULL CHECK (g > 0 AND g < 1), h bigint NOT NULL CHECK (h = ANY (ARRAY[10, 20, 30])),
    i integer CHECK (i IS NOT NULL), j integer CHECK (j < 0 OR j > 100), k smallint NOT NULL CHECK (NOT (k > 50)),
    l integer NOT NULL CHECK (abs(l) <= 10), m integer NOT NULL CHECK (0 < m AND m <= 3), n numeric(5,1) NOT NULL CHECK (n = round(n)),
    o integer NOT NULL CHECK (o NOT IN (1, 2)), p integer CHECK (p IS NULL OR p = 4), q real NOT NULL CHECK (q BETWEEN 0.5 AND 0.6),
    r integer NOT NULL CONSTRAINT "r's check" CHECK (r = 42), s money NOT NULL CHECK (s > 5::money), t integer NOT NULL CHECK (t BETWEEN SYMMETRIC 9 AND 3)
);
CREATE TABLE ev.check_text (
    a text NOT NULL CHECK (length(a) BETWEEN 3 AND 8), b text NOT NULL CHECK (b <> ''), c text NOT NULL CHECK (c ~ '^[A-Z]{2}-[0-9]{4}$'),
    d text NOT NULL CHECK (d LIKE 'SKU-%'), e varchar(10) NOT NULL CHECK (e IN ('draft', 'live', 'gone')), f text NOT NULL CHECK (f ~* '^(yes|no)$'),
    g text NOT NULL CHECK (char_length(g) = 5), h text NOT NULL CHECK (h !~ '[0-9]'), i text NOT NULL CHECK (i = upper(i)),
    j text NOT NULL CHECK (j = lower(j) AND j <> ''), k char(3) NOT NULL CHECK (k ~ '^[A-Z]{3}$'), l text NOT NULL CHECK (l LIKE '__-%' AND length(l) <= 6),
    m text NOT NULL CHECK (btrim(m) = m AND m <> ''), n text NOT NULL CHECK (n SIMILAR TO '(a|b)+c'), o text NOT NULL CHECK (octet_length(o) <= 20),
    p text NOT NULL CHECK (p ILIKE '%x%'), q text NOT NULL CHECK (q IN ('x') OR q ~ '^z+$'), r text NOT NULL CHECK (position('@' in r) > 1),
    s text NOT NULL CHECK (s ~ '^\+?[0-9]{7,15}$'), t text CHECK (t IS NULL OR t ~ '^https?://'), u text NOT NULL CHECK (left(u, 2) = 'AB'),
    v text NOT NULL CHECK (v NOT LIKE '% %'), w text NOT NULL CHECK (starts_with(w, 'pre-')), x ev_types."Week Day" NOT NULL CHECK (x IN ('Mo', '水'))
);
CREATE TABLE ev.check_time (
    a date NOT NULL CHECK (a >= DATE '2020-01-01'), b timestamptz NOT NULL CHECK (b < '2020-01-01 00:00+00'),
    c date NOT NULL CHECK (extract(isodow FROM c) < 6), d time NOT NULL CHECK (d BETWEEN '08:00' AND '18:00'),
    e interval NOT NULL CHECK (e > '0'), f date NOT NULL CHECK (f > '1900-01-01' AND f < '1950-01-01'),
    g timestamp NOT NULL CHECK (g = date_trunc('hour', g)), h date NOT NULL CHECK (extract(day FROM h) = 1)
);
CREATE TABLE ev.check_values (
    a text[] NOT NULL CHECK (cardinality(a) > 0), b integer[] NOT NULL CHECK (array_length(b, 1) = 3), c jsonb NOT NULL CHECK (jsonb_typeof(c) = 'object'),
    d jsonb NOT NULL CHECK (c ? 'id' OR true), e inet NOT NULL CHECK (family(e) = 4), f boolean NOT NULL CHECK (f), g uuid NOT NULL CHECK (g <> '00000000-0000-0000-0000-000000000000'),
    h int4range NOT NULL CHECK (lower(h) >= 0 AND NOT isempty(h)), i ev_types.mood NOT NULL CHECK (i > 'sad'), j bytea NOT NULL CHECK (octet_length(j) = 32),
    k ev_types.mood[] NOT NULL CHECK (k <@ ARRAY['sad', 'ok']::ev_types.mood[])
);
CREATE TABLE ev.check_across (
    low integer NOT NULL, high integer NOT NULL CHECK (high <= 1000), CHECK (low < high),
    starts_at timestamptz NOT NULL, ends_at timestamptz, CHECK (ends_at > starts_at),
    min_price numeric(8,2) NOT NULL, max_price numeric(8,2) NOT NULL, CHECK (min_price <= max_price AND min_price > 0),
    sold integer NOT NULL, returned integer NOT NULL, stock integer NOT NULL, CHECK (sold >= returned AND returned >= 0 AND stock >= 0 AND stock >= sold - returned),
    a integer NOT NULL, b integer NOT NULL, CHECK (a + b <= 100), CHECK (a >= 0 AND b >= 0), CHECK (a <> b),
    net numeric(10,2) NOT NULL, discount numeric(10,2) NOT NULL, CHECK (discount BETWEEN 0 AND net), CHECK (net > 0)
);
CREATE TABLE ev.check_implication (
    state text NOT NULL CHECK (state IN ('open', 'paid', 'shipped', 'cancelled')),
    paid_at timestamptz, shipped_at timestamptz, reason text, total numeric(8,2) NOT NULL CHECK (total >= 0),
    CHECK (state <> 'paid' OR paid_at IS NOT NULL),
    CHECK (state <> 'shipped' OR (paid_at IS NOT NULL AND shipped_at IS NOT NULL)),
    CHECK ((state = 'cancelled') = (reason IS NOT NULL)),
    CHECK (shipped_at IS NULL OR shipped_at >= paid_at),
    CHECK (CASE WHEN state = 'open' THEN paid_at IS NULL ELSE true END)
);
CREATE TABLE ev.check_exclusive (
    person_id integer, company_id integer, CHECK ((person_id IS NULL) <> (company_id IS NULL)),
    a text, b text, c text, CHECK (num_nonnulls(a, b, c) = 1),
    x integer, y integer, CHECK ((x IS NULL) = (y IS NULL)),
    email text, phone text, CHECK (email IS NOT NULL OR phone IS NOT NULL), CHECK (coalesce(email, phone) <> '')
);
CREATE TABLE ev.check_total (
    price numeric(8,2) NOT NULL CHECK (price > 0), quantity integer NOT NULL CHECK (quantity > 0 AND quantity < 1000),
    total numeric(12,2) NOT NULL CHECK (total = price * quantity), tax numeric(12,2) NOT NULL, gross numeric(14,2) NOT NULL, CHECK (gross = total + tax), CHECK (tax = round(total * 0.2, 2))
);
CREATE FUNCTION ev.is_even(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 0';
CREATE TABLE ev.check_function (a integer NOT NULL CHECK (ev.is_even(a)));
CREATE TABLE ev.check_not_valid (a integer NOT NULL, b text NOT NULL);
ALTER TABLE ev.check_not_valid ADD CONSTRAINT a_positive CHECK (a > 0) NOT VALID;

------------------------------------------------------------------------------------- references

CREATE TABLE ev.country (code char(2) PRIMARY KEY CHECK (code ~ '^[A-Z]{2}$'), name text NOT NULL); -- at most 676
CREATE TABLE ev.customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL UNIQUE,
    phone varchar(20), birth_date date, country char(2) REFERENCES ev.country, gender char(1) CHECK (gender IN ('f', 'm', 'x')),
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL, CHECK (updated_at >= created_at)
);
CREATE TABLE ev.customer_profile (customer_id bigint PRIMARY KEY REFERENCES ev.customer ON DELETE CASCADE, bio text, avatar bytea, website text);
CREATE TABLE ev.customer_settings (id integer PRIMARY KEY, customer_id bigint NOT NULL UNIQUE REFERENCES ev.customer ON UPDATE CASCADE, settings jsonb NOT NULL);
CREATE TABLE ev.customer_email (email text REFERENCES ev.customer (email) ON UPDATE CASCADE, verified boolean NOT NULL);
CREATE TABLE ev.product (sku varchar(12) PRIMARY KEY, id integer NOT NULL UNIQUE, name text NOT NULL, price numeric(8,2) NOT NULL CHECK (price > 0), currency char(3) NOT NULL);
CREATE TABLE ev."order" (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, customer_id bigint NOT NULL REFERENCES ev.customer ON DELETE RESTRICT,
    ordered_at timestamptz NOT NULL, shipped_at timestamptz, CHECK (shipped_at >= ordered_at)
);
CREATE TABLE ev.order_line (
    order_id bigint REFERENCES ev."order" ON DELETE CASCADE, line integer CHECK (line BETWEEN 1 AND 20), product_id integer NOT NULL REFERENCES ev.product (id),
    quantity integer NOT NULL CHECK (quantity > 0), PRIMARY KEY (order_id, line)
);
CREATE TABLE ev.delivery (
    id integer PRIMARY KEY, order_id bigint NOT NULL, line integer NOT NULL, FOREIGN KEY (order_id, line) REFERENCES ev.order_line (order_id, line)
);
CREATE TABLE ev.tag (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE ev.product_tag (product_sku varchar(12) REFERENCES ev.product, tag_id integer REFERENCES ev.tag, PRIMARY KEY (product_sku, tag_id));
CREATE TABLE ev.friendship (a bigint REFERENCES ev.customer, b bigint REFERENCES ev.customer, PRIMARY KEY (a, b), CHECK (a < b));
CREATE TABLE ev.triple (a integer REFERENCES ev.tag, b integer REFERENCES ev.tag, c ev_types.mood, PRIMARY KEY (a, b, c));

CREATE TABLE ev.tenant (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE ev.tenant_user (tenant_id integer REFERENCES ev.tenant, id integer, email text NOT NULL, PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email));
CREATE TABLE ev.tenant_project (tenant_id integer REFERENCES ev.tenant, id integer, owner_id integer, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, owner_id) REFERENCES ev.tenant_user);
-- Both references share the tenant.
CREATE TABLE ev.tenant_task (
    tenant_id integer NOT NULL, id integer NOT NULL, project_id integer NOT NULL, assignee_id integer, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES ev.tenant_project, FOREIGN KEY (tenant_id, assignee_id) REFERENCES ev.tenant_user
);

CREATE TABLE ev.employee (id integer PRIMARY KEY, name text NOT NULL, manager_id integer REFERENCES ev.employee, CHECK (manager_id <> id));
CREATE TABLE ev.category (id integer PRIMARY KEY, parent_id integer NOT NULL REFERENCES ev.category, name text NOT NULL);
CREATE TABLE ev.comment (thread integer, id integer, reply_to integer, body text NOT NULL, PRIMARY KEY (thread, id), FOREIGN KEY (thread, reply_to) REFERENCES ev.comment);

-- Cycles: through a nullable edge, through a deferrable one, of three tables.
CREATE TABLE ev.department (id integer PRIMARY KEY, name text NOT NULL, head_id integer);
CREATE TABLE ev.staff (id integer PRIMARY KEY, department_id integer NOT NULL REFERENCES ev.department, name text NOT NULL);
ALTER TABLE ev.department ADD FOREIGN KEY (head_id) REFERENCES ev.staff;
CREATE TABLE ev.hen (id integer PRIMARY KEY, egg_id integer NOT NULL);
CREATE TABLE ev.egg (id integer PRIMARY KEY, hen_id integer NOT NULL REFERENCES ev.hen DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE ev.hen ADD FOREIGN KEY (egg_id) REFERENCES ev.egg DEFERRABLE INITIALLY IMMEDIATE;
CREATE TABLE ev.ring_a (id integer PRIMARY KEY, b_id integer NOT NULL);
CREATE TABLE ev.ring_b (id integer PRIMARY KEY, c_id integer NOT NULL);
CREATE TABLE ev.ring_c (id integer PRIMARY KEY, a_id integer REFERENCES ev.ring_a);
ALTER TABLE ev.ring_a ADD FOREIGN KEY (b_id) REFERENCES ev.ring_b;
ALTER TABLE ev.ring_b ADD FOREIGN KEY (c_id) REFERENCES ev.ring_c;

CREATE TABLE ev.full_parent (a integer, b text, PRIMARY KEY (a, b));
CREATE TABLE ev.full_child (id integer PRIMARY KEY, a integer, b text, FOREIGN KEY (a, b) REFERENCES ev.full_parent MATCH FULL);
CREATE TABLE ev.simple_child (id integer PRIMARY KEY, a integer, b text NOT NULL, FOREIGN KEY (a, b) REFERENCES ev.full_parent MATCH SIMPLE);
CREATE TABLE ev.actions (
    a bigint REFERENCES ev.customer ON DELETE SET NULL, b bigint REFERENCES ev.customer ON DELETE SET DEFAULT, c bigint DEFAULT NULL REFERENCES ev.customer ON DELETE NO ACTION,
    d integer REFERENCES ev.tag ON UPDATE CASCADE ON DELETE CASCADE, e boolean REFERENCES ev.small_boolean, f ev_types.mood NOT NULL REFERENCES ev.small_enum, g integer REFERENCES ev.tag NOT NULL CHECK (g IS NOT NULL)
);
ALTER TABLE ev.actions ADD COLUMN h integer;
ALTER TABLE ev.actions ADD CONSTRAINT h_fkey FOREIGN KEY (h) REFERENCES ev.tag NOT VALID;
-- The types of the two ends differ.
CREATE TABLE ev.cross_type (a bigint REFERENCES ev.tag, b smallint REFERENCES ev.tag);
-- Dropped columns leave holes in the row.
CREATE TABLE ev.dropped (a integer, gone text, b integer NOT NULL, lost date, c text);
ALTER TABLE ev.dropped DROP COLUMN gone, DROP COLUMN lost;
ALTER TABLE ev.dropped ADD COLUMN late integer DEFAULT 5 NOT NULL;

------------------------------------------------------------------------ partitions, inheritance

CREATE TABLE ev.part_list (id integer, region text NOT NULL, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE ev.part_list_north PARTITION OF ev.part_list FOR VALUES IN ('north', 'north-west');
CREATE TABLE ev.part_list_south PARTITION OF ev.part_list FOR VALUES IN ('south');
CREATE TABLE ev.part_list_null (id integer, state text) PARTITION BY LIST (state);
CREATE TABLE ev.part_list_null_1 PARTITION OF ev.part_list_null FOR VALUES IN (NULL, 'a');
CREATE TABLE ev.part_range (id bigint NOT NULL, at timestamptz NOT NULL, amount numeric(8,2), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
-- Nothing between the two.
CREATE TABLE ev.part_range_2022 PARTITION OF ev.part_range FOR VALUES FROM ('2022-01-01 00:00+00') TO ('2022-02-01 00:00+00');
CREATE TABLE ev.part_range_2024 PARTITION OF ev.part_range FOR VALUES FROM ('2024-06-01 00:00+00') TO ('2024-07-01 00:00+00');
CREATE TABLE ev.part_unbounded (n integer, note text) PARTITION BY RANGE (n);
CREATE TABLE ev.part_unbounded_low PARTITION OF ev.part_unbounded FOR VALUES FROM (MINVALUE) TO (0);
CREATE TABLE ev.part_unbounded_high PARTITION OF ev.part_unbounded FOR VALUES FROM (100) TO (MAXVALUE);
CREATE TABLE ev.part_default (n integer, note text) PARTITION BY RANGE (n);
CREATE TABLE ev.part_default_1 PARTITION OF ev.part_default FOR VALUES FROM (1) TO (10);
CREATE TABLE ev.part_default_rest PARTITION OF ev.part_default DEFAULT;
CREATE TABLE ev.part_hash (id uuid PRIMARY KEY, note text) PARTITION BY HASH (id);
CREATE TABLE ev.part_hash_0 PARTITION OF ev.part_hash FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE ev.part_hash_1 PARTITION OF ev.part_hash FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE ev.part_hash_2 PARTITION OF ev.part_hash FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE ev.part_columns (a integer NOT NULL, b text NOT NULL) PARTITION BY RANGE (a, b);
CREATE TABLE ev.part_columns_1 PARTITION OF ev.part_columns FOR VALUES FROM (1, 'a') TO (1, 'm');
CREATE TABLE ev.part_columns_2 PARTITION OF ev.part_columns FOR VALUES FROM (5, MINVALUE) TO (9, 'c');
CREATE TABLE ev.part_levels (id integer NOT NULL, mood ev_types.mood NOT NULL, day date NOT NULL, CONSTRAINT id_positive CHECK (id > 0)) PARTITION BY LIST (mood);
CREATE TABLE ev.part_levels_sad PARTITION OF ev.part_levels FOR VALUES IN ('sad');
CREATE TABLE ev.part_levels_happy PARTITION OF ev.part_levels FOR VALUES IN ('happy') PARTITION BY RANGE (day);
CREATE TABLE ev.part_levels_happy_1 PARTITION OF ev.part_levels_happy FOR VALUES FROM ('2023-01-01') TO ('2023-07-01');
CREATE TABLE ev.part_levels_happy_2 (day date NOT NULL, mood ev_types.mood NOT NULL, gone integer, id integer NOT NULL, CONSTRAINT id_positive CHECK (id > 0));
ALTER TABLE ev.part_levels_happy_2 DROP COLUMN gone;
ALTER TABLE ev.part_levels_happy ATTACH PARTITION ev.part_levels_happy_2 FOR VALUES FROM ('2023-08-01') TO ('2023-09-01');
CREATE TABLE ev.part_expression (id integer NOT NULL, at timestamp NOT NULL) PARTITION BY RANGE (date_trunc('month', at));
CREATE TABLE ev.part_expression_1 PARTITION OF ev.part_expression FOR VALUES FROM ('2023-01-01') TO ('2023-04-01');
CREATE TABLE ev.part_expression_2 PARTITION OF ev.part_expression FOR VALUES FROM ('2023-05-01') TO ('2023-06-01');
CREATE TABLE ev.part_boolean (id integer, active boolean NOT NULL) PARTITION BY LIST (active);
CREATE TABLE ev.part_boolean_true PARTITION OF ev.part_boolean FOR VALUES IN (true);
CREATE TABLE ev.part_detail (
    id integer PRIMARY KEY, part_id bigint NOT NULL, part_at timestamptz NOT NULL, FOREIGN KEY (part_id, part_at) REFERENCES ev.part_range
);
CREATE TABLE ev.part_reference (customer_id bigint NOT NULL REFERENCES ev.customer, day date NOT NULL, UNIQUE (customer_id, day)) PARTITION BY RANGE (day);
CREATE TABLE ev.part_reference_1 PARTITION OF ev.part_reference FOR VALUES FROM ('2024-01-01') TO ('2024-03-01');
CREATE TABLE ev.part_reference_2 PARTITION OF ev.part_reference (CHECK (customer_id > 0)) FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');

CREATE TABLE ev.vehicle (id integer PRIMARY KEY, plate varchar(10) NOT NULL, built integer NOT NULL, CHECK (built > 1950), CONSTRAINT only_here CHECK (id > 10) NO INHERIT);
CREATE TABLE ev.car (doors smallint NOT NULL CHECK (doors IN (3, 5)), PRIMARY KEY (id), CHECK (built < 2030)) INHERITS (ev.vehicle);
CREATE TABLE ev.truck (load numeric(6,1) NOT NULL, axles integer DEFAULT 2, UNIQUE (plate)) INHERITS (ev.vehicle);
CREATE TABLE ev.amphibian (boat_name text) INHERITS (ev.car, ev.truck);

------------------------------------------------------------ triggers, rules, row-level security

CREATE TABLE ev.audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, table_name text NOT NULL, row_key text, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE ev.trigger_changes (id integer PRIMARY KEY, name text NOT NULL, slug text, stamped_at timestamptz);
CREATE FUNCTION ev.change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.slug := lower(replace(NEW.name, ' ', '-'));
    NEW.stamped_at := '2020-01-01 00:00+00';
    RETURN NEW;
END $$;
CREATE TRIGGER change BEFORE INSERT OR UPDATE ON ev.trigger_changes FOR EACH ROW EXECUTE FUNCTION ev.change();
CREATE FUNCTION ev.log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ev.audit (table_name, row_key) VALUES (TG_TABLE_NAME, NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER log AFTER INSERT ON ev.trigger_changes FOR EACH ROW EXECUTE FUNCTION ev.log();
CREATE TABLE ev.trigger_counts (table_name text NOT NULL, rows bigint NOT NULL);
CREATE TABLE ev.trigger_statement (id integer PRIMARY KEY, name text);
CREATE FUNCTION ev.count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ev.trigger_counts SELECT TG_TABLE_NAME, count(*) FROM fresh;
    RETURN NULL;
END $$;
CREATE TRIGGER count_rows AFTER INSERT ON ev.trigger_statement REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ev.count_rows();
-- Keeps only the odd ones: fewer rows are written than asked.
CREATE TABLE ev.trigger_skips (id integer PRIMARY KEY, name text);
CREATE FUNCTION ev.skip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id % 2 = 0 THEN RETURN NULL; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER skip BEFORE INSERT ON ev.trigger_skips FOR EACH ROW EXECUTE FUNCTION ev.skip();
CREATE TABLE ev.trigger_constraint (id integer PRIMARY KEY);
CREATE FUNCTION ev.accept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON ev.trigger_constraint DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ev.accept();

CREATE TABLE ev.secured (id integer PRIMARY KEY, tenant integer NOT NULL, body text);
ALTER TABLE ev.secured ENABLE ROW LEVEL SECURITY;
ALTER TABLE ev.secured FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON ev.secured USING (tenant = 7) WITH CHECK (tenant = 7);

CREATE UNLOGGED TABLE ev.unlogged (id integer PRIMARY KEY, token text NOT NULL);
CREATE TABLE ev.storage (id integer PRIMARY KEY, large text, compressed text COMPRESSION pglz) WITH (fillfactor = 50, autovacuum_enabled = false);
ALTER TABLE ev.storage ALTER COLUMN large SET STORAGE EXTERNAL;
CREATE INDEX ON ev.storage USING gin (to_tsvector('simple', large));
CREATE INDEX ON ev.storage USING brin (id);
CREATE INDEX ON ev.storage USING hash (compressed);
CREATE STATISTICS ev.storage_statistics ON id, large FROM ev.storage;

------------------------------------------------------------------------------------------ names

CREATE TABLE ev."Mixed Case" ("Id" integer PRIMARY KEY, "First Name" text NOT NULL, "e-mail" text);
CREATE TABLE ev."select" ("from" integer PRIMARY KEY, "where" text NOT NULL, "order" integer REFERENCES ev."Mixed Case", "check" boolean);
CREATE TABLE ev."naïve 名前" ("größe" numeric(4,1), "имя" text NOT NULL, "🙂" integer UNIQUE);
CREATE TABLE ev."quo""te" ("it's" integer PRIMARY KEY, "a""b" text NOT NULL, "$1" text, "%s" text CHECK ("%s" <> 'x'), "back\slash" text, "; DROP TABLE ev.tag; --" text, "a.b" integer);
CREATE TABLE ev.a_name_that_is_as_long_as_postgres_allows_it_to_be_63_bytes_abc (a_column_name_that_is_as_long_as_postgres_allows_63_bytes_abcde integer PRIMARY KEY);
COMMENT ON TABLE ev."quo""te" IS 'Comment with '' and " and $$';
COMMENT ON COLUMN ev."quo""te"."a""b" IS 'E-mail of the customer''s contact';

CREATE TABLE ev.wide (
    id bigint PRIMARY KEY,
    c001 text,
    c002 numeric(12,2),
    c003 boolean NOT NULL,
    c004 date,
    c005 timestamptz,
    c006 varchar(20) NOT NULL,
    c007 bigint,
    c008 double precision,
    c009 uuid NOT NULL,
    c010 integer,
    c011 text,
    c012 numeric(12,2) NOT NULL,
    c013 boolean,
    c014 date,
    c015 timestamptz NOT NULL,
    c016 varchar(20),
    c017 bigint,
    c018 double precision NOT NULL,
    c019 uuid,
    c020 integer,
    c021 text NOT NULL,
    c022 numeric(12,2),
    c023 boolean,
    c024 date NOT NULL,
    c025 timestamptz,
    c026 varchar(20),
    c027 bigint NOT NULL,
    c028 double precision,
    c029 uuid,
    c030 integer NOT NULL,
    c031 text,
    c032 numeric(12,2),
    c033 boolean NOT NULL,
    c034 date,
    c035 timestamptz,
    c036 varchar(20) NOT NULL,
    c037 bigint,
    c038 double precision,
    c039 uuid NOT NULL,
    c040 integer,
    c041 text,
    c042 numeric(12,2) NOT NULL,
    c043 boolean,
    c044 date,
    c045 timestamptz NOT NULL,
    c046 varchar(20),
    c047 bigint,
    c048 double precision NOT NULL,
    c049 uuid,
    c050 integer,
    c051 text NOT NULL,
    c052 numeric(12,2),
    c053 boolean,
    c054 date NOT NULL,
    c055 timestamptz,
    c056 varchar(20),
    c057 bigint NOT NULL,
    c058 double precision,
    c059 uuid,
    c060 integer NOT NULL,
    c061 text,
    c062 numeric(12,2),
    c063 boolean NOT NULL,
    c064 date,
    c065 timestamptz,
    c066 varchar(20) NOT NULL,
    c067 bigint,
    c068 double precision,
    c069 uuid NOT NULL,
    c070 integer,
    c071 text,
    c072 numeric(12,2) NOT NULL,
    c073 boolean,
    c074 date,
    c075 timestamptz NOT NULL,
    c076 varchar(20),
    c077 bigint,
    c078 double precision NOT NULL,
    c079 uuid,
    c080 integer,
    c081 text NOT NULL,
    c082 numeric(12,2),
    c083 boolean,
    c084 date NOT NULL,
    c085 timestamptz,
    c086 varchar(20),
    c087 bigint NOT NULL,
    c088 double precision,
    c089 uuid,
    c090 integer NOT NULL,
    c091 text,
    c092 numeric(12,2),
    c093 boolean NOT NULL,
    c094 date,
    c095 timestamptz,
    c096 varchar(20) NOT NULL,
    c097 bigint,
    c098 double precision,
    c099 uuid NOT NULL,
    c100 integer,
    c101 text,
    c102 numeric(12,2) NOT NULL,
    c103 boolean,
    c104 date,
    c105 timestamptz NOT NULL,
    c106 varchar(20),
    c107 bigint,
    c108 double precision NOT NULL,
    c109 uuid,
    c110 integer,
    c111 text NOT NULL,
    c112 numeric(12,2),
    c113 boolean,
    c114 date NOT NULL,
    c115 timestamptz,
    c116 varchar(20),
    c117 bigint NOT NULL,
    c118 double precision,
    c119 uuid,
    c120 integer NOT NULL,
    c121 text,
    c122 numeric(12,2),
    c123 boolean NOT NULL,
    c124 date,
    c125 timestamptz,
    c126 varchar(20) NOT NULL,
    c127 bigint,
    c128 double precision,
    c129 uuid NOT NULL,
    c130 integer,
    c131 text,
    c132 numeric(12,2) NOT NULL,
    c133 boolean,
    c134 date,
    c135 timestamptz NOT NULL,
    c136 varchar(20),
    c137 bigint,
    c138 double precision NOT NULL,
    c139 uuid,
    c140 integer,
    c141 text NOT NULL,
    c142 numeric(12,2),
    c143 boolean,
    c144 date NOT NULL,
    c145 timestamptz,
    c146 varchar(20),
    c147 bigint NOT NULL,
    c148 double precision,
    c149 uuid,
    c150 integer NOT NULL,
    c151 text,
    c152 numeric(12,2),
    c153 boolean NOT NULL,
    c154 date,
    c155 timestamptz,
    c156 varchar(20) NOT NULL,
    c157 bigint,
    c158 double precision,
    c159 uuid NOT NULL,
    c160 integer,
    c161 text,
    c162 numeric(12,2) NOT NULL,
    c163 boolean,
    c164 date,
    c165 timestamptz NOT NULL,
    c166 varchar(20),
    c167 bigint,
    c168 double precision NOT NULL,
    c169 uuid,
    c170 integer,
    c171 text NOT NULL,
    c172 numeric(12,2),
    c173 boolean,
    c174 date NOT NULL,
    c175 timestamptz,
    c176 varchar(20),
    c177 bigint NOT NULL,
    c178 double precision,
    c179 uuid,
    c180 integer NOT NULL,
    c181 text,
    c182 numeric(12,2),
    c183 boolean NOT NULL,
    c184 date,
    c185 timestamptz,
    c186 varchar(20) NOT NULL,
    c187 bigint,
    c188 double precision,
    c189 uuid NOT NULL,
    c190 integer,
    c191 text,
    c192 numeric(12,2) NOT NULL,
    c193 boolean,
    c194 date,
    c195 timestamptz NOT NULL,
    c196 varchar(20),
    c197 bigint,
    c198 double precision NOT NULL,
    c199 uuid
);

CREATE TABLE ev.people (
    id integer PRIMARY KEY, first_name text, last_name text, full_name text, email text, phone text, mobile text, street text, city text, state text,
    zip text, postal_code text, country text, country_code char(2), iban text, credit_card text, currency char(3), lat numeric(9,6), lon numeric(9,6), latitude double precision,
    longitude double precision, birth_date date, dob date, gender text, company text, job_title text, url text, ip_address inet, user_agent text, username text,
    password_hash text, ssn text, color text, description text, title text, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, is_active boolean, price numeric(8,2),
    quantity integer, age integer, percent numeric(5,2), language text, locale text, timezone text, isbn text, ean text, mac_address macaddr, status text
);

------------------------------------------------------------------------------ not to be filled

CREATE VIEW ev.customers_view AS SELECT id, email FROM ev.customer;
CREATE MATERIALIZED VIEW ev.customers_count AS SELECT count(*) FROM ev.customer;
CREATE SEQUENCE ev.unused;

------------------------------------------------------------------------- the same names elsewhere

CREATE TYPE ev_twin.mood AS ENUM ('calm', 'wild');
CREATE TABLE ev_twin.customer (id integer PRIMARY KEY, mood ev_twin.mood NOT NULL, original bigint REFERENCES ev.customer);
CREATE TABLE ev_twin.product (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES ev_twin.customer, mood ev_types.mood NOT NULL);
