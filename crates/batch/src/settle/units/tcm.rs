//! TCM diseases by efficacy: what a case earns at discharge, and what its follow-up makes of it.

use super::book::{UnitNote, UnitSums};
use super::rules::UnitRules;
use super::stay::{StayPricing, StayUnit, Stayed};
use crate::Error;
use crate::inputs::{InputTable, Inputs};
use crate::settle::PoolReport;
use crate::settle::carried::Holding;
use crate::settle::ledger::Account;
use crate::settle::links::Adjustments;
use crate::settle::setting::Setting;
use drgdip_claims::Yuan;
use drgdip_points::units::tcm::{self, Efficacy, TcmCase, TcmFollowUp, TcmPaid, TcmPoints};
use drgdip_points::units::{Bill, CostItem, LinePart, PointsPart, Yield};
use drgdip_points::{PointValue, Points};
use drgdip_tables::policy::{Line, TcmHeld, TcmPair, TcmTail, TcmTerms};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// The TCM disease of a claim that some policy version pairs with a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::settle) struct TcmFacts {
    pub(in crate::settle) disease: String,
    pub(in crate::settle) syndrome: String,
    /// What of the cost is TCM treatment; zero where the claim does not say.
    pub(in crate::settle) cost: Yuan,
}

/// The follow-ups of cases, by case and window in days.
#[derive(Debug, Default)]
pub(in crate::settle) struct FollowUps(HashMap<String, Vec<(i64, Efficacy)>>);

impl FollowUps {
    pub(in crate::settle) fn new(inputs: &Inputs) -> Self {
        let mut found: HashMap<String, Vec<(i64, Efficacy)>> = HashMap::new();
        for row in inputs.rows(InputTable::Efficacy) {
            let window = row.number("window").unwrap_or_default() / 10_000;
            let score = Decimal::new(row.number("grade").unwrap_or_default(), 4);
            let efficacy = if row.flag("failed") {
                Efficacy::Failed
            } else {
                Efficacy::Scored(score)
            };
            let of_case = found.entry(row.required("case_id").to_owned());
            of_case.or_default().push((window, efficacy));
        }
        Self(found)
    }

    pub(in crate::settle) fn of(&self, case_id: &str) -> &[(i64, Efficacy)] {
        self.0.get(case_id).map_or(&[], Vec::as_slice)
    }
}

/// The points of a TCM case with what is known of its efficacy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instalments {
    points: TcmPoints,
    tail: TcmTail,
    follow_up: Option<TcmFollowUp>,
    window_days: u32,
    /// Whether the clearing holds the money of deferred points.
    is_held: bool,
}

/// A TCM case whose deferred points were accrued; its money is held over the year's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accrual {
    pub(super) row: u64,
    pub(super) account: Account,
    pub(super) case_id: String,
    pub(super) disease: String,
    /// What the case earned in all.
    pub(super) earned: Points,
    pub(super) instalments: Instalments,
}

impl Instalments {
    pub(super) fn is_accrued(&self) -> bool {
        self.tail == TcmTail::Accrued
    }

    /// What a line is to pay once points have a value; `None` before the follow-up.
    pub(super) fn on_line(&self) -> Option<Points> {
        let follow_up = self.follow_up.filter(|_| !self.is_accrued())?;
        Some(follow_up.earned)
    }

    /// What the case earns in the year of its discharge.
    fn at_discharge(&self) -> Result<Points, drgdip_points::Error> {
        match (self.tail, self.follow_up) {
            (TcmTail::Accrued, _) => Ok(self.points.full),
            (TcmTail::Line(_), None) => Ok(self.points.upfront),
            (TcmTail::Line(_), Some(found)) => self.points.upfront.minus(found.clawed_back),
        }
    }

    /// What a line pays of a case: its second instalment, at first without an amount.
    pub(super) fn second() -> LinePart {
        LinePart {
            line: Line::TcmTail,
            amount: Yuan::ZERO,
            items: vec![CostItem::Instalment(2)],
        }
    }

