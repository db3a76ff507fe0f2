//! Makes a plan of a draft: sorts, parses the rules, and checks what points where.

use super::cells::{Cell, CellRow, CellTable, place};
use super::draft::{Draft, GROUP_ADRG, adrg, weight};
use super::problem::PlanProblem;
use crate::error::{Error, Place, Warning, WarningLevel};
use crate::plan::{
    Adrg, AdrgKind, CodeList, Drg, GreyRow, GroupingPlan, Mdc, NoGroupFallback, RowRef, StatedRule,
    WeightRow,
};
use crate::rule::{self, ListId};
use std::collections::{BTreeMap, HashMap};

/// A plan with the warnings so far and the rows that its warnings point to.
pub(super) struct Finished {
    pub(super) plan: GroupingPlan,
    pub(super) warnings: Vec<Warning>,
}

/// What interpreting the cells needs.
struct Finish {
    files: Vec<String>,
    list_ids: HashMap<String, ListId>,
    fallback: NoGroupFallback,
    warnings: Vec<Warning>,
}

/// Children of one parent by their order, with the row that states the order.
type Ordered<T> = BTreeMap<u32, (RowRef, T)>;

impl Draft {
    /// Makes the plan.
    pub(super) fn finish(self) -> Result<Finished, Error> {
        let settings = self
            .settings
            .expect("every layer states or inherits settings");
        let has_grey_list = settings.codes.has_grey_list;
        let lists = self.lists.finish();
        let mut finish = Finish {
            files: self.files,
            list_ids: ids_of(&lists),
            fallback: settings.no_group_fallback,
            warnings: self.warnings,
        };
        finish.check_parents(&self.adrgs, adrg::MDC, (&self.mdcs, "MDC"))?;
        finish.check_parents(&self.drgs, GROUP_ADRG, (&self.adrgs, "ADRG"))?;
        let mut drgs = finish.drgs(self.drgs.rows)?;
        let mut adrgs = finish.adrgs(self.adrgs.rows, &mut drgs)?;
        let mdcs = finish.mdcs(self.mdcs.rows, &mut adrgs)?;
        let weights = finish.weights(self.weights.rows, &mdcs)?;
        let plan = GroupingPlan {
            id: self.id,
            title: self.title,
            base: self.base,
            settings,
            lists,
            mdcs,
            severity: self.severity.finish(&self.codes),
            exclusions: self.exclusions.finish(),
            codes: self.codes,
            weights,
            grey: grey_rows(self.grey.rows, has_grey_list),
            code_tables: None,
            dip: None,
            files: finish.files,
        };
        Ok(Finished {
            plan,
            warnings: finish.warnings,
        })
    }
}

/// The codes that cannot be the principal diagnosis, by code.
fn grey_rows(rows: BTreeMap<String, CellRow<2>>, is_named: bool) -> Vec<GreyRow> {
    let rows = rows.into_iter().filter(|_| is_named);
    let row = |(code, row): (String, CellRow<2>)| GreyRow {
        code,
        row: row.last,
    };
    rows.map(row).collect()
}

fn ids_of(lists: &[CodeList]) -> HashMap<String, ListId> {
    let ids = (0..=u32::MAX).map(ListId);
    lists
        .iter()
        .map(|list| list.name.clone())
        .zip(ids)
        .collect()
}

impl Finish {
    fn drgs(
        &mut self,
        rows: BTreeMap<String, CellRow<5>>,
    ) -> Result<BTreeMap<String, Ordered<Drg>>, Error> {
        let mut by_adrg = BTreeMap::new();
        for (code, row) in rows {
            let [parent, order, _, name, text] = &row.cells;
            self.warn_if_unnamed(name, ("group", &code));
            let rule = self.rule(text, "rule")?;
            let drg = Drg {
                order: self.order(order)?,
                code,
                name: name.text.clone(),
                rule,
            };
            let siblings = by_adrg.entry(parent.text.clone()).or_default();
            self.insert(siblings, order, (drg, |drg: &Drg| &drg.code))?;
        }
        Ok(by_adrg)
    }

