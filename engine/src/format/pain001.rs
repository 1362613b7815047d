//! ISO 20022 pain.001: a customer credit transfer initiation, the document by which customers ask their
//! bank to pay.
//!
//! A document holds the outgoing transfers of a range of customers in the last whole month before
//! `as_of`: rent, payments to other people and transfers elsewhere, those of fraudsters among them. They
//! are the same as in the table `transactions`. Each customer has a payment information for each date on
//! which something is to be paid: the day of the transfer, or the next business day after it. The document
//! is made at the start of the month, before all of them. IBANs are at banks that do not exist, BICs are
//! test codes (ISO 9362).
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::format::pain001::{Options, write_document};
//!
//! let options = Options { table: TableOptions { seed: 42, ..Default::default() } };
//! let mut document = String::new();
//! let totals = write_document(&options, 0..10, &mut document)?;
//! assert!(document.contains(&format!("<NbOfTxs>{}</NbOfTxs>", totals.transactions)));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use super::export::{Export, ExportEntry, ExportFile};
use crate::calendar::{MICROS_PER_DAY, format_date};
use crate::domain::finance::accounts::Numbers;
use crate::domain::finance::bank::{Bank, HISTORY, account_id, customer_id};
use crate::domain::finance::bank_days::{business_day, last_business_day};
use crate::domain::finance::customers::names_of;
use crate::domain::finance::ledger::{Entry, Kind, Ledger, Moment};
use crate::domain::finance::profile::{CHECKING, Profile};
use crate::domain::finance::transactions::counterparty;
use crate::domain::{LAST_UNIT, TableOptions, check_units};
use crate::entropy::remix;
use crate::error::{Error, Result};
use crate::generator::{self, Bound};

/// Name in error messages.
const ENTRY: &str = "pain001";

/// Registry entry.
pub static DOCUMENTS: ExportEntry = ExportEntry {
    name: ENTRY,
    summary: "ISO 20022 pain.001.001.09 credit transfers of customers, a document a thousand customers.",
    units: "customers",
    last_unit: LAST_UNIT,
    batch_units: 1_000,
    build: |table| {
        Bank::new(ENTRY, table)?;
        Ok(Arc::new(Options { table: *table }))
    },
};

/// A document a range.
impl Export for Options {
    fn files(&self) -> &[ExportFile] {
        const { &[ExportFile::document("pain001.xml")] }
    }

    fn write(&self, units: Range<u64>, out: &mut [Vec<u8>]) -> Result<u64> {
        if check_units(&units, LAST_UNIT)? == 0 {
            return Ok(0);
        }
        let mut document = String::new();
        write_document(self, units, &mut document)?;
        if let Some(out) = out.first_mut() {
            out.extend_from_slice(document.as_bytes());
        }
        Ok(1)
    }
}

/// The most customers of a document: its payments are held in memory, to be counted before they are
/// written.
pub const LONGEST: u64 = 100_000;

/// The bank's BIC: a test code, as its last character is 0.
const BIC: &str = "XXXXLUL0";

/// The name of the message: that of 2019.
const MESSAGE: &str = "pain.001.001.09";

/// What decides the content of a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Seed, day and rate of fraud, as for the table `transactions`.
    pub table: TableOptions,
}

/// What a document's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Number of transfers.
    pub transactions: u64,
    /// Their sum in cents.
    pub cents: i64,
}

impl Totals {
    fn of(transfers: &[Entry]) -> Self {
        Self {
            transactions: transfers.len() as u64,
            cents: -transfers.iter().map(|entry| entry.amount).sum::<i64>(),
        }
    }
}

/// The transfers of a customer, in order of time.
struct Debtor {
    profile: Profile,
    transfers: Vec<Entry>,
}

/// The day of a transfer.
fn day_of(entry: &Entry) -> i32 {
    match entry.authorised {
        Moment::At(second) => i32::try_from(second * 1_000_000 / MICROS_PER_DAY).unwrap_or(0),
        Moment::During(day) | Moment::Before(day) => day,
    }
}

