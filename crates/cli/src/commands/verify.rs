//! `drgdip verify`.

use crate::args::{GlobalArgs, VerifyArgs};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::out;
use crate::progress::Reporter;
use drgdip_batch::verify::{Verification, verify};
use serde_json::json;

pub(crate) fn run(
    args: &VerifyArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let result = verify(&args.run, progress)?;
    progress.finish();
    if global.json {
        out::print_json(&json!(result))?;
    } else {
        out::print(&report(&result))?;
    }
    match result.mismatches.len() {
        0 => Ok(Done::Clean),
        count => Err(Failure::Mismatches(count)),
    }
}

fn report(result: &Verification) -> String {
    let mut text = format!(
        "核对 Verified: {} · {} 行 rows · {} 个文件 files\n",
        result.command,
        grouped_digits(&result.rows.to_string()),
        result.files.len(),
    );
    if !result.pools.is_empty() {
        text += &format!("\n{}", pools_table(result));
    }
    if !result.cleared.is_empty() {
        text += "\n年度清算 Clearing: due = prepaid + advanced + clearing\n";
        text += &cleared_table(result);
    }
    if result.mismatches.is_empty() {
        return text + "\n全部一致 Everything adds up.\n";
    }
    text += "\n不一致 Mismatches\n";
    for mismatch in &result.mismatches {
        let (check, place) = (mismatch.check, &mismatch.place);
        text += &format!("  [{check}] {place}: {}\n", mismatch.problem);
    }
    text
}

fn cleared_table(result: &Verification) -> String {
    let mut table = Layout::new(&[
        ("基金池 Pool", Align::Left),
        ("医院 Hospitals", Align::Right),
        ("应付 Due", Align::Right),
        ("已预付 Prepaid", Align::Right),
        ("周转金 Advanced", Align::Right),
        ("清算 Clearing", Align::Right),
    ]);
    for pool in &result.cleared {
        table.row([
            pool.pool.clone(),
            grouped_digits(&pool.hospitals.to_string()),
            grouped_digits(&pool.due),
            grouped_digits(&pool.prepaid),
            grouped_digits(&pool.advanced),
            grouped_digits(&pool.clearing),
        ]);
    }
    table.render()
}

fn pools_table(result: &Verification) -> String {
    let mut table = Layout::new(&[
        ("基金池 Pool", Align::Left),
        ("医院 Hospitals", Align::Right),
        ("病例 Cases", Align::Right),
        ("点数 Points", Align::Right),
        ("支付 Paid", Align::Right),
        ("尾差 Residual", Align::Right),
    ]);
    for pool in &result.pools {
        table.row([
            pool.pool.clone(),
            grouped_digits(&pool.hospitals.to_string()),
            grouped_digits(&pool.cases.to_string()),
            grouped_digits(&pool.points),
            grouped_digits(&pool.paid),
            grouped_digits(&pool.residual),
        ]);
    }
    table.render()
}
