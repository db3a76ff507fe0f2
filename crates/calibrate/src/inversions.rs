use crate::groups::GroupWeight;

/// A more severe group of a family that weighs less than a less severe one (权重倒置).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inversion {
    /// The more severe group.
    pub severe: u16,
    /// The less severe one.
    pub mild: u16,
}

/// Every pair of neighbours in a family whose weights rise; groups without a weight are passed
/// over.
///
/// Source: `dip-3.0-draft` (资源消耗倒置); policies/weigh.md, what is written.
pub(crate) fn find(groups: &[GroupWeight], families: &[Vec<u16>]) -> Vec<Inversion> {
    let mut found = Vec::new();
    for family in families {
        let weighed = family
            .iter()
            .filter_map(|group| Some((*group, groups[usize::from(*group)].weight?)));
        let weighed: Vec<(u16, i64)> = weighed.collect();
        let pairs = weighed.iter().zip(weighed.iter().skip(1));
        found.extend(pairs.filter(|((_, severe), (_, mild))| severe < mild).map(
            |((severe, _), (mild, _))| Inversion {
                severe: *severe,
                mild: *mild,
            },
        ));
    }
    found
}
