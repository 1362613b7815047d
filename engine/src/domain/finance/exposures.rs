//! Exposures of a bank under the standardised approach of Basel III: class, rating or loan to value,
//! exposure at default, risk weight, risk-weighted assets.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! // 96 counterparties at four ends of quarters, with the first of each 1,024 customers.
//! let exposures = table("exposures", &TableOptions { seed: 42, ..Default::default() })?;
//! assert_eq!(exposures.batch(0..1_000)?.num_rows(), 4 * 96);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::Write;
use std::sync::Arc;

use super::book::{Books, Exposure};
use super::keys::CUSTOMERS_PER_BLOCK;
use crate::domain::linked::{Column, Linked, Text, first_of_block};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::generator::{name, work};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "exposures",
        "Credit exposures by Basel III's standardised approach; 96 a quarter for each 1,024 customers.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all exposures of the banks of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "exposure",
    fan_out: FanOut::Mean(4.0 * 96.0 / 1_024.0),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options))),
};

struct Row {
    exposure_id: i64,
    capital_position_id: i64,
    reported_on: i32,
    exposure: Exposure,
}

/// Percent as a fraction with four decimals.
pub(super) const fn fraction(percent: i64) -> i64 {
    percent * 100
}

/// Whose name fits the asset class: fictitious companies and places, or a pool of many debtors.
fn write_counterparty(exposure: &Exposure, out: &mut Text) -> std::fmt::Result {
    let entropy = exposure.entropy;
    let lead = match exposure.class.asset_class {
        "Sovereign" => "Republic of ",
        "Bank" => "Bank of ",
        "Corporate" | "Corporate SME" | "Income-producing commercial" => {
            return work::company(entropy, out);
        }
        _ => {
            out.write_str("Pool ")?;
            return out.write_str(itoa::Buffer::new().format(exposure.number + 1));
        }
    };
    out.write_str(lead)?;
    out.write_str(name::last_name(entropy))?;
    // No country's name is a surname and these letters.
    out.write_str("onia")
}

fn table(options: &TableOptions) -> Linked<Books, Row> {
    let columns = vec![
        Column::big_int("exposure_id", "Key", |_, r: &Row| Some(r.exposure_id)),
        Column::big_int(
            "capital_position_id",
            "The bank's capital on that day",
            |_, r| Some(r.capital_position_id),
        ),
        Column::date("reported_on", "End of the quarter", |_, r| {
            Some(r.reported_on)
        }),
        Column::text(
            "counterparty",
            "Debtor, or pool of debtors",
            |_, r: &Row, out| write_counterparty(&r.exposure, out).map(|()| true),
        ),
        Column::word("asset_class", "Exposure class of CRE20", |_, r: &Row| {
            Some(r.exposure.class.asset_class)
        }),
        Column::word(
            "risk_bucket",
            "Row of the class's table of risk weights",
            |_, r: &Row| Some(r.exposure.class.bucket),
        ),
        Column::word(
            "external_rating",
            "Rating of the debtor, where the class goes by it",
            |_, r: &Row| r.exposure.rating,
        )
        .nullable(),
        Column::decimal(
            "loan_to_value",
            4,
            "Loan to value, 1 is 100 %, where the class goes by it",
            |_, r: &Row| r.exposure.loan_to_value.map(fraction),
        )
        .nullable(),
        Column::money("drawn_amount", "What is owed", |_, r| {
            Some(r.exposure.drawn)
        }),
        Column::money(
            "undrawn_amount",
            "What is committed and not drawn",
            |_, r| Some(r.exposure.undrawn),
        ),
        Column::word("facility", "Kind of the commitment", |_, r: &Row| {
            r.exposure.facility.map(|facility| facility.facility)
        })
        .nullable(),
        Column::decimal(
            "credit_conversion_factor",
            4,
            "Share of the undrawn amount that counts, 1 is 100 %",
            |_, r| Some(fraction(r.exposure.conversion_factor())),
        ),
        Column::money(
            "exposure_at_default",
            "Drawn amount plus undrawn amount times conversion factor",
            |_, r| Some(r.exposure.at_default()),
        ),
        Column::decimal("risk_weight", 4, "Risk weight, 1 is 100 %", |_, r| {
            Some(fraction(r.exposure.class.risk_weight.cast_signed()))
        }),
        Column::money(
            "risk_weighted_assets",
            "Exposure at default times risk weight",
            |_, r| Some(r.exposure.risk_weighted_assets()),
        ),
        Column::word(
            "paragraph",
            "Where the Basel Framework gives the risk weight",
            |_, r: &Row| Some(r.exposure.class.paragraph),
        ),
    ];
    Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        Books::new(options),
        columns,
        TABLE.fan_out,
        |books, customer, _, out| {
            books.exposures(customer / CUSTOMERS_PER_BLOCK, |position, &exposure| {
                out.push(Row {
                    exposure_id: position.row_id(exposure.number),
                    capital_position_id: position.capital_position_id(),
                    reported_on: position.reported_on,
                    exposure,
                });
            });
        },
    )
    .only(|_, unit| first_of_block::<CUSTOMERS_PER_BLOCK>(unit))
    .up_to(LAST_UNIT)
    .primary_key(&["exposure_id"])
    .references(
        &["capital_position_id"],
        "capital_positions",
        &["capital_position_id"],
    )
    .index(&["capital_position_id"])
    .index(&["asset_class"])
}
