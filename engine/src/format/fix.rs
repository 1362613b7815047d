//! FIX 4.4 execution reports (`MsgType` 8): what a broker tells a customer about orders and trades.
//!
//! Each order of `market_orders` is acknowledged (`ExecType` 0) or rejected (8); each of its `trades` is
//! reported (F); what is withdrawn is canceled (4), and what is open at the close expires (C). A
//! customer is a session of its own, with sequence numbers from 1 on in the order of time, so any range
//! of customers can be written by itself. `BodyLength` (9) and `CheckSum` (10) are right, and at each report
//! `OrderQty` = `CumQty` + `LeavesQty` as long as the order is open.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::format::fix::ExecutionReports;
//!
//! let reports = ExecutionReports::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let mut out = Vec::new();
//! for customer in 0..10 {
//!     reports.write(customer, &mut out);
//! }
//! assert!(out.starts_with(b"8=FIX.4.4\x019="));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::ops::Range;
use std::sync::Arc;

use super::export::{Export, ExportEntry, ExportFile};
use crate::calendar::{MICROS_PER_DAY, date_from_days};
use crate::domain::finance::keys::customer_id;
use crate::domain::finance::securities::SecurityType;
use crate::domain::finance::trading::{Fill, Order, OrderType, Side, Status, Trading};
use crate::domain::{LAST_UNIT, TableOptions, check_units};
use crate::error::Result;

/// What stands between fields.
pub const SOH: u8 = 1;

/// `SenderCompID` of all reports.
const SENDER: &str = "PGSYNTH";

/// Registry entry.
pub static REPORTS: ExportEntry = ExportEntry {
    name: "fix",
    summary: "FIX 4.4 execution reports on the orders and trades of customers, one a line.",
    units: "customers",
    last_unit: LAST_UNIT,
    batch_units: 128,
    build: |options| {
        options.check_day(REPORTS.name)?;
        Ok(Arc::new(ExecutionReports::new(options)?))
    },
};

/// Writes execution reports of customers.
#[derive(Debug)]
pub struct ExecutionReports {
    trading: Trading,
}

/// In a file each report is followed by a line feed, so that it splits into reports there.
impl Export for ExecutionReports {
    fn files(&self) -> &[ExportFile] {
        const { &[ExportFile::joined("execution_reports.fix")] }
    }

    fn write(&self, units: Range<u64>, out: &mut [Vec<u8>]) -> Result<u64> {
        check_units(&units, LAST_UNIT)?;
        let mut count = 0;
        if let Some(out) = out.first_mut() {
            for customer in units {
                count += self.write_each(customer, b"\n", out) as u64;
            }
        }
        Ok(count)
    }
}

/// What happened to an order.
#[derive(Clone, Copy)]
enum Event {
    Accepted,
    Rejected(&'static str),
    /// The number of the execution.
    Traded(usize),
    Canceled,
    Expired,
}

/// An event with the order that it belongs to, and what of it has been executed since.
struct Report<'a> {
    at: i64,
    order: &'a Order,
    event: Event,
    executed: &'a [Fill],
}

impl ExecutionReports {
    /// The reports on the orders and trades of a world.
    pub fn new(options: &TableOptions) -> Result<Self> {
        Ok(Self {
            trading: Trading::new(options)?,
        })
    }

    /// Appends the reports of a customer, in the order of time and without anything between messages;
    /// gives their number.
    pub fn write(&self, customer: u64, out: &mut Vec<u8>) -> usize {
        self.write_each(customer, b"", out)
    }

    /// The same with `end` after each report.
    fn write_each(&self, customer: u64, end: &[u8], out: &mut Vec<u8>) -> usize {
        let mut orders = Vec::new();
        self.trading.orders(customer, |order| orders.push(order));
        let mut reports: Vec<Report<'_>> = Vec::new();
        for order in &orders {
            self.reports_of(order, &mut reports);
        }
        // Stable: what happens in one moment stays in its order.
        reports.sort_by_key(|report| report.at);
        let mut body = Vec::with_capacity(512);
        for (sequence, report) in (1_u64..).zip(&reports) {
            body.clear();
            self.write_body(report, sequence, &mut body);
            frame(&body, out);
            out.extend_from_slice(end);
        }
        reports.len()
    }

