//! Which pools a settlement has, with their budgets, lines and lists of hospitals.

use super::period::Period;
use super::tree::Tree;
use crate::inputs::{Budget, InputTable, Inputs, Insurance};
use crate::{Class, Error};
use drgdip_claims::{MoneyError, Yuan};
use drgdip_tables::policy::{OutOfArea, PolicyAt, Schemes, UnitLedger};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The payment unit of a policy that names none.
pub(crate) const UNIT: &str = "drg";
/// The unit of the pools for people insured elsewhere.
const OUT_OF_AREA: &str = "out_of_area";
/// The unit of the pools that all units share.
const ALL_UNITS: &str = "all";
/// What stands for the insurance of a pool that all schemes share.
const ALL_SCHEMES: &str = "all";

/// A pool: region × insurance × unit.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) id: String,
    pub(crate) region: String,
    /// The scheme, or `all`.
    pub(crate) insurance: String,
    pub(crate) unit: String,
    pub(crate) budget: Yuan,
    /// What of the budget came back from the year before, which set its part aside already.
    pub(crate) brought: Yuan,
    /// Earmarked budgets beside what points are paid from.
    pub(crate) lines: BTreeMap<String, Yuan>,
    /// The hospitals that it settles; `None` is all.
    pub(crate) members: Option<HashSet<String>>,
}

impl Pool {
    /// What of the budget a part is set aside of: all but what came back from the year before.
    pub(crate) fn own_budget(&self) -> Result<Yuan, MoneyError> {
        self.budget.minus(self.brought)
    }
}

/// The pools of a region, by insurance.
#[derive(Clone, Debug, Default)]
pub(crate) struct RegionPools {
    /// For people insured in the area, by unit.
    home: Vec<[Option<u16>; 2]>,
    /// For people insured elsewhere.
    away: [Option<u16>; 2],
}

impl RegionPools {
    /// The pool of a case, where there is one.
    pub(crate) fn pool(
        &self,
        insurance: Insurance,
        unit: Option<u8>,
        is_away: bool,
    ) -> Option<u16> {
        if is_away {
            return self.away[insurance as usize];
        }
        let unit = self.home.get(usize::from(unit?))?;
        unit[insurance as usize]
    }
}

/// All pools of a settlement, and where they are found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pools {
    pub(crate) all: Vec<Pool>,
    pub(crate) units: Vec<String>,
    by_region: HashMap<String, RegionPools>,
}

impl Pools {
    /// Every pool of the policy with its budget; the error names all that have none.
    pub(crate) fn new(terms: &PolicyAt, inputs: &Inputs, period: &Period) -> Result<Self, Error> {
        let units = units(terms);
        let schemes = schemes(terms)?;
        let finder = Finder {
            inputs,
            period,
            shares: &terms.pools.unit_shares,
            tree: Tree::read(inputs, period)?,
        };
        let mut pools = Self {
            units,
            ..Self::default()
        };
        let mut missing = Vec::new();
        for region in terms.regions.keys() {
            let mut found = RegionPools::default();
            for unit in pools.units.clone() {
                let numbers = pools.add(region, &unit, (&schemes, &finder), &mut missing)?;
                found.home.push(numbers);
            }
            if terms.pools.out_of_area == OutOfArea::Own {
                let parts = (&schemes[..], &finder);
                found.away = pools.add(region, OUT_OF_AREA, parts, &mut missing)?;
            }
            pools.by_region.insert(region.clone(), found);
        }
        if missing.is_empty() {
            return Ok(pools);
        }
        let problem = format!(
            "the pools {} have no budget for {}.",
            missing.join(", "),
            period.text
        );
        Err(Error::input("budgets", problem)
            .with_hint("Add a row for each of them, 0 where there is no money."))
    }

