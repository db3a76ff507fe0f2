//! Which CSV tables payment units have, with their columns.

use super::keys;
use crate::policy::keys::{Numeric, Range, numeric};

/// The form of a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Text that tells rows apart and must be there.
    Key,
    /// Text that tells rows apart and may be empty.
    OptionalKey,
    /// Text that must be there.
    Text,
    /// A number that tells rows apart.
    NumberKey(Numeric),
    /// A number.
    Number(Numeric),
}

/// A table.
#[derive(Debug)]
pub(in crate::policy) struct Shape {
    /// The name of its file.
    pub(super) file: &'static str,
    /// How `policy show` calls its rows.
    pub(super) key: &'static str,
    /// The parameter that switches its unit on.
    pub(super) used_by: &'static str,
    pub(super) columns: &'static [(&'static str, Form)],
}

const YUAN: Numeric = numeric("yuan", Range::Positive, 2);
const SHARE: Numeric = numeric("share", Range::ZeroToOne, 6);
const RISK: Numeric = numeric("ratio", Range::Positive, 6);
const WEIGHT: Numeric = numeric("weight", Range::Positive, 4);
const DAYS: Numeric = numeric("days", Range::Positive, 0);
const SCORE: Numeric = numeric("score", Range::NotNegative, 4);

pub(super) static NEGOTIATED: Shape = Shape {
    file: "negotiated-drugs.csv",
    key: "unit.negotiated_drugs (table)",
    used_by: keys::NEGOTIATED_OVERRUN,
    columns: &[("drug", Form::Key), ("title", Form::Text)],
};
pub(super) static TCM_PAIRS: Shape = Shape {
    file: "tcm-pairing.csv",
    key: "unit.tcm.pairing (table)",
    used_by: keys::TCM_UPFRONT,
    columns: &[
        ("disease", Form::Key),
        ("title", Form::Text),
        ("group", Form::Text),
        ("share", Form::Number(RISK)),
        ("window_days", Form::Number(DAYS)),
    ],
};
pub(super) static TCM_GRADES: Shape = Shape {
    file: "tcm-grades.csv",
    key: "unit.tcm.grades (table)",
    used_by: keys::TCM_UPFRONT,
    columns: &[
        ("score_at_least", Form::NumberKey(SCORE)),
        ("earns", Form::Number(SHARE)),
    ],
};
pub(super) static BED_DAYS: Shape = Shape {
    file: "bed-day-stages.csv",
    key: "unit.bed_day.stages (table)",
    used_by: keys::BED_DAY_PAYS,
    columns: &[
        ("care", Form::Key),
        ("level", Form::OptionalKey),
        ("first_day", Form::NumberKey(DAYS)),
        ("yuan_per_day", Form::Number(YUAN)),
    ],
};
pub(super) static DAY_GROUPS: Shape = Shape {
    file: "day-surgery-groups.csv",
    key: "unit.day_surgery.groups (table)",
    used_by: keys::DAY_SURGERY_FACTOR,
    columns: &[
        ("inpatient_group", Form::Key),
        ("group", Form::Text),
        ("weight", Form::Number(WEIGHT)),
    ],
};
pub(super) static QUOTAS: Shape = Shape {
    file: "single-disease-quotas.csv",
    key: "unit.single_disease.quotas (table)",
    used_by: keys::SINGLE_PAYS,
    columns: &[
        ("group", Form::Key),
        ("level", Form::OptionalKey),
        ("yuan", Form::Number(YUAN)),
    ],
};
pub(super) static CAPITATION: Shape = Shape {
    file: "capitation-rates.csv",
    key: "unit.capitation.rates (table)",
    used_by: keys::CAPITATION_RESERVE,
    columns: &[
        ("band", Form::Key),
        ("title", Form::Text),
        ("yuan_per_person", Form::Number(YUAN)),
        ("risk", Form::Number(RISK)),
    ],
};
pub(super) static PACKAGES: Shape = Shape {
    file: "chronic-packages.csv",
    key: "unit.community.packages (table)",
    used_by: keys::PACKAGES_OVERRUN,
    columns: &[
        ("package", Form::Key),
        ("title", Form::Text),
        ("yuan_per_month", Form::Number(YUAN)),
    ],
};

pub(super) static SHAPES: [&Shape; 8] = [
    &NEGOTIATED,
    &TCM_PAIRS,
    &TCM_GRADES,
    &BED_DAYS,
    &DAY_GROUPS,
    &QUOTAS,
    &CAPITATION,
    &PACKAGES,
];
