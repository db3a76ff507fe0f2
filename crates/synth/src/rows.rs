//! Generated claims as columns.

use crate::units::UnitFacts;

/// The bytes of a case or person id: a letter, seven hex digits of the seed, the row's number.
pub const ID_BYTES: usize = 20;

/// A case or person id: ASCII, of fixed width, so that byte order is row order.
pub type Id = [u8; ID_BYTES];

/// How many rows ids can number.
pub const MOST_ROWS: u64 = 1_000_000_000_000;

/// A list column: the values of all rows in a row, and where each row's values begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListColumn {
    /// Where each row's values begin in `values`; one more entry than rows, the first is 0.
    pub offsets: Vec<u32>,
    /// The values: indexes into [`crate::Synth::codes`].
    pub values: Vec<u32>,
}

impl Default for ListColumn {
    fn default() -> Self {
        Self {
            offsets: vec![0],
            values: Vec::new(),
        }
    }
}

impl ListColumn {
    /// The values of one row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u32] {
        &self.values[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    fn push(&mut self, values: &[u32]) {
        self.values.extend_from_slice(values);
        let end = u32::try_from(self.values.len()).expect("a chunk has fewer than 2^32 codes");
        self.offsets.push(end);
    }

    fn clear(&mut self) {
        self.offsets.truncate(1);
        self.values.clear();
    }
}

macro_rules! claim_rows {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// Generated claims, column by column; every column has one entry a row.
        ///
        /// Codes and other texts are indexes into the tables of [`crate::Synth`], so that a
        /// writer can use dictionaries. Money is in fen, dates are days since 1970-01-01.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct ClaimRows {
            $($(#[$doc])* pub $name: Vec<$type>,)*
            /// 其他诊断: indexes into [`crate::Synth::codes`].
            pub other_diagnoses: ListColumn,
            /// 其他手术及操作: indexes into [`crate::Synth::codes`].
            pub other_procedures: ListColumn,
            /// What some rows state for payment units, each with the number of the row.
            pub units: Vec<(usize, UnitFacts)>,
        }

        /// One generated claim; the fields are those of [`ClaimRows`].
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(crate) struct Row {
            $(pub(crate) $name: $type,)*
            pub(crate) other_diagnoses: Vec<u32>,
            pub(crate) other_procedures: Vec<u32>,
            pub(crate) units: Option<UnitFacts>,
        }

        impl ClaimRows {
            /// Takes all rows out and keeps the memory.
            pub fn clear(&mut self) {
                $(self.$name.clear();)*
                self.other_diagnoses.clear();
                self.other_procedures.clear();
                self.units.clear();
            }

            /// Makes room for so many more rows.
            pub fn reserve(&mut self, rows: usize) {
                $(self.$name.reserve(rows);)*
                self.other_diagnoses.offsets.reserve(rows);
                self.other_procedures.offsets.reserve(rows);
            }

            pub(crate) fn push(&mut self, row: &Row) {
                if let Some(facts) = &row.units {
                    self.units.push((self.len(), facts.clone()));
                }
                $(self.$name.push(row.$name);)*
                self.other_diagnoses.push(&row.other_diagnoses);
                self.other_procedures.push(&row.other_procedures);
            }
        }
    };
}

claim_rows! {
    /// The key of the case.
    case_id: Id,
    /// The patient; later stays of a patient name the same one.
    person_id: Id,
    /// The hospital: an index into [`crate::Synth::hospitals`], the last of which is in no world.
    hospital: u32,
    /// 统筹区: an index into [`crate::Synth::regions`]; `None` in rows with that flaw.
    region: Option<u16>,
    /// 险种: an index into [`crate::Synth::insurances`].
    insurance: u16,
    /// 1 male, 2 female; `None` or 9 in rows with that flaw.
    sex: Option<i8>,
    /// Age in completed years.
    age_years: Option<i16>,
    /// Age in days, for infants.
    age_days: Option<i16>,
    /// 新生儿出生体重 in grams, for newborns.
    birth_weight_g: Option<i32>,
    /// 新生儿入院体重 in grams, for newborns.
    admission_weight_g: Option<i32>,
    /// The day of admission.
    admission_date: i32,
    /// The day of discharge; `None` in rows with that flaw.
    discharge_date: Option<i32>,
    /// 住院天数, at least one.
    stay_days: i16,
    /// 重症监护 hours.
    icu_hours: i16,
    /// 呼吸机使用 hours.
    ventilator_hours: i16,
    /// 离院方式: an index into [`crate::Synth::discharge_ways`].
    discharge_way: u16,
    /// 科别: an index into [`crate::Synth::departments`].
    department: u16,
    /// 主要诊断: an index into [`crate::Synth::codes`]; `None` in rows with that flaw.
    principal_diagnosis: Option<u32>,
    /// 主要手术及操作: an index into [`crate::Synth::codes`].
    main_procedure: Option<u32>,
    /// The cost of the case; `None` in rows with that flaw.
    total_cost: Option<i64>,
    /// Western and Chinese medicines, part of the total.
    drug_cost: i64,
    /// 耗材, part of the total.
    consumable_cost: i64,
    /// Services, part of the total.
    service_cost: i64,
    /// Treatment of Chinese medicine (中医), part of the total.
    tcm_cost: i64,
    /// 统筹基金 paid.
    fund_paid: i64,
    /// Other funds paid (大病, 医疗救助 …).
    other_funds_paid: i64,
    /// The patient paid.
    patient_paid: i64,
    /// Whether the case used a new technology.
    new_tech: bool,
    /// The case that this negative row cancels.
    reverses: Option<Id>,
}

impl ClaimRows {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.case_id.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.case_id.is_empty()
    }
}

/// Numbers a case or a person: a letter, seven hex digits of the key, twelve digits of the row.
pub(crate) fn numbered_id(letter: u8, key: u64, row: u64) -> Id {
    let mut id = [letter; ID_BYTES];
    for (place, digit) in id[1..8].iter_mut().enumerate() {
        let nibble = (key >> (4 * place)) & 0xf;
        *digit = b"0123456789abcdef"[usize::try_from(nibble).expect("a nibble fits")];
    }
    let mut rest = row;
    for digit in id[8..].iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).expect("a digit fits");
        rest /= 10;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_rows_do_and_carry_the_seed() {
        assert_eq!(&numbered_id(b'C', 0xabc_def1, 42), b"C1fedcba000000000042");
        assert!(numbered_id(b'C', 1, 9) < numbered_id(b'C', 1, 10));
        assert_ne!(numbered_id(b'C', 1, 9), numbered_id(b'C', 2, 9));
        assert_ne!(numbered_id(b'P', 1, 9), numbered_id(b'C', 1, 9));
    }

    #[test]
    fn rows_go_in_and_memory_is_kept() {
        let mut rows = ClaimRows::default();
        let row = Row {
            other_diagnoses: vec![4, 5],
            ..Row::default()
        };
        rows.push(&Row::default());
        rows.push(&row);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows.other_diagnoses.row(0), [0_u32; 0]);
        assert_eq!(rows.other_diagnoses.row(1), [4, 5]);
        rows.clear();
        assert!(rows.is_empty());
        assert_eq!(rows.other_diagnoses, ListColumn::default());
    }
}
