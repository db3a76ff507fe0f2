//! What the tests of this crate share.

use crate::history::{Case, Group};
use drgdip_tables::policy::{
    Bound, ChangesBorneBy, Instead, TotalWeight, Trim, TrimMethod, WeighTerms, WeightMethod,
    YearMean,
};
use jiff::civil::date;
use rust_decimal::Decimal;

/// A decimal by its text.
pub(crate) fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).expect("a decimal")
}

/// Terms that trim nothing, take every group as it is, and weigh three years 1:2:7.
pub(crate) fn terms() -> WeighTerms {
    WeighTerms {
        policy: "test".to_owned(),
        date: date(2026, 1, 1),
        plan: "test".to_owned(),
        scale: 100,
        years: vec![1, 2, 7],
        year_mean: YearMean::Pooled,
        method: WeightMethod::Average,
        trim: Trim {
            method: TrimMethod::None,
            max_share: Decimal::ZERO,
            min_cases: 0,
        },
        retrim: None,
        min_cases: 1,
        stable_cv: Bound::AtMost(decimal("1000")),
        small_groups: Instead::Without,
        unstable_groups: Instead::Without,
        smoothing: None,
        max_decrease: None,
        max_increase: None,
        total: TotalWeight::Open,
        changes: ChangesBorneBy::Others,
    }
}

/// Groups `A`, `B`, … of one ADRG, with prior weights in ten-thousandths.
pub(crate) fn groups(priors: &[Option<i64>]) -> Vec<Group> {
    let group = |(number, prior): (u8, &Option<i64>)| Group {
        code: char::from(b'A' + number).to_string(),
        adrg: "one".to_owned(),
        prior: *prior,
        quota_fen: None,
    };
    (0..).zip(priors).map(group).collect()
}

/// So many cases of one group, year and cost.
pub(crate) fn cases(group: u16, year: u16, (number, cost_fen): (usize, i64)) -> Vec<Case> {
    let case = Case {
        group,
        year,
        hospital: 0,
        cost_fen,
    };
    vec![case; number]
}
