//! The sentences of a trace in two languages.

use super::{Evidence, Fact, Seen, Witness};
use crate::outcome::{ExcludedReason, InvalidReason, OutcomeKind, UngroupedReason};
use crate::resolve::CodeRole;
use drgdip_claims::Sex;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::RowRef;
use drgdip_tables::rule::{Predicate, Scope};

/// A language that traces are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// 中文.
    Chinese,
}

/// Writes what a plan says in one language.
#[derive(Clone, Copy)]
pub(super) struct Words<'p> {
    pub(super) plan: &'p GroupingPlan,
    pub(super) language: Language,
}

impl Words<'_> {
    /// One of two wordings.
    pub(super) fn say(&self, english: impl Into<String>, chinese: impl Into<String>) -> String {
        match self.language {
            Language::English => english.into(),
            Language::Chinese => chinese.into(),
        }
    }

    /// The file and line of a row.
    pub(super) fn place(&self, row: RowRef) -> String {
        let file = &self.plan.files[usize::from(row.file)];
        let line = row.line;
        self.say(
            format!("{file}, line {line}"),
            format!("{file} 第 {line} 行"),
        )
    }

    /// A code with its name, which few plans leave out.
    pub(super) fn named(&self, code: &str, name: &str) -> String {
        if name.is_empty() {
            code.to_owned()
        } else {
            format!("{code} {name}")
        }
    }

    /// The facts that settle a rule, as one clause.
    pub(super) fn because(&self, evidence: &Evidence<'_>) -> String {
        let facts: Vec<_> = evidence.facts.iter().map(|fact| self.fact(fact)).collect();
        match (facts.is_empty(), evidence.holds) {
            (true, true) => self.say("the rule is always true", "规则恒为真"),
            (true, false) => self.say("the rule is never true", "规则恒为假"),
            (false, _) => facts.join(&self.say("; ", "；")),
        }
    }

    /// One fact as a clause.
    fn fact(&self, fact: &Fact<'_>) -> String {
        match (fact.asked, &fact.seen) {
            (Predicate::In(scope, list), Seen::Codes(found)) => match found.first() {
                Some(witness) => self.witness(witness),
                None => self.no_witness(*scope, &self.plan.list(*list).name),
            },
            (
                Predicate::PrincipalStarts(list) | Predicate::MainOpStarts(list),
                Seen::Codes(found),
            ) => match found.first() {
                Some(witness) => self.witness(witness),
                None => self.no_beginning(fact.asked, &self.plan.list(*list).name),
            },
            (Predicate::BodyRegions(_, needed), Seen::Codes(found)) => self.regions(*needed, found),
            (Predicate::Number(field, comparison, limit), Seen::Number(number)) => {
                let (field, sign) = (field.word(), comparison.sign());
                match (number, fact.holds) {
                    (Some(number), true) => format!("{field} {number} {sign} {limit}"),
                    (Some(number), false) => self.say(
                        format!("{field} is {number}, not {sign} {limit}"),
                        format!("{field} 为 {number}，不满足 {sign} {limit}"),
                    ),
                    (None, _) => self.say(format!("{field} is absent"), format!("{field} 缺失")),
                }
            }
            (Predicate::SexIs(asked), Seen::Sex(sex)) => self.sex(*asked, *sex),
            (Predicate::DischargeIn(ways), Seen::Text(way)) => self.text(
                self.say("the discharge way", "离院方式"),
                way,
                &ways.join(", "),
            ),
            (Predicate::DepartmentIs(code), Seen::Text(department)) => {
                self.text(self.say("the department", "科别"), department, code)
            }
            (asked, _) => self.plain(asked, fact.holds),
        }
    }

    fn witness(&self, witness: &Witness<'_>) -> String {
        let Witness { code, list, .. } = witness;
        let (role, place) = (self.role(witness.role), self.place(witness.row));
        if let Some(beginning) = witness.beginning {
            return self.say(
                format!("{role} {code} begins with {beginning} of {list} ({place})"),
                format!("{role} {code} 以 {list} 的 {beginning} 开头（{place}）"),
            );
        }
        self.say(
            format!("{role} {code} stands in {list} ({place})"),
            format!("{role} {code} 在 {list} 中（{place}）"),
        )
    }

    fn no_witness(&self, scope: Scope, list: &str) -> String {
        let (english, chinese) = match scope {
            Scope::Principal => ("the principal diagnosis does not stand", "主要诊断不"),
            Scope::AnyDx => ("no diagnosis stands", "没有诊断"),
            Scope::OtherDx => ("no other diagnosis stands", "没有其他诊断"),
            Scope::MainOp => ("the main procedure does not stand", "主要手术操作不"),
            Scope::AnyOp => ("no procedure stands", "没有手术操作"),
            Scope::OtherOp => ("no other procedure stands", "没有其他手术操作"),
        };
        self.say(
            format!("{english} in {list}"),
            format!("{chinese}在 {list} 中"),
        )
    }

    fn no_beginning(&self, asked: &Predicate, list: &str) -> String {
        let (english, chinese) = match asked {
            Predicate::PrincipalStarts(_) => ("the principal diagnosis", "主要诊断"),
            _ => ("the main procedure", "主要手术操作"),
        };
        self.say(
            format!("{english} begins with no entry of {list}"),
            format!("{chinese}不以 {list} 的任何条目开头"),
        )
    }

    fn regions(&self, needed: u32, found: &[Witness<'_>]) -> String {
        let count = found.len();
        let found: Vec<_> = found.iter().map(|witness| self.witness(witness)).collect();
        let found = found.join(&self.say(", ", "、"));
        let colon = if found.is_empty() {
            String::new()
        } else {
            self.say(": ", "：")
        };
        self.say(
            format!("{count} body regions of the {needed} needed{colon}{found}"),
            format!("涉及 {count} 个部位，需 {needed} 个{colon}{found}"),
        )
    }

    fn sex(&self, asked: Sex, sex: Option<Sex>) -> String {
        let chinese = |sex| if sex == Sex::Male { "男" } else { "女" };
        match sex {
            None => self.say("the sex is absent", "性别缺失"),
            Some(sex) if sex == asked => self.say(
                format!("the sex is {sex}"),
                format!("性别为{}", chinese(sex)),
            ),
            Some(sex) => self.say(
                format!("the sex is {sex}, not {asked}"),
                format!("性别为{}，不是{}", chinese(sex), chinese(asked)),
            ),
        }
    }

    fn text(&self, what: String, seen: &Option<String>, asked: &str) -> String {
        match seen {
            None => self.say(format!("{what} is absent"), format!("{what}缺失")),
            Some(seen) => self.say(
                format!("{what} is {seen}, asked for: {asked}"),
                format!("{what}为 {seen}，要求：{asked}"),
            ),
        }
    }

    fn plain(&self, asked: &Predicate, holds: bool) -> String {
        let (english, chinese) = match (asked, holds) {
            (Predicate::Mcc, true) => ("an MCC counts", "有计入的 MCC"),
            (Predicate::Mcc, false) => ("no MCC counts", "没有计入的 MCC"),
            (Predicate::Cc, true) => ("a CC counts", "有计入的 CC"),
            (Predicate::Cc, false) => ("no CC counts", "没有计入的 CC"),
            (Predicate::NewTech, true) => ("a new technology is flagged", "标记使用新技术"),
            (Predicate::NewTech, false) => ("no new technology is flagged", "未标记使用新技术"),
            (_, true) => ("the case has no procedure", "病例没有手术操作"),
            (_, false) => ("the case has a procedure", "病例有手术操作"),
        };
        self.say(english, chinese)
    }

    fn role(&self, role: CodeRole) -> String {
        let (english, chinese) = match role {
            CodeRole::Principal => ("principal diagnosis", "主要诊断"),
            CodeRole::OtherDiagnosis => ("other diagnosis", "其他诊断"),
            CodeRole::MainProcedure => ("main procedure", "主要手术操作"),
            CodeRole::OtherProcedure => ("other procedure", "其他手术操作"),
        };
        self.say(english, chinese)
    }

    /// What a check looks for.
    pub(super) fn check(&self, reason: InvalidReason) -> String {
        let (english, chinese) = match reason {
            InvalidReason::SexMissing => ("sex", "性别"),
            InvalidReason::AgeMissing => ("age in years", "年龄（岁）"),
            InvalidReason::AgeDaysMissing => ("age in days under one year", "不足一岁的年龄（天）"),
            InvalidReason::BirthWeightMissing => ("birth weight of a newborn", "新生儿出生体重"),
            InvalidReason::PrincipalMissing => ("principal diagnosis", "主要诊断"),
            InvalidReason::UnknownCode => ("codes in the code set", "编码在编码字典中"),
            InvalidReason::GreyPrincipal => ("principal diagnosis not grey", "主要诊断非灰码"),
            InvalidReason::NoPlan => ("region and discharge date", "统筹区与出院日期"),
        };
        self.say(english, chinese)
    }

    /// What is wrong when a check fails.
    pub(super) fn failure(&self, reason: InvalidReason) -> String {
        match reason {
            InvalidReason::UnknownCode => {
                self.say("a code stands outside the code set", "有编码不在编码字典中")
            }
            InvalidReason::GreyPrincipal => self.say(
                "the principal diagnosis cannot be one (grey code)",
                "主要诊断为灰码",
            ),
            InvalidReason::SexMissing
            | InvalidReason::AgeMissing
            | InvalidReason::AgeDaysMissing
            | InvalidReason::BirthWeightMissing
            | InvalidReason::PrincipalMissing
            | InvalidReason::NoPlan => {
                let what = self.check(reason);
                self.say(format!("{what} is missing"), format!("缺少{what}"))
            }
        }
    }

    /// An outcome without its group.
    pub(super) fn outcome(&self, outcome: OutcomeKind) -> String {
        let (english, chinese) = match outcome {
            OutcomeKind::Grouped => ("grouped by a group row", "入组"),
            OutcomeKind::GroupedByAdrg => (
                "the ADRG stands for itself, none of its groups matches",
                "以 ADRG 入组，细分组均不符",
            ),
            OutcomeKind::Ambiguous => (
                "ambiguous: a valid operation outside the MDC",
                "歧义病案：有效手术与诊断大类不符",
            ),
            OutcomeKind::Ungrouped(UngroupedReason::NoMdc) => (
                "ungrouped: no MDC takes the case",
                "无法入组：没有符合的 MDC",
            ),
            OutcomeKind::Ungrouped(UngroupedReason::NoAdrg) => (
                "ungrouped: an MDC takes the case, none of its ADRGs does",
                "无法入组：已进入 MDC，没有符合的 ADRG",
            ),
            OutcomeKind::Ungrouped(UngroupedReason::NoDrg) => (
                "ungrouped: an ADRG takes the case, none of its groups does",
                "无法入组：已进入 ADRG，没有符合的细分组",
            ),
            OutcomeKind::Ungrouped(UngroupedReason::NoKey) => (
                "ungrouped: no group has a key for the principal diagnosis",
                "未入组：没有病种的诊断编码与主要诊断相符",
            ),
            OutcomeKind::Ungrouped(UngroupedReason::NoTreatment) => (
                "ungrouped: groups have a key for the principal diagnosis, none for its treatment",
                "未入组：有诊断相符的病种，但治疗方式均不符",
            ),
            OutcomeKind::Excluded(ExcludedReason::Principal) => (
                "excluded: the plan takes no case with this principal diagnosis",
                "排除：主要诊断在排除列表内",
            ),
            OutcomeKind::Invalid(InvalidReason::UnknownCode | InvalidReason::GreyPrincipal) => {
                ("invalid: a code cannot be used", "无效病例：编码不可用")
            }
            OutcomeKind::Invalid(_) => ("invalid: facts are missing", "无效病例：信息缺失"),
        };
        self.say(english, chinese)
    }
}
