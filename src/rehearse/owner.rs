//! Whose calls these are, as tags tell it.

use std::collections::BTreeSet;

use crate::history::inventory::Inventory;

/// What tags are called that name an owner (AWS whitepaper "Best Practices for Tagging AWS Resources",
/// "Building your tagging strategy": ownership), without what sets words apart.
const KEYS: [&str; 8] = [
    "owner",
    "team",
    "ownedby",
    "owningteam",
    "serviceowner",
    "applicationowner",
    "businessowner",
    "squad",
];

/// A tag that names an owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnerTag {
    /// The tag's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// The owner that the caller's tags name, else the one that those of everything it calls on agree on.
pub(super) fn of(
    inventory: &Inventory<'_>,
    caller: &str,
    on: &BTreeSet<String>,
) -> Option<OwnerTag> {
    let own = caller.starts_with("arn:").then(|| tagged(inventory, caller)).flatten();
    own.or_else(|| {
        let mut all = on.iter().map(|one| tagged(inventory, one));
        let first = all.next()??;
        all.all(|other| other.as_ref() == Some(&first)).then_some(first)
    })
}

fn tagged(inventory: &Inventory<'_>, arn: &str) -> Option<OwnerTag> {
    let tags = inventory.tags(arn).tags;
    let rank = |key: &str| {
        let word = bare(key);
        KEYS.iter().position(|known| **known == word)
    };
    let named = tags.into_iter().filter(|(_, value)| !value.trim().is_empty());
    let ranked = named.filter_map(|(key, value)| Some((rank(&key)?, key, value)));
    ranked.min().map(|(_, key, value)| OwnerTag { key, value })
}

/// `Acme:ops/Owning-Team` is `owningteam`: organizations put prefixes before their keys.
fn bare(key: &str) -> String {
    let last = key.rsplit([':', '/']).next().unwrap_or(key);
    last.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn keys_are_known_however_they_are_spelled() {
        for key in ["OwningTeam", "owning-team", "acme:ops/Owning Team", "owning_team"] {
            assert_eq!(bare(key), "owningteam");
        }
        assert_ne!(bare("team-size"), "team");
    }
}
