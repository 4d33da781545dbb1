//! `--time-zone`: reports for people tell times in it and say so; what machines read stays UTC.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/1-ebs-source-ip/logs")
}

/// Standard output and standard error of a run in a folder.
fn run(folder: &Path, arguments: &[&str]) -> (String, String) {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let logs = sample();
    let command = command.current_dir(folder).env("TZ", "Europe/Berlin");
    let output = command.arg("analyze").arg(logs).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// When the change was made that the sample tells of, and the same moment elsewhere.
const UTC: &str = "2026-09-15T10:15:02Z";
const TOKYO: &str = "2026-09-15T19:15:02+09:00";

#[test]
fn reports_for_people_tell_times_in_the_zone_and_name_it() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["markdown", "html"] {
        let (text, _) = run(folder.path(), &["--format", format]);
        assert!(text.contains(UTC) && !text.contains(TOKYO), "{format}");
        for (zone, told, name) in [
            ("Asia/Tokyo", TOKYO, "Asia/Tokyo"),
            ("+09:00", TOKYO, "+09:00"),
            ("-03:30", "2026-09-15T06:45:02-03:30", "-03:30"),
            ("local", "2026-09-15T12:15:02+02:00", "Europe/Berlin"),
        ] {
            let (text, errors) = run(folder.path(), &["--format", format, "--time-zone", zone]);
            assert!(text.contains(told), "{format} {zone}: {errors}");
            assert!(!text.contains(UTC) || format == "html", "{format} {zone}");
            assert!(text.contains(name) || format == "html", "{format} {zone}");
        }
    }
}

#[test]
fn what_machines_read_is_utc_in_any_zone() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["json", "csv", "sarif"] {
        let plain = run(folder.path(), &["--format", format]);
        let told = run(folder.path(), &["--format", format, "--time-zone", "Asia/Tokyo"]);
        assert_eq!(plain, told, "{format}");
    }
}

#[test]
fn the_configuration_names_a_zone_and_what_is_typed_goes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trailwhy.toml"), "time_zone = 'Asia/Tokyo'").unwrap();
    let markdown = ["--format", "markdown"];
    assert!(run(folder.path(), &markdown).0.contains(TOKYO));
    let typed = [&markdown[..], &["--time-zone", "utc"]].concat();
    assert!(run(folder.path(), &typed).0.contains(UTC));
}

#[test]
fn what_is_no_zone_is_told_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (language, said) in [("en", "is no time zone"), ("ja", "というタイムゾーンはありません")]
    {
        let wrong = ["--time-zone", "Tokio", "--lang", language];
        let (text, errors) = run(folder.path(), &wrong);
        assert_eq!(text, "");
        assert!(errors.contains("`Tokio`") && errors.contains(said), "{errors}");
        assert!(errors.contains("Asia/Tokyo") && errors.contains("+09:00"), "{errors}");
    }
}
