//! The script itself: what it is, the functions that it needs, a part for each account, and last what
//! hangs above them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::task::{self, Task};
use super::wanted::{OfAccount, Wanted};
use crate::event::partition;
use crate::wording::shell::quote;

const HEAD: &str = "\
#!/usr/bin/env bash
# Made by `trailwhy collect`. Reads with the AWS CLI what settles the incidents of an export: nothing is
# changed, and nothing is written but the files in one folder.
#   bash collect.sh [FOLDER]                   (default: policies)
#   trailwhy analyze EXPORT --policies FOLDER
# What cannot be read is noted there as missing, and the report says so. Another account is read when the
# script is run again with credentials of it, into the same folder.
";

/// The script; with `role`, that role is taken on in accounts that the credentials are not of.
pub fn script(wanted: &Wanted, role: Option<&str>) -> String {
    let tasks = task::tasks(wanted);
    let mut text = String::from(HEAD);
    text.push_str(include_str!("functions.sh"));
    let _ = writeln!(text, "\nrole={}\n", quote(role.unwrap_or_default()));
    let used: BTreeMap<String, String> = tasks
        .iter()
        .flat_map(|(_, _, tasks)| tasks)
        .filter_map(|task| task.read)
        .filter_map(|row| Some((task::function(row), task::defined(row)?)))
        .collect();
    for defined in used.values() {
        let _ = writeln!(text, "{defined}");
    }
    for (account, of, tasks) in &tasks {
        if !tasks.is_empty() {
            part(&mut text, account, of, tasks);
        }
    }
    organization(&mut text, wanted);
    text.push_str("sum_up\n");
    text
}

/// The part of one account, in a shell of its own.
fn part(text: &mut String, account: &str, of: &OfAccount, tasks: &[Task]) {
    let _ = writeln!(text, "(\n  enter {account} {} {} || exit 0", of.partition, region(of));
    let mut here: Option<&str> = None;
    for task in tasks {
        let there = task.region.as_deref();
        if there != here {
            let _ = writeln!(text, "  region={}", there.map(quote).unwrap_or_default());
            here = there;
        }
        let _ = writeln!(text, "  {}", task.line);
    }
    text.push_str(")\n\n");
}

/// A Region in which global services answer.
fn region(of: &OfAccount) -> String {
    let first = of.regions.iter().next().map(|region| quote(region));
    first.unwrap_or_else(|| home(&of.partition).to_owned())
}

fn home(name: &str) -> &'static str {
    partition::named(name).map_or("us-east-1", |known| known.home)
}

fn organization(text: &mut String, wanted: &Wanted) {
    let mut by_partition: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (account, of) in wanted.accounts.iter().filter(|(_, of)| of.organization) {
        by_partition.entry(&of.partition).or_default().push(account);
    }
    for (partition, accounts) in by_partition {
        let _ = writeln!(
            text,
            "(\n  enter_organization {partition} {} || exit 0\n  roots",
            home(partition)
        );
        for account in accounts {
            let _ = writeln!(text, "  above {account}");
        }
        text.push_str(")\n\n");
    }
    for (region, sets) in &wanted.permission_sets {
        let names: String = sets.iter().map(|set| format!("{set}|")).collect();
        let partition = partition::of_region(region).name;
        let _ = writeln!(
            text,
            "(\n  enter_organization {partition} {region} || exit 0\n  region={region}\n  permission_sets {}\n)\n",
            quote(&format!("|{names}"))
        );
    }
}
