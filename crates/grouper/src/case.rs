use drgdip_claims::Sex;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{CodeId, CodeTable};

/// A code of a case, looked up once: the plan's id, or a code that the plan never mentions.
///
/// Of the latter the longest code of the plan is kept that it begins with, since rules can ask for
/// beginnings of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaseCode(u32);

impl CaseCode {
    /// A code that is present but stands in no list of the plan, so that it matches nothing.
    pub const UNKNOWN: Self = Self(u32::MAX);

    /// A code that the plan mentions.
    #[must_use]
    pub const fn known(id: CodeId) -> Self {
        Self(id.0)
    }

    /// Set in codes that the plan never mentions; the other bits are the id of their beginning.
    const ONLY_BEGINS: u32 = 1 << 31;

    /// Looks a code up, byte by byte.
    #[must_use]
    pub fn look_up(codes: &CodeTable, text: &str) -> Self {
        codes.find(text).map_or_else(
            || {
                let beginning = codes.longest_beginning(text);
                beginning.map_or(Self::UNKNOWN, |code| Self(code.0 | Self::ONLY_BEGINS))
            },
            Self::known,
        )
    }

    /// Looks a code up as the plan matches codes: a DRG plan byte by byte, a DIP plan also by its
    /// keys and lists that take every code which begins so.
    #[must_use]
    pub fn look_up_in(plan: &GroupingPlan, text: &str) -> Self {
        match plan.dip {
            Some(_) => plan.find_code(text).map_or(Self::UNKNOWN, Self::known),
            None => Self::look_up(&plan.codes, text),
        }
    }

    /// The plan's id of the code; `None` when the plan never mentions it.
    #[must_use]
    pub fn id(self) -> Option<CodeId> {
        self.is_in_plan().then_some(CodeId(self.0))
    }

    /// Whether the plan mentions the code.
    #[must_use]
    pub const fn is_in_plan(self) -> bool {
        self.0 & Self::ONLY_BEGINS == 0
    }

    /// For tables by code id; a code that the plan never mentions lies past the end of each.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// For tables by the id of the longest code that this one begins with; past the end of each
    /// when there is none.
    pub(crate) const fn beginning(self) -> usize {
        (self.0 & !Self::ONLY_BEGINS) as usize
    }

    /// The code with this position in the plan's table of codes.
    pub(crate) const fn from_index(id: u32) -> Self {
        Self(id)
    }
}

/// A code that a case may lack: the principal diagnosis, the main procedure.
pub type CodeSlot = Option<CaseCode>;

/// A short text of a case (department, discharge way), looked up once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TextSlot {
    /// The case does not state it.
    #[default]
    Absent,
    /// Stated, but no rule of the plan names it.
    Unnamed,
    /// The plan's index of it.
    Named(u32),
}

/// The numbers of a case; an absent number compares false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Age in completed years.
    pub age_years: Option<i32>,
    /// Age in days.
    pub age_days: Option<i32>,
    /// Birth weight in grams.
    pub birth_weight_g: Option<i32>,
    /// Length of stay in days.
    pub stay_days: Option<i32>,
    /// Hours in intensive care.
    pub icu_hours: Option<i32>,
    /// Hours on a ventilator.
    pub ventilator_hours: Option<i32>,
}

/// What the plan's tables of codes say against the codes of a case.
///
/// These are facts about the case; the plan's settings decide whether they make it invalid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CodeFaults {
    /// Some code does not stand in the code set.
    pub unknown_code: bool,
    /// The principal diagnosis cannot be one (灰码).
    pub grey_principal: bool,
}

/// One case as the grouper takes it. Any value is legal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Case<'a> {
    /// 性别; `None` when missing or neither 1 nor 2.
    pub sex: Option<Sex>,
    /// Ages, weight, hours and stay.
    pub numbers: Numbers,
    /// 离院方式.
    pub discharge_way: TextSlot,
    /// 科别.
    pub department: TextSlot,
    /// 主要诊断.
    pub principal: CodeSlot,
    /// 其他诊断.
    pub other_diagnoses: &'a [CaseCode],
    /// 主要手术及操作.
    pub main_procedure: CodeSlot,
    /// 其他手术及操作.
    pub other_procedures: &'a [CaseCode],
    /// Whether the case is flagged as using a new technology.
    pub new_tech: bool,
    /// What is wrong with its codes.
    pub faults: CodeFaults,
}
