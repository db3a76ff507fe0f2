//! The new technologies of a case: which of them are valid, and what was decided about each.

use super::{CARVED_OUT, Change, Listed, NEW_TECHNOLOGY, UnitCase, UnitNote};
use drgdip_claims::Yuan;
use drgdip_points::units::negotiated::CodedItem;
use drgdip_points::units::new_technology::{UsedTechnology, is_carved_out};
use drgdip_tables::policy::{
    AddOnTerms, CarveOutTerms, RaisedWeight, TechnologyKind, TechnologyMatch, TechnologyPay,
    Validity,
};
use jiff::civil::Date;

impl UnitCase<'_> {
    /// What was decided about a technology, and why.
    pub(super) fn technology(&self, used: &UsedTechnology<'_>) -> UnitNote {
        let technology = used.technology;
        let cost = Yuan::total(used.items.iter().map(|item| item.cost));
        let cost = cost.unwrap_or(Yuan::ZERO);
        let note = |decision, how: String| UnitNote {
            cost: Some(cost),
            how,
            code: codes(used),
            ..UnitNote::new(NEW_TECHNOLOGY, &technology.id, decision)
        };
        let Some(change) = self.change.get() else {
            return note("without_weight", WITHOUT_WEIGHT.to_owned());
        };
        match &technology.pay {
            None => note("control_exempt", EXEMPT.to_owned()),
            Some(TechnologyPay::OwnGroup) => note("own_group", FLAGGED.to_owned()),
            Some(TechnologyPay::RaisedWeight(raised)) => {
                note("raised_weight", change.weight_text(*raised))
            }
            Some(TechnologyPay::AddOnPoints(terms)) => {
                let text = change.add_on_text(cost, technology.kind, terms);
                note("add_on_points", text)
            }
            Some(TechnologyPay::CarveOut(terms)) => {
                let all = self.carved_cost();
                let reached = is_carved_out((self.cost, all), terms, &change.means);
                let bounds = change.bounds_text((self.cost, all), terms);
                if !reached.unwrap_or(false) {
                    let how = format!("{bounds}: 未同时超过 not both exceeded");
                    return note("bounds_not_reached", how);
                }
                let part = change.effect.carved_out.as_ref();
                let how = format!(
                    "{bounds}: 均超过 both exceeded; {all} − {} 专项支付 beside the standard",
                    change.mean_text(technology.kind)
                );
                UnitNote {
                    line: part.map(|part| part.line),
                    amount: part.map(|part| part.amount),
                    ..note(CARVED_OUT, how)
                }
            }
        }
    }

    /// What all carve-outs of the case cost.
    fn carved_cost(&self) -> Yuan {
        let is_carved = |used: &&UsedTechnology<'_>| {
            matches!(used.technology.pay, Some(TechnologyPay::CarveOut(_)))
        };
        let used = self.assigned.technologies.iter().filter(is_carved);
        let costs = used.flat_map(|used| &used.items).map(|item| item.cost);
        Yuan::total(costs).unwrap_or(Yuan::ZERO)
    }
}

impl Change {
    fn weight_text(&self, raised: RaisedWeight) -> String {
        let now = self.raised.as_ref().map(|(price, _)| price.weight());
        let now = now.map_or_else(String::new, |weight| format!(" → RW {weight}"));
        match raised {
            RaisedWeight::Weight(own) => format!("权重 weight {own}{now}"),
            RaisedWeight::Factor(factor) => {
                format!("病组权重 weight of the group × {}{now}", factor.normalize())
            }
        }
    }

    fn add_on_text(&self, cost: Yuan, kind: TechnologyKind, terms: &AddOnTerms) -> String {
        let value = terms.point_value.map_or_else(
            || "M ÷ scale".to_owned(),
            |value| value.normalize().to_string(),
        );
        let mean = self.mean_text(kind);
        let share = terms.share.normalize();
        format!("max(0, {cost} − {mean}) × φ {share} ÷ v {value}")
    }

    fn bounds_text(&self, (cost, all): (Yuan, Yuan), terms: &CarveOutTerms) -> String {
        format!(
            "C {cost} 对 against {} × 均费 mean {}; {all} 对 against {} × C",
            terms.cost_more_than.normalize(),
            shown(self.means.cost),
            terms.share_more_than.normalize()
        )
    }

    fn mean_text(&self, kind: TechnologyKind) -> String {
        let (name, mean) = match kind {
            TechnologyKind::Drug => ("组均药费 mean drug cost", self.means.drug),
            TechnologyKind::Consumable => {
                ("组均耗材费 mean consumable cost", self.means.consumable)
            }
            TechnologyKind::Service => ("组均服务费 mean service cost", self.means.service),
        };
        format!("{name} {}", shown(mean))
    }
}

const WITHOUT_WEIGHT: &str =
    "不按病组权重支付，方式不生效 not paid by a group's weight, so no mode acts";
const EXEMPT: &str = "不受高倍率控制比例限制 outside the control proportion";
const FLAGGED: &str = "只标记 new_tech，由分组规则入组 flagged for the grouping rules";

/// The technologies of a claim that are valid; those that are not are noted.
pub(super) fn technologies<'c>(
    listed: &Listed<'c>,
    notes: &mut Vec<UnitNote>,
) -> Vec<UsedTechnology<'c>> {
    let mut used: Vec<UsedTechnology<'c>> = Vec::new();
    let mut take = |found: TechnologyMatch<'c>, code: &str, item: Option<&CodedItem>| {
        if found.validity != Validity::Matched {
            notes.push(out_of_time(found, code, (item, listed.day)));
            return;
        }
        let place = used
            .iter()
            .position(|used| std::ptr::eq(used.technology, found.technology));
        let place = place.unwrap_or_else(|| {
            used.push(UsedTechnology {
                technology: found.technology,
                items: Vec::new(),
            });
            used.len() - 1
        });
        used[place].items.extend(item.cloned());
    };
    for item in &listed.facts.items {
        if let Some(found) = listed.registry.item(&item.code, listed.day) {
            take(found, &item.code, Some(item));
        }
    }
    for code in &listed.facts.procedures {
        if let Some(found) = listed.registry.procedure(code, listed.day) {
            take(found, code, None);
        }
    }
    used
}

fn out_of_time(
    found: TechnologyMatch<'_>,
    code: &str,
    (item, day): (Option<&CodedItem>, Date),
) -> UnitNote {
    let technology = found.technology;
    let until = technology.until.map(|until| until.to_string());
    UnitNote {
        code: code.to_owned(),
        cost: item.map(|item| item.cost),
        how: format!(
            "{day} 不在 is not within {} – {}；按普通项目处理 it does nothing",
            technology.from,
            until.unwrap_or_default()
        ),
        ..UnitNote::new(NEW_TECHNOLOGY, &technology.id, found.validity.word())
    }
}

fn codes(used: &UsedTechnology<'_>) -> String {
    let codes: Vec<&str> = used.items.iter().map(|item| item.code.as_str()).collect();
    codes.join(";")
}

fn shown(amount: Option<Yuan>) -> String {
    amount.map_or_else(|| "—".to_owned(), |amount| amount.to_string())
}
