//! Exports of any size at a steady rate: more bytes are a longer span, never a busier one. Each
//! five minutes of an account are made from the seed and their number alone, so that they can be
//! made in parallel and never all at once.

use std::io;
use std::path::Path;

use flate2::Compression;
use rayon::prelude::*;
use serde_json::json;

use super::caller::{Caller, Client, Principal, Role};
use super::deeds::{Deed, ROLES, Teams};
use super::delivery::{self, Cut, File};
use super::noise::Cast;
use super::random::Random;
use super::record::{Record, Trail, moment};

/// What sort of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nine records in ten are reads and noise; three faults.
    Typical,
    /// Half of the records are calls of services, one in twenty is denied; forty faults.
    Hard,
}

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub kind: Kind,
    pub seed: u64,
    /// Uncompressed size to come close to.
    pub bytes: u64,
    /// Files of about 3 KB instead of a delivery's worth.
    pub small_files: bool,
}

/// What was made.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    pub files: u64,
    pub bytes: u64,
    pub compressed: u64,
}

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const REGION: &str = "eu-west-1";
const START: &str = "2026-09-07T00:00:00Z";
const SLOT_SECONDS: i64 = 300;
const SLOTS_PER_HOUR: u64 = 12;
/// Records of one account in five minutes.
const RATE: usize = 4000;

/// A deed that is denied from some slot on.
#[derive(Debug, Clone, Copy)]
struct Fault {
    account: usize,
    deed: Deed,
    from: u64,
}

impl Plan {
    /// How many slots of five minutes, of all accounts, the size takes.
    pub fn slots(&self) -> u64 {
        let one: u64 = self.slot(0, 1).iter().map(|file| file.body.len() as u64).sum();
        (self.bytes / one.max(1)).max(1)
    }

    /// Writes the export below `folder`; a part of the slots is in memory at a time.
    pub fn write(&self, folder: &Path) -> io::Result<Made> {
        let slots = self.slots();
        (0..slots)
            .into_par_iter()
            .map(|slot| {
                let files = self.slot(slot, slots);
                let compressed = delivery::write(folder, &files, Compression::new(4))?;
                let bytes = files.iter().map(|file| file.body.len() as u64).sum();
                Ok(Made { files: files.len() as u64, bytes, compressed })
            })
            .try_reduce(Made::default, |one, other| {
                Ok(Made {
                    files: one.files + other.files,
                    bytes: one.bytes + other.bytes,
                    compressed: one.compressed + other.compressed,
                })
            })
    }

    /// The files of five minutes.
    pub fn slot(&self, slot: u64, slots: u64) -> Vec<File> {
        let faults = self.faults(slots);
        let cut = Cut { duplicates: 100, records: if self.small_files { 10 } else { 20_000 } };
        let mut files = Vec::new();
        for (number, account) in ACCOUNTS.iter().enumerate() {
            let mut hour = Random::part(self.seed, (slot / SLOTS_PER_HOUR) << 8 | number as u64);
            let start = moment(START) + slot as i64 * SLOT_SECONDS;
            let opened = start - start.rem_euclid(3600);
            let part = 1 << 48 | slot << 8 | number as u64;
            let mut making = Making {
                trail: Trail::new(Random::part(self.seed, part)),
                cast: Cast::wide(&mut hour, account, REGION, opened),
                teams: Teams { account, region: REGION, start, prefix: "", seed: 0 },
                faults: faults.iter().filter(|fault| fault.account == number).copied().collect(),
                slot,
                start,
            };
            making.run(self.kind);
            let mut random = making.trail.random.clone();
            files.extend(delivery::files(&mut random, &making.trail.entries, cut));
        }
        files
    }

    /// The faults, beginning between a tenth and nine tenths of the span.
    fn faults(&self, slots: u64) -> Vec<Fault> {
        let mut random = Random::part(self.seed, 1 << 56);
        let count = if self.kind == Kind::Hard { 40 } else { 3 };
        (0..count)
            .map(|number: u64| Fault {
                account: (number % ACCOUNTS.len() as u64) as usize,
                deed: Deed::of_role(&mut random, number % ROLES),
                from: slots * random.between(100, 900) as u64 / 1000,
            })
            .collect()
    }
}

/// Five minutes of an account in the making.
struct Making<'a> {
    trail: Trail,
    cast: Cast,
    teams: Teams<'a>,
    faults: Vec<Fault>,
    slot: u64,
    start: i64,
}

impl Making<'_> {
    fn run(&mut self, kind: Kind) {
        self.changes();
        let (deeds, denied) = match kind {
            Kind::Typical => (35, 30),
            Kind::Hard => (280, 265),
        };
        let teams = self.teams;
        while self.trail.entries.len() < RATE {
            let at = self.start + self.trail.random.between(0, SLOT_SECONDS - 1);
            if !self.trail.random.per_mille(deeds) {
                self.cast.noise(&mut self.trail, at);
                continue;
            }
            let faulty = self.trail.random.per_mille(denied);
            let active: Vec<Deed> = self.active().collect();
            match (faulty, active.is_empty()) {
                (true, false) => {
                    let deed = *self.trail.random.pick(&active);
                    teams.have(&mut self.trail, at, deed, true);
                }
                _ => {
                    let deed = Deed::any(&mut self.trail.random);
                    let denied = active.contains(&deed);
                    teams.have(&mut self.trail, at, deed, denied);
                }
            }
        }
    }

    fn active(&self) -> impl Iterator<Item = Deed> {
        self.faults.iter().filter(|fault| fault.from <= self.slot).map(|fault| fault.deed)
    }

    /// The change behind each fault that begins now.
    fn changes(&mut self) {
        let admin = Role::new(self.teams.account, "/", "platform-admin");
        let beginning: Vec<Deed> = self
            .faults
            .iter()
            .filter(|fault| fault.from == self.slot)
            .map(|fault| fault.deed)
            .collect();
        for deed in beginning {
            let trail = &mut self.trail;
            let session = Principal::session(&mut trail.random, &admin, "guard", self.start - 60);
            let caller = Caller::direct(&session, &Client::terraform("203.0.113.17"));
            let document = json!({"Version": "2012-10-17", "Statement": [{
                "Sid": "Guard", "Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
            }]});
            let record = Record::call(self.start, "us-east-1", "iam", "PutRolePolicy", &caller)
                .with(json!({
                    "roleName": self.teams.role_name(deed.role), "policyName": "guard",
                    "policyDocument": document.to_string(),
                }));
            trail.log(record);
        }
    }
}
