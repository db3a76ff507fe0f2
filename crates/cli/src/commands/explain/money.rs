//! From the group of a case to its points and yuan.

use crate::args::MoneyArgs;
use crate::fail::Failure;
use crate::layout::{Align, Layout};
use crate::plans;
use drgdip_batch::{Error, PreparedPlan, PreparedPolicy};
use drgdip_claims::{Claim, Yuan};
use drgdip_grouper::trace::Trace;
use drgdip_grouper::{CaseMoney, GroupIndex, LookedUpClaim, OutcomeKind};
use drgdip_points::award::{CaseRules, GroupPrice, award, award_by_cost, hospital_coefficient};
use drgdip_points::{PointValue, Points, Ratio, Weight};
use drgdip_tables::plan::WeightRow;
use drgdip_tables::policy::{CoefficientSource, PolicyAt, Treatment, WithoutWeight};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// The stations from group to yuan, in order.
#[derive(Default)]
pub(crate) struct Road(Vec<Station>);

struct Station {
    key: &'static str,
    name: &'static str,
    value: String,
}

impl Road {
    fn add(&mut self, key: &'static str, name: &'static str, value: impl ToString) {
        let value = value.to_string();
        self.0.push(Station { key, name, value });
    }

    pub(crate) fn plain(&self) -> String {
        let mut table = Layout::new(&[
            ("从病组到金额 From group to yuan", Align::Left),
            ("", Align::Right),
        ]);
        for station in &self.0 {
            table.row([station.name.to_owned(), station.value.clone()]);
        }
        table.render()
    }

    pub(crate) fn json(&self) -> Value {
        let entry = |station: &Station| (station.key.to_owned(), station.value.clone().into());
        Value::Object(self.0.iter().map(entry).collect::<Map<_, _>>())
    }
}

/// What a policy says of a case with this cost, without the rest of its pool.
pub(crate) fn by_policy(
    policy: &str,
    args: &MoneyArgs,
    (plan, trace, claim): (&PreparedPlan, &Trace<'_>, &Claim),
) -> Result<Road, Failure> {
    let cost: Yuan = parsed(args.cost.as_deref().unwrap_or_default(), "amount of yuan")?;
    let terms = terms(policy, args)?;
    let rules = CaseRules::new(&terms.case).map_err(wrong)?;
    let mut road = Road::default();
    let points = match treatment(&terms, plan, trace) {
        Treated::ByWeight(row) => {
            road.add("group", "病组 group", &row.group);
            let case = DipCase::new(plan, claim, row);
            priced_points(&mut road, args, (&terms, &rules), (row, cost, &case))?
        }
        Treated::Otherwise(Treatment::ByCost { discount }) => {
            road.add("total_cost", TOTAL_COST, cost);
            road.add(
                "discount",
                "按费用折算，折扣 by cost, at a discount of",
                discount,
            );
            let discount = Ratio::from_decimal(discount).map_err(wrong)?;
            award_by_cost(cost, &rules, discount).map_err(wrong)?
        }
        Treated::Otherwise(Treatment::Unpaid) => {
            road.add("treatment", "按政策 by policy", "不支付 not paid");
            return Ok(road);
        }
        Treated::Refused => {
            let said = "病组无权重，拒绝结算 the group has no weight; settling is refused";
            road.add("treatment", "按政策 by policy", said);
            return Ok(road);
        }
    };
    road.add("points", "病例点数 case points", points);
    if let Some(text) = &args.point_value {
        let value = PointValue::from_decimal(parsed(text, "point value")?).map_err(wrong)?;
        let worth = points
            .pay_at(&value, terms.value.money_rounding)
            .map_err(wrong)?;
        road.add("point_value", "点值 point value", text);
        road.add("worth", "点数 × 点值 points × value, yuan", worth);
    }
    Ok(road)
}

/// An amount of yuan, in fen.
pub(super) fn fen(text: &str) -> Result<i64, Failure> {
    parsed::<Yuan>(text, "amount of yuan").map(Yuan::fen)
}

const TOTAL_COST: &str = "总费用 total cost, yuan";

/// How a policy treats a case.
enum Treated<'p> {
    /// By the weight of its group.
    ByWeight(&'p WeightRow),
    /// In another way.
    Otherwise(Treatment),
    /// Not at all: such a case stops a settlement.
    Refused,
}

fn treatment<'p>(terms: &PolicyAt, plan: &'p PreparedPlan, trace: &Trace<'_>) -> Treated<'p> {
    let Some(group) = trace.group() else {
        return Treated::Otherwise(terms.ungrouped);
    };
    if trace.outcome == OutcomeKind::Ambiguous {
        return Treated::Otherwise(terms.ambiguous);
    }
    let weight = plan.plan.weights.iter().find(|row| row.group == group);
    match (weight, terms.without_weight) {
        (Some(row), _) => Treated::ByWeight(row),
        (None, WithoutWeight::Treat(treatment)) => Treated::Otherwise(treatment),
        (None, WithoutWeight::Refuse) => Treated::Refused,
    }
}

/// What a DIP catalogue says of a case in one of its groups; nothing in a DRG plan.
struct DipCase<'p> {
    plan: &'p PreparedPlan,
    claim: &'p Claim,
    group: Option<GroupIndex>,
    mean_cost: Option<Yuan>,
    is_primary_care: bool,
}

