//! The claim columns, their national aliases, and how each is found in a file.

use super::files::ReadOptions;
use super::types::check_type;
use arrow::datatypes::{Field, Schema};

/// What a claim column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text or code; also an integer code.
    Text,
    /// A list of codes.
    Texts,
    /// A whole number.
    Int,
    /// A date.
    Date,
    /// Yuan with two decimals.
    Money,
    /// True or false.
    Flag,
    /// A list of items, each a code and what it cost in yuan.
    Items,
}

macro_rules! columns {
    ($($variant:ident $name:literal $kind:ident [$($alias:literal),*];)*) => {
        /// A column of the claims contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Column { $($variant,)* }

        impl Column {
            /// All columns of the contract.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// How many columns the contract has.
            pub(crate) const COUNT: usize = Self::ALL.len();

            /// The column that a file calls so, by the contract's name or a national one.
            pub(crate) fn named(name: &str) -> Option<Self> {
                let is_name = |column: &&Self| {
                    column.name() == name || column.aliases().contains(&name)
                };
                Self::ALL.iter().find(is_name).copied()
            }

            /// The plain English name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The names of the national interface that mean the same.
            const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*],)* }
            }

            pub(crate) const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }
    };
}

// Source of the aliases: the national interface specification V8.1, fields of the settlement list.
columns! {
    CaseId "case_id" Text ["setl_id"];
    PersonId "person_id" Text ["psn_no"];
    HospitalId "hospital_id" Text ["fixmedins_code"];
    HospitalLevel "hospital_level" Text ["hi_setl_lv"];
    Region "region" Text [];
    Insurance "insurance" Text ["insutype", "hi_type"];
    Sex "sex" Text ["gend"];
    AgeYears "age_years" Int ["age"];
    AgeDays "age_days" Int ["nwb_age"];
    BirthWeight "birth_weight_g" Int ["nwb_bir_wt"];
    AdmissionDate "admission_date" Date ["adm_time"];
    DischargeDate "discharge_date" Date ["dscg_time"];
    StayDays "stay_days" Int ["act_ipt_days"];
    IcuHours "icu_hours" Int [];
    VentilatorHours "ventilator_hours" Int [];
    DischargeWay "discharge_way" Text ["dscg_way"];
    Department "department" Text ["dscg_caty"];
    PrincipalDiagnosis "principal_diagnosis" Text [];
    OtherDiagnoses "other_diagnoses" Texts [];
    MainProcedure "main_procedure" Text [];
    OtherProcedures "other_procedures" Texts [];
    TotalCost "total_cost" Money [];
    FundPaid "fund_paid" Money [];
    OtherFundsPaid "other_funds_paid" Money [];
    PatientPaid "patient_paid" Money [];
    NewTech "new_tech" Flag [];
    Reverses "reverses" Text [];
    DrugCost "drug_cost" Money [];
    ConsumableCost "consumable_cost" Money [];
    ServiceCost "service_cost" Money [];
    InsuredRegion "insured_region" Text ["insuplc"];
    TcmDisease "tcm_disease" Text [];
    UploadedAt "uploaded_at" Date [];
    PaymentUnit "payment_unit" Text [];
    AdmissionWeight "admission_weight_g" Int ["nwb_adm_wt"];
    AdmissionConditions "admission_conditions" Texts [];
    TreatmentType "treatment_type" Text ["trt_type"];
    TcmSyndrome "tcm_syndrome" Text [];
    TcmCost "tcm_cost" Money [];
    NewTechItems "new_tech_items" Items [];
    NegotiatedDrugs "negotiated_drugs" Items [];
    IcuDays "icu_days" Int [];
    ReadmissionPlanned "readmission_planned" Flag [];
}

impl Column {
    /// Where a file has the column, by the contract's name before the national ones.
    fn found_in(self, schema: &Schema) -> Option<(usize, &Field)> {
        let mut names = std::iter::once(self.name()).chain(self.aliases().iter().copied());
        names.find_map(|name| schema.column_with_name(name))
    }
}