/// Writes the document of a range of customers and gives its totals.
///
/// An error if the range holds more than [`LONGEST`] customers, or none that pays anybody: a document
/// has at least one transfer.
pub fn write_document(
    options: &Options,
    customers: Range<u64>,
    out: &mut impl Write,
) -> Result<Totals> {
    let bank = Bank::new(ENTRY, &options.table)?;
    let count = check_units(&customers, LAST_UNIT)? as u64;
    let refuse = |problem: &str| {
        Err(Error::Argument {
            entry: ENTRY,
            problem: problem.to_owned(),
        })
    };
    if count > LONGEST {
        return refuse("a document holds the transfers of up to 100,000 customers");
    }
    let debtors: Vec<Debtor> = customers
        .clone()
        .map(|customer| transfers(&bank, customer))
        .filter(|debtor| !debtor.transfers.is_empty())
        .collect();
    if debtors.is_empty() {
        return refuse("none of these customers made a transfer in the last month; ask for more");
    }
    let mut totals = Totals {
        transactions: 0,
        cents: 0,
    };
    for debtor in &debtors {
        let own = Totals::of(&debtor.transfers);
        totals.transactions += own.transactions;
        totals.cents += own.cents;
    }
    let writer = Document {
        month: bank.months.of(HISTORY - 1).start,
        as_of: options.table.as_of,
        numbers: Numbers::new(options.table.seed)?,
        iban: generator::find("iban")?.bind(&[])?,
    };
    match writer.write(&customers, &debtors, totals, out) {
        Ok(()) => Ok(totals),
        Err(fmt::Error) => refuse("the document could not be written to its destination"),
    }
}

/// What a customer transferred in the last whole month.
fn transfers(bank: &Bank, customer: u64) -> Debtor {
    let profile = Profile::of(bank, customer);
    let mut transfers = Vec::new();
    let month = HISTORY - 1;
    if profile.first_month <= month {
        let mut ledger = Ledger::new(bank, &profile);
        let state = ledger.at(month);
        ledger.run(month..month + 1, state, &mut |entry| {
            let leaves = match entry.kind {
                Kind::TransferOut | Kind::Rent => true,
                Kind::PeerPayment => entry.amount < 0,
                _ => false,
            };
            if leaves {
                transfers.push(*entry);
            }
        });
    }
    Debtor { profile, transfers }
}

struct Document {
    /// The first day of the month, on which the document is made.
    month: i32,
    as_of: i32,
    numbers: Numbers,
    iban: Bound,
}

