//! What is known of groups, and decisions on single cases.

use super::cells::Row;
use super::rows::Keys;
use super::table::TextTable;
use crate::Error;
use drgdip_claims::Yuan;

/// What is known of a group: in the region, at a level of hospitals, or in one hospital.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMean {
    /// The group.
    pub group: String,
    /// The level; `None` is all levels.
    pub level: Option<String>,
    /// The hospital; `None` is all hospitals.
    pub hospital_id: Option<String>,
    /// The mean cost of a case.
    pub mean_cost: Option<Yuan>,
    /// What of it are drugs.
    pub mean_drug: Option<Yuan>,
    /// What of it are consumables.
    pub mean_consumable: Option<Yuan>,
    /// What of it are services.
    pub mean_service: Option<Yuan>,
    /// The mean stay in ten-thousandths of a day.
    pub stay_days: Option<i64>,
    /// How many cases the means are of.
    pub cases: Option<i64>,
    /// The coefficient of variation of the costs, in ten-thousandths.
    pub variation: Option<i64>,
}

/// A decision on a case that was put to experts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The case.
    pub case_id: String,
    /// The approved amount; `None` is the whole cost.
    pub amount: Option<Yuan>,
    /// Whether it was approved.
    pub is_approved: bool,
}

/// Reads what is known of groups; no two rows are of the same group, level and hospital.
pub(super) fn groups(table: &TextTable) -> Result<Vec<GroupMean>, Error> {
    let mut groups = Vec::new();
    let mut keys = Keys::new(table);
    for row in Row::all(table) {
        let mean = |column| row.text(column).map(|_| row.yuan(column)).transpose();
        let group = GroupMean {
            group: row.required("group")?,
            level: row.text("level"),
            hospital_id: row.text("hospital_id"),
            mean_cost: mean("mean_cost")?,
            mean_drug: mean("mean_drug")?,
            mean_consumable: mean("mean_consumable")?,
            mean_service: mean("mean_service")?,
            stay_days: row.ten_thousandths("stay_days")?,
            cases: row.whole("cases")?,
            variation: row.ten_thousandths("cv")?,
        };
        let or_empty = |part: &Option<String>| part.clone().unwrap_or_default();
        let key = vec![
            group.group.clone(),
            or_empty(&group.level),
            or_empty(&group.hospital_id),
        ];
        keys.add(row, "group", key)?;
        groups.push(group);
    }
    Ok(groups)
}

/// Reads the decisions; a case has one.
pub(super) fn reviews(table: &TextTable) -> Result<Vec<Review>, Error> {
    let mut reviews = Vec::new();
    let mut keys = Keys::new(table);
    for row in Row::all(table) {
        let decision = row.required("decision")?;
        let is_approved = match decision.as_str() {
            "approved" => true,
            "refused" => false,
            other => {
                let problem = format!("{other:?} is neither approved nor refused.");
                return Err(row.wrong("decision", problem));
            }
        };
        let amount = row.text("amount").map(|_| row.yuan("amount"));
        let review = Review {
            case_id: row.required("case_id")?,
            amount: amount.transpose()?,
            is_approved,
        };
        keys.add(row, "case_id", vec![review.case_id.clone()])?;
        reviews.push(review);
    }
    Ok(reviews)
}
