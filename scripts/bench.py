#!/usr/bin/env python3
"""Speed and memory, as ratios measured in one run. Called by `make bench`.

Every figure stands next to the physical floor (a plain copy, a COPY) or a peer (tpchgen-cli, from
PyPI), measured in turn in the same run, so that the machine cancels out. Each time is the median of
REPEATS runs. Nothing here passes or fails.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
SYNTHD = Path(os.environ.get("SYNTHD_BIN", TARGET / "release" / "synthd"))
WORK = TARGET / "bench"
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
PEER = "tpchgen-cli==4.0.0"


# Which parts to measure, by name: all unless BENCH_PARTS says otherwise.
PARTS = os.environ.get("BENCH_PARTS", "").replace(",", " ").split()


def wanted(part):
    return not PARTS or part in PARTS


def say(text):
    print(text, flush=True)


def timed(command, **options):
    """Seconds that a command takes; its output is thrown away."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    return time.perf_counter() - start


def one_core(command):
    return ["taskset", "-c", "0", *map(str, command)] if shutil.which("taskset") else command


def example(name, *arguments):
    """Lines that an example of the engine prints on one core, as lists of words; it is built here, with the
    features of everything else, so that nothing is compiled anew."""
    cargo = os.environ.get("CARGO", "cargo")
    subprocess.run([cargo, "build", "--release", "--locked", "--quiet", "--workspace", "--example", name], cwd=ROOT, check=True)
    command = one_core([TARGET / "release" / "examples" / name, *arguments])
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split() for line in out.splitlines()]


def interleaved(measures):
    """Medians of several measures, taken in turn so that drift hits all of them alike."""
    times = {name: [] for name in measures}
    for _ in range(REPEATS):
        for name, measure in measures.items():
            times[name].append(measure())
    return {name: statistics.median(values) for name, values in times.items()}


def postgres():
    script = str(ROOT / "scripts" / "cluster.sh")
    # Room for checkpoints outside of what is measured.
    env = {**os.environ, "PG_OPTIONS": "-c max_wal_size=8GB -c checkpoint_timeout=30min"}
    socket = subprocess.run(
        [script, "start", str(WORK / "postgres")], check=True, env=env, capture_output=True, text=True
    ).stdout.strip()
    parts = {
        "patients": measure_postgres,
        "scans": measure_scans,
        "domains": measure_domains,
        "fill": measure_fill,
        "masking": measure_masking,
        "documents": measure_documents,
        "values": measure_values,
    }
    try:
        psql = ["psql", "-X", "-q", "-h", socket, "-U", "postgres", "-c"]
        subprocess.run([*psql, "SET client_min_messages = warning; DROP EXTENSION IF EXISTS pg_synth CASCADE; CREATE EXTENSION pg_synth"], check=True)
        for name, measure in parts.items():
            if wanted(name):
                measure(socket)
    finally:
        subprocess.run([script, "stop", str(WORK / "postgres")], check=True)


