//! Ignore rules: incidents a team knows to be harmless. They move from the incidents to the noise,
//! where they are still counted and listed with the reason; nothing disappears.

use serde::{Deserialize, Deserializer, de};

use crate::event::{Layer, Time};
use crate::report::{Benign, Incident, Kind, Report};
use crate::wording::{Sentence, Wording};

/// One rule. All that it gives must fit; in texts, `*` stands for any run of characters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoreRule {
    /// The denied action, or that of the user call where nothing was denied.
    pub action: Option<String>,
    /// Who was denied, or who made the user call.
    pub principal: Option<String>,
    /// What it was denied on.
    pub resource: Option<String>,
    /// The kind of incident.
    pub kind: Option<Kind>,
    /// The layer of the verdict.
    pub layer: Option<Layer>,
    /// One incident, by its id.
    pub incident: Option<String>,
    /// Why it is harmless: shown in every report.
    pub reason: String,
    /// The last day on which it holds. Compared with the incident's last occurrence and not with a
    /// clock, so that the same logs give the same report tomorrow.
    pub expires: Expiry,
}

/// The end of a day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The first moment after it.
    end: Time,
}

/// What the rules did.
#[derive(Debug, Default, PartialEq)]
pub struct Ignored<'r> {
    /// Incidents that became noise.
    pub incidents: usize,
    /// Rules that would have fitted an incident, but no longer hold.
    pub expired: Vec<&'r IgnoreRule>,
}

/// Moves the incidents that a rule fits to the noise.
pub fn ignore<'r>(report: &mut Report, rules: &'r [IgnoreRule], wording: &Wording) -> Ignored<'r> {
    let mut ignored = Ignored::default();
    let incidents = std::mem::take(&mut report.incidents);
    for incident in incidents {
        let mut fitting = rules.iter().filter(|rule| rule.fits(&incident));
        let holding = fitting.clone().find(|rule| rule.holds(&incident));
        match holding {
            Some(rule) => {
                ignored.incidents += 1;
                report.benign.push(noise(&incident, rule, wording));
            }
            None => {
                if let Some(rule) = fitting.next()
                    && !ignored.expired.contains(&rule)
                {
                    ignored.expired.push(rule);
                }
                report.incidents.push(incident);
            }
        }
    }
    ignored
}

fn noise(incident: &Incident, rule: &IgnoreRule, wording: &Wording) -> Benign {
    Benign {
        actions: action(incident).map(str::to_owned).into_iter().collect(),
        principal_arn: principal(incident).map(str::to_owned),
        count: incident.count,
        because: wording.say(
            &Sentence::new("ignored-by-rule")
                .arg("incident", &incident.id)
                .arg("reason", &rule.reason),
        ),
    }
}

impl IgnoreRule {
    /// True when the rule asks for anything at all.
    pub fn says_something(&self) -> bool {
        let texts = [&self.action, &self.principal, &self.resource, &self.incident];
        texts.into_iter().any(Option::is_some) || self.kind.is_some() || self.layer.is_some()
    }

    fn fits(&self, incident: &Incident) -> bool {
        let resource = incident.denied.as_ref().and_then(|denied| denied.resource.as_deref());
        fits(self.action.as_deref(), action(incident))
            && fits(self.principal.as_deref(), principal(incident))
            && fits(self.resource.as_deref(), resource)
            && fits(self.incident.as_deref(), Some(&incident.id))
            && self.kind.is_none_or(|kind| kind == incident.kind)
            && self.layer.is_none_or(|layer| layer == incident.verdict.layer)
    }

    /// An incident whose time cannot be read is never ignored.
    fn holds(&self, incident: &Incident) -> bool {
        Time::parse(&incident.last_seen).is_some_and(|last| last < self.expires.end)
    }
}

fn action(incident: &Incident) -> Option<&str> {
    let root = incident.root.as_ref().map(|root| root.action.as_str());
    incident.denied.as_ref().map(|denied| denied.action.as_str()).or(root)
}

fn principal(incident: &Incident) -> Option<&str> {
    let root = incident.root.as_ref().and_then(|root| root.principal_arn.as_deref());
    incident.denied.as_ref().and_then(|denied| denied.principal_arn.as_deref()).or(root)
}

