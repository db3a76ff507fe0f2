//! The short texts of a claim: discharge ways (离院方式) and departments (科别).

use crate::draw::{Draw, Shares};
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::AdrgKind;
use drgdip_tables::rule::Predicate;

/// The national codes of the discharge way (1 home, 2 other hospital, 3 community, 4 against
/// advice, 5 died, 9 other) and their usual shares of 1,000 cases.
const USUAL_WAYS: [(&str, u64); 6] = [
    ("1", 925),
    ("2", 22),
    ("3", 10),
    ("4", 24),
    ("5", 12),
    ("9", 7),
];

/// A row of `data/departments.csv`: code, name, kind of treatment, share.
type DepartmentRow = (String, String, String, u64);

/// The texts that claims may state, and how often they do.
#[derive(Clone, Debug)]
pub(crate) struct Forms {
    pub(crate) ways: Vec<String>,
    pub(crate) departments: Vec<String>,
    usual_ways: Option<Shares>,
    usual_departments: [Option<Shares>; 3],
}

/// The texts that rules of a plan name.
#[derive(Default)]
struct Named {
    ways: Vec<String>,
    departments: Vec<String>,
}

impl Named {
    fn new(plan: &GroupingPlan) -> Self {
        let mut named = Self::default();
        for stated in plan.rules() {
            stated
                .rule
                .each_predicate(&mut |predicate| match predicate {
                    Predicate::DischargeIn(ways) => named.ways.extend_from_slice(ways),
                    Predicate::DepartmentIs(code) => named.departments.push(code.clone()),
                    _ => {}
                });
        }
        named
    }
}

impl Forms {
    /// The usual texts and those that the plan names.
    ///
    /// What a rule names is drawn only for cases that are to meet that rule.
    pub(crate) fn new(plan: &GroupingPlan) -> Self {
        let named = Named::new(plan);
        let rows = department_rows();
        let usual_ways = USUAL_WAYS.iter().map(|(way, _)| (*way).to_owned());
        let ways = distinct(usual_ways.chain(named.ways.iter().cloned()));
        let codes = rows.iter().map(|row| row.0.clone());
        let departments = distinct(codes.chain(named.departments.iter().cloned()));
        let free = |text: &str, named: &[String]| !named.iter().any(|other| other == text);
        let way_share = |way: &String| {
            let usual = USUAL_WAYS.iter().find(|(usual, _)| usual == way);
            usual.map_or(
                0,
                |(_, share)| if free(way, &named.ways) { *share } else { 0 },
            )
        };
        let department_share = |code: &String, kind: &str| {
            let serves = |row: &&DepartmentRow| row.0 == *code && row.2 == kind;
            let row = rows.iter().find(serves);
            row.map_or(0, |row| {
                if free(code, &named.departments) {
                    row.3
                } else {
                    0
                }
            })
        };
        let usual_departments = ["surgical", "procedure", "medical"]
            .map(|kind| Shares::new(departments.iter().map(|code| department_share(code, kind))));
        Self {
            usual_ways: Shares::new(ways.iter().map(way_share)),
            usual_departments,
            ways,
            departments,
        }
    }

    /// A discharge way that no rule names; any when rules name them all.
    pub(crate) fn usual_way(&self, draw: &mut Draw) -> u16 {
        pick(self.usual_ways.as_ref(), &self.ways, draw)
    }

    /// A department for a kind of treatment that no rule names; any when rules name them all.
    pub(crate) fn usual_department(&self, kind: AdrgKind, draw: &mut Draw) -> u16 {
        let at = match kind {
            AdrgKind::Surgical | AdrgKind::Ambiguous => 0,
            AdrgKind::Procedural => 1,
            AdrgKind::Medical => 2,
        };
        pick(self.usual_departments[at].as_ref(), &self.departments, draw)
    }
}

fn pick(shares: Option<&Shares>, texts: &[String], draw: &mut Draw) -> u16 {
    let at = match shares {
        Some(shares) => shares.draw(draw),
        None => draw.index(texts.len()),
    };
    u16::try_from(at).expect("there are fewer than 65,536 such texts")
}

fn department_rows() -> Vec<DepartmentRow> {
    let text = include_str!("../data/departments.csv");
    csv::Reader::from_reader(text.as_bytes())
        .into_deserialize()
        .map(|row| row.expect("the bundled departments have code, name, kind and share"))
        .collect()
}

/// The texts in the order in which they first occur.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    texts.fold(Vec::new(), |mut seen, text| {
        if !seen.contains(&text) {
            seen.push(text);
        }
        seen
    })
}