def measure_postgres(socket):
    quiet = "SET client_min_messages = warning"

    def sql(*statements, capture=False):
        statements = (quiet, *statements)
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres"]
        for statement in statements:
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=capture, text=True)

    def statement(text, before=()):
        # What earlier statements left to be written is not theirs to wait for.
        sql("DROP TABLE IF EXISTS target", *before, "CHECKPOINT")
        start = time.perf_counter()
        sql(text, capture=True)
        return time.perf_counter() - start

    csv = WORK / "patients.csv"
    subprocess.run(
        [SYNTHD, "generate", "patients", "--rows", str(ROWS), "--seed", "1", "--to", f"csv:{csv}", "--quiet"],
        check=True,
    )
    sql("DROP EXTENSION IF EXISTS pg_synth CASCADE", "CREATE EXTENSION pg_synth")
    generator = f"synth_patients({ROWS}, seed => 1)"
    sql("DROP TABLE IF EXISTS source", f"CREATE TABLE source AS SELECT * FROM {generator}")
    # Hint bits set, as in a table that has been read before.
    sql("VACUUM FREEZE source")
    size = sql("SELECT pg_table_size('source')", capture=True).stdout.strip()
    generate = f"CREATE TABLE target AS SELECT * FROM {generator}"
    copy_table = "CREATE TABLE target AS TABLE source"
    load = f"\\copy target FROM '{csv}' CSV HEADER"
    empty = "CREATE TABLE target AS TABLE source WITH NO DATA"
    def one_process(text):
        os.environ["PGOPTIONS"] = "-c max_parallel_workers_per_gather=0"
        try:
            return statement(text)
        finally:
            del os.environ["PGOPTIONS"]

    times = interleaved(
        {
            "generate": lambda: statement(generate),
            "one core": lambda: one_process(generate),
            "copy of the table": lambda: statement(copy_table),
            "COPY from CSV": lambda: statement(load, [empty]),
            "count(*)": lambda: statement(f"SELECT count(*) FROM {generator}"),
        }
    )
    say(f"\nPostgres, {ROWS:,} patients of 30 columns ({int(size) / 1e6:.0f} MB)")
    for name, label in [
        ("generate", "CREATE TABLE AS SELECT * FROM synth_patients"),
        ("one core", "the same without the helper thread"),
        ("copy of the table", "CREATE TABLE AS TABLE (physical floor)"),
        ("COPY from CSV", "COPY of the same rows from CSV"),
        ("count(*)", "SELECT count(*) FROM synth_patients"),
    ]:
        say(f"  {label:<48} {times[name]:6.2f} s  {ROWS / times[name]:12,.0f} rows/s")
    say(f"  generate / copy of the table                     {times['generate'] / times['copy of the table']:6.2f}  (aim: at most 1.5)")
    say(f"  without the helper thread / copy of the table    {times['one core'] / times['copy of the table']:6.2f}")
    say(f"  generate / COPY from CSV                         {times['generate'] / times['COPY from CSV']:6.2f}  (aim: below 1)")

    csv.unlink()


def measure_domains(socket):
    """Each table of each domain: creating it from its generator, and copying what came out."""
    psql = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres"]

    def sql(*statements):
        command = list(psql)
        for statement in ("SET client_min_messages = warning", *statements):
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def statement(text):
        sql("DROP TABLE IF EXISTS target", "CHECKPOINT")
        start = time.perf_counter()
        sql(text)
        return time.perf_counter() - start

    listed = json.loads(subprocess.run([SYNTHD, "list", "--kind", "table", "--json"], check=True, capture_output=True).stdout)
    goal = ROWS
    say(f"\nTables of domains, about {goal:,} rows each: CREATE TABLE AS SELECT * FROM the generator, and AS TABLE the result")
    say(f"  {'table':<24} {'rows':>10} {'generate':>9} {'copy':>9} {'ratio':>6}  engine  (aim of the ratio: at most 1.5; engine: ns a row, one core)")
    engine = {name: nanoseconds for kind, name, _, _, nanoseconds in example("domain_speed") if kind == "table"}
    ratios = {}
    for entry in listed:
        name = entry["name"]
        probe = 8192
        found = int(sql(f"SELECT count(*) FROM synth_{name}({probe}, 1)"))
        units = max(1, round(goal * probe / max(1, found)))
        generate = f"CREATE TABLE target AS SELECT * FROM synth_{name}({units}, seed => 1)"
        sql("DROP TABLE IF EXISTS source", f"CREATE TABLE source AS SELECT * FROM synth_{name}({units}, seed => 1)", "VACUUM FREEZE source")
        rows = int(sql("SELECT count(*) FROM source"))
        times = interleaved(
            {
                "generate": lambda: statement(generate),
                "copy": lambda: statement("CREATE TABLE target AS TABLE source"),
            }
        )
        ratios[name] = times["generate"] / times["copy"]
        say(f"  {name:<24} {rows:>10,} {times['generate']:8.2f}s {times['copy']:8.2f}s {ratios[name]:6.2f}  {engine[name]:>6}")
    sql("DROP TABLE IF EXISTS source, target")
    over = [name for name, ratio in ratios.items() if ratio > 1.5]
    say(f"  {len(ratios) - len(over)} of {len(ratios)} tables within the aim{'; not: ' + ', '.join(over) if over else ''}")


