//! What holds for every unit, whatever the numbers.

use super::capitation::{self, CapitationSettlement};
use super::new_technology::{Assigned, GroupMeans, TechnologyEffect, UsedTechnology, effect, pay};
use super::quota::testing::rules;
use super::tcm::{self, Efficacy, TcmPaid};
use super::*;
use crate::link::{HighCase, control_proportion};
use crate::units::negotiated::CodedItem;
use drgdip_tables::policy::{
    AddOnTerms, BedDayStage, CarveOutTerms, Line, LineSurplus, Overrun, RaisedWeight, SourceRow,
    TcmGrade, TcmPair, TcmTail, TcmTerms, Technology, TechnologyKind, TechnologyPay,
};
use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const ROUNDINGS: [Rounding; 2] = [Rounding::HalfAwayFromZero, Rounding::Down];

fn overruns() -> impl Strategy<Value = Overrun> {
    prop_oneof![
        Just(Overrun::Supplement),
        Just(Overrun::CarryOver),
        Just(Overrun::ProRata)
    ]
}

fn claims(prefix: &'static str) -> impl Strategy<Value = Vec<LineClaim>> {
    let amounts = prop::collection::vec(0_i64..1_000_000, 0..12);
    amounts.prop_map(move |amounts| {
        let numbered = amounts.into_iter().enumerate();
        let claim = |(index, fen): (usize, i64)| LineClaim {
            key: format!("{prefix}{index:02}"),
            amount: Yuan::from_fen(fen),
        };
        numbered.map(claim).collect()
    })
}

fn line_inputs() -> impl Strategy<Value = LineInput> {
    let money = (0_i64..5_000_000, 0_i64..500_000, 0_i64..500_000);
    let rules = (overruns(), any::<bool>());
    (money, rules, claims("o"), claims("c")).prop_map(
        |(money, (overrun, carries), owed, claims)| {
            let (budget, brought, reserve) = money;
            LineInput {
                line: Line::NegotiatedDrugs,
                budget: Yuan::from_fen(budget),
                brought_forward: Yuan::from_fen(brought),
                reserve: Yuan::from_fen(reserve),
                overrun,
                surplus: if carries {
                    LineSurplus::CarryForward
                } else {
                    LineSurplus::Reserve
                },
                owed,
                claims,
            }
        },
    )
}

fn fen(amounts: &[Yuan]) -> i64 {
    amounts.iter().map(|amount| amount.fen()).sum()
}

fn asked(claims: &[LineClaim]) -> i64 {
    claims.iter().map(|claim| claim.amount.fen()).sum()
}

fn technology(id: &str, kind: TechnologyKind, pay: TechnologyPay) -> Technology {
    Technology {
        id: id.to_owned(),
        kind,
        name: id.to_owned(),
        items: vec![id.to_owned()],
        procedures: Vec::new(),
        approved: None,
        listed: None,
        from: date(2026, 1, 1),
        until: None,
        pay: Some(pay),
        is_control_exempt: false,
        source: SourceRow {
            key: "model".to_owned(),
            title: "model".to_owned(),
            tag: "MODEL".to_owned(),
            reliability: "model".to_owned(),
        },
        note: None,
        line: 1,
    }
}

fn technologies() -> Vec<Technology> {
    let share = |hundredths| Decimal::new(hundredths, 2);
    let add_on = AddOnTerms {
        share: share(70),
        point_value: Some(Decimal::from(97)),
    };
    let carve_out = CarveOutTerms {
        cost_more_than: Decimal::from(2),
        share_more_than: share(64),
    };
    let raised = RaisedWeight::Factor(share(130));
    vec![
        technology(
            "a",
            TechnologyKind::Drug,
            TechnologyPay::AddOnPoints(add_on),
        ),
        technology(
            "b",
            TechnologyKind::Consumable,
            TechnologyPay::CarveOut(carve_out),
        ),
        technology(
            "c",
            TechnologyKind::Service,
            TechnologyPay::RaisedWeight(raised),
        ),
        technology("d", TechnologyKind::Service, TechnologyPay::OwnGroup),
    ]
}