impl<'p> DipCase<'p> {
    fn new(plan: &'p PreparedPlan, claim: &'p Claim, row: &WeightRow) -> Self {
        let catalogue = plan.plan.dip.as_ref();
        let groups = catalogue.map_or(&[][..], |catalogue| &catalogue.groups);
        let place = groups.iter().position(|group| group.code == row.group);
        let stated = place.map(|place| &groups[place]);
        Self {
            plan,
            claim,
            group: place
                .and_then(|place| u16::try_from(place).ok())
                .map(GroupIndex),
            mean_cost: stated
                .and_then(|group| group.mean_cost_fen)
                .map(Yuan::from_fen),
            is_primary_care: stated.is_some_and(|group| group.is_primary_care),
        }
    }

    /// The price of the subtype that the case is of, where the policy pays one.
    fn of_subtype(
        &self,
        road: &mut Road,
        terms: &PolicyAt,
        (price, cost): (GroupPrice, Yuan),
    ) -> Result<GroupPrice, Failure> {
        let (Some(group), Some(measure), Some(catalogue)) =
            (self.group, terms.subtypes, self.plan.plan.dip.as_ref())
        else {
            return Ok(price);
        };
        let money = CaseMoney {
            cost: Some(cost.fen()),
            standard: Some(price.reference_cost().map_err(wrong)?.fen()),
            ..CaseMoney::default()
        };
        let looked_up = LookedUpClaim::new(self.claim, &self.plan.plan, &self.plan.grouper);
        let found = self.plan.grouper.subtype(&looked_up.case(), group, &money);
        let Some(found) = found else {
            return Ok(price);
        };
        let coefficient = Ratio::from_ten_thousandths(found.coefficient).map_err(wrong)?;
        road.add(
            "subtype",
            "辅助分型 subtype",
            catalogue.auxiliary.name(found),
        );
        road.add("auxiliary", "辅助分型调节系数 its coefficient", coefficient);
        Ok(price.of_subtype(coefficient, measure))
    }
}

/// The points of a case whose group has a weight.
fn priced_points(
    road: &mut Road,
    args: &MoneyArgs,
    (terms, rules): (&PolicyAt, &CaseRules),
    (row, cost, case): (&WeightRow, Yuan, &DipCase<'_>),
) -> Result<Points, Failure> {
    let weight = Weight::from_ten_thousandths(row.ten_thousandths).map_err(wrong)?;
    let price = rules.price_of(weight, case.mean_cost).map_err(wrong)?;
    let price = case.of_subtype(road, terms, (price, cost))?;
    let stated = parsed::<Decimal>(args.coefficient.as_deref().unwrap_or("1"), "number")?;
    let stated = Ratio::from_decimal(stated).map_err(wrong)?;
    let level = args.level.as_deref().unwrap_or_default();
    let has_one_price = terms.primary_care_price && case.is_primary_care;
    let k = if has_one_price || terms.same_price_groups.contains_key(&row.group) {
        Ratio::ONE
    } else {
        let source = &terms.coefficient;
        hospital_coefficient(source, level, Some(stated))
            .map_err(|e| without_level(args, source, e))?
    };
    let award = award(&price, k, cost, rules).map_err(wrong)?;
    road.add(
        "weight",
        "权重 weight RW",
        format!("{weight} ({})", row.origin),
    );
    road.add("scale", "每权重点数 points per weight", terms.case.scale);
    road.add("base_points", "基准点数 base points", price.base_points());
    let reference = price.reference_cost().map_err(wrong)?;
    road.add("reference_cost", "参考费用 reference cost, yuan", reference);
    road.add("total_cost", TOTAL_COST, cost);
    road.add(
        "high_multiple",
        "高倍率界 high outlier above",
        price.high_multiple(),
    );
    road.add("case_class", "病例类型 case class", award.class.code());
    road.add("coefficient", "差异系数 hospital coefficient", k);
    Ok(award.points)
}

fn terms(policy: &str, args: &MoneyArgs) -> Result<PolicyAt, Failure> {
    let day = match &args.date {
        Some(date) => parsed(date, "date")?,
        None => plans::last_day(&plans::example().period)?,
    };
    plans::terms(&PreparedPolicy::load(policy)?, day)
}

fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(
            format!("{text:?} is no {what}."),
            "See drgdip explain --help.",
        )
    })
}

/// A coefficient by level asks for a level that the policy states.
fn without_level(
    args: &MoneyArgs,
    source: &CoefficientSource,
    error: drgdip_points::Error,
) -> Failure {
    let (CoefficientSource::Level(levels) | CoefficientSource::Blend { levels, .. }) = source
    else {
        return wrong(error);
    };
    let problem = match args.level.as_deref() {
        None => "the coefficients of this policy go by the level of the hospital.".to_owned(),
        Some(level) if !levels.contains_key(level) => {
            format!("the policy states no coefficient for the level {level:?}.")
        }
        Some(_) => return wrong(error),
    };
    let known: Vec<&str> = levels.keys().map(String::as_str).collect();
    Failure::usage(
        problem,
        format!("State one with --level: {}.", known.join(", ")),
    )
}

fn wrong(error: drgdip_points::Error) -> Failure {
    Error::input("policy", error).into()
}
