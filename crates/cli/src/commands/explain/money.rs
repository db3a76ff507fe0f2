//! From the group of a case to its points and yuan.

use crate::args::MoneyArgs;
use crate::fail::Failure;
use crate::layout::{Align, Layout};
use crate::plans;
use crate::progress::Reporter;
use drgdip_batch::{Error, PreparedPlan, PreparedPolicy, TextRow, find_rows};
use drgdip_claims::Yuan;
use drgdip_grouper::OutcomeKind;
use drgdip_grouper::trace::Trace;
use drgdip_points::award::{CaseRules, award, award_by_cost, hospital_coefficient};
use drgdip_points::{PointValue, Points, Ratio, Weight};
use drgdip_tables::plan::WeightRow;
use drgdip_tables::policy::{PolicyAt, Treatment, WithoutWeight};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::path::Path;

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

    fn value(&self, key: &str) -> Option<&str> {
        let station = self.0.iter().find(|station| station.key == key);
        station.map(|station| station.value.as_str())
    }

    /// The payment as a reviewer can redo it; rounding is to the fen, in the order of case ids.
    fn arithmetic(&self) -> String {
        let value = |key| self.value(key).unwrap_or("0");
        let (points, gross) = (value("points"), value("hospital_gross"));
        let share = format!("{points} × {gross} ÷ {}", value("hospital_points"));
        // Outside cost points the fund pays the share whole, and the hospital's U is zero.
        let is_whole = value("hospital_patient_side")
            .trim_matches(['0', '.'])
            .is_empty();
        let taken_off = if is_whole {
            String::new()
        } else {
            format!(" − {}", value("patient_side"))
        };
        format!("{share}{taken_off} ≈ {}", value("payment"))
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

/// What a settled run says of a case, its hospital and its pool.
pub(crate) fn settled(folder: &Path, case_id: &str, progress: &Reporter) -> Result<Road, Failure> {
    let cases = find_rows(&folder.join("cases.parquet"), "case_id", case_id, progress)?;
    let Some(case) = cases.first() else {
        let problem = format!("the settled run has no case {case_id}.");
        return Err(Error::input(folder.display(), problem).into());
    };
    let mut road = Road::default();
    for (key, name) in CASE_STATIONS {
        if let Some(value) = case.get(*key) {
            road.add(key, name, value);
        }
    }
    let Some(pool_id) = case.get("pool") else {
        return Ok(road);
    };
    let pools = find_rows(&folder.join("pools.parquet"), "pool", pool_id, progress)?;
    let hospitals = find_rows(&folder.join("hospitals.parquet"), "pool", pool_id, progress)?;
    let of_case = |row: &&TextRow| row.get("hospital_id") == case.get("hospital_id");
    for (rows, stations) in [
        (hospitals.iter().find(of_case), HOSPITAL_STATIONS),
        (pools.first(), POOL_STATIONS),
    ] {
        for (key, column, name) in stations {
            if let Some(value) = rows.and_then(|row| row.get(*column)) {
                road.add(key, name, value);
            }
        }
    }
    if let Some(payment) = case.get("payment") {
        road.add("payment", "支付 payment, yuan", payment);
    }
    if road.value("hospital_gross").is_some() && road.value("unpaid_reason").is_none() {
        road.add("arithmetic", "算式 how it is found", road.arithmetic());
    }
    Ok(road)
}

const CASE_STATIONS: &[(&str, &str)] = &[
    ("group", "病组 group"),
    ("hospital_id", "医院 hospital"),
    ("pool", "基金池 pool"),
    ("total_cost", "总费用 total cost, yuan"),
    ("patient_side", "个人及其他基金 patient side U, yuan"),
    ("weight", "权重 weight RW"),
    ("base_points", "基准点数 base points"),
    ("reference_cost", "参考费用 reference cost, yuan"),
    ("case_class", "病例类型 case class"),
    ("unpaid_reason", "不支付原因 why it is not paid"),
    ("coefficient", "差异系数 hospital coefficient"),
    ("points", "病例点数 case points"),
];

const HOSPITAL_STATIONS: &[(&str, &str, &str)] = &[
    (
        "hospital_points",
        "points",
        "医院点数 points of the hospital",
    ),
    (
        "hospital_baseline_points",
        "baseline_points",
        "其中基准 of them baseline",
    ),
    (
        "hospital_increment_points",
        "increment_points",
        "其中增量 of them increment",
    ),
    (
        "hospital_gross",
        "gross",
        "医院应得 earned by the hospital F + U, yuan",
    ),
    (
        "hospital_patient_side",
        "patient_side",
        "其中个人及其他基金 of it patient side U, yuan",
    ),
];

const POOL_STATIONS: &[(&str, &str, &str)] = &[
    ("fixed_value", "fixed_value", "固定点值 fixed point value"),
    (
        "floating_value",
        "floating_value",
        "浮动点值 floating point value",
    ),
];

/// What a policy says of a case with this cost, without the rest of its pool.
pub(crate) fn by_policy(
    policy: &str,
    args: &MoneyArgs,
    (plan, trace): (&PreparedPlan, &Trace<'_>),
) -> Result<Road, Failure> {
    let cost: Yuan = parsed(args.cost.as_deref().unwrap_or_default(), "amount of yuan")?;
    let terms = terms(policy, args)?;
    let rules = CaseRules::new(&terms.case).map_err(wrong)?;
    let mut road = Road::default();
    let points = match treatment(&terms, plan, trace) {
        Treated::ByWeight(row) => {
            road.add("group", "病组 group", &row.group);
            priced_points(&mut road, args, (&terms, &rules), (row, cost))?
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

/// The points of a case whose group has a weight.
fn priced_points(
    road: &mut Road,
    args: &MoneyArgs,
    (terms, rules): (&PolicyAt, &CaseRules),
    (row, cost): (&WeightRow, Yuan),
) -> Result<Points, Failure> {
    let weight = Weight::from_ten_thousandths(row.ten_thousandths).map_err(wrong)?;
    let price = rules.price(weight).map_err(wrong)?;
    let stated = parsed::<Decimal>(args.coefficient.as_deref().unwrap_or("1"), "number")?;
    let stated = Ratio::from_decimal(stated).map_err(wrong)?;
    let level = args.level.as_deref().unwrap_or_default();
    let k = if terms.same_price_groups.contains_key(&row.group) {
        Ratio::ONE
    } else {
        hospital_coefficient(&terms.coefficient, level, Some(stated)).map_err(wrong)?
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

fn wrong(error: drgdip_points::Error) -> Failure {
    Error::input("policy", error).into()
}
