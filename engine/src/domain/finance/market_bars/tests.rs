use super::*;
use crate::calendar::REFERENCE_DATE;
use crate::domain::Table;
use crate::domain::finance::trading_days::trades_on;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type};

/// A security and its bars: day, open, high, low, close in cents, volume.
type Path = Vec<(i32, [i64; 4], i64)>;

fn paths(securities: std::ops::Range<u64>) -> Vec<Path> {
    let batch = table(&TableOptions::default())
        .batch(securities.clone())
        .unwrap();
    let keys = batch.column(0).as_primitive::<Int64Type>();
    let days = batch.column(1).as_primitive::<Date32Type>();
    let prices = [2, 3, 4, 5].map(|place| batch.column(place).as_primitive::<Decimal128Type>());
    let volumes = batch.column(6).as_primitive::<Int64Type>();
    let mut paths = vec![Path::new(); (securities.end - securities.start) as usize];
    for row in 0..batch.num_rows() {
        let prices = prices.map(|column| column.value(row) as i64);
        paths[(keys.value(row) - 1 - securities.start as i64) as usize].push((
            days.value(row),
            prices,
            volumes.value(row),
        ));
    }
    paths
}

#[test]
fn bars_hold_together() {
    for path in paths(0..300) {
        assert!(path.len() >= 64);
        assert!(path.is_sorted_by(|a, b| a.0 < b.0));
        for (day, [open, high, low, close], volume) in path {
            assert!(trades_on(day) && day <= REFERENCE_DATE);
            assert!(low > 0 && low <= open.min(close), "{low} {open} {close}");
            assert!(high >= open.max(close), "{high} {open} {close}");
            assert!(volume > 0);
        }
    }
}

#[test]
fn every_trading_day_has_a_bar() {
    let path = &paths(0..1)[0];
    let days: Vec<i32> = path.iter().map(|bar| bar.0).collect();
    let wanted: Vec<i32> = (days[0]..=REFERENCE_DATE)
        .filter(|&day| trades_on(day))
        .collect();
    assert_eq!(days, wanted);
}

fn returns(path: &Path) -> Vec<f64> {
    path.windows(2)
        .map(|pair| pair[1].1[3] as f64 / pair[0].1[3] as f64 - 1.0)
        .collect()
}

fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let product = |k: usize| {
        values[k..]
            .iter()
            .zip(values)
            .map(|(a, b)| (a - mean) * (b - mean))
            .sum::<f64>()
    };
    product(lag) / product(0)
}

fn average(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// Stylized facts of Cont ("Empirical properties of asset returns", Quantitative Finance 1, 2001):
/// daily returns are not autocorrelated, their absolute values are (about 0.1 to 0.3 for stocks, and
/// slowly less with the lag), and their kurtosis is well above the 3 of a normal distribution (for
/// single stocks 5 to 20 and more). Averages over the first 400 securities with a full path.
#[test]
fn returns_have_clusters_and_fat_tails() {
    let paths: Vec<Path> = paths(0..400)
        .into_iter()
        .filter(|path| path.len() == 504)
        .collect();
    let returns: Vec<Vec<f64>> = paths.iter().map(returns).collect();
    let absolute: Vec<Vec<f64>> = returns
        .iter()
        .map(|r| r.iter().map(|x| x.abs()).collect())
        .collect();
    let plain = average(returns.iter().map(|r| autocorrelation(r, 1)));
    assert!(plain.abs() < 0.06, "autocorrelation of returns: {plain}");
    let [day, week, month] =
        [1, 5, 20].map(|lag| average(absolute.iter().map(|r| autocorrelation(r, lag))));
    assert!(
        (0.08..0.30).contains(&day),
        "of absolute returns after a day: {day}"
    );
    assert!(
        week > 0.05 && day > month,
        "after a day {day}, a week {week}, a month {month}"
    );
    let kurtosis = average(returns.iter().map(|r| {
        let mean = r.iter().sum::<f64>() / r.len() as f64;
        let moment = |k| r.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / r.len() as f64;
        moment(4) / (moment(2) * moment(2))
    }));
    assert!((4.5..12.0).contains(&kurtosis), "kurtosis {kurtosis}");
}

/// Volatility of single US stocks is 15 to 60 % a year, and they move together: the mean pairwise
/// correlation of daily returns of S&P 500 members lies at 0.2 to 0.4 in quiet years (estimate).
#[test]
fn stocks_move_as_stocks_do() {
    let market = Market::new(&TableOptions::default());
    let all = paths(0..256);
    let stocks: Vec<Vec<f64>> = (0_u64..256)
        .filter(|&unit| {
            market.security(unit).security_type == super::super::securities::SecurityType::Equity
        })
        .map(|unit| &all[unit as usize])
        .filter(|path| path.len() == 504)
        .map(returns)
        .collect();
    let deviation = |r: &[f64]| (average(r.iter().map(|x| x * x))).sqrt();
    for stock in &stocks {
        let yearly = deviation(stock) * 252_f64.sqrt();
        assert!((0.10..0.90).contains(&yearly), "{yearly}");
    }
    let typical = average(stocks.iter().map(|s| deviation(s))) * 252_f64.sqrt();
    assert!((0.22..0.42).contains(&typical), "{typical}");
    let correlation = average(stocks.windows(2).map(|pair| {
        average(pair[0].iter().zip(&pair[1]).map(|(a, b)| a * b))
            / (deviation(&pair[0]) * deviation(&pair[1]))
    }));
    assert!((0.15..0.5).contains(&correlation), "{correlation}");
}

/// More is traded on days on which the price moves (Karpoff, "The Relation Between Price Changes and
/// Trading Volume", 1987).
#[test]
fn volume_follows_movement() {
    for path in paths(0..64) {
        let moves: Vec<f64> = returns(&path).iter().map(|r| r.abs()).collect();
        let volumes: Vec<f64> = path[1..].iter().map(|bar| bar.2 as f64).collect();
        let (m, v) = (
            average(moves.iter().copied()),
            average(volumes.iter().copied()),
        );
        let together = average(moves.iter().zip(&volumes).map(|(a, b)| (a - m) * (b - v)));
        assert!(together > 0.0);
    }
}
