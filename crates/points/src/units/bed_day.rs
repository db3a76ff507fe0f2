//! Bed-days whose price falls with the stay (床日付费), and long stays that go on by the day.
//!
//! Source: `policies/units.md`, Bed-days; the stages and the switch after 60 days are models.

use super::{AMOUNT, Bill, CostItem, LinePart, PointsPart, Yield};
use crate::award::{CaseRules, award_by_cost};
use crate::exact::{product, sum};
use crate::{Error, Points, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{BedDayKind, BedDayStage, Line, Pays, StagedBedDayTerms};
use rust_decimal::Decimal;

/// Why a stay is none of the unit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BedDayGate {
    /// It is too short.
    Short,
    /// It is too long.
    Long,
    /// No stages are stated for its kind of care and level.
    NoPrice,
}

impl BedDayGate {
    /// As written in traces.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Short => "bed_day_stay_short",
            Self::Long => "bed_day_stay_long",
            Self::NoPrice => "bed_day_without_price",
        }
    }
}

/// The stages for a kind of care at a level, those for every other level where it has none.
///
/// Errors are gates: the stay is then an ordinary one.
pub fn stages<'t>(
    terms: &'t StagedBedDayTerms,
    (care, level): (&str, &str),
    days: u32,
) -> Result<&'t [BedDayStage], BedDayGate> {
    let is = |bound: Option<drgdip_tables::policy::Bound>| {
        bound.is_some_and(|bound| bound.holds(Decimal::from(days)))
    };
    if is(terms.short) {
        return Err(BedDayGate::Short);
    }
    if is(terms.long) {
        return Err(BedDayGate::Long);
    }
    prices(terms, care, level).ok_or(BedDayGate::NoPrice)
}

/// The stages for a kind of care at a level, whatever the stay; `None` where there are none.
#[must_use]
pub fn prices<'t>(
    terms: &'t StagedBedDayTerms,
    care: &str,
    level: &str,
) -> Option<&'t [BedDayStage]> {
    let kind = |level: &str| BedDayKind {
        care: care.to_owned(),
        level: level.to_owned(),
    };
    let own = terms.stages.get(&kind(level));
    let stages = own.or_else(|| terms.stages.get(&kind("")));
    stages.map(Vec::as_slice)
}

/// `Σ_days rate(stage)` of the days from `first` to `last`, both included, counted from 1.
///
/// A day before the first stage is not paid. Errors: an amount that does not fit.
pub fn price(stages: &[BedDayStage], (first, last): (u32, u32)) -> Result<Yuan, Error> {
    let mut fen = 0;
    for (index, stage) in stages.iter().enumerate() {
        let next = stages.get(index.saturating_add(1));
        let until = next.map_or(u32::MAX, |next| next.first_day.saturating_sub(1));
        let (from, until) = (first.max(stage.first_day).max(1), last.min(until));
        if from > until {
            continue;
        }
        let days = i128::from(until.saturating_sub(from)).saturating_add(1);
        fen = sum(
            fen,
            product(days, i128::from(stage.day_fen), AMOUNT)?,
            AMOUNT,
        )?;
    }
    Ok(Yuan::try_from_fen(fen)?)
}

/// What a stay of the unit yields: its days at their stages, in points or on the line.
///
/// As points it is `p = Σ rate / M × scale`, without a hospital coefficient, because the stages
/// have levels. Errors: a number that does not fit.
pub fn whole_stay(
    stages: &[BedDayStage],
    days: u32,
    pays: Pays,
    rules: &CaseRules,
) -> Result<Yield, Error> {
    let amount = price(stages, (1, days))?;
    match pays {
        Pays::Points => Ok(Yield::stay_points(award_by_cost(
            amount,
            rules,
            Ratio::ONE,
        )?)),
        Pays::Line(_) => Ok(Yield::stay_line(Line::BedDay, amount)),
    }
}

/// What a long ordinary stay yields: the points of its group for the days up to the switch, and
/// the days after it at their stages, counted from admission.
///
/// The acute points are those of a normal case, because what the long days cost is paid by the
/// day and must not make the case a high one as well. `None` where the stay does not go beyond the
/// switch or the policy has none. Errors: no stages are stated for the kind of the switch, or a
/// number that does not fit.
pub fn long_stay(
    stay: &LongStay<'_>,
    terms: &StagedBedDayTerms,
    rules: &CaseRules,
) -> Result<Option<Yield>, Error> {
    let Some((last_acute, care)) = terms.switch_after.zip(terms.switch_kind.as_deref()) else {
        return Ok(None);
    };
    if stay.days <= last_acute {
        return Ok(None);
    }
    let stages = prices(terms, care, stay.level);
    let stages = stages.ok_or_else(|| Error::NoBedDayPrice(care.to_owned()))?;
    let first = last_acute.saturating_add(1);
    let amount = price(stages, (first, stay.days))?;
    let late = CostItem::Days(first, stay.days);
    let early = CostItem::Days(1, last_acute);
    let has_early = last_acute > 0;
    let mut items = vec![late.clone()];
    let mut points = Vec::new();
    if has_early {
        items.push(early.clone());
        points.push(PointsPart {
            points: stay.acute,
            items: vec![early],
        });
    }
    let bill = Bill::new(stay.case_id, items)?;
    let lines = match terms.pays {
        Pays::Points => {
            points.push(PointsPart {
                points: award_by_cost(amount, rules, Ratio::ONE)?,
                items: vec![late],
            });
            Vec::new()
        }
        Pays::Line(_) => vec![LinePart {
            line: Line::BedDay,
            amount,
            items: vec![late],
        }],
    };
    bill.pay(points, lines).map(Some)
}

