use super::*;

/// The table that the expressions in `EXPRESSED` and elsewhere speak of.
fn classes() -> Vec<(&'static str, Class)> {
    let text = Class::text;
    let int = Class::integer;
    let number = || Class::Decimal {
        precision: None,
        scale: None,
    };
    vec![
        ("id", int()),
        ("qty", int()),
        ("quantity", int()),
        ("a", int()),
        ("b", int()),
        ("x", int()),
        ("y", int()),
        ("sm", Class::Integer { bytes: 2 }),
        ("bg", Class::Integer { bytes: 8 }),
        ("Weird Name", int()),
        ("order", int()),
        (
            "price",
            Class::Decimal {
                precision: Some(10),
                scale: Some(2),
            },
        ),
        ("total", number()),
        ("min_price", number()),
        ("max_price", number()),
        ("lat", number()),
        ("lon", Class::Float { bytes: 8 }),
        ("f4", Class::Float { bytes: 4 }),
        (
            "status",
            Class::Text {
                max_chars: Some(10),
                fixed: false,
            },
        ),
        (
            "name",
            Class::Text {
                max_chars: Some(20),
                fixed: false,
            },
        ),
        ("stext", text()),
        ("code", text()),
        ("email", text()),
        ("kind", text()),
        (
            "g",
            Class::Text {
                max_chars: Some(1),
                fixed: true,
            },
        ),
        ("start_date", Class::Date),
        ("end_date", Class::Date),
        ("d", Class::Date),
        ("ts", Class::Timestamp),
        ("ts2", Class::Timestamp),
        ("tstz", Class::TimestampTz),
        ("closed_at", Class::TimestampTz),
        ("t1", Class::Time),
        ("t2", Class::Time),
        ("iv", Class::Interval),
        ("active", Class::Boolean),
        ("bts", Class::Bytes),
        (
            "tags",
            Class::Array {
                element: Box::new(text()),
            },
        ),
        (
            "nums",
            Class::Array {
                element: Box::new(int()),
            },
        ),
        ("j", Class::Json { binary: false }),
        ("jb", Class::Json { binary: true }),
        (
            "m",
            Class::Enum {
                labels: ["sad", "ok", "happy"].map(str::to_owned).to_vec(),
            },
        ),
        (
            "rng",
            Class::Range {
                element: Box::new(int()),
                name: "int4range".to_owned(),
            },
        ),
        ("u", Class::Uuid),
        ("ip", Class::Inet),
    ]
}

/// 2026-01-01 00:00 UTC.
const NOW: i64 = 1_767_225_600_000_000;

fn analysis_of(expressions: &[&str], not_null: &[&str]) -> Analysis {
    let classes = classes();
    let columns: Vec<Column<'_>> = classes
        .iter()
        .map(|(name, class)| Column {
            name,
            class,
            not_null: not_null.contains(name),
        })
        .collect();
    let checks: Vec<Check> = expressions
        .iter()
        .enumerate()
        .map(|(at, text)| Check::of_table(format!("check{at}"), *text))
        .collect();
    analyse(&checks, &columns, NOW)
}

