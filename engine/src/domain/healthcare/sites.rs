//! Who works where: the providers and organizations of a block of patients.
//!
//! Every block has the same layout, so that a patient's providers are found without a look-up: each state
//! has at least a hospital and a clinic, a family physician, an emergency physician and a hospitalist, and
//! populous states have more, with specialists. Only names, numbers and addresses differ from block to
//! block.

use std::sync::LazyLock;

use crate::entropy::below;
use crate::generator::address::{PLACES, Place};
use crate::generator::data::US_STATES;

/// Providers in a block.
pub const PROVIDERS: u64 = 256;

/// Organizations in a block.
pub const ORGANIZATIONS: u64 = 128;

/// States and the District of Columbia.
const STATES: usize = 51;

macro_rules! specialties {
    ($($(#[$doc:meta])* $variant:ident, $key:literal, $name:literal;)*) => {
        /// What a provider does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Specialty { $($(#[$doc])* $variant,)* }

        impl Specialty {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As `diseases.csv` writes it.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// As users see it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

// In the order in which a state gets them; those after the third only where it is populous.
specialties! {
    /// Primary care.
    Family, "family", "Family Medicine";
    /// At the emergency department.
    Emergency, "emergency", "Emergency Medicine";
    /// In hospital.
    Internal, "internal", "Internal Medicine";
    /// Children.
    Pediatrics, "pediatrics", "Pediatrics";
    /// Pregnancy and women's health.
    Obstetrics, "obstetrics", "Obstetrics & Gynecology";
    /// Heart.
    Cardiology, "cardiology", "Cardiovascular Disease";
    /// Bones and joints.
    Orthopedics, "orthopedics", "Orthopaedic Surgery";
    /// Mind.
    Psychiatry, "psychiatry", "Psychiatry";
    /// Operations.
    Surgery, "surgery", "Surgery";
    /// Cancer.
    Oncology, "oncology", "Hematology & Oncology";
    /// Lungs.
    Pulmonology, "pulmonology", "Pulmonary Disease";
    /// Hormones.
    Endocrinology, "endocrinology", "Endocrinology, Diabetes & Metabolism";
    /// Nerves and brain.
    Neurology, "neurology", "Neurology";
    /// Digestion.
    Gastroenterology, "gastroenterology", "Gastroenterology";
    /// Kidneys.
    Nephrology, "nephrology", "Nephrology";
    /// Skin.
    Dermatology, "dermatology", "Dermatology";
    /// Urinary tract.
    Urology, "urology", "Urology";
    /// Joints.
    Rheumatology, "rheumatology", "Rheumatology";
    /// Allergies.
    Allergy, "allergy", "Allergy & Immunology";
}

impl Specialty {
    /// The specialty of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.key() == key)
    }

    /// Whether such a provider works in a hospital.
    const fn in_hospital(self) -> bool {
        matches!(self, Self::Emergency | Self::Internal | Self::Surgery)
    }
}

/// A provider of every block.
#[derive(Debug, Clone, Copy)]
pub struct Provider {
    /// Index of the state among [`US_STATES`].
    pub state: usize,
    /// What the provider does.
    pub specialty: Specialty,
    /// The slot of the organization.
    pub organization: u16,
}

/// An organization of every block.
#[derive(Debug, Clone, Copy)]
pub struct Organization {
    /// Index of the state among [`US_STATES`].
    pub state: usize,
    /// Hospital, or clinic.
    pub hospital: bool,
}

/// The layout of a block.
#[derive(Debug)]
pub struct Sites {
    /// By slot.
    pub providers: Vec<Provider>,
    /// By slot.
    pub organizations: Vec<Organization>,
    /// For each state the family physicians.
    families: Vec<Vec<u16>>,
    /// For each state and specialty a provider; a family physician where there is none.
    specialists: Vec<[u16; Specialty::ALL.len()]>,
    /// For each state a hospital.
    hospitals: Vec<u16>,
}

/// The layout.
pub static SITES: LazyLock<Sites> = LazyLock::new(Sites::new);

impl Sites {
    fn new() -> Self {
        let mut sites = Self {
            providers: Vec::new(),
            organizations: Vec::new(),
            families: vec![Vec::new(); STATES],
            specialists: Vec::new(),
            hospitals: Vec::new(),
        };
        let organizations = apportion(ORGANIZATIONS, 2);
        let providers = apportion(PROVIDERS, 3);
        for state in 0..STATES {
            let first = slot(sites.organizations.len());
            // A hospital, a clinic, another clinic, and so on by turns.
            let hospital = |k: u16| k % 4 == 0;
            for k in 0..organizations[state] {
                let hospital = hospital(k);
                sites.organizations.push(Organization { state, hospital });
            }
            sites.hospitals.push(first);
            let places = |in_hospital| {
                (0..organizations[state])
                    .filter(|k| hospital(*k) == in_hospital)
                    .map(|k| first + k)
                    .collect::<Vec<_>>()
            };
            let (hospitals, clinics) = (places(true), places(false));
            let mut own = [None; Specialty::ALL.len()];
            for k in 0..usize::from(providers[state]) {
                // Every fourth beyond the basic three is one more family physician.
                let specialty = match k {
                    0..3 => Specialty::ALL[k],
                    _ if k % 4 == 3 => Specialty::Family,
                    _ => {
                        Specialty::ALL[match (k - 3) - (k - 3) / 4 - 1 {
                            // Children, pregnancy, heart; then others, by turns.
                            next @ 0..3 => 3 + next,
                            next => 6 + (next - 3 + state * 5) % (Specialty::ALL.len() - 6),
                        }]
                    }
                };
                let at = if specialty.in_hospital() {
                    &hospitals
                } else {
                    &clinics
                };
                let this = slot(sites.providers.len());
                if specialty == Specialty::Family {
                    sites.families[state].push(this);
                }
                own[specialty as usize].get_or_insert(this);
                sites.providers.push(Provider {
                    state,
                    specialty,
                    organization: at[k % at.len()],
                });
            }
            let family = own[0].unwrap_or(0);
            sites.specialists.push(own.map(|o| o.unwrap_or(family)));
        }
        sites
    }

    /// A family physician of a state.
    #[inline]
    pub fn primary(&self, state: usize, entropy: u64) -> u16 {
        let families = &self.families[state];
        families[usize::try_from(below(entropy, families.len() as u64)).unwrap_or(0)]
    }

    /// A provider of a specialty in a state; a family physician where there is none.
    #[inline]
    pub fn specialist(&self, state: usize, specialty: Specialty) -> u16 {
        self.specialists[state][specialty as usize]
    }

    /// Where a provider works.
    #[inline]
    pub fn organization_of(&self, provider: u16) -> u16 {
        self.providers[usize::from(provider)].organization
    }

    /// A hospital of a state.
    #[inline]
    pub fn hospital(&self, state: usize) -> u16 {
        self.hospitals[state]
    }
}

/// A place in a state, each as likely as the next.
pub fn place_in(state: usize, entropy: u64) -> &'static Place {
    static FIRST: LazyLock<Vec<usize>> = LazyLock::new(|| {
        let places = PLACES.places();
        (0..=STATES)
            .map(|state| places.partition_point(|place| place.state_index < state))
            .collect()
    });
    let (from, to) = (FIRST[state], FIRST[state + 1]);
    let place = usize::try_from(below(entropy, (to - from) as u64)).unwrap_or(0);
    &PLACES.places()[from + place]
}

fn slot(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// Shares `seats` out: `least` to each state, the rest by population (D'Hondt).
fn apportion(seats: u64, least: u16) -> Vec<u16> {
    let mut shares = vec![least; STATES];
    for _ in u64::from(least) * STATES as u64..seats {
        let quotient = |state: usize| US_STATES[state].population / u64::from(shares[state] + 1);
        let next = (0..STATES)
            .max_by_key(|state| quotient(*state))
            .unwrap_or(0);
        shares[next] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_care_in_every_state() {
        assert_eq!(US_STATES.len(), STATES);
        assert_eq!(SITES.providers.len() as u64, PROVIDERS);
        assert_eq!(SITES.organizations.len() as u64, ORGANIZATIONS);
        for state in 0..STATES {
            for specialty in [Specialty::Family, Specialty::Emergency, Specialty::Internal] {
                let provider = SITES.providers[usize::from(SITES.specialist(state, specialty))];
                assert_eq!((provider.state, provider.specialty), (state, specialty));
            }
            assert!(SITES.organizations[usize::from(SITES.hospital(state))].hospital);
            assert_eq!(
                SITES.organizations[usize::from(SITES.hospital(state))].state,
                state
            );
        }
        for provider in &SITES.providers {
            let organization = SITES.organizations[usize::from(provider.organization)];
            assert_eq!(organization.state, provider.state);
            assert_eq!(organization.hospital, provider.specialty.in_hospital());
        }
        // Every specialty practises somewhere.
        for specialty in Specialty::ALL {
            assert!(
                SITES.providers.iter().any(|p| p.specialty == *specialty),
                "{specialty:?}"
            );
        }
    }
}
