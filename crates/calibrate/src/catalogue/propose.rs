//! What people may decide, with the evidence.

use super::groups::{Built, GroupLayer};
use super::stems::{Stem, Stems};
use super::{Bench, TreatedCase, count};
use crate::measure::Measured;
use crate::{Calibration, Error, Exact};
use std::collections::BTreeMap;

/// What is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProposalKind {
    /// Several become one (并项).
    Merge,
    /// Related procedures get a group of their own (拆分).
    Split,
    /// A clearer name (更名).
    Rename,
    /// A treatment without a group joins one that costs much the same (调整归组).
    Reassign,
    /// Another weight (分值调整).
    WeightChange,
}

impl ProposalKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Merge,
        Self::Split,
        Self::Rename,
        Self::Reassign,
        Self::WeightChange,
    ];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Rename => "rename",
            Self::Reassign => "reassign",
            Self::WeightChange => "weight-change",
        }
    }
}

/// What speaks for a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The cases that it is about.
    pub cases: u64,
    /// Their mean cost in fen.
    pub mean_fen: Option<Exact>,
    /// Their coefficient of variation, in ten-thousandths.
    pub cv: Option<i64>,
    /// What else there is to say.
    pub note: &'static str,
}

/// Something that people may decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What is proposed.
    pub kind: ProposalKind,
    /// The codes that it is about.
    pub groups: Vec<String>,
    /// What would be: a code, related procedures, a name or a weight.
    pub value: String,
    /// What speaks for it.
    pub evidence: Evidence,
}

/// How many stems of a family are held against each other at most, the largest ones. Each costs a
/// look at all that have joined, so without a bound a family of very many would cost their square.
const LARGEST: usize = 256;

/// One stem, measured.
struct Weighed<'s> {
    stem: &'s Stem,
    measured: Measured,
    mean: Exact,
}

struct Proposer<'p> {
    bench: &'p Bench<'p>,
    cases: &'p [TreatedCase],
    threshold: u64,
}

/// All proposals, by kind and codes.
pub(super) fn all(
    bench: &Bench<'_>,
    (stems, cases, threshold): (&Stems, &[TreatedCase], u64),
    (built, calibration): (&Built, &Calibration),
) -> Result<Vec<Proposal>, Error> {
    let proposer = Proposer {
        bench,
        cases,
        threshold,
    };
    let mut proposals = proposer.merges(stems)?;
    proposals.extend(proposer.reassignments(stems, built, calibration)?);
    for (stem, candidate) in &built.refused {
        let names: Vec<&str> = candidate.related.iter().map(|c| bench.code(*c)).collect();
        proposals.push(Proposal {
            kind: ProposalKind::Split,
            groups: vec![stems.stems[super::index(*stem)].code.clone()],
            value: names.join("+"),
            evidence: Evidence {
                cases: candidate.cases,
                mean_fen: Some(candidate.mean.clone()),
                cv: None,
                note: "dear enough, but fewer cases than the threshold would be left",
            },
        });
    }
    let group_of = |number: u16| &built.groups[usize::from(number)];
    for inversion in &calibration.inversions {
        let (severe, mild) = (inversion.severe, inversion.mild);
        let stated = &calibration.groups[usize::from(severe)];
        let weight = calibration.groups[usize::from(mild)]
            .weight
            .unwrap_or_default();
        proposals.push(Proposal {
            kind: ProposalKind::WeightChange,
            groups: vec![group_of(severe).code.clone()],
            value: rust_decimal::Decimal::new(weight, 4).to_string(),
            evidence: evidence(stated, "weighs less than the milder treatment"),
        });
    }
    for (group, stated) in built.groups.iter().zip(&calibration.groups) {
        if group.layer == GroupLayer::Merged && group.name.is_none() {
            proposals.push(Proposal {
                kind: ProposalKind::Rename,
                groups: vec![group.code.clone()],
                value: String::new(),
                evidence: evidence(stated, "was joined and has no name of its own"),
            });
        }
    }
    proposals.sort_by(|a, b| (a.kind, &a.groups, &a.value).cmp(&(b.kind, &b.groups, &b.value)));
    proposals.dedup();
    Ok(proposals)
}

