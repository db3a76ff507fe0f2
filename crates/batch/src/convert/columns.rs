//! The columns of a table of texts while they become Arrow columns.

use super::cells::{self, Conversion, Unreadable};
use crate::read::{Column, Kind};
use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, ListBuilder,
    StringBuilder, StructBuilder,
};
use arrow::datatypes::{DataType, Field, Fields};
use jiff::civil::Date;
use std::sync::Arc;

/// Amounts have sixteen digits, two of them decimals.
const MONEY: DataType = DataType::Decimal128(16, 2);

/// A column of the table and the values that were read so far.
pub(super) struct TableColumn {
    /// The header as it stands in the file.
    pub(super) header: String,
    /// The column of the contract; nothing where the file has a column of its own.
    pub(super) known: Option<Column>,
    values: Values,
}

enum Values {
    Text(StringBuilder),
    Texts(ListBuilder<StringBuilder>),
    Int(Int64Builder),
    Date(Date32Builder),
    Money(Decimal128Builder),
    Flag(BooleanBuilder),
    Items(ListBuilder<StructBuilder>),
}

fn item_fields() -> Fields {
    Fields::from(vec![
        Field::new("code", DataType::Utf8, true),
        Field::new("cost", MONEY, true),
    ])
}

impl Values {
    fn new(kind: Kind) -> Self {
        let money = || Decimal128Builder::new().with_data_type(MONEY);
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Texts => Self::Texts(ListBuilder::new(StringBuilder::new())),
            Kind::Int => Self::Int(Int64Builder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Money => Self::Money(money()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Items => {
                let columns: [Box<dyn arrow::array::ArrayBuilder>; 2] =
                    [Box::new(StringBuilder::new()), Box::new(money())];
                let items = StructBuilder::new(item_fields(), columns.into());
                Self::Items(ListBuilder::new(items))
            }
        }
    }

    /// Takes a cell; one that is no value of the column becomes an empty one.
    fn push(
        &mut self,
        text: Option<&str>,
        is_hours: bool,
    ) -> Result<Option<Conversion>, Unreadable> {
        /// A value into its builder, nothing where it cannot be read.
        macro_rules! put {
            ($values:expr, $read:expr) => {{
                let read = text.map_or(Ok((None, None)), $read);
                $values.append_option(read.as_ref().ok().and_then(|(value, _)| *value));
                read.map(|(_, said)| said)
            }};
        }
        match self {
            Self::Text(values) => {
                values.append_option(text);
                Ok(None)
            }
            Self::Texts(values) => Ok(push_texts(values, text)),
            Self::Int(values) => put!(values, |text| cells::int(text, is_hours)),
            Self::Date(values) => put!(values, |text| {
                cells::date(text).map(|(date, said)| (date.map(days), said))
            }),
            Self::Money(values) => put!(values, cells::money),
            Self::Flag(values) => put!(values, cells::flag),
            Self::Items(values) => push_items(values, text),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(values) => Arc::new(values.finish()),
            Self::Texts(values) => Arc::new(values.finish()),
            Self::Int(values) => Arc::new(values.finish()),
            Self::Date(values) => Arc::new(values.finish()),
            Self::Money(values) => Arc::new(values.finish()),
            Self::Flag(values) => Arc::new(values.finish()),
            Self::Items(values) => Arc::new(values.finish()),
        }
    }
}

/// Days since 1970-01-01.
fn days(date: Date) -> i32 {
    let start = jiff::civil::date(1970, 1, 1);
    let span = date.since(start).expect("days between dates always fit");
    span.get_days()
}

fn push_texts(values: &mut ListBuilder<StringBuilder>, text: Option<&str>) -> Option<Conversion> {
    let Some(text) = text else {
        values.append(false);
        return None;
    };
    let (parts, said) = cells::parts(text);
    for part in parts {
        values
            .values()
            .append_option((!part.is_empty()).then_some(part));
    }
    values.append(true);
    said
}

/// Items are written `code:cost;code:cost`.
fn push_items(
    values: &mut ListBuilder<StructBuilder>,
    text: Option<&str>,
) -> Result<Option<Conversion>, Unreadable> {
    let Some(text) = text else {
        values.append(false);
        return Ok(None);
    };
    let (parts, mut said) = cells::parts(text);
    let mut items = Vec::with_capacity(parts.len());
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let item = part.split_once([':', '\u{ff1a}']).ok_or(Unreadable);
        let read = item.and_then(|(code, cost)| {
            let (cost, money) = cells::money(cost.trim())?;
            said = said.or(money);
            Ok((code.trim(), cost))
        });
        match read {
            Ok(item) => items.push(item),
            Err(unreadable) => {
                values.append(false);
                return Err(unreadable);
            }
        }
    }
    for (code, cost) in items {
        let item = values.values();
        let codes = item.field_builder::<StringBuilder>(0);
        codes.expect("the first field is text").append_value(code);
        let costs = item.field_builder::<Decimal128Builder>(1);
        costs.expect("the second is money").append_option(cost);
        item.append(true);
    }
    values.append(true);
    Ok(said)
}

impl TableColumn {
    pub(super) fn new(header: &str) -> Self {
        let known = Column::named(header);
        let kind = known.map_or(Kind::Text, Column::kind);
        Self {
            header: header.to_owned(),
            known,
            values: Values::new(kind),
        }
    }

    /// The name under which the column is written.
    pub(super) fn name(&self) -> &str {
        match self.known {
            Some(column) => column.name(),
            None => &self.header,
        }
    }

    pub(super) fn field(&self) -> Field {
        let data_type = match &self.values {
            Values::Text(_) => DataType::Utf8,
            Values::Texts(_) => DataType::new_list(DataType::Utf8, true),
            Values::Int(_) => DataType::Int64,
            Values::Date(_) => DataType::Date32,
            Values::Money(_) => MONEY,
            Values::Flag(_) => DataType::Boolean,
            Values::Items(_) => DataType::new_list(DataType::Struct(item_fields()), true),
        };
        Field::new(self.name(), data_type, true)
    }

    /// Takes a cell and says what was done to it; up to two things.
    pub(super) fn push(&mut self, cell: &str) -> Result<[Option<Conversion>; 2], Unreadable> {
        let is_hours = matches!(self.known, Some(Column::VentilatorHours | Column::IcuHours));
        let (text, trimmed) = cells::text(cell);
        if self.known.is_some() && text.is_some_and(cells::is_error) {
            self.values.push(None, is_hours)?;
            return Err(Unreadable);
        }
        let said = self.values.push(text, is_hours)?;
        Ok([trimmed, said])
    }

    /// The values that were taken since the last call.
    pub(super) fn finish(&mut self) -> ArrayRef {
        self.values.finish()
    }
}