    /// The bill of a stay of which points pay a first part and a line a second.
    pub(super) fn split(
        case_id: &str,
        yielded: &Yield,
        (early, second): (&CostItem, LinePart),
    ) -> Result<Yield, drgdip_points::Error> {
        let by_points = match yielded {
            Yield::Points(part) => Some(part.clone()),
            Yield::Both(split) => split.points().cloned(),
            Yield::Line(_) => None,
        };
        let first = by_points.map(|part| {
            let items = part.items.into_iter().map(|item| match item {
                CostItem::Stay => early.clone(),
                other => other,
            });
            PointsPart {
                points: part.points,
                items: items.collect(),
            }
        });
        let mut lines = yielded.lines().to_vec();
        lines.push(second);
        let by_lines = lines.iter().flat_map(|part| part.items.clone());
        let items = first.iter().flat_map(|part| part.items.clone());
        let bill = Bill::new(case_id, items.chain(by_lines).collect())?;
        bill.pay(first.into_iter().collect(), lines)
    }
}

/// What a case of a paired disease yields; the reason in words where it is an ordinary one.
///
/// Errors: numbers that do not fit.
pub(super) fn by_efficacy(
    facts: &TcmFacts,
    (rules, cost, known): (&UnitRules, Yuan, &[(i64, Efficacy)]),
    of: &StayPricing<'_>,
) -> Result<Result<Stayed, String>, drgdip_points::Error> {
    let pair = rules.paired(&facts.disease);
    let Some((terms, pair)) = rules.terms.tcm.as_ref().zip(pair) else {
        return Ok(Err(
            "政策当日无此病种 the policy does not pair the disease on the day".to_owned(),
        ));
    };
    let case = TcmCase {
        has_syndrome: !facts.syndrome.is_empty(),
        total_cost: cost,
        tcm_cost: facts.cost,
        stay_days: of.days.unwrap_or_default(),
    };
    if let Some(gate) = tcm::gate(&case, terms) {
        let how = format!(
            "{}; 中医费用 TCM cost {} ÷ {cost}, {} 天 days",
            gate.code(),
            facts.cost,
            case.stay_days
        );
        return Ok(Err(how));
    }
    let Some(price) = of.paired else {
        let how = format!("{} 无权重 the paired group has no weight", pair.group);
        return Ok(Err(how));
    };
    let rounding = of.rules.rounding();
    let points = tcm::points(price.base_points(), pair, terms, rounding)?;
    let window = i64::from(pair.window_days);
    let efficacy = known.iter().find(|(days, _)| *days == window);
    let follow_up = efficacy.map(|(_, e)| tcm::follow_up(&points, *e, terms, rounding));
    let instalments = Instalments {
        points,
        tail: terms.tail,
        follow_up: follow_up.transpose()?,
        window_days: pair.window_days,
        is_held: terms.held == TcmHeld::Ledger,
    };
    Ok(Ok(Stayed {
        unit: StayUnit::Tcm,
        yielded: Yield::stay_points(instalments.at_discharge()?),
        how: text((pair, terms), price.base_points(), &instalments),
        priced: Some((price.weight(), None)),
        instalments: Some(instalments),
    }))
}

fn text((pair, terms): (&TcmPair, &TcmTerms), base: Points, of: &Instalments) -> String {
    let points = &of.points;
    let mut how = format!(
        "{} b {base} × c {} = p_full {}; q {} → p_0 {}, 待评价 deferred {}; {}",
        pair.group,
        pair.share.normalize(),
        points.full,
        terms.upfront_share.normalize(),
        points.upfront,
        points.deferred,
        match of.tail {
            TcmTail::Accrued => "全部点数计入出院年度 all points count in the year of discharge",
            TcmTail::Line(_) => "尾款单列支付 the rest is paid from a line",
        }
    );
    how += &match of.follow_up {
        None => format!(
            "; {} 天疗效未知 the efficacy after {} days is not known",
            pair.window_days, pair.window_days
        ),
        Some(found) => format!(
            "; {} 天疗效 efficacy: 兑现 earned {}, 未兑现 not earned {}, 扣回 clawed back {}",
            pair.window_days, found.earned, found.released, found.clawed_back
        ),
    };
    how
}

