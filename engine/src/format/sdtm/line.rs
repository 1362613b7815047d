//! Lines of CSV, value by value. No value of these datasets holds a comma, a quote or a new line.

use crate::calendar::date_from_days;
use crate::domain::healthcare::research::Participant;
use crate::domain::healthcare::trial_participants::write_subject;
use crate::generator::identifier::write_padded;

/// A line that is being written; it ends when it is dropped.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl std::fmt::Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.out.push(b'\n');
    }
}

impl<'a> Line<'a> {
    /// A line with the variables that all datasets begin with: study, domain, subject.
    pub(super) fn new(participant: &Participant, domain: &str, out: &'a mut Vec<u8>) -> Self {
        let mut line = Self { out, first: true };
        let number = participant.trial.registry_number();
        line.with(|line| study(number, line));
        line.text(domain);
        line.with(|line| {
            study(number, line)?;
            std::fmt::Write::write_str(line, "-")?;
            write_subject(participant, line)
        });
        line
    }

    /// A value that a function writes. Writing to memory does not fail.
    pub(super) fn with(&mut self, write: impl FnOnce(&mut Self) -> std::fmt::Result) -> &mut Self {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        let _ = write(self);
        self
    }

    pub(super) fn empty(&mut self) -> &mut Self {
        self.text("")
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.with(|line| std::fmt::Write::write_str(line, text))
    }

    /// `Y` or nothing.
    pub(super) fn flag(&mut self, yes: bool) -> &mut Self {
        self.text(if yes { "Y" } else { "" })
    }

    /// `Y` or `N`.
    pub(super) fn yes_or_no(&mut self, yes: bool) -> &mut Self {
        self.text(if yes { "Y" } else { "N" })
    }

    pub(super) fn number(&mut self, number: i32) -> &mut Self {
        self.decimal(number, 0)
    }

    pub(super) fn number_or_empty(&mut self, number: Option<i32>) -> &mut Self {
        match number {
            Some(number) => self.number(number),
            None => self.empty(),
        }
    }

    /// A number given in units of its last decimal place.
    pub(super) fn decimal(&mut self, value: i32, places: u32) -> &mut Self {
        self.with(|line| {
            if value < 0 {
                std::fmt::Write::write_str(line, "-")?;
            }
            let unit = 10_u32.pow(places);
            let value = value.unsigned_abs();
            write_padded(u64::from(value / unit), 1, line)?;
            if places == 0 {
                return Ok(());
            }
            std::fmt::Write::write_str(line, ".")?;
            write_padded(u64::from(value % unit), places, line)
        })
    }

    /// A date as ISO 8601 has it, or nothing.
    pub(super) fn date(&mut self, day: impl Into<Option<i32>>) -> &mut Self {
        let date = day.into().and_then(date_from_days);
        self.with(|line| {
            let Some((year, month, day)) = date else {
                return Ok(());
            };
            write_padded(u64::from(year.unsigned_abs()), 4, line)?;
            std::fmt::Write::write_str(line, "-")?;
            write_padded(u64::from(month), 2, line)?;
            std::fmt::Write::write_str(line, "-")?;
            write_padded(u64::from(day), 2, line)
        })
    }
}

fn study(number: u64, line: &mut Line<'_>) -> std::fmt::Result {
    std::fmt::Write::write_str(line, "NCT")?;
    write_padded(number, 8, line)
}