/// Constraints as PostgreSQL 15 prints them, each of them expressed wholly.
const EXPRESSED: &[&str] = &[
    r#"((price > (0)::numeric) AND (price <= 9999.99))"#,
    r#"((status)::text = ANY ((ARRAY['new'::character varying, 'paid'::character varying])::text[]))"#,
    r#"(stext = ANY (ARRAY['new'::text, 'paid'::text]))"#,
    r#"(stext <> ALL (ARRAY['new'::text, 'paid'::text]))"#,
    r#"(stext <> 'x'::text)"#,
    r#"((status)::text = 'x'::text)"#,
    r#"(stext = ANY ('{a,b,"c d"}'::text[]))"#,
    r#"(code ~ '^[A-Z]{3}-\d{4}$'::text)"#,
    r#"((status)::text ~* '^[A-Z]'::text)"#,
    r#"((status)::text !~ '\d'::text)"#,
    r#"(length((name)::text) >= 3)"#,
    r#"((char_length((name)::text) >= 3) AND (char_length((name)::text) <= 5))"#,
    r#"(end_date >= start_date)"#,
    r#"((a IS NULL) OR (b > a))"#,
    r#"(((kind = 'x'::text) AND (y IS NOT NULL)) OR ((kind <> 'x'::text) AND (y IS NULL)))"#,
    r#"(num_nonnulls(a, b) = 1)"#,
    r#"(num_nulls(a, b, y) <= 1)"#,
    r#"((x >= 0) AND (x <= 100))"#,
    r#"((x < 0) OR (x > 100))"#,
    r#"(((x >= 100) AND (x <= 0)) OR ((x >= 0) AND (x <= 100)))"#,
    r#"((qty % 10) = 0)"#,
    r#"(mod(qty, 10) = 0)"#,
    r#"(lower(email) = email)"#,
    r#"(upper((status)::text) = (status)::text)"#,
    r#"(email ~~ '%@%'::text)"#,
    r#"(email !~~ like_escape('%@%'::text, '!'::text))"#,
    r#"(email ~~* '%@%'::text)"#,
    r#"(email ~ similar_to_escape('%@(a|b)'::text))"#,
    r#"((status)::text ~ similar_to_escape('a%'::text, '#'::text))"#,
    r#"(EXTRACT(year FROM start_date) >= (2000)::numeric)"#,
    r#"(date_part('year'::text, start_date) >= (2000)::double precision)"#,
    r#"(EXTRACT(dow FROM start_date) = ANY (ARRAY[(1)::numeric, (2)::numeric, (3)::numeric]))"#,
    r#"(start_date <= CURRENT_DATE)"#,
    r#"(ts <= now())"#,
    r#"(ts <= CURRENT_TIMESTAMP)"#,
    r#"(ts <= LOCALTIMESTAMP)"#,
    r#"(start_date > '2020-01-01'::date)"#,
    r#"((start_date > '2020-01-01'::date) AND (start_date < (CURRENT_DATE + 30)))"#,
    r#"((end_date - start_date) <= 30)"#,
    r#"(end_date <= (start_date + 30))"#,
    r#"(end_date <= (start_date + '1 year'::interval))"#,
    r#"(ts > '2020-01-01 00:00:00'::timestamp without time zone)"#,
    r#"(tstz > '2020-01-01 00:00:00+00'::timestamp with time zone)"#,
    r#"(ts > '2020-01-01'::date)"#,
    r#"(total = (price * (quantity)::numeric))"#,
    r#"(total = round((price * (quantity)::numeric), 2))"#,
    r#"((min_price + (1)::numeric) < max_price)"#,
    r#"(octet_length(bts) = 16)"#,
    r#"(length(bts) = 16)"#,
    r#"(cardinality(tags) > 0)"#,
    r#"((array_length(tags, 1) >= 1) AND (array_length(tags, 1) <= 3))"#,
    r#"(jsonb_typeof(jb) = 'object'::text)"#,
    r#"(json_typeof(j) = 'object'::text)"#,
    r#"(jb ? 'a'::text)"#,
    r#"((lat >= ('-90'::integer)::numeric) AND (lat <= (90)::numeric))"#,
    r#"((lon >= ('-180'::integer)::double precision) AND (lon <= (180.5)::double precision))"#,
    r#"isfinite(ts)"#,
    r#"(NOT ((a > 1) AND (b > 1)))"#,
    r#"(g = ANY (ARRAY['M'::bpchar, 'F'::bpchar]))"#,
    r#"(g = 'M'::bpchar)"#,
    r#"((a IS NULL) <> (b IS NULL))"#,
    r#"((a IS NULL) = (b IS NULL))"#,
    r#"(active OR (closed_at IS NOT NULL))"#,
    r#"((NOT active) OR (closed_at IS NOT NULL))"#,
    r#"(active IS TRUE)"#,
    r#"(active IS NOT TRUE)"#,
    r#"(active = false)"#,
    r#"(COALESCE(a, b) IS NOT NULL)"#,
    r#"(a IS DISTINCT FROM b)"#,
    r#"(NOT (a IS DISTINCT FROM 3))"#,
    r#"(TRIM(BOTH FROM name) <> ''::text)"#,
    r#"(btrim(stext) = stext)"#,
    r#"((name)::text <> ''::text)"#,
    r#"(m = ANY (ARRAY['sad'::mood, 'ok'::mood]))"#,
    r#"(m <> 'sad'::mood)"#,
    r#"(m > 'sad'::mood)"#,
    r#"(x = ANY (ARRAY[1, 2, 3]))"#,
    r#"(x <> ALL (ARRAY[1, 2, 3]))"#,
    r#"(price = ANY (ARRAY[(1)::numeric, 2.5]))"#,
    r#"(lon = ANY (ARRAY[(1)::double precision, (2.5)::double precision]))"#,
    r#"(bg = ANY (ARRAY[(1)::bigint, (2)::bigint]))"#,
    r#"(sm > 3)"#,
    r#"(sm = ANY (ARRAY[1, 2]))"#,
    r#"(bg > '10000000000'::bigint)"#,
    r#"(f4 > (0.5)::double precision)"#,
    r#"(x > '-5'::integer)"#,
    r#"((- x) < 5)"#,
    r#"(NOT isempty(rng))"#,
    r#"(iv > '01:00:00'::interval)"#,
    r#"(iv >= '00:00:00'::interval)"#,
    r#"(("Weird Name" > 0) AND ("order" > 1))"#,
    r#"(0 < ALL (nums))"#,
    r#"CASE WHEN (kind = 'x'::text) THEN (y > 0) ELSE (y IS NULL) END"#,
    r#"(t1 < t2)"#,
    r#"(t1 >= '08:00:00'::time without time zone)"#,
    r#"(family(ip) = 4)"#,
    r#"(abs(x) < 10)"#,
    r#"(GREATEST(a, b) < 10)"#,
    r#"(((x > 0) AND (x < 10)) OR (x = 99))"#,
    r#"true"#,
    r#"(POSITION(('@'::text) IN (email)) > 1)"#,
    r#"((email ~ '^[^@]+@[^@]+$'::text) AND (length(email) <= 100))"#,
    r#"("left"(code, 2) = 'AB'::text)"#,
    r#"starts_with(code, 'AB'::text)"#,
    r#"(code ^@ 'AB'::text)"#,
    r#"(code = ((upper("left"((name)::text, 1)) || '-'::text) || (x)::text))"#,
    r#"(ROW(a, b) IS NOT NULL)"#,
    r#"((a <> 1) OR (b <> 2))"#,
    r#"(x IS NOT NULL)"#,
    r#"(EXTRACT(day FROM start_date) = (1)::numeric)"#,
    r#"(start_date < ts)"#,
    r#"((end_date >= start_date) AND (end_date <= (start_date + 30)))"#,
    r#"((a + b) = 100)"#,
    r#"((a + b) <= 100)"#,
    r#"(a <= (b * 2))"#,
    r#"(price >= (min_price * 0.5))"#,
    r#"(a <> b)"#,
    r#"((price)::integer > 3)"#,
    r#"(scale(price) <= 2)"#,
    r#"(price = round(price, 2))"#,
    r#"(length(TRIM(BOTH FROM name)) > 0)"#,
    r#"(NULLIF((name)::text, ''::text) IS NOT NULL)"#,
    r#"(COALESCE(a, 0) > 0)"#,
    r#"((COALESCE(a, 0) + COALESCE(b, 0)) > 0)"#,
    r#"((((a IS NOT NULL))::integer + ((b IS NOT NULL))::integer) = 1)"#,
    r#"(upper((status)::text) = ANY (ARRAY['A'::text, 'B'::text]))"#,
    r#"((start_date >= '2000-01-01'::date) AND (start_date <= '2030-12-31'::date))"#,
    r#"(u <> '00000000-0000-0000-0000-000000000000'::uuid)"#,
    r#"(tags <@ ARRAY['a'::text, 'b'::text])"#,
    r#"('a'::text = ANY (tags))"#,
    r#"((tags IS NULL) OR (tags <> '{}'::text[]))"#,
    r#"(starts_with(lower(code), 'a'::text) AND active)"#,
    r#"(((name)::text <> 'a'::text) AND ((status)::text <> 'a'::text))"#,
    r#"((a = 1) OR (a = 2) OR (a = 3))"#,
    r#"((ts2 - ts) >= '01:00:00'::interval)"#,
    r#"(ts2 < (ts + '1 day 02:00:00'::interval))"#,
];

