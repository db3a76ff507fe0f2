//! Every unit of a policy at one date, typed.

use super::keys::*;
use super::problem::UnitProblem;
use super::shapes::{self, Shape};
use super::tables::Row;
use super::terms::*;
use crate::error::Error;
use crate::policy::case::PRESET_VALUE;
use crate::policy::resolve::{Resolver, fen};
use crate::policy::value_keys::shares_of_one;
use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// What the policy says about payment units; what it leaves out is not done.
pub(in crate::policy) fn resolve(resolver: &Resolver<'_>) -> Result<UnitTerms, Error> {
    let units = Units { resolver };
    Ok(UnitTerms {
        preset_value: resolver.optional_number(PRESET_VALUE),
        new_group: units.new_group()?,
        line_surplus: resolver.optional_choice(LINE_SURPLUS, &SURPLUSES),
        carve_out_overrun: resolver.optional_choice(CARVE_OUT_OVERRUN, &OVERRUNS),
        negotiated: units.negotiated()?,
        tcm: units.tcm()?,
        bed_day: units.bed_day()?,
        day_surgery: units.day_surgery()?,
        single_disease: units.single_disease()?,
        item: units.optional_pays(ITEM_PAYS, ITEM_OVERRUN)?,
        capitation: units.capitation()?,
        community: units.community()?,
        family_doctor: units.family_doctor()?,
    })
}

/// Asks for one unit after the other.
pub(super) struct Units<'r, 'p> {
    pub(super) resolver: &'r Resolver<'p>,
}

impl Units<'_, '_> {
    /// The rows of a table that hold on the day.
    fn rows(&self, shape: &'static Shape) -> impl Iterator<Item = &Row> {
        let date = self.resolver.date;
        let tables = self.resolver.policy.unit_tables.iter();
        let own = tables.filter(move |table| std::ptr::eq(table.shape, shape));
        let rows = own.flat_map(|table| &table.rows);
        rows.filter(move |row| row.holds_on(date))
    }

    /// As [`Self::rows`], where a unit cannot do without them.
    pub(super) fn needed(
        &self,
        key: &'static str,
        shape: &'static Shape,
    ) -> Result<Vec<&Row>, Error> {
        let rows: Vec<&Row> = self.rows(shape).collect();
        if rows.is_empty() {
            let (table, date) = (shape.file, self.resolver.date);
            return Err(self.wrong(key, UnitProblem::TableEmpty { table, date }));
        }
        Ok(rows)
    }

    pub(super) fn wrong(&self, key: &'static str, problem: UnitProblem) -> Error {
        self.resolver.wrong(key, problem.into())
    }

    /// Points or a line; points need the preset value unless the unit has base points of its own.
    pub(super) fn pays(&self, key: &'static str, overrun: &'static str) -> Result<Pays, Error> {
        match self.resolver.word(key)? {
            "line" => Ok(Pays::Line(self.overrun(overrun)?)),
            _ => Ok(Pays::Points),
        }
    }

    fn optional_pays(
        &self,
        key: &'static str,
        overrun: &'static str,
    ) -> Result<Option<Pays>, Error> {
        if self.resolver.optional(key).is_none() {
            return Ok(None);
        }
        self.amount_pays(key, overrun).map(Some)
    }

    /// As [`Self::pays`], for an amount that becomes points at the preset value.
    fn amount_pays(&self, key: &'static str, overrun: &'static str) -> Result<Pays, Error> {
        let pays = self.pays(key, overrun)?;
        if pays == Pays::Points {
            self.resolver.number(PRESET_VALUE)?;
        }
        Ok(pays)
    }

    fn overrun(&self, key: &'static str) -> Result<Overrun, Error> {
        self.resolver.choice(key, &OVERRUNS)
    }

    fn new_group(&self) -> Result<Option<NewGroupTerms>, Error> {
        let resolver = self.resolver;
        if resolver.optional(NEW_CASES).is_none() {
            return Ok(None);
        }
        Ok(Some(NewGroupTerms {
            min_cases: resolver.whole(NEW_CASES)?,
            min_hospitals: resolver.whole(NEW_HOSPITALS)?,
            variation: resolver.bound(NEW_VARIATION)?,
            mean_ratio: resolver.bound(NEW_RATIO)?,
            critical_value: resolver.number(NEW_CRITICAL)?,
            riv: resolver.bound(NEW_RIV)?,
            min_cases_left: resolver.whole(NEW_LEFT)?,
        }))
    }

