//! Exponential function and logarithm that come out the same on every machine.

/// e to the power of x, for x of -8 to 8, to three parts in 10,000: the power series of x/32, squared
/// five times. Only additions and multiplications, so that all machines agree.
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    let y = x.clamp(-8.0, 8.0) * (1.0 / 32.0);
    let series = 1.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6.0 + y * (1.0 / 24.0))));
    let two = series * series;
    let four = two * two;
    let eight = four * four;
    let sixteen = eight * eight;
    sixteen * sixteen
}

/// The natural logarithm of a positive number of 0.1 to 1,000.
#[inline]
pub(super) fn ln(x: f64) -> f64 {
    let (mut x, mut doublings) = (x.clamp(0.1, 1_000.0), 0.0);
    while x > 1.42 {
        x *= 0.5;
        doublings += 1.0;
    }
    while x < 0.71 {
        x *= 2.0;
        doublings -= 1.0;
    }
    // 2 artanh((x - 1) / (x + 1)).
    let t = (x - 1.0) / (x + 1.0);
    let square = t * t;
    let series = 1.0 + square * (1.0 / 3.0 + square * (0.2 + square * (1.0 / 7.0 + square / 9.0)));
    2.0 * t * series + doublings * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_close_to_the_library() {
        for i in -60..=60 {
            let x = f64::from(i) / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 3e-4, "exp({x})");
        }
        for i in 1..=1_000 {
            let x = f64::from(i) / 2.0;
            assert!((ln(x) - x.ln()).abs() < 1e-6, "ln({x})");
        }
    }
}
