//! The six stories, and what they share: three days of September 2026, four busy spells a
//! day, and between them the little that never stops.

mod auto_scaling;
mod backup_vault;
mod source_ip;
mod vpc_endpoint;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::export::caller::{Client, Principal, Role};
use crate::export::chains::{Actor, Scene};
use crate::export::delivery::{self, Cut, File};
use crate::export::noise::Cast;
use crate::export::random::Random;
use crate::export::record::{Trail, moment};
use crate::policies::Dump;

/// The account most stories play in.
pub const ACCOUNT: &str = "111122223333";

/// One sample folder.
#[derive(Debug)]
pub struct Story {
    pub folder: &'static str,
    pub logs: Vec<File>,
    pub policies: BTreeMap<String, Value>,
    /// What the analysis has to say, in the fields that matter.
    pub expected: Value,
}

/// All samples, in the order of their folders.
pub fn all() -> Vec<Story> {
    vec![
        source_ip::encrypted_volume(),
        source_ip::other_services(),
        backup_vault::story(),
        vpc_endpoint::story(),
        auto_scaling::own_key(),
        auto_scaling::key_of_another_account(),
    ]
}

/// Busy spells of the three days.
pub const SPELLS: usize = 12;
const SPELLS_PER_DAY: usize = SPELLS / DAYS.len();
const DAYS: [&str; 3] = ["2026-09-14T07:00:00Z", "2026-09-15T07:00:00Z", "2026-09-16T07:00:00Z"];

/// A story being told.
pub struct Telling {
    pub trail: Trail,
    pub dump: Dump,
    pub region: &'static str,
    /// When the busy spells begin.
    spells: Vec<i64>,
}

impl Telling {
    /// An empty export.
    pub fn new(seed: u64, region: &'static str) -> Self {
        let mut random = Random::new(seed);
        let spells = DAYS
            .iter()
            .flat_map(|day| (0..SPELLS_PER_DAY as i64).map(move |part| moment(day) + part * 10_800))
            .map(|start| start + random.between(0, 1500))
            .collect();
        Telling { trail: Trail::new(random), dump: Dump::default(), region, spells }
    }

    /// A moment within one of the spells.
    pub fn scene(&self, spell: usize, seconds: i64) -> Scene<'static> {
        let start = self.spells.get(spell).copied().unwrap_or_default();
        Scene { at: start + seconds, region: self.region }
    }

    /// Somebody's session of the day that a spell belongs to.
    pub fn session(&mut self, role: &Role, name: &str, spell: usize, client: Client) -> Actor {
        let opened = self.scene(spell, 0).at - self.trail.random.between(300, 1800);
        let session = Principal::session(&mut self.trail.random, role, name, opened);
        Actor::new(session, client)
    }

    /// Lays so many everyday happenings over every spell.
    pub fn fill(&mut self, account: &str, per_spell: usize) {
        self.fill_every(1, account, per_spell);
    }

    /// The same for an account where less goes on.
    pub fn fill_every(&mut self, step: usize, account: &str, per_spell: usize) {
        self.dump.everyday(account, self.region);
        let opened = self.scene(0, 0).at;
        let cast = Cast::new(&mut self.trail.random, account, self.region, opened);
        self.quiet_hours(&cast);
        for spell in (0..self.spells.len()).step_by(step) {
            let start = self.scene(spell, 0).at;
            let cast = Cast::new(&mut self.trail.random, account, self.region, start);
            for _ in 0..per_spell {
                let at = start + self.trail.random.between(0, 280);
                cast.noise(&mut self.trail, at);
            }
        }
    }

    /// What AWS services do every hour, whether anybody works or not.
    fn quiet_hours(&mut self, cast: &Cast) {
        let (first, last) = (self.scene(0, 0).at, self.scene(self.spells.len() - 1, 0).at);
        let busy: Vec<i64> = self.spells.iter().map(|start| start.div_euclid(3600)).collect();
        for hour in first.div_euclid(3600)..last.div_euclid(3600) {
            if busy.contains(&hour) {
                continue;
            }
            let at = hour * 3600 + self.trail.random.between(600, 2400);
            cast.upkeep(&mut self.trail, at);
        }
    }

    /// Cuts the export into files.
    pub fn finish(mut self, folder: &'static str, expected: Value) -> Story {
        let mut entries = std::mem::take(&mut self.trail.entries);
        entries.sort_by_key(|entry| entry.at);
        let mut random = self.trail.random.clone();
        let cut = Cut { duplicates: 90, records: 120 };
        let mut logs = delivery::files(&mut random, &entries, cut);
        let end = self.scene(self.spells.len() - 1, 3600).at;
        logs.push(delivery::digest(&mut random, ACCOUNT, self.region, end));
        Story { folder, logs, policies: self.dump.files(), expected }
    }
}

/// The text of a denial that names the layer.
pub fn denied(actor: &str, action: &str, resource: &str, because: &str) -> String {
    format!(
        "User: {actor} is not authorized to perform: {action} on resource: {resource} {because}"
    )
}
