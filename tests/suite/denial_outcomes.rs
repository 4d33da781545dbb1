//! How calls end, by their codes and texts. A new code is a new line in `data/outcomes.jsonl`:
//! source, code, message, response, and what must be read from them.

use proptest::prelude::*;
use serde_json::Value;
use trailwhy::event::denial::denial;
use trailwhy::event::outcome::{failure, outcome};
use trailwhy::event::{Event, EventBuilder, Field, IdentityType, Time};

const CASES: &str = include_str!("../data/outcomes.jsonl");

fn event(source: &str, code: Option<&str>, message: Option<&str>, response: Option<&str>) -> Event {
    let mut builder = EventBuilder::default();
    builder.put(Field::EventSource, Some(source));
    builder.put(Field::ErrorCode, code);
    builder.put(Field::ErrorMessage, message);
    builder.put(Field::ResponseElements, response);
    builder.finish(Time(0), IdentityType::IamUser)
}

#[test]
fn every_known_ending_is_told() {
    let mut count = 0;
    for line in CASES.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let response = row.get("response").map(Value::to_string);
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let source = text("source").unwrap();
        let event = event(source, text("code"), text("message"), response.as_deref());
        let want = &row["want"];
        let told = failure(&event).map(|failure| format!("{failure:?}"));
        assert_eq!(told.as_deref(), want.get("failure").and_then(Value::as_str), "{line}");
        assert_eq!(serde_json::to_value(outcome(&event)).unwrap(), want["outcome"], "{line}");
        let denial = denial(&event);
        let refused = failure(&event).is_some_and(|failure| failure.is_refusal());
        assert_eq!(denial.is_some(), refused, "{line}");
        if let Some(form) = want.get("form") {
            let told = format!("{:?}", denial.as_ref().unwrap().form);
            assert_eq!(Value::from(told), *form, "{line}");
        }
        if let Some(action) = want.get("action") {
            assert_eq!(Value::from(denial.unwrap().action), *action, "{line}");
        }
        count += 1;
    }
    assert!(count > 45, "the data file lost its cases");
}

proptest! {
    /// Spelling does not matter: prefix, suffix, letter case.
    #[test]
    fn spelling_of_a_code_does_not_matter(
        stem in "AccessDenied|UnauthorizedOperation|Throttling|ResourceNotFound|Forbidden",
        prefix in "|Client\\.|com\\.amazonaws\\.x#",
        suffix in "|Exception",
        upper in any::<bool>(),
    ) {
        let plain = failure(&event("x.amazonaws.com", Some(&stem), None, None));
        let mut code = format!("{prefix}{stem}{suffix}");
        if upper {
            code = code.to_ascii_uppercase();
        }
        prop_assert_eq!(failure(&event("x.amazonaws.com", Some(&code), None, None)), plain);
    }

    /// Whatever stands in a record, its ending is told without a panic, and only a record
    /// without code and text is a plain success.
    #[test]
    fn any_text_has_an_ending(code in "\\PC{0,20}", text in "\\PC{0,60}", response in "\\PC{0,40}") {
        let event = event("kms.amazonaws.com", Some(&code), Some(&text), Some(&response));
        prop_assert_eq!(failure(&event).is_none(), code.is_empty() && text.is_empty());
        let _ = denial(&event);
    }
}
