//! What was found in a place, and what to think of it.

use std::collections::HashSet;

use super::chance::Sought;

/// So many distinct originals of a place are counted; if there are more, there are at least so many.
const COUNTED: usize = 1 << 20;

/// What was found among the values of a place. Originals are counted once each: whether a mask gives
/// an original is decided for each value, not for each row that has it.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Values looked at.
    pub checked: u64,
    surviving: HashSet<u64>,
    coincident: HashSet<u64>,
}

impl Tally {
    /// Looks at a value's hash.
    #[inline]
    pub fn see(&mut self, hash: u64, sought: &[&Sought]) {
        self.checked += 1;
        let mut coincident = false;
        for sought in sought {
            if sought.originals.contains(hash) {
                if !sought.gives(hash) {
                    if self.surviving.len() < COUNTED {
                        self.surviving.insert(hash);
                    }
                    return;
                }
                coincident = true;
            }
        }
        if coincident && self.coincident.len() < COUNTED {
            self.coincident.insert(hash);
        }
    }

    /// Distinct originals that the mask would hardly have given.
    pub fn surviving(&self) -> u64 {
        self.surviving.len() as u64
    }

    /// Distinct originals that the mask gives to others, too.
    pub fn coincident(&self) -> u64 {
        self.coincident.len() as u64
    }

    /// Takes over what was seen in another part of the same place.
    pub fn join(&mut self, other: Self) {
        self.checked = self.checked.max(other.checked);
        self.surviving.extend(other.surviving);
        self.coincident.extend(other.coincident);
    }
}

/// Counts of a line.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// Values or rows looked at.
    pub checked: u64,
    /// Distinct survivors.
    pub surviving: u64,
    /// Distinct coincidences.
    pub coincident: u64,
}

impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        Self {
            checked: tally.checked,
            surviving: tally.surviving(),
            coincident: tally.coincident(),
        }
    }
}

/// How many distinct values a mask has given at most: each original gives one, and each value looked
/// at is one.
fn draws(sought: &Sought, tally: &Tally) -> f64 {
    let originals = sought.originals.distinct() as f64 / sought.originals.looks_for();
    originals.min(tally.checked as f64)
}

/// A line of the report: one place, and one column where columns are told apart.
#[derive(Debug, Clone)]
pub struct Line {
    /// Kind of place.
    pub place: &'static str,
    /// Name of the table, index or statistics.
    pub object: String,
    /// Column.
    pub column: Option<String>,
    /// Values or rows looked at.
    pub checked: Option<i64>,
    /// See [`Tally`].
    pub surviving: Option<i64>,
    /// See [`Tally`].
    pub coincident: Option<i64>,
    /// How many survivors chance would make, or which count was expected.
    pub expected: Option<f64>,
    /// What to think of it.
    pub verdict: String,
}

/// Nothing was found.
pub const CLEAN: &str = "clean";
/// What was found is what the mask and chance make.
pub const EXPECTED: &str = "expected";
/// Originals survive.
pub const SURVIVING: &str = "SURVIVING";
/// Originals were found, and how many chance makes is not known.
pub const NOT_JUDGED: &str = "not judged: an earlier version masked it without noting what the mask gave, or its rule does not fit any more";
/// Another table has values that were originals, no more often than the mask gives such.
pub const SAME_VALUES: &str = "same values";
/// A control total is as it was.
pub const EQUAL: &str = "equal";
/// A control total is not.
pub const DIFFERS: &str = "differs";

impl Line {
    /// A line for a tally.
    pub fn of(
        place: &'static str,
        object: &str,
        column: Option<&str>,
        tally: &Tally,
        sought: &[&Sought],
    ) -> Self {
        let chances = |chance: fn(&Sought) -> f64| {
            sought
                .iter()
                .map(|s| draws(s, tally) * chance(s))
                .sum::<f64>()
        };
        let (chance, bound) = (chances(|s| s.chance), chances(|s| s.bound));
        let mut line = Self::judged(place, object, column, tally.into(), chance, bound);
        if line.verdict == SURVIVING && sought.iter().any(|s| !s.measured) {
            line.expected = None;
            NOT_JUDGED.clone_into(&mut line.verdict);
        }
        line
    }

    /// A line for a table that has nothing to do with the masked one: what the mask gives says nothing
    /// about it, unless both draw from what people have.
    pub fn elsewhere(object: &str, column: &str, tally: &Tally, sought: &[&Sought]) -> Self {
        let checked = tally.checked as f64;
        let wrong: f64 = sought.iter().map(|s| s.false_positives).sum::<f64>() * checked;
        let counts = tally.into();
        let mut line = Self::judged("other table", object, Some(column), counts, wrong, wrong);
        let alike = Self::of("other table", object, Some(column), tally, sought);
        if line.verdict == SURVIVING && alike.verdict != SURVIVING {
            SAME_VALUES.clone_into(&mut line.verdict);
        }
        line
    }

