//! What is built in, against `deny.toml`: its licences, and that all of it comes from crates.io. Says less
//! than `cargo deny`, which reads the texts of licences, too; it takes seconds, and nothing to install.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The packages that any platform and feature is built of.
fn packages() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--all-features", "--format-version", "1"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn allowed() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    let deny: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let list = deny["licenses"]["allow"].as_array().unwrap();
    list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Whether an SPDX expression can be met with these licences. `AND` binds closer than `OR`, and in old
/// manifests `/` stands for `OR`.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let met = any(&mut words, allowed);
    assert!(words.is_empty(), "`{expression}` is no licence expression");
    met
}

fn any(words: &mut Vec<&str>, allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while words.pop_if(|word| *word == "OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Vec<&str>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.pop_if(|word| *word == "AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Vec<&str>, allowed: &[String]) -> bool {
    match words.pop() {
        Some("(") => {
            let met = any(words, allowed);
            assert_eq!(words.pop(), Some(")"), "a parenthesis is not closed");
            met
        }
        Some(licence) => {
            let exception = words.pop_if(|word| *word == "WITH").and_then(|_| words.pop());
            let whole =
                exception.map_or(licence.to_owned(), |with| format!("{licence} WITH {with}"));
            allowed.contains(&whole)
        }
        None => panic!("a licence is missing"),
    }
}

#[test]
fn expressions_are_read_as_spdx_has_them() {
    let allowed = ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
        ("GPL-3.0 OR MIT AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}

#[test]
#[ignore = "asks cargo for packages of all platforms, which it may have to fetch"]
fn everything_built_in_is_licensed_as_allowed_and_comes_from_the_registry() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or_default();
        if licence.is_empty() || !is_met(licence, &allowed) {
            wrong.push(format!("{name}: {licence}"));
        }
        let source = package["source"].as_str();
        if source.is_some_and(|source| !source.contains("github.com/rust-lang/crates.io-index")) {
            wrong.push(format!("{name} comes from {}", source.unwrap_or_default()));
        }
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let is_own = source.is_none();
        wrong.extend(
            dependencies
                .filter(|one| is_own && one["req"] == "*" && one["path"].is_null())
                .map(|one| format!("{} is taken in any version", one["name"])),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
