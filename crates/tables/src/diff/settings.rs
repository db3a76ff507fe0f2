//! Settings and checks of `plan.toml`.

use crate::plan::{Checks, CodeSettings, NoGroupFallback, Repairs, Settings};
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

pub(crate) fn changes(before: &Settings, after: &Settings) -> Vec<SettingChange> {
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
        codes,
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
    let mut entries = vec![
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
    ];
    entries.extend(code_entries(codes));
    entries
}

fn code_entries(codes: &CodeSettings) -> [(&'static str, String); 5] {
    let CodeSettings {
        set,
        unknown_is_invalid,
        repairs:
            Repairs {
                letter_case,
                full_width,
                spaces,
            },
        crosswalk,
        has_grey_list,
    } = codes;
    let word = |is_so: &bool, yes: &str, no: &str| if *is_so { yes } else { no }.to_owned();
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
    let repairs = [
        ("letter_case", letter_case),
        ("full_width", full_width),
        ("spaces", spaces),
    ];
    let repairs = repairs.into_iter().filter(|(_, is_on)| **is_on);
    let repairs: Vec<String> = repairs.map(|(name, _)| format!("{name:?}")).collect();
    [
        ("codes.set", id(set)),
        (
            "codes.unknown",
            word(unknown_is_invalid, "invalid", "ignore"),
        ),
        ("codes.repair", format!("[{}]", repairs.join(", "))),
        ("codes.crosswalk", id(crosswalk)),
        ("codes.grey", word(has_grey_list, "grey.csv", "none")),
    ]
}
