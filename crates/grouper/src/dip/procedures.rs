//! The procedures of a case, cleaned by the rules of the catalogue.

use crate::case::{Case, CaseCode};
use crate::compiler::Compiler;
use crate::expr::Expr;
use crate::facts::Facts;
use crate::lists::Membership;
use drgdip_tables::GroupingPlan;
use drgdip_tables::dip::codes::{begins, is_below};
use drgdip_tables::dip::tie_break::Candidates;
use drgdip_tables::dip::{
    ClassOf, DipCatalogue, DipOptions, Expression, ProcedureRule, Treatment, TreatmentClass,
    procedure_matches,
};
use drgdip_tables::rule::{Predicate, Rule, Scope};
use std::collections::HashMap;

/// What a procedure of a case may be.
#[derive(Clone, Debug)]
enum Standing {
    /// Anything.
    Free,
    /// Nothing: it counts as conservative treatment.
    Removed,
    /// Related only.
    NotMain,
    /// The main one where this holds of the principal diagnosis.
    MainWhere(Expr),
}

/// What the catalogue says of each code.
#[derive(Debug)]
pub(crate) struct ProcedureTable {
    standing: Vec<Standing>,
    class: Vec<TreatmentClass>,
    unlisted: TreatmentClass,
    promotes_next: bool,
    /// By code id, where its operands begin; one more than there are codes.
    starts: Vec<u32>,
    /// The procedures of the catalogue, by number, that a code of a case fulfils.
    operands: Vec<u32>,
    /// The numbers of the procedures that the catalogue names.
    numbers: HashMap<String, u32>,
}

impl ProcedureTable {
    pub(crate) fn new(
        plan: &GroupingPlan,
        catalogue: &DipCatalogue,
        compiler: &mut Compiler,
    ) -> Self {
        let options = &catalogue.options;
        let numbers = numbers(catalogue);
        let as_treatment = options.interventional_as;
        let unlisted = options.unlisted_procedure.treatment(as_treatment);
        let mut table = Self {
            standing: Vec::new(),
            class: Vec::new(),
            unlisted,
            promotes_next: options.promote_next_procedure,
            starts: vec![0],
            operands: Vec::new(),
            numbers,
        };
        for text in plan.codes.texts() {
            let class = catalogue.procedure_class(begins(text));
            table
                .class
                .push(class.map_or(unlisted, |class| class.treatment(as_treatment)));
            table.standing.push(
                match catalogue.find_procedure_rule(text).map(|row| row.rule) {
                    None => Standing::Free,
                    Some(ProcedureRule::Conservative) => Standing::Removed,
                    Some(ProcedureRule::NotMain) => Standing::NotMain,
                    Some(ProcedureRule::MainInScope(list)) => Standing::MainWhere(
                        compiler.compile(&Rule::Is(Predicate::In(Scope::Principal, list))),
                    ),
                },
            );
            table.add_operands(text, options);
        }
        table
    }

    /// Adds the operands of the next code.
    fn add_operands(&mut self, text: &str, options: &DipOptions) {
        let code = begins(text);
        // A code that stands for all below it is never one that the catalogue names as it is.
        let is_exact = !is_below(text);
        let takes =
            |entry: &str| (is_exact || entry != code) && procedure_matches(options, entry, code);
        let is_prefix = options.procedure_match == drgdip_tables::dip::ProcedureMatch::Prefix;
        let mut found: Vec<u32> = drgdip_tables::dip::codes::prefixes(code)
            .filter(|entry| takes(entry) || (is_prefix && *entry == code))
            .filter_map(|entry| self.numbers.get(entry).copied())
            .collect();
        if is_exact && options.base_matches_extensions {
            let longer = self.numbers.iter().filter(|(entry, _)| {
                entry.len() > code.len() && entry.starts_with(code) && takes(entry)
            });
            found.extend(longer.map(|(_, number)| *number));
        }
        found.sort_unstable();
        found.dedup();
        self.operands.extend(found);
        self.starts
            .push(u32::try_from(self.operands.len()).expect("fewer than 2^32 operands"));
    }

    /// The number of a procedure that the catalogue names.
    pub(crate) fn number(&self, entry: &str) -> u32 {
        self.numbers[entry]
    }

    /// The procedures of the catalogue that a code of a case fulfils.
    pub(crate) fn operands(&self, code: CaseCode) -> &[u32] {
        match self.starts.get(code.index()..) {
            Some([from, until, ..]) => &self.operands[*from as usize..*until as usize],
            _ => &[],
        }
    }

