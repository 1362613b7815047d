use super::*;
use crate::calendar::parse_date;
use crate::domain::finance::keys::CUSTOMERS_PER_BLOCK;
use crate::domain::{self, TableOptions};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use std::collections::HashMap;

/// Forty banks.
fn made(name: &str) -> RecordBatch {
    let table = domain::table(name, &TableOptions::default()).unwrap();
    table.batch(0..40 * CUSTOMERS_PER_BLOCK).unwrap()
}

fn decimals(batch: &RecordBatch, name: &str) -> Vec<i128> {
    let array = batch.column_by_name(name).unwrap();
    array.as_primitive::<Decimal128Type>().values().to_vec()
}

fn keys(batch: &RecordBatch) -> Vec<i64> {
    let array = batch.column_by_name("capital_position_id").unwrap();
    array.as_primitive::<Int64Type>().values().to_vec()
}

/// Halves up, as SQL's `round(a / b, 6)` of positive numbers.
fn rounded(part: i128, whole: i128) -> i128 {
    (part * 2_000_000 + whole) / (2 * whole)
}

#[test]
fn every_product_is_exact_and_ratios_follow_from_the_rows() {
    let (exposures, capital) = (made("exposures"), made("capital_positions"));
    let [drawn, undrawn, ead, assets] = [
        "drawn_amount",
        "undrawn_amount",
        "exposure_at_default",
        "risk_weighted_assets",
    ]
    .map(|name| decimals(&exposures, name));
    let factor = decimals(&exposures, "credit_conversion_factor");
    let weight = decimals(&exposures, "risk_weight");
    let mut sums: HashMap<i64, i128> = HashMap::new();
    for (row, key) in keys(&exposures).into_iter().enumerate() {
        // Factors and weights have four decimals: nothing is rounded away.
        assert_eq!(
            ead[row] * 10_000,
            drawn[row] * 10_000 + undrawn[row] * factor[row]
        );
        assert_eq!(assets[row] * 10_000, ead[row] * weight[row]);
        assert!(drawn[row] >= 0 && undrawn[row] >= 0 && ead[row] > 0);
        *sums.entry(key).or_default() += assets[row];
    }
    let stated = decimals(&capital, "risk_weighted_assets");
    let [cet1, at1, tier2] =
        ["common_equity_tier1", "additional_tier1", "tier2"].map(|name| decimals(&capital, name));
    let [common, first, total] =
        ["cet1_ratio", "tier1_ratio", "total_capital_ratio"].map(|name| decimals(&capital, name));
    assert_eq!(capital.num_rows(), 160);
    for (row, key) in keys(&capital).into_iter().enumerate() {
        let sum = sums[&key];
        assert_eq!(stated[row], sum);
        assert_eq!(common[row], rounded(cet1[row], sum));
        assert_eq!(first[row], rounded(cet1[row] + at1[row], sum));
        assert_eq!(total[row], rounded(cet1[row] + at1[row] + tier2[row], sum));
        // Minima of RBC20.1, and what banks have: about 11 to 16 % (estimate).
        assert!((100_000..170_000).contains(&common[row]), "{}", common[row]);
        assert!(first[row] > 60_000 && total[row] > 80_000);
    }
}

