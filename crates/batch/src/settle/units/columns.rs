//! The columns of claims that payment units look at, and the few rows that state something there.

use super::stay::{NamedUnit, StayUnit};
use super::tcm::TcmFacts;
use crate::Error;
use crate::read::{ClaimFile, Column, MoneyCell, column_array, ints, money, texts};
use crate::settle::period::date_of;
use ahash::RandomState;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, Int64Array, RecordBatch,
};
use arrow::datatypes::{DataType, Int32Type};
use drgdip_claims::Yuan;
use drgdip_points::units::negotiated::CodedItem;
use drgdip_tables::Policy;
use drgdip_tables::policy::{PolicyAt, TechnologyRegistry, UnitTerms, Validity};
use jiff::civil::Date;
use std::collections::{HashMap, HashSet};

/// Texts that every batch is searched for.
type Names = HashSet<String, RandomState>;

/// What the units of a policy look at.
#[derive(Clone, Debug, Default)]
pub(in crate::settle) struct UnitUse {
    has_registry: bool,
    /// The procedures that the registry names.
    procedures: Names,
    has_negotiated: bool,
    /// Whether claims can name the unit that pays the stay.
    has_stays: bool,
    /// The kinds of care that primary care is paid for by the day on some day.
    community_care: Names,
    /// After how many days the first ordinary stay goes on by the day.
    switch_after: Option<u32>,
    /// The TCM diseases that the policy pairs with groups on some day.
    tcm: Names,
    /// The day by which entries of the registry are valid, where it is not that of discharge.
    fixed_day: Option<Date>,
}

impl UnitUse {
    /// `None` where the policy has no unit that looks at claims.
    pub(in crate::settle) fn new(policy: &Policy, terms: &PolicyAt) -> Option<Self> {
        let registry = policy.new_technologies();
        let named = registry.technologies().iter().flat_map(|t| &t.procedures);
        let on_days = policy.changes().into_iter();
        let on_days = on_days.filter_map(|day| policy.at(day).ok());
        let mut of_units: Vec<UnitTerms> = on_days.map(|at| at.units).collect();
        of_units.push(terms.units.clone());
        let has_negotiated = of_units.iter().any(|terms| terms.negotiated.is_some());
        let has_stays = of_units.iter().any(StayUnit::is_any_in);
        let tcm = of_units.iter().filter_map(|terms| terms.tcm.as_ref());
        let community = of_units.iter().filter_map(|terms| terms.community.as_ref());
        let care = community.flat_map(|terms| terms.bed_day_kinds.keys().cloned());
        let bed_days = of_units.iter().filter_map(|terms| terms.bed_day.as_ref());
        let switches = bed_days.filter_map(|terms| terms.switch_after);
        let found = Self {
            has_registry: !registry.is_empty(),
            procedures: named.cloned().collect(),
            has_negotiated,
            has_stays,
            community_care: care.collect(),
            switch_after: switches.min(),
            tcm: tcm.flat_map(|terms| terms.pairs.keys().cloned()).collect(),
            fixed_day: None,
        };
        let has_some = found.has_registry || has_negotiated || has_stays || !found.tcm.is_empty();
        has_some.then_some(found)
    }

    /// Negotiated drugs alone.
    pub(super) fn of_drugs() -> Self {
        Self {
            has_negotiated: true,
            ..Self::default()
        }
    }

    /// Negotiated drugs, and the new technologies that may pay the same items.
    pub(super) fn of_drugs_and_technologies(policy: &Policy) -> Self {
        let registry = policy.new_technologies();
        let named = registry.technologies().iter().flat_map(|t| &t.procedures);
        Self {
            has_registry: !registry.is_empty(),
            procedures: named.cloned().collect(),
            ..Self::of_drugs()
        }
    }

    /// Whether procedures of claims are compared with the registry.
    pub(super) fn looks_at_procedures(&self) -> bool {
        !self.procedures.is_empty()
    }

    /// The columns that are read where claims have them.
    pub(in crate::settle) fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        if self.has_registry {
            columns.push(Column::NewTechItems);
        }
        if self.has_negotiated {
            columns.push(Column::NegotiatedDrugs);
        }
        if self.has_stays {
            let own = [Column::PaymentUnit, Column::TreatmentType, Column::StayDays];
            columns.extend(own);
        }
        if !self.tcm.is_empty() {
            columns.extend([Column::TcmDisease, Column::TcmSyndrome, Column::TcmCost]);
        }
        if !self.tcm.is_empty() || self.switch_after.is_some() {
            columns.push(Column::StayDays);
        }
        columns
    }

    /// The same, with the entries of the registry that are valid on this day.
    pub(in crate::settle) fn always_on(&self, day: Date) -> Self {
        Self {
            fixed_day: Some(day),
            ..self.clone()
        }
    }

    /// The day by which entries of the registry are valid for a discharge.
    pub(in crate::settle) fn day(&self, discharged: i32) -> Option<Date> {
        self.fixed_day.or_else(|| date_of(discharged))
    }
}

