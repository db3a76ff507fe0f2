//! What a cleared year leaves to the next through the ledger: money that is held for TCM cases
//! until their efficacy is known, what of it goes back to pools, and what lines owe or have left
//! over.
//!
//! In: what the entry of the year before says, and the follow-ups of this settlement. Out: budgets
//! of pools with what came back, adjustments of hospitals, and what the next year is left. Every
//! fen that is held is paid to its hospital, goes to its pool, or is held on.

use super::closing::HospitalAdjustment;
use super::reports::{amounts, texts, write};
use super::setting::{Pool, Setting};
use super::units::LineReport;
use crate::Error;
use crate::manifest::OutputFile;
use drgdip_claims::{MoneyError, Yuan};
use drgdip_points::Points;
use drgdip_points::units::tcm::{self, TcmPaid, TcmPoints, TcmRelease};
use drgdip_points::units::{LineClaim, LineSettlement};
use drgdip_tables::Policy;
use drgdip_tables::policy::{Line, TcmTerms};
use jiff::civil::date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

/// What a year leaves to the next, as an entry of the ledger has it; amounts are texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Carried {
    /// TCM cases whose efficacy is not known yet.
    held: Vec<HeldRow>,
    /// What goes back to pools.
    released: Vec<AmountRow>,
    /// What lines owe.
    owed: Vec<OwedRow>,
    /// What lines have left over.
    surplus: Vec<AmountRow>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldRow {
    pool: String,
    hospital_id: String,
    case_id: String,
    year: String,
    disease: String,
    window_days: u32,
    full_points: String,
    upfront_points: String,
    deferred_points: String,
    upfront: String,
    held: String,
}

/// An amount of a pool, or of a line of a pool or, for units of people, of a region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AmountRow {
    pool: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    line: String,
    amount: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwedRow {
    pool: String,
    line: String,
    key: String,
    amount: String,
}

impl Carried {
    /// Adds what a line of a pool, or of a region, owes and has left over.
    fn add(&mut self, pool: &str, settled: &LineSettlement) {
        let line = settled.line.code();
        let owed = settled.still_owed.iter().map(|claim| OwedRow {
            pool: pool.to_owned(),
            line: line.to_owned(),
            key: claim.key.clone(),
            amount: claim.amount.to_string(),
        });
        self.owed.extend(owed);
        if settled.carried_forward != Yuan::ZERO {
            self.surplus.push(AmountRow {
                pool: pool.to_owned(),
                line: line.to_owned(),
                amount: settled.carried_forward.to_string(),
            });
        }
    }

    /// Whether nothing is left to the next year.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn parsed<T: FromStr>(text: &str, what: &str) -> Result<T, Error>
where
    T::Err: Display,
{
    let wrong = |e: T::Err| Error::input("ledger", format!("{what} {text:?}: {e}."));
    text.parse().map_err(wrong)
}

fn overflow(error: MoneyError) -> Error {
    Error::input("ledger", error)
}

/// The money of a TCM case whose deferred points were accrued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) pool: String,
    pub(crate) hospital_id: String,
    pub(crate) case_id: String,
    /// The year of the discharge's clearing.
    pub(crate) year: String,
    pub(crate) disease: String,
    pub(crate) window_days: u32,
    pub(crate) points: TcmPoints,
    pub(crate) paid: TcmPaid,
    /// How what was held is divided; `None` until the efficacy is known.
    pub(crate) release: Option<TcmRelease>,
}

impl Holding {
    fn read(row: &HeldRow) -> Result<Self, Error> {
        let points = |text: &str| parsed::<Points>(text, "points");
        let yuan = |text: &str| parsed::<Yuan>(text, "amount");
        Ok(Self {
            pool: row.pool.clone(),
            hospital_id: row.hospital_id.clone(),
            case_id: row.case_id.clone(),
            year: row.year.clone(),
            disease: row.disease.clone(),
            window_days: row.window_days,
            points: TcmPoints {
                full: points(&row.full_points)?,
                upfront: points(&row.upfront_points)?,
                deferred: points(&row.deferred_points)?,
            },
            paid: TcmPaid {
                upfront: yuan(&row.upfront)?,
                held: yuan(&row.held)?,
            },
            release: None,
        })
    }

