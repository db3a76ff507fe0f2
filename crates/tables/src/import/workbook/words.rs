//! What sheets and columns are called.

use super::Column;

pub(super) const MDC: &str = "MDC信息";
pub(super) const ADRG: &str = "ADRG信息";
pub(super) const DRG: &str = "DRG信息";
pub(super) const MDC_DX: &str = "MDC诊断表";
pub(super) const ADRG_DX: &str = "ADRG诊断表";
pub(super) const ADRG_OP: &str = "ADRG手术表";
pub(super) const MCC: &str = "MCC";
pub(super) const CC: &str = "CC";
pub(super) const EXCLUSIONS: &str = "排除诊断表";
pub(super) const RULES: &str = "DRG分组规则";
pub(super) const SETTINGS: &str = "设置";

pub(super) const MDC_CODE: Column = Column::new("mdc_code", &["mdc编码", "mdc代码", "mdc"]);
pub(super) const MDC_NAME: Column = Column::new("mdc_name", &["mdc名称"]);
pub(super) const ADRG_CODE: Column = Column::new("adrg_code", &["adrg编码", "adrg代码", "adrg"]);
pub(super) const ADRG_NAME: Column = Column::new("adrg_name", &["adrg名称"]);
pub(super) const DRG_CODE: Column = Column::new("drg_code", &["drg编码", "drg代码", "drg"]);
pub(super) const DRG_NAME: Column = Column::new("drg_name", &["drg名称"]);
/// The MDC of a classification; without it `multi_wound` and gates by list have nothing to go by.
pub(super) const LIST_MDC: Column = Column::optional("mdc_code", &["mdc编码", "mdc代码", "mdc"]);
pub(super) const CLASSIFICATION: Column = Column::new("classification", &["分类", "分类编码"]);
pub(super) const DIAGNOSIS: Column = Column::new("diagnosis_code", &["诊断编码", "诊断代码"]);
pub(super) const OPERATION: Column = Column::new(
    "operation_code",
    &["手术编码", "手术代码", "手术操作编码", "手术及操作编码"],
);
pub(super) const EXCLUDED_TABLE: Column =
    Column::new("excluded_table", &["排除表", "排除表名", "排除诊断表"]);
pub(super) const TABLE_NAME: Column = Column::new("table_name", &["表名", "排除表", "排除表名"]);
pub(super) const MDC_RULE: Column = Column::new("mdc_rule", &["mdc规则", "mdc分组规则"]);
pub(super) const ADRG_RULE: Column = Column::new("adrg_rule", &["adrg规则", "adrg分组规则"]);
pub(super) const DRG_RULE: Column = Column::new("drg_rule", &["drg规则", "drg分组规则"]);
pub(super) const OP: Column = Column::new("op", &["手术", "是否手术"]);
pub(super) const HAS_MCC: Column = Column::new("mcc", &[]);
pub(super) const HAS_CC: Column = Column::new("cc", &[]);
pub(super) const KEY: Column = Column::new("key", &["键", "项目", "设置"]);
pub(super) const VALUE: Column = Column::new("value", &["值", "内容"]);
/// The kind of an ADRG, for codes that do not tell it.
pub(super) const KIND: Column = Column::optional("kind", &["类型", "类别", "adrg类型"]);
pub(super) const WEIGHT: Column = Column::optional("weight", &["权重", "rw", "基准权重"]);