def measure_scans(socket):
    """What workers bring to a scan of a generator, and what spooling would cost."""
    psql = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres"]
    rows = f"synth_patients({ROWS}, seed => 1)"
    forms = {
        "count(*)": "SELECT count(*) FROM {}",
        "avg(bmi)": "SELECT avg(bmi) FROM {}",
        "avg(bmi) GROUP BY state": "SELECT state, avg(bmi), max(mrn) FROM {} GROUP BY 1",
        "count(*) WHERE bmi > 35": "SELECT count(*) FROM {} WHERE bmi > 35",
        "CREATE TABLE AS, all rows": "CREATE TABLE target AS SELECT * FROM {}",
        "CREATE TABLE AS, WHERE bmi > 35": "CREATE TABLE target AS SELECT * FROM {} WHERE bmi > 35",
    }

    def sql(*statements):
        command = [*psql, "-c", "SET client_min_messages = warning"]
        for statement in statements:
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def milliseconds(statement, workers=2):
        """Time of a statement in a session that is warm."""
        sql("DROP TABLE IF EXISTS target", "CHECKPOINT")
        setup = f"SET max_parallel_workers_per_gather = {workers}"
        shown = sql(setup, "SELECT count(*) FROM synth_patients(1, 1)", "\\timing on", statement)
        return float(shown.rpartition("Time: ")[2].split()[0])

    sql("CREATE EXTENSION IF NOT EXISTS pg_synth")
    sql("SELECT pg_stat_reset()")
    measures = {}
    for name, form in forms.items():
        for workers in (0, 2):
            text = form.format(rows)
            measures[name, workers] = lambda text=text, workers=workers: milliseconds(text, workers)
    limit = "SELECT * FROM synth_patients(1000000000, seed => 1) LIMIT 10"
    measures["limit"] = lambda: milliseconds(limit)
    times = interleaved(measures)
    spooled = sql("SELECT temp_files || ' files, ' || temp_bytes || ' bytes' FROM pg_stat_database WHERE datname = current_database()").strip()
    # Only rows with a number are still spooled, as those of every function in FROM are by default.
    numbered = statistics.median(
        milliseconds(f"SELECT count(*) FROM {rows} WITH ORDINALITY", 0) for _ in range(min(REPEATS, 3))
    )

    say(f"\nScans of synth_patients, {ROWS:,} rows                    0 workers  2 workers   gain")
    for name in forms:
        alone, shared = times[name, 0], times[name, 2]
        plan = sql("SET max_parallel_workers_per_gather = 2", f"EXPLAIN {forms[name].format(rows)}")
        how = "shared" if "Parallel Custom Scan" in plan else "helper thread" if ROWS > 16384 else "alone"
        say(f"  {name:<48} {alone:7.0f} ms {shared:7.0f} ms  {alone / shared:5.2f}  ({how})")
    say(f"  spooled count(*) / streamed count(*), 0 workers  {numbered / times['count(*)', 0]:6.1f}")
    say(f"  LIMIT 10 of 1,000,000,000 rows                   {times['limit']:6.1f} ms")
    say(f"  temporary files of all these                     {spooled}  (aim: none)")


MASKED_TABLE = """
CREATE TABLE {name} (
    id bigint PRIMARY KEY,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text NOT NULL UNIQUE,
    phone text,
    birth_date date,
    city text,
    balance double precision
);
"""

MASKS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "phone": "phone",
    "birth_date": "date_shift(30)",
}

# The same columns under functions of Postgres's own: not unique by promise, not keyed.
BUILT_IN = {
    "first_name": "md5(first_name)",
    "last_name": "md5(last_name)",
    "email": "md5(email) || '@example.com'",
    "phone": "left(phone, 3) || '555-01' || right(phone, 2)",
    "birth_date": "birth_date + (hashtext(birth_date::text) % 30)",
}

VALIDATED_TABLES = 1000


