//! Reads the text of a rule.
//!
//! `not` binds tightest, then `and`, then `or`. Every error says at which character it is and what
//! was expected there. Nesting is limited, so that no text can exhaust the stack.

use super::{Comparison, ListId, NumberField, Predicate, Rule, Scope};
use drgdip_claims::Sex;

/// How deep parentheses and `not` may be nested.
pub const MAX_DEPTH: usize = 64;

/// A rule text that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("character {position}: {problem}")]
pub struct RuleError {
    /// The character where it is, from 1.
    pub position: usize,
    /// What it is.
    pub problem: RuleProblem,
}

/// What can be wrong with the text of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// Something else than what the grammar allows here.
    #[error("{expected} is expected here, but there is {found}")]
    Unexpected {
        /// What the grammar allows.
        expected: &'static str,
        /// What there is.
        found: String,
    },
    /// A word that is no predicate.
    #[error("`{word}` is not a predicate of the rule language")]
    UnknownPredicate {
        /// The word.
        word: String,
    },
    /// A list that the plan does not have.
    #[error("the plan has no list `{list}`")]
    UnknownList {
        /// The list.
        list: String,
    },
    /// A classification that a sheet of a workbook does not have.
    #[error("the sheet {sheet} has no classification `{classification}`")]
    NoClassification {
        /// The sheet.
        sheet: &'static str,
        /// The classification.
        classification: String,
    },
    /// Body regions that a workbook does not tell apart.
    #[error(
        "multi_wound needs two or more classifications of {mdc} in the sheet MDC诊断表, one for \
         each body region"
    )]
    NoBodyRegions {
        /// The MDC.
        mdc: String,
    },
    /// Parentheses or `not` nested too deep.
    #[error("parentheses and `not` are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// Parses a rule; `list` finds a list by its name.
