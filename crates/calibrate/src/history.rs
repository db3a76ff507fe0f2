/// One case of the history, 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Case {
    /// The group, an index into [`History::groups`].
    pub group: u16,
    /// The year, an index into the policy's year weights: 0 is the oldest.
    pub year: u16,
    /// The hospital, an index into [`History::levels`]; one beyond it has no level.
    pub hospital: u32,
    /// The total cost in fen.
    pub cost_fen: i64,
}

/// A group of the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its code.
    pub code: String,
    /// The code of its ADRG.
    pub adrg: String,
    /// The weight that it had, in ten-thousandths.
    pub prior: Option<i64>,
    /// The mean cost in fen that a table gives it (定额), for the quota method.
    pub quota_fen: Option<i64>,
}

/// A weight that people decided (人工调整).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The group.
    pub group: u16,
    /// Its new weight in ten-thousandths, above zero.
    pub ten_thousandths: i64,
}

/// Everything that weights are computed from.
#[derive(Clone, Debug, Default)]
pub struct History<'h> {
    /// The groups of the plan.
    pub groups: &'h [Group],
    /// The cases in any order.
    pub cases: Vec<Case>,
    /// The level of each hospital, where it is known.
    pub levels: &'h [Option<u16>],
    /// Groups of one family, the most severe first: their weights should not rise.
    pub families: &'h [Vec<u16>],
    /// Weights that people decided.
    pub changes: &'h [Change],
}
