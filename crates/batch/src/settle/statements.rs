//! A statement for each hospital and pool, which its finance office checks line by line.
//!
//! `statements.parquet` has the lines of all hospitals; `statements/POOL/HOSPITAL.csv` those of
//! one, for people. Hospitals are taken some at a time, so that a region of very many small ones
//! needs no more memory than a region of a few large ones. The index names every CSV file with its
//! hash.

mod beside;
mod cells;
mod closing;
mod hospital;
pub(crate) mod keys;
mod line;
mod value;

use super::closing::Closing;
use super::columns::{MONEY, decimals};
use super::ledger::Account;
use super::reports::{self, texts};
use super::setting::Setting;
use super::tallies::TallyBook;
use super::units::LineReport;
use super::{PoolReport, SettleJob};
use crate::manifest::OutputFile;
use crate::output::sha256;
use crate::table::{self, TableEncoder, TableWriter};
use crate::{Class, Error};
use arrow::array::{ArrayRef, Decimal128Array, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use closing::ClosingLines;
use drgdip_claims::Yuan;
use drgdip_points::pool::{HospitalPayment, HospitalTotals};
use drgdip_tables::policy::Described;
use hospital::{HospitalLines, number};
use line::{Line, Section, shown};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use value::PoolLines;

/// The lines of all hospitals.
pub(crate) const STATEMENTS: &str = "statements.parquet";
/// One row a CSV file, with its hash.
pub(crate) const INDEX: &str = "statement_files.parquet";
/// The folder of the CSV files.
pub(crate) const FOLDER: &str = "statements";

/// How many hospitals are in memory at once.
const AT_ONCE: usize = 512;

/// What statements are made from.
pub(super) struct Statements<'s> {
    pub(super) job: &'s SettleJob<'s>,
    pub(super) setting: &'s Setting<'s>,
    pub(super) pools: &'s [PoolReport],
    pub(super) closing: &'s Closing,
    pub(super) tallies: &'s TallyBook,
    /// What lines pay beside points.
    pub(super) lines: &'s [LineReport],
}

/// The statement of one hospital in one pool.
struct Statement<'s> {
    pool: &'s str,
    hospital: &'s str,
    /// Its place in the folder of the run.
    file: String,
    sha256: String,
    bytes: u64,
    lines: Vec<Line>,
    /// What stands behind each line.
    basis: Vec<Arc<Behind>>,
}

/// The parameters and the sources of a line, in words.
struct Behind {
    parameters: String,
    sources: String,
}

impl<'s> Statements<'s> {
    pub(super) fn new(
        (job, setting): (&'s SettleJob<'s>, &'s Setting<'s>),
        (pools, closing, tallies): (&'s [PoolReport], &'s Closing, &'s TallyBook),
        lines: &'s [LineReport],
    ) -> Self {
        Self {
            job,
            setting,
            pools,
            closing,
            tallies,
            lines,
        }
    }

    /// Writes all statements into the folder of the run.
    ///
    /// # Errors
    /// A file that cannot be written, and lines that do not add up to the payment.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<OutputFile>, Error> {
        let said = Said::new(self)?;
        let closing = ClosingLines::new(self.setting, self.job.inputs, self.pools, self.closing)?;
        let beside = beside::beside(self.lines)?;
        let (mut table, mut index) = (Table::create(folder)?, Vec::new());
        let root = folder.join(FOLDER);
        make(&root)?;
        for (number, report) in (0..).zip(self.pools) {
            let pool = PoolLines::new(report, &self.setting.terms);
            let pool_name = cells::file_name(&report.id);
            make(&root.join(&pool_name))?;
            let maker = Maker {
                statements: self,
                said: &said,
                closing: &closing,
                beside: &beside,
                number,
                value: pool.lines(),
                pool,
                folder,
                inside: format!("{FOLDER}/{pool_name}"),
            };
            let parties = maker.parties();
            for some in parties.chunks(AT_ONCE) {
                let made = some.par_iter().map(|party| maker.statement(party));
                let made: Vec<Statement<'_>> = made.collect::<Result<_, _>>()?;
                table.add(&made)?;
                index.extend(made.into_iter().map(IndexRow::of));
            }
        }
        Ok(vec![table.finish()?, write_index(folder, &index)?])
    }
}

fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|e| Error::file(folder, "create the folder", &e))
}

/// What the policy states on the last day of the period, and what people call hospitals and groups.
struct Said<'s> {
    values: HashMap<&'static str, Described>,
    hospitals: HashMap<&'s str, (&'s str, &'s str)>,
    period: &'s str,
    policy: &'s str,
}

