//! ISO 20022 pain.001: a customer credit transfer initiation, the document by which customers ask their
//! bank to pay.
//!
//! A document holds the outgoing transfers of a range of customers in the last whole month before
//! `as_of`: rent, payments to other people and transfers elsewhere, those of fraudsters among them. They
//! are the same as in the table `transactions`, one payment information a customer. IBANs are at banks
//! that do not exist, BICs are test codes (ISO 9362).
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::format::pain001::{Options, Version, write_document};
//!
//! let options = Options {
//!     table: TableOptions { seed: 42, ..Default::default() },
//!     version: Version::V09,
//! };
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
        let (table, version) = (*table, Version::default());
        Ok(Arc::new(Options { table, version }))
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

/// Version of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// pain.001.001.03, of 2009.
    V03,
    /// pain.001.001.09, of 2019.
    #[default]
    V09,
}

impl Version {
    /// The name of the message.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V03 => "pain.001.001.03",
            Self::V09 => "pain.001.001.09",
        }
    }

    /// The element that holds a BIC.
    const fn bic(self) -> &'static str {
        match self {
            Self::V03 => "BIC",
            Self::V09 => "BICFI",
        }
    }
}

/// What decides the content of a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Seed, day and rate of fraud, as for the table `transactions`.
    pub table: TableOptions,
    /// Version of the message.
    pub version: Version,
}

/// What a document's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Number of transfers.
    pub transactions: u64,
    /// Their sum in cents.
    pub cents: i64,
}

/// The transfers of a customer.
struct Debtor {
    profile: Profile,
    transfers: Vec<Entry>,
}

impl Debtor {
    fn totals(&self) -> Totals {
        Totals {
            transactions: self.transfers.len() as u64,
            cents: -self.transfers.iter().map(|entry| entry.amount).sum::<i64>(),
        }
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
        let own = debtor.totals();
        totals.transactions += own.transactions;
        totals.cents += own.cents;
    }
    let writer = Document {
        version: options.version,
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
    version: Version,
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
        let name = self.version.name();
        let day = format_date(self.as_of);
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(
            out,
            r#"<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{name}">"#
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
            self.write_debtor(debtor, &day, out)?;
        }
        writeln!(out, "</CstmrCdtTrfInitn>")?;
        writeln!(out, "</Document>")
    }

    fn write_debtor(&self, debtor: &Debtor, day: &str, out: &mut impl Write) -> fmt::Result {
        let unit = debtor.profile.unit;
        let (first, last) = names_of(&debtor.profile);
        let bic = self.version.bic();
        writeln!(
            out,
            "<PmtInf><PmtInfId>CUSTOMER-{}</PmtInfId><PmtMtd>TRF</PmtMtd>",
            customer_id(unit)
        )?;
        write_totals(debtor.totals(), out)?;
        match self.version {
            Version::V03 => writeln!(out, "<ReqdExctnDt>{day}</ReqdExctnDt>")?,
            Version::V09 => writeln!(out, "<ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt>")?,
        }
        write!(
            out,
            "<Dbtr><Nm>{first} {last}</Nm></Dbtr><DbtrAcct><Id><IBAN>"
        )?;
        self.numbers.write_iban(account_id(unit, CHECKING), out)?;
        writeln!(
            out,
            "</IBAN></Id><Ccy>USD</Ccy></DbtrAcct><DbtrAgt><FinInstnId><{bic}>{BIC}</{bic}></FinInstnId></DbtrAgt><ChrgBr>SHAR</ChrgBr>"
        )?;
        for (number, entry) in debtor.transfers.iter().enumerate() {
            self.write_transfer(&debtor.profile, number, entry, out)?;
        }
        writeln!(out, "</PmtInf>")
    }

    fn write_transfer(
        &self,
        profile: &Profile,
        number: usize,
        entry: &Entry,
        out: &mut impl Write,
    ) -> fmt::Result {
        let id = customer_id(profile.unit);
        let day = match entry.authorised {
            Moment::At(second) => second * 1_000_000 / MICROS_PER_DAY,
            Moment::During(day) | Moment::Before(day) => i64::from(day),
        };
        let day = format_date(i32::try_from(day).unwrap_or(self.as_of));
        write!(
            out,
            "<CdtTrfTxInf><PmtId><EndToEndId>E{id}-{}</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"USD\">{}</InstdAmt></Amt>",
            number + 1,
            Amount(-entry.amount)
        )?;
        // The creditor's account goes with the creditor.
        let iban = self.iban.value(remix(entry.entropy));
        let (country, bic) = (iban.get(..2).unwrap_or("LU"), self.version.bic());
        write!(
            out,
            "<CdtrAgt><FinInstnId><{bic}>XXXX{country}L0</{bic}></FinInstnId></CdtrAgt><Cdtr><Nm>"
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
    use super::*;
    use regex::Regex;

    fn cents_of(text: &str) -> i64 {
        text.replace('.', "").parse().unwrap()
    }

    fn document(version: Version, customers: Range<u64>) -> (Totals, String) {
        let options = Options {
            table: TableOptions {
                seed: 7,
                ..Default::default()
            },
            version,
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
        for version in [Version::V03, Version::V09] {
            let (totals, text) = document(version, 0..200);
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
        assert_eq!(document(Version::V09, 0..50).0, expected);
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
