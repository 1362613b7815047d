//! What companies say and what people do there, from the English lists of the `fake` crate.

use std::fmt::{self, Write};

use fake::locales::{Data, EN};

use super::Generator;
use super::draw::{Chain, choose, listed};
use crate::entropy::remix;

/// Departments of a company.
const DEPARTMENTS: &[&str] = &[
    "Accounting",
    "Business Development",
    "Compliance",
    "Customer Service",
    "Data and Analytics",
    "Engineering",
    "Facilities",
    "Finance",
    "Human Resources",
    "Information Technology",
    "Internal Audit",
    "Legal",
    "Logistics",
    "Manufacturing",
    "Marketing",
    "Operations",
    "Procurement",
    "Product Management",
    "Public Relations",
    "Quality Assurance",
    "Research and Development",
    "Sales",
    "Security",
    "Training",
];

pub(super) const ENTRIES: &[Generator] = &[
    Generator::text(
        "bs",
        "Business phrase in lower case: verb, adjective and noun.",
        |e, out| {
            phrase(
                [
                    EN::COMPANY_BS_VERBS,
                    EN::COMPANY_BS_ADJ,
                    EN::COMPANY_BS_NOUNS,
                ],
                e,
                out,
            )
        },
    ),
    Generator::text("bs_adj", "Adjective of a business phrase.", |e, out| {
        out.write_str(choose(EN::COMPANY_BS_ADJ, remix(e)))
    }),
    Generator::text("bs_noun", "Noun of a business phrase.", |e, out| {
        out.write_str(choose(EN::COMPANY_BS_NOUNS, remix(remix(e))))
    }),
    Generator::text("bs_verb", "Verb of a business phrase.", |e, out| {
        out.write_str(choose(EN::COMPANY_BS_VERBS, e))
    }),
    Generator::text("buzzword", "First word of a catchphrase.", |e, out| {
        out.write_str(choose(EN::COMPANY_BUZZWORD_HEAD, e))
    }),
    Generator::text(
        "buzzword_middle",
        "Middle word of a catchphrase.",
        |e, out| out.write_str(choose(EN::COMPANY_BUZZWORD_MIDDLE, remix(e))),
    ),
    Generator::text("buzzword_tail", "Last word of a catchphrase.", |e, out| {
        out.write_str(choose(EN::COMPANY_BUZZWORD_TAIL, remix(remix(e))))
    }),
    Generator::text(
        "catchphrase",
        "Catchphrase of a company, of three parts.",
        |e, out| {
            phrase(
                [
                    EN::COMPANY_BUZZWORD_HEAD,
                    EN::COMPANY_BUZZWORD_MIDDLE,
                    EN::COMPANY_BUZZWORD_TAIL,
                ],
                e,
                out,
            )
        },
    ),
    listed!(
        "department",
        "Department of a company.",
        DEPARTMENTS,
        |item| item
    ),
    Generator::text("industry", "Industry.", |e, out| {
        out.write_str(choose(EN::COMPANY_INDUSTRY, e))
    }),
    listed!(
        "job_field",
        "Field of work, that of job_title.",
        EN::JOB_FIELD,
        |item| item
    ),
    Generator::text("job_position", "Position, that of job_title.", |e, out| {
        out.write_str(choose(EN::JOB_POSITION, remix(e)))
    }),
    listed!(
        "job_seniority",
        "Seniority of a position.",
        EN::JOB_SENIORITY,
        |item| item
    ),
    Generator::text("profession", "Profession, in lower case.", |e, out| {
        out.write_str(choose(EN::COMPANY_PROFESSION, e))
    }),
];

/// A word of each list; the lists' own generators draw the same ones.
fn phrase(parts: [&[&str]; 3], entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    for (i, words) in parts.into_iter().enumerate() {
        if i > 0 {
            out.write_str(" ")?;
        }
        out.write_str(draws.choose(words))?;
    }
    Ok(())
}
