//! Severity of a case (MCC, CC) by table lookups alone.
//!
//! Each other diagnosis has a *kind*: the exclusion tables of its mcc rows, the tables of its cc
//! rows, and whether rules ask other diagnoses for it. Each set of tables is a column of a bit
//! matrix, each set of tables that principal diagnoses stand under is a row, and a bit says
//! "excluded". A set without rows is excluded always, a row without a table never, so a diagnosis
//! that raises nothing needs no branch of its own.

use crate::case::{Case, CaseCode};
use crate::lists::Membership;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::Level;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// What the other diagnoses of a case amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) mcc: bool,
    pub(crate) cc: bool,
    /// Whether one of them stands in a list that rules ask other diagnoses for.
    pub(crate) listed: bool,
}

impl Found {
    /// 0 to 3, for tables by severity.
    pub(crate) fn index(self) -> usize {
        usize::from(self.mcc) + 2 * usize::from(self.cc)
    }
}

/// What one other diagnosis can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    /// The column that says whether its mcc rows are excluded.
    mcc: u16,
    /// The column that says whether its cc rows are excluded.
    cc: u16,
    listed: bool,
}

/// The severity tables of a plan, compiled.
#[derive(Debug)]
pub(crate) struct SeverityTables {
    /// By code id, an index into `kinds`.
    kind_of: Vec<u16>,
    kinds: Vec<Kind>,
    /// By code id, a row of the matrix: what the code excludes as principal diagnosis.
    row_of: Vec<u16>,
    words: usize,
    excluded: Vec<u64>,
}

/// The first column: no severity row at all, so nothing that could stay.
const NOTHING: u16 = 0;
/// The first matrix row: what an absent or harmless principal diagnosis excludes.
const EXCLUDES_NOTHING: u16 = 0;
/// The first kind: a diagnosis that raises nothing and that no rule asks for.
const PLAIN: u16 = 0;

impl SeverityTables {
    /// Compiles the severity and exclusion rows of a plan.
    ///
    /// `listed` says of a class whether rules ask other diagnoses for one of its lists.
    pub(crate) fn new(plan: &GroupingPlan, membership: &Membership, listed: &[bool]) -> Self {
        let tables = numbered_tables(plan);
        let mut columns = Numbering::starting_with(BTreeSet::new());
        let mut kinds = Numbering::starting_with(Kind {
            mcc: NOTHING,
            cc: NOTHING,
            listed: false,
        });
        let mcc = tables_by_code(plan, &tables, Level::Mcc);
        let cc = tables_by_code(plan, &tables, Level::Cc);
        let kind_of = (0u32..)
            .zip(mcc.into_iter().zip(cc))
            .map(|(id, (mcc, cc))| {
                let class = membership.class(CaseCode::from_index(id));
                kinds.number(Kind {
                    mcc: columns.number(mcc),
                    cc: columns.number(cc),
                    listed: listed[usize::from(class)],
                })
            })
            .collect();
        let mut rows = Numbering::starting_with(BTreeSet::new());
        let row_of = principal_tables_by_code(plan, &tables)
            .into_iter()
            .map(|set| rows.number(set))
            .collect();
        let (words, excluded) = matrix(&rows.values, &columns.values);
        Self {
            kind_of,
            kinds: kinds.values,
            row_of,
            words,
            excluded,
        }
    }

    /// What the other diagnoses of a case amount to after exclusions.
    pub(crate) fn of(&self, case: &Case<'_>) -> Found {
        let row = case
            .principal
            .and_then(|code| self.row_of.get(code.index()).copied());
        let start = usize::from(row.unwrap_or(EXCLUDES_NOTHING)) * self.words;
        let excluded = &self.excluded[start..start + self.words];
        let stays = |column: u16| excluded[usize::from(column / 64)] >> (column % 64) & 1 == 0;
        let mut found = Found::default();
        for code in case.other_diagnoses {
            let kind = self.kind_of.get(code.index()).copied().unwrap_or(PLAIN);
            let kind = self.kinds[usize::from(kind)];
            found.mcc |= stays(kind.mcc);
            found.cc |= stays(kind.cc);
            found.listed |= kind.listed;
        }
        found
    }
}

/// The exclusion table of a severity row: `None` stands for a row that is never excluded.
type Table = Option<u16>;

/// Gives each exclusion table that severity rows name a number.
fn numbered_tables(plan: &GroupingPlan) -> HashMap<&str, u16> {
    let mut tables = HashMap::new();
    for row in &plan.severity {
        if let Some(table) = &row.exclusion_table {
            let next = u16::try_from(tables.len()).expect("fewer than 65,536 exclusion tables");
            tables.entry(&**table).or_insert(next);
        }
    }
    tables
}

/// By code, the tables of its severity rows of one level.
fn tables_by_code(
    plan: &GroupingPlan,
    tables: &HashMap<&str, u16>,
    level: Level,
) -> Vec<BTreeSet<Table>> {
    let mut by_code = vec![BTreeSet::new(); plan.codes.len()];
    for row in plan.severity.iter().filter(|row| row.level == level) {
        let table = row.exclusion_table.as_deref().map(|name| tables[name]);
        by_code[row.code.0 as usize].insert(table);
    }
    by_code
}

