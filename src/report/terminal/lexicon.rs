//! What the words of a report mean: kinds, layers, effects, certainty, each told once.

use super::INDENT;
use crate::report::layout::{Margin, Page, Span, Style, spans};
use crate::report::{Certainty, Effect, Kind, Layer};
use crate::wording::{Sentence, Wording};

/// What is explained together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// How failures show.
    Kinds,
    /// Where AWS decides, and how.
    Layers,
    /// How sure a verdict is.
    Certainty,
}

impl Topic {
    /// All of them.
    pub const ALL: [Topic; 3] = [Topic::Kinds, Topic::Layers, Topic::Certainty];

    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Topic::Kinds => "kinds",
            Topic::Layers => "layers",
            Topic::Certainty => "certainty",
        }
    }

    /// The topic that a word names.
    pub fn parse(word: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| topic.as_str() == word)
    }
}

/// The words of a topic and what they mean, as text that ends in a line end.
pub fn render(topic: Topic, wording: &Wording, style: Style) -> String {
    let mut page = Page::new(style);
    match topic {
        Topic::Kinds => put(&mut page, wording, Sentence::new("help-kinds"), kinds(wording)),
        Topic::Layers => {
            put(&mut page, wording, Sentence::new("help-layers"), layers());
            page.blank();
            put(&mut page, wording, Sentence::new("help-effects"), effects());
        }
        Topic::Certainty => {
            put(&mut page, wording, Sentence::new("help-certainty"), certainties());
        }
    }
    let others = Topic::ALL.iter().filter(|other| **other != topic).map(|other| other.as_str());
    let others: Vec<&str> = others.collect();
    page.blank();
    let more = Sentence::new("help-more").arg("topics", others.join(", "));
    page.put(Margin::of(""), &spans![Quiet wording.say(&more)]);
    page.into_text()
}

fn put(page: &mut Page, wording: &Wording, title: Sentence, words: Vec<(Sentence, Sentence)>) {
    page.put(Margin::of(""), &spans![Strong wording.say(&title)]);
    page.blank();
    let said = words.iter().map(|(word, meaning)| {
        let meaning: Vec<Span> = spans![Plain wording.say(meaning)];
        (wording.say(word), meaning)
    });
    page.fields(INDENT, &said.collect::<Vec<_>>());
}

fn kinds(wording: &Wording) -> Vec<(Sentence, Sentence)> {
    let mut words: Vec<_> =
        Kind::ALL.into_iter().map(|kind| (word(kind, wording), kind.meaning())).collect();
    let hiding = Sentence::new("help-hiding").arg("kind", Kind::Opaque);
    let after = Kind::ALL.iter().position(|kind| *kind == Kind::Opaque).map_or(0, |at| at + 1);
    words.insert(after, (hiding, Sentence::new("kind-hiding-means")));
    words
}

/// The kind with the word that options and machines have for it.
fn word(kind: Kind, wording: &Wording) -> Sentence {
    match wording.say(&kind.into()) == kind.as_str() {
        true => kind.into(),
        false => Sentence::new("help-kind").arg("kind", kind).arg("word", kind.as_str()),
    }
}

fn layers() -> Vec<(Sentence, Sentence)> {
    let told = Layer::ALL.iter().filter_map(|layer| {
        let meaning = match layer {
            Layer::IdentityPolicy => Sentence::new("help-layer-identity-policy"),
            Layer::PermissionsBoundary => Sentence::new("help-layer-permissions-boundary"),
            Layer::SessionPolicy => Sentence::new("help-layer-session-policy"),
            Layer::ResourcePolicy => Sentence::new("help-layer-resource-policy"),
            Layer::RoleTrustPolicy => Sentence::new("help-layer-role-trust-policy"),
            Layer::Scp => Sentence::new("help-layer-scp"),
            Layer::Rcp => Sentence::new("help-layer-rcp"),
            Layer::VpcEndpointPolicy => Sentence::new("help-layer-vpc-endpoint-policy"),
            Layer::KmsGrant => Sentence::new("help-layer-kms-grant"),
            Layer::KmsKeyState => Sentence::new("help-layer-kms-key-state"),
            Layer::BlockPublicAccess => Sentence::new("help-layer-block-public-access"),
            Layer::Unknown => return None,
        };
        Some((Sentence::from(*layer), meaning))
    });
    told.collect()
}

fn effects() -> Vec<(Sentence, Sentence)> {
    vec![
        (Effect::ExplicitDeny.into(), Sentence::new("help-effect-explicit-deny")),
        (Effect::ImplicitDeny.into(), Sentence::new("help-effect-implicit-deny")),
        (Effect::NotApplicable.into(), Sentence::new("help-effect-not-applicable")),
    ]
}

fn certainties() -> Vec<(Sentence, Sentence)> {
    [Certainty::Proven, Certainty::Stated, Certainty::Inferred, Certainty::Unknown]
        .into_iter()
        .map(|certainty| (Sentence::from(certainty), certainty.meaning(1)))
        .collect()
}