    /// Adds the pools of a region and unit and returns their numbers by insurance.
    fn add(
        &mut self,
        region: &str,
        unit: &str,
        (schemes, finder): (&[Scheme], &Finder<'_>),
        missing: &mut Vec<String>,
    ) -> Result<[Option<u16>; 2], Error> {
        let mut numbers = [None; 2];
        for scheme in schemes {
            let id = format!("{region}-{}-{unit}", scheme.name);
            let key = (region, unit, &scheme.insurances[..]);
            let Some(budget) = finder.budget(&id, key)? else {
                missing.push(id);
                continue;
            };
            let number = u16::try_from(self.all.len()).map_err(|_| too_many())?;
            for insurance in &scheme.insurances {
                numbers[*insurance as usize] = Some(number);
            }
            self.all.push(Pool {
                lines: finder.lines(key)?,
                members: finder.members(&id),
                region: region.to_owned(),
                insurance: scheme.name.clone(),
                unit: unit.to_owned(),
                budget,
                brought: Yuan::ZERO,
                id,
            });
        }
        Ok(numbers)
    }

    /// The pools of a region; none where the policy settles nothing there.
    pub(crate) fn of_region(&self, region: &str) -> RegionPools {
        self.by_region.get(region).cloned().unwrap_or_default()
    }

    /// The number of a hospital's unit; a hospital without one has the first.
    pub(crate) fn unit(&self, stated: Option<&str>, terms: &PolicyAt) -> Option<u8> {
        // Without a list of units all hospitals are paid by the only one.
        let (Some(stated), false) = (stated, terms.pools.units.is_empty()) else {
            return Some(0);
        };
        if terms.pools.ledger == UnitLedger::Unified {
            return terms.pools.units.contains_key(stated).then_some(0);
        }
        let position = self.units.iter().position(|unit| unit == stated)?;
        u8::try_from(position).ok()
    }
}

/// The units that have pools; with one ledger for all of them it is one.
pub(crate) fn units(terms: &PolicyAt) -> Vec<String> {
    let stated = &terms.pools.units;
    match terms.pools.ledger {
        _ if stated.is_empty() => vec![UNIT.to_owned()],
        UnitLedger::Unified => vec![ALL_UNITS.to_owned()],
        UnitLedger::ByUnit => stated.keys().cloned().collect(),
    }
}

fn too_many() -> Error {
    Error::new(
        Class::Table,
        "policy",
        "there are more than 65536 pools.",
        "",
    )
}

/// The insurances that share a pool.
struct Scheme {
    name: String,
    insurances: Vec<Insurance>,
}

fn schemes(terms: &PolicyAt) -> Result<Vec<Scheme>, Error> {
    let insurance = |word: &String| {
        Insurance::from_word(word).ok_or_else(|| {
            let problem = format!("the insurance {word:?} is not one that claims can state.");
            let place = format!("policy {}", terms.policy);
            Error::new(Class::Table, place, problem, "")
        })
    };
    let all: Vec<Insurance> = terms
        .insurances
        .keys()
        .map(insurance)
        .collect::<Result<_, _>>()?;
    Ok(match terms.pools.schemes {
        Schemes::Merged => vec![Scheme {
            name: ALL_SCHEMES.to_owned(),
            insurances: all,
        }],
        Schemes::Separate => {
            let alone = |insurance: Insurance| Scheme {
                name: insurance.to_string(),
                insurances: vec![insurance],
            };
            all.into_iter().map(alone).collect()
        }
    })
}

type PoolKey<'k> = (&'k str, &'k str, &'k [Insurance]);

/// Finds what the inputs say about a pool.
struct Finder<'i> {
    inputs: &'i Inputs,
    period: &'i Period,
    /// The share of each unit of a budget that names none.
    shares: &'i BTreeMap<String, Decimal>,
    tree: Tree,
}

