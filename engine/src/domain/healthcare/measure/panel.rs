//! What is measured at an encounter: vital signs by its kind, laboratory panels by what it is about.
//!
//! Shares of encounters with a panel are estimates, guided by what guidelines ask for (ADA: `HbA1c` two to
//! four times a year; ACC/AHA: lipids once a year on a statin; KDIGO: creatinine and albuminuria by
//! stage) and by how often visits include blood tests (NAMCS 2019: about 35 percent).

use std::sync::LazyLock;

use super::Analyte as A;
use crate::domain::healthcare::care::Kind;
use crate::domain::healthcare::disease::Disease;
use crate::entropy::remix;
use crate::generator::name::Sex;

/// A set of analytes, as bits.
pub type Set = u64;

const fn set(analytes: &[A]) -> Set {
    let mut all = 0;
    let mut i = 0;
    while i < analytes.len() {
        all |= analytes[i].bit();
        i += 1;
    }
    all
}

const PRESSURE: Set = set(&[A::Systolic, A::Diastolic]);
const VITALS: Set = PRESSURE
    | set(&[
        A::HeartRate,
        A::RespiratoryRate,
        A::Temperature,
        A::OxygenSaturation,
    ]);
const SIZE: Set = set(&[A::Height, A::Weight, A::Bmi]);
const BASIC: Set = set(&[
    A::Glucose,
    A::Creatinine,
    A::Egfr,
    A::Bun,
    A::Sodium,
    A::Potassium,
    A::Chloride,
    A::Bicarbonate,
    A::Calcium,
]);
const LIVER: Set = set(&[A::Albumin, A::Protein, A::Alt, A::Ast, A::Alp, A::Bilirubin]);
const COMPREHENSIVE: Set = BASIC | LIVER;
const LIPIDS: Set = set(&[A::Cholesterol, A::Hdl, A::Ldl, A::Triglycerides]);
const COUNT: Set = set(&[
    A::Leukocytes,
    A::Hemoglobin,
    A::Hematocrit,
    A::Mcv,
    A::Platelets,
]);

/// Adults only: the equation for filtration does not hold for children.
const ADULTS: Set = set(&[A::Egfr, A::Psa]);

/// The vital signs; all others are of the laboratory.
pub const VITAL_SIGNS: Set = VITALS | SIZE;

/// Panels with their shares, in 256ths; up to eight a reason.
type Panels = &'static [(Set, u8)];

const ALBUMIN: Set = A::Albumin.bit();
const BMI: Set = A::Bmi.bit();
const CRP: Set = A::Crp.bit();
const FERRITIN: Set = A::Ferritin.bit();
const FREE_T4: Set = A::FreeT4.bit();
const GLUCOSE: Set = A::Glucose.bit();
const HBA1C: Set = A::Hba1c.bit();
const HEART_RATE: Set = A::HeartRate.bit();
const HEMOGLOBIN: Set = A::Hemoglobin.bit();
const NT_PROBNP: Set = A::NtProbnp.bit();
const OXYGEN_SATURATION: Set = A::OxygenSaturation.bit();
const PSA: Set = A::Psa.bit();
const RESPIRATORY_RATE: Set = A::RespiratoryRate.bit();
const TEMPERATURE: Set = A::Temperature.bit();
const TSH: Set = A::Tsh.bit();
const URATE: Set = A::Urate.bit();
const URINE_ALBUMIN: Set = A::UrineAlbumin.bit();
const WEIGHT: Set = A::Weight.bit();