def measure_masking(socket):
    """Masking in place, 5 of 8 columns, beside what Postgres takes to change the same columns."""

    def psql(*statements):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres"]
        for statement in ("SET client_min_messages = warning", *statements):
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def measured(text, rules):
        def run():
            psql("DROP TABLE IF EXISTS masked", MASKED_TABLE.format(name="masked"), "INSERT INTO masked TABLE originals")
            if rules:
                for column, mask in MASKS.items():
                    psql(f"SELECT synth_set_rule('masked', '{column}', 'MASKED WITH {mask}')")
                for column in ("id", "city", "balance"):
                    psql(f"SELECT synth_set_rule('masked', '{column}', 'NOT MASKED')")
            psql("VACUUM FREEZE masked", "CHECKPOINT")
            start = time.perf_counter()
            psql(text)
            return time.perf_counter() - start

        return run

    psql("CREATE EXTENSION IF NOT EXISTS pg_synth")
    changes = [f"ALTER {column} TYPE {'date' if column == 'birth_date' else 'text'} USING {text}" for column, text in BUILT_IN.items()]
    settings = [f"{column} = {text}" for column, text in BUILT_IN.items()]
    forms = {
        "synth_mask_table": ("SELECT synth_mask_table('masked')", True),
        "synth_mask_table_online": ("CALL synth_mask_table_online('masked')", True),
        "ALTER TABLE .. USING": (f"ALTER TABLE masked {', '.join(changes)}", False),
        "UPDATE": (f"UPDATE masked SET {', '.join(settings)}", False),
    }
    global REPEATS
    for rows, repeats in ((ROWS, min(REPEATS, 3)), (10 * ROWS, 1)):
        psql(
            "DROP TABLE IF EXISTS originals",
            "CREATE TABLE originals AS SELECT row_number() OVER () AS id, first_name, last_name, email || row_number() OVER () AS email,"
            f" phone, birth_date, city, weight_kg AS balance FROM synth_patients({rows}, seed => 1)",
            "VACUUM FREEZE originals",
        )
        usual, REPEATS = REPEATS, repeats
        times = interleaved({name: measured(*form) for name, form in forms.items()})
        REPEATS = usual
        say(f"\nMasking in place, {rows:,} rows, 5 of 8 columns, a primary key and a unique column")
        for name in forms:
            say(f"  {name:<48} {times[name]:6.2f} s  {rows / times[name]:12,.0f} rows/s")
        rewrite = times["synth_mask_table"]
        say(f"  rewrite / ALTER TABLE .. USING                   {rewrite / times['ALTER TABLE .. USING']:6.2f}  (aim: at most 1.3)")
        say(f"  rewrite / UPDATE                                 {rewrite / times['UPDATE']:6.2f}  (aim: below 1)")
        say(f"  speed of online / speed of the rewrite           {rewrite / times['synth_mask_table_online']:6.2f}  (aim: at least 0.6)")
    psql("DROP TABLE masked, originals")

    tables = "".join(
        f"CREATE TABLE many.t{number} (id integer PRIMARY KEY, email text UNIQUE, name text, t integer REFERENCES many.t{max(number - 1, 0)});"
        f"SECURITY LABEL FOR pg_synth ON COLUMN many.t{number}.email IS 'MASKED WITH email';"
        for number in range(VALIDATED_TABLES)
    )
    script = WORK / "many.sql"
    script.write_text("LOAD 'pg_synth'; CREATE SCHEMA many;" + tables)
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres", "-f", str(script)], check=True, capture_output=True)
    start = time.perf_counter()
    found = psql("SELECT count(*) FROM synth_validate_rules('many')")
    say(f"\nsynth_validate_rules of {VALIDATED_TABLES:,} tables               {time.perf_counter() - start:6.2f} s  {found} findings  (aim: under 2 s)")
    script.unlink()


FILL_TABLES = """
CREATE SCHEMA fill;
CREATE TABLE fill.customer (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE fill.shop (id integer PRIMARY KEY, city text NOT NULL);
CREATE TABLE fill.target (
    id bigint PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES fill.customer,
    shop_id integer NOT NULL REFERENCES fill.shop,
    reference varchar(20) NOT NULL UNIQUE,
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text,
    quantity integer NOT NULL CHECK (quantity > 0),
    amount numeric(10,2) NOT NULL,
    status text NOT NULL CHECK (status IN ('new', 'paid', 'shipped')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz
);
"""


