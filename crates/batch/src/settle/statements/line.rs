//! A line of a statement, and how its numbers are written.

use drgdip_claims::Yuan;
use drgdip_points::{PointValue, Points, Ratio, Rounding};
use rust_decimal::Decimal;

/// A part of a statement. Amounts add up within a part, not across parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Head,
    Cases,
    Classes,
    Points,
    Value,
    Earned,
    Payment,
    Lines,
    Adjustments,
    Prepayment,
    Clearing,
}

impl Section {
    /// As written in the Parquet table.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Cases => "cases",
            Self::Classes => "classes",
            Self::Points => "points",
            Self::Value => "value",
            Self::Earned => "earned",
            Self::Payment => "payment",
            Self::Lines => "lines",
            Self::Adjustments => "adjustments",
            Self::Prepayment => "prepayment",
            Self::Clearing => "clearing",
        }
    }

    const fn chinese(self) -> &'static str {
        match self {
            Self::Head => "表头",
            Self::Cases => "病例",
            Self::Classes => "病例类型",
            Self::Points => "点数",
            Self::Value => "点值",
            Self::Earned => "应得",
            Self::Payment => "支付",
            Self::Lines => "单列",
            Self::Adjustments => "调整",
            Self::Prepayment => "预付",
            Self::Clearing => "清算",
        }
    }

    /// Chinese with English, for people.
    pub(crate) fn title(self) -> String {
        format!("{} {}", self.chinese(), self.code())
    }
}

/// What the quantity of a line counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unit {
    #[default]
    None,
    Points,
    Yuan,
}

impl Unit {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Points => "点 points",
            Self::Yuan => "元 yuan",
        }
    }
}

/// A line: quantity × value = amount, with the arithmetic in words and its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) section: Section,
    /// Chinese with English.
    pub(crate) item: String,
    pub(crate) class: &'static str,
    pub(crate) group: String,
    pub(crate) cases: Option<u64>,
    /// In millionths.
    pub(crate) quantity: Option<i128>,
    pub(crate) unit: Unit,
    /// In millionths.
    pub(crate) value: Option<i128>,
    pub(crate) amount: Option<Yuan>,
    pub(crate) arithmetic: String,
    /// The keys of the policy that the line follows; those that it does not state are left out.
    pub(crate) keys: Vec<&'static str>,
}

impl Line {
    pub(crate) fn new(section: Section, item: impl Into<String>) -> Self {
        Self {
            section,
            item: item.into(),
            class: "",
            group: String::new(),
            cases: None,
            quantity: None,
            unit: Unit::None,
            value: None,
            amount: None,
            arithmetic: String::new(),
            keys: Vec::new(),
        }
    }

    pub(crate) const fn cases(mut self, cases: u64) -> Self {
        self.cases = Some(cases);
        self
    }

    pub(crate) fn points(mut self, points: Points) -> Self {
        self.quantity = Some(i128::from(points.ten_thousandths()) * 100);
        self.unit = Unit::Points;
        self
    }

    pub(crate) fn yuan(mut self, yuan: Yuan) -> Self {
        self.quantity = Some(i128::from(yuan.fen()) * 10_000);
        self.unit = Unit::Yuan;
        self
    }

    /// What one of the quantity is worth; too large a number is left to the arithmetic.
    pub(crate) fn at(mut self, value: &PointValue) -> Self {
        self.value = shown(value).and_then(millionths);
        self
    }

    /// The number that the quantity is multiplied by.
    pub(crate) fn by(mut self, value: Decimal) -> Self {
        self.value = millionths(value);
        self
    }

    pub(crate) const fn amount(mut self, amount: Yuan) -> Self {
        self.amount = Some(amount);
        self
    }

    pub(crate) fn arithmetic(mut self, text: impl Into<String>) -> Self {
        self.arithmetic = text.into();
        self
    }

    pub(crate) fn keys(mut self, keys: &[&'static str]) -> Self {
        self.keys = keys.to_vec();
        self
    }
}

fn millionths(value: Decimal) -> Option<i128> {
    let mut value = value;
    value.rescale(6);
    Some(value.mantissa()).filter(|_| value.scale() == 6)
}

/// Millionths as decimal text without needless zeros.
pub(crate) fn plain(millionths: i128) -> String {
    match i64::try_from(millionths) {
        Ok(small) => Decimal::new(small, 6).normalize().to_string(),
        Err(_) => {
            let (whole, part) = (millionths / 1_000_000, millionths % 1_000_000);
            format!("{whole}.{:06}", part.abs())
        }
    }
}

/// A point value as a calculator needs it: exact where it has at most twelve decimals.
pub(crate) fn value_text(value: &PointValue) -> String {
    match value.published(12, Rounding::HalfAwayFromZero) {
        Ok(shown) => shown.normalize().to_string(),
        Err(_) => value.to_string(),
    }
}

/// A value as lines show it; too large a number is left to the arithmetic.
pub(crate) fn shown(value: &PointValue) -> Option<Decimal> {
    value.published(6, Rounding::HalfAwayFromZero).ok()
}

pub(crate) fn decimal(value: &PointValue) -> Option<Decimal> {
    value.published(12, Rounding::HalfAwayFromZero).ok()
}

pub(crate) fn of_yuan(yuan: Yuan) -> Decimal {
    Decimal::new(yuan.fen(), 2)
}

pub(crate) fn of_points(points: Points) -> Decimal {
    Decimal::new(points.ten_thousandths(), 4)
}

pub(crate) fn of_ratio(ratio: Ratio) -> Decimal {
    Decimal::new(ratio.millionths(), 6).normalize()
}

/// A product with at most six decimals, for people; nothing where it does not fit.
pub(crate) fn product(left: Option<Decimal>, right: Decimal) -> String {
    left.and_then(|left| left.checked_mul(right))
        .map_or_else(|| "…".to_owned(), six)
}

/// A quotient with at most twelve decimals, for people.
pub(crate) fn quotient(left: Option<Decimal>, right: Option<Decimal>) -> String {
    let whole = left.zip(right).and_then(|(l, r)| l.checked_div(r));
    whole.map_or_else(
        || "…".to_owned(),
        |value| {
            value
                .round_dp_with_strategy(12, HALF_UP)
                .normalize()
                .to_string()
        },
    )
}

const HALF_UP: rust_decimal::RoundingStrategy =
    rust_decimal::RoundingStrategy::MidpointAwayFromZero;

/// A number with at most six decimals.
pub(crate) fn six(value: Decimal) -> String {
    let rounded = value.round_dp_with_strategy(6, HALF_UP);
    rounded.normalize().to_string()
}
