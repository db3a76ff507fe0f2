//! The columns of each input table.

use super::InputTable;
use super::sheet::Cells;

/// A column of an input table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the heading row.
    pub name: &'static str,
    /// Whether a file without it is refused; then every row must have a value.
    pub is_required: bool,
    /// What its cells hold.
    pub cells: Cells,
}

pub(super) const fn required(name: &'static str, cells: Cells) -> Column {
    Column {
        name,
        is_required: true,
        cells,
    }
}

pub(super) const fn optional(name: &'static str, cells: Cells) -> Column {
    Column {
        name,
        is_required: false,
        cells,
    }
}

use Cells::{Count, Date, Flag, Insurance, Number, Period, Text, Word, Yuan};

const HOSPITALS: &[Column] = &[
    required("hospital_id", Text),
    required("level", Text),
    optional("name", Text),
    optional("region", Text),
    optional("alliance", Text),
    optional("unit", Text),
    optional("primary_care", Flag),
    optional("coefficient", Number),
    optional("tilt", Number),
    optional("from", Date),
    optional("until", Date),
];

const BUDGETS: &[Column] = &[
    required("region", Text),
    required("insurance", Insurance),
    required("period", Period),
    required("amount", Yuan),
    optional("unit", Text),
    optional("line", Text),
];

const PRIOR: &[Column] = &[
    required("pool", Text),
    required("hospital_id", Text),
    required("points", Number),
    optional("value", Number),
];

const GROUPS: &[Column] = &[
    required("group", Text),
    optional("level", Text),
    optional("hospital_id", Text),
    optional("weight", Number),
    optional("mean_cost", Yuan),
    optional("mean_drug", Yuan),
    optional("mean_consumable", Yuan),
    optional("mean_service", Yuan),
    optional("stay_days", Number),
    optional("cases", Count),
    optional("cv", Number),
];

const REVIEWS: &[Column] = &[
    required("case_id", Text),
    required("decision", Word(&["approved", "refused"])),
    optional("amount", Yuan),
];

const AUDITS: &[Column] = &[
    required("hospital_id", Text),
    required("amount", Yuan),
    optional("pool", Text),
    optional("period", Period),
    optional("case_id", Text),
    optional("reason", Text),
];

const ASSESSMENTS: &[Column] = &[
    required("hospital_id", Text),
    optional("coefficient", Number),
    optional("score", Number),
    optional("overspend_approved", Flag),
    optional("reason", Text),
];

const ADVANCES: &[Column] = &[
    required("pool", Text),
    required("hospital_id", Text),
    required("period", Period),
    required("amount", Yuan),
];

const MEASURES: &[Column] = &[
    required("pool", Text),
    required("measure", Text),
    required("hospital_id", Text),
    required("points", Number),
];

const TILTS: &[Column] = &[
    required("hospital_id", Text),
    required("tilt", Text),
    required("factor", Number),
];

const DRIVERS: &[Column] = &[
    required("pool", Text),
    required("hospital_id", Text),
    required("driver", Text),
    required("amount", Number),
];

const GROUP_FLAGS: &[Column] = &[required("group", Text), required("flag", Text)];

const POOL_HOSPITALS: &[Column] = &[required("pool", Text), required("hospital_id", Text)];

const BUDGET_TREE: &[Column] = &[
    required("period", Period),
    required("node", Text),
    optional("parent", Text),
    optional("amount", Yuan),
    optional("share", Number),
    optional("name", Text),
];

const MEMBERS: &[Column] = &[
    required("alliance", Text),
    required("age_band", Text),
    required("persons", Count),
];

const EFFICACY: &[Column] = &[
    required("case_id", Text),
    required("window", Count),
    required("grade", Number),
    optional("failed", Flag),
];

const TEAMS: &[Column] = &[
    required("team", Text),
    required("members", Count),
    optional("score", Number),
    optional("hospital_id", Text),
];

const PACKAGES: &[Column] = &[
    required("package", Text),
    required("hospital_id", Text),
    required("persons", Count),
    optional("months", Count),
];

const HOME_BEDS: &[Column] = &[required("hospital_id", Text), required("visit_days", Count)];

const ALLIANCE_OUTSIDE: &[Column] = &[
    required("alliance", Text),
    required("amount", Yuan),
    optional("person_id", Text),
];

const ALLIANCE_SCORES: &[Column] = &[
    required("alliance", Text),
    required("part", Text),
    required("score", Number),
];

/// The columns of a table, those that must be there first.
pub(super) const fn of(table: InputTable) -> &'static [Column] {
    use InputTable as T;
    match table {
        T::Hospitals => HOSPITALS,
        T::Budgets => BUDGETS,
        T::Prior => PRIOR,
        T::Groups => GROUPS,
        T::Reviews => REVIEWS,
        T::Audits => AUDITS,
        T::Assessments => ASSESSMENTS,
        T::Advances => ADVANCES,
        T::Measures => MEASURES,
        T::Tilts => TILTS,
        T::Drivers => DRIVERS,
        T::GroupFlags => GROUP_FLAGS,
        T::PoolHospitals => POOL_HOSPITALS,
        T::BudgetTree => BUDGET_TREE,
        T::Members => MEMBERS,
        T::Efficacy => EFFICACY,
        T::Teams => TEAMS,
        T::Packages => PACKAGES,
        T::HomeBeds => HOME_BEDS,
        T::AllianceOutside => ALLIANCE_OUTSIDE,
        T::AllianceScores => ALLIANCE_SCORES,
    }
}

/// The columns that no two rows have all alike; empty where rows may repeat.
pub(super) const fn key(table: InputTable) -> &'static [&'static str] {
    use InputTable as T;
    match table {
        T::Hospitals | T::Budgets | T::Prior | T::Audits => &[],
        T::Groups => &["group", "level", "hospital_id"],
        T::Reviews => &["case_id"],
        T::Assessments => &["hospital_id"],
        T::Advances => &["pool", "hospital_id", "period"],
        T::Measures => &["pool", "measure", "hospital_id"],
        T::Tilts => &["hospital_id", "tilt"],
        T::Drivers => &["pool", "driver", "hospital_id"],
        T::GroupFlags => &["group", "flag"],
        T::PoolHospitals => &["pool", "hospital_id"],
        T::BudgetTree => &["period", "node"],
        T::Members => &["alliance", "age_band"],
        T::Efficacy => &["case_id", "window"],
        T::Teams => &["team"],
        T::Packages => &["package", "hospital_id"],
        T::HomeBeds => &["hospital_id"],
        T::AllianceOutside => &[],
        T::AllianceScores => &["alliance", "part"],
    }
}