def measure_fill(socket):
    """synth_fill of a table with keys and references, beside an INSERT of the same rows."""

    def psql(*statements):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres"]
        for statement in ("SET client_min_messages = warning", *statements):
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def measured(text, there=()):
        def run():
            psql("TRUNCATE fill.target", *there, "CHECKPOINT")
            start = time.perf_counter()
            psql(text)
            return time.perf_counter() - start

        return run

    def peak(rows):
        # A session of its own, whose first statement this is: a peak never falls.
        psql("TRUNCATE fill.target")
        status = psql(f"SELECT synth_fill('fill.target', {rows}, seed => 1)", "SELECT pg_read_file('/proc/self/status')")
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        total, shared = (int(lines[name].split()[0]) / 1024 for name in ("VmHWM", "RssShmem"))
        return total, total - shared

    fill = f"SELECT synth_fill('fill.target', {ROWS}, seed => 1)"
    psql("DROP SCHEMA IF EXISTS fill CASCADE", FILL_TABLES)
    psql("SELECT synth_fill('fill.customer', 10000, seed => 1)", "SELECT synth_fill('fill.shop', 1000, seed => 1)")
    psql(fill, "CREATE TABLE fill.finished AS TABLE fill.target", "VACUUM FREEZE ANALYZE fill.finished")
    size = int(psql("SELECT pg_table_size('fill.finished')"))
    insert = "INSERT INTO fill.target SELECT * FROM fill.finished"
    times = interleaved({"fill": measured(fill), "insert": measured(insert)})
    say(f"\nsynth_fill, {ROWS:,} rows of 12 columns with a primary key, two references, a unique column ({size / 1e6:.0f} MB)")
    for name, label in [("fill", "synth_fill"), ("insert", "INSERT INTO .. SELECT * FROM a finished copy")]:
        say(f"  {label:<48} {times[name]:6.2f} s  {ROWS / times[name]:12,.0f} rows/s")
    say(f"  fill / insert                                    {times['fill'] / times['insert']:6.2f}  (aim: at most 2)")
    for rows in (ROWS, 4 * ROWS):
        total, own = peak(rows)
        say(f"  peak memory of the backend, {rows:>12,} rows     {total:6.0f} MB, of which its own {own:6.0f} MB")

    # Where construction does not promise uniqueness, rows are selected before the first is written.
    there = f"SELECT synth_fill('fill.target', {ROWS}, seed => 2)"
    more = f"SELECT synth_fill('fill.target', {ROWS}, seed => 3)"
    psql("TRUNCATE fill.target", there, more)
    psql("CREATE TABLE fill.more AS SELECT * FROM fill.target ORDER BY id DESC LIMIT " + str(ROWS), "VACUUM FREEZE ANALYZE fill.more")
    insert = "INSERT INTO fill.target SELECT * FROM fill.more"
    times = interleaved({"fill": measured(more, [there]), "insert": measured(insert, [there])})
    say(f"  beside as many rows that are there: fill / insert {times['fill'] / times['insert']:6.2f}  (aim: at most 2)")
    psql("CREATE UNIQUE INDEX ON fill.target (lower(reference), (quantity % 7))", "TRUNCATE fill.target, fill.finished")
    psql(fill, "INSERT INTO fill.finished TABLE fill.target", "VACUUM FREEZE ANALYZE fill.finished")
    insert = "INSERT INTO fill.target SELECT * FROM fill.finished"
    times = interleaved({"fill": measured(fill), "insert": measured(insert)})
    say(f"  with a unique index on expressions: fill / insert {times['fill'] / times['insert']:6.2f}  (aim: at most 2)")
    psql("DROP SCHEMA fill CASCADE")


# Functions that give documents, and how many patients or customers they are asked for at a million rows.
DOCUMENTS = {"synth_fhir_bundle": 10_000, "synth_hl7_message": 10_000, "synth_fix_message": 50_000}