impl<'s> Said<'s> {
    fn new(from: &Statements<'s>) -> Result<Self, Error> {
        let values = from.job.policy.describe(from.setting.period.last)?;
        let last = from.setting.hospitals.iter().filter_map(|rows| rows.last());
        Ok(Self {
            values: values.into_iter().map(|value| (value.key, value)).collect(),
            hospitals: last
                .map(|h| (h.hospital_id.as_str(), (h.name.as_str(), h.level.as_str())))
                .collect(),
            period: &from.setting.period.text,
            policy: from.job.policy.id(),
        })
    }

    /// What stands behind each line; lines with the same keys share it.
    fn behind<'l>(&self, lines: &'l [Line]) -> Vec<Arc<Behind>> {
        let mut known: HashMap<&[&'static str], Arc<Behind>> = HashMap::new();
        let of = |line| {
            Arc::new(Behind {
                parameters: self.parameters(line),
                sources: self.sources(line),
            })
        };
        let each = |line: &'l Line| Arc::clone(known.entry(&line.keys).or_insert_with(|| of(line)));
        lines.iter().map(each).collect()
    }

    /// The parameters of a line, each as `key = value`.
    fn parameters(&self, line: &Line) -> String {
        let stated = line.keys.iter().filter_map(|key| self.values.get(key));
        let shown = stated.map(|said| format!("{} = {}", said.key, said.value));
        shown.collect::<Vec<_>>().join("; ")
    }

    /// The sources of a line, each once, as `TAG (reliability)`.
    fn sources(&self, line: &Line) -> String {
        let stated = line.keys.iter().filter_map(|key| self.values.get(key));
        let tags = stated.map(|said| (said.source.tag.as_str(), said.source.reliability.as_str()));
        let tags: BTreeSet<(&str, &str)> = tags.collect();
        let shown = tags
            .into_iter()
            .map(|(tag, reliability)| format!("{tag} ({reliability})"));
        shown.collect::<Vec<_>>().join("; ")
    }
}

/// Makes the statements of a pool.
struct Maker<'m> {
    statements: &'m Statements<'m>,
    said: &'m Said<'m>,
    closing: &'m ClosingLines<'m>,
    beside: &'m BTreeMap<Account, Vec<Line>>,
    /// The number of the pool in the run.
    number: u16,
    pool: PoolLines<'m>,
    /// The lines about the pool, the same in each statement.
    value: Vec<Line>,
    folder: &'m Path,
    /// Where the CSV files of the pool are in the folder of the run.
    inside: String,
}

/// A hospital that a pool states something about.
struct Party<'m> {
    hospital: &'m str,
    payment: Option<&'m HospitalPayment>,
    totals: Option<&'m HospitalTotals>,
    name: String,
}

