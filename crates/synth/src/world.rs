//! Where generated claims come from: plain data that the caller fills in.

use crate::error::Error;
use drgdip_claims::Yuan;

/// The level of a hospital (医院等级).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HospitalLevel {
    /// 一级 and below.
    Primary,
    /// 二级.
    Secondary,
    /// 三级.
    Tertiary,
}

impl HospitalLevel {
    /// All levels, lowest first.
    pub const ALL: [Self; 3] = [Self::Primary, Self::Secondary, Self::Tertiary];

    /// The position in tables by level.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Primary => 0,
            Self::Secondary => 1,
            Self::Tertiary => 2,
        }
    }
}

/// A hospital (定点医疗机构) that files claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldHospital {
    /// Its id, as the claims name it.
    pub id: String,
    /// Its level.
    pub level: HospitalLevel,
    /// Its pooling area (统筹区).
    pub region: String,
    /// Its share of all cases, in relation to the shares of the other hospitals.
    pub share: u32,
    /// Its cost of a case, in thousandths of the cost that the weight stands for.
    pub cost_per_mille: u32,
}

impl WorldHospital {
    /// A hospital with the share and the costs that are usual for its level.
    #[must_use]
    pub const fn of_level(id: String, level: HospitalLevel, region: String) -> Self {
        let (share, cost_per_mille) = match level {
            HospitalLevel::Primary => (10, 860),
            HospitalLevel::Secondary => (40, 960),
            HospitalLevel::Tertiary => (100, 1_060),
        };
        Self {
            id,
            level,
            region,
            share,
            cost_per_mille,
        }
    }
}

/// An insurance (险种) that pays for cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldInsurance {
    /// Its code, as the claims name it.
    pub code: String,
    /// Its share of all cases, in relation to the shares of the other insurances.
    pub share: u32,
    /// What its fund pays of a case's cost, in thousandths, by level of the hospital, lowest first.
    pub fund_per_mille: [u32; 3],
}

/// Everything about the claims that does not come from the grouping plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The hospitals.
    pub hospitals: Vec<WorldHospital>,
    /// The insurances.
    pub insurances: Vec<WorldInsurance>,
    /// The first day on which patients are discharged, in days since 1970-01-01.
    pub first_day: i32,
    /// The last day on which patients are discharged, in days since 1970-01-01.
    pub last_day: i32,
    /// The mean cost of a case of weight 1.
    pub cost_of_weight_one: Yuan,
    /// How many of 10,000 rows have a flaw.
    pub bad_rows_per_ten_thousand: u32,
}

impl World {
    /// The share of bad rows that [`World`]s usually have: 1.5 %.
    pub const USUAL_BAD_ROWS: u32 = 150;

    /// Reports the first thing that makes the world unusable.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.hospitals.iter().all(|h| h.share == 0) {
            return Err(Error::NoHospital);
        }
        if self.insurances.iter().all(|i| i.share == 0) {
            return Err(Error::NoInsurance);
        }
        if self.last_day < self.first_day {
            let (first, last) = (self.first_day, self.last_day);
            return Err(Error::PeriodBackwards { first, last });
        }
        if self.cost_of_weight_one <= Yuan::ZERO {
            return Err(Error::CostNotPositive(self.cost_of_weight_one));
        }
        if self.bad_rows_per_ten_thousand > 10_000 {
            return Err(Error::TooManyBadRows(self.bad_rows_per_ten_thousand));
        }
        self.insurances.iter().try_for_each(check_insurance)
    }
}

fn check_insurance(insurance: &WorldInsurance) -> Result<(), Error> {
    match insurance.fund_per_mille.iter().find(|&&part| part > 1_000) {
        None => Ok(()),
        Some(&per_mille) => Err(Error::FundPaysTooMuch {
            insurance: insurance.code.clone(),
            per_mille,
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Three hospitals of three levels in two regions, two insurances, one month.
    pub(crate) fn small_world() -> World {
        use HospitalLevel::{Primary, Secondary, Tertiary};
        let hospital = |id: &str, level, region: &str| {
            WorldHospital::of_level(id.to_owned(), level, region.to_owned())
        };
        let insurance = |code: &str, share, fund_per_mille| WorldInsurance {
            code: code.to_owned(),
            share,
            fund_per_mille,
        };
        World {
            hospitals: vec![
                hospital("H1", Tertiary, "R1"),
                hospital("H2", Secondary, "R1"),
                hospital("H3", Primary, "R2"),
            ],
            insurances: vec![
                insurance("employee", 40, [880, 850, 820]),
                insurance("resident", 60, [780, 700, 620]),
            ],
            first_day: 20_000,
            last_day: 20_029,
            cost_of_weight_one: Yuan::from_fen(1_200_000),
            bad_rows_per_ten_thousand: World::USUAL_BAD_ROWS,
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut World), message: &str) {
        let mut world = small_world();
        change(&mut world);
        assert_eq!(world.check().unwrap_err().to_string(), message);
    }

    #[test]
    fn a_world_that_cannot_have_claims_says_why() {
        check(
            |w| w.hospitals.clear(),
            "no hospital has a share of the cases; name at least one hospital with a share",
        );
        check(
            |w| w.insurances.iter_mut().for_each(|i| i.share = 0),
            "no insurance has a share of the cases; name at least one insurance with a share",
        );
        check(
            |w| w.last_day = 19_999,
            "the period ends on day 19999 before it begins on day 20000 (days since 1970-01-01)",
        );
        check(
            |w| w.cost_of_weight_one = Yuan::ZERO,
            "the cost of a case of weight 1 is 0.00 yuan; it must be above zero",
        );
        check(
            |w| w.bad_rows_per_ten_thousand = 10_001,
            "10001 of 10,000 rows are to be bad; at most 10,000 can be",
        );
        check(
            |w| w.insurances[1].fund_per_mille[2] = 1_001,
            "the fund of insurance resident pays 1001 of 1,000; at most 1,000 are possible",
        );
        assert_eq!(small_world().check(), Ok(()));
    }
}
