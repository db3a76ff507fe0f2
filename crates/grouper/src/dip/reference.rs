//! A second DIP grouper, slow and plain, to hold the fast one and the trace to.
//!
//! It follows the text of the matching order step by step, on strings and sets, and makes whole
//! lists of what the others look up. It shares nothing with them but the loaded tables.

use drgdip_claims::{Claim, Sex};
use drgdip_tables::GroupingPlan;
use drgdip_tables::dip::codes::begins;
use drgdip_tables::dip::tie_break::{Candidates, Test};
use drgdip_tables::dip::{
    Choose, ClassOf, DipCatalogue, DipRow, Expression, Layer, ProcedureClass, ProcedureMatch,
    ProcedureRule, Treatment, TreatmentClass,
};
use drgdip_tables::rule::{ListId, NumberField, Predicate, Rule, Scope};
use std::collections::HashSet;

/// Reason and group, as outputs write them.
pub(super) type Answer = (&'static str, Option<String>);

pub(super) struct Reference<'p> {
    pub(super) plan: &'p GroupingPlan,
    pub(super) catalogue: &'p DipCatalogue,
    pub(super) claim: &'p Claim,
    pub(super) cost: Option<i64>,
}

/// The procedures after the exclusion rules: all that are left, and where the main one stands.
struct Cleaned<'p> {
    codes: Vec<&'p str>,
    main: Option<usize>,
}

impl<'p> Reference<'p> {
    pub(super) fn group(&self) -> Answer {
        if self.plan.settings.checks.principal_missing && self.claim.principal_diagnosis.is_none() {
            return ("principal_missing", None);
        }
        if self.plan.settings.checks.age_missing && self.claim.age_years.is_none() {
            return ("age_missing", None);
        }
        if self
            .catalogue
            .excluded
            .iter()
            .any(|row| row.code == self.principal())
        {
            return ("excluded_principal", None);
        }
        let cleaned = self.clean();
        let class = self.class(&cleaned);
        for step in &self.catalogue.steps {
            let mut fits: Vec<usize> = (0..self.catalogue.rows.len())
                .filter(|row| step.layers.contains(&self.layer(*row)))
                .filter(|row| self.fits(*row, &cleaned, class))
                .collect();
            let by_procedures = |row: &usize| self.alternatives(*row).is_some();
            if fits.iter().any(by_procedures) {
                fits.retain(|row| self.catalogue.rows[*row].treatment != Treatment::Conservative);
            }
            if step.choose == Choose::TieBreak {
                for test in &self.catalogue.tie_break.by {
                    fits = self.best_by(*test, fits, &cleaned);
                }
            }
            if let Some(row) = fits.first() {
                let row = self.moved_to_comprehensive(*row, &cleaned).unwrap_or(*row);
                let group = usize::from(self.catalogue.rows[row].group);
                return (
                    "group_rule",
                    Some(self.catalogue.groups[group].code.clone()),
                );
            }
        }
        let keys = self.catalogue.rows.iter().flat_map(|row| &row.keys);
        let mut keys = keys.filter(|key| self.principal().starts_with(key.as_str()));
        match keys.next() {
            Some(_) => ("no_treatment", None),
            None => ("no_key", None),
        }
    }

