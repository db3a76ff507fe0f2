//! Which numbers a plan can tell apart.

use drgdip_tables::GroupingPlan;
use drgdip_tables::rule::{Comparison, NumberField, Predicate};
use std::collections::BTreeSet;

/// The numbers that rules compare, in the order of tables by field.
pub(crate) const FIELDS: [NumberField; 6] = [
    NumberField::AgeYears,
    NumberField::AgeDays,
    NumberField::BirthWeightG,
    NumberField::StayDays,
    NumberField::IcuHours,
    NumberField::VentilatorHours,
];

/// The position of a field in tables by field.
pub(crate) const fn position(field: NumberField) -> usize {
    match field {
        NumberField::AgeYears => 0,
        NumberField::AgeDays => 1,
        NumberField::BirthWeightG => 2,
        NumberField::StayDays => 3,
        NumberField::IcuHours => 4,
        NumberField::VentilatorHours => 5,
    }
}

/// The numbers that generated claims use.
const fn domain(field: NumberField) -> Span {
    let (low, high) = match field {
        NumberField::AgeYears => (0, 105),
        NumberField::AgeDays => (0, 364),
        NumberField::BirthWeightG => (500, 5_500),
        NumberField::StayDays => (1, 200),
        NumberField::IcuHours | NumberField::VentilatorHours => (0, 2_000),
    };
    Span { low, high }
}

/// Numbers from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: i32,
    pub(crate) high: i32,
}

impl Span {
    /// Whether a number lies in the span.
    pub(crate) const fn has(self, number: i32) -> bool {
        self.low <= number && number <= self.high
    }

    /// What two spans share.
    pub(crate) fn and(self, other: Self) -> Option<Self> {
        let low = self.low.max(other.low);
        let high = self.high.min(other.high);
        (low <= high).then_some(Self { low, high })
    }

    /// The numbers of the domain that compare so with `constant`, if any.
    pub(crate) fn comparing(
        field: NumberField,
        comparison: Comparison,
        constant: i64,
    ) -> Option<Self> {
        let whole = domain(field);
        // One past the domain on either side is as good as any number further out.
        let far = i64::from(whole.low) - 2..=i64::from(whole.high) + 2;
        let constant = i32::try_from(constant.clamp(*far.start(), *far.end())).ok()?;
        let (low, high) = match comparison {
            Comparison::AtLeast => (constant, i32::MAX),
            Comparison::AtMost => (i32::MIN, constant),
            Comparison::MoreThan => (constant + 1, i32::MAX),
            Comparison::LessThan => (i32::MIN, constant - 1),
            Comparison::Equal => (constant, constant),
        };
        whole.and(Self { low, high })
    }

    /// The numbers of a field that generated claims use.
    pub(crate) const fn domain(field: NumberField) -> Self {
        domain(field)
    }
}

/// The comparison that holds exactly when this one does not, for a number that is present.
///
/// `=` has no single opposite; what lies above is one half of it.
pub(crate) const fn opposite(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::AtLeast => Comparison::LessThan,
        Comparison::AtMost | Comparison::Equal => Comparison::MoreThan,
        Comparison::MoreThan => Comparison::AtMost,
        Comparison::LessThan => Comparison::AtLeast,
    }
}

/// By field, where the numbers that a plan cannot tell apart begin.
///
/// All numbers of one cell make every rule and check of the plan come out the same, so a case that
/// lands in a group with one of them lands there with all of them.
#[derive(Clone, Debug)]
pub(crate) struct Cells([Vec<i32>; 6]);

impl Cells {
    /// Reads all comparisons of a plan, and those that its checks make.
    pub(crate) fn new(plan: &GroupingPlan) -> Self {
        let mut starts: [BTreeSet<i32>; 6] =
            FIELDS.map(|field| BTreeSet::from([domain(field).low]));
        let mut compare = |field, comparison, constant: i64| {
            for after in edges(comparison) {
                let start = i32::try_from(constant.saturating_add(*after)).unwrap_or(i32::MAX);
                starts[position(field)].insert(start);
            }
        };
        compare(NumberField::AgeYears, Comparison::Equal, 0);
        let newborn_days = plan.settings.newborn_days;
        compare(NumberField::AgeDays, Comparison::AtMost, newborn_days);
        for stated in plan.rules() {
            stated.rule.each_predicate(&mut |predicate| {
                if let Predicate::Number(field, comparison, constant) = predicate {
                    compare(*field, *comparison, *constant);
                }
            });
        }
        Self(starts.map(|set| set.into_iter().collect()))
    }

    /// The cell that a number lies in, cut to the numbers that generated claims use.
    pub(crate) fn around(&self, field: NumberField, number: i32) -> Span {
        let starts = &self.0[position(field)];
        let after = starts.partition_point(|&start| start <= number);
        let low = after.checked_sub(1).map_or(i32::MIN, |at| starts[at]);
        let high = starts.get(after).map_or(i32::MAX, |&next| next - 1);
        let cell = Span { low, high };
        cell.and(domain(field)).unwrap_or(Span {
            low: number,
            high: number,
        })
    }
}

/// How far after the constant the numbers begin to compare otherwise.
const fn edges(comparison: Comparison) -> &'static [i64] {
    match comparison {
        Comparison::AtLeast | Comparison::LessThan => &[0],
        Comparison::AtMost | Comparison::MoreThan => &[1],
        Comparison::Equal => &[0, 1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(comparison: Comparison, constant: i64, wanted: Option<(i32, i32)>) {
        let found = Span::comparing(NumberField::StayDays, comparison, constant);
        assert_eq!(found, wanted.map(|(low, high)| Span { low, high }));
    }

    #[test]
    fn comparisons_become_spans_of_the_domain() {
        check(Comparison::AtLeast, 5, Some((5, 200)));
        check(Comparison::MoreThan, 5, Some((6, 200)));
        check(Comparison::AtMost, 5, Some((1, 5)));
        check(Comparison::LessThan, 5, Some((1, 4)));
        check(Comparison::Equal, 5, Some((5, 5)));
        check(Comparison::LessThan, 1, None);
        check(Comparison::MoreThan, 200, None);
        check(Comparison::AtMost, i64::MAX, Some((1, 200)));
    }

    #[test]
    fn numbers_that_no_rule_tells_apart_share_a_cell() {
        let starts = FIELDS.map(|field| match field {
            NumberField::AgeYears => vec![0, 1, 18],
            _ => vec![domain(field).low],
        });
        let cells = Cells(starts);
        let years = |number| cells.around(NumberField::AgeYears, number);
        assert_eq!(years(0), Span { low: 0, high: 0 });
        assert_eq!(years(17), Span { low: 1, high: 17 });
        assert_eq!(years(40), Span { low: 18, high: 105 });
    }
}
