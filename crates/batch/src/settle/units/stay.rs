//! Stays whose claim names the unit that pays them: by the day, as day surgery, at a quota, by
//! item.

use super::rules::UnitRules;
use super::tcm::Instalments;
use crate::settle::cases::SettledClass;
use drgdip_claims::Yuan;
use drgdip_points::award::{CaseRules, GroupPrice, PresetValue, normal_points};
use drgdip_points::units::quota::{AmountRule, agreed_amount, by_item, quota};
use drgdip_points::units::{Yield, bed_day, community, day_surgery};
use drgdip_points::{Error, Ratio, Weight};
use drgdip_tables::policy::{BedDayStage, CommunityTerms, Line, Pays, UnitTerms};

/// A unit that a claim can name in `payment_unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::settle) enum StayUnit {
    BedDay,
    DaySurgery,
    SingleDisease,
    Item,
    HomeBed,
    /// A TCM disease, which the claim names instead.
    Tcm,
    /// A stay of no unit that goes on by the day after its group has paid.
    LongStay,
}

/// What a claim says in `payment_unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::settle) enum NamedUnit {
    /// Nothing, or that its group or its TCM disease pays the stay, as the policy says.
    ByPolicy,
    Unit(StayUnit),
    Unknown,
}

/// Words that leave a stay to the policy.
const BY_POLICY: [&str; 3] = ["drg", "dip", "tcm"];

impl NamedUnit {
    pub(in crate::settle) fn of(stated: Option<&str>) -> Self {
        let Some(word) = stated.filter(|word| !BY_POLICY.contains(word)) else {
            return Self::ByPolicy;
        };
        let mut units = StayUnit::NAMED.into_iter();
        let unit = units.find(|unit| unit.code() == word);
        unit.map_or(Self::Unknown, Self::Unit)
    }
}

impl StayUnit {
    /// What `payment_unit` can say.
    const NAMED: [Self; 5] = [
        Self::BedDay,
        Self::DaySurgery,
        Self::SingleDisease,
        Self::Item,
        Self::HomeBed,
    ];

    /// As claims and outputs write it.
    pub(in crate::settle) const fn code(self) -> &'static str {
        match self {
            Self::BedDay | Self::LongStay => "bed_day",
            Self::DaySurgery => "day_surgery",
            Self::SingleDisease => "single_disease",
            Self::Item => "item",
            Self::HomeBed => "home_bed",
            Self::Tcm => "tcm",
        }
    }

    /// Whether the policy has a unit that claims can name.
    pub(super) fn is_any_in(terms: &UnitTerms) -> bool {
        Self::NAMED.iter().any(|unit| unit.is_in(terms))
    }

    /// Whether the policy has the unit.
    pub(super) fn is_in(self, terms: &UnitTerms) -> bool {
        match self {
            Self::BedDay | Self::LongStay => terms.bed_day.is_some(),
            Self::DaySurgery => terms.day_surgery.is_some(),
            Self::SingleDisease => terms.single_disease.is_some(),
            Self::Item => terms.item.is_some(),
            Self::HomeBed => {
                let community = terms.community.as_ref();
                community.is_some_and(CommunityTerms::has_home_beds_in_points)
            }
            Self::Tcm => terms.tcm.is_some(),
        }
    }

    pub(in crate::settle) const fn class(self) -> SettledClass {
        match self {
            Self::BedDay | Self::LongStay => SettledClass::BedDay,
            Self::DaySurgery => SettledClass::DaySurgery,
            Self::SingleDisease => SettledClass::SingleDisease,
            Self::Item => SettledClass::Item,
            Self::HomeBed => SettledClass::HomeBed,
            Self::Tcm => SettledClass::Tcm,
        }
    }
}

/// What a stay is priced by.
#[derive(Clone, Copy)]
pub(in crate::settle) struct StayPricing<'p> {
    pub(in crate::settle) price: Option<&'p GroupPrice>,
    /// That of the group with which the TCM disease of the claim is paired.
    pub(in crate::settle) paired: Option<&'p GroupPrice>,
    pub(in crate::settle) group: Option<u16>,
    pub(in crate::settle) coefficient: Ratio,
    /// The level of the hospital.
    pub(in crate::settle) level: &'p str,
    pub(in crate::settle) days: Option<u32>,
    pub(in crate::settle) rules: &'p CaseRules,
}