fn used(technologies: &[Technology], costs: [i64; 4], on: [bool; 4]) -> Vec<UsedTechnology<'_>> {
    let listed = technologies.iter().zip(costs).zip(on);
    let is_on = listed.filter(|(_, on)| *on).map(|(listed, _)| listed);
    let with_items = |(technology, cost): (_, i64)| UsedTechnology {
        technology,
        items: vec![CodedItem {
            code: technology_id(technology),
            cost: Yuan::from_fen(cost),
        }],
    };
    is_on.map(with_items).collect()
}

fn technology_id(technology: &Technology) -> String {
    technology.id.clone()
}

fn means() -> GroupMeans {
    let mean = |yuan: i64| Some(Yuan::from_fen(yuan * 100));
    GroupMeans {
        cost: mean(20_000),
        drug: mean(6_000),
        consumable: mean(4_000),
        service: mean(3_000),
    }
}

fn effect_of(used: &[UsedTechnology<'_>], cost: i64) -> TechnologyEffect {
    let case = (Yuan::from_fen(cost), "2".parse().unwrap());
    effect(used, case, &means(), &rules()).unwrap()
}

fn tcm_terms(upfront: i64, claw_back: i64) -> TcmTerms {
    let grade = |at_least: i64, earns| TcmGrade {
        at_least: Decimal::from(at_least),
        earns: Decimal::new(earns, 2),
    };
    TcmTerms {
        pairs: BTreeMap::new(),
        upfront_share: Decimal::new(upfront, 4),
        grades: vec![grade(0, 0), grade(60, 60), grade(75, 85), grade(90, 100)],
        claw_back: Decimal::new(claw_back, 4),
        tcm_share: None,
        stay_days: None,
        needs_syndrome: false,
        tail: TcmTail::Accrued,
        held: drgdip_tables::policy::TcmHeld::default(),
    }
}

fn settle_alliance(net: i64, spend: i64, assessment: i64) -> CapitationSettlement {
    let assessment = crate::Ratio::from_millionths(assessment).unwrap();
    let terms = capitation::testing::terms();
    let (net, spend) = (Yuan::from_fen(net), Yuan::from_fen(spend));
    capitation::settle(net, spend, assessment, (&terms, Rounding::HalfAwayFromZero)).unwrap()
}

proptest! {
    /// A case is neither paid twice nor never: its bill takes exactly the payments that pay each
    /// of its items once.
    #[test]
    fn a_bill_takes_exactly_what_pays_each_item_once(
        by_points in prop::collection::vec(0_usize..6, 0..8),
        by_line in prop::collection::vec(0_usize..6, 0..8),
    ) {
        let item = |number: &usize| CostItem::Item(format!("i{number}"));
        let bill = Bill::new("c1", (0..5).map(|n| item(&n)).collect()).unwrap();
        let points = PointsPart {
            points: Points::from_ten_thousandths(1),
            items: by_points.iter().map(item).collect(),
        };
        let line = LinePart {
            line: Line::Item,
            amount: Yuan::from_fen(1),
            items: by_line.iter().map(item).collect(),
        };
        let mut all: Vec<usize> = by_points.iter().chain(&by_line).copied().collect();
        all.sort_unstable();
        let is_once = all == [0, 1, 2, 3, 4];
        prop_assert_eq!(bill.pay(vec![points], vec![line]).is_ok(), is_once);
    }

    #[test]
    fn a_line_adds_up_to_its_budget(input in line_inputs()) {
        let settled = settle_line(&input).unwrap();
        let paid = fen(&settled.paid) + fen(&settled.paid_owed);
        let left = settled.carried_forward.fen() + settled.returned.fen();
        let available = input.budget.fen() + input.brought_forward.fen() + settled.supplement.fen();
        prop_assert_eq!(available, paid + left);
        let owed = asked(&settled.still_owed);
        prop_assert_eq!(asked(&input.owed) + asked(&input.claims), paid + owed + settled.cut.fen());
        prop_assert!(settled.supplement <= input.reserve);
        prop_assert!(left == 0 || (owed == 0 && settled.cut == Yuan::ZERO));
        for (claim, paid) in input.claims.iter().zip(&settled.paid) {
            prop_assert!(*paid >= Yuan::ZERO && *paid <= claim.amount);
        }
        if input.overrun != Overrun::Supplement {
            prop_assert_eq!(settled.supplement, Yuan::ZERO);
        }
    }

    /// Flagged cases stand outside the control proportion: adding them changes nothing for the
    /// ordinary ones, and all of them are paid.
    #[test]
    fn flagged_cases_change_no_ordinary_high_case(
        excess in prop::collection::vec(0_i64..500, 0..15),
        flagged in prop::collection::vec(0_i64..500, 0..8),
        discharges in 0_u64..200,
    ) {
        let ids: Vec<String> = (0..30).map(|number| format!("c{number:02}")).collect();
        let case = |index: usize, fen: i64, is_new_technology| HighCase {
            case_id: ids[index].as_str(),
            excess: Yuan::from_fen(fen),
            is_new_technology,
        };
        let ordinary: Vec<HighCase<'_>> =
            excess.iter().enumerate().map(|(i, e)| case(i * 2 % 30, *e, false)).collect();
        let mut all = ordinary.clone();
        let added = flagged.iter().enumerate().map(|(i, e)| case((i * 2 + 1) % 30, *e, true));
        all.extend(added);
        let share = "0.05".parse().unwrap();
        let before = control_proportion(&ordinary, discharges, share).unwrap();
        let after = control_proportion(&all, discharges, share).unwrap();
        prop_assert_eq!(&after[..before.len()], &before[..]);
        prop_assert!(after[before.len()..].iter().all(|is_kept| *is_kept));
    }

    /// A technology that is off leaves the run without it: nothing at all without any, and what
    /// the others do does not depend on one of another kind.
    #[test]
    fn a_technology_that_is_off_leaves_no_trace(
        costs in prop::array::uniform4(0_i64..3_000_000),
        on in prop::array::uniform4(any::<bool>()),
        rest in 0_i64..9_000_000,
    ) {
        let technologies = technologies();
        let cost = rest + costs.iter().sum::<i64>();
        prop_assert_eq!(effect_of(&[], cost), TechnologyEffect::default());
        let with = effect_of(&used(&technologies, costs, on), cost);
        let alone = |index: usize| {
            let mut only = [false; 4];
            only[index] = on[index];
            effect_of(&used(&technologies, costs, only), cost)
        };
        let single = [alone(0), alone(1), alone(2), alone(3)];
        prop_assert_eq!(with.extra, single[0].extra);
        prop_assert_eq!(&with.carved_out, &single[1].carved_out);
        prop_assert_eq!(with.weight, single[2].weight);
        prop_assert_eq!(&single[3], &TechnologyEffect::default());
        let own = Points::from_ten_thousandths(2_000_000);
        let without = pay("c1", own, (&Assigned::default(), &TechnologyEffect::default()), None);
        prop_assert_eq!(without.unwrap(), Yield::stay_points(own));
    }

    /// Whatever technologies a case has, each of its items is paid once and nothing is below zero.
    #[test]
    fn a_case_with_technologies_is_paid_once(
        costs in prop::array::uniform4(0_i64..3_000_000),
        on in prop::array::uniform4(any::<bool>()),
        rest in 0_i64..9_000_000,
    ) {
        let technologies = technologies();
        let cost = rest + costs.iter().sum::<i64>();
        let used = used(&technologies, costs, on);
        let effect = effect_of(&used, cost);
        let items = used.len() + 1;
        let assigned = Assigned { negotiated: Vec::new(), technologies: used };
        let own = Points::from_ten_thousandths(2_000_000);
        let paid = pay("c1", own, (&assigned, &effect), None).unwrap();
        prop_assert!(paid.points() >= own);
        let on_lines: usize = paid.lines().iter().map(|part| part.items.len()).sum();
        let by_points = match &paid {
            Yield::Points(part) => part.items.len(),
            Yield::Line(_) => 0,
            Yield::Both(split) => split.points().map_or(0, |part| part.items.len()),
        };
        prop_assert_eq!(on_lines + by_points, items);
        prop_assert!(paid.lines().iter().all(|part| part.amount >= Yuan::ZERO));
        prop_assert!(effect.unseen.fen() <= costs[0]);
    }

    #[test]
    fn the_points_and_money_of_a_tcm_case_are_divided_without_loss(
        base in 0_i64..50_000_000,
        share in 6_000_i64..10_000,
        (upfront, claw_back) in (0_i64..=10_000, 0_i64..=10_000),
        (score, payment) in (0_i64..120, 0_i64..90_000_000),
        rounding in prop::sample::select(ROUNDINGS.to_vec()),
    ) {
        let terms = tcm_terms(upfront, claw_back);
        let pair = TcmPair {
            title: "t".to_owned(),
            group: "g".to_owned(),
            share: Decimal::new(share, 4),
            window_days: 90,
        };
        let base = Points::from_ten_thousandths(base);
        let points = tcm::points(base, &pair, &terms, rounding).unwrap();
        prop_assert_eq!(points.upfront.plus(points.deferred).unwrap(), points.full);
        prop_assert!(points.upfront >= Points::ZERO && points.deferred >= Points::ZERO);
        let payment = Yuan::from_fen(payment);
        let held = tcm::held(payment, &points, rounding).unwrap();
        let paid = TcmPaid { upfront: payment.minus(held).unwrap(), held };
        prop_assert!(paid.upfront >= Yuan::ZERO && held >= Yuan::ZERO);
        for efficacy in [Efficacy::Scored(Decimal::from(score)), Efficacy::Failed] {
            let found = tcm::follow_up(&points, efficacy, &terms, rounding).unwrap();
            prop_assert_eq!(found.earned.plus(found.released).unwrap(), points.deferred);
            prop_assert!(found.clawed_back <= points.upfront);
            let release = tcm::release(&paid, &points, &found, rounding).unwrap();
            prop_assert_eq!(release.to_hospital.plus(release.to_pool).unwrap(), held);
            prop_assert!(release.to_hospital >= Yuan::ZERO && release.to_pool >= Yuan::ZERO);
            prop_assert!(release.clawed_back <= paid.upfront);
        }
    }

    /// A stay that is cut into days before and after a switch is paid as often as the whole one.
    #[test]
    fn days_are_paid_once_wherever_a_stay_is_cut(
        steps in prop::collection::vec((1_u32..60, 0_i64..50_000), 1..5),
        days in 1_u32..400,
        cut in 0_u32..400,
    ) {
        let mut first_day = 1;
        let mut stages = Vec::new();
        for (length, day_fen) in steps {
            stages.push(BedDayStage { first_day, day_fen });
            first_day += length;
        }
        let cut = cut.min(days);
        let price = |from, until| bed_day::price(&stages, (from, until)).unwrap();
        let parts = price(1, cut).plus(price(cut + 1, days)).unwrap();
        prop_assert_eq!(parts, price(1, days));
        let each: i64 = (1..=days).map(|day| price(day, day).fen()).sum();
        prop_assert_eq!(each, price(1, days).fen());
    }

    #[test]
    fn an_alliance_that_spends_more_is_never_better_off(
        net in 0_i64..1_000_000_000,
        (spend, more) in (0_i64..1_500_000_000, 0_i64..500_000_000),
        assessment in 0_i64..=1_000_000,
    ) {
        let at = |spend| settle_alliance(net, spend, assessment);
        let (low, high) = (at(spend), at(spend + more));
        for (spend, settled) in [(spend, low), (spend + more, high)] {
            let due = spend + settled.kept.fen() + settled.returned.fen();
            prop_assert_eq!(due, net + settled.fund_adds.fen() + settled.alliance_bears.fen());
            let parts = [settled.kept, settled.returned, settled.fund_adds, settled.alliance_bears];
            prop_assert!(parts.iter().all(|part| *part >= Yuan::ZERO));
        }
        prop_assert!(high.kept <= low.kept && high.returned <= low.returned);
        prop_assert!(high.fund_adds >= low.fund_adds);
        prop_assert!(high.alliance_bears >= low.alliance_bears);
    }
}
