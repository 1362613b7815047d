//! Numbers and moments: the interval that constraints leave, and where in it values lie by what the
//! column is about.

use super::generated::Suited;
use super::{Made, literal_text};
use crate::calendar::{REFERENCE_DATE, date_from_days};
use crate::fill::cell;
use crate::fill::check::{Bound as End, Domain, Literal};
use crate::fill::ordinal::{Codec, SECOND, new_year, places};
use crate::fill::recognize::{Distribution, Recognition, Recognized, TimeRole};
use crate::fill::source::{Ordered, Source, Spread, whole};

/// Counts tens, hundreds, and so on, where the bounds of an unlimited number are too large to count
/// Counts tens, hundreds, and so on, where the bounds of an unlimited number are too large to count
/// in units.
pub(super) fn widen_for(codec: &mut Codec, domain: &Domain) {
    let ends = [&domain.lower, &domain.upper];
    for _ in 0..400 {
        let fits = |end: &&Option<End>| {
            end.as_ref()
                .is_none_or(|end| literal_text(&end.value).is_none_or(|text| codec.fits(&text)))
        };
        if ends.iter().all(fits) || !codec.coarsen() {
            return;
        }
    }
}

/// Decimal places that the bounds of a domain use.
pub(super) fn decimal_places(domain: &Domain) -> i32 {
    let of = |end: &Option<End>| match end {
        Some(End {
            value: Literal::Number(number),
            ..
        }) => places(&number.to_string()),
        _ => 0,
    };
    let bounds = of(&domain.lower).max(of(&domain.upper));
    match domain.max_scale {
        Some(scale) => bounds.min(i32::try_from(scale).unwrap_or(i32::MAX)),
        None => bounds,
    }
}

/// The counts between the ends of a domain.
pub(super) fn interval(
    codec: &Codec,
    domain: &Domain,
    within: (i64, i64),
) -> Result<(i64, i64), String> {
    let (mut low, mut high) = within;
    if let Some(end) = &domain.lower
        && let Some((count, exact)) = count_of(codec, &end.value)
    {
        let above = !exact || !end.inclusive;
        low = low.max(count.saturating_add(i64::from(above)));
    }
    if let Some(end) = &domain.upper
        && let Some((count, exact)) = count_of(codec, &end.value)
    {
        let below = exact && !end.inclusive;
        high = high.min(count.saturating_sub(i64::from(below)));
    }
    if low > high {
        return Err("its constraints leave no value that its type can hold".to_owned());
    }
    // A float of four bytes is the nearest there is, which may lie beyond an end.
    let margin = |count: i64| codec.margin(count);
    let (inner_low, inner_high) = (
        low.saturating_add(if domain.lower.is_some() {
            margin(low)
        } else {
            0
        }),
        high.saturating_sub(if domain.upper.is_some() {
            margin(high)
        } else {
            0
        }),
    );
    Ok(if inner_low <= inner_high {
        (inner_low, inner_high)
    } else {
        (low, high)
    })
}

/// The count of a literal, or the one below it; and whether it is exact.
pub(in crate::fill) fn count_of(codec: &Codec, literal: &Literal) -> Option<(i64, bool)> {
    codec.read(&literal_text(literal)?)
}