    fn negotiated(&self) -> Result<Option<NegotiatedTerms>, Error> {
        if self.resolver.optional(NEGOTIATED_OVERRUN).is_none() {
            return Ok(None);
        }
        self.resolver.value(NEGOTIATED_SHARES)?;
        let months = self.resolver.whole(NEGOTIATED_MONTHS)?;
        let drug = |row: &Row| {
            let last_day = last_day(row, months)?;
            let drug = NegotiatedDrug {
                title: row.text(1).to_owned(),
                listed: row.from,
                last_day,
            };
            (self.resolver.date <= last_day).then(|| (row.text(0).to_owned(), drug))
        };
        let precedence = self.resolver.optional_choice(PRECEDENCE, &PRECEDENCES);
        Ok(Some(NegotiatedTerms {
            drugs: self.rows(&shapes::NEGOTIATED).filter_map(drug).collect(),
            fund_shares: self.resolver.optional_levels(NEGOTIATED_SHARES),
            overrun: self.overrun(NEGOTIATED_OVERRUN)?,
            precedence: precedence.unwrap_or(Precedence::NegotiatedDrugs),
        }))
    }

    fn tcm(&self) -> Result<Option<TcmTerms>, Error> {
        let resolver = self.resolver;
        if resolver.optional(TCM_UPFRONT).is_none() {
            return Ok(None);
        }
        let pair = |row: &Row| {
            let pair = TcmPair {
                title: row.text(1).to_owned(),
                group: row.text(2).to_owned(),
                share: row.number(3),
                window_days: whole(row.number(4)),
            };
            (row.text(0).to_owned(), pair)
        };
        let pairs = self.needed(TCM_UPFRONT, &shapes::TCM_PAIRS)?;
        Ok(Some(TcmTerms {
            pairs: pairs.into_iter().map(pair).collect(),
            upfront_share: resolver.number(TCM_UPFRONT)?,
            grades: self.grades()?,
            claw_back: resolver.number(TCM_CLAW_BACK)?,
            tcm_share: resolver.optional_bound(TCM_SHARE),
            stay_days: resolver.optional_bound(TCM_STAY),
            needs_syndrome: resolver.word(TCM_SYNDROME)? == "needed",
            tail: match resolver.word(TCM_TAIL)? {
                "line" => TcmTail::Line(self.overrun(TCM_OVERRUN)?),
                _ => TcmTail::Accrued,
            },
            held: resolver
                .optional_choice(TCM_HELD, &HELD)
                .unwrap_or_default(),
        }))
    }

    fn grades(&self) -> Result<Vec<TcmGrade>, Error> {
        let rows = self.needed(TCM_UPFRONT, &shapes::TCM_GRADES)?;
        let grade = |row: &Row| TcmGrade {
            at_least: row.number(0),
            earns: row.number(1),
        };
        let mut grades: Vec<TcmGrade> = rows.into_iter().map(grade).collect();
        grades.sort_by_key(|grade| grade.at_least);
        let (key, date) = ("the efficacy".to_owned(), self.resolver.date);
        if !grades[0].at_least.is_zero() {
            let first = grades[0].at_least.normalize().to_string();
            let expected = "0";
            let problem = UnitProblem::BeginsLate {
                key,
                first,
                expected,
                date,
            };
            return Err(self.wrong(TCM_UPFRONT, problem));
        }
        if let Some(pair) = grades.windows(2).find(|pair| pair[1].earns < pair[0].earns) {
            let at = pair[1].at_least.normalize().to_string();
            let order = "earn more with the score";
            let problem = UnitProblem::NotInOrder {
                key,
                order,
                at,
                date,
            };
            return Err(self.wrong(TCM_UPFRONT, problem));
        }
        Ok(grades)
    }

    fn day_surgery(&self) -> Result<Option<DaySurgeryTerms>, Error> {
        let Some(factor) = self.resolver.optional_number(DAY_SURGERY_FACTOR) else {
            return Ok(None);
        };
        let own = |row: &Row| {
            let own = OwnDayGroup {
                group: row.text(1).to_owned(),
                weight: row.number(2),
            };
            (row.text(0).to_owned(), own)
        };
        Ok(Some(DaySurgeryTerms {
            factor,
            own_groups: self.rows(&shapes::DAY_GROUPS).map(own).collect(),
        }))
    }

