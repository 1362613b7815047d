//! Codes of HL7 v2.5.1 for the words of the tables, by the number of the HL7 table. Values are those of
//! Appendix A of the standard; those of table 0112 are the patient status codes of the UB-04.

/// 0004, patient class.
pub fn class(encounter_type: &str) -> &'static str {
    match encounter_type {
        "inpatient" => "I",
        "emergency" => "E",
        _ => "O",
    }
}

/// 0302, point of care: the sort of place where a visit happens.
pub fn point_of_care(encounter_type: &str) -> &'static str {
    match encounter_type {
        "inpatient" => "WARD",
        "emergency" => "ED",
        "virtual" => "TELE",
        _ => "CLINIC",
    }
}

/// 0007, admission type.
pub fn admission(encounter_type: &str) -> &'static str {
    match encounter_type {
        "emergency" | "inpatient" => "E",
        _ => "R",
    }
}

/// 0112, discharge disposition.
pub fn disposition(words: &str) -> &'static str {
    match words {
        "Home" | "" => "01",
        "Skilled nursing facility" => "03",
        "Home health care" => "06",
        "Expired" => "20",
        _ => "70",
    }
}

/// 0002, marital status.
pub fn marital(status: &str) -> &'static str {
    match status {
        "Married" => "M",
        "Separated" => "A",
        "Divorced" => "D",
        "Widowed" => "W",
        "Never married" => "S",
        _ => "U",
    }
}

/// 0189, ethnic group.
pub fn ethnicity(ethnicity: &str) -> &'static str {
    if ethnicity == "Hispanic or Latino" {
        "H"
    } else {
        "N"
    }
}

/// 0001, administrative sex.
pub fn sex(sex: &str) -> &str {
    match sex {
        "F" | "M" => sex,
        _ => "U",
    }
}

/// 0127, allergen type, with its meaning.
pub fn allergen_type(category: &str) -> (&'static str, &'static str) {
    match category {
        "medication" => ("DA", "Drug allergy"),
        "food" => ("FA", "Food allergy"),
        "environment" => ("EA", "Environmental allergy"),
        _ => ("MA", "Miscellaneous allergy"),
    }
}

/// 0128, allergy severity, with its meaning.
pub fn severity(severity: &str) -> (&'static str, &'static str) {
    match severity {
        "severe" => ("SV", "Severe"),
        "moderate" => ("MO", "Moderate"),
        _ => ("MI", "Mild"),
    }
}

/// A group of observations: its category in the table, LOINC code and name, and diagnostic service
/// (0074).
pub struct Group {
    pub category: &'static str,
    pub code: &'static str,
    pub name: &'static str,
    pub service: &'static str,
    /// What the order's number ends with.
    pub suffix: &'static str,
}

pub const LABORATORY: Group = Group {
    category: "laboratory",
    code: "26436-6",
    name: "Laboratory studies",
    service: "LAB",
    suffix: "-L",
};

pub const VITAL_SIGNS: Group = Group {
    category: "vital-signs",
    code: "8716-3",
    name: "Vital signs",
    service: "NRS",
    suffix: "-V",
};
