//! One case that a payment unit looks at: what its class and points see of its cost, what comes on
//! top, which unit pays the stay, and what lines pay.

mod items;
mod technology;

pub(super) use items::Listed;

use super::audits::Audited;
use super::columns::UnitFacts;
use super::rules::UnitRules;
use super::stay::{StayClaim, StayPricing, StayUnit, Stayed, stayed};
use super::tcm::{Accrual, Instalments, by_efficacy};
use super::{LineEntry, NEGOTIATED, NEW_TECHNOLOGY, UnitNote, UnitSums};
use crate::inputs::Insurance;
use crate::settle::cases::SettledClass;
use crate::settle::ledger::Account;
use drgdip_claims::{Finding, Yuan};
use drgdip_points::award::{CaseRules, GroupPrice};
use drgdip_points::units::negotiated::drugs_on_line;
use drgdip_points::units::new_technology::{
    Assigned, GroupMeans, TechnologyEffect, classified_cost, effect, pay,
};
use drgdip_points::units::tcm::Efficacy;
use drgdip_points::units::{Bill, CostItem, LinePart, Yield};
use drgdip_points::{Error, Points, Rounding, Weight};
use drgdip_tables::policy::{Line, TechnologyRegistry};
use jiff::civil::Date;
use std::cell::{Cell, OnceCell};

/// What a case with units is judged by.
#[derive(Clone, Copy)]
pub(in crate::settle) struct Judged<'c> {
    pub(in crate::settle) facts: &'c UnitFacts,
    pub(in crate::settle) rules: &'c UnitRules,
    pub(in crate::settle) registry: &'c TechnologyRegistry,
    pub(in crate::settle) day: Date,
    pub(in crate::settle) insurance: Insurance,
    pub(in crate::settle) rounding: Rounding,
    /// What follow-ups found of the case, by window.
    pub(in crate::settle) follow_ups: &'c [(i64, Efficacy)],
    /// What audits take off the case.
    pub(in crate::settle) audit: Yuan,
    /// Whether the hospital is one of primary care.
    pub(in crate::settle) is_primary_care: bool,
}

/// Which case it is.
#[derive(Clone, Copy)]
pub(in crate::settle) struct UnitKey<'k> {
    pub(in crate::settle) case_id: &'k str,
    pub(in crate::settle) account: Account,
    pub(in crate::settle) row: u64,
}

/// A case that states something a payment unit looks at: technologies, drugs, a unit, a TCM disease
/// or a long stay.
pub(in crate::settle) struct UnitCase<'c> {
    rules: &'c UnitRules,
    assigned: Assigned<'c>,
    /// What the line of negotiated drugs is asked.
    negotiated: Option<LinePart>,
    /// The cost without negotiated drugs.
    pub(in crate::settle) cost: Yuan,
    /// What patients bear of these drugs.
    patient_side: Yuan,
    change: OnceCell<Change>,
    facts: &'c UnitFacts,
    follow_ups: &'c [(i64, Efficacy)],
    audit: Yuan,
    is_primary_care: bool,
    /// What the unit that the claim names pays for the stay, or why it does not.
    stayed: OnceCell<Result<Stayed, String>>,
    notes: Vec<UnitNote>,
}

/// What technologies change where the group has a weight.
pub(in crate::settle) struct Change {
    pub(in crate::settle) effect: TechnologyEffect,
    /// The price and the reference cost at a raised weight.
    pub(in crate::settle) raised: Option<(GroupPrice, Yuan)>,
    /// The cost that the high rule sees.
    pub(in crate::settle) seen: Yuan,
    /// By what cost the case was classified and its points on top, once it has earned its points.
    pub(in crate::settle) settled: Cell<Option<(Yuan, Points)>>,
    means: GroupMeans,
    /// That of the group.
    weight: Weight,
}

