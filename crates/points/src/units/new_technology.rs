//! What registered new technologies do to a case (新技术支付).
//!
//! Source: `policies/new-technology.md`. A case without a valid
//! technology has [`TechnologyEffect::default`], so turning one off is the run without it.

use super::negotiated::CodedItem;
use super::{Bill, CostItem, LinePart, PointsPart, Yield, money, not_negative, yuan};
use crate::award::{CaseAward, CaseRules, GroupPrice, award, normal_points};
use crate::classify::CaseClass;
use crate::exact::Exact;
use crate::{Error, Points, Ratio, Rounding, Weight};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{
    AddOnTerms, CarveOutTerms, Line, Precedence, RaisedWeight, Technology, TechnologyKind,
    TechnologyPay,
};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A technology that is valid on the day of a case, with what the claim lists of it.
#[derive(Clone, Debug)]
pub struct UsedTechnology<'r> {
    /// The entry of the registry.
    pub technology: &'r Technology,
    /// The items of the claim; none where a procedure alone shows it.
    pub items: Vec<CodedItem>,
}

/// What a group costs on average, all together and by kind of item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupMeans {
    /// All of it.
    pub cost: Option<Yuan>,
    /// Drugs.
    pub drug: Option<Yuan>,
    /// Consumables.
    pub consumable: Option<Yuan>,
    /// Services.
    pub service: Option<Yuan>,
}

impl GroupMeans {
    fn of(&self, kind: TechnologyKind) -> Result<Yuan, Error> {
        let mean = match kind {
            TechnologyKind::Drug => self.drug,
            TechnologyKind::Consumable => self.consumable,
            TechnologyKind::Service => self.service,
        };
        mean.ok_or(Error::NoGroupMean(kind.word()))
    }
}

/// What technologies change in the pay of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TechnologyEffect {
    /// The weight that stands for the group's.
    pub weight: Option<Weight>,
    /// Points on top of the case's own.
    pub extra: Points,
    /// What of the cost of a high case is not seen by the high rule, because the extra points pay
    /// it: the share φ of what is above the mean, cut to the fen.
    pub unseen: Yuan,
    /// What is paid beside the standard; the case then earns the normal points, not high or low
    /// ones.
    pub carved_out: Option<LinePart>,
    /// Whether the case stands outside the control proportion.
    pub is_control_exempt: bool,
}

impl TechnologyEffect {
    /// The extra points of a case that earns `own` points beside them and would earn `without` if
    /// its technologies were not registered.
    ///
    /// A registry raises what a case earns, so they are never fewer than what
    /// the cost that they hide would have earned. Errors: points that do not fit.
    pub fn extra_above(&self, own: Points, without: Points) -> Result<Points, Error> {
        Ok(self.extra.max(without.minus(own)?))
    }
}

/// What the technologies of a case do.
///
/// `cost` is the cost of the case without its negotiated drugs, `weight` the group's weight.
/// Several add-ons or carve-outs of one kind share the group's mean of that kind, in proportion to
/// what they cost; of several raised weights the highest holds. Errors: the groups input lacks a
/// mean that is needed, or a number does not fit.
pub fn effect(
    used: &[UsedTechnology<'_>],
    (cost, weight): (Yuan, Weight),
    means: &GroupMeans,
    rules: &CaseRules,
) -> Result<TechnologyEffect, Error> {
    let mut effect = TechnologyEffect {
        is_control_exempt: used.iter().any(|used| used.technology.is_control_exempt),
        ..TechnologyEffect::default()
    };
    for used in used {
        if let Some(TechnologyPay::RaisedWeight(raised)) = &used.technology.pay {
            effect.weight = effect.weight.max(Some(raised_weight(weight, *raised)?));
        }
    }
    (effect.extra, effect.unseen) = add_ons(used, means, rules)?;
    effect.carved_out = carve_outs(used, cost, means)?;
    Ok(effect)
}

/// The weight of a case with the technology, four decimals, a half away from zero.
///
/// Errors: a weight that is not above zero or does not fit.
pub fn raised_weight(weight: Weight, raised: RaisedWeight) -> Result<Weight, Error> {
    let exact = match raised {
        RaisedWeight::Weight(own) => Exact::decimal(own),
        RaisedWeight::Factor(factor) => {
            Exact::fraction(weight.ten_thousandths(), 10_000).times(&Exact::decimal(factor))
        }
    };
    let places = exact.to_i64(Weight::PLACES, Rounding::HalfAwayFromZero, "raised weight")?;
    Weight::from_ten_thousandths(places)
}

/// What used items of one kind cost above the group's mean of that kind.
struct Above<'u> {
    /// What they cost together.
    sum: Yuan,
    /// What is above the mean.
    excess: Yuan,
    /// Each technology's terms with what it cost.
    parts: Vec<(&'u TechnologyPay, Yuan)>,
}

impl Above<'_> {
    /// The part of the excess that falls on a technology, in yuan.
    fn part(&self, cost: Yuan) -> Exact {
        let share = money(cost).over(&money(self.sum));
        share.map_or_else(Exact::zero, |share| share.times(&money(self.excess)))
    }
}

