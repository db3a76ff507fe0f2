//! Capitation of tight alliances (紧密型医联体按人头付费).
//!
//! Points are computed inside an alliance as everywhere, and the pools pay them. What an alliance
//! may spend is compared with that at the end of the year: a surplus that it keeps is paid from the
//! line, and what it bears of an excess is taken from it. Both together leave it with Net, less
//! what goes back and more what the fund adds.

use super::asked::{Asker, count};
use super::{Asked, AskedParty, Party, Step, Sums, overflow, rounding, wrong};
use crate::Error;
use crate::inputs::{Hospital, InputTable, SheetRow};
use drgdip_claims::Yuan;
use drgdip_points::Ratio;
use drgdip_points::units::capitation::{self, Capitation, PersonSpend};
use drgdip_tables::policy::{CapitationTerms, Line};
use std::collections::BTreeMap;

const RATES: &[&str] = &["unit.capitation.rates (table)", "unit.capitation.trend"];
const NET: &[&str] = &["unit.capitation.reserve_share"];
const LOSS: &[&str] = &[
    "unit.capitation.stop_loss",
    "unit.capitation.stop_loss_share",
];
const BANDS: &[&str] = &[
    "unit.capitation.overspend_limit",
    "unit.capitation.fund_share",
];
const ASSESSED: &[&str] = &["unit.capitation.assessment"];

/// What the alliances of a region ask: nothing in a month, which is only watched.
pub(super) fn ask(asker: &Asker<'_>, terms: &CapitationTerms) -> Result<Asked, Error> {
    let mut bands: BTreeMap<&str, Vec<&SheetRow>> = BTreeMap::new();
    for row in asker.inputs.rows(InputTable::Members) {
        let alliance = row.required("alliance");
        let hospitals = hospitals_of(asker, alliance);
        if hospitals.is_empty() {
            let problem = format!("no hospital belongs to the alliance {alliance}.");
            let hint = "Write its key into the column alliance of the hospitals table.";
            return Err(row.wrong(problem).with_hint(hint));
        }
        if hospitals.iter().any(|hospital| asker.is_here(hospital)) {
            bands.entry(alliance).or_default().push(row);
        }
    }
    let mut asked = Asked::default();
    for (alliance, rows) in bands {
        asked.parties.push(one(asker, (alliance, &rows), terms)?);
    }
    Ok(asked)
}

fn hospitals_of<'a>(asker: &'a Asker<'_>, alliance: &str) -> Vec<&'a Hospital> {
    let last = asker
        .setting
        .hospitals
        .iter()
        .filter_map(|rows| rows.last());
    last.filter(|row| row.alliance.as_deref() == Some(alliance))
        .collect()
}

fn one(
    asker: &Asker<'_>,
    (alliance, rows): (&str, &[&SheetRow]),
    terms: &CapitationTerms,
) -> Result<AskedParty, Error> {
    let rounding = rounding(asker.setting);
    let bad = |e| wrong(Line::Capitation, e);
    let (mut members, mut steps) = (BTreeMap::new(), Vec::new());
    for row in rows {
        let (band, persons) = (row.required("age_band"), count(row, "persons"));
        let Some(rate) = terms.rates.get(band) else {
            let problem = format!("capitation-rates.csv of the policy has no band {band}.");
            return Err(row.wrong(problem));
        };
        members.insert(band.to_owned(), persons);
        let how = format!(
            "× {} × {}",
            Yuan::from_fen(rate.rate_fen),
            rate.risk.normalize()
        );
        let step = Step::quantity(
            format!("人数 persons {band} {}", rate.title),
            row.number("persons").unwrap_or_default(),
        );
        steps.push(step.by(how).keys(RATES));
    }
    let whole = capitation::capitation(&members, terms, rounding).map_err(bad)?;
    let spent = Spent::of(asker, alliance, terms)?;
    steps.extend(cap_steps(&whole, terms));
    steps.extend(spent.steps(terms));
    let party = Party {
        kind: "alliance",
        id: alliance.to_owned(),
        hospital: String::new(),
    };
    let mut asked = AskedParty {
        party,
        steps,
        amount: Yuan::ZERO,
        borne: None,
    };
    if asker.setting.period.is_year() {
        settle(asker, (&whole, spent.charged), terms, &mut asked)?;
    }
    Ok(asked)
}

fn cap_steps(whole: &Capitation, terms: &CapitationTerms) -> Vec<Step> {
    let trend = terms.trend.normalize();
    let share = terms.reserve_share.normalize();
    vec![
        Step::amount("全年按人头总额 Cap of the year", whole.cap)
            .by(format!("Σ persons × rate × risk × (1 + {trend})"))
            .keys(RATES),
        Step::amount("预留 kept back", whole.reserve).keys(NET),
        Step::amount("可支配总额 Net of the year", whole.net)
            .by(format!("{} × (1 − {share})", whole.cap))
            .keys(NET),
    ]
}