/// Cents with two decimals.
struct Amount(i64);

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Document {
    fn write(
        &self,
        customers: &Range<u64>,
        debtors: &[Debtor],
        totals: Totals,
        out: &mut impl Write,
    ) -> fmt::Result {
        let day = format_date(self.month);
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(
            out,
            r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{MESSAGE}">"#
        )?;
        writeln!(out, "<CstmrCdtTrfInitn>")?;
        writeln!(
            out,
            "<GrpHdr><MsgId>SYNTH-{}-{}</MsgId><CreDtTm>{day}T00:00:00</CreDtTm>",
            customers.start, customers.end
        )?;
        write_totals(totals, out)?;
        writeln!(out, "<InitgPty><Nm>Synthetic Bank</Nm></InitgPty></GrpHdr>")?;
        for debtor in debtors {
            self.write_debtor(debtor, out)?;
        }
        writeln!(out, "</CstmrCdtTrfInitn>")?;
        writeln!(out, "</Document>")
    }

    /// The date on which a transfer is to be executed: the next business day, but none that is not over at
    /// `as_of`.
    fn execution_date(&self, entry: &Entry) -> i32 {
        let day = day_of(entry);
        let next = business_day(day);
        if next > self.as_of {
            last_business_day(day)
        } else {
            next
        }
    }

    /// A payment information for each date of execution.
    fn write_debtor(&self, debtor: &Debtor, out: &mut impl Write) -> fmt::Result {
        let unit = debtor.profile.unit;
        let (first, last) = names_of(&debtor.profile);
        let mut number = 0;
        let by_date = |a: &Entry, b: &Entry| self.execution_date(a) == self.execution_date(b);
        for transfers in debtor.transfers.chunk_by(by_date) {
            let date = transfers
                .first()
                .map_or(self.as_of, |entry| self.execution_date(entry));
            let date = format_date(date);
            writeln!(
                out,
                "<PmtInf><PmtInfId>CUSTOMER-{}-{date}</PmtInfId><PmtMtd>TRF</PmtMtd>",
                customer_id(unit)
            )?;
            write_totals(Totals::of(transfers), out)?;
            writeln!(out, "<ReqdExctnDt><Dt>{date}</Dt></ReqdExctnDt>")?;
            write!(
                out,
                "<Dbtr><Nm>{first} {last}</Nm></Dbtr><DbtrAcct><Id><IBAN>"
            )?;
            self.numbers.write_iban(account_id(unit, CHECKING), out)?;
            writeln!(
                out,
                "</IBAN></Id><Ccy>USD</Ccy></DbtrAcct><DbtrAgt><FinInstnId><BICFI>{BIC}</BICFI></FinInstnId></DbtrAgt><ChrgBr>SHAR</ChrgBr>"
            )?;
            for entry in transfers {
                number += 1;
                self.write_transfer(&debtor.profile, number, entry, out)?;
            }
            writeln!(out, "</PmtInf>")?;
        }
        Ok(())
    }

    fn write_transfer(
        &self,
        profile: &Profile,
        number: usize,
        entry: &Entry,
        out: &mut impl Write,
    ) -> fmt::Result {
        let id = customer_id(profile.unit);
        let day = format_date(day_of(entry));
        write!(
            out,
            "<CdtTrfTxInf><PmtId><EndToEndId>E{id}-{}</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"USD\">{}</InstdAmt></Amt>",
            number,
            Amount(-entry.amount)
        )?;
        // The creditor's account goes with the creditor.
        let iban = self.iban.value(remix(entry.entropy));
        let country = iban.get(..2).unwrap_or("LU");
        write!(
            out,
            "<CdtrAgt><FinInstnId><BICFI>XXXX{country}L0</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>"
        )?;
        if !counterparty(entry, out)? {
            // The customer's own account elsewhere.
            let (first, last) = names_of(profile);
            write!(out, "{first} {last}")?;
        }
        writeln!(
            out,
            "</Nm></Cdtr><CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct><RmtInf><Ustrd>{} of {day}</Ustrd></RmtInf></CdtTrfTxInf>",
            match entry.kind {
                Kind::Rent => "Rent",
                Kind::PeerPayment => "Payment",
                _ => "Transfer",
            }
        )
    }
}