    /// The reports of an order.
    fn reports_of<'a>(&self, order: &'a Order, reports: &mut Vec<Report<'a>>) {
        let mut report = |at, event, executed| {
            reports.push(Report {
                at,
                order,
                event,
                executed,
            });
        };
        if let Status::Rejected(reason) = order.status {
            return report(order.closed_at, Event::Rejected(reason), &[]);
        }
        report(order.placed_at, Event::Accepted, &[]);
        for (number, fill) in order.fills().iter().enumerate() {
            let executed = &order.fills()[..=number];
            report(fill.executed_at, Event::Traded(number), executed);
        }
        if order.status != Status::Filled {
            let session = self.trading.prices.market.sessions[order.session];
            let event = if order.closed_at < session.closes_at() {
                Event::Canceled
            } else {
                Event::Expired
            };
            report(order.closed_at, event, order.fills());
        }
    }

    /// From `MsgType` (35) to the last field before `CheckSum` (10).
    fn write_body(&self, report: &Report<'_>, sequence: u64, out: &mut Vec<u8>) {
        let Report { order, event, .. } = *report;
        let quantity = u64::from(order.quantity);
        let executed: u64 = report
            .executed
            .iter()
            .map(|fill| u64::from(fill.quantity))
            .sum();
        let open = quantity - executed;
        let (exec_type, status, leaves) = match event {
            Event::Accepted => ("0", "0", open),
            Event::Rejected(_) => ("8", "8", 0),
            Event::Traded(_) if open == 0 => ("F", "2", 0),
            Event::Traded(_) => ("F", "1", open),
            Event::Canceled => ("4", "4", 0),
            Event::Expired => ("C", "C", 0),
        };
        let order_id = order.order_id().unsigned_abs();
        text(35, "8", out);
        text(49, SENDER, out);
        numbered(56, "CUST", customer_id(order.customer).unsigned_abs(), out);
        number(34, sequence, out);
        instant(52, report.at, out);
        number(37, order_id, out);
        if matches!(event, Event::Canceled) {
            numbered(11, "X", order_id, out);
            numbered(41, "C", order_id, out);
        } else {
            numbered(11, "C", order_id, out);
        }
        match event {
            Event::Traded(fill) => {
                numbered(17, "T", order.trade_id(fill).unsigned_abs(), out);
            }
            Event::Accepted => numbered(17, "N", order_id, out),
            _ => numbered(17, "E", order_id, out),
        }
        text(150, exec_type, out);
        text(39, status, out);
        if let Event::Rejected(reason) = event {
            // 3: order exceeds limit; 99: other, as the text says.
            text(
                103,
                if reason == "Insufficient funds" {
                    "3"
                } else {
                    "99"
                },
                out,
            );
            text(58, reason, out);
        }
        number(1, customer_id(order.customer).unsigned_abs(), out);
        self.write_instrument(order.security, out);
        text(54, if order.side == Side::Buy { "1" } else { "2" }, out);
        number(38, quantity, out);
        match order.order_type {
            OrderType::Market => text(40, "1", out),
            OrderType::Limit(limit) => {
                text(40, "2", out);
                decimal(44, limit.into(), 2, out);
            }
            OrderType::Stop(stop) => {
                text(40, "3", out);
                decimal(99, stop.into(), 2, out);
            }
        }
        text(15, "USD", out);
        text(59, "0", out);
        if let Event::Traded(place) = event {
            self.write_fill(order, &order.fills()[place], out);
        }
        number(151, leaves, out);
        number(14, executed, out);
        decimal(6, average(report.executed), 4, out);
        instant(60, report.at, out);
    }

    fn write_instrument(&self, security: u64, out: &mut Vec<u8>) {
        let market = &self.trading.prices.market;
        let facts = market.security(security);
        let mut word = String::with_capacity(16);
        // Writing into a string cannot fail.
        let _ = market.securities.write_symbol(security, &mut word);
        text(55, &word, out);
        word.clear();
        let _ = market.securities.write_isin(security, &mut word);
        text(48, &word, out);
        text(22, "4", out);
        let (kind, exchange) = match facts.security_type {
            SecurityType::Equity => ("CS", "XOFF"),
            SecurityType::Etf => ("MF", "XOFF"),
            SecurityType::Bond => ("CORP", "XXXX"),
        };
        text(167, kind, out);
        text(207, exchange, out);
    }

    fn write_fill(&self, order: &Order, fill: &Fill, out: &mut Vec<u8>) {
        let sessions = &self.trading.prices.market.sessions;
        let (gross, commission) = (fill.gross(), fill.commission());
        let net = match order.side {
            Side::Buy => gross + commission,
            Side::Sell => gross - commission,
        };
        number(32, fill.quantity.into(), out);
        decimal(31, fill.price.into(), 2, out);
        date(75, sessions[order.session].day, out);
        date(64, self.trading.settlement(order.session).day, out);
        decimal(381, gross.unsigned_abs(), 2, out);
        decimal(12, commission.unsigned_abs(), 2, out);
        // Absolute.
        text(13, "3", out);
        decimal(118, net.unsigned_abs(), 2, out);
    }
}

