use super::*;
use crate::{RuleSet, Sex};

fn limits() -> Limits {
    Limits {
        newborn_days: 29,
        most_age_years: 120,
        upload_days: 30,
        discharge_ways: vec!["1".to_owned(), "5".to_owned()],
        death_way: "5".to_owned(),
        acquired: "4".to_owned(),
        tolerance_fen: 1,
        share_above: 9_500,
        low_stay_days: 2,
        low_cost_below_fen: 50_000,
        day_surgery_units: vec!["day_surgery".to_owned()],
        day_surgery_days: 2,
        upcoding_levels: 2,
        readmission_days: 10,
        extreme_share: 10,
    }
}

/// A claim in which no rule finds anything.
fn clean<'a>(traits: &'a CodeTraits) -> Facts<'a> {
    Facts {
        mandatory: &[("hospital_id", true)],
        sex: Some(Sex::Female),
        age_years: Some(40),
        admitted: Some(100),
        discharged: Some(105),
        uploaded: Some(110),
        stay_days: Some(5),
        icu_hours: Some(20),
        ventilator_hours: Some(20),
        discharge_way: Some("1"),
        principal: Some(Code { text: "A", traits }),
        principal_condition: Some("1"),
        total: Amount::Fen(100_000),
        drugs: Amount::Fen(50_000),
        consumables: Amount::Fen(20_000),
        services: Amount::Fen(30_000),
        fund: Amount::Fen(60_000),
        other_funds: Amount::Fen(10_000),
        patient: Amount::Fen(30_000),
        ..Facts::default()
    }
}

fn found(facts: &Facts<'_>) -> Vec<(Rule, &'static str, String)> {
    let limits = limits();
    let asked = Asked {
        rules: Rule::ALL.iter().copied().collect::<RuleSet>(),
        limits: &limits,
    };
    let mut hits = Vec::new();
    check(facts, asked, |hit| {
        hits.push((hit.rule, hit.column, hit.value))
    });
    hits
}

/// What is found in the clean claim after a change.
#[track_caller]
fn finds(change: impl FnOnce(&mut Facts<'_>), expected: &[(Rule, &'static str, &str)]) {
    let traits = CodeTraits::default();
    let mut facts = clean(&traits);
    change(&mut facts);
    let expected: Vec<_> = expected
        .iter()
        .map(|(r, c, v)| (*r, *c, (*v).to_owned()))
        .collect();
    assert_eq!(found(&facts), expected);
}

