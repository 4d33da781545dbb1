//! The first block of README, typed as it is written in an empty folder: against a mock of AWS whose address
//! is in the environment, with the AWS CLI.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of the first block, without what is said of them.
fn first_block() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```sh\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    block.lines().map(|line| line.split(" #").next().unwrap().trim_end().to_owned()).collect()
}

fn typed(line: &str, folder: &Path) -> Output {
    let tool = Path::new(env!("CARGO_BIN_EXE_trailwhy")).parent().unwrap();
    let path = format!("{}:{}", tool.display(), std::env::var("PATH").unwrap());
    Command::new("bash").args(["-c", line]).current_dir(folder).env("PATH", path).output().unwrap()
}

#[test]
fn it_has_six_lines_get_the_tool_get_the_logs_run_and_read() {
    let lines = first_block();
    assert_eq!(lines.len(), 6, "{lines:?}");
    let begin = [
        "cargo install",
        "aws s3 sync",
        "trailwhy analyze",
        "trailwhy collect",
        "bash",
        "trailwhy",
    ];
    for (line, begin) in lines.iter().zip(begin) {
        assert!(line.starts_with(begin), "{line}");
    }
}

#[test]
#[ignore = "needs the AWS CLI and a mock of S3 and STS at AWS_ENDPOINT_URL"]
fn it_leads_from_an_empty_folder_to_a_page() {
    let logs = root().join("samples/1-ebs-source-ip/logs/AWSLogs");
    let given = tempfile::tempdir().unwrap();
    let fill = format!(
        "aws s3 mb s3://trail-bucket && aws s3 cp --recursive --only-show-errors {} s3://trail-bucket/AWSLogs",
        logs.display()
    );
    let output = typed(&fill, given.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = tempfile::tempdir().unwrap();
    // The first line is what this test is built by.
    for line in first_block().iter().skip(1) {
        let output = typed(line, folder.path());
        let status = output.status.code().unwrap();
        let finds = line.starts_with("trailwhy analyze");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(status, i32::from(finds), "{line}: {said}");
        if finds && !line.contains(" -o ") {
            let card = String::from_utf8(output.stdout).unwrap();
            assert!(card.contains("CreateVolume") && card.lines().count() <= 18, "{card}");
        }
    }
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("DenyOutsideOffice") || page.contains("CreateVolume"));
}
