//! What a DIP catalogue says of a case of a settled folder: its group and subtype, found again.

use super::Step;
use super::run::SettledRun;
use crate::find::{FoundClaim, TextRow};
use crate::flat::four_places;
use crate::grouped::PreparedPlan;
use drgdip_claims::Yuan;
use drgdip_grouper::trace::{Decision, Trace, trace_with_cost};
use drgdip_grouper::{CaseMoney, GroupIndex, LookedUpClaim};
use drgdip_tables::dip::auxiliary::Subtype;
use drgdip_tables::dip::{DipCatalogue, DipGroup};
use drgdip_tables::load_plan;
use drgdip_tables::policy::PolicyAt;
use serde_json::Value;
use std::path::Path;

/// The DIP plan by which a case was settled, as it was then.
pub(super) struct Catalogue {
    plan: PreparedPlan,
}

/// What the catalogue says of a case.
pub(super) struct Regrouped {
    pub(super) steps: Vec<Step>,
    /// Where it is not what stands in the folder.
    pub(super) differences: Vec<String>,
}

impl Catalogue {
    /// The DIP plan of a row; `None` for a row of a DRG plan.
    ///
    /// # Errors
    /// A sentence for people: the plan is not where it was, or is no longer the one of the run.
    pub(super) fn of(run: &SettledRun, row: &TextRow) -> Result<Option<Self>, String> {
        let is_dip = row.contains_key("layer");
        let id = row.get("plan").map_or("", String::as_str);
        let named = [&run.manifest["plan"]].into_iter();
        let named = named.chain(run.manifest["plans"].as_array().into_iter().flatten());
        let stated = named.clone().find(|plan| plan["id"] == id);
        let Some(stated) = stated.filter(|_| is_dip) else {
            return Ok(None);
        };
        let gone = || format!("{id}: 分组方案不在或已改变 the plan is not there or has changed");
        let loaded = load_plan(&place(stated, id)).map_err(|_| gone())?;
        let plan = PreparedPlan::of(loaded).map_err(|_| gone())?;
        let is_same = |hash: &String| hashes(stated).any(|known| known == hash);
        let all_same = plan.files.iter().all(|(_, hash)| is_same(hash));
        if !all_same || plan.files.len() != hashes(stated).count() {
            return Err(gone());
        }
        Ok(Some(Self { plan }))
    }

    fn dip(&self) -> Option<&DipCatalogue> {
        self.plan.plan.dip.as_deref()
    }

    /// Whether a group is one of primary care, with one price in every hospital.
    pub(super) fn has_one_price(&self, group: &str, terms: &PolicyAt) -> bool {
        terms.primary_care_price && self.group(group).is_some_and(|group| group.is_primary_care)
    }

    /// A group of the catalogue.
    pub(super) fn group(&self, code: &str) -> Option<&DipGroup> {
        let groups = self.dip()?.groups.iter();
        groups.into_iter().find(|group| group.code == code)
    }

    /// The mean cost that the catalogue states for a group.
    pub(super) fn mean_cost(&self, group: &str) -> Option<Yuan> {
        self.group(group)?.mean_cost_fen.map(Yuan::from_fen)
    }

    /// Groups the case again and finds its subtype.
    pub(super) fn regroup(&self, found: &FoundClaim, row: &TextRow) -> Regrouped {
        let trace = trace_with_cost(&self.plan.plan, &found.claim, found.total_cost_fen);
        let stated = |column: &str| row.get(column).map_or("", String::as_str);
        let mut again = Regrouped {
            steps: self.layers(&trace),
            differences: Vec::new(),
        };
        let group = trace.group().unwrap_or_default();
        again.compare("病组 group", group, stated("group"));
        let subtypes = self.subtypes(found, row);
        again.steps.extend(subtypes.1);
        // Without a coefficient the policy pays no subtype, or another class has paid the case.
        if row.contains_key("subtype") {
            again.compare("辅助分型 subtype", &subtypes.0, stated("subtype"));
        }
        again
    }