def measure_documents(socket):
    """Documents of formats in one backend, and what Postgres alone takes to read bundles from their text."""

    def backend(statement):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres", "-c", statement]
        return timed(command)

    say("\nDocuments in one backend, patients or customers a second (aim for FHIR: 2,000)")
    for function, units in DOCUMENTS.items():
        units = max(1000, units * ROWS // 1_000_000)
        times = interleaved({"made": lambda: backend(f"SELECT count(d) FROM (SELECT {function}({units}, seed => 1) d) made")})
        say(f"  {function:<48} {times['made']:6.2f} s  {units / times['made']:12,.0f} units/s")
    units = max(1000, DOCUMENTS["synth_fhir_bundle"] * ROWS // 1_000_000) // 10
    psql = ["psql", "-X", "-q", "-h", socket, "-U", "postgres", "-c"]
    subprocess.run([*psql, f"CREATE TABLE bundles AS SELECT b::text AS text FROM (SELECT synth_fhir_bundle({units}, seed => 1) b) made"], check=True)
    read = interleaved({"read": lambda: backend("SELECT count(text::jsonb) FROM bundles")})["read"]
    say(f"  text::jsonb of {units:,} of these bundles, by Postgres  {read:9.2f} s  {units / read:12,.0f} units/s")
    subprocess.run([*psql, "DROP TABLE bundles"], check=True)


def peer():
    """The command line of tpchgen-cli, installed once."""
    home = WORK / "venv"
    binary = home / "bin" / "tpchgen-cli"
    if not binary.exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", PEER], check=True)
    return binary


def measure_values(socket):
    """Each value function on one core, next to the generators of the crate `fake` in plain Rust."""
    psql = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "postgres"]

    def sql(*statements):
        command = list(psql)
        for statement in ("SET max_parallel_workers_per_gather = 0", *statements):
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    fake = {name: float(speed) for name, speed in example("fake_speed")}
    # Arguments that must be given.
    required = {
        "bigint": "5", "double precision": "5", "text": "'a{3}-[0-9]{4}'",
        "jsonb": """'{"1": 3, "2": 1}'""",
    }
    special = {
        "synth_template": "'{first_name} <{email}>'",
        "synth_mixture": """'[{"generator": "normal"}, {"generator": "uniform"}]'""",
    }
    functions = sql(
        "SELECT proname, coalesce((SELECT string_agg(format_type(t, NULL), ',' ORDER BY n) FROM "
        "unnest(proargtypes) WITH ORDINALITY u (t, n) WHERE n <= pronargs - pronargdefaults), '') "
        "FROM pg_proc WHERE prosrc = 'synth_value' ORDER BY 1"
    )
    # Short, and on one core: the best of them is what the function takes, the rest is the machine's.
    rows, repeats = ROWS, 5
    say(f"\nValue functions in Postgres, one core, and the crate fake in Rust (million values a second, best of {repeats}; aim: at least 2)")
    clock = "SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)"
    speeds = {}
    empty = float("inf")
    for line in ["|", *functions.splitlines()]:
        name, types = line.split("|")
        arguments = special.get(name) or ", ".join(required[t] for t in types.split(",") if t)
        call = f"{name}({arguments}{', ' if arguments else ''}i, 1)" if name else "i"
        # Processor time of the server process: other work on the machine does not count.
        count = f"SELECT count({call}) FROM generate_series(1, {rows}) i"
        out = [int(cell) for cell in sql(clock, *[count, clock] * repeats).split()]
        clocks = out[::2]
        nanoseconds = min(end - start for start, end in zip(clocks, clocks[1:]))
        if name:
            speeds[name.removeprefix("synth_")] = rows * 1e3 / nanoseconds
        else:
            empty = rows * 1e3 / nanoseconds
    say(f"  {'count(i), without any':<32}{empty:8.2f}")
    for name, speed in speeds.items():
        peer = f"   fake {fake[name]:8.2f}" if name in fake else ""
        mark = "" if speed >= 2 else "   below the aim"
        say(f"  {name:<32}{speed:8.2f}{peer}{mark}")
    slow = [name for name, speed in speeds.items() if speed < 2]
    say(f"  {len(speeds) - len(slow)} of {len(speeds)} at 2 or more; slower: {', '.join(slow) or 'none'}")


def csv_speed():
    rows = 3 * ROWS
    ours = one_core([SYNTHD, "generate", "patients", "--rows", str(rows), "--seed", "1", "--quiet", "--to"])
    bytes_ours = subprocess.run(
        f"'{SYNTHD}' generate patients --rows 100000 --seed 1 --quiet --to csv:- | wc -c",
        shell=True, check=True, capture_output=True, text=True,
    )
    megabytes = int(bytes_ours.stdout) / 100_000 * rows / 1e6
    measures = {"ours": lambda: timed([*ours, "csv:/dev/null"])}
    try:
        tpchgen = peer()
        command = one_core([tpchgen, "csv", "-s", "1", "--tables", "lineitem", "--num-threads", "1", "--quiet", "--stdout"])
        size = subprocess.run(f"{' '.join(map(str, command))} | wc -c", shell=True, check=True, capture_output=True, text=True)
        measures["peer"] = lambda: timed(command)
    except (subprocess.CalledProcessError, OSError) as error:
        say(f"\ntpchgen-cli cannot be installed, so there is no peer: {error}")
    times = interleaved(measures)
    say(f"\nCSV on one core, {rows:,} patients ({megabytes:.0f} MB)")
    speed = megabytes / times["ours"]
    say(f"  synthd generate patients --to csv:/dev/null      {times['ours']:6.2f} s  {rows / times['ours']:12,.0f} rows/s  {speed:6.0f} MB/s")
    if "peer" in times:
        peer_speed = int(size.stdout) / 1e6 / times["peer"]
        say(f"  tpchgen-cli lineitem, CSV, one thread            {times['peer']:6.2f} s  {6001215 / times['peer']:12,.0f} rows/s  {peer_speed:6.0f} MB/s")
        say(f"  MB/s of synthd / MB/s of tpchgen-cli             {speed / peer_speed:6.2f}  (aim: at least 1)")


def export_speed():
    """Formats of domains on one core: made in memory, and written to files and synced, beside a copy of these."""
    made = {name: float(thousands) * 1000 for kind, name, thousands, _, _ in example("domain_speed", *EXPORTED) if kind == "format"}
    say("\nFormats on one core, patients or customers a second (aim for FHIR: 2,000 made; Synthea makes about 17)")
    say(f"  {'format':<14} {'units':>7} {'documents':>10} {'MB':>5} {'made/s':>11} {'written/s':>11} {'written':>9} {'copied':>8}  memory of 1/4, of all")
    for name, units in EXPORTED.items():
        units = max(1000, units * ROWS // 1_000_000)
        to = WORK / "export"

        def export(units):
            return one_core([SYNTHD, "export", name, "--units", units, "--seed", "1", "--to", to, "--replace", "--json"])

        few, _ = peak_memory(export(units // 4))
        shutil.rmtree(to)
        whole, out = peak_memory(export(units))
        documents = int(json.loads(out)["documents"])
        size = sum(file.stat().st_size for file in to.iterdir())
        copied = WORK / "copied"
        copy = one_core(["sh", "-c", f"cat {to}/* > {copied} && sync {copied}"])
        times = interleaved({"export": lambda: timed(export(units)), "copy": lambda: timed(copy)})
        shutil.rmtree(to)
        copied.unlink()
        say(
            f"  {name:<14} {units:>7,} {documents:>10,} {size / 1e6:5.0f} {made[name]:>11,.0f} {units / times['export']:>11,.0f} "
            f"{times['export']:8.2f}s {times['copy']:7.2f}s  {few:6.0f} MB {whole:6.0f} MB"
        )


# Formats and how many patients or customers to write at a million rows.
EXPORTED = {"fhir": 10_000, "fhir_bundles": 10_000, "hl7": 10_000, "pain001": 100_000, "fix": 50_000, "sdtm": 100_000}


def peak_memory(command):
    """Megabytes of memory that a command takes at most, and its output."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command} failed")
    return usage.ru_maxrss / 1024, out


def memory():
    say("\nPeak memory of synthd to CSV (aim: under 100 MB, the same for all)")
    for name, units in [("patients", ROWS), ("patients", 10 * ROWS), ("observations", ROWS // 100), ("observations", ROWS // 10)]:
        used, _ = peak_memory([SYNTHD, "generate", name, "--rows", units, "--seed", "1", "--quiet", "--to", "csv:/dev/null"])
        say(f"  {name + f' of {units:,} patients':<48} {used:6.0f} MB")


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    say(f"pg_synth bench: median of {REPEATS}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if wanted("csv"):
        csv_speed()
    if wanted("memory"):
        memory()
    if wanted("formats"):
        export_speed()
    if not PARTS or set(PARTS) - {"csv", "memory", "formats"}:
        postgres()


if __name__ == "__main__":
    main()