/// The technologies of a kind that `takes` picks, against the mean of the kind; `None` where they
/// cost nothing.
fn above<'u>(
    used: &'u [UsedTechnology<'_>],
    kind: TechnologyKind,
    means: &GroupMeans,
    takes: impl Fn(&TechnologyPay) -> bool,
) -> Result<Option<Above<'u>>, Error> {
    let mut parts = Vec::new();
    for used in used.iter().filter(|used| used.technology.kind == kind) {
        if let Some(pay) = used.technology.pay.as_ref().filter(|pay| takes(pay)) {
            parts.push((pay, cost_of(&used.items)?));
        }
    }
    let sum = Yuan::total(parts.iter().map(|(_, cost)| *cost))?;
    if sum == Yuan::ZERO {
        return Ok(None);
    }
    let excess = sum.minus(means.of(kind)?)?.max(Yuan::ZERO);
    Ok(Some(Above { sum, excess, parts }))
}

fn cost_of(items: &[CodedItem]) -> Result<Yuan, Error> {
    let costs: Result<Vec<Yuan>, Error> =
        items.iter().map(|item| not_negative(item.cost)).collect();
    Ok(Yuan::total(costs?)?)
}

/// `max(0, cost − mean) × φ / v` of all add-ons, rounded once, and what they pay of the cost, which
/// is `max(0, cost − mean) × φ`.
fn add_ons(
    used: &[UsedTechnology<'_>],
    means: &GroupMeans,
    rules: &CaseRules,
) -> Result<(Points, Yuan), Error> {
    let is_add_on = |pay: &TechnologyPay| matches!(pay, TechnologyPay::AddOnPoints(_));
    let (mut points, mut unseen) = (Exact::zero(), Exact::zero());
    for kind in TechnologyKind::ALL {
        let Some(above) = above(used, kind, means, is_add_on)? else {
            continue;
        };
        for (pay, cost) in &above.parts {
            if let TechnologyPay::AddOnPoints(terms) = pay {
                let paid = above.part(*cost).times(&Exact::decimal(terms.share));
                points = points.plus(&worth(&paid, terms, rules)?);
                unseen = unseen.plus(&paid);
            }
        }
    }
    let points = points.to_i64(Points::PLACES, rules.rounding(), super::POINTS)?;
    // Cut to the fen, so that no more is hidden than is paid.
    let unseen = yuan(&unseen, Rounding::Down)?;
    Ok((Points::from_ten_thousandths(points), unseen))
}

/// `amount / v`, exactly; without a v of its own a point is worth its mean cost.
fn worth(amount: &Exact, terms: &AddOnTerms, rules: &CaseRules) -> Result<Exact, Error> {
    let value = match terms.point_value {
        Some(value) => Exact::decimal(value),
        None => rules.cost_of_a_point(),
    };
    amount
        .over(&value)
        .ok_or(Error::NotPositive("value of a point"))
}

/// What is paid for carved-out technologies beside the standard, where their bounds hold.
///
/// The cost of all carve-outs of the case is held against each one's own bounds.
fn carve_outs(
    used: &[UsedTechnology<'_>],
    cost: Yuan,
    means: &GroupMeans,
) -> Result<Option<LinePart>, Error> {
    let mut candidates = Vec::new();
    let mut sum = Yuan::ZERO;
    for used in used {
        if let Some(TechnologyPay::CarveOut(terms)) = &used.technology.pay {
            sum = sum.plus(cost_of(&used.items)?)?;
            candidates.push((used, terms));
        }
    }
    let mut carved = Vec::new();
    for (used, terms) in candidates {
        if is_carved_out((cost, sum), terms, means)? {
            carved.push(used.clone());
        }
    }
    let mut amount = Exact::zero();
    for kind in TechnologyKind::ALL {
        if let Some(above) = above(&carved, kind, means, |_| true)? {
            amount = amount.plus(&money(above.excess));
        }
    }
    let codes = carved.iter().flat_map(|used| &used.items);
    let items: Vec<CostItem> = codes
        .map(|item| CostItem::Item(item.code.clone()))
        .collect();
    let part = LinePart {
        line: Line::NewTechnology,
        amount: yuan(&amount, Rounding::HalfAwayFromZero)?,
        items,
    };
    Ok((!part.items.is_empty()).then_some(part))
}

/// Whether a case costs so much more than its group, and the technologies so much of it, that
/// they are paid beside the standard. Both bounds are exclusive.
///
/// Source: `policies/new-technology.md`, the carve-out. Errors: the groups input lacks the mean
/// cost.
pub fn is_carved_out(
    (cost, of_technologies): (Yuan, Yuan),
    terms: &CarveOutTerms,
    means: &GroupMeans,
) -> Result<bool, Error> {
    let mean = means.cost.ok_or(Error::NoGroupMean("case"))?;
    let times = |number: Decimal, amount| Exact::decimal(number).times(&money(amount));
    let is_dear = money(cost) > times(terms.cost_more_than, mean);
    let is_most = money(of_technologies) > times(terms.share_more_than, cost);
    Ok(is_dear && is_most)
}

/// The items of a claim that are negotiated drugs, technologies, or both, each in one place.
#[derive(Clone, Debug, Default)]
pub struct Assigned<'r> {
    /// What the line of negotiated drugs pays.
    pub negotiated: Vec<CodedItem>,
    /// What the registry's modes act on.
    pub technologies: Vec<UsedTechnology<'r>>,
}

/// Gives every item to the negotiated drugs or to its technology, never to both.
///
/// An item that a claim lists under both counts as the negotiated drug or as the technology, by
/// the policy. The flags of a technology, such as its exemption from the control proportion, stay
/// where its item goes to the line: they pay nothing. Source: `policies/units.md`.
#[must_use]
pub fn assign<'r>(
    negotiated: &[CodedItem],
    technologies: Vec<UsedTechnology<'r>>,
    precedence: Precedence,
) -> Assigned<'r> {
    match precedence {
        Precedence::NegotiatedDrugs => {
            let drugs: BTreeSet<&str> = negotiated.iter().map(|item| item.code.as_str()).collect();
            let mut technologies = technologies;
            for used in &mut technologies {
                used.items
                    .retain(|item| !drugs.contains(item.code.as_str()));
            }
            Assigned {
                negotiated: negotiated.to_vec(),
                technologies,
            }
        }
        Precedence::NewTechnology => {
            let pays = technologies.iter().filter(|used| used.pays_by_item());
            let paid: BTreeSet<&str> = pays
                .flat_map(|used| &used.items)
                .map(|item| item.code.as_str())
                .collect();
            let is_paid = |item: &&CodedItem| paid.contains(item.code.as_str());
            let rest = negotiated.iter().filter(|item| !is_paid(item)).cloned();
            Assigned {
                negotiated: rest.collect(),
                technologies,
            }
        }
    }
}