    /// Which row of which layer took the case, and what decided.
    fn layers(&self, trace: &Trace<'_>) -> Vec<Step> {
        let Some(walk) = &trace.catalogue else {
            return Vec::new();
        };
        let plan = &self.plan.plan;
        let mut steps = vec![Step::new("病种库 catalogue", &plan.id).by(plan.title.clone())];
        let deciding = walk.steps.iter().rfind(|step| step.chosen.is_some());
        if let (Some(step), Some(chosen)) = (deciding, walk.chosen) {
            let layer = chosen.group.layer;
            let text = format!("{} · {}", chosen.group.code, chosen.group.name);
            let item = Step::new("层 layer", format!("{} {}", layer.chinese(), layer.word()));
            steps.push(item.by(text));
            let rows: Vec<&str> = step.candidates.iter().map(|row| &*row.group.code).collect();
            let decided = Step::new("择优 tie-break", decision(step.decision));
            steps.push(decided.by(format!("符合的病种 rows that take it: {}", rows.join("、"))));
            let unmatched = step.unmatched.join("、");
            if !unmatched.is_empty() {
                steps.push(Step::new("未匹配的手术操作 unmatched", unmatched));
            }
        }
        steps
    }

    /// The subtype by which the case is paid, and all that it is of.
    fn subtypes(&self, found: &FoundClaim, row: &TextRow) -> (String, Vec<Step>) {
        let (grouper, plan) = (&self.plan.grouper, &self.plan.plan);
        let code = row.get("group").map_or("", String::as_str);
        let position = grouper
            .groups()
            .iter()
            .position(|group| group.group == code);
        let group = position.and_then(|at| u16::try_from(at).ok());
        let (Some(dip), Some(group)) = (self.dip(), group) else {
            return (String::new(), Vec::new());
        };
        let own = dip.auxiliary.of_group(group);
        if own.is_empty() {
            return (String::new(), Vec::new());
        }
        let fen = |column: &str| {
            let amount: Option<Yuan> = row.get(column).and_then(|text| text.parse().ok());
            amount.map(Yuan::fen)
        };
        let money = CaseMoney {
            cost: fen("total_cost"),
            standard: fen("reference_cost"),
            treatment: None,
            drug: found.drug_cost_fen,
        };
        let looked_up = LookedUpClaim::new(&found.claim, plan, grouper);
        let case = looked_up.case();
        let levels = grouper.subtype_levels(&case, &money);
        let is_of = |subtype: &&Subtype| levels[usize::from(subtype.kind)] == Some(subtype.level);
        let paid = grouper.subtype(&case, GroupIndex(group), &money);
        let name = paid.map_or_else(String::new, |paid| dip.auxiliary.name(paid));
        let all: Vec<String> = own
            .iter()
            .filter(is_of)
            .map(|one| {
                format!(
                    "{} {}",
                    dip.auxiliary.name(one),
                    four_places(one.coefficient)
                )
            })
            .collect();
        let text = match &all[..] {
            [] => format!(
                "本病种的 {} 个分型均不符合 none of the group's subtypes",
                own.len()
            ),
            all => format!("取系数最高者 the highest of {}", all.join("、")),
        };
        let shown = if name.is_empty() { "—" } else { &name };
        (
            name.clone(),
            vec![Step::new("辅助分型 subtype", shown).by(text)],
        )
    }
}

impl Regrouped {
    fn compare(&mut self, item: &str, found: &str, stated: &str) {
        if found != stated {
            self.differences.push(format!(
                "{item}：重新分组得 {found}，文件为 {stated}: grouping again gives another one."
            ));
        }
    }
}

/// Where a plan was loaded from: its folder, or its id where it is a bundled one.
fn place(stated: &Value, id: &str) -> String {
    let files = stated["files"].as_object().into_iter().flatten();
    let manifests = files.filter_map(|(file, _)| file.strip_suffix("/plan.toml"));
    let mut folders = manifests.filter(|folder| *folder != id);
    let is_path = |folder: &&str| Path::new(folder).is_dir();
    folders.find(is_path).unwrap_or(id).to_owned()
}

fn hashes(stated: &Value) -> impl Iterator<Item = &str> {
    let files = stated["files"].as_object().into_iter().flatten();
    files.filter_map(|(_, hash)| hash.as_str())
}

fn decision(decision: Decision) -> String {
    match decision {
        Decision::NoRow => "无 no row".to_owned(),
        Decision::OnlyRow => "唯一符合 the only row".to_owned(),
        Decision::Test(test) => test.word().to_owned(),
        Decision::Order => "表内次序 the first in the order of the table".to_owned(),
        Decision::UnmatchedSurgery => "手术未匹配，入综合病种 a surgery is unmatched".to_owned(),
    }
}