/// Constraints that are left to the database.
const UNPROVEN: &[&str] = &[
    r#"(jb @> '{"a": 1}'::jsonb)"#,
    r#"(lower(rng) >= 0)"#,
    r#"((upper(rng) - lower(rng)) < 10)"#,
    r#"((c).x > 0)"#,
    r#"(nums[1] > 0)"#,
    r#"(array_position(tags, NULL::text) IS NULL)"#,
    r#"((x)::text ~ '^\d+$'::text)"#,
    r#"((name)::text = initcap((name)::text))"#,
    r#"(date_trunc('month'::text, (start_date)::timestamp with time zone) = start_date)"#,
    r#"((tstz - (ts)::timestamp with time zone) <= '1 day'::interval)"#,
    r#"((stext COLLATE "C") > 'a'::text)"#,
    r#"((ts AT TIME ZONE 'UTC'::text) > '2020-01-01 00:00:00+00'::timestamp with time zone)"#,
    r#"((x & 1) = 0)"#,
    "(no_such_column > 3)",
    "(a > 3) AND",
    "(SELECT 1)",
    "",
];

#[test]
fn what_postgres_prints_is_understood() {
    for text in EXPRESSED {
        let analysis = analysis_of(&[text], &[]);
        assert!(
            !analysis.branches.is_empty(),
            "{text}: {:?}",
            analysis.contradictions
        );
        let unproven = analysis
            .branches
            .iter()
            .any(|branch| !branch.unproven.is_empty());
        assert!(!unproven, "{text} is left to the database: {analysis:?}");
    }
}

