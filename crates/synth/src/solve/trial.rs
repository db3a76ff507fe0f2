//! Makes one case that meets a wish, with everything else drawn as it usually is.

use super::cells::Span;
use super::hints::Hint;
use super::recipe::{Recipe, Solver};
use super::wish::{Wish, contains};
use crate::draw::Draw;
use drgdip_tables::plan::{CodeId, Level};
use drgdip_tables::rule::{ListId, NumberField};

/// How often a code is drawn again when the drawn one will not do.
const REDRAWS: usize = 40;

/// One attempt to meet a wish.
pub(crate) struct Trial<'a> {
    pub(crate) solver: &'a Solver<'a>,
    pub(crate) wish: &'a Wish<'a>,
    pub(crate) hint: Hint,
    /// Counts the attempts for this wish; all codes come round in turn.
    pub(crate) step: usize,
}

/// The codes of a case while they are chosen.
struct Codes {
    principal: CodeId,
    others: Vec<CodeId>,
    main: Option<CodeId>,
    other_ops: Vec<CodeId>,
}

impl Trial<'_> {
    /// A case that should meet the wish; `None` when a code that is needed was not found.
    pub(crate) fn recipe(&self, draw: &mut Draw) -> Option<Recipe> {
        let codes = self.codes(draw)?;
        let years = self.years(draw);
        let is_infant = years.high == 0;
        let days = is_infant.then(|| self.days(draw));
        let is_newborn = days.is_some_and(|d| i64::from(d.low) <= self.solver.newborn_days());
        let asks_weight = self.wish.number(NumberField::BirthWeightG).is_some();
        let birth_weight = (is_newborn || asks_weight).then(|| self.birth_weight(draw));
        Some(Recipe {
            principal: codes.principal,
            others: codes.others.into(),
            main: codes.main,
            other_ops: codes.other_ops.into(),
            sex: self.wish.sex.or(self.hint.sex),
            years,
            days,
            birth_weight,
            stay: self.cell(NumberField::StayDays, |draw| draw.between(1, 20), draw),
            icu: self.cell(NumberField::IcuHours, |_| 0, draw),
            ventilator: self.cell(NumberField::VentilatorHours, |_| 0, draw),
            way: self.wish.ways.and_then(|ways| self.solver.way(ways, draw)),
            department: self
                .wish
                .department
                .and_then(|code| self.solver.department(code)),
            has_new_tech: self.wish.has_new_tech,
            is_open_to_severity: false,
        })
    }

    fn codes(&self, draw: &mut Draw) -> Option<Codes> {
        let wish = self.wish;
        let round = self.step / wish.principals.len();
        let main_at = (self.step + round) % wish.mains.len().max(1);
        let mut codes = Codes {
            principal: wish.principals[self.step % wish.principals.len()],
            others: Vec::new(),
            main: wish.mains.get(main_at).copied(),
            other_ops: Vec::new(),
        };
        self.add_operations(&mut codes, draw)?;
        self.add_diagnoses(&mut codes, draw)?;
        self.add_severity(&mut codes, draw)?;
        Some(codes)
    }

    fn add_operations(&self, codes: &mut Codes, draw: &mut Draw) -> Option<()> {
        for &list in &self.wish.any_op {
            let has = |code: CodeId| contains(self.solver.plan, list, code);
            if codes.main.is_some_and(has) || codes.other_ops.iter().any(|&op| has(op)) {
                continue;
            }
            let code = self.code_of(list, None, draw)?;
            match codes.main {
                None => codes.main = Some(code),
                Some(_) => codes.other_ops.push(code),
            }
        }
        for &list in &self.wish.other_op {
            let code = self.code_of(list, codes.main, draw)?;
            codes.other_ops.push(code);
        }
        // Some patients without an operation have one that does not matter for grouping.
        if codes.main.is_none() && self.step % 5 == 4 {
            let procedures = &self.solver.universe.procedures;
            codes.main = (!procedures.is_empty()).then(|| procedures[draw.index(procedures.len())]);
        }
        Some(())
    }

    fn add_diagnoses(&self, codes: &mut Codes, draw: &mut Draw) -> Option<()> {
        let plan = self.solver.plan;
        for &list in &self.wish.any_dx {
            let has = |code: &CodeId| contains(plan, list, *code);
            if !has(&codes.principal) && !codes.others.iter().any(has) {
                let code = self.code_of(list, Some(codes.principal), draw)?;
                codes.others.push(code);
            }
        }
        for &list in &self.wish.other_dx {
            let code = self.code_of(list, Some(codes.principal), draw)?;
            codes.others.push(code);
        }
        for (lists, least) in &self.wish.regions {
            self.add_regions(codes, lists, *least, draw)?;
        }
        Some(())
    }

    fn add_regions(
        &self,
        codes: &mut Codes,
        lists: &[ListId],
        least: u32,
        draw: &mut Draw,
    ) -> Option<()> {
        let plan = self.solver.plan;
        let mut missing: Vec<ListId> = lists.to_vec();
        missing.retain(|list| {
            let mut all = codes.others.iter().chain([&codes.principal]);
            !all.any(|&code| contains(plan, *list, code))
        });
        let mut hit = u32::try_from(lists.len() - missing.len()).ok()?;
        draw.shuffle(&mut missing);
        while hit < least {
            let code = self.code_of(missing.pop()?, Some(codes.principal), draw)?;
            codes.others.push(code);
            hit += 1;
        }
        Some(())
    }

    fn add_severity(&self, codes: &mut Codes, draw: &mut Draw) -> Option<()> {
        let levels = [
            (self.wish.has_mcc, Level::Mcc),
            (self.wish.has_cc, Level::Cc),
        ];
        for (_, level) in levels.into_iter().filter(|(wanted, _)| *wanted) {
            codes
                .others
                .push(self.raising(level, codes.principal, draw)?);
        }
        Some(())
    }

    /// A diagnosis that raises severity and is not excluded by the principal diagnosis.
    fn raising(&self, level: Level, principal: CodeId, draw: &mut Draw) -> Option<CodeId> {
        let universe = &self.solver.universe;
        let rows = universe.raising(level);
        let mut drawn = (0..REDRAWS).filter_map(|_| rows.get(draw.index(rows.len().max(1))));
        let found = drawn.find(|row| row.code != principal && universe.counts(row, principal));
        found.map(|row| row.code)
    }

    /// A code of a list that is not this one.
    fn code_of(&self, list: ListId, unlike: Option<CodeId>, draw: &mut Draw) -> Option<CodeId> {
        let codes = &self.solver.plan.list(list).codes;
        let mut drawn = (0..REDRAWS).filter_map(|_| codes.get(draw.index(codes.len().max(1))));
        drawn
            .find(|(code, _)| Some(*code) != unlike)
            .map(|(code, _)| *code)
    }

    fn years(&self, draw: &mut Draw) -> Span {
        let is_about_infants = self.wish.number(NumberField::AgeDays).is_some()
            || self.wish.number(NumberField::BirthWeightG).is_some();
        let hinted = self.hint.years;
        let usual = |draw: &mut Draw| match hinted {
            _ if is_about_infants => 0,
            Some(span) => draw.between(span.low, span.high),
            None if draw.chance(1_000) => draw.between(1, 17),
            None => 18 + draw.between(0, 38) + draw.between(0, 38),
        };
        let cell = self.cell(NumberField::AgeYears, usual, draw);
        hinted.and_then(|span| span.and(cell)).unwrap_or(cell)
    }

    fn days(&self, draw: &mut Draw) -> Span {
        let newborn = i32::try_from(self.solver.newborn_days())
            .unwrap_or(28)
            .clamp(0, 364);
        let most = if draw.chance(6_000) { newborn } else { 364 };
        self.cell(NumberField::AgeDays, |draw| draw.between(0, most), draw)
    }

    fn birth_weight(&self, draw: &mut Draw) -> Span {
        self.cell(
            NumberField::BirthWeightG,
            |draw| draw.between(2_500, 4_200),
            draw,
        )
    }

    /// The cell of a usual number, or of another one where the wish does not allow the usual.
    fn cell(&self, field: NumberField, usual: impl Fn(&mut Draw) -> i32, draw: &mut Draw) -> Span {
        let number = usual(draw);
        let number = match self.wish.number(field) {
            Some(span) if !span.has(number) => draw.between(span.low, span.high),
            _ => number,
        };
        self.solver.cells.around(field, number)
    }
}
