//! Plans chosen by the payment unit of the hospital: DRG and DIP in one region.

use crate::grouped::PreparedPlan;
use crate::in_force::{PlanChoice, PlanOfRow, require_few_groups};
use crate::inputs::{Hospital, Inputs};
use crate::read::{ClaimFile, Column, Remap, column_array, dates, texts};
use crate::settle::setting::date_of;
use crate::{Class, Error};
use arrow::array::{Array, AsArray, RecordBatch};
use drgdip_tables::policy::PolicyAt;
use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap};

/// The plans of the payment units of a policy, and which of them groups a hospital's claims.
pub struct PlansByUnit {
    /// That of the policy itself first.
    plans: Vec<PreparedPlan>,
    /// By hospital, its rows with the index of the plan of each; others are grouped by the first.
    of_hospital: HashMap<String, Vec<(Hospital, u16)>>,
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
        let place = format!("policy {}, grouping.unit_plans", terms.policy);
        let known = &terms.pools.units;
        if let Some(unit) = terms
            .unit_plans
            .keys()
            .find(|unit| !known.contains_key(*unit))
        {
            let problem = format!("{unit:?} is none of the units of pool.units.");
            let hint = "Add the unit to pool.units, or take its plan out.";
            return Err(Error::new(Class::Table, place, problem, hint));
        }
        let mut ids = vec![terms.plan.as_str()];
        let named: BTreeSet<&str> = terms.unit_plans.values().map(String::as_str).collect();
        ids.extend(named.into_iter().filter(|id| *id != terms.plan));
        let plans = ids
            .iter()
            .map(|id| load(id))
            .collect::<Result<Vec<_>, _>>()?;
        let hint = "Name plans with fewer groups.";
        require_few_groups(&plans, (&place, hint))?;
        let number = |unit: &str| {
            let id = terms.unit_plans.get(unit)?;
            let place = ids.iter().position(|known| known == id)?;
            u16::try_from(place).ok()
        };
        let mut of_hospital: HashMap<String, Vec<(Hospital, u16)>> = HashMap::new();
        for hospital in &inputs.hospitals {
            let plan = hospital.unit.as_deref().and_then(number).unwrap_or(0);
            let rows = of_hospital.entry(hospital.hospital_id.clone());
            rows.or_default().push((hospital.clone(), plan));
        }
        Ok(Some(Self { plans, of_hospital }))
    }

    /// The plan of a hospital where no date has a say in it.
    fn always(&self, hospital: &str) -> Option<u16> {
        match self.of_hospital.get(hospital).map(Vec::as_slice) {
            None => Some(0),
            Some([(_, first), others @ ..]) => {
                let is_same = others.iter().all(|(_, plan)| plan == first);
                is_same.then_some(*first)
            }
            Some([]) => None,
        }
    }

    /// The plan of a hospital on a day: that of its row that holds then, or of its first one.
    fn on(&self, hospital: &str, day: Option<Date>) -> u16 {
        let rows = self
            .of_hospital
            .get(hospital)
            .map_or(&[][..], Vec::as_slice);
        let held = rows
            .iter()
            .find(|(row, _)| day.is_some_and(|day| row.holds_on(day)));
        held.or(rows.first()).map_or(0, |(_, plan)| *plan)
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
    /// By hospital, and the date of discharge where its unit changes.
    ByUnit(&'p PlansByUnit, Remap<Option<u16>>),
}

impl<'p> PlanFinder<'p> {
    /// `None` where all claims are grouped by one plan.
    pub(crate) fn of(choice: PlanChoice<'p>) -> Option<Self> {
        match choice {
            PlanChoice::One(_) => None,
            PlanChoice::InForce(plans) => Some(Self::InForce(PlanOfRow::new(plans))),
            PlanChoice::ByUnit(plans) => Some(Self::ByUnit(plans, Remap::default())),
        }
    }

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
        let table = remap.update(&hospitals, |id| plans.always(id));
        let keys = hospitals.keys();
        let always = |key: Option<i32>| key.map_or(Some(0), |key| table[key as usize]);
        if keys.iter().all(|key| always(key).is_some()) {
            return Ok(keys.iter().filter_map(always).collect());
        }
        let array = column_array(batch, position(Column::DischargeDate));
        let days = array.map(|array| dates(file, array)).transpose()?;
        let names = hospitals.values().as_string::<i32>();
        let plan = |(row, key): (usize, Option<i32>)| {
            always(key).unwrap_or_else(|| {
                let days = days.as_ref().filter(|days| days.is_valid(row));
                let day = days.and_then(|days| date_of(days.value(row)));
                let name = key.map_or("", |key| names.value(key as usize));
                plans.on(name, day)
            })
        };
        Ok(keys.iter().enumerate().map(plan).collect())
    }
}
