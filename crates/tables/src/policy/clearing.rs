//! What a policy says about paying months in advance and clearing years (预付, 年度清算).

use super::keys::{Key, Kind, Numeric, Range, numeric, when_asked, words};
use super::problem::PolicyProblem;
use super::resolve::Resolver;
use crate::error::Error;
use rust_decimal::Decimal;

/// How a month is paid in advance of the clearing (月度预付).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PrepayTerms {
    /// α: the share of what a hospital earned that is paid at once.
    pub share: Decimal,
    /// At which value its points count.
    pub value: PrepaidValue,
}

/// At which value the points of a month count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrepaidValue {
    /// At the initial value v0 of the year.
    Initial,
    /// At the values that the month's own budget gives.
    Month,
}

/// How a year is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClearingTerms {
    /// What an assessment of hospitals does to their payment.
    pub assessment: Assessment,
    /// How a surplus is kept and overspending shared between fund and hospital.
    pub hospital_bands: Option<HospitalBands>,
    /// How the budget follows what was really spent in the region.
    pub region_bands: Option<RegionBands>,
}

/// What an assessment (考核) does to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assessment {
    /// Nothing.
    None,
    /// The payment is multiplied by the hospital's coefficient.
    Coefficient,
    /// A margin is held back and released by the score.
    Margin(MarginTerms),
}

/// The quality margin (质量保证金).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MarginTerms {
    /// The share of the payment that is held back.
    pub share: Decimal,
    /// From which score on all of it is released.
    pub full_from: Decimal,
    /// Up to which score none of it is; in between the release is linear.
    pub none_until: Decimal,
}

/// Bands of x = itemised fund cost / points-based payable (结余留用, 合理超支分担).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HospitalBands {
    /// r1: from here up to 1 the hospital keeps the whole surplus.
    pub keep_from: Decimal,
    /// a0: what is paid of the itemised cost below r1.
    pub below_pays: Decimal,
    /// r2: up to here overspending is shared; 1 or more.
    pub share_until: Decimal,
    /// s: the fund's part of the overspending.
    pub fund_share: Decimal,
    /// Whether overspending is shared only where an assessment approves its cause.
    pub needs_approval: bool,
}

/// How a region's budget follows what was spent in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegionBands {
    /// The hospitals' part of a surplus.
    pub surplus_share: Decimal,
    /// The fund's part of a deficit.
    pub deficit_share: Decimal,
}

static ASSESSMENTS: [&str; 3] = ["none", "coefficient", "margin"];
static YES_NO: [&str; 2] = ["yes", "no"];
const VALUES: [(&str, PrepaidValue); 2] = [
    ("initial", PrepaidValue::Initial),
    ("month", PrepaidValue::Month),
];
static VALUE_WORDS: [&str; 2] = words(&VALUES);

const PREPAY_SHARE: &str = "prepay.share";
const PREPAY_VALUE: &str = "prepay.value";
const ASSESSMENT: &str = "clearing.assessment";
const MARGIN_SHARE: &str = "clearing.margin.share";
const MARGIN_FULL: &str = "clearing.margin.full_from";
const MARGIN_NONE: &str = "clearing.margin.none_until";
pub(super) const KEEP_FROM: &str = "clearing.hospital.keep_from";
const BELOW_PAYS: &str = "clearing.hospital.below_pays";
const SHARE_UNTIL: &str = "clearing.hospital.share_until";
const FUND_SHARE: &str = "clearing.hospital.fund_share";
const NEEDS_APPROVAL: &str = "clearing.hospital.needs_approval";
const SURPLUS_SHARE: &str = "clearing.region.surplus_share";
const DEFICIT_SHARE: &str = "clearing.region.deficit_share";

const fn share(unit: &'static str) -> Kind {
    Kind::Number(numeric(unit, Range::ZeroToOne, 6))
}

const OF_PAYABLE: Numeric = numeric("multiple of payable", Range::Positive, 6);
const SCORE: Kind = Kind::Number(numeric("score", Range::NotNegative, 4));

