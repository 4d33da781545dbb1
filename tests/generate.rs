//! Completions and the manual page, through the command line.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use assert_cmd::Command;

fn generate(arguments: &[&str]) -> String {
    let output =
        Command::cargo_bin("trailwhy").unwrap().arg("generate").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_shell_gets_completions_that_know_the_subcommands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = generate(&["completions", shell]);
        for word in ["schema", "generate", "completions"] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
}

#[test]
fn bash_reads_the_completions() {
    let script = generate(&["completions", "bash"]);
    let Ok(output) = std::process::Command::new("bash").args(["-n", "-c", &script]).output() else {
        return;
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn the_manual_page_is_roff_and_tells_every_subcommand() {
    let page = generate(&["man"]);
    assert!(page.contains(".TH trailwhy 1"), "{page}");
    for word in ["SCHEMA", "GENERATE"] {
        assert!(page.contains(&format!("TRAILWHY {word}")), "{page}");
    }
}

#[test]
fn a_wrong_word_gets_a_suggestion() {
    let output = Command::cargo_bin("trailwhy").unwrap().arg("shema").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("schema"), "{said}");
}
