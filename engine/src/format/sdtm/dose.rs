//! Intervals of constant dosing: what a participant took from when to when, as the actions after adverse
//! events say.

use crate::domain::healthcare::research::{Action, Event, Participant, Treatment};

/// An interval of constant dosing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dosing {
    /// First day.
    pub from: i32,
    /// Last day.
    pub to: i32,
    /// Tenths of milligrams; none: treatment as usual.
    pub tenths: Option<i32>,
}

/// The intervals of a participant, in order. A pause lasts as long as the event that it was made for, a week
/// if that goes on; a reduction halves the dose, once.
pub(super) fn dosing(participant: &Participant, events: &[Event]) -> Vec<Dosing> {
    let mut all = Vec::new();
    let (Some(first), Some(last), Some(arm)) = (
        participant.randomised,
        participant.treated_until,
        participant.arm(),
    ) else {
        return all;
    };
    let mut now = Dosing {
        from: first,
        to: last,
        tenths: match arm.treatment {
            Treatment::Drug(dose) => Some(dose * 10),
            Treatment::Placebo => Some(0),
            Treatment::Usual => None,
        },
    };
    let full = now.tenths;
    for event in events {
        // The first dose of an interval has been taken.
        let before = event.started - 1;
        if before < now.from || event.started > last {
            continue;
        }
        match event.action {
            Action::Reduced if now.tenths == full && full > Some(0) => {
                all.push(Dosing { to: before, ..now });
                now.from = event.started;
                now.tenths = full.map(|tenths| tenths / 2);
            }
            Action::Interrupted => {
                all.push(Dosing { to: before, ..now });
                now.from = event.ended.unwrap_or(event.started + 6).max(event.started) + 1;
                if now.from > last {
                    return all;
                }
            }
            _ => {}
        }
    }
    all.push(now);
    all
}
