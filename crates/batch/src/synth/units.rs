//! What a policy lets generated claims state for payment units, what they ask of its lines, and the
//! inputs that go with that: mean costs of groups and follow-ups of TCM cases.

use super::SynthJob;
use super::inputs::Row;
use crate::Error;
use crate::settle::setting::Period;
use drgdip_claims::Yuan;
use drgdip_synth::{CostPart, StatedUnit, TechnologyItem, UnitFacts, UnitMix, usual_means};
use drgdip_tables::Policy;
use drgdip_tables::policy::{
    CommunityTerms, Line, Overrun, Pays, PolicyAt, Technology, TechnologyKind, TechnologyPay,
    UnitTerms,
};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::{BTreeMap, BTreeSet};

/// Units of a policy on the last day of a period.
#[derive(Clone, Debug, Default)]
pub(super) struct PolicyUnits {
    pub(super) mix: UnitMix,
    /// Which technologies of the mix are paid from a line.
    carved_out: Vec<bool>,
    /// What the fund pays of a negotiated drug, in thousandths, by insurance.
    drug_shares: Vec<i128>,
    /// The units of stays that lines pay.
    on_line: BTreeMap<StatedUnit, Line>,
    /// Whether a line pays the later days of a long stay.
    has_later_days: bool,
    /// Whether a line pays the rest of a TCM case.
    has_tail: bool,
    /// Every line that cases can draw on, with the rule above its budget.
    pub(super) lines: BTreeMap<Line, Overrun>,
}

impl PolicyUnits {
    pub(super) fn new(policy: &Policy, terms: &PolicyAt, insurances: &[String]) -> Self {
        let units = &terms.units;
        let technologies = policy.new_technologies().technologies();
        let items = || {
            let each = technologies.iter();
            each.flat_map(|t| t.items.iter().map(move |code| (t, code)))
        };
        let carves = |t: &Technology| matches!(t.pay, Some(TechnologyPay::CarveOut(_)));
        let mut made = Self {
            mix: mix(technologies, items().map(item).collect(), units),
            carved_out: items().map(|(t, _)| carves(t)).collect(),
            drug_shares: insurances.iter().map(|word| share(units, word)).collect(),
            ..Self::default()
        };
        made.find_lines(units);
        made
    }

    fn find_lines(&mut self, units: &UnitTerms) {
        let negotiated = units.negotiated.as_ref();
        let drugs = negotiated.map(|terms| (Line::NegotiatedDrugs, terms.overrun));
        let carved = units
            .carve_out_overrun
            .map(|rule| (Line::NewTechnology, rule));
        self.lines.extend(drugs.into_iter().chain(carved));
        let bed_day = units.bed_day.as_ref().map(|terms| terms.pays);
        let single = units.single_disease.as_ref().map(|terms| terms.pays);
        let stays = [
            (StatedUnit::BedDay, Line::BedDay, bed_day),
            (StatedUnit::SingleDisease, Line::SingleDisease, single),
            (StatedUnit::Item, Line::Item, units.item),
        ];
        for (unit, line, pays) in stays {
            if let Some(Pays::Line(overrun)) = pays {
                self.on_line.insert(unit, line);
                self.lines.insert(line, overrun);
            }
        }
        self.has_later_days = self.on_line.contains_key(&StatedUnit::BedDay);
        if let Some(overrun) = units.tcm.as_ref().and_then(|terms| terms.tail.on_line()) {
            self.has_tail = true;
            self.lines.insert(Line::TcmTail, overrun);
        }
    }

    /// About what a claim asks of lines, in fen.
    pub(super) fn asked(
        &self,
        insurance: u16,
        fund_paid: i64,
        facts: &UnitFacts,
    ) -> Vec<(Line, i128)> {
        let fund = i128::from(fund_paid);
        let share = self.drug_shares.get(usize::from(insurance)).copied();
        let drugs = facts.drugs.iter().map(|(_, fen)| {
            let part = i128::from(*fen) * share.unwrap_or(0) / 1_000;
            (Line::NegotiatedDrugs, part)
        });
        let carved = facts.technologies.iter();
        let carved = carved.filter(|(number, _)| self.carved_out[*number]);
        // Not every case exceeds both bounds, and the mean of the group is taken off.
        let carved = carved.map(|(_, fen)| (Line::NewTechnology, i128::from(*fen) / 2));
        let stay = facts.unit.and_then(|unit| self.on_line.get(&unit));
        let stay = stay.map(|line| (*line, fund));
        let later = facts.is_long && self.has_later_days;
        let later = later.then_some((Line::BedDay, fund / 2));
        let tail = facts.tcm.is_some() && self.has_tail;
        let tail = tail.then_some((Line::TcmTail, fund / 4));
        let beside = stay.into_iter().chain(later).chain(tail);
        let all = drugs.chain(carved).chain(beside);
        all.filter(|(line, _)| self.lines.contains_key(line))
            .collect()
    }
}