impl UsedTechnology<'_> {
    /// Whether the mode pays for the items; raised weights, own groups and exemptions do not.
    fn pays_by_item(&self) -> bool {
        matches!(
            self.technology.pay,
            Some(TechnologyPay::AddOnPoints(_) | TechnologyPay::CarveOut(_))
        )
    }
}

/// What a case with technologies and negotiated drugs yields; `own` are the points of the case by
/// its group and class.
///
/// Every item of the assignment that no line pays is paid by the points. Errors: as [`Bill::pay`].
pub fn pay(
    case_id: &str,
    own: Points,
    (assigned, effect): (&Assigned<'_>, &TechnologyEffect),
    negotiated: Option<LinePart>,
) -> Result<Yield, Error> {
    let of_technologies = assigned.technologies.iter().flat_map(|used| &used.items);
    let coded = of_technologies.chain(&assigned.negotiated);
    let mut codes: Vec<&str> = coded.map(|item| item.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut items = vec![CostItem::Stay];
    items.extend(
        codes
            .into_iter()
            .map(|code| CostItem::Item(code.to_owned())),
    );
    let lines: Vec<LinePart> = effect
        .carved_out
        .iter()
        .cloned()
        .chain(negotiated)
        .collect();
    let on_lines: Vec<&CostItem> = lines.iter().flat_map(|part| &part.items).collect();
    let by_points = items
        .iter()
        .filter(|item| !on_lines.contains(item))
        .cloned();
    let points = PointsPart {
        points: own.plus(effect.extra)?,
        items: by_points.collect(),
    };
    Bill::new(case_id, items)?.pay(vec![points], lines)
}

/// What the high rule sees of the cost of a case: what add-on points do not pay.
///
/// Errors: the items cost more than the case.
pub fn classified_cost(cost: Yuan, effect: &TechnologyEffect) -> Result<Yuan, Error> {
    let seen = cost.minus(effect.unseen)?;
    if seen.is_negative() {
        return Err(Error::ItemsAboveCost(cost));
    }
    Ok(seen)
}

/// The class and the own points of a case that is high by its whole cost, by the part of it that is
/// seen.
///
/// It is high or normal: whether a case is low is asked of its whole cost, since add-on points must
/// not make it one. Errors as [`award`].
pub fn award_seen(
    price: &GroupPrice,
    coefficient: Ratio,
    seen: Yuan,
    rules: &CaseRules,
) -> Result<CaseAward, Error> {
    let awarded = award(price, coefficient, seen, rules)?;
    Ok(match awarded.class {
        CaseClass::Low => CaseAward {
            class: CaseClass::Normal,
            points: normal_points(price, coefficient, rules)?,
        },
        CaseClass::Normal | CaseClass::High => awarded,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::negotiated::drugs_on_line;
    use crate::units::quota::testing::rules;
    use drgdip_tables::policy::SourceRow;
    use jiff::civil::date;

    fn dec(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    fn technology(pay: Option<TechnologyPay>) -> Technology {
        Technology {
            id: "t1".to_owned(),
            kind: TechnologyKind::Drug,
            name: "新药".to_owned(),
            items: vec!["D1".to_owned()],
            procedures: Vec::new(),
            approved: None,
            listed: None,
            from: date(2026, 1, 1),
            until: None,
            pay,
            is_control_exempt: true,
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

    fn item(code: &str, yuan: &str) -> CodedItem {
        CodedItem {
            code: code.to_owned(),
            cost: yuan.parse().unwrap(),
        }
    }

    fn means() -> GroupMeans {
        GroupMeans {
            cost: Some("20000.00".parse().unwrap()),
            drug: Some("6000.00".parse().unwrap()),
            ..GroupMeans::default()
        }
    }

    fn carve_out() -> TechnologyPay {
        TechnologyPay::CarveOut(CarveOutTerms {
            cost_more_than: dec("2"),
            share_more_than: dec("0.64"),
        })
    }

    fn add_on(share: &str, point_value: Option<&str>) -> TechnologyPay {
        TechnologyPay::AddOnPoints(AddOnTerms {
            share: dec(share),
            point_value: point_value.map(dec),
        })
    }

    fn effect_of(pay: TechnologyPay, cost: &str, items: &[CodedItem]) -> TechnologyEffect {
        let technology = technology(Some(pay));
        let used = [UsedTechnology {
            technology: &technology,
            items: items.to_vec(),
        }];
        let case = (cost.parse().unwrap(), "2".parse().unwrap());
        effect(&used, case, &means(), &rules()).unwrap()
    }

    /// A standard of 21,000 yuan and what is paid beside it.
    #[track_caller]
    fn check_g9(cost: &str, drug: &str, pay: &str) {
        let effect = effect_of(carve_out(), cost, &[item("D1", drug)]);
        let beside = effect.carved_out.map_or(Yuan::ZERO, |part| part.amount);
        let standard: Yuan = "21000.00".parse().unwrap();
        assert_eq!(standard.plus(beside).unwrap().to_string(), pay);
    }

    #[test]
    fn the_golden_carve_outs_are_exact() {
        check_g9("50000.00", "33000.00", "48000.00");
        check_g9("50000.00", "31000.00", "21000.00");
        check_g9("39000.00", "30000.00", "21000.00");
        check_g9("60000.00", "40000.00", "55000.00");
    }

    #[test]
    fn both_bounds_of_a_carve_out_are_exclusive() {
        check_g9("40000.00", "30000.00", "21000.00");
        check_g9("40000.01", "30000.00", "45000.00");
        check_g9("50000.00", "32000.00", "21000.00");
        check_g9("50000.00", "32000.01", "47000.01");
    }

    #[test]
    fn an_add_on_pays_a_share_of_what_is_above_the_mean() {
        let points = |share, value, cost| {
            let effect = effect_of(add_on(share, value), "30000.00", &[item("D1", cost)]);
            (effect.extra.to_string(), effect.unseen.to_string())
        };
        let pair = |points: &str, yuan: &str| (points.to_owned(), yuan.to_owned());
        assert_eq!(points("0.5", None, "16000.00"), pair("50.0000", "5000.00"));
        assert_eq!(
            points("0.5", Some("98"), "16000.00"),
            pair("51.0204", "5000.00")
        );
        // A third of 0.10 yuan is 0.0333…, and no more than that is hidden.
        assert_eq!(points("0.333333", None, "6000.10"), pair("0.0003", "0.03"));
        assert_eq!(points("1", None, "6000.00"), pair("0.0000", "0.00"));
        assert_eq!(points("1", None, "5000.00"), pair("0.0000", "0.00"));
    }

    #[test]
    fn two_add_ons_of_one_kind_share_the_mean() {
        let one = technology(Some(add_on("1", None)));
        let other = technology(Some(add_on("0.5", None)));
        let used = |technology, code| UsedTechnology {
            technology,
            items: vec![item(code, "6000.00")],
        };
        let used = [used(&one, "D1"), used(&other, "D2")];
        let case = ("30000.00".parse().unwrap(), "2".parse().unwrap());
        let effect = effect(&used, case, &means(), &rules()).unwrap();
        // 6,000 yuan above the mean: 3,000 at 1 and 3,000 at 0.5, a point being 100 yuan.
        assert_eq!(effect.extra.to_string(), "45.0000");
        assert_eq!(effect.unseen.to_string(), "4500.00");
    }

    /// A case of weight 1, its drug and what it earns with an add-on on the drug: 100 points where
    /// it is normal, 10,000 yuan to compare it with.
    #[track_caller]
    fn check_paid((cost, drug): (&str, &str), pay: TechnologyPay, expected: (CaseClass, &str)) {
        let rules = rules();
        let price = rules.price("1".parse().unwrap()).unwrap();
        let technology = technology(Some(pay));
        let used = [UsedTechnology {
            technology: &technology,
            items: vec![item("D1", drug)],
        }];
        let means = GroupMeans {
            drug: Some("1000.00".parse().unwrap()),
            ..means()
        };
        let cost = cost.parse().unwrap();
        let effect = effect(&used, (cost, price.weight()), &means, &rules).unwrap();
        let without = award(&price, Ratio::ONE, cost, &rules).unwrap();
        let own = match without.class {
            CaseClass::High => {
                let seen = classified_cost(cost, &effect).unwrap();
                award_seen(&price, Ratio::ONE, seen, &rules).unwrap()
            }
            CaseClass::Normal | CaseClass::Low => without,
        };
        let extra = effect.extra_above(own.points, without.points).unwrap();
        let paid = own.points.plus(extra).unwrap();
        assert!(paid >= without.points);
        assert_eq!((own.class, paid.to_string().as_str()), expected);
    }

    #[test]
    fn an_add_on_never_lowers_what_a_high_case_earns() {
        use CaseClass::{High, Normal};
        // 60,000 yuan are 400 points by LINEAR_ADD above 3 times the reference cost. Of the 49,000
        // above the mean the share φ leaves the measured cost and comes back in points.
        let high = ("60000.00", "50000.00");
        check_paid(high, add_on("0.1", None), (High, "400.0000"));
        check_paid(high, add_on("0.5", None), (High, "400.0000"));
        check_paid(high, add_on("0.7", None), (Normal, "443.0000"));
        check_paid(high, add_on("1", None), (Normal, "590.0000"));
        // At 200 yuan a point the 24,500 would be worth 122.5 points and cost 245.
        check_paid(high, add_on("0.5", Some("200")), (High, "400.0000"));
    }

    #[test]
    fn an_add_on_makes_no_case_low() {
        use CaseClass::{Low, Normal};
        let normal = ("6000.00", "4000.00");
        check_paid(normal, add_on("0.5", None), (Normal, "115.0000"));
        check_paid(normal, add_on("1", None), (Normal, "130.0000"));
        // 36,000 yuan are high; without the 34,000 that the points pay they would be low.
        let high = ("36000.00", "35000.00");
        check_paid(high, add_on("1", None), (Normal, "440.0000"));
        // A case that is low by its whole cost stays low.
        let low = ("3000.00", "2000.00");
        check_paid(low, add_on("1", None), (Low, "40.0000"));
    }

    #[test]
    fn a_weight_is_replaced_or_multiplied() {
        let raise = |raised| raised_weight("1.2345".parse().unwrap(), raised).unwrap();
        let own = raise(RaisedWeight::Weight(dec("2.5")));
        assert_eq!(own.to_string(), "2.5000");
        let more = raise(RaisedWeight::Factor(dec("1.1")));
        assert_eq!(more.to_string(), "1.3580");
        let effect = effect_of(
            TechnologyPay::RaisedWeight(RaisedWeight::Factor(dec("1.5"))),
            "10000.00",
            &[item("D1", "100.00")],
        );
        assert_eq!(effect.weight.unwrap().to_string(), "3.0000");
    }

    #[test]
    fn an_own_group_and_an_exemption_pay_nothing() {
        let effect = effect_of(
            TechnologyPay::OwnGroup,
            "90000.00",
            &[item("D1", "80000.00")],
        );
        let expected = TechnologyEffect {
            is_control_exempt: true,
            ..TechnologyEffect::default()
        };
        assert_eq!(effect, expected);
    }

    #[test]
    fn a_missing_mean_is_an_error_only_where_it_is_needed() {
        let technology = technology(Some(carve_out()));
        let used = [UsedTechnology {
            technology: &technology,
            items: vec![item("D1", "33000.00")],
        }];
        let case = ("50000.00".parse().unwrap(), "2".parse().unwrap());
        let none = GroupMeans {
            drug: None,
            ..means()
        };
        assert_eq!(
            effect(&used, case, &none, &rules())
                .unwrap_err()
                .to_string(),
            "the group of a case with a new technology has no mean drug cost; fill it in in the \
             groups input"
        );
        let cheap = ("30000.00".parse().unwrap(), "2".parse().unwrap());
        assert_eq!(
            effect(&used, cheap, &none, &rules()).unwrap().carved_out,
            None
        );
    }

    #[track_caller]
    fn check_precedence(precedence: Precedence, lines: &[(Line, &str)]) {
        let technology = technology(Some(carve_out()));
        let used = vec![UsedTechnology {
            technology: &technology,
            items: vec![item("D1", "33000.00")],
        }];
        let drugs = [item("D1", "33000.00"), item("D2", "100.00")];
        let assigned = assign(&drugs, used, precedence);
        let total = "50100.00".parse().unwrap();
        let cost = super::super::negotiated::cost_without(total, &assigned.negotiated).unwrap();
        let case = (cost, "2".parse().unwrap());
        let effect = effect(&assigned.technologies, case, &means(), &rules()).unwrap();
        let share = "0.7".parse().unwrap();
        let drugs = drugs_on_line(&assigned.negotiated, share, Rounding::HalfAwayFromZero).unwrap();
        let own = "210".parse().unwrap();
        let paid = pay("c1", own, (&assigned, &effect), drugs).unwrap();
        assert_eq!(paid.points(), own);
        let found: Vec<(Line, String)> = paid
            .lines()
            .iter()
            .map(|part| (part.line, part.amount.to_string()))
            .collect();
        let lines: Vec<(Line, String)> = lines
            .iter()
            .map(|(line, amount)| (*line, (*amount).to_owned()))
            .collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn an_item_that_is_both_is_paid_by_the_one_that_the_policy_prefers() {
        check_precedence(
            Precedence::NegotiatedDrugs,
            &[(Line::NegotiatedDrugs, "23170.00")],
        );
        check_precedence(
            Precedence::NewTechnology,
            &[
                (Line::NegotiatedDrugs, "70.00"),
                (Line::NewTechnology, "27000.00"),
            ],
        );
    }
}
