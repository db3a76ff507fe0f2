//! The conditions of a workbook as rules.
//!
//! A condition is written as workbooks have it, such as `is_pd1(case, 'B00') and case.age < 18`, or
//! in our own rule language. What the first one may hold:
//!
//! | written | meaning |
//! |---|---|
//! | `is_pd1(case, 'X')`, `is_sd1` | the principal, another diagnosis is in X of MDC诊断表 |
//! | `is_pd2(case, 'X')`, `is_sd2` | the same for ADRG诊断表 |
//! | `is_op2(case, 'X')`, `is_mo2`, `is_so2` | any, main, other procedure in X of ADRG手术表 |
//! | `multi_wound(case)` | two or more classifications of the MDC, one by the principal diagnosis |
//! | `case.age`, … compared with a number | as it reads; an absent number compares false |
//! | `case.gender == 1` | 1 male, 2 female |
//! | `case.mcc`, `case.cc`, `case.have_operation` | as the columns `mcc`, `cc` and `op` |
//!
//! joined by `and`, `or`, `not` and parentheses. An absent number is −1 there, so comparing with −1
//! asks whether there is one.

mod compare;
mod token;

use super::lists::{Lists, Source};
use super::rows::all;
use crate::rule::{self, MAX_DEPTH, Predicate, Rule, RuleError, RuleProblem, Scope};
use compare::{Field, Sign, Value};
use token::{Token, Tokens};

