//! Which role a thing runs with, learned from the calls that made or changed it. A new service is a
//! new line in `data/roles.jsonl`: calls, what is asked, and the role that must be told, if any.

use serde_json::Value;
use trailwhy::chain::Roles;
use trailwhy::event::{Event, EventBuilder, Field, IdentityType, Time};

const CASES: &str = include_str!("../data/roles.jsonl");

fn event(call: &Value, second: i64) -> Event {
    let text = |name: &str| call.get(name).and_then(Value::as_str);
    let raw = |name: &str| call.get(name).map(Value::to_string);
    let source = text("source").map(|label| format!("{label}.amazonaws.com"));
    let mut builder = EventBuilder::default();
    builder.put(Field::EventSource, source.as_deref());
    builder.put(Field::EventName, text("name"));
    builder.put(Field::AwsRegion, Some("eu-west-1"));
    builder.put(Field::ErrorCode, text("error"));
    builder.put(Field::RecipientAccountId, Some("111122223333"));
    builder.put(Field::InvokedBy, text("by"));
    builder.put(Field::RequestParameters, raw("request").as_deref());
    builder.put(Field::ResponseElements, raw("response").as_deref());
    let identity = text("by").map_or(IdentityType::IamUser, |_| IdentityType::AwsService);
    builder.finish(Time(second * 1000), identity)
}

#[test]
fn a_role_is_told_of_whatever_was_seen_with_it() {
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let calls = case["calls"].as_array().unwrap();
        let events: Vec<Event> = calls.iter().zip(1..).map(|(call, at)| event(call, at)).collect();
        let roles = Roles::learn(&events);
        let asking = event(&case["ask"], 100);
        let told = roles.behind(&asking).map(|role| role.arn);
        assert_eq!(told.as_deref(), case.get("role").and_then(Value::as_str), "{line}");
        if let Some(all) = case.get("all") {
            let thing = asking.request_value("taskDefinition").unwrap();
            let told = roles.all_of(&asking, &thing).into_iter();
            let told: Vec<String> =
                told.map(|role| format!("{}={}", role.member, role.arn)).collect();
            assert_eq!(Value::from(told), *all, "{line}");
        }
    }
}

#[test]
fn the_role_is_that_of_the_time() {
    let update = |role: &str| {
        let role = format!("arn:aws:iam::111122223333:role/{role}");
        serde_json::json!({ "source": "lambda", "name": "UpdateFunctionConfiguration20150331v2",
            "request": { "functionName": "mailer", "role": role } })
    };
    let events = [event(&update("old"), 10), event(&update("new"), 20)];
    let roles = Roles::learn(&events);
    let invoke = serde_json::json!({ "source": "lambda", "name": "Invoke" });
    for (second, role) in [(5, "old"), (15, "old"), (25, "new")] {
        let told = roles.of(&event(&invoke, second), "mailer").map(|role| role.arn.as_str());
        assert_eq!(
            told,
            Some(format!("arn:aws:iam::111122223333:role/{role}").as_str()),
            "{second}"
        );
    }
    let other = serde_json::json!({ "source": "glue", "name": "GetJob" });
    assert_eq!(roles.of(&event(&other, 25), "mailer"), None);
    assert!(roles.of_service("lambda", &event(&other, 25), "mailer").is_some());
}
