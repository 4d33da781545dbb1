//! Completions, the manual page, help and manners, through the command line.

use assert_cmd::Command;
use clap::CommandFactory;

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
    for word in ["ANALYZE", "EXPLAIN", "COMPARE", "SCHEMA", "GENERATE"] {
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

fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::cargo_bin("trailwhy").unwrap().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_subcommand_helps_with_an_example() {
    let commands = trailwhy::cli::Cli::command();
    let names: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    assert!(names.contains(&"compare"), "{names:?}");
    for name in names {
        let (status, help, _) = said(&[name, "--help"]);
        assert_eq!(status, Some(0), "{name}");
        assert!(help.contains("Example"), "{name}: {help}");
        assert!(help.contains(&format!("trailwhy {name}")), "{name}: {help}");
    }
}

#[test]
fn a_wrong_option_or_value_gets_a_suggestion() {
    for (arguments, suggestion) in [
        (&["analyze", "x", "--fromat", "json"][..], "--format"),
        (&["analyze", "x", "--format", "jsn"], "json"),
        (&["compare", "x", "--faild", "y"], "--failed"),
        (&["analyze", "x", "--fail-on", "loud"], "silent"),
    ] {
        let (status, _, message) = said(arguments);
        assert_eq!(status, Some(2));
        assert!(message.contains(suggestion), "{arguments:?}: {message}");
    }
}

/// Runs until the interrupt handler is set, which the kernel tells, and interrupts then.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_the_run_and_says_how_far_it_got() {
    use std::process::{Command, Stdio};
    let mut run = Command::new(assert_cmd::cargo::cargo_bin("trailwhy"))
        .args(["analyze", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let catches = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & 0b10 != 0
    };
    while !catches() {
        std::thread::yield_now();
    }
    let sent = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
    // Held open, so that the run cannot end by having read everything.
    let input = run.stdin.take();
    let output = run.wait_with_output().unwrap();
    drop(input);
    assert_eq!(output.status.code(), Some(130));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("interrupted after 0 of "), "{message}");
    assert_eq!(output.stdout, b"");
}