/// What is found when the principal diagnosis has some traits.
#[track_caller]
fn finds_of(traits: CodeTraits, change: impl FnOnce(&mut Facts<'_>), expected: &[(Rule, &str)]) {
    let mut facts = clean(&traits);
    change(&mut facts);
    let found: Vec<_> = found(&facts)
        .into_iter()
        .map(|(rule, _, value)| (rule, value))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(r, v)| (*r, (*v).to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_clean_claim_has_no_finding() {
    finds(|_| {}, &[]);
}

#[test]
fn what_must_be_filled_in_is_asked_for() {
    use Rule::*;
    finds(
        |facts| facts.mandatory = &[("hospital_id", false), ("region", true)],
        &[(MandatoryMissing, "hospital_id", "")],
    );
    finds(
        |facts| facts.principal = None,
        &[(PrincipalMissing, "principal_diagnosis", "")],
    );
    let traits = CodeTraits::default();
    let mut facts = clean(&traits);
    facts.principal = Some(Code {
        text: "A；B",
        traits: &traits,
    });
    assert_eq!(found(&facts)[0].0, PrincipalNotOne);
    let others = [Code {
        text: "P",
        traits: &traits,
    }];
    let mut facts = clean(&traits);
    facts.other_procedures = &others;
    assert_eq!(
        found(&facts),
        [(MainProcedureMissing, "main_procedure", "P".to_owned())]
    );
    finds(
        |facts| {
            facts.drugs = Amount::Absent;
            facts.consumables = Amount::Absent;
            facts.services = Amount::Absent;
        },
        &[(CostItemsMissing, "total_cost", "")],
    );
    finds(
        |facts| facts.discharge_way = None,
        &[(DischargeWayUnknown, "discharge_way", "")],
    );
    finds(
        |facts| facts.discharge_way = Some("7"),
        &[(DischargeWayUnknown, "discharge_way", "7")],
    );
}

#[test]
fn a_newborn_needs_one_of_the_weights_below_the_limit_only() {
    use Rule::NewbornWeightMissing;
    let infant = |days| {
        move |facts: &mut Facts<'_>| {
            facts.age_years = Some(0);
            facts.age_days = Some(days);
        }
    };
    finds(infant(28), &[(NewbornWeightMissing, "birth_weight_g", "")]);
    finds(infant(29), &[]);
    finds(
        |facts| {
            infant(28)(facts);
            facts.admission_weight_g = Some(3_000);
        },
        &[],
    );
}

#[test]
fn dates_and_days_must_fit_each_other() {
    use Rule::*;
    finds(
        |facts| facts.admitted = Some(106),
        &[(DischargeBeforeAdmission, "discharge_date", "-1")],
    );
    finds(
        |facts| facts.stay_days = Some(6),
        &[(StayDaysDiffer, "stay_days", "6")],
    );
    finds(
        |facts| {
            facts.admitted = Some(105);
            facts.stay_days = Some(1);
        },
        &[],
    );
    finds(|facts| facts.icu_hours = Some(144), &[]);
    finds(
        |facts| facts.icu_hours = Some(145),
        &[(IntensiveCareExceedsStay, "icu_hours", "145")],
    );
    finds(
        |facts| facts.icu_days = Some(7),
        &[(IntensiveCareExceedsStay, "icu_days", "7")],
    );
    finds(|facts| facts.uploaded = Some(135), &[]);
    finds(
        |facts| facts.uploaded = Some(136),
        &[(UploadedLate, "uploaded_at", "31")],
    );
}

#[test]
fn ages_must_be_possible_and_years_and_days_fit() {
    use Rule::AgeImplausible;
    finds(|facts| facts.age_years = Some(120), &[]);
    finds(
        |facts| facts.age_years = Some(121),
        &[(AgeImplausible, "age_years", "121")],
    );
    finds(
        |facts| facts.age_years = Some(-1),
        &[(AgeImplausible, "age_years", "-1")],
    );
    finds(
        |facts| facts.age_days = Some(300),
        &[(AgeImplausible, "age_days", "300")],
    );
    finds(|facts| facts.age_days = Some(40 * 365), &[]);
    finds(
        |facts| {
            facts.age_years = Some(0);
            facts.age_days = Some(367);
        },
        &[(AgeImplausible, "age_days", "367")],
    );
}

#[test]
fn what_tables_say_of_codes_is_held_against_the_claim() {
    use Rule::*;
    let of = |change: fn(&mut CodeTraits)| {
        let mut traits = CodeTraits::default();
        change(&mut traits);
        traits
    };
    finds_of(
        of(|t| t.not_in_code_set = true),
        |_| {},
        &[(DiagnosisNotInCodeSet, "A")],
    );
    finds_of(of(|t| t.is_grey = true), |_| {}, &[(GreyPrincipal, "A")]);
    finds_of(
        of(|t| t.mapped = Some("B".to_owned())),
        |_| {},
        &[(CodeMapped, "A → B")],
    );
    finds_of(
        of(|t| t.is_excluded = true),
        |_| {},
        &[(PrincipalExcluded, "A")],
    );
    finds_of(
        of(|t| t.sex = Some(Sex::Male)),
        |_| {},
        &[(SexConflict, "A")],
    );
    finds_of(of(|t| t.sex = Some(Sex::Female)), |_| {}, &[]);
    finds_of(
        of(|t| t.sex = Some(Sex::Male)),
        |facts| facts.sex = None,
        &[],
    );
    finds_of(
        of(|t| t.at_least_years = Some(41)),
        |_| {},
        &[(AgeConflict, "A 40")],
    );
    finds_of(of(|t| t.at_least_years = Some(40)), |_| {}, &[]);
    finds_of(
        of(|t| t.below_years = Some(40)),
        |_| {},
        &[(AgeConflict, "A 40")],
    );
    finds_of(
        of(|t| t.newborn_below_days = Some(29)),
        |_| {},
        &[(NewbornConflict, "A 40")],
    );
    finds_of(
        of(|t| t.companion = Some("Z".to_owned())),
        |_| {},
        &[(OutcomeMissing, "A")],
    );
    finds_of(of(|t| t.companion = Some("A".to_owned())), |_| {}, &[]);
    finds_of(
        of(|t| t.means_death = true),
        |_| {},
        &[(DeathConflict, "A")],
    );
    finds_of(
        of(|t| t.means_death = true),
        |facts| facts.discharge_way = Some("5"),
        &[],
    );
    finds(
        |facts| facts.principal_condition = Some("4"),
        &[(PrincipalAcquired, "admission_conditions", "4")],
    );
}

#[test]
fn the_hours_on_a_ventilator_are_those_of_the_procedure() {
    let traits = CodeTraits {
        ventilator_hours: Some((96, i64::MAX)),
        ..CodeTraits::default()
    };
    let none = CodeTraits::default();
    for (hours, expected) in [(95, 1), (96, 0), (97, 0)] {
        let mut facts = clean(&none);
        facts.main_procedure = Some(Code {
            text: "V",
            traits: &traits,
        });
        facts.ventilator_hours = Some(hours);
        facts.discharged = Some(1_000);
        facts.stay_days = Some(900);
        let hits = found(&facts);
        let conflicts = hits
            .iter()
            .filter(|(rule, ..)| *rule == Rule::VentilatorConflict);
        assert_eq!(conflicts.count(), expected, "{hours} hours");
    }
}

#[test]
fn a_code_that_stands_twice_is_said_once() {
    let traits = CodeTraits::default();
    let code = |text| Code {
        text,
        traits: &traits,
    };
    let others = ["B", "A", "A", "C", "B"].map(code);
    let mut facts = clean(&traits);
    facts.other_diagnoses = &others;
    let repeated = |text: &str| (Rule::CodeRepeated, "other_diagnoses", text.to_owned());
    assert_eq!(found(&facts), [repeated("A"), repeated("B")]);
}

#[test]
fn amounts_must_fit_each_other_to_the_fen() {
    use Rule::*;
    finds(|facts| facts.drugs = Amount::Fen(50_001), &[]);
    finds(
        |facts| facts.drugs = Amount::Fen(50_002),
        &[(PartsExceedTotal, "total_cost", "1000.00")],
    );
    finds(|facts| facts.patient = Amount::Fen(30_001), &[]);
    finds(
        |facts| facts.patient = Amount::Fen(29_998),
        &[(PayersDiffer, "total_cost", "1000.00")],
    );
    finds(|facts| facts.patient = Amount::Absent, &[]);
    finds(
        |facts| {
            facts.services = Amount::Fen(-1);
            facts.patient = Amount::Unusable;
        },
        &[
            (AmountNegative, "service_cost", "-0.01"),
            (AmountUnusable, "patient_paid", ""),
        ],
    );
    finds(
        |facts| {
            facts.drugs = Amount::Fen(95_001);
            facts.consumables = Amount::Absent;
            facts.services = Amount::Absent;
        },
        &[(DrugShareHigh, "drug_cost", "950.01")],
    );
    finds(
        |facts| {
            facts.total = Amount::Fen(i64::MAX);
            facts.fund = Amount::Fen(i64::MAX);
            facts.other_funds = Amount::Fen(i64::MAX);
        },
        &[(PayersDiffer, "total_cost", "92233720368547758.07")],
    );
}

#[test]
fn short_and_cheap_stays_and_long_day_surgery_are_conspicuous() {
    use Rule::*;
    finds(
        |facts| {
            facts.discharged = Some(102);
            facts.stay_days = Some(2);
            facts.icu_hours = None;
            facts.ventilator_hours = None;
            facts.total = Amount::Fen(49_999);
            facts.drugs = Amount::Fen(1);
            facts.consumables = Amount::Absent;
            facts.services = Amount::Absent;
            facts.fund = Amount::Absent;
        },
        &[(LowStandard, "stay_days", "2")],
    );
    static LIFT: std::sync::LazyLock<[Lift; 2]> = std::sync::LazyLock::new(|| {
        [1, 2].map(|levels| Lift {
            levels,
            says: "m A5 → A1".to_owned(),
        })
    });
    finds(|facts| facts.lift = Some(&LIFT[0]), &[]);
    finds(
        |facts| facts.lift = Some(&LIFT[1]),
        &[(Upcoding, "other_diagnoses", "m A5 → A1")],
    );
    finds(
        |facts| facts.payment_unit = Some("day_surgery"),
        &[(DaySurgeryLong, "stay_days", "5")],
    );
}

#[test]
fn a_reversal_is_only_asked_for_what_every_row_has() {
    finds(
        |facts| {
            facts.is_reversal = true;
            facts.total = Amount::Fen(-100_000);
            facts.principal = None;
        },
        &[],
    );
}

#[test]
fn a_rule_that_is_not_asked_finds_nothing() {
    let traits = CodeTraits::default();
    let mut facts = clean(&traits);
    facts.principal = None;
    let limits = limits();
    let asked = Asked {
        rules: RuleSet::default(),
        limits: &limits,
    };
    check(&facts, asked, |hit| panic!("{hit:?}"));
}

#[test]
fn stays_overlap_by_nights_and_not_by_the_day_of_a_transfer() {
    let stay = |admitted, discharged| Stay {
        admitted,
        discharged,
    };
    for (a, b, expected) in [
        (stay(1, 5), stay(5, 9), false),
        (stay(1, 5), stay(4, 9), true),
        (stay(1, 9), stay(3, 4), true),
        (stay(3, 3), stay(3, 3), true),
        (stay(1, 3), stay(3, 3), false),
        (stay(1, 9), stay(3, 3), true),
        (stay(1, 2), stay(8, 9), false),
    ] {
        assert_eq!(overlaps(a, b), expected, "{a:?} {b:?}");
        assert_eq!(overlaps(b, a), expected, "{b:?} {a:?}");
    }
    assert!(readmits(stay(1, 5), stay(15, 20), 10));
    assert!(!readmits(stay(1, 5), stay(16, 20), 10));
    assert!(!readmits(stay(5, 9), stay(1, 4), 10));
}