/// A little less than cases ask, so that every rule above a budget is seen at work.
pub(super) const fn percent(overrun: Overrun) -> i128 {
    match overrun {
        Overrun::Supplement => 90,
        Overrun::CarryOver => 95,
        Overrun::ProRata => 97,
    }
}

fn share(units: &UnitTerms, insurance: &str) -> i128 {
    let negotiated = units.negotiated.as_ref();
    let share = negotiated.and_then(|terms| terms.fund_shares.get(insurance));
    let per_mille = share.and_then(|share| share.checked_mul(Decimal::ONE_THOUSAND));
    per_mille.and_then(|share| share.to_i128()).unwrap_or(0)
}

fn item((technology, code): (&Technology, &String)) -> TechnologyItem {
    TechnologyItem {
        code: code.clone(),
        part: match technology.kind {
            TechnologyKind::Drug => CostPart::Drug,
            TechnologyKind::Consumable => CostPart::Consumable,
            TechnologyKind::Service => CostPart::Service,
        },
    }
}

fn mix(technologies: &[Technology], items: Vec<TechnologyItem>, units: &UnitTerms) -> UnitMix {
    let procedures = technologies.iter().flat_map(|t| t.procedures.clone());
    let bed_day = units.bed_day.as_ref();
    let switched = bed_day.and_then(|terms| terms.switch_kind.as_ref());
    let care = bed_day.iter().flat_map(|terms| terms.stages.keys());
    let care: BTreeSet<&String> = care
        .map(|kind| &kind.care)
        .filter(|care| Some(*care) != switched)
        .collect();
    let quotas = units.single_disease.iter();
    let quotas: BTreeSet<&String> = quotas
        .flat_map(|terms| terms.quotas.keys().map(|(group, _)| group))
        .collect();
    UnitMix {
        technologies: items,
        procedures: procedures.collect(),
        drugs: units
            .negotiated
            .as_ref()
            .map_or_else(Vec::new, |terms| terms.drugs.keys().cloned().collect()),
        tcm_diseases: units
            .tcm
            .as_ref()
            .map_or_else(Vec::new, |terms| terms.pairs.keys().cloned().collect()),
        care: care.into_iter().cloned().collect(),
        quota_groups: quotas.into_iter().cloned().collect(),
        has_day_surgery: units.day_surgery.is_some(),
        has_items: units.item.is_some(),
        has_home_beds: units
            .community
            .as_ref()
            .is_some_and(CommunityTerms::has_home_beds_in_points),
        switch_after: bed_day
            .and_then(|terms| terms.switch_after)
            .and_then(|days| i32::try_from(days).ok()),
    }
}

/// The groups input: what cases of each group usually cost.
pub(super) fn group_rows(job: &SynthJob<'_>, period: &Period) -> Result<Vec<Row>, Error> {
    let terms = job.policy.policy.at(period.last)?;
    let means = usual_means(&job.plan.plan, terms.case.mean_cost_fen);
    let head = [
        "group",
        "mean_cost",
        "mean_drug",
        "mean_consumable",
        "mean_service",
    ];
    let head = head.map(str::to_owned).to_vec();
    let rows = means.into_iter().map(|row| {
        let amounts = [row.cost, row.drug, row.consumable, row.service];
        let amounts = amounts.map(|fen| Yuan::from_fen(fen).to_string());
        std::iter::once(row.group).chain(amounts).collect()
    });
    Ok(std::iter::once(head).chain(rows).collect())
}

/// The efficacy input: two in three TCM cases were followed up, and a few of them failed.
///
/// `cases` are the cases with their disease, in the order of their ids.
pub(super) fn efficacy_rows(
    cases: &[(String, usize)],
    mix: &UnitMix,
    terms: &UnitTerms,
) -> Vec<Row> {
    let head = ["case_id", "window", "grade", "failed"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (number, (case_id, disease)) in cases.iter().enumerate() {
        let pair = terms.tcm.as_ref().and_then(|tcm| {
            let disease = mix.tcm_diseases.get(*disease)?;
            tcm.pairs.get(disease)
        });
        let Some(pair) = pair.filter(|_| number % 3 != 2) else {
            continue;
        };
        let grade = 50 + number * 7 % 51;
        let failed = if number % 17 == 5 { "yes" } else { "no" };
        rows.push(vec![
            case_id.clone(),
            pair.window_days.to_string(),
            grade.to_string(),
            failed.to_owned(),
        ]);
    }
    rows
}