    fn row(&self) -> HeldRow {
        HeldRow {
            pool: self.pool.clone(),
            hospital_id: self.hospital_id.clone(),
            case_id: self.case_id.clone(),
            year: self.year.clone(),
            disease: self.disease.clone(),
            window_days: self.window_days,
            full_points: self.points.full.to_string(),
            upfront_points: self.points.upfront.to_string(),
            deferred_points: self.points.deferred.to_string(),
            upfront: self.paid.upfront.to_string(),
            held: self.paid.held.to_string(),
        }
    }

    /// The same with what a follow-up found, by the terms of its year.
    fn followed(mut self, setting: &Setting<'_>, terms: &TcmTerms) -> Result<Self, Error> {
        let wrong = |e: drgdip_points::Error| Error::input(format!("case {}", self.case_id), e);
        let window = i64::from(self.window_days);
        let mut known = setting.follow_ups.of(&self.case_id).iter();
        let Some((_, efficacy)) = known.find(|(days, _)| *days == window) else {
            return Ok(self);
        };
        let found = tcm::follow_up(
            &self.points,
            *efficacy,
            terms,
            setting.terms.case.points_rounding,
        );
        let found = found.map_err(wrong)?;
        let rounding = setting.terms.value.money_rounding;
        let release = tcm::release(&self.paid, &self.points, &found, rounding);
        self.release = Some(release.map_err(wrong)?);
        Ok(self)
    }

    /// What of it the pool gets.
    fn to_pool(&self) -> Result<Yuan, Error> {
        let Some(release) = self.release else {
            return Ok(Yuan::ZERO);
        };
        let sum = release.to_pool.plus(release.clawed_back);
        sum.map_err(overflow)
    }
}

/// What the year before left to this one.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    carried: Carried,
    /// What it held, with the follow-ups that are known by now.
    holdings: Vec<Holding>,
}

impl Earlier {
    /// Reads what was left, and judges what was held.
    ///
    /// # Errors
    /// An entry that cannot be right, and numbers that do not fit.
    pub(super) fn new(
        carried: Carried,
        setting: &Setting<'_>,
        policy: &Policy,
    ) -> Result<Self, Error> {
        let mut holdings = Vec::new();
        for row in &carried.held {
            let holding = Holding::read(row)?;
            let year: i16 = parsed(&row.year, "year")?;
            // A policy that did not hold then says nothing else about it than it does now.
            let then = policy.at(date(year, 12, 31)).ok();
            let then = then.and_then(|terms| terms.units.tcm);
            let terms = then.or_else(|| setting.terms.units.tcm.clone());
            holdings.push(match terms {
                Some(terms) => holding.followed(setting, &terms)?,
                None => holding,
            });
        }
        Ok(Self { carried, holdings })
    }

    /// Adds to the budgets of pools what comes back to them.
    ///
    /// # Errors
    /// A pool that the settlement does not have, and amounts that do not fit.
    pub(super) fn raise(&self, pools: &mut [Pool]) -> Result<(), Error> {
        for (id, amount) in self.by_pool()? {
            let pool = pools.iter_mut().find(|pool| pool.id == id);
            let Some(pool) = pool else {
                let problem =
                    format!("{amount} yuan come back to the pool {id}, which is not settled.");
                let hint = "Settle with a policy that has the pool.";
                return Err(Error::input("ledger", problem).with_hint(hint));
            };
            pool.budget = pool.budget.plus(amount).map_err(overflow)?;
            pool.brought = pool.brought.plus(amount).map_err(overflow)?;
        }
        Ok(())
    }

    fn by_pool(&self) -> Result<BTreeMap<&str, Yuan>, Error> {
        let mut sums: BTreeMap<&str, Yuan> = BTreeMap::new();
        let mut add = |pool, amount: Yuan| -> Result<(), Error> {
            let sum = sums.entry(pool).or_default();
            *sum = sum.plus(amount).map_err(overflow)?;
            Ok(())
        };
        for row in &self.carried.released {
            add(row.pool.as_str(), parsed(&row.amount, "amount")?)?;
        }
        for holding in &self.holdings {
            add(holding.pool.as_str(), holding.to_pool()?)?;
        }
        sums.retain(|_, amount| *amount != Yuan::ZERO);
        Ok(sums)
    }

