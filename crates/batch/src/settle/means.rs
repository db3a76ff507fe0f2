//! What the groups input says of the groups of the run, by their number in it.

use crate::in_force::PlanChoice;
use crate::inputs::{GroupMean, Inputs};
use crate::{Class, Error};
use drgdip_claims::Yuan;
use drgdip_grouper::DipGroupInfo;
use drgdip_points::Ratio;
use drgdip_points::award::{Quotient, blend, ratio_of_means};
use drgdip_tables::dip::Layer;
use drgdip_tables::policy::{CoefficientSource, PolicyAt, Treatment, UnstableTerms};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// Whether a policy cannot do without the groups input.
pub(crate) fn is_needed(terms: &PolicyAt) -> bool {
    let by_means = matches!(terms.coefficient, CoefficientSource::GroupMeans { .. });
    let counts =
        |unstable: &UnstableTerms| unstable.cases.is_some() || unstable.variation.is_some();
    by_means || !terms.stays.transfer_ways.is_empty() || terms.unstable.as_ref().is_some_and(counts)
}

/// The groups input, and the codes of the groups of the run.
#[derive(Clone, Default)]
pub(crate) struct GroupMeans {
    rows: Vec<GroupMean>,
    /// The code of each group of the run, its number being the index.
    codes: Vec<String>,
    /// The ADRG of each.
    adrgs: Vec<String>,
    /// What a DIP catalogue says of each.
    dip: Vec<Option<DipGroupInfo>>,
}

impl GroupMeans {
    pub(crate) fn new(inputs: &Inputs, plan: PlanChoice<'_>) -> Self {
        let groups = || plan.plans().iter().flat_map(|plan| plan.grouper.groups());
        Self {
            rows: inputs.groups.clone(),
            codes: groups().map(|group| group.group.clone()).collect(),
            adrgs: groups().map(|group| group.adrg.clone()).collect(),
            dip: groups().map(|group| group.dip).collect(),
        }
    }

    /// What the input says of one group, as if the run had no other.
    pub(crate) fn of_group(inputs: &Inputs, group: &str) -> Self {
        Self {
            rows: inputs.groups.clone(),
            codes: vec![group.to_owned()],
            adrgs: vec![String::new()],
            dip: vec![None],
        }
    }

    /// How many groups the run has.
    pub(crate) fn count(&self) -> usize {
        self.codes.len()
    }

    /// The code of a group of the run.
    pub(crate) fn code(&self, group: u16) -> &str {
        &self.codes[usize::from(group)]
    }

    /// The codes of all groups of the run.
    pub(crate) fn codes(&self) -> Vec<String> {
        self.codes.clone()
    }

    /// The code of its ADRG.
    pub(crate) fn adrg(&self, group: u16) -> &str {
        &self.adrgs[usize::from(group)]
    }

    /// Something of every group, by its code.
    fn by_group<T>(&self, of: impl FnMut(&str) -> T) -> Vec<T> {
        self.codes.iter().map(String::as_str).map(of).collect()
    }

    /// The rows about the whole region, by group.
    fn regional(&self) -> HashMap<&str, &GroupMean> {
        let is_regional = |row: &&GroupMean| row.level.is_none() && row.hospital_id.is_none();
        let rows = self.rows.iter().filter(is_regional);
        rows.map(|row| (row.group.as_str(), row)).collect()
    }

    /// Which groups have one price in every hospital.
    pub(crate) fn same_price(&self, terms: &PolicyAt) -> Vec<bool> {
        let listed = self.by_group(|code| terms.same_price_groups.contains_key(code));
        let is_one = |dip: &Option<DipGroupInfo>| {
            terms.primary_care_price && dip.is_some_and(|dip| dip.is_primary_care)
        };
        let both = listed.into_iter().zip(&self.dip);
        both.map(|(is_listed, dip)| is_listed || is_one(dip))
            .collect()
    }

    /// Which groups belong to the fallback layer of a DIP catalogue (保底, 空白病组).
    pub(crate) fn fallbacks(&self) -> Vec<bool> {
        let is_fallback =
            |dip: &Option<DipGroupInfo>| dip.is_some_and(|dip| dip.layer == Layer::Fallback);
        self.dip.iter().map(is_fallback).collect()
    }

    /// The mean stay of each group, in ten-thousandths of a day.
    pub(crate) fn stays(&self) -> Vec<Option<i64>> {
        let regional = self.regional();
        self.by_group(|code| regional.get(code)?.stay_days.filter(|days| *days > 0))
    }