fn write_totals(totals: Totals, out: &mut impl Write) -> fmt::Result {
    writeln!(
        out,
        "<NbOfTxs>{}</NbOfTxs><CtrlSum>{}</CtrlSum>",
        totals.transactions,
        Amount(totals.cents)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::calendar::{REFERENCE_DATE, parse_date};
    use crate::domain::finance::bank_days::is_business_day;
    use regex::Regex;

    fn cents_of(text: &str) -> i64 {
        text.replace('.', "").parse().unwrap()
    }

    fn document(as_of: i32, customers: Range<u64>) -> (Totals, String) {
        let options = Options {
            table: TableOptions {
                seed: 7,
                as_of,
                ..Default::default()
            },
        };
        let mut out = String::new();
        let totals = write_document(&options, customers, &mut out).unwrap();
        (totals, out)
    }

    /// What the header and each payment information announce is what stands there.
    #[test]
    fn sums_add_up() {
        let amount = Regex::new(r#"<InstdAmt Ccy="USD">([0-9.]+)<"#).unwrap();
        let sum = Regex::new("<NbOfTxs>([0-9]+)</NbOfTxs><CtrlSum>([0-9.]+)<").unwrap();
        let (totals, text) = document(REFERENCE_DATE, 0..200);
        assert!(totals.transactions > 100, "{totals:?}");
        let parts: Vec<&str> = text.split("<PmtInf>").collect();
        let said = |part: &str| {
            let found = sum.captures(part).unwrap();
            (found[1].parse::<u64>().unwrap(), cents_of(&found[2]))
        };
        assert_eq!(said(parts[0]), (totals.transactions, totals.cents));
        let mut all = (0, 0);
        for part in &parts[1..] {
            let amounts: Vec<i64> = amount
                .captures_iter(part)
                .map(|found| cents_of(&found[1]))
                .collect();
            assert!(amounts.iter().all(|cents| *cents > 0), "{part}");
            let own = (amounts.len() as u64, amounts.iter().sum());
            assert_eq!(said(part), own, "{part}");
            all = (all.0 + own.0, all.1 + own.1);
        }
        assert_eq!(all, (totals.transactions, totals.cents));
    }

    /// What a customer pays on a date is one payment information, to be executed on that date or the next
    /// business day, within the month and after the document was made; its identifier and those of the
    /// transfers are unique.
    #[test]
    fn transfers_are_executed_on_their_dates() {
        let made = Regex::new("<CreDtTm>([0-9-]{10})T").unwrap();
        let executed = Regex::new("<ReqdExctnDt><Dt>([0-9-]{10})</Dt>").unwrap();
        let id = Regex::new("<PmtInfId>(CUSTOMER-[0-9]+)-([0-9-]{10})</PmtInfId>").unwrap();
        let transfer = Regex::new("<EndToEndId>([^<]+)<").unwrap();
        let of = Regex::new("<Ustrd>(?:Rent|Payment|Transfer) of ([0-9-]{10})</Ustrd>").unwrap();
        let day = |text: &str| parse_date(text).unwrap();
        // Also a month that ends on a weekend: 2026-01-31 was a Saturday.
        for as_of in [REFERENCE_DATE, REFERENCE_DATE + 31] {
            let (totals, text) = document(as_of, 0..300);
            let made = day(&made.captures(&text).unwrap()[1]);
            let (mut dates, mut seen) = (HashSet::new(), HashSet::new());
            let (mut moved, mut count) = (0, 0);
            for part in text.split("<PmtInf>").skip(1) {
                let found = executed.captures(part).unwrap();
                let date = day(&found[1]);
                assert!(is_business_day(date), "{part}");
                assert!(made <= date && date <= as_of, "{part}");
                let name = id.captures(part).unwrap();
                assert_eq!(&name[2], &found[1]);
                assert!(dates.insert((name[1].to_owned(), date)), "twice: {part}");
                for found in of.captures_iter(part) {
                    let wanted = day(&found[1]);
                    let next = business_day(wanted);
                    assert!(date == next || next > as_of && date < wanted, "{part}");
                    moved += usize::from(date != wanted);
                    count += 1;
                }
                for found in transfer.captures_iter(part) {
                    assert!(seen.insert(found[1].to_owned()), "twice: {part}");
                }
            }
            assert_eq!(count, totals.transactions);
            assert!(moved > 20 && dates.len() > 300, "{moved}, {}", dates.len());
        }
    }

    /// The outgoing transfers of the table in the last whole month, December 2025, and no others.
    #[test]
    fn transfers_are_those_of_the_table() {
        use arrow_array::cast::AsArray;
        use arrow_array::types::{Decimal128Type, TimestampMicrosecondType};
        let options = TableOptions {
            seed: 7,
            ..Default::default()
        };
        let table = crate::domain::table("transactions", &options).unwrap();
        let batch = table.batch(0..50).unwrap();
        let column = |name| batch.column_by_name(name).unwrap();
        let kinds = column("transaction_type").as_string::<i32>();
        let amounts = column("amount").as_primitive::<Decimal128Type>();
        let posted = column("posted_at").as_primitive::<TimestampMicrosecondType>();
        // 2025-12-01, and after 2026-01-01 what was posted at night in the US.
        let december = (20_423 * MICROS_PER_DAY + MICROS_PER_DAY / 3)..i64::MAX;
        let mut expected = Totals {
            transactions: 0,
            cents: 0,
        };
        for row in 0..batch.num_rows() {
            let leaves = match kinds.value(row) {
                "transfer_out" | "rent" => true,
                "peer_payment" => amounts.value(row) < 0,
                _ => false,
            };
            if leaves && december.contains(&posted.value(row)) {
                expected.transactions += 1;
                expected.cents -= i64::try_from(amounts.value(row)).unwrap();
            }
        }
        assert_eq!(document(REFERENCE_DATE, 0..50).0, expected);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let options = Options::default();
        let refused = |customers| {
            let mut out = String::new();
            let result = write_document(&options, customers, &mut out);
            assert!(matches!(result, Err(Error::Argument { .. })), "{result:?}");
            assert!(out.is_empty());
        };
        refused(0..0);
        refused(0..LONGEST + 1);
    }
}
