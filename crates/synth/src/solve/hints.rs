//! What a group's name says about its patients.

use super::cells::Span;
use drgdip_claims::Sex;

/// Which patients a group usually has, as far as its name tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) sex: Option<Sex>,
    pub(crate) years: Option<Span>,
}

/// A row of `data/hints.csv`: word, sex, and from and to which age.
type HintRow = (String, Option<String>, i32, i32);

/// Words and the patients they suggest.
#[derive(Clone, Debug)]
pub(crate) struct Hints(Vec<(String, Hint)>);

impl Hints {
    /// The bundled table.
    pub(crate) fn bundled() -> Self {
        let text = include_str!("../../data/hints.csv");
        let rows = csv::Reader::from_reader(text.as_bytes())
            .into_deserialize::<HintRow>()
            .map(|row| row.expect("the bundled hints have a word, a sex and two ages a row"))
            .map(|(word, sex, low, high)| {
                let sex = sex.map(|text| match text.as_str() {
                    "female" => Sex::Female,
                    "male" => Sex::Male,
                    other => unreachable!("the bundled hints have no sex {other:?}"),
                });
                let years = Some(Span { low, high });
                (word, Hint { sex, years })
            })
            .collect();
        Self(rows)
    }

    /// What these names say; a group's own name goes before that of its MDC.
    pub(crate) fn of(&self, names: &[&str]) -> Hint {
        let said = |name: &&str| self.0.iter().find(|(word, _)| name.contains(word.as_str()));
        names
            .iter()
            .find_map(said)
            .map_or(Hint::default(), |(_, hint)| *hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_who_the_patients_are() {
        let hints = Hints::bundled();
        assert_eq!(hints.of(&["阴道分娩", "x"]).sex, Some(Sex::Female));
        assert_eq!(hints.of(&["x", "前列腺手术"]).sex, Some(Sex::Male));
        assert_eq!(hints.of(&["x", "y"]), Hint::default());
    }
}
