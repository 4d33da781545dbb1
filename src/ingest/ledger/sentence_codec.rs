//! Stores a sentence as its id and its arguments, so that a merged report can say it in the reader's
//! language. Stored as JSON, because its parser limits nesting and so cannot overflow the stack.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wording::{Argument, Sentence};

#[derive(Serialize, Deserialize)]
struct Said {
    id: String,
    arguments: Vec<(String, Part)>,
}

#[derive(Serialize, Deserialize)]
enum Part {
    Text(String),
    /// Its bits.
    Number(u64),
    Said(Said),
    List(Vec<Part>),
}

impl Said {
    fn of(sentence: &Sentence) -> Said {
        let parts = sentence.arguments().iter();
        let arguments = parts.map(|(name, part)| ((*name).to_owned(), Part::of(part))).collect();
        Said { id: sentence.id().to_owned(), arguments }
    }

    /// `None` when the catalogues have no such words.
    fn recalled(&self) -> Option<Sentence> {
        let parts = self.arguments.iter();
        let arguments = parts.map(|(name, part)| Some((name.as_str(), part.recalled()?)));
        Sentence::recalled(&self.id, arguments.collect::<Option<_>>()?)
    }
}

impl Part {
    fn of(argument: &Argument) -> Part {
        match argument {
            Argument::Text(text) => Part::Text(text.clone()),
            Argument::Number(number) => Part::Number(number.to_bits()),
            Argument::Sentence(sentence) => Part::Said(Said::of(sentence)),
            Argument::List(list) => Part::List(list.iter().map(Part::of).collect()),
        }
    }

    fn recalled(&self) -> Option<Argument> {
        Some(match self {
            Part::Text(text) => Argument::Text(text.clone()),
            Part::Number(bits) => Argument::Number(f64::from_bits(*bits)),
            Part::Said(said) => Argument::Sentence(said.recalled()?),
            Part::List(list) => {
                Argument::List(list.iter().map(Part::recalled).collect::<Option<_>>()?)
            }
        })
    }
}

pub(crate) fn serialize<S: Serializer>(
    sentence: &Option<Sentence>,
    to: S,
) -> Result<S::Ok, S::Error> {
    let text = sentence.as_ref().map(|sentence| serde_json::to_string(&Said::of(sentence)));
    text.transpose().map_err(S::Error::custom)?.serialize(to)
}

pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Sentence>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    let said: Said = serde_json::from_str(&text).map_err(D::Error::custom)?;
    said.recalled().map(Some).ok_or_else(|| D::Error::custom("unknown words"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Detail(#[serde(with = "super")] Option<Sentence>);

    fn there_and_back(sentence: Sentence) -> Option<Sentence> {
        let bytes = postcard::to_stdvec(&Detail(Some(sentence))).unwrap();
        postcard::from_bytes::<Detail>(&bytes).ok()?.0
    }

    #[test]
    fn sentences_come_back_and_nest_only_so_far() {
        let inner =
            Sentence::new("log-flaw").arg("count", "12").arg("flaw", Sentence::new("log-no-time"));
        let list = Argument::List(vec![Argument::Number(-0.5), Argument::Text("a\n\"".to_owned())]);
        let sentence = Sentence::new("list-next").arg("before", inner).arg("after", list);
        assert_eq!(there_and_back(sentence.clone()), Some(sentence));

        let mut deep = Sentence::new("log-pdf");
        for _ in 0..200 {
            deep = Sentence::new("list-next").arg("before", deep).arg("after", "");
        }
        assert_eq!(there_and_back(deep), None);

        let unknown = r#"{"id":"no-such-sentence","arguments":[]}"#;
        let bytes = postcard::to_stdvec(&Some(unknown)).unwrap();
        assert!(postcard::from_bytes::<Detail>(&bytes).is_err());
    }
}
