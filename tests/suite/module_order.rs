//! The modules have an order, and each uses only those before it: what a module is made of can be read
//! without what is made of it. The same holds of the files within a module, which do not need each other
//! in circles, and of the rooms of `ingest`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the library, each after those that it is made of.
const ORDER: [&str; 19] = [
    "event", "wording", "sanitize", "error", "given", "aws", "iam", "ingest", "chain", "contrast",
    "history", "diagnose", "remedy", "rehearse", "report", "fold", "collect", "cli", "command",
];

/// The modules whose files may not need each other in circles.
const WITHOUT_CIRCLES: &[&str] = &["aws", "collect", "command", "ingest"];

/// The rooms of a module, each after those that it uses.
const ROOMS: &[(&str, &[&str])] = &[(
    "ingest",
    &[
        "record",
        "ledger",
        "files",
        "inflate",
        "formats",
        "reading",
        "options",
        "plan",
        "packing",
        "order",
        "parts",
        "trial",
        "parser_equivalence",
    ],
)];

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

/// The lines of a file that are no comments, above its tests.
fn code(text: &str) -> String {
    let tests = ["#[cfg(test)]\nmod tests", "#[cfg(test)]\npub(crate) mod tests"];
    let above = tests.iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len());
    let lines = text.split_at(above).0.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    // How far something is visible is no use of it.
    let mut pieces = code.split("pub(");
    let first = pieces.next().unwrap().to_owned();
    let visible = |piece: &str| piece.split_once(')').map_or("", |(_, rest)| rest).to_owned();
    pieces.fold(first, |code, piece| code + "pub " + &visible(piece))
}

/// The modules that the code of a file names by `crate::`.
fn named(text: &str) -> BTreeSet<String> {
    let code = code(text);
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

/// The names, and the signs between them, that paths are made of.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let is_letter = |c: char| c.is_alphanumeric() || c == '_';
        let length = match rest {
            _ if is_letter(first) => rest.find(|c| !is_letter(c)).unwrap_or(rest.len()),
            _ if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if !first.is_whitespace() {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

/// A path of code, such as `super::known::Known`, and whether a `pub use` shows its end to others.
#[derive(Debug, PartialEq)]
struct Named {
    path: Vec<String>,
    is_shown: bool,
}

/// Every path in the code of a file, groups taken apart.
fn paths(code: &str) -> Vec<Named> {
    let tokens = tokens(code);
    let (mut found, mut open, mut path) = (Vec::new(), Vec::new(), Vec::<String>::new());
    let (mut is_pub, mut is_shown) = (false, false);
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |at| tokens[at]);
        let is_name = token.starts_with(|c: char| c.is_alphabetic() || c == '_');
        match *token {
            "pub" => is_pub = true,
            "use" => is_shown = is_pub,
            ";" => (is_pub, is_shown) = (false, false),
            "fn" | "mod" | "struct" | "enum" | "const" | "static" | "type" | "trait" => {
                is_pub = false;
            }
            "{" if before == "::" => open.push(path.clone()),
            "}" if !open.is_empty() => {
                open.pop();
            }
            _ => {}
        }
        if *token == "::" || (*token == "{" && before == "::") {
            continue;
        }
        if before != "::" {
            path = open.last().cloned().unwrap_or_default();
        }
        if is_name && before != "$" {
            path.push((*token).to_owned());
        }
        let is_end = is_name && tokens.get(at + 1) != Some(&"::");
        // A name alone is that of anything.
        if (is_end && path.len() > 1) || (*token == "*" && before == "::") {
            found.push(Named { path: path.clone(), is_shown });
        }
    }
    found
}

/// The files of one module by the paths of their modules, such as `ingest::record::known`, each with its
/// text.
type Texts = BTreeMap<String, String>;

/// The module in which the end of a path is found, which `from` spells so; `None` where it is none of `texts`.
fn home(texts: &Texts, from: &str, path: &[String]) -> Option<String> {
    let mut module: Vec<&str> = from.split("::").collect();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            module.clear();
            rest = &path[1..];
        }
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|name| name == "super") {
                module.pop();
                rest = &rest[1..];
            }
        }
        child if texts.contains_key(&format!("{from}::{child}")) => {}
        _ => return None,
    }
    while let Some(name) = rest.first() {
        let longer = [module.as_slice(), &[name.as_str()]].concat();
        if !texts.contains_key(&longer.join("::")) {
            break;
        }
        module = longer;
        rest = &rest[1..];
    }
    let module = module.join("::");
    let text = texts.get(&module)?;
    let shown = rest.first().and_then(|item| {
        let all = paths(&code(text)).into_iter();
        let mut shown = all.filter(|named| named.is_shown && named.path.last() == Some(item));
        home(texts, &module, &shown.next()?.path)
    });
    Some(shown.unwrap_or(module))
}

/// Which files each file uses. What a module only shows of its own files is no use of them.
fn uses(texts: &Texts) -> BTreeMap<String, BTreeSet<String>> {
    let of = |(from, text): (&String, &String)| {
        let named = paths(&code(text)).into_iter().filter(|named| !named.is_shown);
        let homes = named.filter_map(|named| home(texts, from, &named.path));
        (from.clone(), homes.filter(|to| to != from).collect())
    };
    texts.iter().map(of).collect()
}