/// What a claim and its audits say of a stay.
#[derive(Clone, Copy)]
pub(super) struct StayClaim<'s> {
    /// The kind of care.
    pub(super) care: &'s str,
    pub(super) cost: Yuan,
    /// What audits take off.
    pub(super) audit: Yuan,
}

/// What a stay yields by its unit, and how.
pub(super) struct Stayed {
    pub(super) unit: StayUnit,
    pub(super) yielded: Yield,
    pub(super) how: String,
    /// The weight behind it, and the coefficient where there is one.
    pub(super) priced: Option<(Weight, Option<Ratio>)>,
    /// Where it is paid in instalments.
    pub(super) instalments: Option<Instalments>,
}

/// What the unit of the claim pays; the reason in words where the stay is an ordinary one.
///
/// # Errors
/// Numbers that do not fit.
pub(super) fn stayed(
    unit: StayUnit,
    (rules, claim): (&UnitRules, StayClaim<'_>),
    of: &StayPricing<'_>,
) -> Result<Result<Stayed, String>, Error> {
    let terms = &rules.terms;
    let found = match unit {
        StayUnit::BedDay => by_day(terms, claim.care, of)?,
        StayUnit::DaySurgery => as_day_surgery(terms, rules.code(of.group), of)?,
        StayUnit::SingleDisease => at_quota(terms, rules.code(of.group), of)?,
        StayUnit::Item => as_items(terms, claim, of)?,
        StayUnit::HomeBed => in_home_bed(terms, of)?,
        StayUnit::LongStay => after_switch(terms, of)?,
        StayUnit::Tcm => Err(NOT_IN_POLICY.to_owned()),
    };
    let by_weight = matches!(unit, StayUnit::DaySurgery | StayUnit::LongStay);
    let price = of.price.filter(|_| by_weight);
    Ok(found.map(|(yielded, how)| Stayed {
        unit,
        yielded,
        how,
        priced: price.map(|price| (price.weight(), Some(of.coefficient))),
        instalments: None,
    }))
}

type Found = Result<Result<(Yield, String), String>, Error>;

const NOT_IN_POLICY: &str = "政策无此单元 the policy has no such unit";
const NO_DAYS: &str = "住院天数缺失 the days of the stay are missing";
const NO_GROUP: &str = "病组无权重或未入组 no group with a weight";

fn by_day(terms: &UnitTerms, care: &str, of: &StayPricing<'_>) -> Found {
    let (Some(terms), Some(days)) = (&terms.bed_day, of.days) else {
        return Ok(Err(NO_DAYS.to_owned()));
    };
    let stages = match bed_day::stages(terms, (care, of.level), days) {
        Ok(stages) => stages,
        Err(gate) => return Ok(Err(gate.code().to_owned())),
    };
    let yielded = bed_day::whole_stay(stages, days, terms.pays, of.rules)?;
    let sum = bed_day::price(stages, (1, days))?;
    let each = listed(stages, days);
    let points = by_mean(terms.pays);
    let how = format!("{care}, {days} 天 days; {each} → Σ {sum}{points}");
    Ok(Ok((yielded, how)))
}

/// The stages that a stay of so many days reaches.
fn listed(stages: &[BedDayStage], days: u32) -> String {
    let reached = stages.iter().filter(|stage| stage.first_day <= days);
    let each = reached.map(|stage| {
        let (first, price) = (stage.first_day, Yuan::from_fen(stage.day_fen));
        format!("第 {first} 天起 from day {first}: {price}")
    });
    each.collect::<Vec<_>>().join(", ")
}

/// How an amount becomes points, where it does.
const fn by_mean(pays: Pays) -> &'static str {
    match pays {
        Pays::Points => " ÷ M × scale",
        Pays::Line(_) => "",
    }
}

/// The normal points of the group up to the switch, and each later day at its stage.
fn after_switch(terms: &UnitTerms, of: &StayPricing<'_>) -> Found {
    let (Some(terms), Some(days), Some(price)) = (&terms.bed_day, of.days, of.price) else {
        return Ok(Err(NO_GROUP.to_owned()));
    };
    let acute = normal_points(price, of.coefficient, of.rules)?;
    let stay = bed_day::LongStay {
        case_id: "",
        level: of.level,
        days,
        acute,
    };
    let last = terms.switch_after.unwrap_or(days);
    let found = bed_day::long_stay(&stay, terms, of.rules)?;
    let care = terms.switch_kind.as_deref().unwrap_or_default();
    let first = last.saturating_add(1);
    let stages = bed_day::prices(terms, care, of.level).unwrap_or_default();
    let how = format!(
        "前 {last} 天按病组 the group pays {last} days: b {} × k {} = {acute}; \
         第 {first} – {days} 天按床日 bed-days of {care}: {} → Σ {}{}",
        price.base_points(),
        of.coefficient,
        listed(stages, days),
        bed_day::price(stages, (first, days))?,
        by_mean(terms.pays)
    );
    Ok(found
        .map(|yielded| (yielded, how))
        .ok_or_else(|| NOT_IN_POLICY.to_owned()))
}

