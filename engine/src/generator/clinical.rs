//! What clinics write down: diagnoses, medicines, laboratory results and vital signs. Notes are in
//! [`note`].
//!
//! Codes and names of a diagnosis, of a medicine and of a laboratory test agree; nothing here is
//! medical advice, and doses are the usual ones only so that they look right.

mod case;
mod note;

use std::fmt::{self, Write};

use super::data::ICD10;
use super::draw::{Chain, choose, listed, write_number};
use super::{Bound, Generator, Group};
use crate::entropy::{below, remix};
use crate::schema::ColumnType;

/// Percent of the US population (American Red Cross, see `data/README.md`, `blood_type.csv`).
const BLOOD_TYPES: &[(&str, u64)] = &[
    ("O+", 38),
    ("A+", 34),
    ("B+", 9),
    ("O-", 7),
    ("A-", 6),
    ("AB+", 3),
    ("B-", 2),
    ("AB-", 1),
];

/// Generic name, class and usual doses of medicines.
const DRUGS: &[(&str, &str, &[&str])] = &[
    (
        "acetaminophen",
        "analgesic",
        &["325 mg", "500 mg", "650 mg"],
    ),
    ("albuterol", "bronchodilator", &["90 mcg"]),
    (
        "allopurinol",
        "xanthine oxidase inhibitor",
        &["100 mg", "300 mg"],
    ),
    ("alprazolam", "benzodiazepine", &["0.25 mg", "0.5 mg"]),
    ("amlodipine", "calcium channel blocker", &["5 mg", "10 mg"]),
    ("amoxicillin", "antibiotic", &["500 mg", "875 mg"]),
    ("apixaban", "anticoagulant", &["2.5 mg", "5 mg"]),
    ("aspirin", "antiplatelet", &["81 mg", "325 mg"]),
    ("atenolol", "beta blocker", &["25 mg", "50 mg"]),
    (
        "atorvastatin",
        "statin",
        &["10 mg", "20 mg", "40 mg", "80 mg"],
    ),
    ("azithromycin", "antibiotic", &["250 mg", "500 mg"]),
    ("budesonide", "inhaled corticosteroid", &["180 mcg"]),
    ("bupropion", "antidepressant", &["150 mg", "300 mg"]),
    (
        "carvedilol",
        "beta blocker",
        &["6.25 mg", "12.5 mg", "25 mg"],
    ),
    ("cephalexin", "antibiotic", &["500 mg"]),
    ("cetirizine", "antihistamine", &["10 mg"]),
    ("ciprofloxacin", "antibiotic", &["250 mg", "500 mg"]),
    ("citalopram", "antidepressant", &["10 mg", "20 mg"]),
    ("clopidogrel", "antiplatelet", &["75 mg"]),
    ("doxycycline", "antibiotic", &["100 mg"]),
    ("duloxetine", "antidepressant", &["30 mg", "60 mg"]),
    ("empagliflozin", "SGLT2 inhibitor", &["10 mg", "25 mg"]),
    ("escitalopram", "antidepressant", &["10 mg", "20 mg"]),
    ("famotidine", "H2 blocker", &["20 mg", "40 mg"]),
    ("fluoxetine", "antidepressant", &["20 mg", "40 mg"]),
    ("fluticasone", "corticosteroid", &["50 mcg"]),
    ("furosemide", "loop diuretic", &["20 mg", "40 mg"]),
    (
        "gabapentin",
        "anticonvulsant",
        &["100 mg", "300 mg", "600 mg"],
    ),
    ("glipizide", "sulfonylurea", &["5 mg", "10 mg"]),
    (
        "hydrochlorothiazide",
        "thiazide diuretic",
        &["12.5 mg", "25 mg"],
    ),
    ("ibuprofen", "NSAID", &["400 mg", "600 mg", "800 mg"]),
    ("insulin glargine", "insulin", &["10 units", "20 units"]),
    (
        "levothyroxine",
        "thyroid hormone",
        &["25 mcg", "50 mcg", "100 mcg"],
    ),
    (
        "lisinopril",
        "ACE inhibitor",
        &["5 mg", "10 mg", "20 mg", "40 mg"],
    ),
    ("loratadine", "antihistamine", &["10 mg"]),
    (
        "losartan",
        "angiotensin receptor blocker",
        &["25 mg", "50 mg", "100 mg"],
    ),
    ("meloxicam", "NSAID", &["7.5 mg", "15 mg"]),
    ("metformin", "biguanide", &["500 mg", "850 mg", "1000 mg"]),
    ("methotrexate", "antirheumatic", &["7.5 mg", "15 mg"]),
    ("metoprolol", "beta blocker", &["25 mg", "50 mg", "100 mg"]),
    ("montelukast", "leukotriene inhibitor", &["10 mg"]),
    ("naproxen", "NSAID", &["250 mg", "500 mg"]),
    ("nitrofurantoin", "antibiotic", &["100 mg"]),
    ("omeprazole", "proton pump inhibitor", &["20 mg", "40 mg"]),
    ("ondansetron", "antiemetic", &["4 mg", "8 mg"]),
    ("pantoprazole", "proton pump inhibitor", &["20 mg", "40 mg"]),
    ("prednisone", "corticosteroid", &["5 mg", "10 mg", "20 mg"]),
    ("quetiapine", "antipsychotic", &["25 mg", "100 mg"]),
    ("rosuvastatin", "statin", &["5 mg", "10 mg", "20 mg"]),
    (
        "semaglutide",
        "GLP-1 agonist",
        &["0.25 mg", "0.5 mg", "1 mg"],
    ),
    (
        "sertraline",
        "antidepressant",
        &["25 mg", "50 mg", "100 mg"],
    ),
    ("simvastatin", "statin", &["10 mg", "20 mg", "40 mg"]),
    ("sumatriptan", "triptan", &["50 mg", "100 mg"]),
    ("tamsulosin", "alpha blocker", &["0.4 mg"]),
    ("topiramate", "anticonvulsant", &["25 mg", "50 mg"]),
    ("tramadol", "opioid", &["50 mg"]),
    ("trazodone", "antidepressant", &["50 mg", "100 mg"]),
    ("venlafaxine", "antidepressant", &["37.5 mg", "75 mg"]),
    ("warfarin", "anticoagulant", &["2 mg", "5 mg"]),
    ("zolpidem", "hypnotic", &["5 mg", "10 mg"]),
];