/// Because of a disease, at an office.
fn office(disease: Disease) -> Panels {
    use Disease as D;
    match disease {
        D::Type1Diabetes | D::Type2Diabetes => &[
            (HBA1C, 215),
            (BASIC, 180),
            (URINE_ALBUMIN, 80),
            (LIPIDS, 80),
            (LIVER, 50),
        ],
        D::Prediabetes => &[(HBA1C, 200), (GLUCOSE, 200), (LIPIDS, 60)],
        D::GestationalDiabetes => &[(GLUCOSE, 240), (HBA1C, 60)],
        D::Hypertension => &[(BASIC, 95), (LIPIDS, 60), (URINE_ALBUMIN, 20)],
        D::Hyperlipidemia => &[(LIPIDS, 190), (LIVER, 80)],
        D::Obesity | D::SleepApnea => &[(LIPIDS, 50), (HBA1C, 50), (LIVER, 30)],
        D::CoronaryDisease | D::Stroke => &[(LIPIDS, 110), (BASIC, 80), (COUNT, 40)],
        D::AtrialFibrillation => &[(BASIC, 80), (COUNT, 60), (TSH, 40)],
        D::HeartFailure => &[(BASIC, 180), (NT_PROBNP, 120), (COUNT, 50)],
        D::Ckd3 | D::Ckd4 | D::Ckd5 => &[
            (BASIC, 235),
            (COUNT, 130),
            (URINE_ALBUMIN, 110),
            (ALBUMIN, 80),
        ],
        D::Hypothyroidism => &[(TSH, 230), (FREE_T4, 100)],
        D::Anemia => &[(COUNT, 235), (FERRITIN, 140)],
        D::RheumatoidArthritis => &[(COUNT, 150), (CRP, 150), (COMPREHENSIVE, 120)],
        D::Gout => &[(URATE, 190), (BASIC, 70)],
        D::Osteoporosis => &[(BASIC, 90)],
        D::ProstateCancer => &[(PSA, 230), (BASIC, 60)],
        D::ProstaticHyperplasia => &[(PSA, 60)],
        D::BreastCancer | D::ColorectalCancer | D::LungCancer => {
            &[(COUNT, 205), (COMPREHENSIVE, 180)]
        }
        D::Psoriasis | D::Epilepsy => &[(COUNT, 40), (LIVER, 50)],
        D::Depression | D::Dementia => &[(TSH, 30), (BASIC, 20)],
        D::Pregnancy => &[(COUNT, 50), (GLUCOSE, 30)],
        D::Preeclampsia => &[(COUNT, 200), (COMPREHENSIVE, 200)],
        D::Pneumonia => &[(COUNT, 80), (CRP, 40), (BASIC, 40)],
        D::AbdominalPain | D::Dizziness | D::Gastroenteritis | D::KidneyStone => {
            &[(COUNT, 60), (BASIC, 60)]
        }
        D::ChestPain => &[(BASIC, 60), (LIPIDS, 40)],
        D::UrinaryTractInfection => &[(BASIC, 20)],
        _ => &[(COUNT, 10), (BASIC, 10)],
    }
}

/// At the emergency department, or in hospital.
fn hospital(kind: Kind, disease: Option<Disease>) -> Panels {
    use Disease as D;
    let inpatient = kind == Kind::Inpatient;
    match disease {
        Some(D::HeartFailure) => &[(COUNT, 240), (BASIC, 250), (NT_PROBNP, 225)],
        Some(D::Sepsis | D::Pneumonia | D::Cellulitis | D::Appendicitis | D::Cholelithiasis) => {
            &[(COUNT, 245), (COMPREHENSIVE, 225), (CRP, 130)]
        }
        Some(
            D::MyocardialInfarction | D::ChestPain | D::CoronaryDisease | D::AtrialFibrillation,
        ) => &[(COUNT, 235), (BASIC, 240), (LIPIDS, 70), (NT_PROBNP, 70)],
        Some(D::Type1Diabetes | D::Type2Diabetes) => &[(BASIC, 250), (COUNT, 200), (HBA1C, 130)],
        Some(D::Laceration | D::JointSprain | D::Concussion | D::Dermatitis | D::OtitisMedia) => {
            &[(BASIC, 10)]
        }
        Some(D::Delivery) => &[(COUNT, 230), (BASIC, 40)],
        _ if inpatient => &[(COUNT, 245), (BASIC, 240), (LIVER, 130)],
        _ => &[(COUNT, 120), (BASIC, 120), (LIVER, 40)],
    }
}