#[test]
fn liquidity_coverage_follows_from_the_rows() {
    let (items, capital) = (made("liquidity_positions"), made("capital_positions"));
    let (amount, weighted) = (
        decimals(&items, "amount"),
        decimals(&items, "weighted_amount"),
    );
    let factor = decimals(&items, "factor");
    let section = items.column_by_name("section").unwrap().as_string::<i32>();
    let level = items
        .column_by_name("hqla_level")
        .unwrap()
        .as_string::<i32>();
    // Assets of level 1, 2A and 2B, outflows, inflows.
    let mut sums: HashMap<i64, [i128; 5]> = HashMap::new();
    for (row, key) in keys(&items).into_iter().enumerate() {
        assert_eq!(weighted[row] * 10_000, amount[row] * factor[row]);
        let place = match (section.value(row), level.value(row)) {
            ("HQLA", "1") => 0,
            ("HQLA", "2A") => 1,
            ("HQLA", "2B") => 2,
            ("Outflow", _) => 3,
            ("Inflow", _) => 4,
            other => panic!("{other:?}"),
        };
        sums.entry(key).or_default()[place] += weighted[row];
    }
    let assets = decimals(&capital, "high_quality_liquid_assets");
    let outflows = decimals(&capital, "net_cash_outflows");
    let ratio = decimals(&capital, "liquidity_coverage_ratio");
    let mut capped = 0;
    for (row, key) in keys(&capital).into_iter().enumerate() {
        let [one, two_a, two_b, out, inflow] = sums[&key];
        let liquid = one + two_a + two_b;
        // Caps of LCR30.41 and LCR30.44: 40 % level 2, 15 % level 2B.
        assert!((two_a + two_b) * 100 <= liquid * 40 && two_b * 100 <= liquid * 15);
        let counted = inflow.min(out * 75 / 100);
        capped += i32::from(counted < inflow);
        assert_eq!(assets[row], liquid);
        assert_eq!(outflows[row], out - counted);
        assert_eq!(ratio[row], rounded(liquid, out - counted));
        // Banks report 110 to 170 % (estimate); the minimum is 100 % (LCR20.5).
        assert!(
            (1_000_000..2_100_000).contains(&ratio[row]),
            "{}",
            ratio[row]
        );
    }
    assert!(
        capped > 0 && capped < 80,
        "inflows are capped {capped} times of 160"
    );
}

/// The risk weights of the Basel Framework, CRE20, as of 1 January 2023, each looked at where the table
/// states it.
#[test]
fn risk_weights_are_those_of_the_framework() {
    let weight = |class: &str, bucket: &str| {
        let row = FINANCE_RISK_WEIGHTS
            .iter()
            .find(|row| row.asset_class == class && row.bucket.starts_with(bucket));
        row.unwrap_or_else(|| panic!("{class} {bucket}"))
            .risk_weight
    };
    for (class, bucket, published) in [
        ("Sovereign", "AAA", 0),
        ("Sovereign", "A+", 20),
        ("Sovereign", "BBB", 50),
        ("Bank", "AAA", 20),
        ("Bank", "A+", 30),
        ("Bank", "Unrated, grade A", 40),
        ("Corporate", "AAA", 20),
        ("Corporate", "A+", 50),
        ("Corporate", "BBB", 75),
        ("Corporate", "Unrated", 100),
        ("Corporate SME", "Unrated", 85),
        ("Retail", "Transactors", 45),
        ("Retail", "Regulatory", 75),
        ("Residential mortgage", "LTV up to 50%", 20),
        ("Residential mortgage", "LTV over 60% to 80%", 30),
        ("Residential mortgage", "LTV over 100%", 70),
        ("Past due", "Provisions below", 150),
    ] {
        assert_eq!(weight(class, bucket), published, "{class} {bucket}");
    }
}

