//! Sentences by their ids and what goes into them, so that a merged report says them in the
//! language of whoever reads it.

use super::bytes::{Reader, Writer};
use crate::wording::{Argument, Sentence};

/// Sentences in sentences; more than the program ever says, and less than a stack holds.
const DEEPEST: usize = 32;

pub(super) fn write(sentence: &Sentence, to: &mut Writer) {
    to.text(sentence.id());
    to.list(sentence.arguments().iter(), |to, (name, argument)| {
        to.text(name);
        write_argument(argument, to);
    });
}

fn write_argument(argument: &Argument, to: &mut Writer) {
    match argument {
        Argument::Text(text) => {
            to.byte(0);
            to.text(text);
        }
        Argument::Number(number) => {
            to.byte(1);
            to.raw(&number.to_bits().to_be_bytes());
        }
        Argument::Sentence(sentence) => {
            to.byte(2);
            write(sentence, to);
        }
        Argument::List(list) => {
            to.byte(3);
            to.list(list.iter(), |to, argument| write_argument(argument, to));
        }
    }
}

/// Reads a sentence; `None` also when the catalogues have no such words.
pub(super) fn read(from: &mut Reader<'_>) -> Option<Sentence> {
    read_below(from, DEEPEST)
}

fn read_below(from: &mut Reader<'_>, depth: usize) -> Option<Sentence> {
    let depth = depth.checked_sub(1)?;
    let id = from.text()?;
    let arguments: Vec<_> = from.list(|from| Some((from.text()?, read_argument(from, depth)?)))?;
    Sentence::recalled(id, arguments)
}

fn read_argument(from: &mut Reader<'_>, depth: usize) -> Option<Argument> {
    let depth = depth.checked_sub(1)?;
    Some(match from.byte()? {
        0 => Argument::Text(from.text()?.to_owned()),
        1 => Argument::Number(f64::from_bits(u64::from_be_bytes(from.array()?))),
        2 => Argument::Sentence(read_below(from, depth)?),
        3 => Argument::List(from.list(|from| read_argument(from, depth))?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_come_back_and_nest_only_so_far() {
        let inner =
            Sentence::new("log-flaw").arg("count", "12").arg("flaw", Sentence::new("log-no-time"));
        let list = Argument::List(vec![Argument::Number(-0.5), Argument::Text("a\n\"".to_owned())]);
        let sentence = Sentence::new("list-next").arg("before", inner).arg("after", list);
        let mut to = Writer::default();
        write(&sentence, &mut to);
        let bytes = to.finish();
        assert_eq!(read(&mut Reader::new(&bytes)), Some(sentence));

        let mut deep = Sentence::new("log-pdf");
        for _ in 0..DEEPEST {
            deep = Sentence::new("list-next").arg("before", deep).arg("after", "");
        }
        let mut to = Writer::default();
        write(&deep, &mut to);
        assert_eq!(read(&mut Reader::new(&to.finish())), None);

        let mut to = Writer::default();
        to.text("no-such-sentence");
        to.count(0);
        assert_eq!(read(&mut Reader::new(&to.finish())), None);
    }
}
