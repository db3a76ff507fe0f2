//! The overlay that makes a group for a new technology: tried just before its base, with weights
//! that leave the total points as they were.

use super::{ByKey, CandidateRow};
use crate::Error;
use crate::flat::{file, four_places};
use crate::grouped::PreparedPlan;
use crate::manifest::OutputFile;
use drgdip_tables::plan::{Adrg, Drg};
use std::fs;
use std::path::Path;

/// The folder of the overlay.
pub(super) const FOLDER: &str = "overlay";
/// What the code of such a group ends with, and its name.
const SUFFIX: &str = "_n";
const NAME: &str = "，使用新技术新项目";

/// The files of a plan folder that changes another plan.
pub(super) struct Overlay {
    plan: String,
    groups: Vec<[String; 6]>,
    weights: Vec<[String; 5]>,
}

impl Overlay {
    /// The overlay for the recommended rows, which learn the code of their group; why a row has
    /// none is said.
    ///
    /// A case has one flag for all technologies, so a group gets one group of its own: that of the
    /// technology with the most cases in it.
    pub(super) fn of(plan: &PreparedPlan, rows: &mut [CandidateRow]) -> (Self, Vec<String>) {
        let mut overlay = Self {
            plan: plan.plan.id.clone(),
            groups: vec![["change", "adrg", "order", "drg", "name", "rule"].map(str::to_owned)],
            weights: vec![["change", "drg", "weight", "origin", "source"].map(str::to_owned)],
        };
        let mut notes = Vec::new();
        let mut chosen: ByKey<usize> = ByKey::new();
        for (number, row) in rows.iter().enumerate() {
            if !row.split.is_recommended() {
                continue;
            }
            let cases = |number: usize| rows[number].split.new.spread.cases();
            let best = chosen.entry(row.group.clone()).or_insert(number);
            if cases(number) > cases(*best) {
                *best = number;
            }
        }
        for number in chosen.into_values() {
            let row = &mut rows[number];
            match overlay.add(plan, row) {
                Ok(code) => row.new_group = Some(code),
                Err(note) => notes.push(note),
            }
        }
        (overlay, notes)
    }

    /// Adds a group and returns its code, or why it cannot be added.
    fn add(&mut self, plan: &PreparedPlan, row: &CandidateRow) -> Result<String, String> {
        let code = format!("{}{SUFFIX}", row.group);
        let Some((adrg, base)) = drg(plan, &row.group) else {
            return Err(format!("{}: the plan states no such group.", row.group));
        };
        if drg(plan, &code).is_some() {
            return Err(format!(
                "{}: the plan already has the group {code}.",
                row.group
            ));
        }
        let Some(order) = order_before(adrg, base) else {
            return Err(format!(
                "{}: the orders {} and the one before leave no room for {code}; give the groups \
                 of {} orders in steps of ten.",
                row.group, base.order, adrg.code
            ));
        };
        self.groups.push([
            "add".to_owned(),
            adrg.code.clone(),
            order.to_string(),
            code.clone(),
            format!("{}{NAME}", base.name),
            flagged(&base.rule.text),
        ]);
        let (new, rest) = (row.split.new.weight, row.split.rest.weight);
        if let (Some(_), Some(new), Some(rest)) = (row.weight, new, rest) {
            let mut weight = |change: &str, code: &str, weight: i64| {
                let weight = four_places(weight);
                let cells = [change, code, &weight, "split", "history"];
                self.weights.push(cells.map(str::to_owned));
            };
            weight("replace", &row.group, rest);
            weight("add", &code, new);
        }
        Ok(code)
    }

    /// Writes the plan folder; nothing where no group is added.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<OutputFile>, Error> {
        if self.groups.len() < 2 {
            return Ok(Vec::new());
        }
        let inside = folder.join(FOLDER);
        fs::create_dir_all(&inside).map_err(|e| Error::file(&inside, "create the folder", &e))?;
        let plan = &self.plan;
        let text = format!(
            "id = \"{plan}-new-technology\"\n\
             title = \"{plan} with groups of their own for new technologies\"\n\
             base = \"{plan}\"\n"
        );
        let mut outputs = vec![
            file(folder, &format!("{FOLDER}/plan.toml"), text.as_bytes())?,
            csv_file(folder, "drg.csv", &self.groups)?,
        ];
        if self.weights.len() > 1 {
            outputs.push(csv_file(folder, "weights.csv", &self.weights)?);
        }
        Ok(outputs)
    }
}

fn csv_file<const N: usize>(
    folder: &Path,
    name: &str,
    rows: &[[String; N]],
) -> Result<OutputFile, Error> {
    crate::flat::csv_file(folder, &format!("{FOLDER}/{name}"), rows)
}

/// A group of the plan with its ADRG.
fn drg<'p>(plan: &'p PreparedPlan, code: &str) -> Option<(&'p Adrg, &'p Drg)> {
    let mut all = plan
        .plan
        .adrgs()
        .flat_map(|(_, adrg)| adrg.drgs.iter().map(move |drg| (adrg, drg)));
    all.find(|(_, drg)| drg.code == code)
}

/// A free order just before a group; `None` where there is none.
fn order_before(adrg: &Adrg, base: &Drg) -> Option<u32> {
    let earlier = adrg.drgs.iter().map(|drg| drg.order);
    let before = earlier
        .filter(|order| *order < base.order)
        .max()
        .unwrap_or(0);
    let order = base.order.checked_sub(1)?;
    (order > before).then_some(order)
}

/// The rule of a group with the flag.
fn flagged(rule: &str) -> String {
    match rule.trim() {
        "" | "true" => "new_tech".to_owned(),
        rule => format!("({rule}) and new_tech"),
    }
}
