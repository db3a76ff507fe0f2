//! The README says what is bundled, in the words of the coverage table.

use drgdip_tables::{Coverage, bundled_coverage};

fn row(plan: &Coverage) -> String {
    let counts = &plan.counts;
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} |\n",
        plan.id, plan.title, plan.region, counts.mdcs, counts.adrgs, counts.drgs, counts.weights,
    )
}

#[track_caller]
fn check(readme: &str) {
    let rows: String = bundled_coverage().unwrap().iter().map(row).collect();
    assert!(!rows.is_empty());
    assert!(
        readme.contains(&rows),
        "the table of plans is to have these rows:\n{rows}"
    );
}

#[test]
fn the_table_of_plans_is_that_of_the_coverage() {
    check(include_str!("../../../README.md"));
    check(include_str!("../../../README.zh.md"));
}