/// No pattern fits everything; a pattern never fits what is not known.
fn fits(pattern: Option<&str>, text: Option<&str>) -> bool {
    match (pattern, text) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(pattern), Some(text)) => matches(pattern, text),
    }
}

/// `*` stands for any run of characters; everything else for itself.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').map_or((None, rest), |(a, b)| (Some(a), b));
    for part in middle.unwrap_or_default().split('*') {
        match text.find(part).and_then(|at| text.get(at + part.len()..)) {
            Some(after) => text = after,
            None => return false,
        }
    }
    text.ends_with(last)
}

impl<'de> Deserialize<'de> for Expiry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// TOML has dates of its own; a text is as good.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Date(toml::value::Datetime),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Date(date) => date.to_string(),
            Written::Text(text) => text,
        };
        let day = (text.len() == "2027-03-31".len()).then(|| Time::parse(&text)).flatten();
        let day = day.ok_or_else(|| {
            de::Error::custom(format!("`{text}` is no date; write it as 2027-03-31"))
        })?;
        Ok(Expiry { end: day.plus_seconds(24 * 60 * 60) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Language;
    use proptest::prelude::*;

    fn rule(text: &str) -> IgnoreRule {
        toml::from_str(&format!("{text}\nreason = 'known'")).unwrap()
    }

    fn report() -> Report {
        let text = include_str!("../../tests/data/report/ebs-source-ip.json");
        serde_json::from_str(text).unwrap()
    }

    fn ignored(rules: &[IgnoreRule]) -> (usize, usize, usize) {
        let mut report = report();
        let noise = report.benign.len();
        let result = ignore(&mut report, rules, &Wording::new(Language::En));
        assert_eq!(report.incidents.len() + result.incidents, 1);
        (result.incidents, report.benign.len() - noise, result.expired.len())
    }

    #[test]
    fn an_incident_that_a_rule_fits_becomes_noise_with_the_reason() {
        let rules =
            [rule("action = 'kms:*'\nprincipal = '*:user/storage-*'\nexpires = '2026-10-14'")];
        assert_eq!(ignored(&rules), (1, 1, 0));
        let mut report = report();
        ignore(&mut report, &rules, &Wording::new(Language::En));
        let noise = report.benign.last().unwrap();
        assert_eq!(
            (noise.count, noise.actions[0].as_str()),
            (12, "kms:GenerateDataKeyWithoutPlaintext")
        );
        assert!(noise.because.contains("known"), "{}", noise.because);
    }

    #[test]
    fn all_that_a_rule_asks_for_must_fit() {
        let expires = "expires = '2099-01-01'";
        for (text, fits) in [
            ("kind = 'silent'", true),
            ("kind = 'direct'", false),
            ("layer = 'identity_policy'", true),
            ("layer = 'scp'", false),
            ("resource = 'arn:aws:kms:*'", true),
            ("resource = 'arn:aws:s3:*'", false),
            ("incident = 'inc-6b86b273ff34'", true),
            ("incident = 'inc-*'\naction = 's3:*'", false),
        ] {
            let rule = rule(&format!("{text}\n{expires}"));
            assert_eq!(ignored(&[rule]).0 == 1, fits, "{text}");
        }
    }

    #[test]
    fn a_rule_that_has_expired_is_named_and_ignores_nothing() {
        assert_eq!(ignored(&[rule("kind = 'silent'\nexpires = '2026-10-13'")]), (0, 0, 1));
        // The day of the last occurrence itself is still covered.
        assert_eq!(ignored(&[rule("kind = 'silent'\nexpires = 2026-10-14")]), (1, 1, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_star_stands_for_any_run(parts in prop::collection::vec("[ab]{0,3}", 1..5), runs in prop::collection::vec("[abc]{0,3}", 4)) {
            let pattern = parts.join("*");
            let text: String = parts
                .iter()
                .enumerate()
                .flat_map(|(i, part)| [if i == 0 { "" } else { runs[i - 1].as_str() }, part])
                .collect();
            prop_assert!(matches(&pattern, &text), "{pattern} {text}");
            prop_assert_eq!(matches(&pattern, &format!("{text}d")), pattern.ends_with('*'));
        }
    }
}
