//! What in a call makes a step of it needed, learned from the calls that have the step: a launch
//! without an instance profile assumes no role, a volume that is not encrypted asks for no key.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use foldhash::quality::FixedState;

use crate::event::{Event, json};

/// Members that are looked at in one document.
const MOST_MEMBERS: usize = 200;
/// A text longer than this is no word of a choice.
const LONGEST_WORD: usize = 24;

/// What a call asked for and was told, as far as it can decide what a service has to do.
#[derive(Debug, Default, Clone)]
pub(super) struct Traits {
    /// Members of the request.
    asked: BTreeSet<String>,
    /// By member of request or response, the words of a choice: `true`, `SecureString`.
    chosen: BTreeMap<String, BTreeSet<String>>,
}

impl Traits {
    /// Those of a call.
    pub(super) fn of(event: &Event) -> Traits {
        let mut traits = Traits::default();
        json::leaves(event.request().unwrap_or_default(), |path, value| {
            if !is_accidental(path) && traits.asked.len() < MOST_MEMBERS {
                traits.asked.insert(path.to_owned());
                traits.choose("request", path, value);
            }
        });
        json::leaves(event.response().unwrap_or_default(), |path, value| {
            if !is_accidental(path) && traits.chosen.len() < 2 * MOST_MEMBERS {
                traits.choose("response", path, value);
            }
        });
        traits
    }

    /// The same number for calls with the same traits.
    pub(super) fn number(event: &Event) -> u64 {
        let state = FixedState::default();
        let mut sum = 0_u64;
        let mut add = |document: u8, path: &str, value: &str| {
            if !is_accidental(path) {
                let word = if is_word(value) { value } else { "" };
                // In any order, as what is counted are sets.
                sum = sum.wrapping_add(state.hash_one((document, path, word)));
            }
        };
        json::leaves(event.request().unwrap_or_default(), |path, value| add(0, path, value));
        json::leaves(event.response().unwrap_or_default(), |path, value| add(1, path, value));
        sum
    }

    fn choose(&mut self, document: &str, path: &str, value: &str) {
        if is_word(value) {
            let words = self.chosen.entry(format!("{document}.{path}")).or_default();
            words.insert(value.to_ascii_lowercase());
        }
    }
}

/// What calls that have a step share.
#[derive(Debug, Default)]
pub(super) struct Needs {
    shared: Option<Traits>,
    /// By member, every word that one of them has.
    all: BTreeMap<String, BTreeSet<String>>,
}

impl Needs {
    /// Learns from a call that has the step.
    pub(super) fn and(&mut self, traits: &Traits) {
        match &mut self.shared {
            None => self.shared = Some(traits.clone()),
            Some(shared) => {
                shared.asked.retain(|member| traits.asked.contains(member));
                shared.chosen.retain(|member, words| traits.chosen.get(member) == Some(words));
            }
        }
        for (member, words) in &traits.chosen {
            self.all.entry(member.clone()).or_default().extend(words.iter().cloned());
        }
    }

    /// Whether a call is like them in everything that they share, so that it needs the step too.
    pub(super) fn are_met_by(&self, traits: &Traits) -> bool {
        let Some(shared) = &self.shared else { return true };
        let asks_all = shared.asked.is_subset(&traits.asked);
        let chooses_otherwise = |(member, words): (&String, &BTreeSet<String>)| {
            traits.chosen.get(member).is_some_and(|chosen| chosen.is_disjoint(words))
        };
        // A switch is either on or off: what none of them says decides as well.
        let switches_otherwise = |(member, chosen): (&String, &BTreeSet<String>)| {
            chosen.iter().all(|word| is_switch(word))
                && self.all.get(member).is_none_or(|words| words.is_disjoint(chosen))
        };
        asks_all
            && !shared.chosen.iter().any(chooses_otherwise)
            && !traits.chosen.iter().any(switches_otherwise)
    }
}

/// A word out of a list of such words, not a name, number or id.
fn is_word(value: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b':');
    (2..=LONGEST_WORD).contains(&value.len()) && value.bytes().all(letters)
}

fn is_switch(word: &str) -> bool {
    matches!(word, "true" | "false")
}

/// Whether a member says only how a call was sent or labelled, not what it asks for.
fn is_accidental(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["token", "idempoten", "tag", "description", "caller"].iter().any(|part| path.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventBuilder, Field, IdentityType, Time};

    fn needs(calls: &[(&str, &str)]) -> Needs {
        let events: Vec<Event> = calls.iter().map(|(asked, told)| event(asked, told)).collect();
        let mut needs = Needs::default();
        events.iter().for_each(|event| needs.and(&Traits::of(event)));
        needs
    }

    fn event(request: &str, response: &str) -> Event {
        let mut builder = EventBuilder::default();
        builder.put(Field::RequestParameters, Some(request));
        builder.put(Field::ResponseElements, Some(response));
        builder.finish(Time(0), IdentityType::IamUser)
    }

    #[test]
    fn what_all_that_have_a_step_share_makes_it_needed() {
        let volumes = needs(&[
            (r#"{"size":"8","encrypted":true,"kmsKeyId":"a"}"#, r#"{"encrypted":true}"#),
            (r#"{"encrypted":true,"kmsKeyId":"b","iops":3000}"#, r#"{"encrypted":true}"#),
        ]);
        let launches = needs(&[
            (r#"{"imageId":"ami-1","iamInstanceProfile":{"name":"web"}}"#, "{}"),
            (r#"{"imageId":"ami-2","iamInstanceProfile":{"name":"job"}}"#, "{}"),
        ]);
        let parameters = needs(&[
            (r#"{"name":"/a","type":"SecureString","keyId":"k"}"#, "{}"),
            (r#"{"name":"/b","type":"SecureString","keyId":"k","overwrite":false}"#, "{}"),
        ]);
        let by_default = needs(&[(r#"{"size":"8"}"#, r#"{"encrypted":true}"#); 2]);
        let queues = needs(&[(r#"{"attributes":{"KmsMasterKeyId":"k"}}"#, "{}"); 2]);
        for (needs, asked, told, want) in [
            (&volumes, r#"{"encrypted":true,"kmsKeyId":"c"}"#, "{}", true),
            (&volumes, r#"{"encrypted":true}"#, "{}", false),
            (&volumes, r#"{"encrypted":false,"kmsKeyId":"c"}"#, "{}", false),
            (&volumes, r#"{"size":"8"}"#, "{}", false),
            (&volumes, r#"{"encrypted":true,"kmsKeyId":"c"}"#, r#"{"encrypted":false}"#, false),
            (&launches, r#"{"imageId":"ami-3"}"#, "{}", false),
            (&launches, r#"{"imageId":"ami-3","iamInstanceProfile":{"name":"x"}}"#, "{}", true),
            (&parameters, r#"{"name":"/c","type":"String","keyId":"k"}"#, "{}", false),
            (&parameters, r#"{"name":"/c","type":"SecureString","keyId":"k"}"#, "{}", true),
            (&by_default, r#"{"size":"8"}"#, r#"{"encrypted":true}"#, true),
            (&by_default, r#"{"size":"8"}"#, r#"{"encrypted":false}"#, false),
            (&queues, r#"{"attributes":{"KmsMasterKeyId":"k"}}"#, "{}", true),
            (
                &queues,
                r#"{"attributes":{"KmsMasterKeyId":"k","SqsManagedSseEnabled":"true"}}"#,
                "{}",
                false,
            ),
        ] {
            let call = event(asked, told);
            assert_eq!(needs.are_met_by(&Traits::of(&call)), want, "{asked} {told}");
        }
    }
}