/// What a claim states for units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::settle) struct UnitFacts {
    /// What it lists of new technologies, by code, each once.
    pub(in crate::settle) items: Vec<CodedItem>,
    /// Its procedures that the registry names.
    pub(in crate::settle) procedures: Vec<String>,
    /// What it lists of negotiated drugs, by code, each once.
    pub(in crate::settle) negotiated: Vec<CodedItem>,
    /// The unit that it names, and the kind of care.
    pub(in crate::settle) unit: Option<StayUnit>,
    pub(in crate::settle) care: String,
    /// Its TCM disease, where the policy pairs it with a group.
    pub(in crate::settle) tcm: Option<TcmFacts>,
    /// How many days the stay had.
    pub(in crate::settle) days: Option<u32>,
    /// Whether an item has no code or no usable cost.
    pub(in crate::settle) is_unusable: bool,
}

/// The claims of a batch that state something for units, by row.
#[derive(Debug, Default)]
pub(in crate::settle) struct UnitColumns {
    rows: HashMap<usize, UnitFacts, RandomState>,
    /// The rows with a technology that is valid, and those of them that stand outside the control
    /// proportion.
    flagged: Vec<usize>,
    exempt: Vec<usize>,
}

impl UnitColumns {
    pub(in crate::settle) fn read(
        (file, batch): (&ClaimFile, &RecordBatch),
        (used, registry): (&UnitUse, &TechnologyRegistry),
        discharges: &Date32Array,
    ) -> Result<Self, Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let mut columns = Self::default();
        if used.has_registry
            && let Some(items) = array(Column::NewTechItems)
        {
            columns.items(file, items, |facts| &mut facts.items)?;
        }
        if used.has_negotiated
            && let Some(items) = array(Column::NegotiatedDrugs)
        {
            columns.items(file, items, |facts| &mut facts.negotiated)?;
        }
        if !used.procedures.is_empty() {
            if let Some(main) = array(Column::MainProcedure) {
                columns.procedures(&texts(file, main)?, &used.procedures, Some);
            }
            if let Some(others) = array(Column::OtherProcedures) {
                columns.other_procedures(file, others, &used.procedures)?;
            }
        }
        if !used.community_care.is_empty() {
            columns.community_care((file, batch), &used.community_care)?;
        }
        if used.has_stays {
            columns.stays(file, batch)?;
        }
        if let Some(last) = used.switch_after {
            columns.long_stays((file, batch), last)?;
        }
        if !used.tcm.is_empty() {
            columns.tcm(file, batch, &used.tcm)?;
        }
        columns.match_registry(used, registry, discharges);
        Ok(columns)
    }

    pub(in crate::settle) fn row(&self, row: usize) -> Option<&UnitFacts> {
        self.rows.get(&row)
    }

    /// The rows that state something, in no order.
    pub(super) fn rows(&self) -> Vec<usize> {
        self.rows.keys().copied().collect()
    }

    /// The rows that a flag `new_tech` is raised for.
    pub(in crate::settle) fn flagged(&self) -> &[usize] {
        &self.flagged
    }

    /// The flags of a column with those of the registry.
    pub(in crate::settle) fn flags(
        &self,
        stated: Option<BooleanArray>,
        length: usize,
    ) -> Option<BooleanArray> {
        with_flags(stated, &self.flagged, length)
    }

    /// The same, for the control proportion.
    pub(in crate::settle) fn exemptions(
        &self,
        stated: Option<BooleanArray>,
        length: usize,
    ) -> Option<BooleanArray> {
        with_flags(stated, &self.exempt, length)
    }

    fn items(
        &mut self,
        file: &ClaimFile,
        column: &ArrayRef,
        of: impl Fn(&mut UnitFacts) -> &mut Vec<CodedItem>,
    ) -> Result<(), Error> {
        let list = Lists::of(column);
        let parts = list.values.as_struct();
        let part = |name: &str, place: usize| {
            let named = parts.column_by_name(name);
            named.or_else(|| parts.columns().get(place)).cloned()
        };
        let (Some(codes), Some(costs)) = (part("code", 0), part("cost", 1)) else {
            return Ok(());
        };
        let (codes, costs) = (texts(file, &codes)?, money(file, &costs)?);
        // By code, its place among the items of the row; a claim may list very many.
        let mut known: HashMap<&str, usize, RandomState> = HashMap::default();
        for (row, places) in list.rows(column) {
            let facts = self.rows.entry(row).or_default();
            known.clear();
            for place in places {
                match (text_at(&codes, place), costs[place]) {
                    (Some(code), MoneyCell::Fen(fen)) if fen >= 0 => {
                        let items = of(facts);
                        let at = *known.entry(code).or_insert(items.len());
                        facts.is_unusable |= !add(items, (at, code), Yuan::from_fen(fen));
                    }
                    _ => facts.is_unusable = true,
                }
            }
        }
        Ok(())
    }

    /// Notes the codes of a column that the registry names; `row_of` finds the row of a place.
    fn procedures(
        &mut self,
        codes: &DictionaryArray<Int32Type>,
        named: &Names,
        row_of: impl Fn(usize) -> Option<usize>,
    ) {
        let values = codes.values().as_string::<i32>();
        let is_named: Vec<bool> = values
            .iter()
            .map(|code| code.is_some_and(|code| named.contains(code)))
            .collect();
        if !is_named.contains(&true) {
            return;
        }
        for (place, key) in codes.keys().iter().enumerate() {
            let key = key.and_then(|key| usize::try_from(key).ok());
            let (Some(key), Some(row)) = (key.filter(|key| is_named[*key]), row_of(place)) else {
                continue;
            };
            let facts = self.rows.entry(row).or_default();
            let code = values.value(key).to_owned();
            if !facts.procedures.contains(&code) {
                facts.procedures.push(code);
            }
        }
    }

    fn other_procedures(
        &mut self,
        file: &ClaimFile,
        column: &ArrayRef,
        named: &Names,
    ) -> Result<(), Error> {
        let list = Lists::of(column);
        let codes = texts(file, &list.values)?;
        let row_of = |place: usize| {
            let row = list.ends.partition_point(|end| *end <= place);
            (row < column.len() && column.is_valid(row) && place >= list.first).then_some(row)
        };
        self.procedures(&codes, named, row_of);
        Ok(())
    }

    /// The units that claims name, with what they are priced by.
    fn stays(&mut self, file: &ClaimFile, batch: &RecordBatch) -> Result<(), Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let Some(units) = array(Column::PaymentUnit) else {
            return Ok(());
        };
        let units = texts(file, units)?;
        let care = array(Column::TreatmentType).map(|a| texts(file, a));
        let care = care.transpose()?;
        let days = array(Column::StayDays).map(|a| ints(file, a)).transpose()?;
        for row in 0..units.len() {
            if let NamedUnit::Unit(unit) = NamedUnit::of(text_at(&units, row)) {
                let facts = self.rows.entry(row).or_default();
                facts.days = days_at(days.as_ref(), row);
                let care = care.as_ref().and_then(|care| text_at(care, row));
                care.unwrap_or_default().clone_into(&mut facts.care);
                facts.unit = Some(unit);
            }
        }
        Ok(())
    }

    /// The stays whose kind of care primary care is paid for by the day.
    fn community_care(
        &mut self,
        (file, batch): (&ClaimFile, &RecordBatch),
        kinds: &Names,
    ) -> Result<(), Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let Some(care) = array(Column::TreatmentType) else {
            return Ok(());
        };
        let care = texts(file, care)?;
        let mut values = care.values().as_string::<i32>().iter().flatten();
        if !values.any(|kind| kinds.contains(kind)) {
            return Ok(());
        }
        let days = array(Column::StayDays).map(|a| ints(file, a)).transpose()?;
        for row in 0..care.len() {
            let Some(kind) = text_at(&care, row).filter(|kind| kinds.contains(*kind)) else {
                continue;
            };
            let facts = self.rows.entry(row).or_default();
            facts.days = days_at(days.as_ref(), row);
            kind.clone_into(&mut facts.care);
        }
        Ok(())
    }

    /// The stays of more days than the group of a case may pay.
    fn long_stays(
        &mut self,
        (file, batch): (&ClaimFile, &RecordBatch),
        last: u32,
    ) -> Result<(), Error> {
        let days = column_array(batch, file.position(Column::StayDays, false));
        let Some(days) = days.map(|array| ints(file, array)).transpose()? else {
            return Ok(());
        };
        for (row, days) in days.iter().enumerate() {
            let days = days.and_then(|days| u32::try_from(days).ok());
            if let Some(days) = days.filter(|days| *days > last) {
                self.rows.entry(row).or_default().days = Some(days);
            }
        }
        Ok(())
    }

    /// The paired TCM diseases that claims name, with what their gates look at.
    fn tcm(&mut self, file: &ClaimFile, batch: &RecordBatch, paired: &Names) -> Result<(), Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let text = |column| array(column).map(|a| texts(file, a)).transpose();
        let Some(diseases) = text(Column::TcmDisease)? else {
            return Ok(());
        };
        let syndromes = text(Column::TcmSyndrome)?;
        let costs = array(Column::TcmCost).map(|a| money(file, a)).transpose()?;
        let days = array(Column::StayDays).map(|a| ints(file, a)).transpose()?;
        for row in 0..diseases.len() {
            let disease = text_at(&diseases, row).filter(|disease| paired.contains(*disease));
            let Some(disease) = disease else {
                continue;
            };
            let facts = self.rows.entry(row).or_default();
            facts.days = days_at(days.as_ref(), row);
            let syndrome = syndromes.as_ref().and_then(|codes| text_at(codes, row));
            let cost = match costs.as_ref().map(|costs| costs[row]) {
                Some(MoneyCell::Fen(fen)) => Yuan::from_fen(fen),
                _ => Yuan::ZERO,
            };
            facts.tcm = Some(TcmFacts {
                disease: disease.to_owned(),
                syndrome: syndrome.unwrap_or_default().to_owned(),
                cost,
            });
        }
        Ok(())
    }

    fn match_registry(
        &mut self,
        used: &UnitUse,
        registry: &TechnologyRegistry,
        discharges: &Date32Array,
    ) {
        for (row, facts) in &self.rows {
            let day = discharges.is_valid(*row).then(|| discharges.value(*row));
            let Some(day) = day.and_then(|day| used.day(day)) else {
                continue;
            };
            let items = facts
                .items
                .iter()
                .map(|item| registry.item(&item.code, day));
            let procedures = facts.procedures.iter();
            let procedures = procedures.map(|code| registry.procedure(code, day));
            let found = items.chain(procedures).flatten();
            let valid = found.filter(|found| found.validity == Validity::Matched);
            let exempt: Vec<bool> = valid.map(|f| f.technology.is_control_exempt).collect();
            if !exempt.is_empty() {
                self.flagged.push(*row);
            }
            if exempt.contains(&true) {
                self.exempt.push(*row);
            }
        }
    }
}