impl<'m> Maker<'m> {
    /// The hospitals of the pool, by their codes.
    fn parties(&self) -> Vec<Party<'m>> {
        let report = self.pool.report;
        let totals = report.input.hospitals.iter();
        let totals: HashMap<&str, &HospitalTotals> = totals
            .map(|totals| (totals.hospital_id.as_str(), totals))
            .collect();
        let paid = report.settlement.hospitals.iter();
        let mut all: BTreeMap<&str, Option<&HospitalPayment>> =
            paid.map(|h| (h.hospital_id.as_str(), Some(h))).collect();
        for hospital in self.closing.hospitals(&report.id) {
            all.entry(hospital).or_default();
        }
        let mut taken = HashSet::new();
        let mut party = |(hospital, payment): (&'m str, Option<&'m HospitalPayment>)| {
            let mut name = cells::file_name(hospital);
            if !taken.insert(name.to_ascii_lowercase()) {
                name = cells::told_apart(hospital);
            }
            Party {
                hospital,
                payment,
                totals: totals.get(hospital).copied(),
                name,
            }
        };
        all.into_iter().map(&mut party).collect()
    }

    fn statement(&self, party: &Party<'m>) -> Result<Statement<'m>, Error> {
        let setting = self.statements.setting;
        let mut lines = self.head(party.hospital);
        if let Some(paid) = party.payment {
            let of = HospitalLines {
                pool: &self.pool,
                payment: paid,
                totals: party.totals,
                value: paid.effective_value().and_then(|value| shown(&value)),
                tallies: self.tallies(party.hospital)?,
            };
            let own = of.lines(|group| setting.means.code(group));
            add_up(&own, paid)?;
            // The value comes between the points and what they earn.
            let earned = own.iter().position(|line| line.section == Section::Earned);
            let (before, after) = own.split_at(earned.unwrap_or(own.len()));
            lines.extend_from_slice(before);
            lines.extend_from_slice(&self.value);
            lines.extend_from_slice(after);
        }
        lines.extend(self.on_lines(party.hospital));
        let of = (party.hospital, party.payment);
        lines.extend(self.closing.lines(self.pool.report, of));
        let basis = self.said.behind(&lines);
        let csv = csv(&lines, &basis)?;
        let file = format!("{}/{}.csv", self.inside, party.name);
        let path = self.folder.join(&file);
        // Many small files are not forced to the disk one by one; a lost one shows by its hash.
        fs::write(&path, &csv).map_err(|e| Error::file(&path, "write it", &e))?;
        Ok(Statement {
            pool: &self.pool.report.id,
            hospital: party.hospital,
            file,
            sha256: sha256(&csv),
            bytes: csv.len() as u64,
            lines,
            basis,
        })
    }

    fn tallies(&self, hospital: &str) -> Result<Vec<super::tallies::Tally>, Error> {
        let numbers = &self.statements.setting.hospital_numbers;
        let Some(hospital) = numbers.get(hospital).copied() else {
            return Ok(Vec::new());
        };
        let pool = self.number;
        self.statements.tallies.of(Account { pool, hospital })
    }

    /// What lines pay the hospital.
    fn on_lines(&self, hospital: &str) -> Vec<Line> {
        let number = self.statements.setting.hospital_numbers.get(hospital);
        let account = number.map(|hospital| Account {
            pool: self.number,
            hospital: *hospital,
        });
        let found = account.and_then(|account| self.beside.get(&account));
        found.cloned().unwrap_or_default()
    }

    fn head(&self, hospital: &str) -> Vec<Line> {
        let line = |item: &str, text: &str| Line::new(Section::Head, item).arithmetic(text);
        let (name, level) = self
            .said
            .hospitals
            .get(hospital)
            .copied()
            .unwrap_or_default();
        vec![
            line("医院编码 hospital_id", hospital),
            line("医院名称 name", name),
            line("级别 level", level),
            line("基金池 pool", &self.pool.report.id),
            line("期间 period", self.said.period),
            line("政策 policy", self.said.policy),
        ]
    }
}

/// A statement as CSV, for people.
fn csv(lines: &[Line], basis: &[Arc<Behind>]) -> Result<Vec<u8>, Error> {
    let broken = |e: csv::Error| Error::input("statements", e);
    // Spreadsheets take a file for UTF-8 only when it begins with this mark.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(HEADINGS).map_err(broken)?;
    for (place, (line, behind)) in (1_u32..).zip(lines.iter().zip(basis)) {
        let count = line
            .cases
            .map_or_else(String::new, |cases| cases.to_string());
        let amount = line
            .amount
            .map_or_else(String::new, |yuan| yuan.to_string());
        let record = [
            place.to_string(),
            line.section.title(),
            cells::text(&line.item),
            line.class.to_owned(),
            cells::text(&line.group),
            count,
            number(line.quantity),
            line.unit.title().to_owned(),
            number(line.value),
            amount,
            cells::text(&line.arithmetic),
            cells::text(&behind.parameters),
            cells::text(&behind.sources),
        ];
        writer.write_record(record).map_err(broken)?;
    }
    let written = writer.into_inner();
    written.map_err(|e| Error::input("statements", e.into_error()))
}

const HEADINGS: [&str; 13] = [
    "行 line",
    "部分 section",
    "项目 item",
    "病例类型 case_class",
    "病组 group",
    "病例数 cases",
    "数量 quantity",
    "单位 unit",
    "单价 value",
    "金额 amount",
    "算式 arithmetic",
    "参数 parameters",
    "来源 source",
];

/// The case lines are the payment, to the fen; what is paid at cost is among both.
fn add_up(lines: &[Line], paid: &HospitalPayment) -> Result<(), Error> {
    let cases = lines.iter().filter(|line| line.section == Section::Cases);
    let cases = Yuan::total(cases.filter_map(|line| line.amount));
    let Ok(cases) = cases else {
        return Err(Error::input("statements", "an amount is too large."));
    };
    let expected = paid.payment;
    if cases == expected {
        return Ok(());
    }
    let hospital = &paid.hospital_id;
    let problem = format!("the cases of {hospital} add up to {cases} yuan, not {expected}.");
    let hint = "Please report this.";
    Err(Error::new(Class::Reconcile, "statements", problem, hint))
}

/// `statements.parquet` while it is written.
struct Table {
    writer: TableWriter,
    encoder: TableEncoder,
    row_groups: usize,
    rows: u64,
}

const NUMBER: DataType = DataType::Decimal128(24, 6);