#[test]
fn exposures_fit_their_bucket() {
    let books = Books::new(&TableOptions::default());
    let mut classes = std::collections::HashSet::new();
    let mut facilities = std::collections::HashSet::new();
    for block in 0..40 {
        let mut by_date: Vec<Vec<Exposure>> = vec![Vec::new(); QUARTERS];
        books.exposures(block, |position, &exposure| {
            by_date[usize::try_from(position.quarters_ago).unwrap()].push(exposure);
        });
        for exposure in &by_date[0] {
            let class = exposure.class;
            classes.insert(class.asset_class);
            facilities.extend(exposure.facility.map(|facility| facility.facility));
            assert_eq!(exposure.rating.is_some(), !class.ratings.is_empty());
            if let Some(rating) = exposure.rating {
                assert!(class.ratings.split(' ').any(|r| r == rating));
            }
            if let Some(ltv) = exposure.loan_to_value {
                assert!((class.ltv_from..=class.ltv_to).contains(&ltv.cast_unsigned()));
            }
            assert_eq!(exposure.facility.is_some(), exposure.undrawn > 0);
        }
        // The same counterparties a quarter before, with other amounts.
        for (now, then) in by_date[0].iter().zip(&by_date[1]) {
            assert_eq!((now.entropy, now.rating), (then.entropy, then.rating));
        }
        let [.., before, last] = books.positions(block);
        assert_ne!(last.risk_weighted_assets, before.risk_weighted_assets);
    }
    let known: std::collections::HashSet<_> = FINANCE_RISK_WEIGHTS
        .iter()
        .map(|row| row.asset_class)
        .collect();
    assert_eq!(classes, known);
    assert_eq!(facilities.len(), FINANCE_CONVERSION_FACTORS.len());
}

/// What is left of a sum for its last row is about what the row would have had of its own, also where a
/// bank is small: nowhere zero or less, and not larger than three times its share.
#[test]
fn the_rest_of_a_sum_is_an_amount_like_others() {
    let books = Books::new(&TableOptions::default());
    let mut premises = (i64::MAX, 0);
    for block in 0..2_000 {
        books.exposures(block, |position, exposure| {
            if exposure.class.asset_class == "Other assets" {
                assert_eq!((exposure.class.risk_weight, exposure.number), (100, 95));
                let share = exposure.drawn * 10_000 / position.risk_weighted_assets;
                premises = (premises.0.min(share), premises.1.max(share));
            }
        });
        for position in books.positions(block) {
            books.liquidity(&position, |_, item| {
                let section = &PICKS.sections[match item.class.section {
                    "HQLA" => 0,
                    "Outflow" => 1,
                    _ => 2,
                }];
                if std::ptr::eq(item.class, &raw const section.items[section.last]) {
                    let sums = [position.liquid_assets, position.outflows, position.inflows];
                    let sum: i64 = sums[match item.class.section {
                        "HQLA" => 0,
                        "Outflow" => 1,
                        _ => 2,
                    }];
                    let share = (item.class.share * 100).cast_signed() * sum
                        / section.weighted.cast_signed();
                    assert!(
                        item.amount > 0 && item.amount < 3 * share,
                        "{}: {} of {share}",
                        item.class.item,
                        item.amount
                    );
                }
            });
        }
    }
    // In units of 0.01 %; premises are some percent of a bank's assets at most.
    assert!(premises.0 > 5 && premises.1 < 600, "{premises:?}");
}

#[test]
fn books_are_stated_at_ends_of_quarters() {
    for (as_of, last, first) in [
        ("2026-01-01", "2025-12-31", "2025-03-31"),
        ("2025-12-31", "2025-12-31", "2025-03-31"),
        ("2025-12-30", "2025-09-30", "2024-12-31"),
        ("1900-01-01", "1899-12-31", "1899-03-31"),
    ] {
        let ends = quarter_ends(parse_date(as_of).unwrap());
        assert_eq!(ends.len(), 4);
        assert_eq!(ends[0], parse_date(last).unwrap(), "{as_of}");
        assert_eq!(ends[3], parse_date(first).unwrap(), "{as_of}");
    }
}

#[test]
fn a_block_has_as_many_rows_as_announced() {
    for name in ["exposures", "capital_positions", "liquidity_positions"] {
        let table = domain::table(name, &TableOptions::default()).unwrap();
        let rows = table.batch(0..CUSTOMERS_PER_BLOCK).unwrap().num_rows() as f64;
        assert_eq!(
            rows,
            table.fan_out().mean() * CUSTOMERS_PER_BLOCK as f64,
            "{name}"
        );
    }
}