    fn single_disease(&self) -> Result<Option<SingleDiseaseTerms>, Error> {
        let Some(pays) = self.optional_pays(SINGLE_PAYS, SINGLE_OVERRUN)? else {
            return Ok(None);
        };
        let quota = |row: &Row| {
            let key = (row.text(0).to_owned(), row.text(1).to_owned());
            (key, fen(row.number(2)))
        };
        let rows = self.needed(SINGLE_PAYS, &shapes::QUOTAS)?;
        Ok(Some(SingleDiseaseTerms {
            pays,
            quotas: rows.into_iter().map(quota).collect(),
        }))
    }

    fn capitation(&self) -> Result<Option<CapitationTerms>, Error> {
        let resolver = self.resolver;
        let Some(reserve_share) = resolver.optional_number(CAPITATION_RESERVE) else {
            return Ok(None);
        };
        let rate = |row: &Row| {
            let rate = CapitationRate {
                title: row.text(1).to_owned(),
                rate_fen: fen(row.number(2)),
                risk: row.number(3),
            };
            (row.text(0).to_owned(), rate)
        };
        let rows = self.needed(CAPITATION_RESERVE, &shapes::CAPITATION)?;
        let stop_loss = resolver.optional_number(STOP_LOSS);
        Ok(Some(CapitationTerms {
            rates: rows.into_iter().map(rate).collect(),
            trend: resolver.number(CAPITATION_TREND)?,
            reserve_share,
            stop_loss_fen: stop_loss.map(fen),
            stop_loss_share: match stop_loss {
                Some(_) => resolver.number(STOP_LOSS_SHARE)?,
                None => Decimal::ZERO,
            },
            overspend_limit: resolver.number(OVERSPEND_LIMIT)?,
            fund_share: resolver.number(CAPITATION_FUND)?,
            assessment: shares_of_one(resolver, ASSESSMENT)?,
        }))
    }

    fn community(&self) -> Result<Option<CommunityTerms>, Error> {
        let resolver = self.resolver;
        let mut switches = [PACKAGES_OVERRUN, HOME_BED, COMMUNITY_CARE].iter();
        if switches.all(|key| resolver.optional(key).is_none()) {
            return Ok(None);
        }
        let package = |row: &Row| {
            let package = ChronicPackage {
                title: row.text(1).to_owned(),
                month_fen: fen(row.number(2)),
            };
            (row.text(0).to_owned(), package)
        };
        let home_bed = resolver.optional_number(HOME_BED);
        let care = resolver.optional_names(COMMUNITY_CARE);
        if !care.is_empty() {
            // Without the unit these days would be paid by nothing.
            resolver.word(BED_DAY_PAYS)?;
            let stages = self.stages()?;
            for kind in care.keys() {
                self.check_care(COMMUNITY_CARE, kind, &stages)?;
            }
        }
        Ok(Some(CommunityTerms {
            packages: self.rows(&shapes::PACKAGES).map(package).collect(),
            packages_overrun: resolver.optional_choice(PACKAGES_OVERRUN, &OVERRUNS),
            home_bed_fen: home_bed.map(fen),
            home_bed_pays: match home_bed {
                Some(_) => self.amount_pays(HOME_BED_PAYS, HOME_BED_OVERRUN)?,
                None => Pays::Points,
            },
            bed_day_kinds: care,
        }))
    }

    fn family_doctor(&self) -> Result<Option<FamilyDoctorTerms>, Error> {
        let resolver = self.resolver;
        let Some(rate) = resolver.optional_number(DOCTOR_RATE) else {
            return Ok(None);
        };
        Ok(Some(FamilyDoctorTerms {
            rate_fen: fen(rate),
            fixed_share: resolver.number(DOCTOR_FIXED)?,
            full_score: resolver.number(DOCTOR_SCORE)?,
            overrun: self.overrun(DOCTOR_OVERRUN)?,
        }))
    }
}

/// The last day of a drug's window: so many months from its listing, or earlier by its row.
///
/// A window that would end after the calendar does is none.
fn last_day(row: &Row, months: u32) -> Option<Date> {
    let end = row.from.checked_add(i64::from(months).months()).ok()?;
    let last = end.yesterday().ok()?;
    Some(row.until.map_or(last, |until| until.min(last)))
}

/// A whole number that was read with no decimals and at most a billion.
pub(super) fn whole(number: Decimal) -> u32 {
    use rust_decimal::prelude::ToPrimitive;
    number
        .to_u32()
        .expect("places and range were checked when the table was read")
}