static KEYS: [Key; 13] = [
    when_asked(PREPAY_SHARE, share("share of earnings")),
    when_asked(PREPAY_VALUE, Kind::Word(&VALUE_WORDS)),
    when_asked(ASSESSMENT, Kind::Word(&ASSESSMENTS)),
    when_asked(MARGIN_SHARE, share("share of payment")),
    when_asked(MARGIN_FULL, SCORE),
    when_asked(MARGIN_NONE, SCORE),
    when_asked(KEEP_FROM, share("multiple of payable")),
    when_asked(
        BELOW_PAYS,
        Kind::Number(numeric("ratio", Range::NotNegative, 6)),
    ),
    when_asked(SHARE_UNTIL, Kind::Number(OF_PAYABLE)),
    when_asked(FUND_SHARE, share("share of overspending")),
    when_asked(NEEDS_APPROVAL, Kind::Word(&YES_NO)),
    when_asked(SURPLUS_SHARE, share("share of surplus")),
    when_asked(DEFICIT_SHARE, share("share of deficit")),
];

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

/// How months are paid, where the policy says so.
pub(super) fn prepay(resolver: &Resolver<'_>) -> Result<Option<PrepayTerms>, Error> {
    let Some(share) = resolver.optional_number(PREPAY_SHARE) else {
        return Ok(None);
    };
    let value = resolver.choice(PREPAY_VALUE, &VALUES)?;
    Ok(Some(PrepayTerms { share, value }))
}

/// How a year is cleared; what a policy leaves out does nothing.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<ClearingTerms, Error> {
    Ok(ClearingTerms {
        assessment: assessment(resolver)?,
        hospital_bands: hospital_bands(resolver)?,
        region_bands: match resolver.optional_number(SURPLUS_SHARE) {
            None => None,
            Some(surplus_share) => Some(RegionBands {
                surplus_share,
                deficit_share: resolver.number(DEFICIT_SHARE)?,
            }),
        },
    })
}

fn assessment(resolver: &Resolver<'_>) -> Result<Assessment, Error> {
    let word = resolver.optional(ASSESSMENT).map(ToString::to_string);
    match word.as_deref() {
        Some("coefficient") => Ok(Assessment::Coefficient),
        Some("margin") => {
            let margin = MarginTerms {
                share: resolver.number(MARGIN_SHARE)?,
                full_from: resolver.number(MARGIN_FULL)?,
                none_until: resolver.number(MARGIN_NONE)?,
            };
            let bounds = (margin.none_until, margin.full_from);
            check_order(resolver, MARGIN_NONE, bounds, MARGIN_FULL)?;
            Ok(Assessment::Margin(margin))
        }
        _ => Ok(Assessment::None),
    }
}

fn hospital_bands(resolver: &Resolver<'_>) -> Result<Option<HospitalBands>, Error> {
    let Some(keep_from) = resolver.optional_number(KEEP_FROM) else {
        return Ok(None);
    };
    let bands = HospitalBands {
        keep_from,
        below_pays: resolver.number(BELOW_PAYS)?,
        share_until: resolver.number(SHARE_UNTIL)?,
        fund_share: resolver.number(FUND_SHARE)?,
        needs_approval: resolver.word(NEEDS_APPROVAL)? == "yes",
    };
    if bands.share_until < Decimal::ONE {
        let problem = PolicyProblem::OutOfRange {
            text: bands.share_until.to_string(),
            range: "1 or more".to_owned(),
        };
        return Err(resolver.wrong(SHARE_UNTIL, problem));
    }
    Ok(Some(bands))
}

fn check_order(
    resolver: &Resolver<'_>,
    key: &'static str,
    (lower, upper): (Decimal, Decimal),
    other: &'static str,
) -> Result<(), Error> {
    if lower < upper {
        return Ok(());
    }
    let problem = PolicyProblem::BoundsCross {
        lower: lower.to_string(),
        upper: upper.to_string(),
        other,
    };
    Err(resolver.wrong(key, problem))
}