/// The rule that a condition is; `mdc` is the MDC of its row.
///
/// # Errors
/// A condition that is in neither language, or names a classification that is not there.
pub(super) fn translate(text: &str, mdc: &str, lists: &Lists) -> Result<Rule, RuleError> {
    let is_number = matches!(text, "1" | "0");
    let has_their_word = ["case", "True", "False"]
        .iter()
        .any(|word| text.contains(word));
    if !is_number && !has_their_word {
        return rule::parse(text, &mut |name| lists.find(name));
    }
    let mut parser = Parser {
        tokens: Tokens::new(text),
        mdc,
        lists,
        depth: 0,
    };
    let start = parser.tokens.start();
    let value = parser.any()?;
    let rule = parser.truth((start, value))?;
    match parser.tokens.peek() {
        Token::End => Ok(rule),
        _ => Err(parser.tokens.unexpected("`and`, `or` or the end")),
    }
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    mdc: &'a str,
    lists: &'a Lists,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<Value<'a>, RuleError> {
        self.joined("or", Self::all, any)
    }

    fn all(&mut self) -> Result<Value<'a>, RuleError> {
        self.joined("and", Self::negated, all)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Value<'a>, RuleError>,
        join: fn(Vec<Rule>) -> Rule,
    ) -> Result<Value<'a>, RuleError> {
        let start = self.tokens.start();
        let first = part(self)?;
        if self.tokens.peek() != Token::Word(word) {
            return Ok(first);
        }
        let mut parts = vec![self.truth((start, first))?];
        while self.tokens.take_if(Token::Word(word)) {
            let start = self.tokens.start();
            let next = part(self)?;
            parts.push(self.truth((start, next))?);
        }
        Ok(Value::Rule(join(parts)))
    }

    fn negated(&mut self) -> Result<Value<'a>, RuleError> {
        self.nested(|parser| {
            if !parser.tokens.take_if(Token::Word("not")) {
                return parser.compared();
            }
            let start = parser.tokens.start();
            let inner = parser.negated()?;
            let inner = parser.truth((start, inner))?;
            Ok(Value::Rule(Rule::Not(Box::new(inner))))
        })
    }

    fn nested(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Value<'a>, RuleError>,
    ) -> Result<Value<'a>, RuleError> {
        if self.depth == MAX_DEPTH {
            return Err(self.tokens.error(RuleProblem::TooDeep));
        }
        self.depth += 1;
        let value = inner(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// One value, or a chain of comparisons such as `0 <= case.age < 18`.
    fn compared(&mut self) -> Result<Value<'a>, RuleError> {
        let mut left = self.value()?;
        let mut rules = Vec::new();
        while let Some(sign) = Sign::of(self.tokens.peek()) {
            let start = self.tokens.start();
            self.tokens.take();
            let right = self.value()?;
            let rule = compare::rule(&left, sign, &right);
            let problem = || {
                let expected = "a number of the case compared with a number";
                let found = format!("`{}`", sign.text());
                self.tokens
                    .error_at(start, RuleProblem::Unexpected { expected, found })
            };
            rules.push(rule.ok_or_else(problem)?);
            left = right;
        }
        Ok(if rules.is_empty() {
            left
        } else {
            Value::Rule(all(rules))
        })
    }

    fn value(&mut self) -> Result<Value<'a>, RuleError> {
        let start = self.tokens.start();
        match self.tokens.peek() {
            Token::Sign("(") => {
                self.tokens.take();
                let inner = self.any()?;
                self.tokens.sign(")", "`and`, `or` or `)`")?;
                Ok(inner)
            }
            Token::Number(text) => {
                let value = compare::number(text);
                let value = value.ok_or_else(|| self.tokens.unexpected("a smaller number"))?;
                self.tokens.take();
                Ok(Value::Number(value))
            }
            Token::Text(text) => {
                self.tokens.take();
                Ok(Value::Text(text))
            }
            Token::Word("True") => self.taken(Value::Rule(Rule::True)),
            Token::Word("False") => self.taken(Value::Rule(Rule::False)),
            Token::Word("case") => {
                self.tokens.take();
                self.field()
            }
            Token::Word(word) => {
                self.tokens.take();
                self.call(word, start)
            }
            _ => Err(self.tokens.unexpected("a condition")),
        }
    }

    fn taken(&mut self, value: Value<'a>) -> Result<Value<'a>, RuleError> {
        self.tokens.take();
        Ok(value)
    }

    fn field(&mut self) -> Result<Value<'a>, RuleError> {
        self.tokens.sign(".", "`.`")?;
        let start = self.tokens.start();
        let word = self.tokens.word("a field of the case")?;
        let severity = |predicate| Value::Rule(Rule::Is(predicate));
        Ok(match word {
            "mcc" | "has_mcc" => severity(Predicate::Mcc),
            "has_cc" => severity(Predicate::Cc),
            "cc" => {
                let no_mcc = Rule::Not(Box::new(Rule::Is(Predicate::Mcc)));
                Value::Rule(Rule::All(vec![Rule::Is(Predicate::Cc), no_mcc]))
            }
            "have_operation" => Value::Rule(self.lists.has_operation()),
            _ => {
                let field = Field::of(word).ok_or_else(|| self.unknown(word, start))?;
                Value::Field(field)
            }
        })
    }

    /// A function of the case.
    fn call(&mut self, word: &str, start: usize) -> Result<Value<'a>, RuleError> {
        let (scope, source) = match word {
            "is_pd1" => (Scope::Principal, Source::MdcDiagnoses),
            "is_sd1" => (Scope::OtherDx, Source::MdcDiagnoses),
            "is_pd2" => (Scope::Principal, Source::AdrgDiagnoses),
            "is_sd2" => (Scope::OtherDx, Source::AdrgDiagnoses),
            "is_op2" => (Scope::AnyOp, Source::AdrgProcedures),
            "is_mo2" => (Scope::MainOp, Source::AdrgProcedures),
            "is_so2" => (Scope::OtherOp, Source::AdrgProcedures),
            "multi_wound" => {
                self.case_argument()?;
                self.tokens.sign(")", "`)`")?;
                let rule = self.lists.multi_wound(self.mdc);
                let mdc = self.mdc.to_owned();
                let problem = || RuleProblem::NoBodyRegions { mdc };
                let rule = rule.ok_or_else(|| self.tokens.error_at(start, problem()))?;
                return Ok(Value::Rule(rule));
            }
            _ => return Err(self.unknown(word, start)),
        };
        self.case_argument()?;
        self.tokens.sign(",", "`,`")?;
        let start = self.tokens.start();
        let Token::Text(classification) = self.tokens.peek() else {
            return Err(self.tokens.unexpected("a classification in quotes"));
        };
        self.tokens.take();
        self.tokens.sign(")", "`)`")?;
        let list = self.lists.of(source, classification.trim());
        let list = list.map_err(|problem| self.tokens.error_at(start, problem))?;
        Ok(Value::Rule(Rule::Is(Predicate::In(scope, list))))
    }

    fn case_argument(&mut self) -> Result<(), RuleError> {
        self.tokens.sign("(", "`(`")?;
        if self.tokens.take_if(Token::Word("case")) {
            return Ok(());
        }
        Err(self.tokens.unexpected("`case`"))
    }

    fn unknown(&self, word: &str, start: usize) -> RuleError {
        let word = word.to_owned();
        self.tokens
            .error_at(start, RuleProblem::UnknownPredicate { word })
    }

    /// A value where a condition is needed.
    fn truth(&self, (start, value): (usize, Value<'_>)) -> Result<Rule, RuleError> {
        value.into_rule().ok_or_else(|| {
            let expected = "a condition";
            let found = "a value without a comparison".to_owned();
            let problem = RuleProblem::Unexpected { expected, found };
            self.tokens.error_at(start, problem)
        })
    }
}

fn any(mut parts: Vec<Rule>) -> Rule {
    if parts.contains(&Rule::True) {
        return Rule::True;
    }
    parts.retain(|part| *part != Rule::False);
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Rule::Any(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    match flat.len() {
        0 => Rule::False,
        1 => flat.swap_remove(0),
        _ => Rule::Any(flat),
    }
}
