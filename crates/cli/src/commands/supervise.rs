//! `drgdip supervise`.

use crate::args::{GlobalArgs, SuperviseArgs};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::{Period, PreparedPolicy, SuperviseJob, SuperviseSummary, supervise};
use drgdip_tables::policy::SUPERVISION_INDICES;
use serde_json::{Map, Value, json};

pub(crate) fn run(
    args: &SuperviseArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let policy = PreparedPolicy::load(&args.history.policy)?;
    let day = Period::parse_year(&format!("{:04}", args.year))?.last;
    let terms = policy.policy.supervise_at(day)?;
    let plan = plans::prepare(args.plan.as_deref().unwrap_or(&terms.plan))?;
    let job = SuperviseJob {
        claims: &args.history.claims,
        plan: &plan,
        policy: &policy.policy,
        policy_files: &policy.files,
        terms: &terms,
        out: &args.output,
        read: args.history.money.options(),
        threads: global.threads(),
    };
    let summary = supervise(&job, progress)?;
    progress.finish();
    if global.json {
        out::print_json(&as_json(args, &summary))?;
    } else {
        let text = report(&summary);
        let text = format!("{text}\n已写入 wrote {}", args.output.display());
        progress.report(&text, &args.output);
    }
    Ok(Done::Clean)
}

fn as_json(args: &SuperviseArgs, summary: &SuperviseSummary) -> Value {
    let hospitals: Map<String, Value> = (summary.hospitals.iter())
        .map(|(id, found)| {
            let indices: Map<String, Value> = SUPERVISION_INDICES
                .iter()
                .zip(&found.values)
                .map(|(name, value)| ((*name).to_owned(), json!(places(value.index))))
                .collect();
            let coefficient = places(found.coefficient);
            (
                id.clone(),
                json!({ "coefficient": coefficient, "indices": indices }),
            )
        })
        .collect();
    json!({
        "command": "supervise",
        "output": args.output.display().to_string(),
        "rows": summary.rows,
        "cases": summary.cases,
        "hospitals": hospitals,
    })
}

fn report(summary: &SuperviseSummary) -> String {
    let mut table = Layout::new(&[
        ("医院 Hospital", Align::Left),
        ("病例 Cases", Align::Right),
        ("病案质量 Records", Align::Right),
        ("二次入院 Readm.", Align::Right),
        ("低标入院 Low", Align::Right),
        ("超长住院 Long", Align::Right),
        ("死亡风险 Deaths", Align::Right),
        ("系数 Coefficient", Align::Right),
    ]);
    for (id, found) in &summary.hospitals {
        let index = |at: usize| places(found.values[at].index);
        table.row([
            id.clone(),
            grouped_digits(&found.cases.to_string()),
            index(0),
            index(1),
            index(2),
            index(3),
            index(4),
            places(found.coefficient),
        ]);
    }
    let cases = grouped_digits(&summary.cases.to_string());
    format!("{cases} 条清单 claims\n\n{}", table.render())
}

fn places(ten_thousandths: i64) -> String {
    format!(
        "{}.{:04}",
        ten_thousandths / 10_000,
        ten_thousandths % 10_000
    )
}
