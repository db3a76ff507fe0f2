//! Cases per second of the grouper alone, on one thread, from codes that are looked up already.
//!
//! The cases are drawn from the lists of the plan itself: each is near to one ADRG, so that its
//! principal diagnosis and main procedure fit together as they do in real records; its other
//! diagnoses are half complications and half anything. On average a case has 5 diagnoses and 1.5
//! procedures. There are 200,000 different ones, so that neither the caches nor the branch
//! predictor learn them by heart.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use drgdip_claims::Sex;
use drgdip_grouper::{Case, CaseCode, CodeFaults, Grouper, Numbers, TextSlot};
use drgdip_tables::plan::{Adrg, Mdc};
use drgdip_tables::rule::{ListId, Predicate, Rule, Scope};
use drgdip_tables::{GroupingPlan, load_plan};
use std::hint::black_box;
use std::ops::Range;

const CASES: usize = 200_000;

/// A written-out plan, a small overlay on it, and overlays on two layers and with ambiguous groups.
const PLANS: [&str; 4] = [
    "chs-drg-1.1",
    "chs-drg-1.1-opendrg",
    "330000-zhejiang-2022",
    "450000-guangxi-2022",
];

/// How many other diagnoses a case has: 4 on average.
const OTHER_DIAGNOSES: [usize; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
/// How many procedures a case has: 1.5 on average.
const PROCEDURES: [usize; 10] = [0, 0, 1, 1, 1, 1, 2, 2, 3, 4];

/// A small generator (xorshift64), so that every run draws the same cases.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit).expect("small limits");
        usize::try_from((self.0 >> 16) % limit).expect("less than a small limit")
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.below(from.len())])
    }
}

/// The codes that cases near to one ADRG are drawn from.
#[derive(Default)]
struct Near {
    diagnoses: Vec<CaseCode>,
    procedures: Vec<CaseCode>,
}

impl Near {
    fn new(plan: &GroupingPlan, mdc: &Mdc, adrg: &Adrg) -> Self {
        let mut near = Self::default();
        near.collect(plan, &adrg.rule.rule);
        if near.diagnoses.is_empty() {
            near.collect(plan, &mdc.gate.rule);
        }
        near
    }

    fn collect(&mut self, plan: &GroupingPlan, rule: &Rule) {
        match rule {
            Rule::True | Rule::False => {}
            Rule::Not(inner) => self.collect(plan, inner),
            Rule::All(parts) | Rule::Any(parts) => {
                parts.iter().for_each(|part| self.collect(plan, part));
            }
            Rule::Is(Predicate::In(scope, list)) => match scope {
                Scope::Principal | Scope::AnyDx | Scope::OtherDx => {
                    self.diagnoses.extend(codes(plan, *list));
                }
                Scope::MainOp | Scope::AnyOp | Scope::OtherOp => {
                    self.procedures.extend(codes(plan, *list));
                }
            },
            Rule::Is(_) => {}
        }
    }
}

fn codes(plan: &GroupingPlan, list: ListId) -> impl Iterator<Item = CaseCode> {
    plan.list(list)
        .codes
        .iter()
        .map(|(code, _)| CaseCode::known(*code))
}

/// One case with its codes in columns that all cases share.
struct Row {
    sex: Option<Sex>,
    numbers: Numbers,
    principal: Option<CaseCode>,
    diagnoses: Range<usize>,
    procedures: Range<usize>,
}

/// Generated cases in the shape of a batch.
struct Batch {
    rows: Vec<Row>,
    codes: Vec<CaseCode>,
}

impl Batch {
    fn draw(plan: &GroupingPlan) -> Self {
        let near: Vec<_> = plan
            .adrgs()
            .map(|(mdc, adrg)| Near::new(plan, mdc, adrg))
            .collect();
        let severity: Vec<_> = plan
            .severity
            .iter()
            .map(|row| CaseCode::known(row.code))
            .collect();
        let mut draws = Draws(0x9E37_79B9_7F4A_7C15);
        let mut batch = Self {
            rows: Vec::with_capacity(CASES),
            codes: Vec::new(),
        };
        for _ in 0..CASES {
            batch.draw_row(&near, &severity, &mut draws);
        }
        batch
    }

    fn draw_row(&mut self, near: &[Near], severity: &[CaseCode], draws: &mut Draws) {
        let own = &near[draws.below(near.len())];
        let anywhere = |draws: &mut Draws| near[draws.below(near.len())].diagnoses.as_slice();
        let principal = draws.of(&own.diagnoses).or_else(|| {
            let from = anywhere(draws);
            draws.of(from)
        });
        let start = self.codes.len();
        for _ in 0..OTHER_DIAGNOSES[draws.below(OTHER_DIAGNOSES.len())] {
            let from = if draws.below(2) == 0 {
                severity
            } else {
                anywhere(draws)
            };
            self.codes.extend(draws.of(from));
        }
        let middle = self.codes.len();
        for position in 0..PROCEDURES[draws.below(PROCEDURES.len())] {
            let other = &near[draws.below(near.len())].procedures;
            let is_own = position == 0 && !own.procedures.is_empty();
            let from = if is_own { &own.procedures } else { other };
            self.codes.push(draws.of(from).unwrap_or(CaseCode::UNKNOWN));
        }
        self.rows.push(Row {
            sex: Sex::from_code(if draws.below(2) == 0 { 1 } else { 2 }),
            numbers: numbers(draws),
            principal,
            diagnoses: start..middle,
            procedures: middle..self.codes.len(),
        });
    }

    /// Groups every case and returns a sum that depends on each answer.
    fn group(&self, grouper: &Grouper) -> usize {
        let index = |row: &Row| {
            let procedures = &self.codes[row.procedures.clone()];
            let grouping = grouper.group(&Case {
                sex: row.sex,
                numbers: row.numbers,
                discharge_way: TextSlot::Unnamed,
                department: TextSlot::Unnamed,
                principal: row.principal,
                other_diagnoses: &self.codes[row.diagnoses.clone()],
                main_procedure: procedures.first().copied(),
                other_procedures: procedures.get(1..).unwrap_or_default(),
                new_tech: false,
                faults: CodeFaults::default(),
            });
            grouping
                .outcome
                .group()
                .map_or(0, |group| usize::from(group.0))
        };
        self.rows.iter().map(index).sum()
    }
}

/// Every twentieth case is under one year old.
fn numbers(draws: &mut Draws) -> Numbers {
    let number = |below: usize, draws: &mut Draws| i32::try_from(draws.below(below)).ok();
    let is_infant = draws.below(20) == 0;
    let mut numbers = Numbers {
        age_years: number(90, draws).map(|years| years + 1),
        stay_days: number(40, draws),
        ..Numbers::default()
    };
    if is_infant {
        numbers.age_years = Some(0);
        numbers.age_days = number(365, draws);
        numbers.birth_weight_g = number(4500, draws);
    }
    numbers
}

fn kernel(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kernel");
    group.throughput(Throughput::Elements(
        u64::try_from(CASES).expect("few cases"),
    ));
    for name in PLANS {
        let plan = load_plan(name).expect("a bundled plan loads").plan;
        let batch = Batch::draw(&plan);
        let grouper = Grouper::new(&plan);
        group.bench_function(name, |bencher| {
            bencher.iter(|| batch.group(black_box(&grouper)));
        });
    }
    group.finish();
}

/// Reading, checking and compiling a bundled plan, which every command does when it starts.
fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    for id in PLANS {
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                let loaded = load_plan(black_box(id)).expect("a bundled plan");
                Grouper::new(&loaded.plan).groups().len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, kernel, load);
criterion_main!(benches);
