//! `drgdip convert`.

mod workbook;

use super::group::findings_table;
use super::{findings_json, judge};
use crate::args::{ConvertArgs, GlobalArgs};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::out;
use crate::progress::Reporter;
use drgdip_batch::{ConvertJob, ConvertSource, ConvertSummary};
use serde_json::{Value, json};
use std::fmt::Write as _;

pub(crate) fn run(
    args: &ConvertArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let summary = if crate::workbook::is_workbook(&args.claims) {
        let sheet = args.sheet.as_deref();
        workbook::with_rows(&args.claims, sheet, |label, rows| {
            let source = ConvertSource::Rows(label, rows);
            convert(source, args, progress)
        })?
    } else {
        let source = ConvertSource::Csv(&args.claims, args.separator);
        convert(source, args, progress)?
    };
    progress.finish();
    if global.json {
        out::print_json(&as_json(args, &summary))?;
    } else {
        progress.report(&report(args, &summary), &args.output);
    }
    Ok(judge(&summary.findings, args.fail_on))
}

fn convert<'a>(
    source: ConvertSource<'a>,
    args: &'a ConvertArgs,
    progress: &Reporter,
) -> Result<ConvertSummary, drgdip_batch::Error> {
    let out = &args.output;
    drgdip_batch::convert(ConvertJob { source, out }, progress)
}

fn report(args: &ConvertArgs, summary: &ConvertSummary) -> String {
    let mut text = String::new();
    // A String takes every write.
    if let Some(encoding) = summary.encoding {
        let _ = writeln!(text, "编码 encoding: {encoding}");
    }
    for (header, name) in &summary.renamed {
        let _ = writeln!(text, "列 column {header} → {name}");
    }
    for header in &summary.unknown {
        let _ = writeln!(text, "列 column {header}: 契约之外,原样保留 kept as text");
    }
    if !summary.conversions.is_empty() {
        text.push_str(&conversions_table(summary));
    }
    text.push_str(&findings_table(&summary.findings));
    let rows = grouped_digits(&summary.rows.to_string());
    let _ = write!(text, "wrote {rows} claims to {}", args.output.display());
    text
}

fn conversions_table(summary: &ConvertSummary) -> String {
    let mut table = Layout::new(&[
        ("列 Column", Align::Left),
        ("转换 Conversion", Align::Left),
        ("次数 Count", Align::Right),
        ("首例 First", Align::Left),
        ("说明 Meaning", Align::Left),
    ]);
    for ((column, conversion), (count, first)) in &summary.conversions {
        table.row([
            column.clone(),
            conversion.code().to_owned(),
            grouped_digits(&count.to_string()),
            first.clone(),
            conversion.meaning().0.to_owned(),
        ]);
    }
    table.render()
}

fn as_json(args: &ConvertArgs, summary: &ConvertSummary) -> Value {
    let conversions: Vec<Value> = summary
        .conversions
        .iter()
        .map(|((column, conversion), (count, first))| {
            json!({
                "column": column,
                "conversion": conversion.code(),
                "count": count,
                "first": first,
                "meaning": conversion.meaning().1,
            })
        })
        .collect();
    let renamed: serde_json::Map<String, Value> = summary
        .renamed
        .iter()
        .map(|(header, name)| (header.clone(), json!(name)))
        .collect();
    json!({
        "command": "convert",
        "output": args.output.display().to_string(),
        "findings_output": summary.findings_path.display().to_string(),
        "encoding": summary.encoding,
        "rows": summary.rows,
        "columns_read_as": renamed,
        "columns_kept_as_text": summary.unknown,
        "conversions": conversions,
        "findings": findings_json(&summary.findings),
    })
}