/// Values of a type that has a codec.
pub(super) fn make(
    domain: &Domain,
    suited: Option<&Recognized>,
    codec: Codec,
) -> Result<Made, String> {
    let (low, high) = interval(&codec, domain, codec.limits())?;
    if let Some(suited) = Suited::new(suited)
        && domain.multiple_of.is_none()
        && domain.excluded.is_empty()
    {
        return Ok(suited.drawn(codec, low, high));
    }
    let (usual, spread, reason) = usual(&codec, suited);
    // What is usual counts only as far as it is allowed; where it is not, values stay near the end
    // that lies nearest.
    let span = usual.1.saturating_sub(usual.0);
    let (from, to) = match (low.max(usual.0), high.min(usual.1)) {
        (from, to) if from <= to => (from, to),
        _ if low > usual.1 => (low, high.min(low.saturating_add(span))),
        _ => (low.max(high.saturating_sub(span)), high),
    };
    let mut step = if to.abs_diff(from) / 3_600 >= codec.grain().unsigned_abs() {
        codec.grain()
    } else {
        1
    };
    let mut from = from;
    if let Some(modulus) = domain.multiple_of {
        let one = codec.counts(1);
        let divisor = i64::try_from(modulus.divisor).unwrap_or(i64::MAX);
        step = divisor.saturating_mul(one).max(1);
        let remainder = i64::try_from(modulus.remainder)
            .unwrap_or(0)
            .saturating_mul(one);
        from = aligned(from, step, remainder);
        if from > high {
            return Err("its constraints leave no value that its type can hold".to_owned());
        }
    } else if codec.grain() == SECOND && step == SECOND {
        let whole = aligned(from, SECOND, 0);
        from = if whole <= to { whole } else { from };
    }
    let to = to.max(from);
    let mut intervals = vec![(from, to)];
    for literal in &domain.excluded {
        if let Some((count, true)) = count_of(&codec, literal) {
            intervals = without(&intervals, count, step);
        }
    }
    let source = Ordered::new(codec, intervals, step, spread);
    if source.is_empty() {
        return Err("its constraints leave no value".to_owned());
    }
    let (low, high) = source.ends();
    let (mut a, mut b) = (String::new(), String::new());
    codec.write(low, &mut a);
    codec.write(high, &mut b);
    let name = match spread {
        Spread::Even => "uniform",
        Spread::Bell { .. } => "normal",
        Spread::Skewed { .. } => "lognormal",
    };
    Ok(Made::new(Source::Ordered(source), name, reason).with(format!("{a} to {b}")))
}

/// The smallest value from `from` on that leaves this remainder.
fn aligned(from: i64, step: i64, remainder: i64) -> i64 {
    let past = from.wrapping_sub(remainder).rem_euclid(step);
    if past == 0 {
        from
    } else {
        from.saturating_add(step - past)
    }
}

/// Intervals without a value of theirs.
fn without(intervals: &[(i64, i64)], hole: i64, step: i64) -> Vec<(i64, i64)> {
    let mut out = Vec::with_capacity(intervals.len() + 1);
    for &(low, high) in intervals {
        if hole < low || hole > high || hole.abs_diff(low) % step.unsigned_abs() != 0 {
            out.push((low, high));
            continue;
        }
        if hole > low {
            out.push((low, hole.saturating_sub(step)));
        }
        if hole < high {
            out.push((hole.saturating_add(step), high));
        }
    }
    out
}

/// Where the values of a column lie by what it is about, in counts.
fn usual(codec: &Codec, suited: Option<&Recognized>) -> ((i64, i64), Spread, String) {
    let factor = codec.counts(1).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a power of ten")]
    let factor = factor as f64;
    match suited {
        Some(Recognized {
            recognition:
                Recognition::Number {
                    low,
                    high,
                    distribution,
                },
            reason,
            ..
        }) if !codec.is_time() => {
            let spread = match *distribution {
                Distribution::Uniform => Spread::Even,
                Distribution::Normal { mean, deviation } => Spread::Bell {
                    mean: mean * factor,
                    deviation: deviation * factor,
                },
                Distribution::LogNormal { median, sigma } => Spread::Skewed {
                    median: median * factor,
                    sigma,
                },
            };
            let (lowest, highest) = codec.limits();
            let low = whole(low * factor).clamp(lowest, highest);
            let high = whole(high * factor).clamp(low, highest);
            ((low, high), spread, reason.clone())
        }
        Some(Recognized {
            recognition: Recognition::Time { role },
            reason,
            ..
        }) if codec.is_time() => {
            let (low, high) = moments(*role);
            let end = codec.day(high.saturating_add(1)).saturating_sub(1);
            ((codec.day(low), end), Spread::Even, reason.clone())
        }
        _ => {
            let reason = "nothing but its type is known".to_owned();
            (cell::natural(codec), Spread::Even, reason)
        }
    }
}

/// First and last day on which something of this role happens, about the reference date.
fn moments(role: TimeRole) -> (i32, i32) {
    let today = REFERENCE_DATE;
    let year = date_from_days(today).map_or(2026, |(year, ..)| year);
    match role {
        TimeRole::Created
        | TimeRole::Event
        | TimeRole::Updated
        | TimeRole::Deleted
        | TimeRole::Start => (new_year(year - 3), today - 1),
        TimeRole::Birth => (new_year(year - 90), new_year(year - 18)),
        TimeRole::Death => (new_year(year - 10), today - 1),
        TimeRole::Hired => (new_year(year - 20), today - 1),
        TimeRole::End => (new_year(year - 3), today + 90),
        TimeRole::Expires => (today - 180, today + 3 * 365),
        TimeRole::Due => (today - 90, today + 90),
    }
}
