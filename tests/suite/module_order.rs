//! The modules have an order, and each uses only those before it: what a module is made of can be read
//! without what is made of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the library, each after those that it is made of.
const ORDER: [&str; 19] = [
    "event", "wording", "sanitize", "error", "given", "aws", "iam", "ingest", "chain", "contrast",
    "history", "diagnose", "remedy", "rehearse", "report", "fold", "collect", "cli", "command",
];

/// Every file of the library below `src`, with the name of its module.
fn files() -> Vec<(String, PathBuf)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![src.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let below = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
                let first = below.split('/').next().unwrap();
                let module = first.trim_end_matches(".rs").to_owned();
                found.push((module, path));
            }
        }
    }
    found.sort();
    found
}

/// The modules that a file names by `crate::`, on lines that are no comments and above its tests.
fn named(text: &str) -> BTreeSet<String> {
    let code: String = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut modules = BTreeSet::new();
    let mut pieces = code.split("crate::");
    let mut before = pieces.next().unwrap();
    for rest in pieces {
        // Not the end of another word, as of a macro's `$crate`.
        let is_part = before.ends_with(|c: char| c.is_ascii_alphanumeric() || "_$".contains(c));
        before = rest;
        if is_part {
            continue;
        }
        match rest.strip_prefix('{') {
            None => {
                modules.insert(word(rest));
            }
            Some(group) => modules.extend(heads(group)),
        }
    }
    modules
}

/// The first words of the members of a group, up to where it closes.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut head) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(std::mem::take(&mut head)),
            _ => head.push(c),
        }
    }
    heads.push(head);
    let word = |head: &String| head.trim().split("::").next().unwrap_or_default().to_owned();
    heads.iter().map(word).filter(|head| !head.is_empty()).collect()
}

/// What of `text` breaks the order for a file of `module`.
fn broken(module: &str, text: &str) -> Vec<String> {
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    let own = place(module);
    let is_later = |name: &String| {
        name != module && place(name).is_some_and(|other| own.is_none_or(|own| other > own))
    };
    named(text).into_iter().filter(is_later).collect()
}

#[test]
fn every_module_uses_only_those_before_it() {
    let mut wrong = Vec::new();
    let mut met = BTreeSet::new();
    for (module, path) in files() {
        if module == "lib" || module == "main" {
            continue;
        }
        assert!(ORDER.contains(&module.as_str()), "{module} has no place in the order");
        for later in broken(&module, &fs::read_to_string(&path).unwrap()) {
            wrong.push(format!("{} uses {later}", path.display()));
        }
        met.insert(module);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(met.len(), ORDER.len(), "a module of the order is gone");
}

#[test]
fn what_breaks_the_order_is_found() {
    let wrong = "use crate::event::Event;\nuse crate::{report, wording::Sentence};\n";
    assert_eq!(broken("chain", wrong), ["report"]);
    assert_eq!(broken("chain", "fn f() { crate::diagnose::look() }"), ["diagnose"]);
    assert_eq!(broken("report", wrong), [""; 0]);
    assert_eq!(broken("chain", "// see crate::report\n$crate::report::f()"), [""; 0]);
    let tested = "use crate::event;\n#[cfg(test)]\nmod tests {\n    use crate::report;\n}";
    assert_eq!(broken("chain", tested), [""; 0]);
}
