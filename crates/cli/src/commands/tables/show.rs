//! `drgdip tables show`: a plan as a person reads it.

use super::catalogue;
use crate::args::{GlobalArgs, ShowArgs};
use crate::fail::Failure;
use crate::layout::{Align, Layout};
use crate::{out, plans};
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{Adrg, AdrgKind, Drg, Mdc, StatedRule};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) fn run(args: &ShowArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let plan = plans::load(&args.plan)?.plan;
    if let (Some(dip), None, None) = (&plan.dip, &args.mdc, &args.adrg) {
        let (text, value) = catalogue::show((&plan, dip), args.group.as_deref())?;
        match global.json {
            true => out::print_json(&value)?,
            false => out::print(&text)?,
        }
        return Ok(());
    }
    let view = View { plan: &plan };
    let (text, value) = match (&args.mdc, &args.adrg, &args.group) {
        (Some(code), _, _) => view.mdc(code)?,
        (_, Some(code), _) => view.adrg(code)?,
        (_, _, Some(code)) => view.group(code)?,
        _ => view.whole(),
    };
    if global.json {
        out::print_json(&value)?
    } else {
        out::print(&text)?
    }
    Ok(())
}

/// The Chinese and English word for a kind of treatment.
pub(crate) fn kind_name(kind: AdrgKind) -> &'static str {
    match kind {
        AdrgKind::Surgical => "外科 surgical",
        AdrgKind::Procedural => "非手术操作 procedural",
        AdrgKind::Medical => "内科 medical",
        AdrgKind::Ambiguous => "歧义 ambiguous",
    }
}

struct View<'p> {
    plan: &'p GroupingPlan,
}

type Shown = (String, Value);

