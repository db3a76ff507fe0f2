//! Finds cases for every group of a plan.

use super::alternatives::alternatives;
use super::cells::{Cells, Span};
use super::hints::{Hint, Hints};
use super::trial::Trial;
use super::universe::Universe;
use super::wish::Wish;
use crate::draw::Draw;
use crate::forms::Forms;
use drgdip_claims::Sex;
use drgdip_grouper::{Case, CaseCode, CodeFaults, Grouper, Numbers, TextSlot};
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{Adrg, AdrgKind, CodeId, Drg, Level, Mdc};
use drgdip_tables::rule::Rule;
use std::collections::HashMap;

/// How many different cases are kept for a group.
const POOL: usize = 48;

/// How often a group is tried once a case was found, and how often at most before.
const ATTEMPTS: (usize, usize) = (400, 20_000);

/// Facts that put a case into a group; every number of a span does so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) principal: CodeId,
    pub(crate) others: Box<[CodeId]>,
    pub(crate) main: Option<CodeId>,
    pub(crate) other_ops: Box<[CodeId]>,
    /// `None` when both do.
    pub(crate) sex: Option<Sex>,
    pub(crate) years: Span,
    pub(crate) days: Option<Span>,
    pub(crate) birth_weight: Option<Span>,
    pub(crate) stay: Span,
    pub(crate) icu: Span,
    pub(crate) ventilator: Span,
    /// An index into [`Forms::ways`]; `None` when any does that no rule names.
    pub(crate) way: Option<u16>,
    /// An index into [`Forms::departments`]; `None` when any does that no rule names.
    pub(crate) department: Option<u16>,
    pub(crate) has_new_tech: bool,
    /// Whether further diagnoses that raise severity leave the case where it is.
    pub(crate) is_open_to_severity: bool,
}

/// A group of the plan, with all places where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) code: &'a str,
    pub(crate) kind: AdrgKind,
    places: Vec<(&'a Mdc, &'a Adrg, &'a Drg)>,
}

/// The groups of a plan in the order of their first rows.
pub(crate) fn targets(plan: &GroupingPlan) -> Vec<Target<'_>> {
    let mut targets: Vec<Target<'_>> = Vec::new();
    let mut seen = HashMap::new();
    for (mdc, adrg, drg) in plan.drgs() {
        let at = *seen.entry(drg.code.as_str()).or_insert(targets.len());
        if at == targets.len() {
            targets.push(Target {
                code: &drg.code,
                kind: adrg.kind,
                places: Vec::new(),
            });
        }
        targets[at].places.push((mdc, adrg, drg));
    }
    targets
}

impl Target<'_> {
    /// The name of the ADRG where the group first stands.
    pub(crate) fn adrg_name(&self) -> &str {
        &self.places[0].1.name
    }

    /// The group's own rule where it first stands.
    pub(crate) fn rule(&self) -> &Rule {
        &self.places[0].2.rule.rule
    }

    fn hint(&self, hints: &Hints) -> Hint {
        let (mdc, adrg, drg) = self.places[0];
        hints.of(&[&drg.name, &adrg.name, &mdc.name])
    }
}

/// A plan with all that is needed to find cases for its groups.
pub(crate) struct Solver<'a> {
    pub(crate) plan: &'a GroupingPlan,
    grouper: &'a Grouper,
    pub(crate) universe: &'a Universe,
    forms: &'a Forms,
    pub(crate) cells: Cells,
    hints: Hints,
}

impl<'a> Solver<'a> {
    pub(crate) fn new(
        plan: &'a GroupingPlan,
        grouper: &'a Grouper,
        universe: &'a Universe,
        forms: &'a Forms,
    ) -> Self {
        Self {
            plan,
            grouper,
            universe,
            forms,
            cells: Cells::new(plan),
            hints: Hints::bundled(),
        }
    }

    pub(crate) const fn newborn_days(&self) -> i64 {
        self.plan.settings.newborn_days
    }

    /// One of the ways that a rule asks for.
    pub(crate) fn way(&self, asked: &[String], draw: &mut Draw) -> Option<u16> {
        let way = asked.get(draw.index(asked.len().max(1)))?;
        position(&self.forms.ways, way)
    }

    pub(crate) fn department(&self, asked: &str) -> Option<u16> {
        position(&self.forms.departments, asked)
    }

    /// Different cases that land in the group; none when no attempt did.
    pub(crate) fn recipes(&self, target: &Target<'_>, draw: &mut Draw) -> Vec<Recipe> {
        let mut wishes = self.wishes(target);
        for wish in &mut wishes {
            draw.shuffle(&mut wish.principals);
            draw.shuffle(&mut wish.mains);
        }
        let hint = target.hint(&self.hints);
        let codes = |wish: &Wish<'_>| 2 * (wish.principals.len() + wish.mains.len());
        let needed = wishes.iter().map(codes).max().unwrap_or(0) * wishes.len();
        let most = needed.clamp(ATTEMPTS.0, ATTEMPTS.1);
        let mut pool: Vec<Recipe> = Vec::new();
        for attempt in 0..if wishes.is_empty() { 0 } else { most } {
            if pool.len() == POOL || (attempt >= ATTEMPTS.0 && !pool.is_empty()) {
                break;
            }
            let step = attempt / wishes.len();
            let is_unhinted = pool.is_empty() && step % 4 == 3;
            let trial = Trial {
                solver: self,
                wish: &wishes[attempt % wishes.len()],
                hint: if is_unhinted { Hint::default() } else { hint },
                step,
            };
            let found = trial
                .recipe(draw)
                .and_then(|recipe| self.verified(recipe, target, draw));
            pool.extend(found.filter(|recipe| !pool.contains(recipe)));
        }
        pool
    }