impl Table {
    fn create(folder: &Path) -> Result<Self, Error> {
        let text = |name: &str| Field::new(name, DataType::Utf8, false);
        let schema = Schema::new(vec![
            text("pool"),
            text("hospital_id"),
            Field::new("line", DataType::UInt32, false),
            text("section"),
            text("item"),
            text("case_class"),
            text("group"),
            Field::new("cases", DataType::UInt64, true),
            Field::new("quantity", NUMBER, true),
            text("unit"),
            Field::new("value", NUMBER, true),
            Field::new("amount", MONEY, true),
            text("arithmetic"),
            text("parameters"),
            text("source"),
        ]);
        let (writer, encoder) = table::create(&folder.join(STATEMENTS), schema, &["arithmetic"])?;
        Ok(Self {
            writer,
            encoder,
            row_groups: 0,
            rows: 0,
        })
    }

    /// Writes the lines of some hospitals as one row group.
    fn add(&mut self, made: &[Statement<'_>]) -> Result<(), Error> {
        let pairs = made
            .iter()
            .flat_map(|one| one.lines.iter().map(move |line| (one, line)));
        let pairs: Vec<(&Statement<'_>, &Line)> = pairs.collect();
        let lines = || pairs.iter().copied();
        let numbers = |of: fn(&Line) -> Option<i128>| -> ArrayRef {
            let values: Decimal128Array = lines().map(|(_, line)| of(line)).collect();
            Arc::new(values.with_data_type(NUMBER))
        };
        let places = made.iter().flat_map(|one| 1..=one.lines.len());
        let places = places.map(|place| u32::try_from(place).expect("a statement has few lines"));
        let places: Vec<u32> = places.collect();
        let cases: UInt64Array = lines().map(|(_, line)| line.cases).collect();
        let amounts = lines().map(|(_, line)| line.amount.map(Yuan::fen));
        let basis: Vec<&Behind> = made
            .iter()
            .flat_map(|one| one.basis.iter().map(AsRef::as_ref))
            .collect();
        let behind = |of: fn(&Behind) -> &str| texts(basis.iter().map(|one| of(one)));
        let columns: Vec<Vec<ArrayRef>> = vec![
            vec![texts(lines().map(|(one, _)| one.pool))],
            vec![texts(lines().map(|(one, _)| one.hospital))],
            vec![Arc::new(UInt32Array::from_iter_values(places))],
            vec![texts(lines().map(|(_, line)| line.section.code()))],
            vec![texts(lines().map(|(_, line)| line.item.as_str()))],
            vec![texts(lines().map(|(_, line)| line.class))],
            vec![texts(lines().map(|(_, line)| line.group.as_str()))],
            vec![Arc::new(cases)],
            vec![numbers(|line| line.quantity)],
            vec![texts(lines().map(|(_, line)| line.unit.title()))],
            vec![numbers(|line| line.value)],
            decimals(amounts, &MONEY),
            vec![texts(lines().map(|(_, line)| line.arithmetic.as_str()))],
            vec![behind(|one| &one.parameters)],
            vec![behind(|one| &one.sources)],
        ];
        self.rows += lines().count() as u64;
        let encoded = self.encoder.encode(self.row_groups, 0, &columns)?;
        self.row_groups += 1;
        self.writer.append(encoded)
    }

    fn finish(self) -> Result<OutputFile, Error> {
        Ok(OutputFile::new(
            STATEMENTS,
            self.rows,
            self.writer.finish()?,
        ))
    }
}

/// A CSV file in the index.
struct IndexRow {
    pool: String,
    hospital: String,
    file: String,
    lines: u64,
    bytes: u64,
    sha256: String,
}

impl IndexRow {
    fn of(statement: Statement<'_>) -> Self {
        Self {
            pool: statement.pool.to_owned(),
            hospital: statement.hospital.to_owned(),
            lines: statement.lines.len() as u64,
            file: statement.file,
            bytes: statement.bytes,
            sha256: statement.sha256,
        }
    }
}

fn write_index(folder: &Path, rows: &[IndexRow]) -> Result<OutputFile, Error> {
    let text = |of: fn(&IndexRow) -> &String| texts(rows.iter().map(|row| of(row).as_str()));
    let count = |of: fn(&IndexRow) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(of)))
    };
    let columns = vec![
        ("pool", text(|row| &row.pool)),
        ("hospital_id", text(|row| &row.hospital)),
        ("file", text(|row| &row.file)),
        ("lines", count(|row| row.lines)),
        ("bytes", count(|row| row.bytes)),
        ("sha256", text(|row| &row.sha256)),
    ];
    reports::write(folder, INDEX, columns)
}
