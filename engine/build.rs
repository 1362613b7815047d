//! Compiles `data/*.csv` into static tables, so that a malformed figure stops the build and
//! nothing is parsed at run time.

#[path = "build/locale.rs"]
mod locale;
#[path = "build/table.rs"]
mod table;

use std::fmt::Write as _;
use std::path::Path;

use table::{Column, Fallible, declare, rows};

/// File stem (with its folder, if any), row type, columns.
const TABLES: &[(&str, &str, &[Column])] = &[
    (
        "first_names",
        "FirstName",
        &[
            ("name", 's'),
            ("sex", 's'),
            ("decade", 'u'),
            ("weight", 'u'),
        ],
    ),
    (
        "last_names",
        "LastName",
        &[
            ("name", 's'),
            ("count", 'u'),
            ("white", 'w'),
            ("black", 'w'),
            ("asian_pacific", 'w'),
            ("native", 'w'),
            ("two_or_more", 'w'),
            ("hispanic", 'w'),
        ],
    ),
    (
        "street_names",
        "StreetName",
        &[("name", 's'), ("weight", 'u')],
    ),
    (
        "us_states",
        "State",
        &[("state", 's'), ("name", 's'), ("population", 'u')],
    ),
    (
        "us_places",
        "Place",
        &[
            ("state", 's'),
            ("city", 's'),
            ("zip", 's'),
            ("latitude", 'f'),
            ("longitude", 'f'),
            ("area_codes", 's'),
            ("population", 'u'),
        ],
    ),
    (
        "population",
        "AgeSex",
        &[("age", 'u'), ("male", 'u'), ("female", 'u')],
    ),
    (
        "life_table",
        "Mortality",
        &[("age", 'u'), ("male", 'f'), ("female", 'f')],
    ),
    (
        "body",
        "BodySize",
        &[
            ("measure", 's'),
            ("sex", 's'),
            ("age", 'f'),
            ("p5", 'f'),
            ("p10", 'f'),
            ("p25", 'f'),
            ("p50", 'f'),
            ("p75", 'f'),
            ("p90", 'f'),
            ("p95", 'f'),
        ],
    ),
    (
        "race_ethnicity",
        "RaceEthnicity",
        &[("race", 's'), ("ethnicity", 's'), ("weight", 'u')],
    ),
    (
        "marital",
        "Marital",
        &[
            ("sex", 's'),
            ("age", 'u'),
            ("never_married", 'w'),
            ("married", 'w'),
            ("separated", 'w'),
            ("divorced", 'w'),
            ("widowed", 'w'),
        ],
    ),
    (
        "insurance",
        "Insurance",
        &[
            ("age", 'u'),
            ("employer", 'w'),
            ("direct_purchase", 'w'),
            ("medicare", 'w'),
            ("medicaid", 'w'),
            ("military", 'w'),
            ("uninsured", 'w'),
        ],
    ),
    (
        "smoking",
        "Smoking",
        &[
            ("sex", 's'),
            ("age", 'u'),
            ("current", 'w'),
            ("former", 'w'),
            ("never", 'w'),
        ],
    ),
    (
        "language",
        "Language",
        &[("group", 's'), ("language", 's'), ("weight", 'w')],
    ),
    (
        "blood_type",
        "BloodType",
        &[("group", 's'), ("blood_type", 's'), ("weight", 'w')],
    ),
    (
        "countries",
        "Country",
        &[
            ("alpha2", 's'),
            ("alpha3", 's'),
            ("numeric", 's'),
            ("name", 's'),
        ],
    ),
    (
        "currencies",
        "Currency",
        &[("code", 's'), ("name", 's'), ("symbol", 's')],
    ),
    ("icd10", "Diagnosis", &[("code", 's'), ("description", 's')]),
    ("languages", "Tongue", &[("code", 's'), ("name", 's')]),
    // Retail, telecom and education.
    ("sales_tax", "SalesTax", &[("state", 's'), ("percent", 'w')]),
    (
        "telecom/plans",
        "TelecomPlan",
        &[
            ("name", 's'),
            ("kind", 's'),
            ("fee_cents", 'u'),
            ("minutes", 'u'),
            ("messages", 'u'),
            ("megabytes", 'u'),
            ("weight", 'u'),
        ],
    ),
    (
        "telecom/quantiles",
        "TelecomQuantile",
        &[
            ("share", 'f'),
            ("call_seconds", 'u'),
            ("session_thousandths", 'u'),
        ],
    ),
    (
        "education/courses",
        "Course",
        &[
            ("department", 's'),
            ("prefix", 's'),
            ("number", 'u'),
            ("title", 's'),
            ("credits", 'u'),
            ("weight", 'u'),
        ],
    ),
    // Clinical trials.
    (
        "healthcare/adverse_events",
        "AdverseEventTerm",
        &[
            ("term", 's'),
            ("body_system", 's'),
            ("per_thousand_years", 'u'),
            ("drug_percent", 'u'),
            ("grade1", 'u'),
            ("grade2", 'u'),
            ("grade3", 'u'),
            ("grade4", 'u'),
            ("days", 'u'),
            ("highest_grade", 'u'),
        ],
    ),
    (
        "healthcare/sdtm_terms",
        "SdtmTerm",
        &[
            ("codelist", 's'),
            ("code", 's'),
            ("variable", 's'),
            ("term", 's'),
        ],
    ),
    // Healthcare.
    (
        "healthcare/diseases",
        "DiseaseFacts",
        &[
            ("key", 's'),
            ("name", 's'),
            ("course", 's'),
            ("specialty", 's'),
            ("bmi", 'f'),
            ("smoking", 'f'),
            ("frailty", 'f'),
            ("mood", 'f'),
            ("allergy", 'f'),
            ("parent", 'o'),
            ("parent_weight", 'f'),
            ("second_parent", 'o'),
            ("second_weight", 'f'),
            ("visits", 'f'),
            ("emergencies", 'f'),
            ("admissions", 'f'),
            ("stay", 'f'),
            ("days", 'u'),
            ("at_emergency", 'f'),
            ("at_inpatient", 'f'),
            ("at_virtual", 'f'),
            ("winter", 'f'),
        ],
    ),
    (
        "healthcare/occurrence",
        "Occurrence",
        &[
            ("key", 's'),
            ("sex", 's'),
            ("a0", 'f'),
            ("a5", 'f'),
            ("a10", 'f'),
            ("a15", 'f'),
            ("a20", 'f'),
            ("a30", 'f'),
            ("a40", 'f'),
            ("a50", 'f'),
            ("a60", 'f'),
            ("a70", 'f'),
            ("a80", 'f'),
            ("a90", 'f'),
        ],
    ),
    (
        "healthcare/disease_codes",
        "DiseaseCode",
        &[
            ("key", 's'),
            ("code", 's'),
            ("description", 's'),
            ("weight", 'u'),
        ],
    ),
    (
        "healthcare/procedures",
        "ProcedureFacts",
        &[
            ("code", 's'),
            ("system", 's'),
            ("description", 's'),
            ("kind", 's'),
            ("reason", 's'),
            ("sex", 's'),
            ("from", 'u'),
            ("to", 'u'),
            ("share", 'f'),
            ("charge", 'f'),
            ("one_of", 't'),
            ("years", 'u'),
            ("initial", 't'),
            ("needs", 't'),
        ],
    ),
    // Healthcare: vaccines, allergies, drugs and measurements.
    (
        "healthcare/vaccines",
        "Vaccine",
        &[
            ("series", 's'),
            ("first_year", 'u'),
            ("last_year", 'u'),
            ("cvx", 's'),
            ("name", 's'),
            ("mvx", 's'),
            ("route", 's'),
        ],
    ),
    (
        "healthcare/vaccine_schedule",
        "ScheduledDose",
        &[
            ("series", 's'),
            ("dose", 'u'),
            ("sex", 's'),
            ("age_months", 'f'),
            ("spread_months", 'f'),
            ("last_age_months", 'f'),
            ("coverage", 'w'),
        ],
    ),
    (
        "healthcare/vaccine_seasons",
        "SeasonalDose",
        &[
            ("series", 's'),
            ("dose", 'u'),
            ("first_year", 'u'),
            ("last_year", 'u'),
            ("from_age", 'u'),
            ("to_age", 'u'),
            ("start_day", 'u'),
            ("days", 'u'),
            ("coverage", 'w'),
            ("cvx", 's'),
            ("name", 's'),
            ("mvx", 's'),
        ],
    ),
    (
        "healthcare/allergens",
        "Allergen",
        &[
            ("allergen", 's'),
            ("category", 's'),
            ("kind", 's'),
            ("drug_class", 'o'),
            ("child", 'w'),
            ("adult", 'w'),
            ("first_year", 'u'),
            ("last_year", 'u'),
            ("severe", 'u'),
            ("high", 'u'),
            ("reactions", 's'),
        ],
    ),
    (
        "healthcare/drugs",
        "Drug",
        &[
            ("generic", 's'),
            ("brand", 'o'),
            ("drug_class", 's'),
            ("strength", 's'),
            ("form", 's'),
            ("route", 's'),
            ("frequency", 's'),
            ("quantity", 'u'),
            ("days", 'u'),
            ("refills", 'u'),
            ("weight", 'u'),
            ("min_age", 'u'),
            ("avoid", 'o'),
        ],
    ),
    (
        "healthcare/treatments",
        "Treatment",
        &[
            ("disease", 's'),
            ("line", 'u'),
            ("share", 'u'),
            ("generic", 's'),
            ("weight", 'u'),
            ("from_day", 'u'),
            ("to_day", 'u'),
            ("course", 'u'),
        ],
    ),
    (
        "healthcare/loinc",
        "Measurement",
        &[
            ("analyte", 's'),
            ("loinc", 's'),
            ("name", 's'),
            ("category", 's'),
            ("unit", 's'),
            ("decimals", 'u'),
            ("scale", 's'),
            ("between", 'f'),
            ("within", 'f'),
        ],
    ),
    (
        "healthcare/observation_levels",
        "ObservationLevel",
        &[
            ("analyte", 's'),
            ("sex", 's'),
            ("age", 'u'),
            ("typical", 'f'),
            ("low", 'f'),
            ("high", 'f'),
            ("critical_low", 'f'),
            ("critical_high", 'f'),
        ],
    ),
    // Finance: banking.
    (
        "finance/merchant_categories",
        "MerchantCategory",
        &[
            ("mcc", 's'),
            ("description", 's'),
            ("noun", 's'),
            ("reach", 's'),
            ("slots", 'u'),
            ("visits", 'w'),
            ("abroad", 'w'),
            ("mean", 'f'),
            ("sigma", 'f'),
            ("hours", 's'),
            ("weekend", 'f'),
        ],
    ),
    (
        "finance/score_bands",
        "ScoreBand",
        &[("low", 'u'), ("high", 'u'), ("people", 'u')],
    ),
    (
        "finance/score_defaults",
        "ScoreDefault",
        &[("low", 'u'), ("high", 'u'), ("default_percent", 'f')],
    ),
    (
        "finance/loan_rates",
        "LoanRate",
        &[
            ("year", 'u'),
            ("mortgage", 'f'),
            ("auto", 'f'),
            ("personal", 'f'),
            ("student", 'f'),
        ],
    ),
    (
        "finance/foreign_cities",
        "ForeignCity",
        &[
            ("city", 's'),
            ("country", 's'),
            ("latitude", 'f'),
            ("longitude", 'f'),
            ("hours", 'f'),
        ],
    ),
    // Finance: markets and regulation.
    (
        "finance/sectors",
        "Sector",
        &[
            ("sector", 's'),
            ("weight", 'u'),
            ("beta", 'f'),
            ("volatility", 'f'),
        ],
    ),
    (
        "finance/risk_weights",
        "RiskWeight",
        &[
            ("asset_class", 's'),
            ("bucket", 's'),
            ("ratings", 'o'),
            ("ltv_from", 'u'),
            ("ltv_to", 'u'),
            ("risk_weight", 'u'),
            ("paragraph", 's'),
            ("thousands", 'u'),
            ("weight", 'u'),
        ],
    ),
    (
        "finance/conversion_factors",
        "ConversionFactor",
        &[
            ("facility", 's'),
            ("factor", 'u'),
            ("paragraph", 's'),
            ("corporate", 'u'),
            ("retail", 'u'),
        ],
    ),
    (
        "finance/liquidity_factors",
        "LiquidityFactor",
        &[
            ("section", 's'),
            ("item", 's'),
            ("level", 'o'),
            ("factor", 'u'),
            ("paragraph", 's'),
            ("share", 'u'),
        ],
    ),
];

fn main() -> Fallible<()> {
    let mut code = String::new();
    for (stem, row, columns) in TABLES {
        let file = format!("data/{stem}.csv");
        declare(&format!("`{file}`"), row, columns, &mut code)?;
        writeln!(
            code,
            "/// `{file}`.\npub static {}: &[{row}] = &",
            stem.to_uppercase().replace('/', "_")
        )?;
        rows(&file, row, columns, "", &mut code)?;
        writeln!(code, ";")?;
    }
    write_out("data.rs", &code)?;
    write_out("locale.rs", &locale::locales()?)?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    Ok(())
}

fn write_out(name: &str, code: &str) -> Fallible<()> {
    let out = std::env::var("OUT_DIR")?;
    Ok(std::fs::write(Path::new(&out).join(name), code)?)
}