impl Finder<'_> {
    /// The budget of a pool, from the table of budgets or the tree; both must agree.
    fn budget(&self, id: &str, key: PoolKey<'_>) -> Result<Option<Yuan>, Error> {
        let stated = match self.sum(key, None)? {
            Some(whole) if self.shares.contains_key(key.1) => Some(self.share(whole, key)?),
            stated => stated,
        };
        let Some(leaf) = self.tree.amount(id) else {
            return Ok(stated);
        };
        match stated {
            Some(stated) if stated != leaf => {
                let difference = leaf.minus(stated).map_err(|e| Error::input("budgets", e))?;
                let problem = format!(
                    "the pool {id} has {stated} yuan for {}, and {leaf} in the budget tree: a \
                     difference of {difference}.",
                    self.period.text
                );
                Err(Error::input("budgets", problem).with_hint("Correct one of the two."))
            }
            _ => Ok(Some(leaf)),
        }
    }

    /// What a unit has of a budget for all: running shares, each rounded to the fen, so that the
    /// units' budgets are the whole one together. A budget that names the unit is its own.
    fn share(&self, whole: Yuan, (region, unit, insurances): PoolKey<'_>) -> Result<Yuan, Error> {
        let is_own = |budget: &&Budget| {
            budget.region == region
                && budget.unit.as_deref() == Some(unit)
                && insurances.contains(&budget.insurance)
                && budget.line.is_none()
        };
        if self.inputs.budgets.iter().any(|budget| is_own(&budget)) {
            return Ok(whole);
        }
        let wrong = || Error::input("budgets", "a share of a budget does not fit.");
        let until = |share: Decimal| -> Result<i64, Error> {
            let fen = Decimal::from(whole.fen())
                .checked_mul(share)
                .ok_or_else(wrong)?;
            let rounded = fen.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
            rounded.to_i64().ok_or_else(wrong)
        };
        let earlier = self
            .shares
            .iter()
            .filter(|(other, _)| other.as_str() < unit);
        let before: Decimal = earlier.map(|(_, share)| *share).sum();
        let own = self.shares[unit];
        Ok(Yuan::from_fen(until(before + own)? - until(before)?))
    }

    /// The sum over the insurances of a pool; `None` where one of them has no budget.
    fn sum(&self, (region, unit, insurances): PoolKey<'_>, line: Option<&str>) -> Found {
        let mut sum = Yuan::ZERO;
        for insurance in insurances {
            let of = |period: &str| self.row(period, (region, unit), *insurance, line);
            let own = of(&self.period.text);
            let amount = match own {
                Some(amount) => amount,
                None if self.period.is_year() => {
                    let months = self.period.months();
                    let months: Option<Vec<Yuan>> = months.iter().map(|m| of(m)).collect();
                    let Some(months) = months else {
                        return Ok(None);
                    };
                    Yuan::total(months).map_err(|e| Error::input("budgets", e))?
                }
                None => return Ok(None),
            };
            sum = sum.plus(amount).map_err(|e| Error::input("budgets", e))?;
        }
        Ok(Some(sum))
    }

    fn row(
        &self,
        period: &str,
        (region, unit): (&str, &str),
        insurance: Insurance,
        line: Option<&str>,
    ) -> Option<Yuan> {
        let is_meant = |stated: Option<&str>| match stated {
            None => unit != OUT_OF_AREA,
            Some(stated) => stated == unit,
        };
        let mut rows = self.inputs.budgets.iter().filter(|budget| {
            budget.region == region
                && budget.insurance == insurance
                && budget.period == period
                && is_meant(budget.unit.as_deref())
                && budget.line.as_deref() == line
        });
        rows.next().map(|budget| budget.amount)
    }

    /// The earmarked budgets of a pool, by line.
    fn lines(&self, key: PoolKey<'_>) -> Result<BTreeMap<String, Yuan>, Error> {
        let (region, _, insurances) = key;
        let mine = self
            .inputs
            .budgets
            .iter()
            .filter(|budget| budget.region == region && insurances.contains(&budget.insurance));
        let names: HashSet<&str> = mine.filter_map(|budget| budget.line.as_deref()).collect();
        let mut lines = BTreeMap::new();
        for name in names {
            let mut sum = None;
            for insurance in insurances {
                let one = (key.0, key.1, std::slice::from_ref(insurance));
                let amount = self.sum(one, Some(name))?;
                sum = match (sum, amount) {
                    (Some(a), Some(b)) => {
                        Some(Yuan::plus(a, b).map_err(|e| Error::input("budgets", e))?)
                    }
                    (a, b) => a.or(b),
                };
            }
            lines.extend(sum.map(|sum| (name.to_owned(), sum)));
        }
        Ok(lines)
    }

    fn members(&self, pool: &str) -> Option<HashSet<String>> {
        let rows = self.inputs.rows(InputTable::PoolHospitals).iter();
        let mine = rows.filter(|row| row.required("pool") == pool);
        let members: HashSet<String> = mine
            .map(|row| row.required("hospital_id").to_owned())
            .collect();
        (!members.is_empty()).then_some(members)
    }
}

type Found = Result<Option<Yuan>, Error>;