impl<'c> UnitCase<'c> {
    /// Gives each item to its unit; a finding where the claim cannot be right.
    ///
    /// # Errors
    /// A policy that does not fit the claim, or numbers that do not fit, which `wrong` places.
    pub(in crate::settle) fn new(
        judged: Judged<'c>,
        total: Yuan,
        wrong: impl Fn(Error) -> crate::Error,
    ) -> Result<Result<Self, Finding>, crate::Error> {
        let facts = judged.facts;
        let mut notes = Vec::new();
        let listed = Listed {
            facts,
            registry: judged.registry,
            terms: judged.rules.terms.negotiated.as_ref(),
            day: judged.day,
        };
        let divided = listed.divided(total, &mut notes).map_err(&wrong)?;
        let Some((assigned, cost)) = divided else {
            return Ok(Err(Finding::ItemsUnusable));
        };
        let mut case = Self {
            rules: judged.rules,
            negotiated: None,
            patient_side: Yuan::ZERO,
            cost,
            assigned,
            change: OnceCell::new(),
            facts,
            follow_ups: judged.follow_ups,
            audit: judged.audit,
            is_primary_care: judged.is_primary_care,
            stayed: OnceCell::new(),
            notes,
        };
        if !case.assigned.negotiated.is_empty() {
            let share = judged.rules.fund_share(judged.insurance)?;
            let line = drugs_on_line(&case.assigned.negotiated, share, judged.rounding);
            case.negotiated = line.map_err(&wrong)?;
            let taken_out = total.minus(cost).map_err(|e| wrong(e.into()))?;
            let asked = case.negotiated.as_ref().map_or(Yuan::ZERO, |l| l.amount);
            case.patient_side = taken_out.minus(asked).map_err(|e| wrong(e.into()))?;
            case.note_drugs(share, asked, total);
        }
        Ok(Ok(case))
    }

    /// Whether anything of the case is paid by an item of its own.
    pub(in crate::settle) fn has_drugs(&self) -> bool {
        self.negotiated.is_some()
    }

    /// What its technologies change where its group has this price.
    ///
    /// # Errors
    /// A mean that the groups input lacks, or numbers that do not fit.
    pub(in crate::settle) fn change(
        &self,
        price: &GroupPrice,
        group: Option<u16>,
        rules: &CaseRules,
    ) -> Result<Option<&Change>, Error> {
        if self.assigned.technologies.is_empty() {
            return Ok(None);
        }
        if self.change.get().is_none() {
            let means = self.rules.means(group);
            let case = (self.cost, price.weight());
            let effect = effect(&self.assigned.technologies, case, &means, rules)?;
            let raised = effect.weight.map(|weight| {
                let price = rules.price(weight)?;
                Ok::<_, Error>((price, price.reference_cost()?))
            });
            let change = Change {
                seen: classified_cost(self.cost, &effect)?,
                settled: Cell::new(None),
                raised: raised.transpose()?,
                effect,
                means,
                weight: price.weight(),
            };
            // The cell was empty a moment ago, so the value is taken.
            let _ = self.change.set(change);
        }
        Ok(self.change.get())
    }

    /// The unit that the claim names or its TCM disease belongs to.
    fn unit(&self) -> Option<StayUnit> {
        let named = self.facts.unit.filter(|unit| unit.is_in(&self.rules.terms));
        let has_tcm = self.facts.tcm.is_some() && StayUnit::Tcm.is_in(&self.rules.terms);
        let stated = named.or_else(|| has_tcm.then_some(StayUnit::Tcm));
        let stated = stated.or_else(|| self.is_community_care().then_some(StayUnit::BedDay));
        stated.or_else(|| self.is_long().then_some(StayUnit::LongStay))
    }

    /// Whether primary care is paid by the day for the kind of care, though the claim names no unit.
    fn is_community_care(&self) -> bool {
        let terms = &self.rules.terms;
        let community = terms.community.as_ref();
        let is_kind = community.is_some_and(|t| t.bed_day_kinds.contains_key(&self.facts.care));
        is_kind
            && self.is_primary_care
            && self.facts.unit.is_none()
            && StayUnit::BedDay.is_in(terms)
    }

    /// Whether the stay goes on by the day after its group has paid.
    fn is_long(&self) -> bool {
        let switch = self.rules.terms.bed_day.as_ref();
        let switch = switch.and_then(|terms| terms.switch_after);
        let days = self.facts.days.filter(|_| self.facts.unit.is_none());
        switch.zip(days).is_some_and(|(last, days)| days > last)
    }

    /// The group of the run whose points the TCM disease of the claim earns.
    pub(in crate::settle) fn paired_group(&self) -> Option<u16> {
        let pair = self.rules.paired(&self.facts.tcm.as_ref()?.disease)?;
        self.rules.group(&pair.group)
    }

    /// The instalments of a TCM case.
    fn instalments(&self) -> Option<&Instalments> {
        self.stayed.get()?.as_ref().ok()?.instalments.as_ref()
    }