/// Test, unit, and in hundredths the range that most adults' results lie in.
const LABORATORY: &[(&str, &str, u64, u64)] = &[
    ("Alanine aminotransferase", "U/L", 700, 5_500),
    ("Albumin", "g/dL", 340, 540),
    ("Alkaline phosphatase", "U/L", 4_000, 13_000),
    ("Aspartate aminotransferase", "U/L", 800, 4_800),
    ("Bilirubin, total", "mg/dL", 10, 150),
    ("Blood urea nitrogen", "mg/dL", 600, 2_400),
    ("C-reactive protein", "mg/L", 10, 1_200),
    ("Calcium", "mg/dL", 850, 1_050),
    ("Chloride", "mmol/L", 9_600, 10_700),
    ("Cholesterol, total", "mg/dL", 12_000, 26_000),
    ("Creatinine", "mg/dL", 55, 140),
    ("Ferritin", "ng/mL", 1_200, 30_000),
    ("Glucose", "mg/dL", 7_000, 18_000),
    ("HDL cholesterol", "mg/dL", 3_000, 8_500),
    ("Hematocrit", "%", 3_500, 5_000),
    ("Hemoglobin", "g/dL", 1_150, 1_720),
    ("Hemoglobin A1c", "%", 480, 950),
    ("LDL cholesterol", "mg/dL", 5_000, 19_000),
    ("Leukocytes", "10*3/uL", 380, 1_150),
    ("Platelets", "10*3/uL", 14_000, 42_000),
    ("Potassium", "mmol/L", 350, 520),
    ("Sodium", "mmol/L", 13_400, 14_600),
    ("Thyrotropin (TSH)", "mIU/L", 40, 450),
    ("Triglycerides", "mg/dL", 5_000, 30_000),
    ("Vitamin B12", "pg/mL", 20_000, 90_000),
    ("Vitamin D, 25-hydroxy", "ng/mL", 1_200, 6_000),
];

const SPECIALTIES: &[&str] = &[
    "Allergy and Immunology",
    "Anesthesiology",
    "Cardiology",
    "Dermatology",
    "Emergency Medicine",
    "Endocrinology",
    "Family Medicine",
    "Family Medicine",
    "Gastroenterology",
    "General Surgery",
    "Geriatrics",
    "Hematology",
    "Infectious Disease",
    "Internal Medicine",
    "Internal Medicine",
    "Nephrology",
    "Neurology",
    "Obstetrics and Gynecology",
    "Oncology",
    "Ophthalmology",
    "Orthopedic Surgery",
    "Otolaryngology",
    "Pediatrics",
    "Physical Medicine",
    "Psychiatry",
    "Pulmonology",
    "Radiology",
    "Rheumatology",
    "Urology",
];

const ALLERGENS: &[&str] = &[
    "amoxicillin",
    "aspirin",
    "bee venom",
    "cat dander",
    "cephalosporins",
    "codeine",
    "dust mites",
    "eggs",
    "grass pollen",
    "ibuprofen",
    "iodinated contrast",
    "latex",
    "milk",
    "mold",
    "nickel",
    "peanuts",
    "penicillin",
    "ragweed pollen",
    "shellfish",
    "soy",
    "sulfonamides",
    "tree nuts",
    "wheat",
];