/// Shares the difference between Net and what was spent.
fn settle(
    asker: &Asker<'_>,
    (whole, spent): (&Capitation, Yuan),
    terms: &CapitationTerms,
    asked: &mut AskedParty,
) -> Result<(), Error> {
    let bad = |e| wrong(Line::Capitation, e);
    let scores = scores(asker, &asked.party.id, terms)?;
    let assessment = capitation::assessment(&scores, terms).map_err(bad)?;
    let with = (terms, rounding(asker.setting));
    let shared = capitation::settle(whole.net, spent, assessment, with).map_err(bad)?;
    let parts = terms.assessment.iter().map(|(part, weight)| {
        let score = scores.get(part).map_or(0, |score| score.millionths());
        format!("{part} {} × {}", decimal(score), weight.normalize())
    });
    let parts = parts.collect::<Vec<_>>().join(" + ");
    let (net, percent) = (whole.net, decimal(assessment.millionths()));
    asked.steps.extend([
        Step::quantity("考核 assessment", assessment.millionths() / 100)
            .by(parts)
            .keys(ASSESSED),
        Step::amount("结余留用 surplus kept", shared.kept)
            .by(format!(
                "({net} − {spent}) × {percent}，不低于 0 at least 0"
            ))
            .keys(ASSESSED),
        Step::amount("结余上缴 surplus returned", shared.returned).keys(ASSESSED),
        Step::amount("超支基金分担 borne by the fund", shared.fund_adds)
            .by(format!(
                "min({spent} − {net}, {} × {net}) × {}，不低于 0 at least 0",
                terms.overspend_limit.normalize(),
                terms.fund_share.normalize()
            ))
            .keys(BANDS),
    ]);
    asked.amount = shared.kept;
    asked.borne = Some(shared.alliance_bears);
    Ok(())
}

/// Millionths as a number without zeros at its end.
fn decimal(millionths: i64) -> String {
    rust_decimal::Decimal::new(millionths, 6)
        .normalize()
        .to_string()
}

fn scores(
    asker: &Asker<'_>,
    alliance: &str,
    terms: &CapitationTerms,
) -> Result<BTreeMap<String, Ratio>, Error> {
    let mut scores = BTreeMap::new();
    for row in asker.inputs.rows(InputTable::AllianceScores) {
        if row.required("alliance") != alliance {
            continue;
        }
        let part = row.required("part");
        if !terms.assessment.contains_key(part) {
            let problem = format!("the assessment of the policy has no part {part}.");
            return Err(row.wrong(problem));
        }
        let score = row.number("score").unwrap_or_default();
        let score = Ratio::from_ten_thousandths(score).map_err(|e| row.wrong(e))?;
        scores.insert(part.to_owned(), score);
    }
    Ok(scores)
}

/// What the fund spent on the members of an alliance.
struct Spent {
    inside: Yuan,
    /// What lines pay of cases inside: negotiated drugs, stays by item and the like.
    by_lines: Yuan,
    outside: Yuan,
    /// Both, with the stop-loss of the persons whom the outside spending names.
    charged: Yuan,
}

impl Spent {
    /// Inside at what the pools pay the alliance's hospitals and lines pay of their cases, outside at
    /// what the inputs state.
    ///
    /// Claims do not say whose member a patient is, so what an alliance's hospitals are paid counts
    /// as spent on its members, and the stop-loss looks at the persons of the outside table alone.
    fn of(asker: &Asker<'_>, alliance: &str, terms: &CapitationTerms) -> Result<Self, Error> {
        let hospitals = hospitals_of(asker, alliance);
        let is_inside = |id: &str| hospitals.iter().any(|hospital| hospital.hospital_id == id);
        let payments = asker
            .pools
            .iter()
            .flat_map(|pool| &pool.settlement.hospitals);
        let inside = payments.filter(|paid| is_inside(&paid.hospital_id));
        let inside = Yuan::total(inside.map(|paid| paid.payment)).map_err(overflow)?;
        let entries = asker
            .lines
            .iter()
            .flat_map(|line| line.entries.iter().zip(&line.settled.paid));
        let of_alliance = entries.filter(|(entry, _)| {
            let rows = &asker.setting.hospitals[entry.account.hospital as usize];
            is_inside(&rows[0].hospital_id)
        });
        let by_lines = Yuan::total(of_alliance.map(|(_, paid)| *paid)).map_err(overflow)?;
        let rows = asker.inputs.rows(InputTable::AllianceOutside).iter();
        let mut persons: Sums<'_> = BTreeMap::new();
        let mut others = inside.plus(by_lines).map_err(overflow)?;
        let mut outside = Yuan::ZERO;
        for row in rows.filter(|row| row.required("alliance") == alliance) {
            let amount = row.yuan("amount");
            outside = outside.plus(amount).map_err(overflow)?;
            let sum = match row.text("person_id") {
                Some(person) => persons.entry(person).or_default(),
                None => &mut others,
            };
            *sum = sum.plus(amount).map_err(overflow)?;
        }
        let person = |outside: Yuan| PersonSpend {
            outside,
            ..PersonSpend::default()
        };
        let persons: Vec<PersonSpend> = persons.into_values().map(person).collect();
        let charged = capitation::spend(&persons, terms, rounding(asker.setting));
        let charged = charged.map_err(|e| wrong(Line::Capitation, e))?;
        Ok(Self {
            inside,
            by_lines,
            outside,
            charged: charged.plus(others).map_err(overflow)?,
        })
    }

    fn steps(&self, terms: &CapitationTerms) -> [Step; 4] {
        let how = match terms.stop_loss_fen {
            Some(limit) => format!(
                "{} + {} + {}，单人外部超过 {} 的部分只计 of a person outside, above: 1 − {}",
                self.inside,
                self.by_lines,
                self.outside,
                Yuan::from_fen(limit),
                terms.stop_loss_share.normalize()
            ),
            None => format!("{} + {} + {}", self.inside, self.by_lines, self.outside),
        };
        [
            Step::amount("医联体内支付 inside, points × value", self.inside),
            Step::amount("医联体内单列支付 inside, cases on lines", self.by_lines),
            Step::amount("医联体外支付 outside, as the fund paid", self.outside),
            Step::amount("计入支出 Spend", self.charged)
                .by(how)
                .keys(LOSS),
        ]
    }
}
