//! `--tables`: rows that say what the report says, in columns that are always there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

const SAMPLES: [&str; 6] = [
    "1-ebs-source-ip",
    "2-same-condition-other-services",
    "3-backup-vault-key",
    "4-kms-vpc-endpoint",
    "5-auto-scaling-own-key",
    "6-auto-scaling-other-account-key",
];

fn logs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name).join("logs")
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let output = command.env("LC_ALL", "C").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn rows(folder: &Path, table: &str) -> Vec<Value> {
    let file = File::open(folder.join(format!("{table}.ndjson.gz"))).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The report of a sample and its tables.
fn made(name: &str, more: &[&str]) -> (Value, tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (tables, json) = (folder.path().join("tables"), folder.path().join("report.json"));
    let logs = logs(name);
    let paths = [&logs, &tables, &json].map(|path| path.to_str().unwrap());
    let arguments = ["analyze", "-q", paths[0], "--tables", paths[1], "-o", paths[2]];
    let (status, out, said) = run(&[&arguments[..], more].concat());
    assert_eq!((status, &*out, &*said), (1, "", ""));
    let report = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    (report, folder, tables)
}

#[test]
fn tables_say_what_the_report_says() {
    for name in SAMPLES {
        let (report, _folder, tables) = made(name, &[]);
        let incidents = report["incidents"].as_array().unwrap();
        let by_id: BTreeMap<&str, &Value> =
            incidents.iter().map(|incident| (incident["id"].as_str().unwrap(), incident)).collect();
        let of = |row: &Value| by_id[row["incident_id"].as_str().unwrap()];
        let found = rows(&tables, "incidents");
        assert_eq!(found.len(), incidents.len());
        for row in &found {
            let incident = of(row);
            for (column, member) in [
                ("kind", &incident["kind"]),
                ("count", &incident["count"]),
                ("layer", &incident["verdict"]["layer"]),
                ("confidence", &incident["verdict"]["confidence"]),
                ("denied_event_id", &incident["denied"]["event_id"]),
                ("root_action", &incident["root"]["action"]),
                ("change_event_id", &incident["change"]["event_id"]),
                ("fix", &incident["fixes"][0]["title"]),
            ] {
                assert_eq!(&row[column], member, "{name}: {column}");
            }
        }
        let all = |member: &str| -> usize {
            incidents.iter().map(|one| one[member].as_array().map_or(0, Vec::len)).sum()
        };
        assert_eq!(rows(&tables, "occurrences").len(), all("occurrences"));
        let links = rows(&tables, "links");
        let failed = links.iter().filter(|row| row["chain"] == "failed").count();
        assert_eq!(failed, all("chain"));
        for row in rows(&tables, "denied_calls") {
            let id = &row["event_id"];
            let occurrences = of(&row)["occurrences"].as_array().unwrap();
            assert!(occurrences.iter().any(|one| &one["denied_event_id"] == id), "{name}: {id}");
        }
        assert_eq!(rows(&tables, "coverage"), [report["coverage"].clone()]);
    }
}

#[test]
fn each_row_has_every_column_of_the_schema() {
    let (status, schema, _) = run(&["schema", "tables"]);
    assert_eq!(status, 0);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let (_, _folder, tables) = made(SAMPLES[2], &[]);
    let index: Value =
        serde_json::from_str(&fs::read_to_string(tables.join("tables.json")).unwrap()).unwrap();
    assert!(jsonschema::is_valid(&schema, &index));
    for (table, definition) in schema["$defs"].as_object().unwrap() {
        let rows = rows(&tables, table);
        assert_eq!(index["tables"][table], json!(rows.len()));
        assert!(!rows.is_empty(), "{table} has no row to look at");
        let Some(columns) = definition["properties"].as_object() else { continue };
        for row in rows {
            assert!(jsonschema::is_valid(definition, &row), "{table}: {row}");
            let own = row.as_object().unwrap();
            assert!(own.keys().all(|column| columns.contains_key(column)), "{table}: {row}");
        }
    }
}

#[test]
fn what_is_redacted_in_the_report_is_so_in_the_tables() {
    let (report, _folder, tables) = made(SAMPLES[0], &["--redact"]);
    let names = ["111122223333", "deploy", "203.0.113", "office-network-only"];
    for table in ["incidents", "occurrences", "denied_calls", "links", "changes", "coverage"] {
        let text = Value::from(rows(&tables, table)).to_string();
        assert!(names.iter().all(|name| !text.contains(name)), "{table}");
    }
    assert_eq!(rows(&tables, "incidents")[0]["title"], report["incidents"][0]["title"]);
}

#[test]
fn a_folder_that_holds_something_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("yesterday.ndjson"), "{}").unwrap();
    let path = folder.path().to_str().unwrap();
    let (status, out, said) = run(&["analyze", "no-such-export", "--tables", path]);
    assert_eq!((status, &*out), (2, ""));
    assert!(said.contains("is not empty"), "{said}");
}

/// The query of LARGE.md, in the engine it is written for.
#[test]
#[ignore = "needs python3 with the package duckdb"]
fn the_query_of_the_documentation_runs() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("LARGE.md")).unwrap();
    let (_, rest) = page.split_once("```sql\n").unwrap();
    let (query, _) = rest.split_once("```").unwrap();
    for name in SAMPLES {
        let (report, _folder, tables) = made(name, &[]);
        let program = "import duckdb, json, sys\n\
                       print(json.dumps(duckdb.sql(sys.argv[1]).fetchall(), default=str))";
        let mut python = std::process::Command::new("python3");
        python.args(["-c", program, query]).current_dir(tables.parent().unwrap());
        let output = python.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let calls: i64 = found.as_array().unwrap().iter().map(|row| row[3].as_i64().unwrap()).sum();
        let expected: usize = report["incidents"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|incident| incident["occurrences"].as_array().unwrap())
            .filter(|one| !one["denied_event_id"].is_null())
            .count();
        assert_eq!(calls, i64::try_from(expected).unwrap(), "{name}");
    }
}