fn evidence(group: &crate::GroupWeight, note: &'static str) -> Evidence {
    Evidence {
        cases: group.counts.used,
        mean_fen: group.mean_fen.clone(),
        cv: group.cv,
        note,
    }
}

impl<'p> Proposer<'p> {
    /// Diagnoses of one category with the same main procedure (诊断合并), and main procedures of
    /// one category for the same diagnosis (操作合并), that cost much the same.
    ///
    /// In each family the stem with the most cases begins; each other one of the [`LARGEST`] joins
    /// while the gate holds between it and all that have joined.
    ///
    /// Source: policies/catalogue.md, step 3 and the fine print; the gate is a model.
    fn merges(&self, stems: &'p Stems) -> Result<Vec<Proposal>, Error> {
        let mut families: BTreeMap<(u8, String, String), Vec<&Stem>> = BTreeMap::new();
        for stem in stems.stems.iter().filter(|stem| !stem.cases.is_empty()) {
            let [part] = stem.parts[..] else { continue };
            let diagnosis = self.bench.code(part.diagnosis);
            let main = part.main.map_or("", |main| self.bench.code(main));
            let by_diagnosis = (0, begins(diagnosis, 3), main.to_owned());
            families.entry(by_diagnosis).or_default().push(stem);
            if part.main.is_some() {
                let by_procedure = (1, diagnosis.to_owned(), begins(main, 4));
                families.entry(by_procedure).or_default().push(stem);
            }
        }
        let mut proposals = Vec::new();
        for family in families.into_values().filter(|family| family.len() > 1) {
            let size = family
                .iter()
                .map(|stem| stem.size())
                .fold(0, u64::saturating_add);
            if size >= self.threshold {
                proposals.extend(self.merge(family)?);
            }
        }
        Ok(proposals)
    }

    fn merge(&self, mut family: Vec<&Stem>) -> Result<Option<Proposal>, Error> {
        family.sort_by(|a, b| b.size().cmp(&a.size()).then(a.code.cmp(&b.code)));
        let mut stems = family.into_iter().take(LARGEST);
        let Some(first) = stems.next() else {
            return Ok(None);
        };
        let mut members = vec![first.code.clone()];
        let mut pool = self.cases[first.cases.clone()].to_vec();
        let Some(mut pooled) = self.weighed(first, &pool)? else {
            return Ok(None);
        };
        for stem in stems {
            self.bench.watch.ask()?;
            let Some(own) = self.weighed(stem, &self.cases[stem.cases.clone()])? else {
                continue;
            };
            let mut both = pool.clone();
            both.extend_from_slice(&self.cases[stem.cases.clone()]);
            // Both are in order already, which a stable sort makes use of.
            both.sort_by_key(|case| (case.cost_fen, *case));
            let Some(together) = self.weighed(first, &both)? else {
                continue;
            };
            if self.gate(&pooled, &own, &together) {
                members.push(stem.code.clone());
                (pool, pooled) = (both, together);
            }
        }
        if members.len() < 2 || count(pool.len()) < self.threshold {
            return Ok(None);
        }
        members.sort();
        Ok(Some(Proposal {
            kind: ProposalKind::Merge,
            groups: members,
            value: first.code.clone(),
            evidence: Evidence {
                cases: count(pool.len()),
                cv: pooled.measured.spread.cv_ten_thousandths(),
                mean_fen: Some(pooled.mean),
                note: "means lie close together, and the spread hardly rises",
            },
        }))
    }