    /// The treatment class of a procedure.
    pub(crate) fn class(&self, code: CaseCode) -> TreatmentClass {
        self.class
            .get(code.index())
            .copied()
            .unwrap_or(self.unlisted)
    }

    /// The procedures of a case.
    pub(crate) fn of<'a>(&'a self, case: &'a Case<'a>, membership: &Membership) -> Procedures<'a> {
        let mut procedures = Procedures {
            table: self,
            case,
            main_at: None,
        };
        procedures.main_at = procedures.find_main(membership);
        procedures
    }

    fn standing(&self, code: CaseCode) -> &Standing {
        self.standing.get(code.index()).unwrap_or(&Standing::Free)
    }
}

/// Numbers all procedures that the catalogue names.
fn numbers(catalogue: &DipCatalogue) -> HashMap<String, u32> {
    let mut numbers = HashMap::new();
    for row in &catalogue.rows {
        let procedures = match &row.treatment {
            Treatment::Procedures(expression) => Some(expression),
            _ => None,
        };
        for code in procedures
            .into_iter()
            .chain(&row.related)
            .flat_map(Expression::codes)
        {
            let next = u32::try_from(numbers.len()).expect("fewer than 2^32 procedures");
            numbers.entry(code.to_owned()).or_insert(next);
        }
    }
    numbers
}

/// The procedures of a case that count, with its main one.
#[derive(Clone, Copy)]
pub(crate) struct Procedures<'a> {
    table: &'a ProcedureTable,
    case: &'a Case<'a>,
    /// Where the main procedure stands: 0 for that of the case, from 1 among its others.
    main_at: Option<usize>,
}

impl<'a> Procedures<'a> {
    /// Where the first procedure stands that may be the main one.
    fn find_main(&self, membership: &Membership) -> Option<usize> {
        let may_be_main = |code: CaseCode| match self.table.standing(code) {
            Standing::Free => true,
            Standing::Removed | Standing::NotMain => false,
            Standing::MainWhere(scope) => scope.holds(&Facts::new(self.case, membership)),
        };
        if self.case.main_procedure.is_some_and(may_be_main) {
            return Some(0);
        }
        if !self.table.promotes_next {
            return None;
        }
        let mut others = self.case.other_procedures.iter();
        others.position(|code| may_be_main(*code)).map(|at| at + 1)
    }

    /// The main procedure.
    pub(crate) fn main(&self) -> Option<CaseCode> {
        match self.main_at? {
            0 => self.case.main_procedure,
            at => self.case.other_procedures.get(at - 1).copied(),
        }
    }

    /// All procedures that count, with where they stand.
    fn placed(&self) -> impl Iterator<Item = (usize, CaseCode)> + use<'a> {
        let (table, case) = (self.table, self.case);
        let main = case.main_procedure.into_iter().map(|code| (0, code));
        let others = (1..).zip(case.other_procedures.iter().copied());
        main.chain(others)
            .filter(move |(_, code)| !matches!(table.standing(*code), Standing::Removed))
    }

    /// All procedures that count.
    pub(crate) fn all(&self) -> impl Iterator<Item = CaseCode> + use<'a> {
        self.placed().map(|(_, code)| code)
    }

    /// All that count but the main one.
    pub(crate) fn others(&self) -> impl Iterator<Item = CaseCode> + use<'a> {
        let main_at = self.main_at;
        self.placed()
            .filter(move |(at, _)| Some(*at) != main_at)
            .map(|(_, code)| code)
    }

    /// The procedures by which rows are found; none where there is no main one.
    pub(crate) fn asked(&self, candidates: Candidates) -> impl Iterator<Item = CaseCode> + use<'a> {
        let main_at = self.main_at;
        let is_asked = move |at| match candidates {
            Candidates::Main => Some(at) == main_at,
            Candidates::Any | Candidates::All => main_at.is_some(),
        };
        self.placed()
            .filter(move |(at, _)| is_asked(*at))
            .map(|(_, code)| code)
    }

    /// How the case is treated.
    pub(crate) fn class(&self, options: &DipOptions) -> TreatmentClass {
        let Some(main) = self.main() else {
            return TreatmentClass::Conservative;
        };
        match options.class_of {
            ClassOf::Main => self.table.class(main),
            ClassOf::Largest => {
                let classes = self.all().map(|code| self.table.class(code));
                classes.max().unwrap_or(TreatmentClass::Conservative)
            }
        }
    }

    /// Whether one of these procedures fulfils an operand.
    pub(crate) fn has(&self, operand: u32, mut among: impl Iterator<Item = CaseCode>) -> bool {
        among.any(|code| self.table.operands(code).contains(&operand))
    }
}
