//! What people decided about proposals, as the catalogue takes it.

use crate::Error;
use crate::history::{Change, Group};
use std::collections::BTreeMap;

/// Groups or stems that become one (并项, 调整归组).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The codes of the stems.
    pub members: Vec<String>,
    /// The code of the group that they become: a stem's or a new one.
    pub into: String,
}

/// Related procedures that make a group of their own whatever the statistics say (拆分).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The code of the stem.
    pub group: String,
    /// The related procedures.
    pub related: Vec<String>,
}

/// Everything that people decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Stems that become one.
    pub joins: Vec<Join>,
    /// Groups of their own.
    pub splits: Vec<Split>,
    /// Names by group.
    pub names: BTreeMap<String, String>,
    /// Weights in ten-thousandths by group.
    pub weights: BTreeMap<String, i64>,
}

impl Decisions {
    /// The changed weights by number of group.
    pub(super) fn changes(&self, groups: &[Group]) -> Result<Vec<Change>, Error> {
        let numbers: BTreeMap<&str, u16> =
            groups.iter().map(|g| g.code.as_str()).zip(0..).collect();
        let change = |(code, weight): (&String, &i64)| {
            let group = numbers.get(code.as_str()).copied();
            Ok(Change {
                group: group.ok_or_else(|| Error::DecisionNames(code.clone()))?,
                ten_thousandths: *weight,
            })
        };
        self.weights.iter().map(change).collect()
    }
}
