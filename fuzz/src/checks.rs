//! Folders of checks, and claims that are asked by them.

use super::files::files;
use drgdip_claims::check::{Amount, Asked, Code, Facts, check};
use drgdip_claims::{Rule, RuleSet, Sex};
use drgdip_tables::ClaimChecks;
use drgdip_tables::code_set::CodeKind;

/// What claims of any content are put together from.
const CODES: [&str; 6] = ["", "A", "O80.000", "男", "I21.001;", "96.7101"];
const NUMBERS: [i64; 6] = [i64::MIN, -1, 0, 28, 40, i64::MAX];

/// Any files as a folder of checks; what loads can be asked of any claim.
pub fn claim_checks(bytes: &[u8]) -> bool {
    let Ok(checks) = ClaimChecks::of(&files(bytes)) else {
        return false;
    };
    let rules: RuleSet = Rule::ALL.iter().copied().collect();
    for number in NUMBERS {
        for text in CODES {
            let traits = checks.codes.traits(CodeKind::Diagnosis, text);
            let of_procedure = checks.codes.traits(CodeKind::Procedure, text);
            let code = Code {
                text,
                traits: &traits,
            };
            let procedure = Code {
                text,
                traits: &of_procedure,
            };
            let facts = Facts {
                sex: Sex::from_code(number.saturating_add(1)),
                age_years: Some(number),
                age_days: Some(number),
                admitted: Some(number),
                discharged: Some(number.saturating_sub(1)),
                uploaded: Some(i64::MAX),
                stay_days: Some(number),
                icu_hours: Some(number),
                ventilator_hours: Some(number),
                discharge_way: Some(text),
                principal: Some(code),
                other_diagnoses: &[code, code],
                main_procedure: Some(procedure),
                total: Amount::Fen(number),
                drugs: Amount::Fen(number),
                fund: Amount::Fen(i64::MAX),
                other_funds: Amount::Fen(i64::MAX),
                patient: Amount::Fen(number),
                ..Facts::default()
            };
            let limits = &checks.limits;
            check(&facts, Asked { rules, limits }, |hit| {
                assert!(
                    !hit.column.is_empty(),
                    "{} is about no column",
                    hit.rule.code()
                );
            });
        }
    }
    true
}
