//! What a policy says of payment units at one date, ready for many cases.

use crate::inputs::Insurance;
use crate::settle::means;
use crate::{Class, Error};
use drgdip_points::Ratio;
use drgdip_points::units::new_technology::GroupMeans;
use drgdip_tables::policy::{PolicyAt, TcmPair, UnitTerms};
use std::collections::BTreeMap;

/// The rules of units at one date.
pub(crate) struct UnitRules {
    pub(super) terms: UnitTerms,
    /// What the fund pays of a negotiated drug, by insurance.
    fund_shares: BTreeMap<Insurance, Ratio>,
    /// What each group of the run costs on average.
    means: Vec<GroupMeans>,
    /// The code of each group of the run.
    codes: Vec<String>,
}

impl UnitRules {
    pub(crate) fn new(terms: &PolicyAt, means: &means::GroupMeans) -> Result<Self, Error> {
        let place = format!("policy {} at {}", terms.policy, terms.date);
        let mut fund_shares = BTreeMap::new();
        let negotiated = terms.units.negotiated.iter();
        for (word, share) in negotiated.flat_map(|terms| &terms.fund_shares) {
            let share = Ratio::from_decimal(*share);
            let share = share.map_err(|e| Error::new(Class::Table, &place, e, ""))?;
            fund_shares.extend(Insurance::from_word(word).map(|insurance| (insurance, share)));
        }
        Ok(Self {
            terms: terms.units.clone(),
            fund_shares,
            means: means.by_kind(),
            codes: means.codes(),
        })
    }

    /// What a group costs on average; nothing is known of a case without a group.
    pub(super) fn means(&self, group: Option<u16>) -> GroupMeans {
        let means = group.and_then(|group| self.means.get(usize::from(group)));
        means.copied().unwrap_or_default()
    }

    /// The code of a group; nothing for a case without one.
    pub(super) fn code(&self, group: Option<u16>) -> &str {
        let code = group.and_then(|group| self.codes.get(usize::from(group)));
        code.map_or("", String::as_str)
    }

    /// The pair of a TCM disease, where it has one on the date.
    pub(super) fn paired(&self, disease: &str) -> Option<&TcmPair> {
        self.terms.tcm.as_ref()?.pairs.get(disease)
    }

    /// The group of the run with this code.
    pub(super) fn group(&self, code: &str) -> Option<u16> {
        let place = self.codes.iter().position(|known| known == code)?;
        u16::try_from(place).ok()
    }

    /// What the fund pays of a negotiated drug.
    ///
    /// # Errors
    /// The policy states no share for the insurance.
    pub(super) fn fund_share(&self, insurance: Insurance) -> Result<Ratio, Error> {
        self.fund_shares.get(&insurance).copied().ok_or_else(|| {
            let problem = format!("there is no share for the insurance {insurance}.");
            Error::new(
                Class::Table,
                FUND_SHARES,
                problem,
                "Add it to the parameter.",
            )
        })
    }
}

const FUND_SHARES: &str = "unit.negotiated_drugs.fund_shares";
