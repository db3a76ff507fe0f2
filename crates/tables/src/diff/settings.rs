//! Settings and checks of `plan.toml`.

use crate::plan::{Checks, NoGroupFallback, Settings};
use serde::Serialize;

/// A setting with another value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingChange {
    /// The key as in `plan.toml`, such as `checks.sex_missing`.
    pub key: &'static str,
    /// The value in the first plan.
    pub before: String,
    /// The value in the second plan.
    pub after: String,
}

pub(super) fn changes(before: &Settings, after: &Settings) -> Vec<SettingChange> {
    let pairs = entries(before).into_iter().zip(entries(after));
    let differing = pairs.filter(|((_, before), (_, after))| before != after);
    differing
        .map(|((key, before), (_, after))| SettingChange { key, before, after })
        .collect()
}

/// Every setting with its value as written. A new setting does not compile until it stands here.
fn entries(settings: &Settings) -> Vec<(&'static str, String)> {
    let Settings {
        no_group_fallback,
        retry_with_each_other_procedure,
        checks,
        newborn_days,
    } = settings;
    let Checks {
        sex_missing,
        age_missing,
        age_0_without_days,
        newborn_without_weight,
        principal_missing,
    } = checks;
    let fallback = match no_group_fallback {
        NoGroupFallback::Adrg => "adrg",
        NoGroupFallback::Continue => "continue",
    };
    let check = |is_on: &bool| if *is_on { "invalid" } else { "none" }.to_owned();
    vec![
        ("settings.no_group_fallback", fallback.to_owned()),
        (
            "settings.retry_with_each_other_procedure",
            retry_with_each_other_procedure.to_string(),
        ),
        ("settings.newborn_days", newborn_days.to_string()),
        ("checks.sex_missing", check(sex_missing)),
        ("checks.age_missing", check(age_missing)),
        ("checks.age_0_without_days", check(age_0_without_days)),
        (
            "checks.newborn_without_weight",
            check(newborn_without_weight),
        ),
        ("checks.principal_missing", check(principal_missing)),
    ]
}
