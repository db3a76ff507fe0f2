//! What claims state for payment units beside groups (多元支付): the unit that pays the stay, a TCM
//! disease, new technologies and negotiated drugs.
//!
//! They are drawn after everything else and from a stream of their own, so that claims without
//! units stay the same whatever is asked for here.

use crate::case::short;
use crate::draw::{Draw, Stream};
use crate::patient::Patient;
use crate::rows::Row;
use crate::solve::Span;
use crate::synth::Synth;
use drgdip_tables::plan::AdrgKind;

/// What claims may state for payment units; what is empty is never stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitMix {
    /// Items of new technologies (新技术).
    pub technologies: Vec<TechnologyItem>,
    /// Procedures that are new technologies, as the plan writes them.
    pub procedures: Vec<String>,
    /// Codes of negotiated drugs (谈判药).
    pub drugs: Vec<String>,
    /// TCM diseases (中医优势病种).
    pub tcm_diseases: Vec<String>,
    /// Kinds of care that are paid by the day (床日).
    pub care: Vec<String>,
    /// Groups with a quota (单病种定额).
    pub quota_groups: Vec<String>,
    /// Whether day surgery (日间手术) is a unit.
    pub has_day_surgery: bool,
    /// Whether claims can be paid by item (按项目).
    pub has_items: bool,
    /// Whether claims can state visit-days of home beds (家庭病床).
    pub has_home_beds: bool,
    /// After how many days an ordinary stay goes on by the day; `None` is never.
    pub switch_after: Option<i32>,
}

/// An item of a new technology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TechnologyItem {
    /// The code that claims write.
    pub code: String,
    /// Which part of the cost it is in.
    pub part: CostPart,
}

/// A part of what a case cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostPart {
    /// 药品.
    Drug,
    /// 耗材.
    Consumable,
    /// 服务.
    Service,
}

/// A unit that pays a stay and that its claim names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatedUnit {
    /// 床日.
    BedDay,
    /// 日间手术.
    DaySurgery,
    /// 单病种定额.
    SingleDisease,
    /// 按项目.
    Item,
    /// 家庭病床.
    HomeBed,
}

impl StatedUnit {
    /// Every unit that a claim can name.
    pub const ALL: [Self; 5] = [
        Self::BedDay,
        Self::DaySurgery,
        Self::SingleDisease,
        Self::Item,
        Self::HomeBed,
    ];

    /// As claims write it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BedDay => "bed_day",
            Self::DaySurgery => "day_surgery",
            Self::SingleDisease => "single_disease",
            Self::Item => "item",
            Self::HomeBed => "home_bed",
        }
    }
}

/// What one claim states: indexes into the lists of [`UnitMix`] and [`Units::syndromes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFacts {
    /// The unit that pays the stay.
    pub unit: Option<StatedUnit>,
    /// The kind of care, where the stay is paid by the day.
    pub care: Option<usize>,
    /// The TCM disease and its syndrome.
    pub tcm: Option<(usize, usize)>,
    /// Whether the stay goes on by the day after its group has paid.
    pub is_long: bool,
    /// New technologies with their costs in fen.
    pub technologies: Vec<(usize, i64)>,
    /// Negotiated drugs with their costs in fen.
    pub drugs: Vec<(usize, i64)>,
}

/// The units of a [`Synth`]: what can be stated and how often it is.
#[derive(Clone, Debug)]
pub struct Units {
    mix: UnitMix,
    /// The procedures of the mix that the plan knows: indexes into [`Synth::codes`].
    procedures: Vec<u32>,
    syndromes: Vec<String>,
    shares: Vec<UnitShare>,
}

/// A row of `data/units.csv`.
#[derive(Clone, Debug)]
struct UnitShare {
    what: What,
    /// How many of 10,000 cases that could state it do.
    share: u32,
    /// How many days such a stay has, where that is another number than usual.
    days: Option<Span>,
    /// In thousandths of the cost: what a stay costs, or what an item adds.
    cost: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Tcm,
    LongStay,
    Named(StatedUnit),
    Technology,
    Procedure,
    Drug,
}

impl What {
    fn find(word: &str) -> Self {
        match word {
            "tcm" => Self::Tcm,
            "long_stay" => Self::LongStay,
            "new_technology" => Self::Technology,
            "technology_procedure" => Self::Procedure,
            "negotiated_drugs" => Self::Drug,
            other => Self::Named(
                StatedUnit::ALL
                    .into_iter()
                    .find(|unit| unit.code() == other)
                    .expect("the bundled rows name units that there are"),
            ),
        }
    }

