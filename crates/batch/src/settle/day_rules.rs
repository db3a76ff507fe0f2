//! The rules of each discharge day, as one worker remembers them.

use super::setting::{Dated, Setting, date_of};
use crate::Error;
use jiff::civil::Date;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// How many days before the end of the period are remembered; others are asked for every time.
const REMEMBERED: usize = 1024;

/// The rules of a day, held by one worker. Workers that count their holds together would wait
/// for each other at every case.
#[derive(Clone)]
pub(super) struct HeldRules(Rc<(Arc<Dated>, Option<Date>)>);

impl HeldRules {
    /// The day; `None` beyond the calendar.
    pub(super) fn date(&self) -> Option<Date> {
        self.0.1
    }
}

impl Deref for HeldRules {
    type Target = Dated;

    fn deref(&self) -> &Dated {
        &self.0.0
    }
}

/// The rules of the days that came up, by how long before the end of the period they are; an
/// inner `None` is a day for which the policy has none.
#[derive(Default)]
pub(super) struct DayRules(Vec<Option<Option<HeldRules>>>);

impl DayRules {
    /// The rules of a day; `None` where the policy states none.
    pub(super) fn on(
        &mut self,
        setting: &Setting<'_>,
        day: i32,
    ) -> Result<Option<HeldRules>, Error> {
        let held = || -> Result<Option<HeldRules>, Error> {
            let rules = setting.rules_on(day)?;
            Ok(rules.map(|rules| HeldRules(Rc::new((rules, date_of(day))))))
        };
        let before = i64::from(setting.last_day) - i64::from(day);
        let Some(place) = usize::try_from(before).ok().filter(|b| *b < REMEMBERED) else {
            return held();
        };
        if place >= self.0.len() {
            self.0.resize(place + 1, None);
        }
        if self.0[place].is_none() {
            self.0[place] = Some(held()?);
        }
        Ok(self.0[place].clone().flatten())
    }
}
