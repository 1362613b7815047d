use super::*;

/// The lines of `printed.txt`: constraints, and whether they are expressed wholly.
fn printed() -> impl Iterator<Item = (bool, &'static str)> {
    include_str!("printed.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| match line.strip_prefix("? ") {
            Some(text) => (false, text),
            None => (true, line),
        })
}

/// The table that the expressions in `printed.txt` and elsewhere speak of.
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

#[test]
fn what_postgres_prints_is_understood() {
    for (_, text) in printed().filter(|(whole, _)| *whole) {
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
    let others = ["(no_such_column > 3)", "(a > 3) AND", "(SELECT 1)", ""];
    let left = printed().filter(|(whole, _)| !whole).map(|(_, text)| text);
    for text in left.chain(others) {
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

fn bound(text: &str, inclusive: bool) -> Bound {
    Bound {
        value: Literal::Number(Decimal::parse(text).unwrap()),
        inclusive,
    }
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
    assert_eq!(domain.lower, Some(bound("10", true)));
    assert_eq!(domain.upper, Some(bound("100", true)));
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