/// Adds a cost to the item with this code, which stands at this place or is to stand at the end;
/// false where the sum does not fit.
fn add(items: &mut Vec<CodedItem>, (at, code): (usize, &str), cost: Yuan) -> bool {
    match items.get_mut(at) {
        None => {
            let code = code.to_owned();
            items.push(CodedItem { code, cost });
            true
        }
        Some(item) => match item.cost.plus(cost) {
            Ok(sum) => {
                item.cost = sum;
                true
            }
            Err(_) => false,
        },
    }
}

/// A column of lists, of either width.
struct Lists {
    values: ArrayRef,
    /// Where the first row begins.
    first: usize,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl Lists {
    fn of(column: &ArrayRef) -> Self {
        let (values, offsets): (ArrayRef, Vec<usize>) = match column.data_type() {
            DataType::LargeList(_) => {
                let list = column.as_list::<i64>();
                let offsets = list.offsets().iter().map(|o| usize::try_from(*o));
                (
                    list.values().clone(),
                    offsets.filter_map(Result::ok).collect(),
                )
            }
            _ => {
                let list = column.as_list::<i32>();
                let offsets = list.offsets().iter().map(|o| usize::try_from(*o));
                (
                    list.values().clone(),
                    offsets.filter_map(Result::ok).collect(),
                )
            }
        };
        Self {
            values,
            first: offsets[0],
            ends: offsets[1..].to_vec(),
        }
    }

    /// The rows that have something, with the places of their values.
    fn rows<'l>(
        &'l self,
        column: &'l ArrayRef,
    ) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + 'l {
        let starts = std::iter::once(self.first).chain(self.ends.iter().copied());
        let ranges = starts.zip(&self.ends).map(|(start, end)| start..*end);
        let filled = ranges.enumerate().filter(|(_, range)| !range.is_empty());
        filled.filter(|(row, _)| column.is_valid(*row))
    }
}

fn text_at(column: &DictionaryArray<Int32Type>, place: usize) -> Option<&str> {
    let key = column.keys().is_valid(place);
    let key = key.then(|| column.keys().value(place))?;
    let values = column.values().as_string::<i32>();
    Some(values.value(usize::try_from(key).ok()?)).filter(|text| !text.is_empty())
}

/// The days of the stay in a row, where the column has them.
fn days_at(days: Option<&Int64Array>, row: usize) -> Option<u32> {
    let days = days.filter(|days| days.is_valid(row))?;
    u32::try_from(days.value(row)).ok()
}

fn with_flags(
    stated: Option<BooleanArray>,
    raised: &[usize],
    length: usize,
) -> Option<BooleanArray> {
    if raised.is_empty() {
        return stated;
    }
    let flag = |row: usize| {
        let stated = stated.as_ref().filter(|flags| flags.is_valid(row));
        stated.is_some_and(|flags| flags.value(row))
    };
    let mut flags: Vec<bool> = (0..length).map(flag).collect();
    for row in raised {
        flags[*row] = true;
    }
    Some(BooleanArray::from(flags))
}