impl View<'_> {
    fn whole(&self) -> Shown {
        let mut table = Layout::new(&[
            ("顺序 Order", Align::Right),
            ("MDC", Align::Left),
            ("名称 Name", Align::Left),
            ("ADRG", Align::Right),
            ("组 Groups", Align::Right),
            ("入类条件 Gate", Align::Left),
        ]);
        let mut values = Vec::new();
        for (index, mdc) in self.plan.mdcs.iter().enumerate() {
            let groups: usize = mdc.adrgs.iter().map(|adrg| adrg.drgs.len()).sum();
            table.row([
                (index + 1).to_string(),
                mdc.code.clone(),
                mdc.name.clone(),
                mdc.adrgs.len().to_string(),
                groups.to_string(),
                mdc.gate.text.clone(),
            ]);
            values.push(mdc_json(mdc));
        }
        let text = format!(
            "{} · {}\n\n{}",
            self.plan.id,
            self.plan.title,
            table.render()
        );
        (
            text,
            json!({ "plan": self.plan.id, "title": self.plan.title, "mdcs": values }),
        )
    }

    fn mdc(&self, code: &str) -> Result<Shown, Failure> {
        let mdc = self.plan.mdcs.iter().find(|mdc| mdc.code == code);
        let mdc = mdc.ok_or_else(|| self.unknown("MDC", code, "tables show"))?;
        let mut table = Layout::new(&[
            ("顺序 Order", Align::Right),
            ("ADRG", Align::Left),
            ("名称 Name", Align::Left),
            ("类型 Kind", Align::Left),
            ("组 Groups", Align::Left),
        ]);
        for (index, adrg) in mdc.adrgs.iter().enumerate() {
            let groups: Vec<&str> = adrg.drgs.iter().map(|drg| drg.code.as_str()).collect();
            table.row([
                (index + 1).to_string(),
                adrg.code.clone(),
                adrg.name.clone(),
                kind_name(adrg.kind).to_owned(),
                groups.join(" "),
            ]);
        }
        let head = format!("{} {}\n{}", mdc.code, mdc.name, self.rule_line(&mdc.gate));
        let adrgs: Vec<Value> = mdc.adrgs.iter().map(|adrg| self.adrg_json(adrg)).collect();
        let mut value = mdc_json(mdc);
        value["adrgs"] = json!(adrgs);
        Ok((format!("{head}\n{}", table.render()), value))
    }

    fn adrg(&self, code: &str) -> Result<Shown, Failure> {
        let adrgs = || {
            self.plan
                .mdcs
                .iter()
                .flat_map(|mdc| mdc.adrgs.iter().map(move |a| (mdc, a)))
        };
        let found: Vec<(&Mdc, &Adrg)> = adrgs().filter(|(_, adrg)| adrg.code == code).collect();
        if found.is_empty() {
            return Err(self.unknown("ADRG", code, "tables show --mdc"));
        }
        let mut text = String::new();
        for (mdc, adrg) in &found {
            text += &format!("{} {} · {}\n", adrg.code, adrg.name, kind_name(adrg.kind));
            text += &format!(
                "{} {}\n{}\n",
                mdc.code,
                mdc.name,
                self.rule_line(&adrg.rule)
            );
            for drg in &adrg.drgs {
                text += &self.group_lines(drg);
            }
            text += &self.lists(adrg);
        }
        let values: Vec<Value> = found.iter().map(|(_, adrg)| self.adrg_json(adrg)).collect();
        Ok((text, json!(values)))
    }

    fn group(&self, code: &str) -> Result<Shown, Failure> {
        let mut text = String::new();
        let mut values = Vec::new();
        for mdc in &self.plan.mdcs {
            for adrg in &mdc.adrgs {
                for drg in adrg.drgs.iter().filter(|drg| drg.code == code) {
                    text += &self.group_lines(drg);
                    text += &format!("  ADRG {} {}\n", adrg.code, adrg.name);
                    text += &format!("  MDC {} {}\n", mdc.code, mdc.name);
                    values.push(self.drg_json(drg));
                }
            }
        }
        match values.is_empty() {
            true => Err(self.unknown("group", code, "tables show --adrg")),
            false => Ok((text, json!(values))),
        }
    }

    fn group_lines(&self, drg: &Drg) -> String {
        let mut text = format!("{} {}\n  {}", drg.code, drg.name, self.rule_line(&drg.rule));
        if let Some((weight, origin)) = self.weight(&drg.code) {
            text += &format!("  权重 Weight {weight} ({origin})\n");
        }
        text
    }

    /// The weight of a group with four decimals, and its origin.
    fn weight(&self, group: &str) -> Option<(String, &str)> {
        let row = self.plan.weights.iter().find(|row| row.group == group)?;
        let (whole, rest) = (row.ten_thousandths / 10_000, row.ten_thousandths % 10_000);
        Some((format!("{whole}.{rest:04}"), &row.origin))
    }

    fn rule_line(&self, rule: &StatedRule) -> String {
        format!(
            "规则 Rule: {}  [{}]\n",
            rule.text,
            self.plan.place(rule.row)
        )
    }

    /// The code lists that the rules of an ADRG name, each with its codes.
    fn lists(&self, adrg: &Adrg) -> String {
        let mut named = BTreeSet::new();
        adrg.rule.rule.each_list(&mut |list| _ = named.insert(list));
        for drg in &adrg.drgs {
            drg.rule.rule.each_list(&mut |list| _ = named.insert(list));
        }
        let mut text = String::new();
        for list in named.into_iter().map(|id| self.plan.list(id)) {
            let codes = list.codes.iter();
            let codes: Vec<&str> = codes.map(|(code, _)| self.plan.codes.text(*code)).collect();
            text += &format!("\n{} ({})\n  {}\n", list.name, codes.len(), codes.join(" "));
        }
        text
    }

    fn adrg_json(&self, adrg: &Adrg) -> Value {
        let groups: Vec<Value> = adrg.drgs.iter().map(|drg| self.drg_json(drg)).collect();
        json!({
            "adrg": adrg.code,
            "name": adrg.name,
            "kind": kind_name(adrg.kind).split(' ').next_back(),
            "rule": adrg.rule.text,
            "place": self.plan.place(adrg.rule.row).to_string(),
            "groups": groups,
        })
    }

    fn drg_json(&self, drg: &Drg) -> Value {
        json!({
            "group": drg.code,
            "name": drg.name,
            "rule": drg.rule.text,
            "place": self.plan.place(drg.rule.row).to_string(),
            "weight": self.weight(&drg.code).map(|(weight, _)| weight),
        })
    }

    fn unknown(&self, what: &str, code: &str, instead: &str) -> Failure {
        let problem = format!("the plan {} has no {what} {code}.", self.plan.id);
        Failure::usage(problem, format!("drgdip {instead} lists what there is."))
    }
}

fn mdc_json(mdc: &Mdc) -> Value {
    json!({ "mdc": mdc.code, "name": mdc.name, "gate": mdc.gate.text, "adrgs": mdc.adrgs.len() })
}
