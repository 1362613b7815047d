//! Numbers by distribution, and lists with weights.

use serde_json::Value;

use super::arguments::plain;
use super::quantile::{self, MOST_POISSON_MEAN, Zipf, open_unit};
use super::{Arguments, Bound, Generator};
use crate::dictionary::Weighted;
use crate::entropy::{below, remix, unit};
use crate::error::Result;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// The most values of a list.
const MOST_ITEMS: usize = 10_000;

/// The most components of a mixture; one may have a table of some hundred kilobytes.
const MOST_COMPONENTS: usize = 100;

/// A parameter that is a number.
const fn number(name: &'static str, default: &'static str, summary: &'static str) -> Parameter {
    Parameter {
        name,
        parameter_type: ParameterType::Number,
        default: Some(default),
        summary,
    }
}

const fn integer(name: &'static str, default: &'static str, summary: &'static str) -> Parameter {
    Parameter {
        name,
        parameter_type: ParameterType::Integer,
        default: Some(default),
        summary,
    }
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::bound(
        "exponential",
        "Number of an exponential distribution: waiting times between events.",
        &[number("mean", "1", "Mean, above 0.")],
        ColumnType::Double,
        exponential,
    ),
    Generator::bound(
        "lognormal",
        "Number of a lognormal distribution: incomes, prices, sizes of files.",
        &[
            number("mu", "0", "Mean of the logarithm; e^mu is the median."),
            number("sigma", "1", "Standard deviation of the logarithm, 0 to 100."),
        ],
        ColumnType::Double,
        lognormal,
    ),
    Generator::bound(
        "mixture",
        "Number of one of several distributions, chosen by weight.",
        &[Parameter {
            name: "components",
            parameter_type: ParameterType::Json,
            default: None,
            summary: "List of objects: generator (of numbers), weight (default 1) and the generator's parameters.",
        }],
        ColumnType::Double,
        mixture,
    )
    .with_example(&[(
        "components",
        r#"[{"generator": "normal", "mean": 20, "weight": 3}, {"generator": "uniform", "minimum": 40, "maximum": 60}]"#,
    )]),
    Generator::bound(
        "normal",
        "Number of a normal distribution.",
        &[
            number("mean", "0", "Mean."),
            number("standard_deviation", "1", "Standard deviation, 0 or more."),
        ],
        ColumnType::Double,
        normal,
    ),
    Generator::bound(
        "poisson",
        "Whole number of a Poisson distribution: events within a time.",
        &[number("mean", "1", "Mean, 0 to 1000000.")],
        ColumnType::BigInt,
        poisson,
    ),
    Generator::bound(
        "uniform",
        "Number between two bounds, all equally likely.",
        &[
            number("minimum", "0", "Lower bound."),
            number("maximum", "1", "Upper bound, at least the lower."),
        ],
        ColumnType::Double,
        uniform,
    ),
    Generator::bound(
        "uniform_integer",
        "Whole number between two bounds, both included, all equally likely.",
        &[
            integer("minimum", "0", "Smallest value."),
            integer("maximum", "1000000", "Largest value, at least the smallest."),
        ],
        ColumnType::BigInt,
        uniform_integer,
    ),
    Generator::bound(
        "weighted",
        "One of a list of values, by weight.",
        &[Parameter {
            name: "list",
            parameter_type: ParameterType::Json,
            default: None,
            summary: "Object of values with weights, or list of values, equally likely.",
        }],
        ColumnType::Text,
        weighted,
    )
    .with_example(&[("list", r#"{"bronze": 70, "silver": 25, "gold": 5}"#)]),
    Generator::bound(
        "zipf",
        "Rank of a Zipf distribution: few values often, most rarely, as words, cities and customers.",
        &[
            integer("ranks", "1000", "Largest rank, 1 or more; ranks begin at 1."),
            number("exponent", "1", "Exponent, 0 (uniform) to 20."),
        ],
        ColumnType::BigInt,
        zipf,
    ),
];

fn exponential(arguments: &Arguments<'_>) -> Result<Bound> {
    let mean = arguments.positive("mean")?;
    Ok(Bound::double(move |e| -mean * open_unit(e).ln()))
}

fn normal(arguments: &Arguments<'_>) -> Result<Bound> {
    let mean = arguments.number("mean")?;
    let deviation = arguments.number_in("standard_deviation", 0.0..=f64::MAX)?;
    Ok(Bound::double(move |e| {
        mean + deviation * quantile::normal(open_unit(e))
    }))
}

fn lognormal(arguments: &Arguments<'_>) -> Result<Bound> {
    let mu = arguments.number_in("mu", -600.0..=600.0)?;
    let sigma = arguments.number_in("sigma", 0.0..=100.0)?;
    Ok(Bound::double(move |e| {
        // Nothing larger than a double holds.
        (mu + sigma * quantile::normal(open_unit(e)))
            .min(709.0)
            .exp()
    }))
}

fn poisson(arguments: &Arguments<'_>) -> Result<Bound> {
    let table = quantile::poisson(arguments.number_in("mean", 0.0..=MOST_POISSON_MEAN)?);
    Ok(Bound::big_int(move |e| table.at(unit(e))))
}

fn uniform(arguments: &Arguments<'_>) -> Result<Bound> {
    let minimum = arguments.number("minimum")?;
    let maximum = arguments.number("maximum")?;
    if maximum < minimum {
        return Err(arguments.error("maximum must be at least minimum".to_owned()));
    }
    Ok(Bound::double(move |e| {
        let share = unit(e);
        // The width of the interval may be more than a double holds.
        minimum * (1.0 - share) + maximum * share
    }))
}

fn uniform_integer(arguments: &Arguments<'_>) -> Result<Bound> {
    let minimum = arguments.integer("minimum", i64::MIN..=i64::MAX)?;
    let maximum = arguments.integer("maximum", i64::MIN..=i64::MAX)?;
    if maximum < minimum {
        return Err(arguments.error("maximum must be at least minimum".to_owned()));
    }
    let width = maximum.abs_diff(minimum);
    let nth = move |index: u64| minimum.wrapping_add(index.cast_signed());
    let count = width.saturating_add(1);
    Ok(Bound::big_int(move |e| {
        nth(match width.checked_add(1) {
            Some(count) => below(e, count),
            None => e,
        })
    })
    .counted(count, move |index, out| {
        out.write_str(itoa::Buffer::new().format(nth(index)))
    }))
}

fn zipf(arguments: &Arguments<'_>) -> Result<Bound> {
    let ranks = arguments.integer("ranks", 1..=i64::MAX)?.unsigned_abs();
    let zipf = Zipf::new(ranks, arguments.number_in("exponent", 0.0..=20.0)?);
    Ok(Bound::big_int(move |e| zipf.at(unit(e)).cast_signed()))
}

/// Integer weights in proportion to numbers of 0 or more, of which one is above 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 2^40"
)]
fn scaled(arguments: &Arguments<'_>, weights: &[f64]) -> Result<Weighted> {
    let most = weights.iter().copied().fold(0.0, f64::max);
    if !weights.iter().all(|w| w.is_finite() && *w >= 0.0) || most <= 0.0 {
        return Err(arguments.error(
            "weights must be numbers of 0 or more, at least one of them above 0".to_owned(),
        ));
    }
    let weights: Vec<u64> = weights
        .iter()
        .map(|weight| (weight / most * 1_099_511_627_776.0).round() as u64)
        .collect();
    Ok(Weighted::new(&weights))
}

fn check_length(arguments: &Arguments<'_>, name: &str, length: usize, most: usize) -> Result<()> {
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(arguments.error(format!("{name} must have 1 to {most} items")))
}

fn weighted(arguments: &Arguments<'_>) -> Result<Bound> {
    let problem = || {
        arguments.error(
            "list must be an object of values with weights, such as {\"a\": 3, \"b\": 1}, or a list of values".to_owned(),
        )
    };
    let (values, weights): (Vec<String>, Vec<f64>) = match arguments.json("list")? {
        Value::Object(items) => items
            .iter()
            .map(|(value, weight)| Ok((value.clone(), weight.as_f64().ok_or_else(problem)?)))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip(),
        Value::Array(items) => items.into_iter().map(|value| (plain(value), 1.0)).unzip(),
        _ => return Err(problem()),
    };
    check_length(arguments, "list", values.len(), MOST_ITEMS)?;
    let table = scaled(arguments, &weights)?;
    // What has no weight never comes.
    let mut distinct: Vec<String> = values
        .iter()
        .zip(&weights)
        .filter(|(_, weight)| **weight > 0.0)
        .map(|(value, _)| value.clone())
        .collect();
    distinct.sort_unstable();
    distinct.dedup();
    let count = distinct.len() as u64;
    Ok(
        Bound::text(move |e, out| out.write_str(&values[table.pick(e)])).counted(
            count,
            move |index, out| {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                out.write_str(distinct.get(index).map_or("", String::as_str))
            },
        ),
    )
}

fn mixture(arguments: &Arguments<'_>) -> Result<Bound> {
    let problem = |problem: &str| arguments.error(format!("components {problem}"));
    let Value::Array(items) = arguments.json("components")? else {
        return Err(problem("must be a list of objects"));
    };
    check_length(arguments, "components", items.len(), MOST_COMPONENTS)?;
    let mut components = Vec::with_capacity(items.len());
    let mut weights = Vec::with_capacity(items.len());
    for item in &items {
        let Value::Object(item) = item else {
            return Err(problem("must be a list of objects"));
        };
        let Some(name) = item.get("generator").and_then(Value::as_str) else {
            return Err(problem("must each name a generator"));
        };
        let weight = item.get("weight").map_or(Some(1.0), Value::as_f64);
        weights.push(weight.ok_or_else(|| problem("must have numbers as weights"))?);
        let given: Vec<(&str, String)> = item
            .iter()
            .filter(|(key, _)| !["generator", "weight"].contains(&key.as_str()))
            .map(|(key, value)| (key.as_str(), plain(value.clone())))
            .collect();
        let given: Vec<(&str, &str)> = given.iter().map(|(k, v)| (*k, v.as_str())).collect();
        if name == arguments.entry().name {
            return Err(problem("cannot be mixtures"));
        }
        let component = super::find(name)?.bind(&given)?;
        if component.number(0).is_none() {
            return Err(problem("must be generators of numbers"));
        }
        components.push(component);
    }
    let table = scaled(arguments, &weights)?;
    Ok(Bound::double(move |e| {
        components[table.pick(e)]
            .number(remix(e))
            .unwrap_or_default()
    }))
}

#[cfg(test)]
mod tests {
    use crate::entropy::Stream;
    use crate::generator::find;

    const DRAWS: u64 = 100_000;

    /// Generator, arguments, mean and variance.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], f64, f64);

    /// Mean and variance of a generator over [`DRAWS`] draws.
    fn moments(name: &str, arguments: &[(&str, &str)]) -> (f64, f64) {
        let bound = find(name).unwrap().bind(arguments).unwrap();
        let stream = Stream::new(1, "test", name);
        let draws: Vec<f64> = (0..DRAWS)
            .map(|row| bound.number(stream.draw(row)).unwrap())
            .collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        (
            mean,
            draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n,
        )
    }

    /// Mean within 5 standard errors, variance within 5 %, of the textbook's formulas.
    #[test]
    fn moments_are_those_of_the_formulas() {
        let half: &[(&str, &str)] = &[("mu", "1"), ("sigma", "0.5")];
        // Of ranks 1 to 100 with exponent 2: the sums of k^-1 and k^0 over that of k^-2.
        let sum = |power: f64| (1..=100).map(|k| f64::from(k).powf(power)).sum::<f64>();
        let zipf_mean = sum(-1.0) / sum(-2.0);
        let cases: [Case<'_>; 9] = [
            (
                "normal",
                &[("mean", "100"), ("standard_deviation", "15")],
                100.0,
                225.0,
            ),
            (
                "lognormal",
                half,
                (1.125_f64).exp(),
                (0.25_f64).exp_m1() * (2.25_f64).exp(),
            ),
            ("exponential", &[("mean", "4")], 4.0, 16.0),
            ("poisson", &[("mean", "3.5")], 3.5, 3.5),
            ("poisson", &[("mean", "250000")], 250_000.0, 250_000.0),
            ("uniform", &[("minimum", "-1"), ("maximum", "5")], 2.0, 3.0),
            (
                "uniform_integer",
                &[("minimum", "1"), ("maximum", "6")],
                3.5,
                35.0 / 12.0,
            ),
            (
                "zipf",
                &[("ranks", "100"), ("exponent", "2")],
                zipf_mean,
                100.0 / sum(-2.0) - zipf_mean * zipf_mean,
            ),
            // 3/4 of N(20, 1) and 1/4 of U(40, 60).
            (
                "mixture",
                find("mixture").unwrap().example,
                27.5,
                0.75 * 401.0 + 0.25 * (2500.0 + 400.0 / 12.0) - 27.5 * 27.5,
            ),
        ];
        for (name, arguments, mean, variance) in cases {
            let (m, v) = moments(name, arguments);
            let error = (variance / DRAWS as f64).sqrt();
            assert!(
                (m - mean).abs() < 5.0 * error,
                "{name}: mean {m}, not {mean}"
            );
            assert!(
                (v / variance - 1.0).abs() < 0.05,
                "{name}: variance {v}, not {variance}"
            );
        }
    }

    /// Shares within 5 standard errors of the weights; what has none never comes.
    #[test]
    fn lists_follow_their_weights() {
        let list = r#"{"a": 0.5, "b": 1.5, "never": 0}"#;
        let bound = find("weighted").unwrap().bind(&[("list", list)]).unwrap();
        let stream = Stream::new(1, "test", "weighted");
        let values: Vec<String> = (0..DRAWS)
            .map(|row| bound.value(stream.draw(row)))
            .collect();
        let share = values.iter().filter(|v| *v == "a").count() as f64 / DRAWS as f64;
        assert!((share - 0.25).abs() < 5.0 * (0.25 * 0.75 / DRAWS as f64).sqrt());
        assert!(!values.iter().any(|v| v == "never"));
        assert_eq!(bound.distinct(), Some(2));
    }

    #[test]
    fn bad_arguments_are_named() {
        for (name, arguments, says) in [
            ("normal", ("standard_deviation", "-1"), "standard_deviation"),
            ("normal", ("mean", "NaN"), "finite"),
            ("poisson", ("mean", "1e300"), "1000000"),
            ("zipf", ("ranks", "0"), "ranks"),
            ("uniform", ("maximum", "-1"), "maximum"),
            ("weighted", ("list", "{}"), "1 to 10000"),
            ("weighted", ("list", "{\"a\": -1}"), "weights"),
            ("weighted", ("list", "3"), "object"),
            ("weighted", ("list", "["), "JSON"),
            (
                "mixture",
                ("components", "[{\"generator\": \"email\"}]"),
                "numbers",
            ),
            (
                "mixture",
                ("components", "[{\"generator\": \"nosuch\"}]"),
                "nosuch",
            ),
        ] {
            let error = find(name).unwrap().bind(&[arguments]).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.hint().is_some(), "{error}");
        }
    }
}
