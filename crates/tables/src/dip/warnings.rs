//! What is odd about a catalogue that can be used.

use super::{DipCatalogue, Layer, Treatment};
use crate::error::{Place, Warning, WarningLevel};
use crate::plan::{GroupingPlan, RowRef};
use std::collections::HashMap;

/// What is odd about a DIP plan; nothing for another plan.
pub(super) fn warnings(plan: &GroupingPlan) -> Vec<Warning> {
    let Some(dip) = &plan.dip else {
        return Vec::new();
    };
    let mut found = Vec::new();
    found.extend(layers_without_step(plan, dip));
    found.extend(equal_rows(plan, dip));
    found.extend(missing_weights(plan, dip));
    found
}

fn warning(plan: &GroupingPlan, row: RowRef, code: &'static str) -> Warning {
    Warning {
        place: plan.place(row),
        code,
        level: WarningLevel::Warning,
        subjects: Vec::new(),
        message: String::new(),
    }
}

/// Groups that no case can reach, because the plan tries their layer nowhere.
fn layers_without_step(plan: &GroupingPlan, dip: &DipCatalogue) -> Vec<Warning> {
    let layers = Layer::ALL.into_iter();
    let unused = layers.filter(|layer| dip.step_of(*layer).is_none());
    unused
        .filter_map(|layer| {
            let is_of = |group: u16| dip.groups[usize::from(group)].layer == layer;
            let first = dip.rows.iter().find(|row| is_of(row.group))?;
            let groups = dip.groups.iter().filter(|group| group.layer == layer);
            let subjects: Vec<String> = groups.map(|group| group.code.clone()).collect();
            Some(Warning {
                message: format!(
                    "The layer {} stands in no step of plan.toml, so no case reaches its {} groups.",
                    layer.word(),
                    subjects.len()
                ),
                subjects,
                ..warning(plan, first.row, "layer_without_step")
            })
        })
        .collect()
}

/// Rows that ask for the same in one step, so that their order decides.
fn equal_rows(plan: &GroupingPlan, dip: &DipCatalogue) -> Vec<Warning> {
    let mut seen: HashMap<String, (u16, RowRef)> = HashMap::new();
    let mut found = Vec::new();
    for row in &dip.rows {
        let group = &dip.groups[usize::from(row.group)];
        let condition = row.condition.as_ref().map_or("", |rule| &rule.text);
        let treatment = match &row.treatment {
            Treatment::Any => "*".to_owned(),
            Treatment::Conservative => String::new(),
            Treatment::Procedures(expression) => expression.to_string(),
        };
        let related = row.related.as_ref().map(ToString::to_string);
        let step = dip.step_of(group.layer);
        for key in row.keys.iter().map(String::as_str).chain(
            // A row for any diagnosis has one key too, the empty one.
            row.keys.is_empty().then_some(""),
        ) {
            let class = row.class;
            let asked = format!("{step:?} {key} {treatment} {related:?} {class:?} {condition}");
            let (other, first) = *seen.entry(asked).or_insert((row.group, row.row));
            if first != row.row {
                let other = &dip.groups[usize::from(other)].code;
                found.push(Warning {
                    subjects: vec![group.code.clone()],
                    message: format!(
                        "The group {} asks for the same as {other} ({}), which is taken where \
                         nothing else decides.",
                        group.code,
                        plan.place(first)
                    ),
                    ..warning(plan, row.row, "equal_rows")
                });
            }
        }
    }
    found
}

/// Groups without a weight, where the plan has weights.
fn missing_weights(plan: &GroupingPlan, dip: &DipCatalogue) -> Option<Warning> {
    let without = dip
        .groups
        .iter()
        .filter(|group| group.ten_thousandths.is_none());
    let subjects: Vec<String> = without.map(|group| group.code.clone()).collect();
    if plan.weights.is_empty() || subjects.is_empty() {
        return None;
    }
    Some(Warning {
        level: WarningLevel::Note,
        message: format!("{} groups have no weight.", subjects.len()),
        subjects,
        place: Place {
            file: plan.place(plan.weights[0].row).file,
            ..Place::default()
        },
        code: "missing_weight",
    })
}