const PROCEDURES: &[&str] = &[
    "Appendectomy",
    "Bone density scan",
    "Cardiac catheterization",
    "Cataract surgery",
    "Cesarean section",
    "Chest X-ray",
    "Cholecystectomy",
    "Colonoscopy",
    "CT of the abdomen",
    "CT of the head",
    "Echocardiography",
    "Electrocardiography",
    "Hip replacement",
    "Inguinal hernia repair",
    "Knee arthroscopy",
    "Knee replacement",
    "Mammography",
    "MRI of the brain",
    "MRI of the lumbar spine",
    "Physical therapy evaluation",
    "Skin biopsy",
    "Spirometry",
    "Tonsillectomy",
    "Ultrasound of the abdomen",
    "Upper endoscopy",
    "Vaccination",
];

pub(super) const ENTRIES: &[Generator] = &[
    listed!(
        "allergen",
        "What somebody is allergic to, in lower case.",
        ALLERGENS,
        |item| item
    ),
    Generator::text(
        "blood_pressure",
        "Blood pressure in mmHg, systolic/diastolic, 92/56 to 168/102.",
        |e, out| note::blood_pressure(&mut Chain::new(e), out),
    ),
    Generator::text(
        "blood_type",
        "Blood type, as often as in the United States.",
        |e, out| {
            let mut rest = below(e, 100);
            for (name, percent) in BLOOD_TYPES {
                if rest < *percent {
                    return out.write_str(name);
                }
                rest -= percent;
            }
            out.write_str(BLOOD_TYPES[0].0)
        },
    ),
    Generator::text(
        "body_temperature",
        "Body temperature in degrees Celsius with one decimal, 36.2 to 37.5, one in ten up to 39.5.",
        |e, out| note::temperature(&mut Chain::new(remix(e)), e % 10 == 0, out),
    ),
    Generator::draft(
        "clinical_note",
        "Clinical note in English of 300 to 1,500 characters: complaint, history, vital signs, examination, assessment and plan.",
        note::clinical_note,
    ),
    listed!(
        "diagnosis",
        "Description of icd10_code (ICD-10-CM).",
        ICD10,
        |item| item.description
    )
    .in_group(Group::Diagnosis),
    Generator::text(
        "drug_class",
        "Class of medicines, that of drug_name.",
        |e, out| out.write_str(choose(DRUGS, e).1),
    )
    .in_group(Group::Medication),
    Generator::text(
        "drug_dose",
        "Usual dose of drug_name with its unit.",
        |e, out| out.write_str(choose(choose(DRUGS, e).2, remix(e))),
    )
    .in_group(Group::Medication),
    listed!(
        "drug_name",
        "Generic name of a medicine, in lower case.",
        DRUGS,
        |item| item.0
    )
    .in_group(Group::Medication),
    Generator::bound(
        "heart_rate",
        "Heart rate of an adult at rest in beats a minute, 52 to 104.",
        &[],
        ColumnType::Integer,
        |_| {
            Ok(Bound::integer(|e| {
                i32::try_from(52 + (below(e, 27) + below(remix(e), 27))).unwrap_or(72)
            }))
        },
    ),
    listed!(
        "icd10_code",
        "Code of a common diagnosis (ICD-10-CM).",
        ICD10,
        |item| item.code
    )
    .in_group(Group::Diagnosis),
    listed!(
        "lab_test",
        "Name of a laboratory test.",
        LABORATORY,
        |item| item.0
    )
    .in_group(Group::Laboratory),
    Generator::text("lab_unit", "Unit of lab_value.", |e, out| {
        out.write_str(choose(LABORATORY, e).1)
    })
    .in_group(Group::Laboratory),
    Generator::text(
        "lab_value",
        "Result of lab_test, a number with one or two decimals in the range of most adults.",
        lab_value,
    )
    .in_group(Group::Laboratory),
    listed!(
        "medical_procedure",
        "Name of a medical procedure.",
        PROCEDURES,
        |item| item
    )
    .in_group(Group::Procedure),
    Generator::text("medical_specialty", "Medical specialty.", |e, out| {
        out.write_str(choose(SPECIALTIES, e))
    }),
];

fn lab_value(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let (_, _, least, most) = choose(LABORATORY, entropy);
    let mut draws = Chain::new(remix(entropy));
    // The mean of two draws: most results lie in the middle.
    let hundredths = u64::midpoint(draws.between(least, most), draws.between(least, most));
    if most < 2_000 {
        return super::draw::write_hundredths(hundredths, out);
    }
    write_number(hundredths / 100, out)?;
    out.write_str(".")?;
    write_number(hundredths / 10 % 10, out)
}