    fn adrgs(
        &mut self,
        rows: BTreeMap<String, CellRow<7>>,
        drgs: &mut BTreeMap<String, Ordered<Drg>>,
    ) -> Result<BTreeMap<String, Ordered<Adrg>>, Error> {
        let mut by_mdc = BTreeMap::new();
        for (code, row) in rows {
            let cells = &row.cells;
            self.warn_if_unnamed(&cells[adrg::NAME], ("ADRG", &code));
            let adrg = Adrg {
                name: cells[adrg::NAME].text.clone(),
                kind: self.kind(&cells[adrg::KIND])?,
                rule: self.rule(&cells[adrg::RULE], "rule")?,
                order: self.order(&cells[adrg::ORDER])?,
                fallback: self
                    .fallback(&cells[adrg::FALLBACK])?
                    .unwrap_or(self.fallback),
                stated_fallback: self.fallback(&cells[adrg::FALLBACK])?,
                drgs: in_order(drgs.remove(&code)),
                code,
            };
            let siblings = by_mdc.entry(cells[adrg::MDC].text.clone()).or_default();
            self.insert(
                siblings,
                &cells[adrg::ORDER],
                (adrg, |adrg: &Adrg| &adrg.code),
            )?;
        }
        Ok(by_mdc)
    }

    fn mdcs(
        &mut self,
        rows: BTreeMap<String, CellRow<4>>,
        adrgs: &mut BTreeMap<String, Ordered<Adrg>>,
    ) -> Result<Vec<Mdc>, Error> {
        let mut ordered = Ordered::new();
        for (code, row) in rows {
            let [order, _, name, gate] = &row.cells;
            self.warn_if_unnamed(name, ("MDC", &code));
            let mdc = Mdc {
                name: name.text.clone(),
                order: self.order(order)?,
                gate: self.rule(gate, "gate")?,
                adrgs: in_order(adrgs.remove(&code)),
                code,
            };
            self.insert(&mut ordered, order, (mdc, |mdc: &Mdc| &mdc.code))?;
        }
        Ok(in_order(Some(ordered)))
    }

    fn weights(
        &self,
        rows: BTreeMap<String, CellRow<4>>,
        mdcs: &[Mdc],
    ) -> Result<Vec<WeightRow>, Error> {
        let adrgs = || mdcs.iter().flat_map(|mdc| &mdc.adrgs);
        let drgs = adrgs()
            .flat_map(|adrg| &adrg.drgs)
            .map(|drg| drg.code.as_str());
        let groups: std::collections::HashSet<_> =
            drgs.chain(adrgs().map(|adrg| adrg.code.as_str())).collect();
        let mut weights = Vec::with_capacity(rows.len());
        for (group, row) in rows {
            let cells = &row.cells;
            if !groups.contains(group.as_str()) {
                let problem = PlanProblem::UnknownParent {
                    what: "group",
                    code: group,
                };
                return Err(self.error(&cells[weight::GROUP], "drg", problem));
            }
            let ten_thousandths = self.weight(&cells[weight::WEIGHT])?;
            let origin = cells[weight::ORIGIN].text.clone();
            let source = cells[weight::SOURCE].text.clone();
            let row = cells[weight::WEIGHT].row;
            weights.push(WeightRow {
                group,
                ten_thousandths,
                origin,
                source,
                row,
            });
        }
        Ok(weights)
    }

    /// Puts a child at its place in the order, which no other child may have.
    fn insert<T>(
        &self,
        siblings: &mut Ordered<T>,
        order: &Cell,
        (child, code_of): (T, fn(&T) -> &String),
    ) -> Result<(), Error> {
        let place_in_order = self.order(order)?;
        if let Some((other_row, other)) = siblings.get(&place_in_order) {
            let (code, other) = (code_of(&child).clone(), code_of(other).clone());
            // The fault is reported at the later row, whichever of the two is read first.
            let is_later = order.row > *other_row;
            let (at, first) = if is_later {
                (order.row, *other_row)
            } else {
                (*other_row, order.row)
            };
            let (code, other) = if is_later {
                (code, other)
            } else {
                (other, code)
            };
            let first = place(&self.files, first);
            let problem = PlanProblem::DuplicateOrder { code, other, first };
            let field = Some("order".to_owned());
            return Err(problem.at(Place {
                field,
                ..place(&self.files, at)
            }));
        }
        siblings.insert(place_in_order, (order.row, child));
        Ok(())
    }

