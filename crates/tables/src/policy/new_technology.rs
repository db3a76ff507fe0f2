//! The registry of new technologies (新药新技术): what a region pays better, how, and from when
//! until when.
//!
//! It stands beside the sources of a policy as `new-technology.toml`. An entry is matched by the
//! codes of the items that a claim lists and by the codes of its procedures, and only on the days
//! on which it is valid: before and after it does nothing but say so.

mod problem;
mod read;
#[cfg(test)]
mod tests;

pub use problem::TechnologyProblem;

use super::sources::SourceRow;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// The name of the file in the folder of a policy's tables.
pub(super) const FILE: &str = "new-technology.toml";

/// All new technologies of a policy, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct TechnologyRegistry {
    /// What messages call the file; empty where the policy has none.
    file: String,
    technologies: Vec<Technology>,
    /// By code, the positions of the entries that name it, the earliest first.
    by_item: HashMap<String, Vec<usize>>,
    by_procedure: HashMap<String, Vec<usize>>,
}

/// One entry of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technology {
    /// What reports call it. A renewal with other terms is another entry with the same id.
    pub id: String,
    /// What it is.
    pub kind: TechnologyKind,
    /// The Chinese name.
    pub name: String,
    /// The codes by which the items of a claim are known: the national code of a drug or
    /// consumable, the local code of a service. Compared byte by byte.
    pub items: Vec<String>,
    /// The codes of procedures (医保版) that are the technology. Compared byte by byte.
    pub procedures: Vec<String>,
    /// The day on which it was approved (批准).
    pub approved: Option<Date>,
    /// The day on which it was listed for payment (挂网或纳入目录).
    pub listed: Option<Date>,
    /// The first day on which it is paid as a new technology.
    pub from: Date,
    /// The last such day; none is open.
    pub until: Option<Date>,
    /// How it is paid; `None` where it is only exempt from the control proportion.
    pub pay: Option<TechnologyPay>,
    /// Whether its high cases stand outside the control proportion (不设控制比例).
    pub is_control_exempt: bool,
    /// Where the entry comes from.
    pub source: SourceRow,
    /// What whoever wrote the entry says about it.
    pub note: Option<String>,
    /// The line of the registry.
    pub line: u64,
}

/// What a new technology is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TechnologyKind {
    /// A drug (药品); known by its national drug code.
    Drug,
    /// A consumable (医用耗材); known by its national consumable code.
    Consumable,
    /// A service (医疗服务项目); known by its local item code, or as a procedure.
    Service,
}

/// How a new technology is paid. At most one of these holds, so that nothing is paid twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TechnologyPay {
    /// Points on top of those of the case (加成点数).
    AddOnPoints(AddOnTerms),
    /// Its cost is taken out and paid beside the group (除外支付).
    CarveOut(CarveOutTerms),
    /// The case has another weight.
    RaisedWeight(RaisedWeight),
    /// The plan has groups of its own for cases with it; nothing else is done.
    OwnGroup,
}

/// `add = max(0, cost of the technology − mean of that cost in the group) × φ / v`.
///
/// The mean is that of drugs, consumables or services, by the kind of the technology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddOnTerms {
    /// φ, above 0 and at most 1: the share of the cost above the mean that is paid.
    pub share: Decimal,
    /// v, in yuan a point; `None` is the policy's mean cost over its scale, so that the add-on
    /// floats with the value of a point.
    pub point_value: Option<Decimal>,
}

/// When a technology is paid beside the group: both bounds are exclusive.
///
/// The payment is the group's standard and the actual cost of the technology, less the group's
/// mean cost of drugs, consumables or services, by the kind of the technology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CarveOutTerms {
    /// The cost of the case must be above so many times the group's mean cost.
    pub cost_more_than: Decimal,
    /// The share of the technology in the cost of the case must be above this.
    pub share_more_than: Decimal,
}

/// The weight of a case with the technology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RaisedWeight {
    /// This weight instead of the group's; four decimals.
    Weight(Decimal),
    /// The group's weight times this.
    Factor(Decimal),
}