    /// A line for a tally of which so many survivors are expected by chance, or at most so many.
    pub fn judged(
        place: &'static str,
        object: &str,
        column: Option<&str>,
        tally: Counts,
        expected: f64,
        bound: f64,
    ) -> Self {
        let verdict = if tally.surviving as f64 > limit(bound) {
            SURVIVING
        } else if tally.surviving > 0 || tally.coincident > 0 {
            EXPECTED
        } else {
            CLEAN
        };
        Self {
            place,
            object: object.to_owned(),
            column: column.map(str::to_owned),
            checked: Some(tally.checked as i64),
            surviving: Some(tally.surviving as i64),
            coincident: Some(tally.coincident as i64),
            expected: Some((expected * 1000.0).round() / 1000.0),
            verdict: verdict.to_owned(),
        }
    }

    /// A line for a place that could not be read.
    pub fn not_checked(place: &'static str, object: &str, column: Option<&str>, why: &str) -> Self {
        Self {
            place,
            object: object.to_owned(),
            column: column.map(str::to_owned),
            checked: None,
            surviving: None,
            coincident: None,
            expected: None,
            verdict: format!("not checked: {why}"),
        }
    }

    /// A line for an index of which some keys are of no row.
    pub fn foreign_keys(
        object: &str,
        column: Option<&str>,
        checked: u64,
        foreign: u64,
        what: &str,
    ) -> Self {
        let mut line = Self::judged(
            "index",
            object,
            column,
            Counts {
                checked,
                surviving: 0,
                coincident: 0,
            },
            0.0,
            0.0,
        );
        if foreign > 0 {
            line.verdict = format!("not judged: {foreign} {what}; REINDEX builds it anew");
        }
        line
    }

    /// A line for a control total.
    pub fn total(
        place: &'static str,
        object: &str,
        column: Option<&str>,
        now: u64,
        before: u64,
        equal: bool,
    ) -> Self {
        Self {
            place,
            object: object.to_owned(),
            column: column.map(str::to_owned),
            checked: Some(now as i64),
            surviving: None,
            coincident: None,
            expected: Some(before as f64),
            verdict: if equal { EQUAL } else { DIFFERS }.to_owned(),
        }
    }
}

/// The report in short, for the audit.
pub fn summary(lines: &[Line]) -> serde_json::Value {
    let with = |verdict: &str| lines.iter().filter(|line| line.verdict == verdict).count();
    let surviving: i64 = lines
        .iter()
        .filter(|line| line.verdict == SURVIVING)
        .filter_map(|line| line.surviving)
        .sum();
    let starting = |with: &str| {
        let starts = |line: &&Line| line.verdict.starts_with(with);
        lines.iter().filter(starts).count()
    };
    let mut by_place =
        std::collections::BTreeMap::<&str, std::collections::BTreeMap<&str, u64>>::new();
    for line in lines {
        let verdict = line.verdict.split(':').next().unwrap_or_default();
        let place = by_place.entry(line.place).or_default();
        *place.entry(verdict).or_default() += 1;
    }
    serde_json::json!({
        "method": "search",
        "places": lines.len(),
        "by_place": by_place,
        "clean": with(CLEAN),
        "expected": with(EXPECTED),
        "places_with_survivors": with(SURVIVING),
        "surviving": surviving,
        "totals_equal": with(EQUAL),
        "totals_that_differ": with(DIFFERS),
        "not_checked": starting("not checked"),
        "not_judged": starting("not judged"),
    })
}

/// The largest count that chance still explains where so many are expected: a Poisson count is above
/// it as rarely as a normal one is above four standard deviations, once in 31,574 times. Far below
/// one, where a single value is rare, four standard deviations of the Poisson count itself: rather a
/// false alarm than a value unseen.
fn limit(expected: f64) -> f64 {
    const TAIL: f64 = 1.0 / 31_574.0;
    // Beyond, the first term of the expansion by Cornish and Fisher is exact to less than one.
    const MANY: f64 = 400.0;
    if !(0.5..MANY).contains(&expected) {
        let skew = if expected < 0.5 { 0.0 } else { 15.0 / 6.0 };
        return expected + 4.0 * expected.sqrt() + skew;
    }
    let (mut count, mut term) = (0.0, (-expected).exp());
    let mut below = term;
    while 1.0 - below > TAIL {
        count += 1.0;
        term *= expected / count;
        below += term;
    }
    count
}
