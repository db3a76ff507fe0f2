//! What a settlement needs before it starts.

use super::period::Period;
use super::setting::Setting;
use super::{SettleJob, SettleSpan, links, means, people, prior, stays};
use crate::Error;
use crate::inputs::InputTable;
use crate::read::{Column, ColumnNeeds};
use drgdip_tables::policy::{Assessment, OutOfArea, PatientSide, ValueFamily};

/// The claim columns that the policy's rules look at.
pub(super) fn needs(setting: &Setting<'_>) -> ColumnNeeds {
    use Column::*;
    let (family, patient_side) = (setting.terms.value.family, setting.terms.patient_side);
    let mut needs = crate::group::grouping_columns();
    needs
        .required
        .extend([HospitalId, Region, Insurance, DischargeDate, TotalCost]);
    needs.optional.extend([Reverses, PaymentUnit]);
    let parts = [FundPaid, OtherFundsPaid, PatientPaid];
    let stated: &[Column] = match (family, patient_side) {
        (ValueFamily::A, _) if !links::pays_at_cost(setting) => &[],
        (_, PatientSide::PatientAndOtherFunds) => &[OtherFundsPaid, PatientPaid],
        (_, PatientSide::TotalLessFund) => &[FundPaid],
    };
    needs.required.extend(stated);
    needs
        .optional
        .extend(parts.into_iter().filter(|part| !stated.contains(part)));
    needs.required.extend(setting.measures.columns());
    let (required, optional) = stays::needed_columns(&setting.terms);
    needs.required.extend(required);
    if setting
        .link_terms
        .iter()
        .any(|links| links.split_stays.is_some())
    {
        needs.required.extend([PersonId, AdmissionDate]);
    }
    needs.optional.extend(optional);
    if setting.terms.pools.out_of_area != OutOfArea::Merged {
        needs.required.push(InsuredRegion);
    }
    let clearing = &setting.terms.clearing;
    let is_compared = clearing.hospital_bands.is_some() || clearing.region_bands.is_some();
    if is_compared && setting.period.is_year() {
        needs.required.push(FundPaid);
    }
    let of_units = setting.unit_use.as_ref().map(|used| used.columns());
    needs.optional.extend(of_units.into_iter().flatten());
    needs.required.sort_unstable();
    needs.required.dedup();
    let required = &needs.required;
    needs.optional.retain(|column| !required.contains(column));
    needs.optional.sort_unstable();
    needs.optional.dedup();
    needs
}

/// The period of a job, when every table that it needs is there.
///
/// # Errors
/// One that names all tables that are missing. Without a period it is the budgets that say which
/// one it is, so their table is asked for first.
pub(super) fn period_with_inputs(job: &SettleJob<'_>) -> Result<Period, Error> {
    let mut needed = vec![InputTable::Hospitals];
    if job.inputs.rows(InputTable::BudgetTree).is_empty() {
        needed.push(InputTable::Budgets);
    }
    if job.period.is_none() {
        job.inputs.require(&needed)?;
    }
    let is_annual = job.span == SettleSpan::Year;
    let period = Period::choose(job.period, &job.inputs.budgets, is_annual)?;
    let terms = job.policy.at(period.last)?;
    needed.extend(prior::needs_prior(&terms, job).then_some(InputTable::Prior));
    needed.extend(means::is_needed(&terms).then_some(InputTable::Groups));
    let has_review = links::versions(job.policy, &terms)?
        .iter()
        .any(|links| links.review.is_some());
    needed.extend(has_review.then_some(InputTable::Reviews));
    needed.extend(people::needed(&terms, job.inputs, &period)?);
    if is_annual {
        needed.extend(terms.growth.is_some().then_some(InputTable::Drivers));
        let is_assessed = terms.clearing.assessment != Assessment::None;
        needed.extend(is_assessed.then_some(InputTable::Assessments));
    }
    job.inputs.require(&needed)?;
    Ok(period)
}