    /// The class and the points of a stay that its claim's unit pays; `None` where it is an
    /// ordinary one.
    ///
    /// # Errors
    /// Numbers that do not fit.
    pub(in crate::settle) fn stay(
        &self,
        of: &StayPricing<'_>,
    ) -> Result<Option<(SettledClass, Points)>, Error> {
        let Some(unit) = self.unit() else {
            return Ok(None);
        };
        let of = StayPricing {
            days: self.facts.days,
            ..*of
        };
        let found = match self.facts.tcm.as_ref().filter(|_| unit == StayUnit::Tcm) {
            Some(facts) => by_efficacy(facts, (self.rules, self.cost, self.follow_ups), &of)?,
            None => stayed(unit, (self.rules, self.claim()), &of)?,
        };
        let earned = found.as_ref().ok();
        let earned = earned.map(|stayed| (unit.class(), stayed.yielded.points()));
        // A case is priced once, so the cell is empty.
        let _ = self.stayed.set(found);
        Ok(earned)
    }

    fn claim(&self) -> StayClaim<'_> {
        StayClaim {
            care: &self.facts.care,
            cost: self.cost,
            audit: self.audit,
        }
    }

    /// What audits took off a stay that is paid by item, at most what it cost.
    fn audited(&self) -> Option<Yuan> {
        let stayed = self.stayed.get()?.as_ref().ok()?;
        let is_audited = stayed.unit == StayUnit::Item && self.audit > Yuan::ZERO;
        is_audited.then(|| self.audit.min(self.cost))
    }

    /// What a line pays for the whole stay, before what others bear of it.
    pub(in crate::settle) fn on_line(&self) -> Option<&LinePart> {
        match &self.stayed.get()?.as_ref().ok()?.yielded {
            Yield::Line(part) => Some(part),
            Yield::Points(_) | Yield::Both(_) => None,
        }
    }

    /// The days of a long stay that its group pays, and what a line pays for the later ones.
    fn later_days(&self) -> Option<(&CostItem, &LinePart)> {
        match &self.stayed.get()?.as_ref().ok()?.yielded {
            Yield::Both(split) => split.points()?.items.first().zip(split.lines().first()),
            Yield::Points(_) | Yield::Line(_) => None,
        }
    }

    /// What the case yields, each of its items once.
    fn yielded(
        &self,
        case_id: &str,
        own: Points,
        (effect, patient_side): (&TechnologyEffect, Yuan),
    ) -> Result<Yield, Error> {
        let whole = (&self.assigned, effect);
        let yielded = pay(case_id, own, whole, self.negotiated.clone())?;
        if self.instalments().and_then(Instalments::on_line).is_some() {
            let parts = (&CostItem::Instalment(1), Instalments::second());
            return Instalments::split(case_id, &yielded, parts);
        }
        if let Some((early, late)) = self.later_days() {
            return Instalments::split(case_id, &yielded, (early, late.clone()));
        }
        let Some(stay) = self.on_line() else {
            return Ok(yielded);
        };
        // The line pays what the points part would have paid, so no item is paid twice or never.
        let by_points = match yielded {
            Yield::Points(part) => part.items,
            Yield::Both(split) => split.points().map_or_else(Vec::new, |p| p.items.clone()),
            Yield::Line(_) => Vec::new(),
        };
        let mut items = by_points.clone();
        items.extend(self.negotiated.iter().flat_map(|part| part.items.clone()));
        let part = LinePart {
            amount: stay.amount.minus(patient_side)?.max(Yuan::ZERO),
            items: by_points,
            ..stay.clone()
        };
        let lines = std::iter::once(part).chain(self.negotiated.clone());
        Bill::new(case_id, items)?.pay(Vec::new(), lines.collect())
    }

    /// What the unit that the claim names did; `None` where nothing but the group pays the stay.
    fn note_stay(&self, patient_side: Yuan) -> Result<Option<UnitNote>, Error> {
        let (Some(unit), Some(found)) = (self.unit(), self.stayed.get()) else {
            return Ok(None);
        };
        let tcm = self.facts.tcm.as_ref().filter(|_| unit == StayUnit::Tcm);
        let (key, decision) = match tcm {
            Some(tcm) => (tcm.disease.as_str(), "by_efficacy"),
            None if unit == StayUnit::LongStay => ("", "switched"),
            None if self.facts.unit.is_none() => (self.facts.care.as_str(), "by_care"),
            None => ("", "by_unit"),
        };
        Ok(Some(match found {
            Ok(stayed) => {
                let part = self.on_line();
                let how = match part {
                    Some(_) => format!("{} − U {patient_side}", stayed.how),
                    None => stayed.how.clone(),
                };
                let asked = part.map(|part| part.amount.minus(patient_side));
                let asked = asked.transpose()?;
                UnitNote {
                    points: part.is_none().then(|| stayed.yielded.points()),
                    weight: stayed.priced.map(|(weight, _)| weight),
                    coefficient: stayed.priced.and_then(|(_, k)| k),
                    line: part.map(|part| part.line),
                    amount: asked.map(|asked| asked.max(Yuan::ZERO)),
                    how,
                    ..UnitNote::new(stayed.unit.code(), key, decision)
                }
            }
            Err(why) => UnitNote {
                how: why.clone(),
                ..UnitNote::new(unit.code(), key, "ordinary")
            },
        }))
    }

    /// U without what patients bear of negotiated drugs.
    ///
    /// # Errors
    /// Amounts that do not fit.
    pub(in crate::settle) fn without_drugs(&self, side: Yuan) -> Result<Yuan, Error> {
        if !self.has_drugs() {
            return Ok(side);
        }
        // A patient who bore less than the policy's share leaves nothing to take off.
        let left = side.minus(self.patient_side)?;
        Ok(left.max(Yuan::ZERO).min(side))
    }

    /// Hands over what is asked of lines and what is to be said, once the case has its points, and
    /// says how much lines are asked for.
    ///
    /// # Errors
    /// An item that is paid twice or not at all, or numbers that do not fit.
    pub(in crate::settle) fn close(
        &self,
        key: UnitKey<'_>,
        (points, patient_side): (Points, Yuan),
        sums: &mut UnitSums,
    ) -> Result<Yuan, Error> {
        let nothing = TechnologyEffect::default();
        let change = self.change.get();
        let mut effect = change.map_or(nothing, |change| change.effect.clone());
        let settled = change.and_then(|change| change.settled.get());
        effect.extra = settled.map_or(effect.extra, |(_, extra)| extra);
        let own = points.minus(effect.extra)?.max(Points::ZERO);
        let yielded = self.yielded(key.case_id, own, (&effect, patient_side))?;
        let account = key.account;
        let mut asked = Yuan::ZERO;
        for part in yielded.lines() {
            asked = asked.plus(part.amount)?;
            sums.lines.push(LineEntry {
                row: key.row,
                account,
                case_id: key.case_id.to_owned(),
                line: part.line,
                asked: part.amount,
                earned: self
                    .instalments()
                    .filter(|_| part.line == Line::TcmTail)
                    .and_then(Instalments::on_line),
            });
        }
        sums.accruals.extend(self.accrual(key, points));
        sums.audited.extend(self.audited().map(|amount| Audited {
            row: key.row,
            account,
            amount,
        }));
        let decided = self.assigned.technologies.iter();
        let mut notes: Vec<UnitNote> = decided.map(|used| self.technology(used)).collect();
        if let Some(change) = change {
            notes.push(UnitNote {
                cost: Some(settled.map_or(change.seen, |(seen, _)| seen)),
                points: Some(effect.extra),
                weight: Some(change.weight),
                ..UnitNote::new(NEW_TECHNOLOGY, "", EFFECT)
            });
        }
        let stay = self.note_stay(patient_side)?;
        let own = self.notes.iter().cloned().chain(stay).chain(notes);
        sums.notes.extend(own.map(|note| UnitNote {
            row: key.row,
            account,
            case_id: key.case_id.to_owned(),
            ..note
        }));
        Ok(asked)
    }

    /// What of a TCM case is held over the year's end.
    fn accrual(&self, key: UnitKey<'_>, earned: Points) -> Option<Accrual> {
        let instalments = self.instalments().filter(|all| all.is_accrued())?;
        Some(Accrual {
            row: key.row,
            account: key.account,
            case_id: key.case_id.to_owned(),
            disease: self.facts.tcm.as_ref()?.disease.clone(),
            earned,
            instalments: instalments.clone(),
        })
    }

    fn note_drugs(&mut self, share: drgdip_points::Ratio, asked: Yuan, total: Yuan) {
        for drug in &self.assigned.negotiated {
            self.notes.push(UnitNote {
                cost: Some(drug.cost),
                how: format!("{} × 基金比例 fund share {share}", drug.cost),
                ..UnitNote::new(NEGOTIATED, &drug.code, "on_line")
            });
        }
        self.notes.push(UnitNote {
            cost: Some(self.cost),
            line: Some(Line::NegotiatedDrugs),
            amount: Some(asked),
            how: format!(
                "C {total} − 谈判药 negotiated drugs = C' {}; 患者负担 borne by the patient {}",
                self.cost, self.patient_side
            ),
            ..UnitNote::new(NEGOTIATED, "", "taken_out")
        });
    }
}

/// What the note is called that has the cost by which a case is classified and its extra points.
pub(crate) const EFFECT: &str = "effect";
/// What the note of a technology is called that is paid beside the standard.
pub(crate) const CARVED_OUT: &str = "carved_out";
