//! The auxiliary directory (辅助目录): kinds of subtypes, their levels, and what they multiply.
//!
//! A kind, such as the comorbidity index or intensive care, has levels in an order; a case has the
//! first level that takes it. A group has a subtype where its history triggered one, and then a
//! coefficient for it; of several the highest counts.
//!
//! Source: 国家医疗保障按病种分值(DIP)付费 3.0 版技术规范 (consultation draft), auxiliary directory.

mod read;

use crate::plan::{RowRef, StatedRule};
use crate::rule::{Comparison, ListId};

/// The parameters of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// What a long stay is, in days; texts differ in whether the days themselves count.
    pub long_stay: (Comparison, i64),
    /// How often the cost holds the payment standard at least, in ten-thousandths.
    pub high_cost_multiple: i64,
    /// What share of the cost one sort of fee has at least, in ten-thousandths.
    pub high_cost_share: i64,
}

impl Default for Parameters {
    /// Three days or more, three times the standard, half of the cost.
    fn default() -> Self {
        Self {
            long_stay: (Comparison::AtLeast, 3),
            high_cost_multiple: 30_000,
            high_cost_share: 5_000,
        }
    }
}

/// The fee that makes a case one of high cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HighFee {
    /// Treatment without surgery.
    Treatment,
    /// Drugs.
    Drug,
}

/// A kind of subtypes (辅助分型类别).
#[derive(Clone, Debug)]
pub struct Kind {
    /// Such as `cci`.
    pub name: String,
    /// The Chinese title.
    pub title: String,
    /// Which cases have a level of it; `None` for all.
    pub applies: Option<StatedRule>,
    /// The levels in the order in which they are tried.
    pub levels: Vec<Level>,
}

/// A level of a kind; all that it states must hold.
#[derive(Clone, Debug)]
pub struct Level {
    /// Its place among the levels of the kind.
    pub order: u32,
    /// Such as `severe`.
    pub name: String,
    /// The Chinese title.
    pub title: String,
    /// What the case must be.
    pub condition: Option<StatedRule>,
    /// Some other diagnosis is in this list and of another category (类目) than the principal one.
    pub other_category_in: Option<ListId>,
    /// From and up to which index of comorbidity, both included.
    pub cci: Option<(u32, u32)>,
    /// Whether the stay must be a long one.
    pub needs_long_stay: bool,
    /// The fee by which the cost must be a high one.
    pub high_fee: Option<HighFee>,
    /// The row.
    pub row: RowRef,
}

/// A code that counts for the comorbidity index (合并症指数).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CciRow {
    /// The class of comorbidity.
    pub class: String,
    /// Its weight.
    pub weight: u32,
    /// What the diagnosis begins with.
    pub begins: String,
    /// The row.
    pub row: RowRef,
}

/// A subtype that a group has, with what triggered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtype {
    /// The index of the group.
    pub group: u16,
    /// The index of the kind.
    pub kind: u16,
    /// The index of the level in its kind.
    pub level: u16,
    /// What the points are multiplied by, in ten-thousandths: the mean cost of the subtype by that
    /// of the group.
    pub coefficient: i64,
    /// How many cases of last year were of it, where stated.
    pub cases: Option<u32>,
    /// The coefficient of variation of the group before, in ten-thousandths, where stated.
    pub cv: Option<i64>,
    /// The same within the subtypes.
    pub cv_within: Option<i64>,
    /// The row.
    pub row: RowRef,
}

/// The auxiliary directory of a catalogue.
#[derive(Clone, Debug, Default)]
pub struct Auxiliary {
    /// Its parameters.
    pub parameters: Parameters,
    /// The kinds in the order of their rows.
    pub kinds: Vec<Kind>,
    /// The codes of the comorbidity index, sorted by what they begin with.
    pub cci: Vec<CciRow>,
    /// The subtypes, sorted by group, kind and level.
    pub subtypes: Vec<Subtype>,
}

impl Auxiliary {
    /// The subtypes of a group.
    #[must_use]
    pub fn of_group(&self, group: u16) -> &[Subtype] {
        let from = self.subtypes.partition_point(|row| row.group < group);
        let until = self.subtypes.partition_point(|row| row.group <= group);
        &self.subtypes[from..until]
    }

    /// The place of a subtype among all, as [`Auxiliary::of_group`] returned it.
    ///
    /// # Panics
    /// When it is a subtype of another directory.
    #[must_use]
    pub fn number(&self, subtype: &Subtype) -> usize {
        let key = |row: &Subtype| (row.group, row.kind, row.level);
        let found = (self.subtypes).binary_search_by_key(&key(subtype), key);
        found.expect("the subtypes are sorted, and each is there once")
    }

    /// The name of a subtype, kind and level: `cci.severe`.
    #[must_use]
    pub fn name(&self, subtype: &Subtype) -> String {
        let kind = &self.kinds[usize::from(subtype.kind)];
        format!(
            "{}.{}",
            kind.name,
            kind.levels[usize::from(subtype.level)].name
        )
    }
}

/// How many bytes the category (类目) of a diagnosis has.
pub const CATEGORY_BYTES: usize = 3;