fn as_day_surgery(terms: &UnitTerms, group: &str, of: &StayPricing<'_>) -> Found {
    let (Some(terms), Some(price)) = (&terms.day_surgery, of.price) else {
        return Ok(Err(NO_GROUP.to_owned()));
    };
    let case = (group, price.weight());
    let yielded = day_surgery::day_surgery(case, of.coefficient, terms, of.rules)?;
    let k = of.coefficient;
    let how = match terms.own_groups.get(group) {
        Some(own) => format!(
            "日间病组 day group {}, RW {} × scale × k {k}",
            own.group, own.weight
        ),
        None => format!(
            "b {} × k {k} × 日间系数 factor {}",
            price.base_points(),
            terms.factor.normalize()
        ),
    };
    Ok(Ok((yielded, how)))
}

fn at_quota(terms: &UnitTerms, group: &str, of: &StayPricing<'_>) -> Found {
    let Some(single) = &terms.single_disease else {
        return Ok(Err(NOT_IN_POLICY.to_owned()));
    };
    let Some(amount) = quota(single, group, of.level) else {
        let how = format!(
            "{group} 无定额 no quota for the group at the level {}",
            of.level
        );
        return Ok(Err(how));
    };
    let yielded = agreed(terms, (single.pays, Line::SingleDisease, amount), of)?;
    let how = format!(
        "{group} 定额 quota {amount}{}",
        as_points(terms, single.pays)
    );
    Ok(Ok((yielded, how)))
}

/// What the stay cost, without what audits took off.
fn as_items(terms: &UnitTerms, claim: StayClaim<'_>, of: &StayPricing<'_>) -> Found {
    let Some(pays) = terms.item else {
        return Ok(Err(NOT_IN_POLICY.to_owned()));
    };
    let amount = by_item(claim.cost, claim.audit)?;
    let yielded = agreed(terms, (pays, Line::Item, amount), of)?;
    let audited = match claim.audit {
        Yuan::ZERO => String::new(),
        audit => format!(" − 审核扣减 audits {audit}, 不低于零 not below zero → {amount}"),
    };
    let how = format!(
        "费用 cost {}{audited}{}",
        claim.cost,
        as_points(terms, pays)
    );
    Ok(Ok((yielded, how)))
}

/// The visit-days of a home bed, in points.
fn in_home_bed(terms: &UnitTerms, of: &StayPricing<'_>) -> Found {
    let Some(community) = &terms.community else {
        return Ok(Err(NOT_IN_POLICY.to_owned()));
    };
    let Some(days) = of.days else {
        return Ok(Err(NO_DAYS.to_owned()));
    };
    let amount = community::home_bed(days, community)?;
    let pays = community.home_bed_pays;
    let yielded = agreed(terms, (pays, Line::HomeBeds, amount), of)?;
    let price = Yuan::from_fen(community.home_bed_fen.unwrap_or_default());
    let points = as_points(terms, pays);
    let how = format!("{days} 床日 visit-days × {price} = {amount}{points}");
    Ok(Ok((yielded, how)))
}

fn agreed(
    terms: &UnitTerms,
    (pays, line, amount): (Pays, Line, Yuan),
    of: &StayPricing<'_>,
) -> Result<Yield, Error> {
    // The policy states the preset value wherever an amount becomes points.
    let preset = terms.preset_value.unwrap_or(rust_decimal::Decimal::ONE);
    let rule = AmountRule {
        pays,
        line,
        preset_value: PresetValue::from_decimal(preset)?,
    };
    agreed_amount(amount, rule, of.rules)
}

fn as_points(terms: &UnitTerms, pays: Pays) -> String {
    match (pays, terms.preset_value) {
        (Pays::Points, Some(value)) => format!(" ÷ v_ref {}", value.normalize()),
        _ => String::new(),
    }
}
