//! Plans chosen by the payment unit of the hospital: DRG and DIP in one region.

use crate::grouped::PreparedPlan;
use crate::in_force::{PlanOfRow, require_few_groups};
use crate::inputs::Inputs;
use crate::read::{ClaimFile, Column, Remap, column_array, texts};
use crate::{Class, Error};
use arrow::array::RecordBatch;
use drgdip_tables::policy::PolicyAt;
use std::collections::{BTreeSet, HashMap};

/// The plans of the payment units of a policy, and which of them groups a hospital's claims.
pub struct PlansByUnit {
    /// That of the policy itself first.
    plans: Vec<PreparedPlan>,
    /// By hospital, the index of its plan; others are grouped by the first.
    of_hospital: HashMap<String, u16>,
}

impl PlansByUnit {
    /// Loads the plan that a policy names and those of its units; `None` where it has only one.
    ///
    /// # Errors
    /// A unit that the policy does not settle, plans that cannot be loaded, and too many groups.
    pub fn load(
        terms: &PolicyAt,
        inputs: &Inputs,
        load: impl Fn(&str) -> Result<PreparedPlan, Error>,
    ) -> Result<Option<Self>, Error> {
        if terms.unit_plans.is_empty() {
            return Ok(None);
        }
        let known = &terms.pools.units;
        if let Some(unit) = terms
            .unit_plans
            .keys()
            .find(|unit| !known.contains_key(*unit))
        {
            let place = format!("policy {}, grouping.unit_plans", terms.policy);
            let problem = format!("{unit:?} is none of the units of pool.units.");
            return Err(Error::new(Class::Table, place, problem, ""));
        }
        let mut ids = vec![terms.plan.as_str()];
        let named: BTreeSet<&str> = terms.unit_plans.values().map(String::as_str).collect();
        ids.extend(named.into_iter().filter(|id| *id != terms.plan));
        let plans = ids
            .iter()
            .map(|id| load(id))
            .collect::<Result<Vec<_>, _>>()?;
        require_few_groups(&plans)?;
        let number = |unit: &str| {
            let id = terms.unit_plans.get(unit)?;
            let place = ids.iter().position(|known| known == id)?;
            u16::try_from(place).ok()
        };
        let of_hospital = inputs.hospitals.iter().filter_map(|hospital| {
            let plan = number(hospital.unit.as_deref()?)?;
            Some((hospital.hospital_id.clone(), plan))
        });
        Ok(Some(Self {
            of_hospital: of_hospital.collect(),
            plans,
        }))
    }

    /// The plans, that of the policy itself first.
    #[must_use]
    pub fn plans(&self) -> &[PreparedPlan] {
        &self.plans
    }
}

/// Finds the plan of each row where a run has several.
pub(crate) enum PlanFinder<'p> {
    /// By region and date.
    InForce(PlanOfRow<'p>),
    /// By hospital.
    ByUnit(&'p PlansByUnit, Remap<u16>),
}

impl PlanFinder<'_> {
    /// The index of the plan of each row of a batch.
    pub(crate) fn read(
        &mut self,
        file: &ClaimFile,
        batch: &RecordBatch,
        position: impl Fn(Column) -> Option<usize>,
    ) -> Result<Vec<u16>, Error> {
        let (plans, remap) = match self {
            Self::InForce(plans) => return plans.read(file, batch, position),
            Self::ByUnit(plans, remap) => (plans, remap),
        };
        let array = column_array(batch, position(Column::HospitalId));
        let hospitals = texts(file, array.expect("plans by unit ask for this column"))?;
        let number = |id: &str| plans.of_hospital.get(id).copied().unwrap_or(0);
        let table = remap.update(&hospitals, number);
        let keys = hospitals.keys().iter();
        let plan = |key: Option<i32>| key.map_or(0, |key| table[key as usize]);
        Ok(keys.map(plan).collect())
    }
}
