//! Capitation of tight alliances (紧密型医联体按人头付费).
//!
//! Source: a model, `policies/units.md`, Capitation; the numbers of the tests were computed by
//! hand.

use super::{money, not_negative, yuan};
use crate::exact::Exact;
use crate::{Error, Ratio, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::CapitationTerms;
use std::collections::BTreeMap;

/// What an alliance may spend on its members in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capitation {
    /// `Cap = Σ N × c × risk × (1 + trend)`.
    pub cap: Yuan,
    /// What is kept back of it.
    pub reserve: Yuan,
    /// `Net = Cap × (1 − reserve)`.
    pub net: Yuan,
}

/// The capitation of an alliance by its members in each band.
///
/// Cap and Net are exact until each is rounded once; what is kept back is the difference. Errors:
/// a band without a rate, or an amount that does not fit.
pub fn capitation(
    members: &BTreeMap<String, u64>,
    terms: &CapitationTerms,
    rounding: Rounding,
) -> Result<Capitation, Error> {
    let one = Exact::whole(1);
    let mut sum = Exact::zero();
    for (band, number) in members {
        let rate = terms.rates.get(band);
        let rate = rate.ok_or_else(|| Error::NoCapitationRate(band.clone()))?;
        let person = Exact::fraction(rate.rate_fen, 100).times(&Exact::decimal(rate.risk));
        sum = sum.plus(&Exact::whole(*number).times(&person));
    }
    let cap = sum.times(&one.plus(&Exact::decimal(terms.trend)));
    let net = cap.times(&one.minus(&Exact::decimal(terms.reserve_share)));
    let (cap, net) = (yuan(&cap, rounding)?, yuan(&net, rounding)?);
    Ok(Capitation {
        cap,
        reserve: cap.minus(net)?,
        net,
    })
}

/// What the fund spent on a person, inside and outside the alliance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonSpend {
    /// Inside.
    pub inside: Yuan,
    /// Outside, at what the fund really paid, points times value.
    pub outside: Yuan,
}

/// `Spend`: all that the fund spent on the members, with the stop-loss of each person.
///
/// Above the stop-loss X a person is charged `X + (1 − σ) × (spend − X)`. The sum is rounded once.
/// Errors: an amount below zero, or one that does not fit.
pub fn spend(
    persons: &[PersonSpend],
    terms: &CapitationTerms,
    rounding: Rounding,
) -> Result<Yuan, Error> {
    let charged_share = Exact::whole(1).minus(&Exact::decimal(terms.stop_loss_share));
    let mut sum = Exact::zero();
    for person in persons {
        let all = not_negative(person.inside)?.plus(not_negative(person.outside)?)?;
        let full = match terms.stop_loss_fen.map(Yuan::from_fen) {
            Some(limit) if all > limit => {
                let above = money(all.minus(limit)?);
                sum = sum.plus(&above.times(&charged_share));
                limit
            }
            _ => all,
        };
        sum = sum.plus(&money(full));
    }
    yuan(&sum, rounding)
}

/// The assessment of an alliance, from 0 to 1: the weighed scores of its parts.
///
/// A part without a score counts nothing. Errors: a score above 1.
pub fn assessment(
    scores: &BTreeMap<String, Ratio>,
    terms: &CapitationTerms,
) -> Result<Ratio, Error> {
    let mut sum = Exact::zero();
    for (part, weight) in &terms.assessment {
        let score = scores.get(part).copied();
        if score.is_some_and(|score| score > Ratio::ONE) {
            return Err(Error::ScoreAboveOne(part.clone()));
        }
        let score = score.map_or(0, Ratio::millionths);
        let score = Exact::fraction(score, 1_000_000);
        sum = sum.plus(&score.times(&Exact::decimal(*weight)));
    }
    let millionths = sum.to_i64(Ratio::PLACES, Rounding::HalfAwayFromZero, "assessment")?;
    Ratio::from_millionths(millionths)
}

/// How the difference between Net and Spend is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapitationSettlement {
    /// What of a surplus the alliance keeps.
    pub kept: Yuan,
    /// What of it goes back to the fund.
    pub returned: Yuan,
    /// What of an excess the fund adds.
    pub fund_adds: Yuan,
    /// What of it the alliance bears.
    pub alliance_bears: Yuan,
}

/// Shares a surplus by the assessment, and an excess between fund and alliance.
///
/// Below Net the alliance keeps the surplus times the assessment. Up to `(1 + u) × Net` the fund
/// bears s of the excess, and nothing of what goes beyond. Spend + kept + returned = Net + fund
/// adds + alliance bears, to the fen. Errors: an amount below zero, or one that does not fit.
pub fn settle(
    net: Yuan,
    spend: Yuan,
    assessment: Ratio,
    (terms, rounding): (&CapitationTerms, Rounding),
) -> Result<CapitationSettlement, Error> {
    let (net, spend) = (not_negative(net)?, not_negative(spend)?);
    if spend <= net {
        let surplus = net.minus(spend)?;
        let share = Exact::fraction(assessment.millionths(), 1_000_000);
        let kept = yuan(&money(surplus).times(&share), rounding)?.min(surplus);
        return Ok(CapitationSettlement {
            kept,
            returned: surplus.minus(kept)?,
            ..CapitationSettlement::default()
        });
    }
    let excess = spend.minus(net)?;
    let most = money(net).times(&Exact::decimal(terms.overspend_limit));
    let shared = money(excess).min(most);
    let share = Exact::decimal(terms.fund_share);
    let fund_adds = yuan(&shared.times(&share), rounding)?;
    Ok(CapitationSettlement {
        fund_adds,
        alliance_bears: excess.minus(fund_adds)?,
        ..CapitationSettlement::default()
    })
}

