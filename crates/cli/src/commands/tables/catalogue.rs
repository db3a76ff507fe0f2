//! `drgdip tables show` for a DIP plan: its layers, or one group with its rows.

use crate::fail::Failure;
use crate::layout::{Align, Layout};
use drgdip_tables::GroupingPlan;
use drgdip_tables::dip::auxiliary::Subtype;
use drgdip_tables::dip::{DipCatalogue, DipGroup, DipRow, Treatment};
use serde_json::{Value, json};

/// The text and the JSON of a catalogue, or of one of its groups.
pub(super) fn show(
    (plan, dip): (&GroupingPlan, &DipCatalogue),
    group: Option<&str>,
) -> Result<(String, Value), Failure> {
    let Some(code) = group else {
        return Ok(layers(plan, dip));
    };
    let found = (0..).zip(&dip.groups).find(|(_, group)| group.code == code);
    let (index, group) = found.ok_or_else(|| {
        let problem = format!("the plan {} has no group {code}.", plan.id);
        Failure::usage(problem, "drgdip tables show lists its layers.")
    })?;
    let rows: Vec<&DipRow> = dip.rows.iter().filter(|row| row.group == index).collect();
    Ok(one(plan, (dip, index, group), &rows))
}

fn layers(plan: &GroupingPlan, dip: &DipCatalogue) -> (String, Value) {
    let mut table = Layout::new(&[
        ("顺序 Order", Align::Right),
        ("层 Layer", Align::Left),
        ("名称 Name", Align::Left),
        ("病种 Groups", Align::Right),
        ("基层 Primary care", Align::Right),
    ]);
    let mut values = Vec::new();
    for (order, step) in (1..).zip(&dip.steps) {
        for layer in &step.layers {
            let of_layer = || dip.groups.iter().filter(|group| group.layer == *layer);
            let groups = of_layer().count();
            let primary_care = of_layer().filter(|group| group.is_primary_care).count();
            let (word, chinese) = (layer.word(), layer.chinese());
            let texts = [order.to_string(), word.to_owned(), chinese.to_owned()];
            let counts = [groups, primary_care].map(|count| count.to_string());
            table.row(texts.into_iter().chain(counts));
            values.push(json!({
                "step": order,
                "layer": word,
                "groups": groups,
                "primary_care": primary_care,
            }));
        }
    }
    let tie_break = &dip.tie_break;
    let head = format!(
        "{} · {}\n择优规则 Tie-break: {} · {}\n",
        plan.id, plan.title, tie_break.id, tie_break.title
    );
    let counts = format!(
        "排除诊断 Excluded diagnoses: {} · 手术操作规则 Procedure rules: {} · \
         辅助分型 Subtypes: {}\n",
        dip.excluded.len(),
        dip.procedure_rules.len(),
        dip.auxiliary.subtypes.len()
    );
    let value = json!({
        "plan": plan.id,
        "title": plan.title,
        "tie_break": tie_break.id,
        "layers": values,
        "excluded_diagnoses": dip.excluded.len(),
        "procedure_rules": dip.procedure_rules.len(),
        "subtypes": dip.auxiliary.subtypes.len(),
    });
    (format!("{head}\n{}\n{counts}", table.render()), value)
}

fn one(
    plan: &GroupingPlan,
    (dip, index, group): (&DipCatalogue, u16, &DipGroup),
    rows: &[&DipRow],
) -> (String, Value) {
    let (layer, class) = (group.layer, group.class);
    let mut text = format!("{} {}\n", group.code, group.name);
    text += &format!("  层 Layer: {} {}\n", layer.chinese(), layer.word());
    if let Some(class) = class {
        text += &format!(
            "  治疗方式 Treatment: {} {}\n",
            class.chinese(),
            class.word()
        );
    }
    if group.is_primary_care {
        text += "  基层病种 primary care\n";
    }
    if group.is_tcm {
        text += "  中医优势病种 Chinese medicine\n";
    }
    let weight = plan.weights.iter().find(|row| row.group == group.code);
    if let Some(weight) = weight {
        text += &format!("  权重 Weight {} ({})\n", weight.text(), weight.origin);
    }
    for row in rows {
        text += &row_text(plan, row);
    }
    let subtypes = dip.auxiliary.of_group(index);
    for subtype in subtypes {
        let (kind, level, coefficient) = named(dip, subtype);
        text += &format!("  辅助分型 Subtype {kind}.{level}: {coefficient}\n");
    }
    let subtypes = subtypes.iter().map(|subtype| {
        let (kind, level, coefficient) = named(dip, subtype);
        json!({ "kind": kind, "level": level, "coefficient": coefficient })
    });
    let value = json!({
        "group": group.code,
        "name": group.name,
        "layer": layer.word(),
        "class": class.map(|class| class.word()),
        "primary_care": group.is_primary_care,
        "tcm": group.is_tcm,
        "weight": weight.map(|weight| weight.text()),
        "rows": rows.iter().map(|row| row_json(plan, row)).collect::<Vec<_>>(),
        "subtypes": subtypes.collect::<Vec<_>>(),
    });
    (text, value)
}

fn procedures(row: &DipRow) -> String {
    match &row.treatment {
        Treatment::Any => "*".to_owned(),
        Treatment::Conservative => String::new(),
        Treatment::Procedures(expression) => expression.to_string(),
    }
}

fn row_text(plan: &GroupingPlan, row: &DipRow) -> String {
    let mut parts = Vec::new();
    for (name, cell) in [
        ("诊断 key", row.keys.join("|")),
        ("手术操作 procedures", procedures(row)),
        (
            "相关手术 related",
            row.related
                .as_ref()
                .map_or(String::new(), ToString::to_string),
        ),
        (
            "条件 condition",
            row.condition
                .as_ref()
                .map_or(String::new(), |rule| rule.text.clone()),
        ),
    ] {
        if !cell.is_empty() {
            parts.push(format!("{name} {cell}"));
        }
    }
    format!("  {}  [{}]\n", parts.join(" · "), plan.place(row.row))
}

fn row_json(plan: &GroupingPlan, row: &DipRow) -> Value {
    json!({
        "key": row.keys.join("|"),
        "procedures": procedures(row),
        "related": row.related.as_ref().map(ToString::to_string),
        "condition": row.condition.as_ref().map(|rule| &rule.text),
        "class": row.class.map(|class| class.word()),
        "place": plan.place(row.row).to_string(),
    })
}

/// Kind, level and coefficient of a subtype.
fn named<'d>(dip: &'d DipCatalogue, subtype: &Subtype) -> (&'d str, &'d str, String) {
    let kind = &dip.auxiliary.kinds[usize::from(subtype.kind)];
    let level = &kind.levels[usize::from(subtype.level)];
    let (whole, rest) = (subtype.coefficient / 10_000, subtype.coefficient % 10_000);
    (&kind.name, &level.name, format!("{whole}.{rest:04}"))
}