    /// Whether it says who pays the stay; a claim says that once.
    const fn is_about_the_stay(self) -> bool {
        matches!(self, Self::Tcm | Self::LongStay | Self::Named(_))
    }
}

/// A row of the bundled table as it stands there.
type ShareRow = (
    String,
    u32,
    Option<i32>,
    Option<i32>,
    Option<i32>,
    Option<i32>,
);

impl Units {
    /// Units of a mix; procedures that are none of `codes` are left out.
    pub(crate) fn new(mix: UnitMix, codes: &[String]) -> Self {
        let text = include_str!("../data/units.csv");
        let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
        let shares = rows.map(|row| {
            let row: ShareRow = row.expect("the bundled rows have a word and whole numbers");
            let (word, share, first, last, least, most) = row;
            UnitShare {
                what: What::find(&word),
                share,
                days: first.zip(last).map(|(low, high)| Span { low, high }),
                cost: Span {
                    low: least.unwrap_or(0),
                    high: most.unwrap_or(0),
                },
            }
        });
        let text = include_str!("../data/tcm_syndromes.csv");
        let syndromes = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
        let known = mix.procedures.iter();
        let place = |code: &String| codes.iter().position(|known| known == code);
        let known = known.filter_map(place);
        Self {
            procedures: known
                .map(|at| u32::try_from(at).expect("fewer than 2^32 codes"))
                .collect(),
            syndromes: syndromes
                .map(|row: Result<(String,), _>| row.expect("the bundled rows have a code").0)
                .collect(),
            shares: shares.collect(),
            mix,
        }
    }

    /// What claims may state.
    #[must_use]
    pub fn mix(&self) -> &UnitMix {
        &self.mix
    }

    /// The syndromes that stand beside TCM diseases.
    #[must_use]
    pub fn syndromes(&self) -> &[String] {
        &self.syndromes
    }

    /// Whether a claim of this patient could state it.
    fn fits(&self, what: What, patient: &Patient<'_>, row: &Row) -> bool {
        let mix = &self.mix;
        let is_medical = patient.group.kind == AdrgKind::Medical;
        let is_adult = patient.days.is_none();
        match what {
            What::Tcm => !mix.tcm_diseases.is_empty() && is_medical && is_adult,
            What::LongStay => mix.switch_after.is_some() && is_medical && is_adult,
            What::Named(StatedUnit::BedDay) => !mix.care.is_empty() && is_medical && is_adult,
            What::Named(StatedUnit::DaySurgery) => {
                mix.has_day_surgery && is_adult && is_light_surgery(patient) && row.icu_hours == 0
            }
            What::Named(StatedUnit::SingleDisease) => {
                mix.quota_groups.contains(&patient.group.code)
            }
            What::Named(StatedUnit::Item) => mix.has_items,
            What::Named(StatedUnit::HomeBed) => mix.has_home_beds && is_medical && is_adult,
            What::Technology => !mix.technologies.is_empty(),
            What::Procedure => !self.procedures.is_empty() && !is_medical && !patient.is_bare,
            What::Drug => !mix.drugs.is_empty(),
        }
    }

    /// The days that such a stay has, among those of the recipe; `None` where it can have none.
    fn days(&self, share: &UnitShare, patient: &Patient<'_>) -> Option<Span> {
        let days = share.days?;
        let floor = match (share.what, self.mix.switch_after) {
            (What::LongStay, Some(last)) => last.saturating_add(1),
            _ => days.low,
        };
        let low = days.low.max(floor);
        let days = Span {
            low,
            high: days.high.max(low),
        };
        days.and(patient.recipe.stay)
    }
}

fn is_light_surgery(patient: &Patient<'_>) -> bool {
    let is_operated = matches!(
        patient.group.kind,
        AdrgKind::Surgical | AdrgKind::Procedural
    );
    is_operated && patient.group.weight < 2 * crate::groups::WEIGHT_ONE
}