    /// Refuses rows whose parent is not in the plan.
    fn check_parents<const N: usize, const M: usize>(
        &self,
        children: &CellTable<N>,
        column: usize,
        (parents, what): (&CellTable<M>, &'static str),
    ) -> Result<(), Error> {
        let cells = children.rows.values().map(|row| &row.cells[column]);
        for cell in cells {
            self.check_filled(cell, children.shape.columns[column])?;
            if !parents.rows.contains_key(&cell.text) {
                let problem = PlanProblem::UnknownParent {
                    what,
                    code: cell.text.clone(),
                };
                return Err(self.error(cell, children.shape.columns[column], problem));
            }
        }
        Ok(())
    }

    fn rule(&self, cell: &Cell, field: &str) -> Result<StatedRule, Error> {
        self.check_filled(cell, field)?;
        let text = cell.text.clone();
        let parsed = rule::parse(&text, &mut |name| self.list_ids.get(name).copied());
        match parsed {
            Ok(rule) => Ok(StatedRule {
                text,
                rule,
                row: cell.row,
            }),
            Err(error) => Err(self.error(cell, field, PlanProblem::BadRule { rule: text, error })),
        }
    }

    fn order(&self, cell: &Cell) -> Result<u32, Error> {
        self.check_filled(cell, "order")?;
        let is_digits = cell.text.bytes().all(|byte| byte.is_ascii_digit());
        let number = cell.text.parse().ok().filter(|_| is_digits);
        number.ok_or_else(|| {
            let text = cell.text.clone();
            self.error(cell, "order", PlanProblem::BadNumber { text })
        })
    }

    fn kind(&self, cell: &Cell) -> Result<AdrgKind, Error> {
        self.check_filled(cell, "kind")?;
        match cell.text.as_str() {
            "surgical" => Ok(AdrgKind::Surgical),
            "procedure" => Ok(AdrgKind::Procedural),
            "medical" => Ok(AdrgKind::Medical),
            "ambiguous" => Ok(AdrgKind::Ambiguous),
            _ => {
                let allowed = "surgical, procedure, medical or ambiguous";
                Err(self.bad_word(cell, "kind", allowed))
            }
        }
    }

    fn fallback(&self, cell: &Cell) -> Result<Option<NoGroupFallback>, Error> {
        match cell.text.as_str() {
            "" => Ok(None),
            "adrg" => Ok(Some(NoGroupFallback::Adrg)),
            "continue" => Ok(Some(NoGroupFallback::Continue)),
            _ => Err(self.bad_word(cell, "fallback", "adrg or continue, or nothing")),
        }
    }

    fn weight(&self, cell: &Cell) -> Result<i64, Error> {
        self.check_filled(cell, "weight")?;
        ten_thousandths(&cell.text).ok_or_else(|| {
            let text = cell.text.clone();
            self.error(cell, "weight", PlanProblem::BadWeight { text })
        })
    }

    fn bad_word(&self, cell: &Cell, field: &str, allowed: &'static str) -> Error {
        self.error(
            cell,
            field,
            PlanProblem::BadWord {
                word: cell.text.clone(),
                allowed,
            },
        )
    }

    fn check_filled(&self, cell: &Cell, field: &str) -> Result<(), Error> {
        if cell.text.is_empty() {
            return Err(self.error(cell, field, PlanProblem::EmptyCell));
        }
        Ok(())
    }

    fn warn_if_unnamed(&mut self, name: &Cell, (what, code): (&str, &str)) {
        if name.text.is_empty() {
            let message = format!("The {what} `{code}` has no name.");
            let field = Some("name".to_owned());
            let place = Place {
                field,
                ..place(&self.files, name.row)
            };
            self.warnings.push(Warning {
                place,
                code: "missing_name",
                level: WarningLevel::Warning,
                subjects: vec![code.to_owned()],
                message,
            });
        }
    }

    fn error(&self, cell: &Cell, field: &str, problem: PlanProblem) -> Error {
        let field = Some(field.to_owned());
        problem.at(Place {
            field,
            ..place(&self.files, cell.row)
        })
    }
}

fn in_order<T>(children: Option<Ordered<T>>) -> Vec<T> {
    children
        .unwrap_or_default()
        .into_values()
        .map(|(_, child)| child)
        .collect()
}

/// Reads a decimal number with at most four decimals, in ten-thousandths.
pub(crate) fn ten_thousandths(text: &str) -> Option<i64> {
    let (whole, decimals) = text
        .split_once('.')
        .map_or((text, None), |(w, d)| (w, Some(d)));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let decimals = decimals.unwrap_or("0");
    if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 4 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{decimals:0<4}").parse().ok()?;
    whole.checked_mul(10_000)?.checked_add(part)
}