/// Which columns a command needs: required ones, and ones that are used where they are there.
#[derive(Clone, Debug)]
pub(crate) struct ColumnNeeds {
    pub(crate) required: Vec<Column>,
    pub(crate) optional: Vec<Column>,
}

impl ColumnNeeds {
    /// Reads what somebody else needs too, where it is there.
    pub(crate) fn also(&mut self, other: Self) {
        let all = other.required.into_iter().chain(other.optional);
        let is_new =
            |column: &Column| !self.required.contains(column) && !self.optional.contains(column);
        let new: Vec<Column> = all.filter(is_new).collect();
        self.optional.extend(new);
    }
}

/// Why the columns of a file cannot be read.
#[derive(Debug)]
pub(crate) struct Unfit {
    pub(crate) problem: String,
    /// What to do, where the problem does not say it.
    pub(crate) hint: &'static str,
}

const MISSING_HINT: &str = "Name the columns so, or by the national names in brackets. `drgdip \
    convert` makes such a file of CSV or Excel; policies/claims.md has all columns and their types.";

/// Where each column stands in one file, by the index of its top-level field.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    fields: [Option<usize>; Column::COUNT],
    /// Whether the file has ages in days and none in years, so that an age in days means year 0.
    pub(crate) infant_age_alone: bool,
    /// Pairs of file name and contract name where they differ.
    pub(crate) renamed: Vec<(String, &'static str)>,
}

impl Layout {
    /// Finds the needed columns in a file; the error lists every required one that is missing.
    pub(crate) fn find(
        schema: &Schema,
        needs: &ColumnNeeds,
        options: ReadOptions,
    ) -> Result<Self, Unfit> {
        let mut layout = Self {
            fields: [None; Column::COUNT],
            infant_age_alone: false,
            renamed: Vec::new(),
        };
        let mut missing = Vec::new();
        for &column in needs.required.iter().chain(&needs.optional) {
            match column.found_in(schema) {
                Some((index, field)) => layout.take(column, (index, field), options)?,
                None if needs.required.contains(&column) => missing.push(column),
                None => {}
            }
        }
        let named = layout.fields.iter().flatten();
        let twice = named
            .map(|index| schema.field(*index).name())
            .find(|name| schema.fields().iter().filter(|f| f.name() == *name).count() > 1);
        if let Some(name) = twice {
            return Err(Unfit {
                problem: format!("two columns are called {name}."),
                hint: "Leave one of them out, or give it another name.",
            });
        }
        layout.infant_age_alone =
            layout.index(Column::AgeDays).is_some() && Column::AgeYears.found_in(schema).is_none();
        missing.retain(|column| !(*column == Column::AgeYears && layout.infant_age_alone));
        match missing.as_slice() {
            [] => Ok(layout),
            _ => Err(Unfit {
                problem: missing_message(&missing, schema),
                hint: MISSING_HINT,
            }),
        }
    }

    fn take(
        &mut self,
        column: Column,
        (index, field): (usize, &Field),
        options: ReadOptions,
    ) -> Result<(), Unfit> {
        check_type(column, field.data_type(), options)?;
        self.fields[column as usize] = Some(index);
        if field.name() != column.name() {
            self.renamed.push((field.name().clone(), column.name()));
        }
        Ok(())
    }

    /// The index of the column's top-level field in the file.
    pub(crate) const fn index(&self, column: Column) -> Option<usize> {
        self.fields[column as usize]
    }

    /// The fields that are read, in file order.
    pub(crate) fn projection(&self) -> Vec<usize> {
        let mut fields: Vec<usize> = self.fields.iter().flatten().copied().collect();
        fields.sort_unstable();
        fields
    }
}

fn missing_message(missing: &[Column], schema: &Schema) -> String {
    let wanted: Vec<String> = missing
        .iter()
        .map(|column| match column.aliases() {
            [] => column.name().to_owned(),
            aliases => format!("{} (or {})", column.name(), aliases.join(", ")),
        })
        .collect();
    let has: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    format!(
        "the file lacks {}. It has {}.",
        wanted.join(", "),
        has.join(", ")
    )
}