    /// The lines of a pool that owe something or have something left over.
    pub(super) fn lines_owing(&self, pool: &str) -> BTreeSet<Line> {
        let owed = self.carried.owed.iter();
        let owed = owed.map(|row| (&row.pool, &row.line));
        let left = self.carried.surplus.iter();
        let left = left.map(|row| (&row.pool, &row.line));
        let mine = owed.chain(left).filter(|(of, _)| *of == pool);
        mine.filter_map(|(_, line)| Line::find(line)).collect()
    }

    /// What a line of a pool owes to cases of the year before.
    pub(super) fn owed(&self, pool: &str, line: Line) -> Result<Vec<LineClaim>, Error> {
        let rows = self.carried.owed.iter();
        let mine = rows.filter(|row| row.pool == pool && row.line == line.code());
        let claim = |row: &OwedRow| {
            Ok(LineClaim {
                key: row.key.clone(),
                amount: parsed(&row.amount, "amount")?,
            })
        };
        mine.map(claim).collect()
    }

    /// What a line of a pool had left over.
    pub(super) fn surplus(&self, pool: &str, line: Line) -> Result<Yuan, Error> {
        let mut rows = self.carried.surplus.iter();
        let mine = rows.find(|row| row.pool == pool && row.line == line.code());
        mine.map_or(Ok(Yuan::ZERO), |row| parsed(&row.amount, "amount"))
    }
}

/// What the clearing of a year holds, and what it was left.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    /// Of cases of this year.
    own: Vec<Holding>,
    /// Of those before.
    earlier: Vec<Holding>,
    /// What came back to each pool.
    released: Vec<(String, Yuan)>,
}

/// The money that the clearing holds.
pub(crate) const HELD: &str = "tcm_held";
/// What of it a hospital gets once the efficacy is known.
pub(crate) const RELEASED: &str = "tcm_released";
/// What a hospital owes for a failure.
pub(crate) const CLAWED_BACK: &str = "tcm_clawed_back";

impl Holdings {
    pub(super) fn new(mut own: Vec<Holding>, earlier: &Earlier) -> Result<Self, Error> {
        own.sort_by(|a, b| (&a.pool, &a.case_id).cmp(&(&b.pool, &b.case_id)));
        let released = earlier.by_pool()?;
        Ok(Self {
            own,
            earlier: earlier.holdings.clone(),
            released: released
                .into_iter()
                .map(|(pool, amount)| (pool.to_owned(), amount))
                .collect(),
        })
    }

    fn all(&self) -> impl Iterator<Item = &Holding> {
        self.earlier.iter().chain(&self.own)
    }

    /// What they do to hospitals: held in the year of discharge, paid or taken back once the
    /// efficacy is known.
    pub(super) fn adjustments(&self) -> Result<Vec<HospitalAdjustment>, Error> {
        let mut sums: BTreeMap<Key<'_>, Yuan> = BTreeMap::new();
        for holding in &self.own {
            add(&mut sums, (holding, HELD), negative(holding.paid.held)?)?;
        }
        for holding in self.all() {
            if let Some(release) = holding.release {
                add(&mut sums, (holding, RELEASED), release.to_hospital)?;
                add(
                    &mut sums,
                    (holding, CLAWED_BACK),
                    negative(release.clawed_back)?,
                )?;
            }
        }
        let rows = sums.into_iter().filter(|(_, amount)| *amount != Yuan::ZERO);
        let row = |((pool, hospital_id, kind), amount): (Key<'_>, Yuan)| HospitalAdjustment {
            pool: pool.to_owned(),
            hospital_id: hospital_id.to_owned(),
            kind,
            amount,
            reason: "unit.tcm.held".to_owned(),
        };
        Ok(rows.map(row).collect())
    }