/// An ordinary stay that may go on by the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongStay<'s> {
    /// The key of the case.
    pub case_id: &'s str,
    /// The level of the hospital.
    pub level: &'s str,
    /// How many days it stayed.
    pub days: u32,
    /// The normal points of its group.
    pub acute: Points,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::quota::testing::rules;
    use drgdip_tables::policy::{Bound, Overrun};
    use std::collections::BTreeMap;

    fn terms(pays: Pays) -> StagedBedDayTerms {
        let stage = |first_day, yuan: i64| BedDayStage {
            first_day,
            day_fen: yuan.saturating_mul(100),
        };
        let kind = |level: &str| BedDayKind {
            care: "rehabilitation".to_owned(),
            level: level.to_owned(),
        };
        let declining = vec![
            stage(1, 400),
            stage(16, 300),
            stage(31, 200),
            stage(91, 100),
        ];
        StagedBedDayTerms {
            pays,
            stages: BTreeMap::from([(kind(""), declining), (kind("3"), vec![stage(1, 500)])]),
            short: Some(Bound::LessThan(Decimal::from(5))),
            long: Some(Bound::MoreThan(Decimal::from(365))),
            switch_after: Some(60),
            switch_kind: Some("rehabilitation".to_owned()),
        }
    }

    #[track_caller]
    fn check_price(days: u32, yuan: i64) {
        let terms = terms(Pays::Points);
        let stages = stages(&terms, ("rehabilitation", "2"), days).unwrap();
        assert_eq!(
            price(stages, (1, days)).unwrap(),
            Yuan::from_fen(yuan.saturating_mul(100))
        );
    }

    #[test]
    fn each_day_has_the_price_of_its_stage() {
        check_price(15, 15 * 400);
        check_price(16, 15 * 400 + 300);
        check_price(30, 15 * 400 + 15 * 300);
        check_price(31, 15 * 400 + 15 * 300 + 200);
        check_price(90, 15 * 400 + 15 * 300 + 60 * 200);
        check_price(91, 15 * 400 + 15 * 300 + 60 * 200 + 100);
    }

    #[test]
    fn short_long_and_unpriced_stays_are_ordinary_ones() {
        let terms = terms(Pays::Points);
        let gate = |care, days| stages(&terms, (care, "2"), days).map(|_| ());
        assert_eq!(gate("rehabilitation", 4), Err(BedDayGate::Short));
        assert_eq!(gate("rehabilitation", 5), Ok(()));
        assert_eq!(gate("rehabilitation", 365), Ok(()));
        assert_eq!(gate("rehabilitation", 366), Err(BedDayGate::Long));
        assert_eq!(gate("nursing", 30), Err(BedDayGate::NoPrice));
    }

    #[test]
    fn a_stay_of_the_unit_earns_points_or_an_amount() {
        let terms = terms(Pays::Points);
        let stages = stages(&terms, ("rehabilitation", "2"), 16).unwrap();
        let paid = |pays| whole_stay(stages, 16, pays, &rules()).unwrap();
        assert_eq!(paid(Pays::Points).points().to_string(), "63.0000");
        let line = paid(Pays::Line(Overrun::ProRata));
        assert_eq!(line.points(), Points::ZERO);
        assert_eq!(line.lines()[0].amount.to_string(), "6300.00");
    }

    #[test]
    fn a_long_stay_earns_its_group_once_and_then_by_the_day() {
        let stay = |days| LongStay {
            case_id: "c1",
            level: "2",
            days,
            acute: "150".parse().unwrap(),
        };
        let line = terms(Pays::Line(Overrun::ProRata));
        let at = |days, terms: &StagedBedDayTerms| long_stay(&stay(days), terms, &rules()).unwrap();
        assert_eq!(at(60, &line), None);
        let paid = at(91, &line).unwrap();
        assert_eq!(paid.points().to_string(), "150.0000");
        assert_eq!(paid.lines()[0].items, [CostItem::Days(61, 91)]);
        assert_eq!(paid.lines()[0].amount.to_string(), "6100.00");
        let points = at(91, &terms(Pays::Points)).unwrap();
        assert_eq!(points.points().to_string(), "211.0000");
        let mut unpriced = line.clone();
        unpriced.switch_kind = Some("nursing".to_owned());
        assert_eq!(
            long_stay(&stay(91), &unpriced, &rules())
                .unwrap_err()
                .to_string(),
            "no stages are stated for bed-days of the kind \"nursing\"; add them to the \
             bed-day stages of the policy"
        );
    }
}
