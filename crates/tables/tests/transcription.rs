//! The groups of a bundled plan against the facts that it was made from, where those are at hand.
//!
//! `DRGDIP_REFERENCE` is the absolute path of the folder that has them (`shanghai-drg-2.0`).
//! Nothing is compared where it is not set, and a folder that lacks them is a failure.

use drgdip_tables::load_plan;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// A row of facts: its cells by the name of their column.
type Row = HashMap<String, String>;

fn facts(name: &str) -> Option<Vec<Row>> {
    let root = std::env::var_os("DRGDIP_REFERENCE")?;
    let path = Path::new(&root).join("shanghai-drg-2.0").join(name);
    let mut reader = csv::Reader::from_path(path).expect("a table");
    Some(
        reader
            .deserialize()
            .map(|row| row.expect("a row"))
            .collect(),
    )
}

/// The rule that the conditions of a row stand for, with each list as its entries.
fn expected(row: &Row, lists: &HashMap<&str, Vec<&str>>) -> String {
    let listed = |column: &str| {
        let mut codes = lists[row[column].as_str()].clone();
        codes.sort_unstable();
        codes.join(" ")
    };
    let parts = row["conditions"].split(';').filter_map(|condition| {
        Some(match condition {
            "ADRG_ONLY" | "NO_CC" => return None,
            "DEATH" => "discharge in (5)".to_owned(),
            "AGE_LT_18" => "age_years < 18".to_owned(),
            "AGE_GE_65" => "age_years >= 65".to_owned(),
            "WITH_MCC" => "mcc".to_owned(),
            "WITH_CC" if row["conditions"] == "WITH_CC" => "mcc or cc".to_owned(),
            "WITH_CC" => "(mcc or cc)".to_owned(),
            "NEW_TECHNIQUE" => "new_tech".to_owned(),
            "SPECIFIC_DIAGNOSIS_PREFIX" => {
                format!("principal starts [{}]", row["principal_dx_prefix"])
            }
            "SPECIFIC_PROCEDURE_PREFIX" => {
                format!("main_op starts [{}]", row["principal_proc_prefix"])
            }
            "SPECIFIC_DIAGNOSIS" => format!("principal in [{}]", listed("principal_dx_list")),
            "SPECIFIC_PROCEDURE" => format!("main_op in [{}]", listed("principal_proc_list")),
            other => panic!("{other}"),
        })
    });
    let parts: Vec<String> = parts.collect();
    match parts.is_empty() {
        true => "true".to_owned(),
        false => parts.join(" and "),
    }
}

/// Each group has the order, the name and the conditions of the facts, and there is no other.
#[test]
fn the_groups_of_shanghai_are_those_of_the_facts() {
    let tables = ["split_rules.csv", "groups.csv", "subgroup_rules.csv"].map(facts);
    let [Some(splits), Some(groups), Some(special)] = tables else {
        return;
    };
    let codes = special.iter().map(|row| {
        (
            row["code"].as_str(),
            row["codes"].split_whitespace().collect(),
        )
    });
    let mut lists: HashMap<&str, Vec<&str>> = codes.collect();
    for row in &splits {
        for column in ["principal_dx_list", "principal_proc_list"] {
            let own = lists.get(row["code"].as_str()).cloned();
            if let (false, Some(own)) = (row[column].is_empty(), own) {
                lists.insert(&row[column], own);
            }
        }
    }
    let names: HashMap<&str, &str> = groups
        .iter()
        .map(|row| (row["code"].as_str(), row["name"].as_str()))
        .collect();
    let mut by_adrg: BTreeMap<&str, Vec<(&str, &str, String)>> = BTreeMap::new();
    for row in &splits {
        let group = (row["code"].as_str(), names[row["code"].as_str()]);
        let of_adrg = by_adrg.entry(&row["adrg"]).or_default();
        of_adrg.push((group.0, group.1, expected(row, &lists)));
        assert_eq!(row["order"], of_adrg.len().to_string());
    }
    let plan = load_plan("310000-shanghai-2.0").expect("the plan").plan;
    let entries: Vec<String> = plan
        .lists
        .iter()
        .map(|list| {
            let codes = list.codes.iter().map(|(code, _)| plan.codes.text(*code));
            let mut codes: Vec<&str> = codes.collect();
            codes.sort_unstable();
            format!("[{}]", codes.join(" "))
        })
        .collect();
    let mut found = 0;
    for (_, adrg) in plan.adrgs().filter(|(_, adrg)| !adrg.code.ends_with("QY")) {
        let rule = |rule: &drgdip_tables::rule::Rule| {
            rule.show(|list| entries[list.0 as usize].as_str())
                .to_string()
        };
        let groups: Vec<(&str, &str, String)> = adrg
            .drgs
            .iter()
            .map(|drg| (drg.code.as_str(), drg.name.as_str(), rule(&drg.rule.rule)))
            .collect();
        assert_eq!(groups, by_adrg[adrg.code.as_str()], "{}", adrg.code);
        found += groups.len();
    }
    assert_eq!(found, 1534);
}
