//! Who has which disease, since when and until when.
//!
//! Chronic diseases follow the liability-threshold model (Falconer 1965): a patient has, for each disease,
//! a liability that is standard normal whatever the age and sex, and has the disease at the ages where the
//! liability exceeds a threshold, set so that the share of patients who do is the published prevalence of
//! that age and sex (`occurrence.csv`). A liability is a sum of causes shared with other diseases (body
//! mass, smoking, frailty, mood, allergy), of the liabilities of other diseases, and of a part of its own
//! (`diseases.csv`), so risk factors and comorbidity show while every prevalence stays exact. Thresholds
//! that fall with age spread the onsets, those that rise again end the disease.
//!
//! Acute diseases come as episodes at yearly rates by age and sex, from registration on only.
//!
//! [`World::history`](super::life::World::history) gives a patient's conditions, in a fixed order: chronic ones in the order of
//! [`Disease`], then episodes by time.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::healthcare::disease::{Disease, History};
//! use synth_engine::domain::healthcare::life::World;
//!
//! let world = World::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let mut history = History::default();
//! let with_diabetes = (0..1_000).filter(|unit| {
//!     let life = world.life(*unit);
//!     world.history(&life, &mut history);
//!     history.has_on(Disease::Type2Diabetes, life.end)
//! });
//! assert!((40..140).contains(&with_diabetes.count()));
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod course;
mod history;
mod model;
pub mod normal;
#[cfg(test)]
mod tests;

pub use course::Courses;
pub use history::{Condition, History};
pub(super) use history::{SLOT, day_below, full_years};

use super::sites::Specialty;
use crate::generator::data::{
    DiseaseCode, DiseaseFacts, HEALTHCARE_DISEASE_CODES, HEALTHCARE_DISEASES,
};
use model::TABLES;

macro_rules! diseases {
    ($($variant:ident $key:literal,)*) => {
        /// A disease, in the order of `diseases.csv`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Disease { $(
            #[doc = concat!("`", $key, "`")]
            $variant,
        )* }

        impl Disease {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The key in the data files.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }
        }
    };
}

diseases! {
    Type1Diabetes "type_1_diabetes",
    Type2Diabetes "type_2_diabetes",
    Prediabetes "prediabetes",
    Hypertension "hypertension",
    Hyperlipidemia "hyperlipidemia",
    Obesity "obesity",
    CoronaryDisease "coronary_disease",
    AtrialFibrillation "atrial_fibrillation",
    HeartFailure "heart_failure",
    Stroke "stroke",
    Ckd3 "ckd_3",
    Ckd4 "ckd_4",
    Ckd5 "ckd_5",
    Copd "copd",
    Asthma "asthma",
    AllergicRhinitis "allergic_rhinitis",
    AtopicDermatitis "atopic_dermatitis",
    Psoriasis "psoriasis",
    Depression "depression",
    Anxiety "anxiety",
    Adhd "adhd",
    NicotineDependence "nicotine_dependence",
    Hypothyroidism "hypothyroidism",
    Gerd "gerd",
    Osteoarthritis "osteoarthritis",
    RheumatoidArthritis "rheumatoid_arthritis",
    Osteoporosis "osteoporosis",
    Gout "gout",
    Migraine "migraine",
    Epilepsy "epilepsy",
    Dementia "dementia",
    ParkinsonDisease "parkinson_disease",
    SleepApnea "sleep_apnea",
    Anemia "anemia",
    ProstaticHyperplasia "benign_prostatic_hyperplasia",
    BreastCancer "breast_cancer",
    ProstateCancer "prostate_cancer",
    ColorectalCancer "colorectal_cancer",
    LungCancer "lung_cancer",
    UpperRespiratoryInfection "upper_respiratory_infection",
    OtitisMedia "otitis_media",
    Pharyngitis "pharyngitis",
    AcuteBronchitis "acute_bronchitis",
    Sinusitis "sinusitis",
    Influenza "influenza",
    Covid19 "covid_19",
    Pneumonia "pneumonia",
    ViralInfection "viral_infection",
    Gastroenteritis "gastroenteritis",
    Conjunctivitis "conjunctivitis",
    Dermatitis "dermatitis",
    UrinaryTractInfection "urinary_tract_infection",
    Vaginitis "vaginitis",
    Cellulitis "cellulitis",
    Sepsis "sepsis",
    LowBackPain "low_back_pain",
    JointSprain "joint_sprain",
    Laceration "laceration",
    Concussion "concussion",
    Fracture "fracture",
    HipFracture "hip_fracture",
    MyocardialInfarction "myocardial_infarction",
    ChestPain "chest_pain",
    AbdominalPain "abdominal_pain",
    Headache "headache",
    Dizziness "dizziness",
    KidneyStone "kidney_stone",
    Appendicitis "appendicitis",
    Cholelithiasis "cholelithiasis",
    PulmonaryEmbolism "pulmonary_embolism",
    AllergicReaction "allergic_reaction",
    DrugOverdose "drug_overdose",
    Pregnancy "pregnancy",
    Miscarriage "miscarriage",
    Delivery "delivery",
    GestationalDiabetes "gestational_diabetes",
    Preeclampsia "preeclampsia",
}

/// The first so many of [`Disease::ALL`] are chronic.
pub(super) const CHRONIC: usize = Disease::LungCancer as usize + 1;

impl Disease {
    /// What `diseases.csv` says of it.
    #[inline]
    pub fn facts(self) -> &'static DiseaseFacts {
        &HEALTHCARE_DISEASES[self as usize]
    }

    /// Whether it lasts for years, as opposed to an episode or a pregnancy.
    #[inline]
    pub fn is_chronic(self) -> bool {
        (self as usize) < CHRONIC
    }

    /// Who treats it.
    #[inline]
    pub fn specialty(self) -> Specialty {
        TABLES.diseases[self as usize].specialty
    }
}

/// The ICD-10-CM code and description of an index, as conditions and encounters hold it.
#[inline]
pub fn code(index: u16) -> &'static DiseaseCode {
    &HEALTHCARE_DISEASE_CODES[usize::from(index).min(HEALTHCARE_DISEASE_CODES.len() - 1)]
}

/// The index of the first code of a key.
pub(super) fn code_of(key: &str) -> u16 {
    let place = HEALTHCARE_DISEASE_CODES.iter().position(|c| c.key == key);
    u16::try_from(place.unwrap_or(0)).unwrap_or(0)
}