/// What the registry says of a code on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TechnologyMatch<'r> {
    /// The entry that names the code.
    pub technology: &'r Technology,
    /// Whether it is valid on that day.
    pub validity: Validity,
}

/// Whether an entry is valid on a day. Only [`Validity::Matched`] does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Validity {
    /// It is.
    Matched,
    /// Its last day has passed.
    Expired,
    /// Its first day is still to come.
    NotYetValid,
}

impl TechnologyRegistry {
    /// What messages call the file; empty where the policy has no registry.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Every entry, in the order of the file.
    #[must_use]
    pub fn technologies(&self) -> &[Technology] {
        &self.technologies
    }

    /// Whether there is no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.technologies.is_empty()
    }

    /// The entry for the code of an item of a claim (`new_tech_items`), on the day by which the
    /// policy takes its values; `None` when no entry names the code.
    ///
    /// Of several entries, the valid one is taken, or else the last that has expired, or else the
    /// first that is still to come.
    #[must_use]
    pub fn item(&self, code: &str, day: Date) -> Option<TechnologyMatch<'_>> {
        self.matching(self.by_item.get(code)?, day)
    }

    /// The entry for the code of a procedure of a claim, like [`TechnologyRegistry::item`].
    #[must_use]
    pub fn procedure(&self, code: &str, day: Date) -> Option<TechnologyMatch<'_>> {
        self.matching(self.by_procedure.get(code)?, day)
    }

    fn matching(&self, positions: &[usize], day: Date) -> Option<TechnologyMatch<'_>> {
        let found = positions.iter().map(|position| {
            let technology = &self.technologies[*position];
            TechnologyMatch {
                technology,
                validity: technology.on(day),
            }
        });
        // Entries with a common code do not overlap and stand here by date, so at most one is
        // valid, and the expired ones stand before those that are still to come.
        let later = |one: TechnologyMatch<'_>, other: &TechnologyMatch<'_>| {
            other.validity == Validity::Matched
                || (other.validity == Validity::Expired && one.validity != Validity::Matched)
        };
        found.reduce(|one, other| if later(one, &other) { other } else { one })
    }
}

impl Technology {
    /// Whether the entry is valid on a day; both its days are included.
    #[must_use]
    pub fn on(&self, day: Date) -> Validity {
        if day < self.from {
            Validity::NotYetValid
        } else if self.until.is_some_and(|until| until < day) {
            Validity::Expired
        } else {
            Validity::Matched
        }
    }

    /// The modes as written in the registry, such as `["carve_out", "control_exempt"]`.
    #[must_use]
    pub fn modes(&self) -> Vec<&'static str> {
        let pay = self.pay.as_ref().map(TechnologyPay::word);
        let exempt = self.is_control_exempt.then_some(CONTROL_EXEMPT);
        pay.into_iter().chain(exempt).collect()
    }
}

impl TechnologyPay {
    /// As written in the registry.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AddOnPoints(_) => ADD_ON_POINTS,
            Self::CarveOut(_) => CARVE_OUT,
            Self::RaisedWeight(_) => RAISED_WEIGHT,
            Self::OwnGroup => OWN_GROUP,
        }
    }
}

impl TechnologyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Drug, Self::Consumable, Self::Service];

    /// As written in the registry.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drug => "drug",
            Self::Consumable => "consumable",
            Self::Service => "service",
        }
    }
}

impl Validity {
    /// A stable word for traces and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}

const ADD_ON_POINTS: &str = "add_on_points";
const CARVE_OUT: &str = "carve_out";
const RAISED_WEIGHT: &str = "raised_weight";
const OWN_GROUP: &str = "own_group";
const CONTROL_EXEMPT: &str = "control_exempt";
const MODES: [&str; 5] = [
    ADD_ON_POINTS,
    CARVE_OUT,
    RAISED_WEIGHT,
    CONTROL_EXEMPT,
    OWN_GROUP,
];
