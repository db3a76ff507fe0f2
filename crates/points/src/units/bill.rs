//! What a case cost, item by item, and which part of its pay pays which item.

use crate::{Error, Points};
use drgdip_claims::Yuan;
use drgdip_tables::policy::Line;
use std::fmt;

/// A part of what a case cost that is paid in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostItem {
    /// Everything that no other item of the bill names.
    Stay,
    /// A drug, consumable or service by its code.
    Item(String),
    /// The days of the stay from the first to the last, both included, counted from 1.
    Days(u32, u32),
    /// An instalment of what the stay cost, from 1.
    Instalment(u8),
}

impl fmt::Display for CostItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stay => f.write_str("the stay"),
            Self::Item(code) => write!(f, "the item {code}"),
            Self::Days(first, last) => write!(f, "the days {first} to {last}"),
            Self::Instalment(number) => write!(f, "instalment {number}"),
        }
    }
}

/// Points for some cost items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsPart {
    /// Zero or more.
    pub points: Points,
    /// What they pay.
    pub items: Vec<CostItem>,
}

/// An amount on a line for some cost items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePart {
    /// The line.
    pub line: Line,
    /// Zero or more; what it is paid depends on the budget of the line.
    pub amount: Yuan,
    /// What it pays.
    pub items: Vec<CostItem>,
}

/// What a unit yields for one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yield {
    /// Only points.
    Points(PointsPart),
    /// Only an amount on one line.
    Line(LinePart),
    /// Points, and lines for other cost items, or several lines.
    Both(Split),
}

/// Points and lines that have no cost item in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    points: Option<PointsPart>,
    lines: Vec<LinePart>,
}

impl Split {
    /// The points, where there are any.
    #[must_use]
    pub const fn points(&self) -> Option<&PointsPart> {
        self.points.as_ref()
    }

    /// The lines, in their order.
    #[must_use]
    pub fn lines(&self) -> &[LinePart] {
        &self.lines
    }
}

/// The cost items of one case; each is paid in exactly one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    case_id: String,
    items: Vec<CostItem>,
}

impl Bill {
    /// A bill with these items.
    ///
    /// Errors: an item stands twice, days overlap, or the whole stay stands beside days or
    /// instalments of it.
    pub fn new(case_id: &str, mut items: Vec<CostItem>) -> Result<Self, Error> {
        items.sort();
        for (index, item) in items.iter().enumerate() {
            let later = items.iter().skip(index.saturating_add(1));
            if let Some(other) = later.into_iter().find(|other| item.shares_with(other)) {
                return Err(Error::ItemPaidTwice {
                    case_id: case_id.to_owned(),
                    item: other.to_string(),
                });
            }
        }
        Ok(Self {
            case_id: case_id.to_owned(),
            items,
        })
    }

    /// A bill of one item, the stay.
    #[must_use]
    pub fn of_stay(case_id: &str) -> Self {
        Self {
            case_id: case_id.to_owned(),
            items: vec![CostItem::Stay],
        }
    }

    /// The case.
    #[must_use]
    pub fn case_id(&self) -> &str {
        &self.case_id
    }

    /// Its items, sorted.
    #[must_use]
    pub fn items(&self) -> &[CostItem] {
        &self.items
    }

    /// What the parts yield together.
    ///
    /// Points parts are added up, and so are parts on the same line. A part without items pays
    /// nothing. Errors: an item of the bill is paid twice or not at all, a part pays something
    /// that is not on the bill, points or amounts below zero, or a sum that does not fit.
    pub fn pay(&self, points: Vec<PointsPart>, lines: Vec<LinePart>) -> Result<Yield, Error> {
        self.check(&points, &lines)?;
        let points = add_points(points)?;
        let mut lines = add_lines(lines)?;
        match (points, lines.len()) {
            (Some(points), 0) => Ok(Yield::Points(points)),
            (None, 1) => Ok(Yield::Line(lines.remove(0))),
            (points, _) => Ok(Yield::Both(Split { points, lines })),
        }
    }

    fn check(&self, points: &[PointsPart], lines: &[LinePart]) -> Result<(), Error> {
        let by_points = points.iter().flat_map(|part| &part.items);
        let by_lines = lines.iter().flat_map(|part| &part.items);
        let mut paid: Vec<&CostItem> = by_points.chain(by_lines).collect();
        paid.sort();
        if let Some(pair) = paid.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.wrong(pair[0], true));
        }
        let is_paid = |item: &&CostItem| paid.binary_search(item).is_ok();
        if let Some(unpaid) = self.items.iter().find(|item| !is_paid(item)) {
            return Err(self.wrong(unpaid, false));
        }
        match paid.iter().find(|item| !self.items.contains(item)) {
            Some(unknown) => Err(Error::ItemNotOnBill {
                case_id: self.case_id.clone(),
                item: unknown.to_string(),
            }),
            None => Ok(()),
        }
    }

    fn wrong(&self, item: &CostItem, is_twice: bool) -> Error {
        let (case_id, item) = (self.case_id.clone(), item.to_string());
        if is_twice {
            Error::ItemPaidTwice { case_id, item }
        } else {
            Error::ItemUnpaid { case_id, item }
        }
    }
}

impl CostItem {
    /// Whether two items of one bill would be the same cost.
    const fn is_whole_stay_beside(&self, other: &Self) -> bool {
        matches!(self, Self::Stay) && matches!(other, Self::Days(..) | Self::Instalment(_))
    }

    fn shares_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Days(first, last), Self::Days(from, until)) => first <= until && from <= last,
            (Self::Days(..), Self::Instalment(_)) | (Self::Instalment(_), Self::Days(..)) => true,
            _ => {
                self == other
                    || self.is_whole_stay_beside(other)
                    || other.is_whole_stay_beside(self)
            }
        }
    }
}