///
/// # Errors
/// When the text is not a rule or names a list that is not known.
pub fn parse(text: &str, list: &mut dyn FnMut(&str) -> Option<ListId>) -> Result<Rule, RuleError> {
    let mut parser = Parser {
        text,
        at: 0,
        list,
        depth: 0,
    };
    let rule = parser.any()?;
    match parser.peek() {
        Token::End => Ok(rule),
        _ => Err(parser.unexpected("`and`, `or` or the end")),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Sign(&'a str),
    End,
}

struct Parser<'a, 'l> {
    text: &'a str,
    /// The byte where the next token or the blanks before it begin.
    at: usize,
    list: &'l mut dyn FnMut(&str) -> Option<ListId>,
    depth: usize,
}

impl<'a> Parser<'a, '_> {
    fn any(&mut self) -> Result<Rule, RuleError> {
        self.joined("or", Self::all, Rule::Any)
    }

    fn all(&mut self) -> Result<Rule, RuleError> {
        self.joined("and", Self::one, Rule::All)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Rule, RuleError>,
        join: fn(Vec<Rule>) -> Rule,
    ) -> Result<Rule, RuleError> {
        let first = part(self)?;
        if self.peek() != Token::Word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take_if(Token::Word(word)) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn one(&mut self) -> Result<Rule, RuleError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(RuleProblem::TooDeep));
        }
        self.depth += 1;
        let rule = if self.take_if(Token::Word("not")) {
            Rule::Not(Box::new(self.one()?))
        } else if self.take_if(Token::Sign("(")) {
            let inner = self.any()?;
            self.sign(")", "`and`, `or` or `)`")?;
            inner
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(rule)
    }

    fn predicate(&mut self) -> Result<Rule, RuleError> {
        let start = self.start();
        let word = self.word("a predicate, `not` or `(`")?;
        let predicate = match word {
            "true" => return Ok(Rule::True),
            "false" => return Ok(Rule::False),
            "no_op" => Predicate::NoOp,
            "mcc" => Predicate::Mcc,
            "cc" => Predicate::Cc,
            "new_tech" => Predicate::NewTech,
            "sex" => self.sex()?,
            "discharge" => self.discharge()?,
            "department" => self.department()?,
            "body_regions" => self.body_regions()?,
            _ => return self.scope_or_number(word, start),
        };
        Ok(Rule::Is(predicate))
    }

    fn scope_or_number(&mut self, word: &str, start: usize) -> Result<Rule, RuleError> {
        if let Some(scope) = Scope::ALL.into_iter().find(|scope| scope.word() == word) {
            return Ok(Rule::Is(self.listed(scope)?));
        }
        if let Some(field) = NumberField::ALL
            .into_iter()
            .find(|field| field.word() == word)
        {
            let comparison = self.comparison()?;
            return Ok(Rule::Is(Predicate::Number(
                field,
                comparison,
                self.number()?,
            )));
        }
        Err(self.error_at(
            start,
            RuleProblem::UnknownPredicate {
                word: word.to_owned(),
            },
        ))
    }

    /// What is asked of the codes of a scope: a list of them, or of their beginnings.
    fn listed(&mut self, scope: Scope) -> Result<Predicate, RuleError> {
        let starts: fn(ListId) -> Predicate = match scope {
            Scope::Principal => Predicate::PrincipalStarts,
            Scope::MainOp => Predicate::MainOpStarts,
            _ => {
                self.keyword("in", "`in`")?;
                return Ok(Predicate::In(scope, self.list()?));
            }
        };
        if self.take_if(Token::Word("starts")) {
            return Ok(starts(self.list()?));
        }
        self.keyword("in", "`in` or `starts`")?;
        Ok(Predicate::In(scope, self.list()?))
    }

    fn sex(&mut self) -> Result<Predicate, RuleError> {
        self.sign("=", "`=`")?;
        let sex = match self.peek() {
            Token::Word("male") => Sex::Male,
            Token::Word("female") => Sex::Female,
            _ => return Err(self.unexpected("`male` or `female`")),
        };
        self.take();
        Ok(Predicate::SexIs(sex))
    }

    fn discharge(&mut self) -> Result<Predicate, RuleError> {
        if self.take_if(Token::Sign("=")) {
            return Ok(Predicate::DischargeIn(vec![
                self.word("a discharge way")?.to_owned(),
            ]));
        }
        self.keyword("in", "`in` or `=`")?;
        self.sign("(", "`(`")?;
        let mut ways = vec![self.word("a discharge way")?.to_owned()];
        while self.take_if(Token::Sign(",")) {
            ways.push(self.word("a discharge way")?.to_owned());
        }
        self.sign(")", "`,` or `)`")?;
        Ok(Predicate::DischargeIn(ways))
    }

    fn department(&mut self) -> Result<Predicate, RuleError> {
        self.sign("=", "`=`")?;
        Ok(Predicate::DepartmentIs(
            self.word("a department")?.to_owned(),
        ))
    }

    fn body_regions(&mut self) -> Result<Predicate, RuleError> {
        self.sign("(", "`(`")?;
        let mut lists = vec![self.list()?];
        while self.take_if(Token::Sign(",")) {
            lists.push(self.list()?);
        }
        self.sign(")", "`,` or `)`")?;
        self.sign(">=", "`>=`")?;
        let start = self.start();
        let number = self.number()?;
        let least = u32::try_from(number).map_err(|_| {
            let expected = "a whole number from 0 to 4294967295";
            self.error_at(
                start,
                RuleProblem::Unexpected {
                    expected,
                    found: format!("`{number}`"),
                },
            )
        })?;
        Ok(Predicate::BodyRegions(lists, least))
    }

    fn list(&mut self) -> Result<ListId, RuleError> {
        let start = self.start();
        let name = self.word("the name of a list")?;
        (self.list)(name).ok_or_else(|| {
            self.error_at(
                start,
                RuleProblem::UnknownList {
                    list: name.to_owned(),
                },
            )
        })
    }

    fn comparison(&mut self) -> Result<Comparison, RuleError> {
        let Token::Sign(sign) = self.peek() else {
            return Err(self.unexpected("`>=`, `<=`, `>`, `<` or `=`"));
        };
        let known = Comparison::ALL
            .into_iter()
            .find(|comparison| comparison.sign() == sign);
        let comparison = known.ok_or_else(|| self.unexpected("`>=`, `<=`, `>`, `<` or `=`"))?;
        self.take();
        Ok(comparison)
    }

    fn number(&mut self) -> Result<i64, RuleError> {
        let Token::Word(word) = self.peek() else {
            return Err(self.unexpected("a whole number"));
        };
        let digits = word.strip_prefix('-').unwrap_or(word);
        let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match word.parse() {
            Ok(number) if is_plain => {
                self.take();
                Ok(number)
            }
            _ => Err(self.unexpected("a whole number")),
        }
    }

    fn word(&mut self, expected: &'static str) -> Result<&'a str, RuleError> {
        match self.peek() {
            Token::Word(word) => {
                self.take();
                Ok(word)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn keyword(&mut self, word: &str, expected: &'static str) -> Result<(), RuleError> {
        if self.take_if(Token::Word(word)) {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    fn sign(&mut self, sign: &str, expected: &'static str) -> Result<(), RuleError> {
        if self.take_if(Token::Sign(sign)) {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    /// The byte where the next token begins.
    fn start(&self) -> usize {
        let rest = &self.text[self.at..];
        self.at + (rest.len() - rest.trim_start().len())
    }

    fn peek(&self) -> Token<'a> {
        let rest = &self.text[self.start()..];
        let Some(first) = rest.chars().next() else {
            return Token::End;
        };
        let length = if is_word(first) {
            rest.find(|character| !is_word(character))
                .unwrap_or(rest.len())
        } else if rest.starts_with(">=") || rest.starts_with("<=") {
            2
        } else {
            first.len_utf8()
        };
        let token = &rest[..length];
        if is_word(first) {
            Token::Word(token)
        } else {
            Token::Sign(token)
        }
    }

    fn take(&mut self) {
        self.at = match self.peek() {
            Token::Word(text) | Token::Sign(text) => self.start() + text.len(),
            Token::End => self.text.len(),
        };
    }

    fn take_if(&mut self, token: Token<'_>) -> bool {
        let is_next = self.peek() == token;
        if is_next {
            self.take();
        }
        is_next
    }

    fn unexpected(&self, expected: &'static str) -> RuleError {
        let found = match self.peek() {
            Token::Word(text) | Token::Sign(text) => format!("`{text}`"),
            Token::End => "the end of the rule".to_owned(),
        };
        self.error(RuleProblem::Unexpected { expected, found })
    }

    fn error(&self, problem: RuleProblem) -> RuleError {
        self.error_at(self.start(), problem)
    }

    fn error_at(&self, byte: usize, problem: RuleProblem) -> RuleError {
        RuleError {
            position: self.text[..byte].chars().count() + 1,
            problem,
        }
    }
}

/// Whether a text can be the name of a list in a rule.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '+' | '*' | '/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LISTS: [&str; 4] = ["BB1.dx", "BB1.op", "MDCZ.region.chest", "valid_main_op"];

    fn find(name: &str) -> Option<ListId> {
        let index = LISTS.iter().position(|list| *list == name)?;
        u32::try_from(index).ok().map(ListId)
    }

    fn show(rule: &Rule) -> String {
        rule.show(|list| LISTS[list.0 as usize]).to_string()
    }

    #[track_caller]
    fn check(text: &str, canonical: &str) {
        let rule = parse(text, &mut find).expect("a good rule");
        assert_eq!(show(&rule), canonical);
    }

    #[track_caller]
    fn check_error(text: &str, message: &str) {
        assert_eq!(
            parse(text, &mut find).expect_err("a bad rule").to_string(),
            message
        );
    }

    #[test]
    fn not_binds_tighter_than_and_and_and_tighter_than_or() {
        let rule = parse("not mcc and cc or no_op", &mut find).expect("a good rule");
        let not = Rule::Not(Box::new(Rule::Is(Predicate::Mcc)));
        let both = Rule::All(vec![not, Rule::Is(Predicate::Cc)]);
        assert_eq!(rule, Rule::Any(vec![both, Rule::Is(Predicate::NoOp)]));
    }

    #[test]
    fn every_predicate_is_read_and_printed() {
        check(" principal  in BB1.dx ", "principal in BB1.dx");
        check("(mcc or cc) and (not (true))", "(mcc or cc) and not true");
        check("((mcc and cc)) and false", "(mcc and cc) and false");
        check(
            "principal starts  BB1.dx and not (main_op starts BB1.op)",
            "principal starts BB1.dx and not main_op starts BB1.op",
        );
        check("discharge = 5", "discharge in (5)");
        check(
            "discharge in (2,5) or department = ICU",
            "discharge in (2, 5) or department = ICU",
        );
        check("sex = male or sex=female", "sex = male or sex = female");
        check(
            "body_regions(BB1.dx,BB1.op) >= 2",
            "body_regions(BB1.dx, BB1.op) >= 2",
        );
        check(
            "ventilator_hours>=96 and new_tech",
            "ventilator_hours >= 96 and new_tech",
        );
        check(
            "birth_weight_g > -1 and age_days = 28",
            "birth_weight_g > -1 and age_days = 28",
        );
    }

    #[test]
    fn errors_say_where_and_what_is_expected() {
        let predicate = "a predicate, `not` or `(` is expected here, but there is";
        check_error("", &format!("character 1: {predicate} the end of the rule"));
        check_error(
            "mcc or",
            &format!("character 7: {predicate} the end of the rule"),
        );
        check_error("mcc or )", &format!("character 8: {predicate} `)`"));
        check_error(
            "mcc cc",
            "character 5: `and`, `or` or the end is expected here, but there is `cc`",
        );
        check_error(
            "主诊 in x",
            "character 1: `主诊` is not a predicate of the rule language",
        );
        check_error(
            "mcc and principal in X9",
            "character 22: the plan has no list `X9`",
        );
        check_error(
            "age_years 5",
            "character 11: `>=`, `<=`, `>`, `<` or `=` is expected here, but there is `5`",
        );
        check_error(
            "age_years > 1.5",
            "character 13: a whole number is expected here, but there is `1.5`",
        );
        check_error(
            "(mcc",
            "character 5: `and`, `or` or `)` is expected here, but there is the end of the rule",
        );
        check_error(
            "body_regions(BB1.dx) >= -1",
            "character 25: a whole number from 0 to 4294967295 is expected here, but there is `-1`",
        );
        check_error(
            "sex = 1",
            "character 7: `male` or `female` is expected here, but there is `1`",
        );
        check_error(
            "principal BB1.dx",
            "character 11: `in` or `starts` is expected here, but there is `BB1.dx`",
        );
        check_error(
            "any_op starts BB1.op",
            "character 8: `in` is expected here, but there is `starts`",
        );
        check_error(
            "main_op starts X9",
            "character 16: the plan has no list `X9`",
        );
        let deep = "(".repeat(100_000);
        check_error(
            &deep,
            "character 65: parentheses and `not` are nested more than 64 deep",
        );
        check_error(
            &"not ".repeat(100_000),
            "character 257: parentheses and `not` are nested more than 64 deep",
        );
    }

    fn predicate() -> impl Strategy<Value = Predicate> {
        let list = || (0..4_u32).prop_map(ListId);
        prop_oneof![
            (proptest::sample::select(Scope::ALL.to_vec()), list())
                .prop_map(|(scope, list)| Predicate::In(scope, list)),
            list().prop_map(Predicate::PrincipalStarts),
            list().prop_map(Predicate::MainOpStarts),
            proptest::sample::select(vec![
                Predicate::NoOp,
                Predicate::Mcc,
                Predicate::Cc,
                Predicate::NewTech,
                Predicate::SexIs(Sex::Male),
                Predicate::SexIs(Sex::Female),
            ]),
            (
                proptest::sample::select(NumberField::ALL.to_vec()),
                proptest::sample::select(Comparison::ALL.to_vec()),
                any::<i64>(),
            )
                .prop_map(|(field, comparison, n)| Predicate::Number(field, comparison, n)),
            proptest::collection::vec("[A-Za-z0-9_.]{1,6}", 1..4).prop_map(Predicate::DischargeIn),
            "[A-Za-z0-9_.科]{1,6}".prop_map(Predicate::DepartmentIs),
            (proptest::collection::vec(list(), 1..4), any::<u32>())
                .prop_map(|(lists, least)| Predicate::BodyRegions(lists, least)),
        ]
    }

    fn rule() -> impl Strategy<Value = Rule> {
        let leaf = prop_oneof![
            Just(Rule::True),
            Just(Rule::False),
            predicate().prop_map(Rule::Is)
        ];
        leaf.prop_recursive(6, 40, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|rule| Rule::Not(Box::new(rule))),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Rule::All),
                proptest::collection::vec(inner, 2..4).prop_map(Rule::Any),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same_rule(rule in rule()) {
            prop_assert_eq!(parse(&show(&rule), &mut find), Ok(rule));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
            let _ = parse(&text, &mut find);
        }

        #[test]
        fn no_row_of_words_makes_the_parser_panic(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "(", ")", ",", "not", "and", "or", "in", "=", ">=", "<", "mcc", "principal", "sex",
                "BB1.dx", "age_days", "-", "5", "main_op", "starts", "body_regions", "discharge", "department", "true",
            ]), 0..40),
        ) {
            if let Ok(rule) = parse(&words.join(" "), &mut find) {
                prop_assert_eq!(parse(&show(&rule), &mut find), Ok(rule));
            }
        }
    }
}