    fn principal(&self) -> &'p str {
        self.claim.principal_diagnosis.as_deref().unwrap_or("")
    }

    fn layer(&self, row: usize) -> Layer {
        self.catalogue.groups[usize::from(self.catalogue.rows[row].group)].layer
    }

    fn alternatives(&self, row: usize) -> Option<&'p Expression> {
        match &self.catalogue.rows[row].treatment {
            Treatment::Procedures(expression) => Some(expression),
            Treatment::Any | Treatment::Conservative => None,
        }
    }

    /// 0b: removes what counts as conservative, and finds the main procedure.
    fn clean(&self) -> Cleaned<'p> {
        let ordered = self
            .claim
            .main_procedure
            .iter()
            .chain(&self.claim.other_procedures);
        let rule = |code: &str| {
            let mut rows = self.catalogue.procedure_rules.iter();
            rows.find(|row| row.code == code).map(|row| row.rule)
        };
        let promotes = self.catalogue.options.promote_next_procedure;
        let (mut codes, mut main) = (Vec::new(), None);
        for (at, code) in ordered.enumerate() {
            let is_first = at == 0 && self.claim.main_procedure.is_some();
            let may_lead = match rule(code) {
                Some(ProcedureRule::Conservative) => continue,
                Some(ProcedureRule::NotMain) => false,
                Some(ProcedureRule::MainInScope(list)) => self.is_in(self.principal(), list),
                None => true,
            };
            if main.is_none() && may_lead && (is_first || promotes) {
                main = Some(codes.len());
            }
            codes.push(code.as_str());
        }
        Cleaned { codes, main }
    }

    fn class_of(&self, code: &str) -> TreatmentClass {
        let options = &self.catalogue.options;
        let rows = self.catalogue.classes.iter();
        let longest = rows
            .filter(|row| code.starts_with(&row.begins))
            .max_by_key(|row| row.begins.len());
        match longest.map_or(options.unlisted_procedure, |row| row.class) {
            ProcedureClass::Conservative => TreatmentClass::Conservative,
            ProcedureClass::Diagnostic => TreatmentClass::Diagnostic,
            ProcedureClass::Therapeutic => TreatmentClass::Therapeutic,
            ProcedureClass::Interventional => options.interventional_as,
            ProcedureClass::Surgery => TreatmentClass::Surgery,
        }
    }

    fn class(&self, cleaned: &Cleaned<'_>) -> TreatmentClass {
        let Some(main) = cleaned.main else {
            return TreatmentClass::Conservative;
        };
        match self.catalogue.options.class_of {
            ClassOf::Main => self.class_of(cleaned.codes[main]),
            ClassOf::Largest => {
                let mut largest = TreatmentClass::Conservative;
                for code in &cleaned.codes {
                    largest = largest.max(self.class_of(code));
                }
                largest
            }
        }
    }

    /// Whether an entry of the catalogue stands for a code of the case.
    fn stands_for(&self, entry: &str, code: &str) -> bool {
        let options = &self.catalogue.options;
        let extends = |base: &str, longer: &str| {
            longer.starts_with(base) && longer[base.len()..].starts_with('x')
        };
        let taken = match options.procedure_match {
            ProcedureMatch::Exact => entry == code,
            ProcedureMatch::Extension => entry == code || extends(entry, code),
            ProcedureMatch::Prefix => code.starts_with(entry),
        };
        let first_x = entry.find('x').is_some_and(|at| &entry[..at] == code);
        taken || (options.base_matches_extensions && first_x)
    }

    fn any(&self, entry: &str, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.stands_for(entry, code))
    }

    fn others<'c>(&self, cleaned: &Cleaned<'c>) -> Vec<&'c str> {
        let mut codes = cleaned.codes.clone();
        if let (Some(main), Candidates::Main) = (cleaned.main, self.catalogue.tie_break.candidates)
        {
            codes.remove(main);
        }
        codes
    }

    /// The sizes of the alternatives of a row that the case fulfils.
    fn fulfilled(&self, row: usize, cleaned: &Cleaned<'_>) -> Vec<usize> {
        let (Some(expression), Some(main)) = (self.alternatives(row), cleaned.main) else {
            return Vec::new();
        };
        let main = cleaned.codes[main];
        let is_there = |entry: &String| self.any(entry, &cleaned.codes);
        let mut sizes = Vec::new();
        match self.catalogue.tie_break.candidates {
            Candidates::All => {
                let entries: Vec<&String> = expression.alternatives().iter().flatten().collect();
                if entries.iter().all(|entry| is_there(entry)) {
                    sizes.push(entries.len());
                }
            }
            Candidates::Any => {
                let whole = expression.alternatives().iter();
                let whole = whole.filter(|entries| entries.iter().all(is_there));
                sizes.extend(whole.map(Vec::len));
            }
            Candidates::Main => {
                for entries in expression.alternatives() {
                    let leads = entries.iter().any(|entry| self.stands_for(entry, main));
                    if leads && entries.iter().all(is_there) {
                        sizes.push(entries.len());
                    }
                }
            }
        }
        sizes
    }

    fn fits(&self, at: usize, cleaned: &Cleaned<'_>, class: TreatmentClass) -> bool {
        let row = &self.catalogue.rows[at];
        let keys = &row.keys;
        if !keys.is_empty()
            && !keys
                .iter()
                .any(|key| self.principal().starts_with(key.as_str()))
        {
            return false;
        }
        let asks_class =
            self.catalogue.tie_break.require_class || self.layer(at) == Layer::Comprehensive;
        if asks_class && row.class.is_some() && row.class != Some(class) {
            return false;
        }
        match &row.treatment {
            Treatment::Any => {}
            Treatment::Conservative if class == TreatmentClass::Conservative => {}
            Treatment::Procedures(_) if !self.fulfilled(at, cleaned).is_empty() => {}
            Treatment::Conservative | Treatment::Procedures(_) => return false,
        }
        if let Some(related) = &row.related {
            let codes = self.others(cleaned);
            let is_all = self.catalogue.tie_break.candidates == Candidates::All;
            let met = match is_all {
                true => related.codes().all(|entry| self.any(entry, &codes)),
                false => related
                    .alternatives()
                    .iter()
                    .any(|entries| entries.iter().all(|entry| self.any(entry, &codes))),
            };
            if !met {
                return false;
            }
        }
        row.condition
            .as_ref()
            .is_none_or(|rule| self.holds(&rule.rule))
    }

    fn entries(&self, row: &'p DipRow) -> HashSet<&'p str> {
        let mut entries = HashSet::new();
        if let Treatment::Procedures(expression) = &row.treatment {
            entries.extend(expression.codes());
        }
        if let Some(related) = &row.related {
            entries.extend(related.codes());
        }
        entries
    }

    fn names(&self, row: &'p DipRow, code: &str) -> bool {
        self.entries(row)
            .iter()
            .any(|entry| self.stands_for(entry, code))
    }

    fn best_by(&self, test: Test, rows: Vec<usize>, cleaned: &Cleaned<'_>) -> Vec<usize> {
        let marks: Vec<i64> = rows
            .iter()
            .map(|row| self.mark(test, *row, cleaned))
            .collect();
        let best = marks.iter().copied().max();
        let paired = rows.into_iter().zip(marks);
        paired
            .filter(|(_, mark)| Some(*mark) == best)
            .map(|(row, _)| row)
            .collect()
    }

    fn mark(&self, test: Test, at: usize, cleaned: &Cleaned<'_>) -> i64 {
        let row = &self.catalogue.rows[at];
        let group = &self.catalogue.groups[usize::from(row.group)];
        let count = |entries: HashSet<&str>, codes: &[&str]| {
            entries
                .into_iter()
                .filter(|entry| self.any(entry, codes))
                .count() as i64
        };
        match test {
            Test::MostRelated => {
                let entries = row.related.iter().flat_map(Expression::codes).collect();
                count(entries, &self.others(cleaned))
            }
            Test::MostJoined => {
                let sizes = self.fulfilled(at, cleaned);
                sizes.into_iter().max().map_or(0, |size| size as i64 - 1)
            }
            Test::MostMatched => count(self.entries(row), &cleaned.codes),
            Test::NamesMain => i64::from(
                cleaned
                    .main
                    .is_some_and(|main| self.names(row, cleaned.codes[main])),
            ),
            Test::NoSurplus => {
                let surplus = cleaned.codes.iter().filter(|code| !self.names(row, code));
                i64::from(surplus.count() == 0)
            }
            Test::LongestKey => {
                let keys = row
                    .keys
                    .iter()
                    .filter(|key| self.principal().starts_with(key.as_str()));
                keys.map(String::len).max().unwrap_or(0) as i64
            }
            Test::NearestMeanCost => {
                let is_on = self.catalogue.options.cost_in_grouping;
                match (self.cost.filter(|_| is_on), group.mean_cost_fen) {
                    (None, _) => 0,
                    (Some(_), None) => i64::MIN,
                    (Some(cost), Some(mean)) => -(cost - mean).abs(),
                }
            }
            Test::HighestWeight => group.ten_thousandths.unwrap_or(-1),
            Test::ClassOrder => {
                let order = &self.catalogue.tie_break.class_order;
                let place = order.iter().position(|sort| sort.takes(group, row.class));
                -(place.unwrap_or(order.len()) as i64)
            }
        }
    }

    fn moved_to_comprehensive(&self, at: usize, cleaned: &Cleaned<'_>) -> Option<usize> {
        let is_core = [Layer::Merged, Layer::Auxiliary, Layer::Basic].contains(&self.layer(at));
        let row = &self.catalogue.rows[at];
        let is_left =
            |code: &&&str| self.class_of(code) == TreatmentClass::Surgery && !self.names(row, code);
        let left = cleaned.codes.iter().filter(is_left).count();
        let moves = self.catalogue.tie_break.unmatched_surgery_to_comprehensive;
        let steps = self.catalogue.steps.iter();
        let tried = steps
            .filter(|step| step.layers.contains(&Layer::Comprehensive))
            .count();
        if !moves || !is_core || left == 0 || tried == 0 {
            return None;
        }
        (0..self.catalogue.rows.len()).find(|other| {
            let row = &self.catalogue.rows[*other];
            let mut keys = row.keys.iter();
            self.layer(*other) == Layer::Comprehensive
                && row.class == Some(TreatmentClass::Surgery)
                && keys.any(|key| self.principal().starts_with(key.as_str()))
                && row
                    .condition
                    .as_ref()
                    .is_none_or(|rule| self.holds(&rule.rule))
        })
    }

    fn is_in(&self, code: &str, list: ListId) -> bool {
        let entries = self.plan.list(list).codes.iter();
        let mut entries = entries.map(|(id, _)| begins(self.plan.codes.text(*id)));
        entries.any(|entry| code.starts_with(entry))
    }

    fn holds(&self, rule: &Rule) -> bool {
        let claim = self.claim;
        let predicate = match rule {
            Rule::True => return true,
            Rule::False => return false,
            Rule::Not(inner) => return !self.holds(inner),
            Rule::All(parts) => return parts.iter().all(|part| self.holds(part)),
            Rule::Any(parts) => return parts.iter().any(|part| self.holds(part)),
            Rule::Is(predicate) => predicate,
        };
        match predicate {
            Predicate::In(scope, list) => {
                let mut codes: Vec<&String> = Vec::new();
                let (main, procedures) = (&claim.main_procedure, &claim.other_procedures);
                let (principal, diagnoses) = (&claim.principal_diagnosis, &claim.other_diagnoses);
                match scope {
                    Scope::Principal => codes.extend(principal),
                    Scope::OtherDx => codes.extend(diagnoses),
                    Scope::AnyDx => codes.extend(principal.iter().chain(diagnoses)),
                    Scope::MainOp => codes.extend(main),
                    Scope::OtherOp => codes.extend(procedures),
                    Scope::AnyOp => codes.extend(main.iter().chain(procedures)),
                }
                codes.iter().any(|code| self.is_in(code, *list))
            }
            Predicate::Number(field, comparison, limit) => {
                let number = match field {
                    NumberField::AgeDays => claim.age_days,
                    NumberField::StayDays => claim.stay_days,
                    other => panic!("generated conditions do not ask for {other:?}"),
                };
                number.is_some_and(|number| comparison.holds(number, *limit))
            }
            Predicate::SexIs(sex) => claim.sex == Some(*sex) && claim.sex != None::<Sex>,
            other => panic!("generated conditions do not ask for {other:?}"),
        }
    }
}
