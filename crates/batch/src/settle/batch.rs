//! The columns of a batch that settlement looks at, with their texts looked up.

use super::pooling::RegionPools;
use super::setting::Setting;
use super::stays::StayColumns;
use super::units::UnitColumns;
use crate::Error;
use crate::inputs::Insurance;
use crate::read::{ClaimFile, Column, MoneyCell, Remap, column_array, dates, money, texts};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, RecordBatch};
use arrow::datatypes::Int32Type;
use drgdip_tables::policy::OutOfArea;
use std::collections::HashMap;
use std::sync::Arc;

/// A text of a claim that names something the settlement knows, or does not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named<T> {
    Missing,
    Unknown,
    Known(T),
}

/// The pools of each region text that came up.
#[derive(Default)]
struct PoolCache {
    numbers: HashMap<String, u32>,
    pools: Vec<RegionPools>,
}

impl PoolCache {
    fn number(&mut self, setting: &Setting<'_>, region: &str) -> u32 {
        if let Some(number) = self.numbers.get(region) {
            return *number;
        }
        let number = u32::try_from(self.pools.len()).expect("fewer regions than 2^32");
        self.pools.push(setting.pools_of(region));
        self.numbers.insert(region.to_owned(), number);
        number
    }
}

/// The columns of a batch that settlement looks at.
pub(super) struct Batch {
    pub(super) hospital_texts: ArrayRef,
    pub(super) hospitals: Vec<Named<u32>>,
    pub(super) regions: Vec<Option<u32>>,
    pub(super) insurances: Vec<Option<Insurance>>,
    pub(super) discharges: Date32Array,
    pub(super) total: Vec<MoneyCell>,
    pub(super) fund: Option<Vec<MoneyCell>>,
    pub(super) other_funds: Option<Vec<MoneyCell>>,
    pub(super) patient: Option<Vec<MoneyCell>>,
    /// Whether the person is insured in another area, where that matters.
    pub(super) away: Option<Vec<bool>>,
    pub(super) new_tech: Option<BooleanArray>,
    /// Whether the claim names a disease of traditional medicine.
    pub(super) tcm: Option<Vec<bool>>,
    pub(super) drugs: Option<Vec<MoneyCell>>,
    pub(super) consumables: Option<Vec<MoneyCell>>,
    pub(super) stays: StayColumns,
    /// What claims state for payment units, where the policy has some.
    pub(super) units: Option<UnitColumns>,
}

/// Reads batches; remembers the dictionaries that it has looked up.
pub(super) struct BatchReader<'s> {
    setting: &'s Setting<'s>,
    hospital: Remap<Named<u32>>,
    /// A region by its place in `pools`.
    region: Remap<u32>,
    insurance: Remap<Option<Insurance>>,
    pools: PoolCache,
}

impl<'s> BatchReader<'s> {
    pub(super) fn new(setting: &'s Setting<'s>) -> Self {
        Self {
            setting,
            hospital: Remap::default(),
            region: Remap::default(),
            insurance: Remap::default(),
            pools: PoolCache::default(),
        }
    }

    /// The pools of the regions that batches refer to.
    pub(super) fn pools(&self) -> &[RegionPools] {
        &self.pools.pools
    }

    pub(super) fn read(&mut self, file: &ClaimFile, batch: &RecordBatch) -> Result<Batch, Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let required = |column| array(column).expect("settle asks for this column");
        let amounts = |column| array(column).map(|a| money(file, a)).transpose();
        let hospitals = texts(file, required(Column::HospitalId))?;
        let regions = texts(file, required(Column::Region))?;
        let insurances = texts(file, required(Column::Insurance))?;
        let setting = self.setting;
        let known = |id: &str| match setting.hospital_numbers.get(id) {
            Some(number) => Named::Known(*number),
            None => Named::Unknown,
        };
        let table = self.hospital.update(&hospitals, known);
        let hospital_of = |key: Option<i32>| key.map_or(Named::Missing, |k| table[k as usize]);
        let hospital_numbers = hospitals.keys().iter().map(hospital_of).collect();
        let pools = &mut self.pools;
        let table = self
            .region
            .update(&regions, |region| pools.number(setting, region));
        let region_numbers = regions
            .keys()
            .iter()
            .map(|k| k.map(|k| table[k as usize]))
            .collect();
        let table = self.insurance.update(&insurances, Insurance::from_word);
        let insured = insurances
            .keys()
            .iter()
            .map(|k| k.and_then(|k| table[k as usize]))
            .collect();
        let named = |column| -> Result<Option<Vec<Option<String>>>, Error> {
            let texts = array(column).map(|a| texts(file, a)).transpose()?;
            Ok(texts.map(|texts| owned(&texts)))
        };
        let away = match setting.terms.pools.out_of_area {
            OutOfArea::Merged => None,
            OutOfArea::Own | OutOfArea::Unpaid => {
                let insured = named(Column::InsuredRegion)?;
                let regions = owned(&regions);
                let is_away = |(insured, region): (Option<String>, Option<String>)| {
                    insured.is_some_and(|insured| Some(insured) != region)
                };
                insured.map(|insured| insured.into_iter().zip(regions).map(is_away).collect())
            }
        };
        let tcm = named(Column::TcmDisease)?;
        let discharges = dates(file, required(Column::DischargeDate))?;
        let flags = array(Column::NewTech).map(|a| a.as_boolean().clone());
        let (units, new_tech, stays) = flagged(setting, (file, batch), &discharges, flags)?;
        Ok(Batch {
            away,
            new_tech,
            tcm: tcm.map(|tcm| tcm.iter().map(Option::is_some).collect()),
            drugs: amounts(Column::DrugCost)?,
            consumables: amounts(Column::ConsumableCost)?,
            hospitals: hospital_numbers,
            hospital_texts: Arc::new(hospitals),
            regions: region_numbers,
            insurances: insured,
            discharges,
            total: money(file, required(Column::TotalCost))?,
            fund: amounts(Column::FundPaid)?,
            other_funds: amounts(Column::OtherFundsPaid)?,
            patient: amounts(Column::PatientPaid)?,
            stays,
            units,
        })
    }
}

/// What claims state for units, and the flags of a batch with those that a registry raises.
fn flagged(
    setting: &Setting<'_>,
    (file, batch): (&ClaimFile, &RecordBatch),
    discharges: &Date32Array,
    stated: Option<BooleanArray>,
) -> Result<(Option<UnitColumns>, Option<BooleanArray>, StayColumns), Error> {
    let mut stays = StayColumns::read(file, batch)?;
    let Some(used) = &setting.unit_use else {
        return Ok((None, stated, stays));
    };
    let with = (used, setting.policy.new_technologies());
    let units = UnitColumns::read((file, batch), with, discharges)?;
    stays.exempt_too(&units, batch.num_rows());
    let flags = units.flags(stated, batch.num_rows());
    Ok((Some(units), flags, stays))
}

/// The texts of a column; an empty one is none.
fn owned(texts: &DictionaryArray<Int32Type>) -> Vec<Option<String>> {
    let values = texts.values().as_string::<i32>();
    let text = |key: Option<i32>| {
        let text = values.value(usize::try_from(key?).ok()?);
        (!text.is_empty()).then(|| text.to_owned())
    };
    texts.keys().iter().map(text).collect()
}
