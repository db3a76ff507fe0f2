//! The rows of `units.parquet`, line by line and party by party.

use super::{Asked, AskedParty, overflow, total};
use crate::Error;
use drgdip_claims::Yuan;
use drgdip_points::units::{LineInput, LineSettlement};
use drgdip_tables::policy::{Line, Overrun};

/// What a row of `units.parquet` states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::settle) enum Role {
    /// A number or an amount on the way.
    Step,
    /// What the party asks of the line.
    Asked,
    /// What it is paid.
    Paid,
    /// What is owed to it out of the next budget.
    Owed,
    /// What is asked, not paid and not owed.
    Cut,
    /// What the party has to bear itself, outside the line.
    Borne,
    /// What the line has.
    Budget,
    /// What the reserve adds to it.
    Supplement,
    /// What the line had left over the year before.
    Brought,
    /// What the line owed from the year before.
    OwedBefore,
    /// What of that is paid now.
    PaidOwed,
    /// What of the line goes into its next budget.
    Carried,
    /// What of it goes back to the reserve.
    Returned,
}

impl Role {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Asked => "asked",
            Self::Paid => "paid",
            Self::Owed => "owed",
            Self::Cut => "cut",
            Self::Borne => "borne",
            Self::Budget => "budget",
            Self::Supplement => "supplement",
            Self::Brought => "brought_forward",
            Self::OwedBefore => "owed_before",
            Self::PaidOwed => "paid_owed",
            Self::Carried => "carried_forward",
            Self::Returned => "returned",
        }
    }

    const fn item(self) -> &'static str {
        match self {
            Self::Step => "",
            Self::Asked => "向单列预算申请 asked of the line",
            Self::Paid => "由单列预算支付 paid from the line",
            Self::Owed => "结转欠付 owed from the next budget",
            Self::Cut => "超预算核减 cut above the budget",
            Self::Borne => "医联体自担 borne by the alliance",
            Self::Budget => "单列预算 budget of the line",
            Self::Supplement => "预留金补足 supplement from the reserve",
            Self::Brought => "上年结余结转 brought forward",
            Self::OwedBefore => "上年欠付 owed from the year before",
            Self::PaidOwed => "偿付上年欠付 paid of what was owed",
            Self::Carried => "结转下期 carried forward",
            Self::Returned => "退回预留金 returned to the reserve",
        }
    }
}

/// Who a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::settle) struct Party {
    /// `alliance`, `team`, `hospital`, or `line` for the line as a whole.
    pub(in crate::settle) kind: &'static str,
    pub(in crate::settle) id: String,
    /// The hospital that a team belongs to.
    pub(in crate::settle) hospital: String,
}

/// A row of `units.parquet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::settle) struct UnitRow {
    pub(in crate::settle) region: String,
    pub(in crate::settle) line: Line,
    pub(in crate::settle) party: Party,
    pub(in crate::settle) role: Role,
    /// In Chinese and English.
    pub(in crate::settle) item: String,
    /// In ten-thousandths: persons, months, days, scores.
    pub(in crate::settle) quantity: Option<i64>,
    pub(in crate::settle) amount: Option<Yuan>,
    /// How, so that it can be redone with a calculator.
    pub(in crate::settle) arithmetic: String,
    pub(in crate::settle) keys: &'static [&'static str],
}

/// What a line owed from the year before, and pays of it.
pub(super) struct Debts {
    pub(super) owed: Yuan,
    pub(super) paid: Yuan,
}

impl Debts {
    /// `None` where the year before left nothing.
    pub(super) fn of(input: &LineInput, settled: &LineSettlement) -> Result<Option<Self>, Error> {
        let is_left = !input.owed.is_empty() || input.brought_forward != Yuan::ZERO;
        let paid = Yuan::total(settled.paid_owed.iter().copied()).map_err(overflow)?;
        let owed = total(&input.owed)?;
        Ok(is_left.then_some(Self { owed, paid }))
    }
}

/// The rule of a line above its budget.
const fn overrun_keys(line: Line) -> &'static [&'static str] {
    match line {
        Line::ChronicPackages => &["unit.community.packages_overrun"],
        Line::HomeBeds => &["unit.community.home_bed_overrun"],
        Line::FamilyDoctor => &["unit.family_doctor.overrun"],
        _ => &[],
    }
}

/// Makes the rows of a line.
pub(super) struct RowMaker<'m> {
    pub(super) region: &'m str,
    pub(super) line: Line,
    pub(super) rows: &'m mut Vec<UnitRow>,
}

impl RowMaker<'_> {
    /// What parties are owed from the year before, and paid of it.
    pub(super) fn debts(
        &mut self,
        asked: &Asked,
        (input, settled): (&LineInput, &LineSettlement),
    ) -> Result<(), Error> {
        for (claim, paid) in input.owed.iter().zip(&settled.paid_owed) {
            let known = asked
                .parties
                .iter()
                .find(|asked| asked.party.id == claim.key);
            let unknown = || Party {
                kind: "party",
                id: claim.key.clone(),
                hospital: String::new(),
            };
            let party = known.map_or_else(unknown, |asked| asked.party.clone());
            let missing = claim.amount.minus(*paid).map_err(overflow)?;
            self.amount(&party, Role::OwedBefore, claim.amount);
            self.amount(&party, Role::PaidOwed, *paid);
            if missing != Yuan::ZERO {
                let role = match input.overrun {
                    Overrun::CarryOver => Role::Owed,
                    Overrun::Supplement | Overrun::ProRata => Role::Cut,
                };
                self.amount(&party, role, missing);
            }
        }
        Ok(())
    }

    pub(super) fn party(
        &mut self,
        asked: AskedParty,
        (paid, overrun): (Yuan, Overrun),
    ) -> Result<(), Error> {
        let party = asked.party;
        for step in asked.steps {
            self.rows.push(UnitRow {
                region: self.region.to_owned(),
                line: self.line,
                party: party.clone(),
                role: Role::Step,
                item: step.item,
                quantity: step.quantity,
                amount: step.amount,
                arithmetic: step.arithmetic,
                keys: step.keys,
            });
        }
        let missing = asked.amount.minus(paid).map_err(overflow)?;
        let (owed, cut) = match overrun {
            Overrun::CarryOver => (missing, Yuan::ZERO),
            Overrun::Supplement | Overrun::ProRata => (Yuan::ZERO, missing),
        };
        self.amount(&party, Role::Asked, asked.amount);
        self.amount(&party, Role::Paid, paid);
        for (role, amount) in [(Role::Owed, owed), (Role::Cut, cut)] {
            if amount != Yuan::ZERO {
                self.amount(&party, role, amount);
            }
        }
        if let Some(borne) = asked.borne {
            self.amount(&party, Role::Borne, borne);
        }
        Ok(())
    }

    pub(super) fn amount(&mut self, party: &Party, role: Role, amount: Yuan) {
        self.rows.push(UnitRow {
            region: self.region.to_owned(),
            line: self.line,
            party: party.clone(),
            role,
            item: role.item().to_owned(),
            quantity: None,
            amount: Some(amount),
            arithmetic: String::new(),
            keys: overrun_keys(self.line),
        });
    }
}