/// What a point of a hospital earned in its pool; `None` where it has no points.
pub(super) fn value_of(
    setting: &Setting<'_>,
    pools: &[PoolReport],
    account: Account,
) -> Option<PointValue> {
    let id = &setting.hospitals[account.hospital as usize][0].hospital_id;
    let settled = &pools[usize::from(account.pool)].settlement;
    settled.hospital(id)?.effective_value()
}

/// Notes what of accrued cases is held, and how the follow-up divides it.
///
/// A case that another rule pays as a whole has nothing to hold. Errors: amounts that do not fit.
pub(super) fn note_accruals(
    setting: &Setting<'_>,
    sums: &mut UnitSums,
    (adjusted, pools): (&Adjustments, &[PoolReport]),
) -> Result<(), Error> {
    for accrual in std::mem::take(&mut sums.accruals) {
        let is_replaced = adjusted.contains_key(&accrual.row);
        let value = value_of(setting, pools, accrual.account);
        let Some(value) = value.filter(|_| !is_replaced) else {
            continue;
        };
        let place = format!("case {}", accrual.case_id);
        let wrong = |e: drgdip_points::Error| Error::input(&place, e);
        let holding = holding(setting, &accrual, &value).map_err(wrong)?;
        let notes = notes(&accrual, &holding).map_err(wrong)?;
        if accrual.instalments.is_held {
            sums.holdings.push(holding);
        }
        sums.notes.extend(notes.into_iter().map(|note| UnitNote {
            row: accrual.row,
            account: accrual.account,
            case_id: accrual.case_id.clone(),
            ..note
        }));
    }
    Ok(())
}

/// The money of an accrued case, and how its follow-up divides what is held of it.
fn holding(
    setting: &Setting<'_>,
    accrual: &Accrual,
    value: &PointValue,
) -> Result<Holding, drgdip_points::Error> {
    let rounding = setting.terms.value.money_rounding;
    let Instalments {
        points, follow_up, ..
    } = &accrual.instalments;
    let payment = accrual.earned.pay_at(value, rounding)?;
    let held = tcm::held(payment, points, rounding)?;
    let upfront = payment.minus(held)?;
    let paid = TcmPaid { upfront, held };
    let release = follow_up.map(|found| tcm::release(&paid, points, &found, rounding));
    let hospital = &setting.hospitals[accrual.account.hospital as usize][0];
    Ok(Holding {
        pool: setting.pools.all[usize::from(accrual.account.pool)]
            .id
            .clone(),
        hospital_id: hospital.hospital_id.clone(),
        case_id: accrual.case_id.clone(),
        year: setting.period.last.year().to_string(),
        disease: accrual.disease.clone(),
        window_days: accrual.instalments.window_days,
        points: *points,
        paid,
        release: release.transpose()?,
    })
}

fn notes(accrual: &Accrual, holding: &Holding) -> Result<Vec<UnitNote>, drgdip_points::Error> {
    let Instalments {
        points, follow_up, ..
    } = &accrual.instalments;
    let TcmPaid { upfront, held } = holding.paid;
    let payment = upfront.plus(held)?;
    let note = |decision, amount, how: String| UnitNote {
        amount: Some(amount),
        how,
        ..UnitNote::new(StayUnit::Tcm.code(), &accrual.disease, decision)
    };
    let how = format!("p × v {payment} × {} ÷ {}", points.deferred, points.full);
    let mut notes = vec![note("held", held, how)];
    if let Some((found, release)) = follow_up.zip(holding.release) {
        let of_held = format!("{held} × {} ÷ {}", found.earned, points.deferred);
        let rest = format!("{held} − {}", release.to_hospital);
        let clawed = format!("{upfront} × {} ÷ {}", found.clawed_back, points.upfront);
        notes.push(note("to_hospital", release.to_hospital, of_held));
        notes.push(note("to_pool", release.to_pool, rest));
        if release.clawed_back > Yuan::ZERO {
            notes.push(note("clawed_back", release.clawed_back, clawed));
        }
    }
    Ok(notes)
}