#[test]
fn what_is_not_understood_is_unproven() {
    for text in UNPROVEN {
        let analysis = analysis_of(&[text, "(x > 3)"], &[]);
        let [branch] = analysis.branches.as_slice() else {
            panic!("{text}: {analysis:?}");
        };
        assert_eq!(branch.unproven, [0], "{text}");
        assert!(
            branch.columns["x"].lower.is_some(),
            "{text} hides what is known of x"
        );
    }
}

fn only(expressions: &[&str]) -> Branch {
    let mut analysis = analysis_of(expressions, &[]);
    assert_eq!(analysis.branches.len(), 1, "{expressions:?}: {analysis:?}");
    analysis.branches.remove(0)
}

fn bound(text: &str, inclusive: bool) -> Option<Bound> {
    Some(Bound {
        value: Literal::Number(Decimal::parse(text).unwrap()),
        inclusive,
    })
}

#[test]
fn constraints_meet_in_one_domain() {
    let branch = only(&[
        "((x >= 0) AND (x <= 100))",
        "((x)::numeric > 9.5)",
        "((x % 10) = 0)",
        "((x % 4) = 0)",
        "(x <> 40)",
    ]);
    let domain = &branch.columns["x"];
    assert_eq!(domain.lower, bound("10", true));
    assert_eq!(domain.upper, bound("100", true));
    assert_eq!(
        domain.multiple_of,
        Some(Modulus {
            divisor: 20,
            remainder: 0
        })
    );
    assert_eq!(domain.excluded, [Literal::whole(40)]);

    let branch = only(&[
        "(price > (0)::numeric)",
        "(price = ANY (ARRAY[(-1)::numeric, 2.5]))",
    ]);
    let number = Literal::Number(Decimal::parse("2.5").unwrap());
    assert_eq!(branch.columns["price"].allowed, Some(vec![number]));
}

#[test]
fn a_domains_check_is_about_its_column() {
    let class = Class::text();
    let columns = [Column {
        name: "zip",
        class: &class,
        not_null: true,
    }];
    let text = r"CHECK (((VALUE ~ '^\d{5}$'::text) OR (VALUE ~ '^\d{5}-\d{4}$'::text)))";
    let analysis = analyse(&[Check::of_domain("zip_check", text, "zip")], &columns, NOW);
    assert_eq!(analysis.branches.len(), 2);
    for branch in &analysis.branches {
        assert_eq!(branch.columns["zip"].patterns.len(), 1);
        assert!(branch.unproven.is_empty());
    }
}