impl Synth {
    /// States units in a row that is otherwise complete.
    ///
    /// A later stay of a patient keeps its days, so that no stays overlap.
    pub(crate) fn write_units(&self, number: u64, patient: &Patient<'_>, row: &mut Row) {
        row.units = None;
        let Some(units) = &self.units else {
            return;
        };
        if patient.is_bare {
            return;
        }
        let mut draw = Draw::of_row(self.key, number, Stream::Units);
        let mut facts = UnitFacts::default();
        let mut is_taken = false;
        for share in &units.shares {
            let is_about_the_stay = share.what.is_about_the_stay();
            let is_drawn = draw.chance(share.share);
            let is_free = !is_about_the_stay || !is_taken;
            if !is_drawn || !is_free || !units.fits(share.what, patient, row) {
                continue;
            }
            let days = units.days(share, patient);
            if share.days.is_some() && (days.is_none() || Self::may_return(number)) {
                continue;
            }
            is_taken |= is_about_the_stay;
            if let Some(days) = days {
                restay(row, draw.between(days.low, days.high));
            }
            let per_mille = i64::from(draw.between(share.cost.low, share.cost.high));
            if is_about_the_stay {
                scale(row, per_mille);
            }
            units.state(share.what, per_mille, (row, &mut facts), &mut draw);
        }
        row.units = (facts != UnitFacts::default()).then_some(facts);
    }
}

impl Units {
    fn state(
        &self,
        what: What,
        per_mille: i64,
        (row, facts): (&mut Row, &mut UnitFacts),
        draw: &mut Draw,
    ) {
        let mix = &self.mix;
        match what {
            What::Tcm => {
                let disease = draw.index(mix.tcm_diseases.len());
                facts.tcm = Some((disease, draw.index(self.syndromes.len())));
                mostly_tcm(row, i64::from(draw.between(560, 900)));
            }
            What::LongStay => facts.is_long = true,
            What::Named(unit) => {
                facts.unit = Some(unit);
                let is_by_day = unit == StatedUnit::BedDay;
                facts.care = is_by_day.then(|| draw.index(mix.care.len()));
            }
            What::Technology => {
                let number = draw.index(mix.technologies.len());
                let fen = part_of(row, per_mille);
                add(row, fen, mix.technologies[number].part);
                facts.technologies.push((number, fen));
            }
            What::Procedure => {
                let code = self.procedures[draw.index(self.procedures.len())];
                if row.main_procedure != Some(code) && !row.other_procedures.contains(&code) {
                    row.other_procedures.push(code);
                }
            }
            What::Drug => {
                let fen = part_of(row, per_mille);
                add(row, fen, CostPart::Drug);
                facts.drugs.push((draw.index(mix.drugs.len()), fen));
            }
        }
    }
}

/// Lets a stay that ends on the same day have so many days.
fn restay(row: &mut Row, days: i32) {
    row.stay_days = short(days);
    if let Some(discharge) = row.discharge_date {
        row.admission_date = discharge.saturating_sub(days);
    }
}

/// Thousandths of what the case cost, in fen.
fn part_of(row: &Row, per_mille: i64) -> i64 {
    let total = row.total_cost.unwrap_or(0);
    (total / 1_000).saturating_mul(per_mille).max(1)
}

/// Scales all amounts; who pays still adds up to the total.
fn scale(row: &mut Row, per_mille: i64) {
    let amounts = [
        &mut row.drug_cost,
        &mut row.consumable_cost,
        &mut row.service_cost,
        &mut row.tcm_cost,
        &mut row.fund_paid,
        &mut row.other_funds_paid,
        &mut row.patient_paid,
    ];
    for amount in amounts {
        *amount = amount.saturating_mul(per_mille) / 1_000;
    }
    row.total_cost = Some(row.fund_paid + row.other_funds_paid + row.patient_paid);
}

/// Makes thousandths of the cost treatment of Chinese medicine, and the rest less.
fn mostly_tcm(row: &mut Row, per_mille: i64) {
    let rest = 1_000 - per_mille;
    let parts = [
        &mut row.drug_cost,
        &mut row.consumable_cost,
        &mut row.service_cost,
    ];
    for part in parts {
        *part = part.saturating_mul(rest) / 1_000;
    }
    row.tcm_cost = part_of(row, per_mille);
}

/// Adds an item to the cost; the fund and the patient share it as they share the rest.
fn add(row: &mut Row, fen: i64, part: CostPart) {
    let total = row.total_cost.unwrap_or(0).max(1);
    let fund = i128::from(fen) * i128::from(row.fund_paid) / i128::from(total);
    let fund = i64::try_from(fund).expect("a part is smaller than the whole");
    row.fund_paid += fund;
    row.patient_paid += fen - fund;
    row.total_cost = Some(row.total_cost.unwrap_or(0) + fen);
    let part = match part {
        CostPart::Drug => &mut row.drug_cost,
        CostPart::Consumable => &mut row.consumable_cost,
        CostPart::Service => &mut row.service_cost,
    };
    *part += fen;
}