#[cfg(test)]
pub(super) mod testing {
    use drgdip_tables::policy::{CapitationRate, CapitationTerms};
    use rust_decimal::Decimal;
    use std::collections::BTreeMap;

    /// Terms of numbers computed by hand: 5 % reserve, u = 0.1, s = 0.5.
    pub(in crate::units) fn terms() -> CapitationTerms {
        let rate = |band: &str, yuan: i64| {
            let rate = CapitationRate {
                title: band.to_owned(),
                rate_fen: yuan.saturating_mul(100),
                risk: Decimal::ONE,
            };
            (band.to_owned(), rate)
        };
        CapitationTerms {
            rates: BTreeMap::from([rate("child", 900), rate("adult", 1_500), rate("old", 5_200)]),
            trend: Decimal::ZERO,
            reserve_share: Decimal::new(5, 2),
            stop_loss_fen: None,
            stop_loss_share: Decimal::ZERO,
            overspend_limit: Decimal::new(1, 1),
            fund_share: Decimal::new(5, 1),
            assessment: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::terms;
    use super::*;
    use Rounding::HalfAwayFromZero;
    use rust_decimal::Decimal;

    fn g10() -> Capitation {
        let member = |band: &str, number| (band.to_owned(), number);
        let members = [
            member("child", 20_000),
            member("adult", 60_000),
            member("old", 20_000),
        ];
        capitation(&BTreeMap::from(members), &terms(), HalfAwayFromZero).unwrap()
    }

    #[track_caller]
    fn check(spend: &str, (kept, returned): (&str, &str), (adds, bears): (&str, &str)) {
        let spend: Yuan = spend.parse().unwrap();
        let nine_tenths = "0.9".parse().unwrap();
        let net = g10().net;
        let settled = settle(net, spend, nine_tenths, (&terms(), HalfAwayFromZero)).unwrap();
        assert_eq!(settled.kept.to_string(), kept);
        assert_eq!(settled.returned.to_string(), returned);
        assert_eq!(settled.fund_adds.to_string(), adds);
        assert_eq!(settled.alliance_bears.to_string(), bears);
    }

    #[test]
    fn the_golden_alliance_has_212_million_and_may_spend_201_4() {
        assert_eq!(g10().cap.to_string(), "212000000.00");
        assert_eq!(g10().net.to_string(), "201400000.00");
        assert_eq!(g10().reserve.to_string(), "10600000.00");
    }

    #[test]
    fn the_golden_alliance_keeps_a_surplus_and_shares_an_excess() {
        let none = ("0.00", "0.00");
        check("195000000.00", ("5760000.00", "640000.00"), none);
        check("201400000.00", none, none);
        check("205000000.00", none, ("1800000.00", "1800000.00"));
        check("221540000.00", none, ("10070000.00", "10070000.00"));
        check("230000000.00", none, ("10070000.00", "18530000.00"));
    }

    #[test]
    fn a_band_without_a_rate_is_an_error() {
        let members = BTreeMap::from([("infant".to_owned(), 3)]);
        assert_eq!(
            capitation(&members, &terms(), HalfAwayFromZero)
                .unwrap_err()
                .to_string(),
            "members of the band \"infant\" have no capitation rate; add the band to the rates of \
             the policy, or correct the members input"
        );
    }

    #[test]
    fn what_a_person_costs_above_the_stop_loss_is_charged_in_part() {
        let mut terms = terms();
        terms.stop_loss_fen = Some(10_000_000);
        terms.stop_loss_share = Decimal::new(8, 1);
        let person = |inside: &str, outside: &str| PersonSpend {
            inside: inside.parse().unwrap(),
            outside: outside.parse().unwrap(),
        };
        let of = |person| {
            spend(&[person], &terms, HalfAwayFromZero)
                .unwrap()
                .to_string()
        };
        assert_eq!(of(person("60000.00", "40000.00")), "100000.00");
        assert_eq!(of(person("60000.00", "40000.10")), "100000.02");
        assert_eq!(of(person("0.00", "200000.00")), "120000.00");
    }

    #[test]
    fn the_parts_of_an_assessment_are_weighed() {
        let mut terms = terms();
        let half = Decimal::new(5, 1);
        let part = |name: &str| (name.to_owned(), half);
        terms.assessment = BTreeMap::from([part("referral_down"), part("cost")]);
        let score = |name: &str, text: &str| (name.to_owned(), text.parse().unwrap());
        let scores = BTreeMap::from([score("referral_down", "0.8"), score("other", "0.1")]);
        assert_eq!(assessment(&scores, &terms).unwrap().to_string(), "0.400000");
        let above = BTreeMap::from([score("cost", "80")]);
        assert_eq!(
            assessment(&above, &terms).unwrap_err().to_string(),
            "the score of \"cost\" is above 1; write scores as shares of the whole, such as 0.9"
        );
    }
}
