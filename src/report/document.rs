//! Policy documents as text that a person can take in: what fits on one line stays on one.

use serde_json::Value;

/// The document, indented by two, with every array and object that fits into `width` on one line.
pub(super) fn compact(value: &Value, width: usize) -> String {
    let mut text = String::new();
    write(&mut text, value, 0, width);
    text
}

fn write(text: &mut String, value: &Value, indent: usize, width: usize) {
    let inline = inline(value);
    let column = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
    if column + inline.len() < width || !has_parts(value) {
        text.push_str(&inline);
        return;
    }
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    text.push(open);
    for (index, (name, part)) in parts(value).enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent + 2));
        if let Some(name) = name {
            text.push_str(&Value::from(name).to_string());
            text.push_str(": ");
        }
        write(text, part, indent + 2, width);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}

fn has_parts(value: &Value) -> bool {
    parts(value).next().is_some()
}

/// The parts of an array, or of an object with their names.
fn parts(value: &Value) -> Box<dyn Iterator<Item = (Option<&str>, &Value)> + '_> {
    match value {
        Value::Array(parts) => Box::new(parts.iter().map(|part| (None, part))),
        Value::Object(parts) => Box::new(parts.iter().map(|(name, part)| (Some(&**name), part))),
        _ => Box::new(std::iter::empty()),
    }
}

/// One line, with a blank after `:` and `,`.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(parts) => {
            format!("[{}]", parts.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(parts) if parts.is_empty() => "{}".to_owned(),
        Value::Object(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|(name, part)| format!("{}: {}", Value::from(&**name), inline(part)))
                .collect();
            format!("{{ {} }}", parts.join(", "))
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_fits_stays_on_one_line() {
        let statement = json!({
            "Sid": "DenyOutside", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": { "NotIpAddress": { "aws:SourceIp": ["203.0.113.0/24"] } }
        });
        let expected = r#"{
  "Sid": "DenyOutside",
  "Effect": "Deny",
  "Action": "*",
  "Resource": "*",
  "Condition": {
    "NotIpAddress": { "aws:SourceIp": ["203.0.113.0/24"] }
  }
}"#;
        assert_eq!(compact(&statement, 60), expected);
        assert_eq!(compact(&json!([]), 0), "[]");
        assert_eq!(compact(&json!({}), 0), "{}");
    }

    fn any_document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|parts| Value::Object(parts.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_text_reads_back_as_the_document(document in any_document(), width in 0_usize..120) {
            let read: Value = serde_json::from_str(&compact(&document, width)).unwrap();
            prop_assert_eq!(read, document);
        }
    }
}