/// By code, the tables that it stands under as a principal diagnosis.
///
/// Tables that no severity row names are left out, since there is nothing to exclude.
fn principal_tables_by_code(
    plan: &GroupingPlan,
    tables: &HashMap<&str, u16>,
) -> Vec<BTreeSet<u16>> {
    let mut by_code = vec![BTreeSet::new(); plan.codes.len()];
    for row in &plan.exclusions {
        if let Some(table) = tables.get(&*row.exclusion_table) {
            by_code[row.principal.0 as usize].insert(*table);
        }
    }
    by_code
}

/// The bit matrix: set where every severity row of the column is excluded by the row's tables.
fn matrix(rows: &[BTreeSet<u16>], columns: &[BTreeSet<Table>]) -> (usize, Vec<u64>) {
    let words = columns.len().div_ceil(64);
    let mut bits = vec![0; rows.len() * words];
    for (row, excluded) in rows.iter().enumerate() {
        for (column, tables) in columns.iter().enumerate() {
            let all = tables
                .iter()
                .all(|table| table.is_some_and(|t| excluded.contains(&t)));
            bits[row * words + column / 64] |= u64::from(all) << (column % 64);
        }
    }
    (words, bits)
}

/// Distinct values in the order in which they were first seen.
struct Numbering<T> {
    numbers: HashMap<T, u16>,
    values: Vec<T>,
}

impl<T: Clone + Eq + Hash> Numbering<T> {
    fn starting_with(value: T) -> Self {
        Self {
            numbers: HashMap::from([(value.clone(), 0)]),
            values: vec![value],
        }
    }

    fn number(&mut self, value: T) -> u16 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = u16::try_from(self.values.len()).expect("fewer than 65,536 table sets");
        self.numbers.insert(value.clone(), number);
        self.values.push(value);
        number
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Plan, claim, is};
    use crate::{Outcome, Severity};
    use drgdip_tables::plan::{AdrgKind, Level};
    use drgdip_tables::rule::{Predicate, Rule};

    /// Codes that raise severity, and principal diagnoses that exclude some of them.
    fn plan() -> Plan {
        let mut plan = Plan::empty();
        plan.severity("MCC", Level::Mcc, Some("1"));
        plan.severity("CC", Level::Cc, Some("2"));
        plan.severity("ALWAYS", Level::Cc, None);
        plan.severity("BOTH", Level::Mcc, Some("1"));
        plan.severity("BOTH", Level::Cc, Some("2"));
        plan.severity("TWICE", Level::Cc, Some("1"));
        plan.severity("TWICE", Level::Cc, Some("2"));
        plan.exclusion("1", "EX1");
        plan.exclusion("2", "EX2");
        plan.exclusion("1", "EX12");
        plan.exclusion("2", "EX12");
        plan.exclusion("none of the rows", "EX3");
        plan
    }

    #[track_caller]
    fn check(principal: &str, others: &[&str], severity: Severity) {
        assert_eq!(
            plan().group(&claim(principal, others, &[])).severity,
            severity
        );
    }

    #[test]
    fn other_diagnoses_raise_severity_and_an_mcc_outranks_a_cc() {
        check("x", &[], Severity::None);
        check("x", &["x", "?"], Severity::None);
        check("x", &["CC"], Severity::Cc);
        check("x", &["CC", "MCC"], Severity::Mcc);
        check("MCC", &["x"], Severity::None);
        check("MCC", &["MCC"], Severity::Mcc);
    }

    #[test]
    fn the_principal_diagnosis_excludes_the_tables_that_it_stands_under() {
        check("EX1", &["MCC"], Severity::None);
        check("EX1", &["MCC", "CC"], Severity::Cc);
        check("EX2", &["MCC", "CC"], Severity::Mcc);
        check("EX12", &["MCC", "CC"], Severity::None);
        check("EX12", &["MCC", "ALWAYS"], Severity::Cc);
        check("EX3", &["MCC"], Severity::Mcc);
        check("x", &["EX1", "MCC"], Severity::Mcc);
    }

    #[test]
    fn a_code_with_several_rows_raises_what_is_left_of_them() {
        check("x", &["BOTH"], Severity::Mcc);
        check("EX1", &["BOTH"], Severity::Cc);
        check("EX2", &["BOTH"], Severity::Mcc);
        check("EX12", &["BOTH"], Severity::None);
        check("EX1", &["TWICE"], Severity::Cc);
        check("EX2", &["TWICE"], Severity::Cc);
        check("EX12", &["TWICE"], Severity::None);
    }

    #[test]
    fn mcc_and_cc_are_two_facts() {
        let mut plan = plan();
        plan.mdc("M", Rule::True);
        plan.adrg("A", AdrgKind::Medical, Rule::True);
        plan.drg("A1", is(Predicate::Cc));
        plan.drg("A2", is(Predicate::Mcc));
        plan.drg("A3", Rule::True);
        let group = |others: &[&str]| plan.answer(&claim("x", others, &[]));
        assert_eq!(group(&["MCC"]), "grouped group_rule A2");
        assert_eq!(group(&["MCC", "CC"]), "grouped group_rule A1");
        assert_eq!(group(&["BOTH"]), "grouped group_rule A1");
        assert_eq!(group(&[]), "grouped group_rule A3");
    }

    #[test]
    fn an_invalid_case_has_a_severity_too() {
        let mut plan = plan();
        plan.0.settings.checks.sex_missing = true;
        let mut claim = claim("x", &["CC"], &[]);
        claim.sex = None;
        let grouping = plan.group(&claim);
        assert!(matches!(grouping.outcome, Outcome::Invalid(_)));
        assert_eq!(grouping.severity, Severity::Cc);
    }
}