fn add_points(parts: Vec<PointsPart>) -> Result<Option<PointsPart>, Error> {
    let mut sum: Option<PointsPart> = None;
    for part in parts.into_iter().filter(|part| !part.items.is_empty()) {
        if part.points < Points::ZERO {
            return Err(Error::Negative(part.points.to_string()));
        }
        match &mut sum {
            None => sum = Some(part),
            Some(sum) => {
                sum.points = sum.points.plus(part.points)?;
                sum.items.extend(part.items);
            }
        }
    }
    Ok(sum)
}

fn add_lines(parts: Vec<LinePart>) -> Result<Vec<LinePart>, Error> {
    let mut sums: Vec<LinePart> = Vec::new();
    for part in parts.into_iter().filter(|part| !part.items.is_empty()) {
        super::not_negative(part.amount)?;
        match sums.iter_mut().find(|sum| sum.line == part.line) {
            None => sums.push(part),
            Some(sum) => {
                sum.amount = sum.amount.plus(part.amount)?;
                sum.items.extend(part.items);
            }
        }
    }
    sums.sort_by_key(|part| part.line);
    Ok(sums)
}

impl Yield {
    /// Points for the whole stay.
    #[must_use]
    pub fn stay_points(points: Points) -> Self {
        Self::Points(PointsPart {
            points,
            items: vec![CostItem::Stay],
        })
    }

    /// An amount on a line for the whole stay.
    #[must_use]
    pub fn stay_line(line: Line, amount: Yuan) -> Self {
        Self::Line(LinePart {
            line,
            amount,
            items: vec![CostItem::Stay],
        })
    }

    /// The points, zero where all is on lines.
    #[must_use]
    pub fn points(&self) -> Points {
        match self {
            Self::Points(part) => part.points,
            Self::Line(_) => Points::ZERO,
            Self::Both(split) => split.points().map_or(Points::ZERO, |part| part.points),
        }
    }

    /// The parts on lines.
    #[must_use]
    pub fn lines(&self) -> &[LinePart] {
        match self {
            Self::Points(_) => &[],
            Self::Line(part) => std::slice::from_ref(part),
            Self::Both(split) => split.lines(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(number: i64, items: &[CostItem]) -> PointsPart {
        PointsPart {
            points: Points::from_ten_thousandths(number),
            items: items.to_vec(),
        }
    }

    fn line(line: Line, fen: i64, items: &[CostItem]) -> LinePart {
        LinePart {
            line,
            amount: Yuan::from_fen(fen),
            items: items.to_vec(),
        }
    }

    fn drug() -> CostItem {
        CostItem::Item("D1".to_owned())
    }

    fn bill() -> Bill {
        Bill::new("c1", vec![CostItem::Stay, drug()]).unwrap()
    }

    #[test]
    fn each_item_of_a_bill_is_paid_once() {
        let paid = bill().pay(
            vec![points(5, &[CostItem::Stay])],
            vec![line(Line::NegotiatedDrugs, 7, &[drug()])],
        );
        let paid = paid.unwrap();
        assert_eq!(paid.points(), Points::from_ten_thousandths(5));
        assert_eq!(paid.lines()[0].amount, Yuan::from_fen(7));
        assert!(matches!(paid, Yield::Both(_)));
    }

    #[test]
    fn an_item_that_is_paid_twice_or_never_is_an_error() {
        let both = [CostItem::Stay, drug()];
        let twice = bill().pay(
            vec![points(5, &both)],
            vec![line(Line::NegotiatedDrugs, 7, &[drug()])],
        );
        assert_eq!(
            twice.unwrap_err().to_string(),
            "case c1: the item D1 would be paid twice; let points or one line pay it, not both"
        );
        let never = bill().pay(vec![points(5, &[CostItem::Stay])], Vec::new());
        assert_eq!(
            never.unwrap_err().to_string(),
            "case c1: nothing pays the item D1; name the unit or line that does"
        );
        let unknown = Bill::of_stay("c1").pay(vec![points(5, &both)], Vec::new());
        assert_eq!(
            unknown.unwrap_err().to_string(),
            "case c1: the item D1 would be paid but is not on the bill; add its cost to the claim"
        );
    }

    #[test]
    fn a_bill_names_every_cost_once() {
        let check = |items: &[CostItem]| Bill::new("c1", items.to_vec()).is_ok();
        assert!(check(&[CostItem::Days(1, 60), CostItem::Days(61, 70)]));
        assert!(!check(&[CostItem::Days(1, 60), CostItem::Days(60, 70)]));
        assert!(!check(&[CostItem::Stay, CostItem::Days(60, 70)]));
        assert!(!check(&[CostItem::Stay, CostItem::Instalment(1)]));
        assert!(!check(&[CostItem::Days(1, 2), CostItem::Instalment(1)]));
        assert!(!check(&[CostItem::Stay, drug(), drug()]));
        assert!(check(&[CostItem::Instalment(1), CostItem::Instalment(2)]));
    }

    #[test]
    fn parts_of_one_kind_are_added_up_and_none_may_be_below_zero() {
        let whole = bill().pay(
            vec![points(5, &[CostItem::Stay]), points(2, &[drug()])],
            Vec::new(),
        );
        let whole = whole.unwrap();
        assert_eq!(whole.points(), Points::from_ten_thousandths(7));
        assert!(matches!(whole, Yield::Points(_)));
        let below = bill().pay(
            vec![points(-5, &[CostItem::Stay]), points(9, &[drug()])],
            Vec::new(),
        );
        assert!(matches!(below, Err(Error::Negative(_))));
    }
}