/// At a check-up.
fn check_up(sex: Sex, age: f64) -> Panels {
    match (age, sex) {
        (..0.9, _) => &[],
        // Anaemia is looked for at 12 months (AAP).
        (0.9..1.3, _) => &[(HEMOGLOBIN, 200)],
        (..18.0, _) => &[(LIPIDS, 12), (COUNT, 12)],
        (..40.0, _) => &[(COMPREHENSIVE, 90), (LIPIDS, 80), (COUNT, 90), (TSH, 25)],
        (50.0..76.0, Sex::Male) => &[
            (COMPREHENSIVE, 160),
            (LIPIDS, 160),
            (COUNT, 140),
            (HBA1C, 90),
            (PSA, 85),
            (TSH, 35),
        ],
        _ => &[
            (COMPREHENSIVE, 160),
            (LIPIDS, 160),
            (COUNT, 140),
            (HBA1C, 90),
            (TSH, 45),
        ],
    }
}

/// What is measured.
pub fn measured(
    kind: Kind,
    disease: Option<Disease>,
    sex: Sex,
    age: f64,
    diabetic: bool,
    entropy: u64,
) -> Set {
    let (mut all, panels) = match (kind, disease) {
        (Kind::Virtual, _) => return 0,
        (Kind::Wellness, _) => (VITALS | SIZE, check_up(sex, age)),
        (Kind::Emergency | Kind::Inpatient, _) => (VITALS | WEIGHT, hospital(kind, disease)),
        (Kind::Ambulatory, Some(disease)) => (signs(entropy), office(disease)),
        (Kind::Ambulatory, None) => (signs(entropy), &[][..]),
    };
    let mut bytes = remix(entropy);
    for (panel, share) in panels {
        if (bytes & 0xFF) < u64::from(*share) {
            all |= panel;
        }
        bytes >>= 8;
    }
    // Diabetics have theirs taken whatever the visit is about.
    if diabetic && kind != Kind::Emergency && bytes & 0xFF < 40 {
        all |= HBA1C;
    }
    if age < 18.0 {
        all &= !ADULTS;
    }
    if age < 3.0 && kind != Kind::Inpatient {
        // Blood pressure is taken from the age of three on (AAP).
        all &= !PRESSURE;
    }
    if age < 2.0 {
        all &= !BMI;
    }
    if sex == Sex::Female {
        all &= !PSA;
    }
    all
}

/// Vital signs at an office.
#[inline]
fn signs(entropy: u64) -> Set {
    let some = [
        (PRESSURE | HEART_RATE, 240),
        (WEIGHT, 200),
        (TEMPERATURE, 130),
        (OXYGEN_SATURATION, 130),
        (RESPIRATORY_RATE, 70),
    ];
    let mut bytes = entropy >> 8;
    some.iter().fold(0, |all, (signs, share)| {
        let taken = bytes & 0xFF < *share;
        bytes >>= 8;
        if taken { all | signs } else { all }
    })
}

/// For each disease whether it is an infection that bacteria cause, or viruses, and the usual fever in
/// degrees.
pub static INFECTIONS: LazyLock<Vec<Option<(bool, f64)>>> = LazyLock::new(|| {
    use Disease as D;
    let of = |disease: &Disease| match disease {
        D::Sepsis => Some((true, 1.7)),
        D::Pneumonia => Some((true, 1.3)),
        D::Cellulitis | D::Pharyngitis => Some((true, 0.7)),
        D::UrinaryTractInfection | D::Sinusitis => Some((true, 0.3)),
        D::OtitisMedia | D::Appendicitis | D::Cholelithiasis => Some((true, 0.8)),
        D::Influenza => Some((false, 1.7)),
        D::Covid19 | D::ViralInfection => Some((false, 1.0)),
        D::UpperRespiratoryInfection | D::AcuteBronchitis => Some((false, 0.3)),
        D::Gastroenteritis => Some((false, 0.5)),
        _ => None,
    };
    Disease::ALL.iter().map(of).collect()
});
