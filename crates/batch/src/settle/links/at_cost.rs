//! Cases that are paid what they cost, in money and not in points (按项目付费).

use super::PaidCase;
use crate::settle::cases::SettledClass;
use drgdip_claims::{MoneyError, Yuan};
use drgdip_points::award::{PresetValue, award_by_amount};
use drgdip_points::classify::CaseClass;
use drgdip_tables::policy::AtCostTerms;

/// What a case is paid beside points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AtCost {
    /// What the fund pays: the amount without the patient side, zero or more.
    pub(crate) paid: Yuan,
    pub(crate) cost: Yuan,
    pub(crate) patient_side: Yuan,
    /// Which rule asks for it: low, high, or normal for a reviewed case.
    pub(super) class: CaseClass,
}

impl AtCost {
    pub(super) fn new(
        case: &PaidCase<'_>,
        amount: Yuan,
        class: CaseClass,
    ) -> Result<Self, MoneyError> {
        let patient_side = Yuan::from_fen(case.patient_side.unwrap_or(0));
        Ok(Self {
            paid: amount.minus(patient_side)?.max(Yuan::ZERO),
            cost: case.cost,
            patient_side,
            class,
        })
    }
}

/// What a low or high case is paid in money, where the policy pays its class so.
///
/// A case whose points are not its cost at the preset value was reduced by another rule, or earns
/// the normal points; it keeps its points. Errors: numbers that do not fit.
pub(super) fn of(
    terms: &AtCostTerms,
    case: &PaidCase<'_>,
) -> Result<Option<AtCost>, drgdip_points::Error> {
    let class = match case.earned.class {
        SettledClass::Priced(CaseClass::Low) if terms.low => CaseClass::Low,
        SettledClass::Priced(CaseClass::High) if terms.high => CaseClass::High,
        _ => return Ok(None),
    };
    let preset = PresetValue::from_decimal(terms.preset_value)?;
    if award_by_amount(case.cost, preset, case.rules)? != case.earned.points {
        return Ok(None);
    }
    Ok(Some(AtCost::new(case, case.cost, class)?))
}