/// Average price in units of 0.0001, halves up; 0 before the first execution.
fn average(executed: &[Fill]) -> u64 {
    let quantity: u64 = executed.iter().map(|fill| u64::from(fill.quantity)).sum();
    let gross: u64 = executed
        .iter()
        .map(|fill| fill.gross().unsigned_abs())
        .sum();
    if quantity == 0 {
        return 0;
    }
    (gross * 200 + quantity) / (2 * quantity)
}

/// Appends a message: `BeginString`, `BodyLength`, the body, `CheckSum`.
///
/// `BodyLength` counts the bytes after its own field up to and with the last separator before `CheckSum`;
/// `CheckSum` is the sum of all bytes before its own field, modulo 256, in three digits.
pub fn frame(body: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    text(8, "FIX.4.4", out);
    number(9, body.len() as u64, out);
    out.extend_from_slice(body);
    let sum = out[start..]
        .iter()
        .fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    out.extend_from_slice(b"10=");
    padded(sum.into(), 3, out);
    out.push(SOH);
}

fn tag(tag: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(tag).as_bytes());
    out.push(b'=');
}

fn text(name: u16, value: &str, out: &mut Vec<u8>) {
    tag(name, out);
    out.extend_from_slice(value.as_bytes());
    out.push(SOH);
}

fn number(name: u16, value: u64, out: &mut Vec<u8>) {
    text(name, itoa::Buffer::new().format(value), out);
}

fn numbered(name: u16, prefix: &str, value: u64, out: &mut Vec<u8>) {
    tag(name, out);
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    out.push(SOH);
}

/// A decimal number in units of its last place.
fn decimal(name: u16, value: u64, places: u32, out: &mut Vec<u8>) {
    let one = 10_u64.pow(places);
    tag(name, out);
    out.extend_from_slice(itoa::Buffer::new().format(value / one).as_bytes());
    out.push(b'.');
    padded(value % one, places as usize, out);
    out.push(SOH);
}

fn padded(value: u64, digits: usize, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(value);
    out.extend(std::iter::repeat_n(b'0', digits.saturating_sub(text.len())));
    out.extend_from_slice(text.as_bytes());
}

fn write_date(day: i32, out: &mut Vec<u8>) {
    let (year, month, of_month) = date_from_days(day).unwrap_or((1970, 1, 1));
    padded(year.unsigned_abs().into(), 4, out);
    padded(month.into(), 2, out);
    padded(of_month.into(), 2, out);
}

/// `LocalMktDate`: YYYYMMDD.
fn date(name: u16, day: i32, out: &mut Vec<u8>) {
    tag(name, out);
    write_date(day, out);
    out.push(SOH);
}

/// `UTCTimestamp`: YYYYMMDD-HH:MM:SS.sss.
fn instant(name: u16, micros: i64, out: &mut Vec<u8>) {
    let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0);
    let milliseconds = micros.rem_euclid(MICROS_PER_DAY).unsigned_abs() / 1_000;
    tag(name, out);
    write_date(day, out);
    for (before, unit, modulus, digits) in [
        (b'-', 3_600_000, 24, 2),
        (b':', 60_000, 60, 2),
        (b':', 1_000, 60, 2),
        (b'.', 1, 1_000, 3),
    ] {
        out.push(before);
        padded(milliseconds / unit % modulus, digits, out);
    }
    out.push(SOH);
}

#[cfg(test)]
mod tests;
