//! Columns of which one is never above another.

use super::words::{Words, words};

/// Words of which an earlier one names the smaller column, among columns whose other words are
/// the same. In a family every two neighbours of those that occur make a pair.
const FAMILIES: &[&[&[&str]]] = &[
    &[
        &["birth", "born"],
        &["hire", "hired"],
        &["terminated", "termination", "fired"],
        &["death", "died", "deceased"],
    ],
    &[
        &["created", "creation", "inserted", "registered"],
        &["updated", "modified", "changed", "edited"],
        &["deleted", "archived", "removed"],
    ],
    &[
        &["ordered", "order", "placed"],
        &["paid", "payment"],
        &["packed"],
        &["shipped", "shipping", "ship", "dispatched"],
        &["delivered", "delivery"],
        &["returned", "refunded"],
    ],
    &[&["issued", "issue", "invoice"], &["due"]],
    &[
        &["issued", "issue", "effective"],
        &["expires", "expiry", "expiration", "expired"],
    ],
    &[
        &["rental", "rented", "borrowed", "loan"],
        &["return", "returned"],
    ],
    &[
        &["requested", "submitted"],
        &["approved", "accepted"],
        &["completed", "resolved"],
    ],
    &[
        &[
            "start", "starts", "started", "begins", "from", "since", "von",
        ],
        &[
            "end",
            "ends",
            "ended",
            "finish",
            "finished",
            "to",
            "until",
            "till",
            "thru",
            "bis",
            "completed",
        ],
    ],
    &[&["opened"], &["resolved"], &["closed"]],
    &[&["opening"], &["closing"]],
    &[&["opens"], &["closes"]],
    &[&["admitted", "admission"], &["discharged", "discharge"]],
    &[&["checkin"], &["checkout"]],
    &[&["in"], &["out"]],
    &[
        &["departure", "departed", "depart"],
        &["arrival", "arrived", "arrive"],
    ],
    &[&["joined", "joining"], &["left", "leaving"]],
    &[&["first"], &["last"]],
    &[&["earliest"], &["latest"]],
    &[
        &["min", "minimum", "least", "lowest"],
        &["avg", "average", "mean"],
        &["max", "maximum", "most", "highest"],
    ],
    &[&["low", "lower"], &["high", "upper"]],
    &[&["diastolic"], &["systolic"]],
    &[&["subtotal", "net"], &["total", "gross"]],
];

/// Words that may differ between the columns of a pair, where a verb says what happens.
const FILLERS: &[&str] = &[
    "at",
    "on",
    "date",
    "time",
    "timestamp",
    "day",
    "datetime",
    "ts",
    "dt",
];

/// Pairs of columns of which the first is usually at most the second, by position in `names`, with
/// the reason as a clause. Chains are given as their links: created, updated, deleted gives two
/// pairs. No cycle arises. Types are not looked at: the caller keeps the pairs of one class.
///
/// ```
/// use synth_engine::fill::recognize::ordered_pairs;
///
/// let pairs = ordered_pairs(&["id", "updated_at", "valid_to", "created_at", "valid_from"]);
/// let pairs: Vec<_> = pairs.iter().map(|(first, second, _)| (*first, *second)).collect();
/// assert_eq!(pairs, [(3, 1), (4, 2)]);
/// ```
pub fn ordered_pairs(names: &[&str]) -> Vec<(usize, usize, String)> {
    let columns: Vec<Words> = names.iter().map(|name| words(name)).collect();
    let mut pairs: Vec<(usize, usize, String)> = Vec::new();
    for family in FAMILIES {
        let places: Vec<Option<Place>> = columns.iter().map(|words| place(family, words)).collect();
        let mut own: Vec<(usize, usize)> = Vec::new();
        // Columns that differ in the verb only belong together first: `start_date` and `end_date`
        // next to `started_at` and `ended_at`.
        for loose in [false, true] {
            let mut members: Vec<(&str, usize, usize)> = places
                .iter()
                .enumerate()
                .filter_map(|(column, place)| {
                    let place = place.as_ref()?;
                    let rest = if loose { &place.loose } else { &place.exact };
                    Some((rest.as_str(), place.stage, column))
                })
                .collect();
            members.sort_unstable();
            for two in members.windows(2) {
                let [(rest, stage, first), (other, next, second)] = *two else {
                    continue;
                };
                let taken = loose && own.iter().any(|&(a, b)| a == first || b == second);
                // Two columns of one stage, say two kinds of updates, have no order.
                if rest != other || stage >= next || taken || reaches(&pairs, second, first) {
                    continue;
                }
                own.push((first, second));
                if !pairs.iter().any(|&(a, b, _)| (a, b) == (first, second)) {
                    let reason = format!("\"{}\" comes before \"{}\"", names[first], names[second]);
                    pairs.push((first, second, reason));
                }
            }
        }
    }
    open_high_low_close(&columns, names, &mut pairs);
    pairs
}

/// What a name says within a family.
struct Place {
    stage: usize,
    /// Its other words.
    exact: String,
    /// Its other words without fillers.
    loose: String,
}