    fn wishes(&self, target: &Target<'a>) -> Vec<Wish<'a>> {
        let of_place = |&(mdc, adrg, drg): &(&'a Mdc, &'a Adrg, &'a Drg)| {
            let rules = [&mdc.gate.rule, &adrg.rule.rule, &drg.rule.rule];
            alternatives(&rules)
                .iter()
                .filter_map(|demands| Wish::new(demands, self.plan, self.universe))
                .collect::<Vec<_>>()
        };
        target.places.iter().flat_map(of_place).collect()
    }

    /// The recipe, if its cases land in the group, with what leaves them there.
    fn verified(&self, recipe: Recipe, target: &Target<'_>, draw: &mut Draw) -> Option<Recipe> {
        let mut recipe = recipe;
        let lands = |recipe: &Recipe, sex| self.lands(recipe, sex, &[], target);
        let sexes = [Sex::Male, Sex::Female];
        recipe.sex = match recipe.sex {
            Some(sex) => lands(&recipe, sex).then_some(Some(sex))?,
            None => match sexes.map(|sex| lands(&recipe, sex)) {
                [true, true] => None,
                [true, false] => Some(Sex::Male),
                [false, true] => Some(Sex::Female),
                [false, false] => return None,
            },
        };
        recipe.is_open_to_severity = self.is_open_to_severity(&recipe, target, draw);
        Some(recipe)
    }

    /// Rules see of severity only whether a case has an MCC and whether it has a CC, so one
    /// diagnosis of each, and both, speak for all.
    fn is_open_to_severity(&self, recipe: &Recipe, target: &Target<'_>, draw: &mut Draw) -> bool {
        let one = |level, draw: &mut Draw| {
            let rows = self.universe.raising(level);
            let start = draw.index(rows.len().max(1));
            let mut turned = rows[start.min(rows.len())..].iter().chain(rows);
            turned
                .find(|row| self.universe.counts(row, recipe.principal))
                .map(|row| row.code)
        };
        let (mcc, cc) = (one(Level::Mcc, draw), one(Level::Cc, draw));
        let sexes = recipe
            .sex
            .map_or(vec![Sex::Male, Sex::Female], |sex| vec![sex]);
        let sets = [vec![mcc], vec![cc], vec![mcc, cc]];
        sets.iter().all(|set| {
            let codes: Vec<CodeId> = set.iter().flatten().copied().collect();
            sexes
                .iter()
                .all(|&sex| self.lands(recipe, sex, &codes, target))
        })
    }

    /// Whether a case of the recipe lands in the group, with these further diagnoses.
    fn lands(&self, recipe: &Recipe, sex: Sex, more: &[CodeId], target: &Target<'_>) -> bool {
        let others: Vec<CaseCode> = recipe.others.iter().chain(more).map(known).collect();
        let other_ops: Vec<CaseCode> = recipe.other_ops.iter().map(known).collect();
        let low = |span: Span| Some(span.low);
        let case = Case {
            sex: Some(sex),
            numbers: Numbers {
                age_years: low(recipe.years),
                age_days: recipe.days.and_then(low),
                birth_weight_g: recipe.birth_weight.and_then(low),
                stay_days: low(recipe.stay),
                icu_hours: low(recipe.icu),
                ventilator_hours: low(recipe.ventilator),
            },
            discharge_way: self.slot(recipe.way, &self.forms.ways, Grouper::discharge_way),
            department: self.slot(
                recipe.department,
                &self.forms.departments,
                Grouper::department,
            ),
            principal: Some(CaseCode::known(recipe.principal)),
            other_diagnoses: &others,
            main_procedure: recipe.main.as_ref().map(known),
            other_procedures: &other_ops,
            new_tech: recipe.has_new_tech,
            faults: CodeFaults::default(),
        };
        let group = self.grouper.group(&case).outcome.group();
        group.is_some_and(|group| self.grouper.info(group).group == target.code)
    }

    fn slot(
        &self,
        stated: Option<u16>,
        texts: &[String],
        look_up: fn(&Grouper, Option<&str>) -> TextSlot,
    ) -> TextSlot {
        stated.map_or(TextSlot::Unnamed, |at| {
            look_up(self.grouper, Some(&texts[usize::from(at)]))
        })
    }
}

fn known(code: &CodeId) -> CaseCode {
    CaseCode::known(*code)
}

fn position(texts: &[String], text: &str) -> Option<u16> {
    let at = texts.iter().position(|other| other == text)?;
    u16::try_from(at).ok()
}