    /// What each group costs on average, all together and by kind of item.
    pub(crate) fn by_kind(&self) -> Vec<drgdip_points::units::new_technology::GroupMeans> {
        let regional = self.regional();
        self.by_group(|code| {
            regional.get(code).map_or_else(Default::default, |row| {
                drgdip_points::units::new_technology::GroupMeans {
                    cost: row.mean_cost,
                    drug: row.mean_drug,
                    consumable: row.mean_consumable,
                    service: row.mean_service,
                }
            })
        })
    }

    /// Which groups are not stable, and what their cases earn.
    pub(crate) fn unstable(&self, terms: &UnstableTerms) -> (Vec<bool>, Treatment) {
        let regional = self.regional();
        let is_unstable = |code: &str| {
            let row = regional.get(code);
            let count = row.and_then(|row| row.cases).map(Decimal::from);
            let variation = row.and_then(|row| row.variation);
            let variation = variation.map(|value| Decimal::new(value, 4));
            let is_few = terms.cases.zip(count).is_some_and(|(b, n)| b.holds(n));
            let is_wide = terms
                .variation
                .zip(variation)
                .is_some_and(|(b, v)| b.holds(v));
            is_few || is_wide || terms.groups.contains_key(code)
        };
        (self.by_group(is_unstable), terms.treatment)
    }
}

/// The coefficients of groups, where the policy takes them from mean costs.
pub(crate) struct GroupCoefficients {
    level_share: Ratio,
    without_mean: Ratio,
    levels: HashMap<String, HashMap<u16, Quotient>>,
    hospitals: HashMap<String, HashMap<u16, Quotient>>,
}

impl GroupCoefficients {
    /// `None` where the policy takes the coefficient from elsewhere.
    pub(crate) fn new(
        source: &CoefficientSource,
        means: &GroupMeans,
    ) -> Result<Option<Self>, Error> {
        let CoefficientSource::GroupMeans {
            level_share,
            without_mean,
        } = source
        else {
            return Ok(None);
        };
        let wrong =
            |e: drgdip_points::Error| Error::new(Class::Table, "policy, coefficient", e, "");
        let mut coefficients = Self {
            level_share: Ratio::from_decimal(*level_share).map_err(wrong)?,
            without_mean: Ratio::from_decimal(*without_mean).map_err(wrong)?,
            levels: HashMap::new(),
            hospitals: HashMap::new(),
        };
        let regional = means.regional();
        let mut numbers: HashMap<&str, Vec<u16>> = HashMap::new();
        for (number, code) in (0..).zip(&means.codes) {
            numbers.entry(code).or_default().push(number);
        }
        for row in &means.rows {
            let of_region = regional.get(row.group.as_str());
            let of_region = of_region.and_then(|row| row.mean_cost);
            for number in numbers.get(row.group.as_str()).into_iter().flatten() {
                coefficients.add(*number, row, of_region)?;
            }
        }
        Ok(Some(coefficients))
    }

    fn add(&mut self, group: u16, row: &GroupMean, of_region: Option<Yuan>) -> Result<(), Error> {
        let (Some(mean), Some(of_region)) = (row.mean_cost, of_region) else {
            return Ok(());
        };
        let wrong = |e| Error::input(format!("groups, group {}", row.group), e);
        let ratio = ratio_of_means(mean, of_region).map_err(wrong)?;
        let place = match (&row.level, &row.hospital_id) {
            (_, Some(hospital)) => self.hospitals.entry(hospital.clone()),
            (Some(level), None) => self.levels.entry(level.clone()),
            (None, None) => return Ok(()),
        };
        place.or_default().insert(group, ratio);
        Ok(())
    }

    /// `a × k_level + (1 − a) × k_hospital` of a group in a hospital.
    pub(crate) fn of(
        &self,
        group: u16,
        hospital: &crate::inputs::Hospital,
    ) -> Result<Ratio, drgdip_points::Error> {
        let level = self.levels.get(&hospital.level);
        let level = level.and_then(|groups| groups.get(&group));
        let own = self.hospitals.get(&hospital.hospital_id);
        let own = own.and_then(|groups| groups.get(&group));
        let without = Quotient::from(self.without_mean);
        let or = |known: Option<&Quotient>| known.copied().unwrap_or(without);
        blend(or(level), or(own), self.level_share)
    }
}