#[test]
fn contradictions_name_constraints_and_columns() {
    let analysis = analysis_of(&["(x > 5)", "(y > 0)", "(x < 3)", "(x <> 4)"], &["x"]);
    assert!(analysis.branches.is_empty());
    let [contradiction] = analysis.contradictions.as_slice() else {
        panic!("{analysis:?}");
    };
    assert_eq!(contradiction.checks, [0, 2]);
    assert_eq!(
        contradiction.sentence,
        "constraints \"check0\" and \"check2\" cannot hold together for column \"x\", \
         where \"x\" is NOT NULL"
    );
    // NULL passes both.
    let branch = only(&["(x > 5)", "(x < 3)"]);
    assert_eq!(branch.columns["x"].null, Nullness::MustBeNull);

    for (expressions, not_null) in [
        (&["(a > b)", "(b >= a)"][..], &["a", "b"][..]),
        (&["(a > b)", "(a <= 3)", "(b >= 3)"], &["a", "b"]),
        (&["(y IS NULL)"], &["y"]),
        (&["(sm > 40000)"], &["sm"]),
        (&["(length((status)::text) > 10)"], &["status"]),
        (
            &[
                "(kind = ANY (ARRAY['a'::text, 'b'::text]))",
                "(kind = 'c'::text)",
            ],
            &["kind"],
        ),
        (&["(kind = 'a'::text)", "(kind <> 'a'::text)"], &["kind"]),
        (&["(x > 1)", "(x < 2)"], &["x"]),
        (&["((x % 10) = 3)", "((x % 5) = 1)"], &["x"]),
        (
            &[
                "(jsonb_typeof(jb) = 'object'::text)",
                "(jsonb_typeof(jb) = 'array'::text)",
            ],
            &["jb"],
        ),
        (&["(active AND (NOT active))"], &["active"]),
        (&["false"], &[]),
        (&["(num_nonnulls(a, b) = 1)"], &["a", "b"]),
        (
            &[
                "(start_date > CURRENT_DATE)",
                "(EXTRACT(year FROM start_date) < (2026)::numeric)",
            ],
            &["start_date"],
        ),
    ] {
        let analysis = analysis_of(expressions, not_null);
        assert_eq!(
            analysis.contradictions.len(),
            1,
            "{expressions:?}: {analysis:?}"
        );
        assert!(analysis.branches.is_empty(), "{expressions:?}");
    }
}

#[test]
fn independent_alternatives_do_not_crowd_each_other_out() {
    // 2^10 combinations: each alternative of each still occurs.
    let names = [
        "id", "qty", "quantity", "a", "b", "x", "y", "sm", "bg", "order",
    ];
    let texts: Vec<String> = names
        .iter()
        .map(|name| format!("((\"{name}\" < 0) OR (\"{name}\" > 100))"))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let analysis = analysis_of(&texts, &[]);
    assert!(analysis.branches.len() > 16, "{}", analysis.branches.len());
    assert!(analysis.branches.len() <= MAX_BRANCHES);
    for name in names {
        for lower in [true, false] {
            let found = analysis
                .branches
                .iter()
                .any(|branch| branch.columns[name].lower.is_some() == lower);
            assert!(found, "{name}, {lower}");
        }
    }
    let both = analysis
        .branches
        .iter()
        .any(|branch| branch.columns["a"].lower.is_some() != branch.columns["b"].lower.is_some());
    assert!(both, "the alternatives of two columns always go together");
}

#[test]
fn long_and_deep_constraints_are_no_trouble() {
    let chain = (0..5000)
        .map(|n| format!("(x = {n})"))
        .collect::<Vec<_>>()
        .join(" OR ");
    let analysis = analysis_of(&[&format!("({chain})")], &[]);
    assert!(!analysis.branches.is_empty());
    let list = (0..5000)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let branch = only(&[&format!("(x = ANY (ARRAY[{list}]))")]);
    assert_eq!(
        branch.columns["x"].allowed.as_ref().map(Vec::len),
        Some(5000)
    );
    let deep = format!("{}x > 0{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(only(&[&deep]).unproven, [0]);
    let deep = format!("{}x{} > 0", "(1 + ".repeat(2_000), ")".repeat(2_000));
    assert_eq!(only(&[&deep]).unproven, [0]);
    let flat = format!("({}1) > 0", "x + ".repeat(20_000));
    assert_eq!(only(&[&flat]).unproven, [0]);
}