/// The stage of a family that a name speaks of, and its other words.
fn place(family: &[&[&str]], words: &Words) -> Option<Place> {
    let all: Vec<&str> = (0..words.len())
        .filter_map(|at| words.canonical(at))
        .collect();
    let joined = matches!(all.as_slice(), [.., "check", "in" | "out"]);
    let mut found = None;
    for (at, word) in all.iter().enumerate() {
        let stage = family.iter().position(|stage| stage.contains(word));
        if let Some(stage) = stage {
            // `order_shipped_at`: the later verb counts.
            found = Some((stage, at));
        }
    }
    let (stage, at) = found?;
    let general = matches!(all[at], "in" | "out");
    if general && !joined && all.len() < 2 {
        return None;
    }
    // A name like `order_id` or `to_address` speaks of something else.
    let last = *all.last()?;
    let timeless = matches!(
        last,
        "id" | "by"
            | "name"
            | "number"
            | "status"
            | "code"
            | "address"
            | "email"
            | "type"
            | "city"
            | "key"
            | "url"
            | "reason"
            | "note"
            | "comment"
    );
    if timeless {
        return None;
    }
    let others = all.iter().enumerate().filter(|(place, _)| *place != at);
    let exact: Vec<&str> = others.map(|(_, word)| *word).collect();
    let loose: Vec<&str> = exact
        .iter()
        .copied()
        .filter(|word| !FILLERS.contains(word))
        .collect();
    Some(Place {
        stage,
        exact: exact.join(" "),
        loose: loose.join(" "),
    })
}

/// Of a day's prices the low is the least and the high the greatest.
fn open_high_low_close(columns: &[Words], names: &[&str], pairs: &mut Vec<(usize, usize, String)>) {
    let find = |wanted: &str| {
        columns
            .iter()
            .position(|words| words.canonical(0) == Some(wanted) && words.len() <= 2)
    };
    let (Some(low), Some(high), Some(open), Some(close)) =
        (find("low"), find("high"), find("open"), find("close"))
    else {
        return;
    };
    for (first, second) in [(low, open), (low, close), (open, high), (close, high)] {
        if !reaches(pairs, second, first) {
            let reason = format!(
                "\"{}\" is at most \"{}\" among prices of a day",
                names[first], names[second]
            );
            pairs.push((first, second, reason));
        }
    }
}

/// Whether pairs lead from one column to another.
fn reaches(pairs: &[(usize, usize, String)], from: usize, to: usize) -> bool {
    let mut seen = vec![from];
    let mut at = 0;
    while at < seen.len() {
        let here = seen[at];
        if here == to {
            return true;
        }
        for (first, second, _) in pairs {
            if *first == here && !seen.contains(second) {
                seen.push(*second);
            }
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(names: &[&'static str]) -> Vec<(&'static str, &'static str)> {
        let names = names.to_vec();
        ordered_pairs(&names)
            .iter()
            .map(|(first, second, _)| (names[*first], names[*second]))
            .collect()
    }

    #[test]
    fn usual_pairs_are_found() {
        assert_eq!(
            pairs(&["deleted_at", "created_at", "updatedAt"]),
            [("created_at", "updatedAt"), ("updatedAt", "deleted_at")]
        );
        for (first, second) in [
            ("start_date", "end_date"),
            ("starts_at", "ends_at"),
            ("date_from", "date_to"),
            ("valid_from", "valid_to"),
            ("valid_from", "valid_until"),
            ("min_price", "max_price"),
            ("price_min", "price_max"),
            ("low", "high"),
            ("lower_bound", "upper_bound"),
            ("order_date", "shipped_date"),
            ("shipped_at", "delivered_at"),
            ("birth_date", "hire_date"),
            ("date_of_birth", "date_of_death"),
            ("opened_at", "closed_at"),
            ("check_in", "check_out"),
            ("checkin_date", "checkout_date"),
            ("admitted_at", "discharged_at"),
            ("departure_time", "arrival_time"),
            ("rental_date", "return_date"),
            ("first_seen", "last_seen"),
            ("issue_date", "expiry_date"),
            ("invoice_date", "due_date"),
        ] {
            assert_eq!(pairs(&[second, "id", first]), [(first, second)]);
        }
    }

    #[test]
    fn other_columns_are_left_alone() {
        assert_eq!(pairs(&["from_address", "to_address"]), []);
        assert_eq!(pairs(&["first_name", "last_name"]), []);
        assert_eq!(pairs(&["order_id", "shipping_address"]), []);
        assert_eq!(pairs(&["min_price", "max_weight"]), []);
        assert_eq!(pairs(&["a", "b", ""]), []);
    }

    #[test]
    fn prices_of_a_day_lie_between_low_and_high() {
        let found = pairs(&["open", "high", "low", "close"]);
        for pair in [
            ("low", "high"),
            ("low", "open"),
            ("low", "close"),
            ("open", "high"),
            ("close", "high"),
        ] {
            assert!(found.contains(&pair), "{pair:?} not in {found:?}");
        }
        assert_eq!(found.len(), 5);
    }
}
