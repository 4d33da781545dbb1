//! What calls are compared by, in the reader's language. The report names attributes by words that
//! programs read (`vpc_endpoint`).

use crate::wording::{Sentence, Wording};

/// The attribute's name; a member of a request as it is.
pub(super) fn attribute(word: &str, words: &Wording) -> String {
    sentence(word).map_or_else(
        || crate::report::words::attribute(word, words),
        |sentence| words.say(&sentence),
    )
}

fn sentence(word: &str) -> Option<Sentence> {
    Some(match word {
        "principal" => Sentence::new("html-attribute-principal"),
        "resource" => Sentence::new("html-attribute-resource"),
        "resource_account" => Sentence::new("html-attribute-resource-account"),
        "caller_account" => Sentence::new("html-attribute-caller-account"),
        "caller_kind" => Sentence::new("html-attribute-caller-kind"),
        "invoked_by" => Sentence::new("html-attribute-invoked-by"),
        "root_action" => Sentence::new("html-attribute-root-action"),
        "vpc_endpoint" => Sentence::new("html-attribute-vpc-endpoint"),
        "root_vpc_endpoint" => Sentence::new("html-attribute-root-vpc-endpoint"),
        "region" => Sentence::new("html-attribute-region"),
        "mfa" => Sentence::new("html-attribute-mfa"),
        "source_address" => Sentence::new("html-attribute-source-address"),
        "network" => Sentence::new("html-attribute-network"),
        "session_name" => Sentence::new("html-attribute-session-name"),
        "source_identity" => Sentence::new("html-attribute-source-identity"),
        "credentials" => Sentence::new("html-attribute-credentials"),
        "encryption_context_keys" => Sentence::new("html-attribute-encryption-context-keys"),
        "user_agent" => Sentence::new("html-attribute-user-agent"),
        "tls" => Sentence::new("html-attribute-tls"),
        _ => return None,
    })
}
