//! The catalogues against the sources: every sentence the program may say is written in every
//! language, with the same variables, and nothing is written that nobody says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Resource};

const LANGUAGES: [&str; 2] = ["en", "ja"];

/// Sentence id to the variables in it.
type Sentences = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.to_string_lossy().ends_with(suffix))
        .collect();
    files.sort();
    files
}

/// The sentences of one catalogue file; panics on entries that do not parse or come twice.
fn catalogue(path: &Path) -> Sentences {
    let text = fs::read_to_string(path).unwrap();
    let resource = fluent_syntax::parser::parse(text.as_str())
        .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", path.display()));
    let mut sentences = Sentences::new();
    for entry in resource.body {
        let Entry::Message(message) = &entry else { continue };
        let id = message.id.name.to_owned();
        let alone = fluent_syntax::serializer::serialize(&Resource { body: vec![entry] });
        let before = sentences.insert(id.clone(), variables(&alone));
        assert_eq!(before, None, "`{id}` comes twice in {}", path.display());
    }
    sentences
}

fn variables(text: &str) -> BTreeSet<String> {
    // A shell's `$(…)` is text.
    text.split('$').skip(1).map(word).filter(|word| !word.is_empty()).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect()
}

fn sentences_of(language: &str) -> Sentences {
    let mut all = Sentences::new();
    for path in files_below(&root().join("locales").join(language), ".ftl") {
        for (id, variables) in catalogue(&path) {
            assert_eq!(all.insert(id.clone(), variables), None, "`{id}` is in two files");
        }
    }
    all
}

/// One place that says a sentence.
#[derive(Debug, PartialEq)]
struct Use {
    id: String,
    arguments: BTreeSet<String>,
}

/// Every `Sentence::new("id").arg("name", …)…` of a source text; comments do not count.
fn uses(source: &str) -> Vec<Use> {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    code.split("Sentence::new(")
        .skip(1)
        .filter_map(|rest| {
            let (id, mut rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
            rest = rest.trim_start().trim_start_matches(',').trim_start().strip_prefix(')')?;
            Some(Use { id: id.to_owned(), arguments: chained_arguments(rest) })
        })
        .collect()
}

fn chained_arguments(mut rest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    while let Some(call) = rest.trim_start().strip_prefix(".arg(") {
        let (name, _) =
            call.trim_start().strip_prefix('"').and_then(|name| name.split_once('"')).unwrap();
        names.insert(name.to_owned());
        rest = after_closing_parenthesis(call);
    }
    names
}

/// The text after the parenthesis that closes the call we are in; strings may hold parentheses.
fn after_closing_parenthesis(text: &str) -> &str {
    let (mut depth, mut in_string, mut escaped) = (1, false, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '(' if !in_string => depth += 1,
            ')' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[index + 1..];
        }
    }
    ""
}