    /// What this year leaves to the next.
    ///
    /// # Errors
    /// Amounts that do not fit.
    pub(super) fn carried(
        &self,
        setting: &Setting<'_>,
        (lines, people): (&[LineReport], &[(String, LineSettlement)]),
    ) -> Result<Carried, Error> {
        let mut released: BTreeMap<&str, Yuan> = BTreeMap::new();
        for holding in &self.own {
            let sum = released.entry(&holding.pool).or_default();
            *sum = sum.plus(holding.to_pool()?).map_err(overflow)?;
        }
        released.retain(|_, amount| *amount != Yuan::ZERO);
        let waiting = self.all().filter(|holding| holding.release.is_none());
        let mut carried = Carried {
            held: waiting.map(Holding::row).collect(),
            released: released
                .into_iter()
                .map(|(pool, amount)| AmountRow {
                    pool: pool.to_owned(),
                    line: String::new(),
                    amount: amount.to_string(),
                })
                .collect(),
            ..Carried::default()
        };
        for report in lines {
            let pool = &setting.pools.all[usize::from(report.pool)].id;
            carried.add(pool, &report.settled);
        }
        for (region, settled) in people {
            carried.add(region, settled);
        }
        Ok(carried)
    }

    /// Writes `tcm_held.parquet` and `brought_forward.parquet`, where there is something to say.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<OutputFile>, Error> {
        let mut outputs = Vec::new();
        if self.all().next().is_some() {
            outputs.push(self.write_held(folder)?);
        }
        if !self.released.is_empty() {
            let columns = vec![
                (
                    "pool",
                    texts(self.released.iter().map(|row| row.0.as_str())),
                ),
                ("amount", amounts(self.released.iter().map(|row| row.1))),
            ];
            outputs.push(write(folder, BROUGHT_FORWARD, columns)?);
        }
        Ok(outputs)
    }

    fn write_held(&self, folder: &Path) -> Result<OutputFile, Error> {
        let text = |of: fn(&Holding) -> &str| texts(self.all().map(of));
        let money = |of: fn(&Holding) -> Yuan| amounts(self.all().map(of));
        let released = |of: fn(&TcmRelease) -> Yuan| {
            let part = move |h: &Holding| h.release.as_ref().map_or(Yuan::ZERO, of);
            amounts(self.all().map(part))
        };
        let earlier = self.earlier.iter().map(|_| "earlier");
        let columns = vec![
            ("case_id", text(|h| &h.case_id)),
            ("pool", text(|h| &h.pool)),
            ("hospital_id", text(|h| &h.hospital_id)),
            ("year", text(|h| &h.year)),
            ("origin", texts(earlier.chain(self.own.iter().map(|_| OWN)))),
            ("disease", text(|h| &h.disease)),
            (
                "state",
                text(|h| {
                    if h.release.is_some() {
                        "decided"
                    } else {
                        "held"
                    }
                }),
            ),
            ("upfront", money(|h| h.paid.upfront)),
            ("held", money(|h| h.paid.held)),
            ("to_hospital", released(|r| r.to_hospital)),
            ("to_pool", released(|r| r.to_pool)),
            ("clawed_back", released(|r| r.clawed_back)),
        ];
        write(folder, HELD_CASES, columns)
    }
}

/// The origin of a case of the year that is cleared.
pub(crate) const OWN: &str = "own";
/// What is held of TCM cases, and how it was divided.
pub(crate) const HELD_CASES: &str = "tcm_held.parquet";
/// What came back to pools from the year before.
pub(crate) const BROUGHT_FORWARD: &str = "brought_forward.parquet";

/// A pool, a hospital and the kind of an adjustment.
type Key<'k> = (&'k str, &'k str, &'static str);

fn add<'h>(
    sums: &mut BTreeMap<Key<'h>, Yuan>,
    (holding, kind): (&'h Holding, &'static str),
    amount: Yuan,
) -> Result<(), Error> {
    let sum = sums.entry((&holding.pool, &holding.hospital_id, kind));
    let sum = sum.or_default();
    *sum = sum.plus(amount).map_err(overflow)?;
    Ok(())
}

fn negative(amount: Yuan) -> Result<Yuan, Error> {
    Yuan::ZERO.minus(amount).map_err(overflow)
}
