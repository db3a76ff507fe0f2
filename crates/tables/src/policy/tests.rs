use super::*;
use jiff::civil::date;

fn example() -> Policy {
    Policy::load(&FileSet::bundled_policy("example-2026").unwrap()).unwrap()
}

#[test]
fn the_example_policy_resolves_on_every_day_that_it_holds() {
    let policy = example();
    assert_eq!(policy.id(), "example-2026");
    let at = policy.at(date(2026, 10, 31)).unwrap();
    assert_eq!(at.plan, "chs-drg-1.1");
    assert_eq!(at.case.scale, 100);
    assert_eq!(at.case.mean_cost_fen, 1_100_000);
    assert_eq!(at.case.high_bands.len(), 5);
    assert_eq!(at.value.family, ValueFamily::C);
    assert_eq!(at.regions.len(), 3);
    assert_eq!(policy.describe(date(2026, 10, 31)).unwrap()[2].value, "100");
}