    fn weighed(&self, stem: &'p Stem, cases: &[TreatedCase]) -> Result<Option<Weighed<'p>>, Error> {
        let measured = self.bench.measure(cases.iter().copied())?;
        let mean = measured.mean(&self.bench.terms.weigh);
        Ok(mean.map(|mean| Weighed {
            stem,
            measured,
            mean,
        }))
    }

    /// |m_a − m_b| ≤ d · m and CV ≤ max(CV_a, CV_b) + r, the latter with four places.
    fn gate(&self, one: &Weighed<'_>, other: &Weighed<'_>, both: &Weighed<'_>) -> bool {
        debug_assert!(
            one.stem.code != other.stem.code,
            "a stem is not merged with itself"
        );
        let terms = self.bench.terms;
        let apart = apart(&one.mean, &other.mean);
        let is_near = apart <= Exact::decimal(terms.merge_difference).times(&both.mean);
        let cv = |weighed: &Weighed<'_>| weighed.measured.spread.cv_ten_thousandths().unwrap_or(0);
        let rise = Exact::decimal(terms.merge_cv_rise).times(&Exact::whole(10_000));
        let most = Exact::whole(cv(one).max(cv(other))).plus(&rise);
        is_near && Exact::whole(cv(both)) <= most
    }

    /// Treatments that no group takes, and the core group of the same category and kind of
    /// treatment whose mean cost is nearest, within the gate.
    fn reassignments(
        &self,
        stems: &'p Stems,
        built: &Built,
        calibration: &Calibration,
    ) -> Result<Vec<Proposal>, Error> {
        let mut targets: BTreeMap<(String, bool), Vec<Target<'_>>> = BTreeMap::new();
        for (group, stated) in built.groups.iter().zip(&calibration.groups) {
            if let (Some((_, false)), Some(mean)) = (group.stem, &stated.mean_fen) {
                let key = (begins(&group.family, 3), group.is_conservative);
                targets.entry(key).or_default().push((mean, &group.code));
            }
        }
        targets.values_mut().for_each(|of_key| of_key.sort());
        let mut proposals = Vec::new();
        for stem in stems.stems.iter().filter(|stem| !stem.cases.is_empty()) {
            self.bench.watch.ask()?;
            let is_left = |practice: &u32| built.group_of(*practice).is_none();
            let [part] = stem.parts[..] else { continue };
            if !stem.practices.iter().any(is_left) {
                continue;
            }
            let key = (
                begins(self.bench.code(part.diagnosis), 3),
                part.main.is_none(),
            );
            let Some(own) = self.weighed(stem, &self.cases[stem.cases.clone()])? else {
                continue;
            };
            let nearest = targets.get(&key).and_then(|near| nearest(near, &own.mean));
            let limit = Exact::decimal(self.bench.terms.merge_difference);
            let is_near = |(mean, _): &Target<'_>| apart(mean, &own.mean) <= limit.times(mean);
            if let Some((mean, code)) = nearest.filter(is_near) {
                debug_assert!(mean.is_positive(), "costs are above zero");
                proposals.push(Proposal {
                    kind: ProposalKind::Reassign,
                    groups: vec![stem.code.clone()],
                    value: code.to_owned(),
                    evidence: Evidence {
                        cases: stem.size(),
                        cv: own.measured.spread.cv_ten_thousandths(),
                        mean_fen: Some(own.mean),
                        note: "no group takes it, and the mean of that group is near",
                    },
                });
            }
        }
        Ok(proposals)
    }
}

/// A group by its mean cost and its code.
type Target<'t> = (&'t Exact, &'t str);

/// Of targets in order, the one whose mean is nearest; of several, the first by code.
fn nearest<'t>(targets: &[Target<'t>], mean: &Exact) -> Option<Target<'t>> {
    let above = targets.partition_point(|(other, _)| *other < mean);
    let (below, above) = targets.split_at(above);
    // Of equal means below, the first by code stands where they begin.
    let below = below.last().and_then(|(highest, _)| {
        let first = below.partition_point(|(other, _)| other < highest);
        below.get(first)
    });
    let either = below.into_iter().chain(above.first()).copied();
    either.min_by_key(|(other, code)| (apart(other, mean), *code))
}

/// How far two means lie apart.
fn apart(one: &Exact, other: &Exact) -> Exact {
    match one > other {
        true => one.minus(other),
        false => other.minus(one),
    }
}

/// What a code begins with.
fn begins(code: &str, characters: usize) -> String {
    code.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_the_one_that_a_look_at_all_finds() {
        let means: Vec<Exact> = [10, 10, 10, 14, 20, 20, 31].map(Exact::whole).to_vec();
        let codes = ["c", "a", "b", "d", "f", "e", "g"];
        let mut targets: Vec<Target<'_>> = means.iter().zip(codes).collect();
        targets.sort();
        for mean in 0..40 {
            let mean = Exact::whole(mean);
            let all = targets.iter().copied();
            let expected = all.min_by_key(|(other, code)| (apart(other, &mean), *code));
            assert_eq!(nearest(&targets, &mean), expected, "{}", mean.shown(0));
        }
        assert_eq!(nearest(&[], &Exact::zero()), None);
    }
}