/// The files that use themselves by way of others.
fn in_circles(texts: &Texts) -> Vec<String> {
    let uses = uses(texts);
    let reaches_itself = |from: &&String| {
        let mut open: Vec<&String> = uses[*from].iter().collect();
        let mut met = BTreeSet::new();
        while let Some(next) = open.pop() {
            if met.insert(next) {
                open.extend(&uses[next]);
            }
        }
        met.contains(*from)
    };
    texts.keys().filter(reaches_itself).cloned().collect()
}

/// What of the files of a module uses a room that comes later, or the file in which all rooms are.
fn out_of_order(texts: &Texts, rooms: &[&str]) -> Vec<String> {
    let place = |file: &String| {
        let room = file.split("::").nth(1);
        room.map_or(rooms.len(), |room| {
            let known = rooms.iter().position(|known| *known == room);
            known.unwrap_or_else(|| panic!("{room} has no place among the rooms"))
        })
    };
    let mut wrong = Vec::new();
    for (from, used) in uses(texts) {
        let later = used.iter().filter(|to| place(to) > place(&from));
        wrong.extend(later.map(|to| format!("{from} uses {to}")));
    }
    wrong
}

/// The files of a module.
fn texts_of(module: &str) -> Texts {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let own = files().into_iter().filter(|(of, _)| of == module);
    own.map(|(_, path)| {
        let below = path.strip_prefix(&src).unwrap().with_extension("");
        let names: Vec<_> = below.iter().map(|name| name.to_string_lossy()).collect();
        let name = names.join("::");
        let name = name.strip_suffix("::mod").unwrap_or(&name).to_owned();
        (name, fs::read_to_string(path).unwrap())
    })
    .collect()
}

#[test]
fn no_files_use_each_other_in_circles() {
    for module in WITHOUT_CIRCLES {
        let found = in_circles(&texts_of(module));
        assert!(found.is_empty(), "in circles in {module}: {found:#?}");
    }
}

#[test]
fn every_room_uses_only_those_before_it() {
    for (module, rooms) in ROOMS {
        let wrong = out_of_order(&texts_of(module), rooms);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// Files named by the paths of their modules.
fn made_up(files: &[(&str, &str)]) -> Texts {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn what_makes_a_circle_is_found() {
    let circle = |files: &[(&str, &str)]| in_circles(&made_up(files));
    let (a, b) = ("m::a", "m::b");
    for back in [
        "use super::a::A;",
        "use super::{c, a::{A, B}};",
        "use crate::m::a;",
        "use crate::{event, m::a};",
        "fn f() -> super::a::A { crate::m::a::g() }",
        "#[serde(with = \"super::a\")]",
        // By way of what the parent shows.
        "use super::A;",
        "use crate::m::A as B;",
    ] {
        let parent = ("m", "mod a;\nmod b;\npub use a::A;\npub(crate) use self::b::{B, C};");
        let files = [parent, (a, "use super::b;\npub struct A;"), (b, back)];
        assert_eq!(circle(&files), [a, b], "{back}");
    }
    // Of three, and of a parent that uses what uses it.
    let three = [("m", ""), (a, "use super::b;"), (b, "use super::c;"), ("m::c", "use super::a;")];
    assert_eq!(circle(&three), [a, b, "m::c"]);
    assert_eq!(circle(&[("m", "use a::A;\nstruct P;"), (a, "use super::P;")]), ["m", a]);
    assert_eq!(circle(&[("m", "fn f() { a::g() }"), (a, "use super::*;")]), ["m", a]);
}

#[test]
fn what_makes_no_circle_is_left_alone() {
    let parent = ("m", "mod a;\nmod b;\npub use b::B;\npub const K: u8 = 1;");
    for text in [
        "use super::b::B;",
        "use super::{B, K};",
        "use crate::event::a;\nuse other::m::a;",
        "// use super::a;\nuse super::b;\n$crate::m::a::f();",
        "fn a() { let a = b::c; }",
        "use super::b;\n#[cfg(test)]\nmod tests {\n    use crate::m::a;\n}",
    ] {
        let files =
            [parent, ("m::a", text), ("m::b", "struct B;\n#[cfg(test)]\nmod tests { super::a }")];
        assert_eq!(in_circles(&made_up(&files)), [""; 0], "{text}");
    }
}

#[test]
fn what_breaks_the_order_of_rooms_is_found() {
    let files = made_up(&[
        ("m", "use b::y::Y;\npub struct P;"),
        ("m::a", ""),
        ("m::a::x", "use crate::m::b::y::Y;"),
        ("m::b", ""),
        ("m::b::y", "use crate::m::a::x::X;\nuse crate::m::P;"),
    ]);
    assert_eq!(out_of_order(&files, &["a", "b"]), ["m::a::x uses m::b::y", "m::b::y uses m"]);
    assert_eq!(out_of_order(&files, &["b", "a"]), ["m::b::y uses m", "m::b::y uses m::a::x"]);
}
