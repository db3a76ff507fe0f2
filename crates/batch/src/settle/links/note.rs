//! Why other cases changed a case, or did not: one row a case that took part in a rule.

use super::super::columns::{MONEY, RATIO, decimals};
use super::super::ledger::Account;
use super::super::reports::{self, LINKS, points, texts};
use super::super::setting::Setting;
use super::LinkRule;
use crate::Error;
use crate::manifest::OutputFile;
use arrow::array::{ArrayRef, Int32Array, StringArray, UInt64Array};
use drgdip_claims::Yuan;
use drgdip_points::{Points, Ratio};
use std::path::Path;
use std::sync::Arc;

/// What a rule decided about a case.
#[derive(Clone, Debug)]
pub(crate) struct LinkNote {
    pub(crate) case_id: String,
    pub(crate) account: Account,
    pub(crate) rule: LinkRule,
    pub(crate) is_changed: bool,
    /// What it was ranked by.
    pub(crate) amount: Option<Yuan>,
    pub(crate) rank: Option<usize>,
    pub(crate) limit: Option<usize>,
    /// Of how many discharges the limit is a share.
    pub(crate) discharges: Option<u64>,
    /// That share, or the factor of a split stay.
    pub(crate) share: Ratio,
    pub(crate) before: Points,
    pub(crate) after: Points,
    /// The other stay, and the days between the two.
    pub(crate) other: Option<(String, i32)>,
}

/// Writes `links.parquet`, by case and rule.
pub(crate) fn write(
    folder: &Path,
    setting: &Setting<'_>,
    mut notes: Vec<LinkNote>,
) -> Result<OutputFile, Error> {
    notes.sort_by(|a, b| {
        let key = |note: &LinkNote| (note.rule as u8, note.is_changed);
        (&a.case_id, key(a), &a.other).cmp(&(&b.case_id, key(b), &b.other))
    });
    let all = || notes.iter();
    let pool = |note: &LinkNote| {
        setting.pools.all[usize::from(note.account.pool)]
            .id
            .as_str()
    };
    let hospital = |note: &LinkNote| {
        let rows = &setting.hospitals[note.account.hospital as usize];
        rows[0].hospital_id.as_str()
    };
    let decision = |note: &LinkNote| if note.is_changed { "changed" } else { "kept" };
    let count = |of: fn(&LinkNote) -> Option<u64>| -> ArrayRef {
        Arc::new(all().map(of).collect::<UInt64Array>())
    };
    let wide = |number: Option<usize>| number.and_then(|number| u64::try_from(number).ok());
    let ranks: UInt64Array = all().map(|note| wide(note.rank)).collect();
    let limits: UInt64Array = all().map(|note| wide(note.limit)).collect();
    let others = all().map(|note| note.other.as_ref().map(|(id, _)| id.as_str()));
    let others: StringArray = others.collect();
    let days: Int32Array = all()
        .map(|note| note.other.as_ref().map(|(_, days)| *days))
        .collect();
    let amounts = all().map(|note| note.amount.map(Yuan::fen));
    let shares = all().map(|note| Some(note.share.millionths()));
    reports::write(
        folder,
        LINKS,
        vec![
            ("case_id", texts(all().map(|note| note.case_id.as_str()))),
            ("pool", texts(all().map(pool))),
            ("hospital_id", texts(all().map(hospital))),
            ("rule", texts(all().map(|note| note.rule.code()))),
            ("decision", texts(all().map(decision))),
            ("amount", decimals(amounts, &MONEY).remove(0)),
            ("rank", Arc::new(ranks)),
            ("limit", Arc::new(limits)),
            ("discharges", count(|note| note.discharges)),
            ("share", decimals(shares, &RATIO).remove(0)),
            ("points_before", points(all().map(|note| note.before))),
            ("points_after", points(all().map(|note| note.after))),
            ("other_case_id", Arc::new(others)),
            ("days_between", Arc::new(days)),
        ],
    )
}
