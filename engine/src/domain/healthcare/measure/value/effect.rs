//! Which drugs move which measurements.

/// Drugs that move measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Effect {
    Glucose,
    Pressure,
    Statin,
    Ezetimibe,
    Thyroid,
    HeartFailure,
    BetaBlocker,
    Renin,
    Diuretic,
    Iron,
    Urate,
    Prostate,
    Weight,
}

/// How many there are.
pub(super) const EFFECTS: usize = 13;

/// What a class of drugs does.
pub(super) fn effects(class: &str, generic: &str) -> &'static [Effect] {
    use Effect as E;
    match class {
        "biguanide" | "sulfonylurea" | "DPP-4 inhibitor" | "SGLT2 inhibitor" | "insulin" => {
            &[E::Glucose]
        }
        "GLP-1 agonist" => &[E::Glucose, E::Weight],
        "ACE inhibitor" | "angiotensin receptor blocker" if generic == "sacubitril-valsartan" => {
            &[E::Pressure, E::Renin, E::HeartFailure]
        }
        "ACE inhibitor" | "angiotensin receptor blocker" => &[E::Pressure, E::Renin],
        "calcium channel blocker" => &[E::Pressure],
        "thiazide" => &[E::Pressure, E::Diuretic],
        "beta blocker" => &[E::Pressure, E::BetaBlocker],
        "loop diuretic" => &[E::HeartFailure, E::Diuretic],
        "statin" => &[E::Statin],
        "cholesterol absorption inhibitor" => &[E::Ezetimibe],
        "thyroid hormone" => &[E::Thyroid],
        "iron" | "vitamin B12" => &[E::Iron],
        "xanthine oxidase inhibitor" => &[E::Urate],
        "5-alpha reductase inhibitor" | "GnRH agonist" | "antiandrogen" => &[E::Prostate],
        _ => &[],
    }
}