fn uses_in_sources() -> Vec<(PathBuf, Use)> {
    let sources = root().join("src");
    // Templates call `Sentence::new` in the same words as Rust.
    [files_below(&sources, ".rs"), files_below(&sources, ".html")]
        .concat()
        .into_iter()
        .flat_map(|path| {
            let source = fs::read_to_string(&path).unwrap();
            uses(&source).into_iter().map(move |found| (path.clone(), found)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_language_has_the_same_files_with_the_same_sentences_and_variables() {
    let names = |language: &str| -> Vec<String> {
        files_below(&root().join("locales").join(language), ".ftl")
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    };
    for language in LANGUAGES {
        assert_eq!(names(language), names("en"), "files of {language}");
        for name in names("en") {
            let folder = root().join("locales");
            let (english, other) = (
                catalogue(&folder.join("en").join(&name)),
                catalogue(&folder.join(language).join(&name)),
            );
            for (id, variables) in &english {
                assert_eq!(other.get(id), Some(variables), "`{id}` in locales/{language}/{name}");
            }
            for id in other.keys() {
                assert!(english.contains_key(id), "`{id}` is only in locales/{language}/{name}");
            }
        }
    }
}

#[test]
fn every_sentence_said_is_written_and_gets_what_goes_into_it() {
    let written = sentences_of("en");
    for (path, found) in uses_in_sources() {
        let place = path.strip_prefix(root()).unwrap().display();
        let variables = written
            .get(&found.id)
            .unwrap_or_else(|| panic!("`{}` of {place} is unwritten", found.id));
        assert_eq!(&found.arguments, variables, "arguments of `{}` in {place}", found.id);
    }
}

#[test]
fn every_sentence_written_is_said() {
    let said: BTreeSet<String> = uses_in_sources().into_iter().map(|(_, found)| found.id).collect();
    for id in sentences_of("en").keys() {
        assert!(said.contains(id), "nobody says `{id}`");
    }
}

#[test]
fn the_search_through_the_sources_sees_ids_and_arguments() {
    let source = r#"
        // Sentence::new("in-a-comment")
        let a = Sentence::new("plain");
        let b = Sentence::new("two")
            .arg("first", format!("(\")", x))
            .arg("second", Sentence::new("inner").arg("third", 3));
    "#;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        uses(source),
        [
            Use { id: "plain".into(), arguments: names(&[]) },
            Use { id: "two".into(), arguments: names(&["first", "second"]) },
            Use { id: "inner".into(), arguments: names(&["third"]) },
        ]
    );
}

/// The lines of the code blocks of one sort, without what is behind a `#`.
fn code(readme: &str, sort: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match line.strip_prefix("```") {
            Some(opened) => inside = !inside && opened == sort,
            None if inside => lines.push(line.split(" #").next().unwrap().trim_end().to_owned()),
            None => {}
        }
    }
    lines
}

/// Pages in both languages.
const PAGES: [&str; 3] = ["README", "ACCURACY", "LARGE"];

fn pages(name: &str) -> [String; 2] {
    [format!("{name}.md"), format!("{name}.ja.md")]
        .map(|name| fs::read_to_string(root().join(name)).unwrap())
}

fn readmes() -> [String; 2] {
    pages("README")
}

#[test]
fn pages_have_the_same_commands_in_both_languages() {
    for name in PAGES {
        let [english, japanese] = pages(name);
        for sort in ["sh", "sql", "python"] {
            let commands = code(&english, sort);
            assert!(name != "README" || sort != "sh" || commands.len() > 8, "{commands:?}");
            assert_eq!(commands, code(&japanese, sort), "{name}");
        }
    }
}

#[test]
fn pages_have_the_same_headings_and_figures_in_both_languages() {
    for name in PAGES {
        let [english, japanese] = pages(name);
        let headings = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!(headings(&english), headings(&japanese), "{name}");
        let figures = |text: &str| -> Vec<Vec<String>> {
            let rows = text.lines().filter(|line| line.starts_with('|'));
            let cells = |row: &str| -> Vec<String> {
                let cells = row.split('|').skip(2).map(str::trim);
                // Words are in the language of the page, figures are not.
                cells
                    .filter(|cell| cell.starts_with(|c: char| c.is_ascii_digit()))
                    .map(str::to_owned)
                    .collect()
            };
            rows.map(cells).skip(1).collect()
        };
        assert_eq!(figures(&english), figures(&japanese), "{name}");
    }
}

#[test]
fn the_commands_of_the_readme_are_understood() {
    use clap::Parser;
    let commands = PAGES.map(|name| {
        let [english, _] = pages(name);
        code(&english, "sh")
    });
    for command in commands.into_iter().flatten() {
        let command = command.replace("ssh audit ", "").replace("parallel --pipe -N1 ", "");
        let command = command.split(" | ").next().unwrap();
        let command = command.replace("cargo run --release --", "trailwhy").replace('\'', "");
        let Some(command) = command.strip_prefix("trailwhy ") else { continue };
        let typed = command.split(['<', '>']).next().unwrap().split_whitespace();
        let parsed = trailwhy::cli::Cli::try_parse_from(["trailwhy"].into_iter().chain(typed));
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
    }
}

#[test]
fn the_configuration_in_both_readmes_is_understood() {
    for readme in readmes() {
        let text = code(&readme, "toml").join("\n");
        assert!(text.contains("[[ignore]]"), "{text}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trailwhy.toml");
        fs::write(&path, &text).unwrap();
        let config = trailwhy::command::config::Config::read(&path).unwrap();
        assert_eq!(config.ignore.len(), 1);
    }
}
