//! How one of several rows that take a case is chosen, as data.

use super::problem::DipProblem;
use super::{DipGroup, Layer, TreatmentClass};
use crate::error::{Error, Place};
use crate::files::FileSet;
use crate::load::manifest::read_toml;
use serde::Deserialize;

/// The file of tie-breaks.
pub(super) const FILE: &str = "tie-breaks.toml";

/// A tie-break (择优规则) by its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TieBreak {
    /// Such as `national-3.0`.
    pub id: String,
    /// The title for people.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// Which procedures of a case may fulfil the procedures of a row.
    pub candidates: Candidates,
    /// Whether a row must have the treatment class of the case; rows of the comprehensive layer
    /// always must.
    pub require_class: bool,
    /// Whether a case goes to the comprehensive surgery group where the chosen row leaves a
    /// procedure of this class unmatched.
    pub unmatched_surgery_to_comprehensive: bool,
    /// The tests in their order; each keeps the best rows that the tests before have left.
    pub by: Vec<Test>,
    /// The sorts of groups for [`Test::ClassOrder`], the best first: `core`, `primary_care`,
    /// `comprehensive` or `fallback`, alone or with a treatment class as in `core.surgery`.
    #[serde(default)]
    pub class_order: Vec<GroupSort>,
}

/// Which procedures of a case may fulfil the procedures of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Candidates {
    /// All codes of an alternative are there, and the main procedure is one of them.
    Main,
    /// All codes of an alternative are there, in any position.
    Any,
    /// All codes of the cell are there, in any position, whatever sign joins them.
    All,
}

/// What one test of a tie-break prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The most related procedures (相关手术) that the case has.
    MostRelated,
    /// The most codes joined by `+` in an alternative that the case fulfils.
    MostJoined,
    /// The most codes of the row that the case has.
    MostMatched,
    /// A row that names the main procedure.
    NamesMain,
    /// A row that names every procedure of the case.
    NoSurplus,
    /// The longest key that the principal diagnosis begins with.
    LongestKey,
    /// The mean cost that is nearest to the cost of the case; looked at only where the plan has
    /// `cost_in_grouping`.
    NearestMeanCost,
    /// The highest weight.
    HighestWeight,
    /// The order of [`TieBreak::class_order`].
    ClassOrder,
}

impl Test {
    /// As written in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::MostRelated => "most_related",
            Self::MostJoined => "most_joined",
            Self::MostMatched => "most_matched",
            Self::NamesMain => "names_main",
            Self::NoSurplus => "no_surplus",
            Self::LongestKey => "longest_key",
            Self::NearestMeanCost => "nearest_mean_cost",
            Self::HighestWeight => "highest_weight",
            Self::ClassOrder => "class_order",
        }
    }
}

/// A sort of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct GroupSort {
    /// What the group is.
    pub kind: GroupKind,
    /// The treatment class; `None` for any.
    pub class: Option<TreatmentClass>,
}

/// What a group is to a tie-break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// 核心病种: of any layer before the comprehensive one.
    Core,
    /// 基层病种: such a group that is marked for primary care.
    PrimaryCare,
    /// 综合病种.
    Comprehensive,
    /// 空白病组, 保底组.
    Fallback,
}

impl TryFrom<String> for GroupSort {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (kind, class) = match text.split_once('.') {
            Some((kind, class)) => (kind, Some(class)),
            None => (text.as_str(), None),
        };
        let kind = match kind {
            "core" => Some(GroupKind::Core),
            "primary_care" => Some(GroupKind::PrimaryCare),
            "comprehensive" => Some(GroupKind::Comprehensive),
            "fallback" => Some(GroupKind::Fallback),
            _ => None,
        };
        let found = match class {
            None => kind.map(|kind| (kind, None)),
            Some(class) => kind.zip(TreatmentClass::of(class).map(Some)),
        };
        let (kind, class) = found.ok_or_else(|| {
            format!(
                "`{text}` is no sort of groups; write core, primary_care, comprehensive or \
                 fallback, alone or with .surgery, .therapeutic, .diagnostic or .conservative"
            )
        })?;
        Ok(Self { kind, class })
    }
}

impl GroupSort {
    /// Whether a group with rows of this class is of the sort.
    #[must_use]
    pub fn takes(self, group: &DipGroup, class: Option<TreatmentClass>) -> bool {
        let kind = match group.layer {
            Layer::Comprehensive => GroupKind::Comprehensive,
            Layer::Fallback => GroupKind::Fallback,
            _ if group.is_primary_care => GroupKind::PrimaryCare,
            _ => GroupKind::Core,
        };
        kind == self.kind && (self.class.is_none() || self.class == class)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    profile: Vec<TieBreak>,
}

/// All tie-breaks of a file.
///
/// # Errors
/// A file that is not there or is not what it should be, and a name that is stated twice.
pub(super) fn read(files: &FileSet) -> Result<Vec<TieBreak>, Error> {
    let (_, written): (_, Written) = read_toml(files, FILE)?;
    let profiles = written.profile;
    for (index, profile) in profiles.iter().enumerate() {
        if profiles[..index].iter().any(|other| other.id == profile.id) {
            let id = profile.id.clone();
            return Err(DipProblem::TieBreakTwice { id }.at(Place {
                file: files.name_of(FILE),
                line: None,
                field: Some("profile.id".to_owned()),
            }));
        }
    }
    Ok(profiles)
}

/// The bundled tie-breaks.
///
/// # Errors
/// When the bundled file is not what it should be.
pub fn bundled() -> Result<Vec<TieBreak>, Error> {
    read(&FileSet::bundled_dip_tables())
}
