//! Replaying against a world that is simulated beside it: whatever the history claims to know of a
//! moment was so, wherever in time the dump was taken, and in whatever order the events come.

use crate::support::history as history_support;

use std::collections::BTreeMap;
use std::path::Path;

use history_support::event;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use trailwhy::event::{Event, Time};
use trailwhy::history::History;
use trailwhy::history::change::Value;
use trailwhy::history::dump::Dump;
use trailwhy::history::subject::{Entity, EntityKind, Subject};

const ACCOUNT: &str = "111122223333";
const START: i64 = 1_760_000_000;

/// Inline policies and attachments of two users: name to document, ARN to nothing.
type World = BTreeMap<(usize, bool, usize), usize>;

/// One attempt to change the world: user, attachment or inline policy, which one, what to.
type Step = (usize, bool, usize, Option<usize>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..2_usize, any::<bool>(), 0..2_usize, proptest::option::of(0..3_usize));
    proptest::collection::vec(step, 0..12)
}

fn document(number: usize) -> String {
    format!(
        r#"{{"Statement":[{{"Sid":"n{number}","Effect":"Deny","Action":"*","Resource":"*"}}]}}"#
    )
}

fn policy_arn(number: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/m{number}")
}

fn user(number: usize) -> String {
    format!("u{number}")
}

/// Makes the change if AWS would let it succeed, and returns its record.
fn apply(world: &mut World, second: usize, step: Step) -> Option<Json> {
    let (who, is_attachment, which, to) = step;
    let key = (who, is_attachment, which);
    let is_there = world.contains_key(&key);
    let mut parameters = json!({ "userName": user(who) });
    let name = match (is_attachment, to) {
        (false, Some(number)) => {
            parameters["policyName"] = json!(format!("p{which}"));
            parameters["policyDocument"] = json!(document(number));
            "PutUserPolicy"
        }
        (false, None) => {
            parameters["policyName"] = json!(format!("p{which}"));
            "DeleteUserPolicy"
        }
        (true, to) => {
            parameters["policyArn"] = json!(policy_arn(which));
            if to.is_some() { "AttachUserPolicy" } else { "DetachUserPolicy" }
        }
    };
    match to {
        Some(number) => drop(world.insert(key, number)),
        None if is_there => drop(world.remove(&key)),
        None => return None,
    }
    Some(json!({
        "eventID": format!("e{second}"),
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "eventTime": Time((START + second as i64) * 1000).to_string(),
        "recipientAccountId": ACCOUNT,
        "requestParameters": parameters,
    }))
}

/// What `get-account-authorization-details` would have shown.
fn details(world: &World) -> Json {
    let users = (0..2).map(|who| {
        let inline: Vec<Json> = (0..2)
            .filter_map(|which| {
                let number = world.get(&(who, false, which))?;
                let name = format!("p{which}");
                Some(json!({ "PolicyName": name, "PolicyDocument": document(*number) }))
            })
            .collect();
        let attached: Vec<Json> = (0..2)
            .filter(|which| world.contains_key(&(who, true, *which)))
            .map(|which| json!({ "PolicyName": "m", "PolicyArn": policy_arn(which) }))
            .collect();
        json!({
            "UserName": user(who), "UserId": format!("AIDA{who}"),
            "Arn": format!("arn:aws:iam::{ACCOUNT}:user/{}", user(who)),
            "UserPolicyList": inline, "AttachedManagedPolicies": attached, "GroupList": [],
        })
    });
    json!({ "UserDetailList": users.collect::<Vec<_>>(), "IsTruncated": false })
}

fn subject((who, is_attachment, which): (usize, bool, usize)) -> Subject {
    let entity = Entity::new(ACCOUNT, EntityKind::User, &user(who));
    match is_attachment {
        true => Subject::Attachment { to: entity, policy: policy_arn(which) },
        false => Subject::InlinePolicy { of: entity, name: format!("p{which}") },
    }
}

/// A world before the trail, changes of it, and the moment of the dump.
#[derive(Debug)]
struct Story {
    worlds: Vec<World>,
    events: Vec<Event>,
    dump: Dump,
}

fn story(before: &[Step], steps: &[Step], dumped: usize) -> Story {
    let mut world = World::new();
    for (second, step) in before.iter().enumerate() {
        apply(&mut world, second, *step);
    }
    let mut worlds = vec![world.clone()];
    let mut events = Vec::new();
    for (second, step) in steps.iter().enumerate() {
        events.extend(apply(&mut world, second + 1, *step).map(|record| event(&record)));
        worlds.push(world.clone());
    }
    let mut dump = Dump::default();
    let moment = dumped.min(steps.len());
    let text = details(&worlds[moment]).to_string();
    // Half a second after the change of that second.
    let time = Time((START + moment as i64) * 1000 + 500);
    dump.take(Path::new("details.json"), text.as_bytes(), time, true);
    Story { worlds, events, dump }
}

proptest! {
    #[test]
    fn what_is_known_was_so(before in steps(), steps in steps(), dumped in 0..12_usize) {
        let story = story(&before, &steps, dumped);
        let history = History::new(&story.events, story.dump.clone());
        for (second, world) in story.worlds.iter().enumerate() {
            let inventory = history.at(Time((START + second as i64) * 1000 + 700));
            for key in [0, 1].into_iter().flat_map(|who| {
                [(who, false, 0), (who, false, 1), (who, true, 0), (who, true, 1)]
            }) {
                let Some(state) = inventory.state(&subject(key)) else {
                    prop_assert!(!world.contains_key(&key), "{key:?} is not even mentioned");
                    continue;
                };
                let Some(known) = state.value() else { continue };
                let truth = match (world.get(&key), key.1) {
                    (None, _) => Value::Absent,
                    (Some(_), true) => Value::Present,
                    (Some(number), false) => Value::text(document(*number)),
                };
                prop_assert_eq!(known, &truth, "{:?} at second {}", key, second);
            }
        }
    }

    #[test]
    fn at_the_dump_and_after_the_last_change_all_is_known(steps in steps()) {
        let story = story(&[], &steps, steps.len());
        let history = History::new(&story.events, story.dump.clone());
        let inventory = history.at(Time((START + 100) * 1000));
        for who in 0..2 {
            let arn = format!("arn:aws:iam::{ACCOUNT}:user/{}", user(who));
            let found = inventory.identity_policies(&arn);
            let inline = story.worlds.last().unwrap().keys().filter(|key| key.0 == who && !key.1);
            let names = found.documents.iter().filter(|d| d.arn.is_none()).count();
            prop_assert_eq!(names, inline.count());
        }
    }

    #[test]
    fn the_order_of_the_events_does_not_matter(
        before in steps(), steps in steps(), dumped in 0..12_usize, seed in any::<u64>()
    ) {
        let story = story(&before, &steps, dumped);
        let mut shuffled = story.events.clone();
        let length = shuffled.len().max(1) as u64;
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, (seed.wrapping_mul(at as u64 + 7) % length) as usize % (at + 1));
        }
        let show = |events: &[Event]| {
            let history = History::new(events, story.dump.clone());
            format!("{:?}", (history.changes(), (0..20).map(|second| {
                history.at(Time((START + second) * 1000)).identity_policies(
                    "arn:aws:iam::111122223333:user/u0")
            }).collect::<Vec<_>>()))
        };
        prop_assert_eq!(show(&story.events), show(&shuffled));
    }
}
