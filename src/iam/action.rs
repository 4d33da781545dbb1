//! `Action` and `NotAction` (IAM User Guide, IAM JSON policy elements: Action).

use super::glob::Glob;
use super::ternary::Ternary;

/// The action of a request, in the form in which actions compare.
#[derive(Debug, Clone)]
pub(super) struct ActionName {
    service: String,
    name: String,
}

impl ActionName {
    pub(super) fn new(action: &str) -> ActionName {
        let folded = action.to_ascii_lowercase();
        match folded.split_once(':') {
            Some((service, name)) => {
                ActionName { service: service.to_owned(), name: name.to_owned() }
            }
            None => ActionName { service: String::new(), name: folded },
        }
    }

    /// The service prefix in lower case.
    pub(super) fn service(&self) -> &str {
        &self.service
    }

    /// The action without its prefix, in lower case.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is `service:name`, both in lower case.
    pub(super) fn is(&self, service: &str, name: &str) -> bool {
        self.service == service && self.name == name
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ActionPattern {
    Everything,
    Named {
        service: Box<str>,
        name: Glob,
    },
    /// Matches no action: a wildcard for the service, or no service at all.
    Nothing,
}

impl ActionPattern {
    fn new(text: &str) -> ActionPattern {
        let folded = text.to_ascii_lowercase();
        let everything = !folded.is_empty() && folded.bytes().all(|byte| byte == b'*');
        if everything {
            return ActionPattern::Everything;
        }
        match folded.split_once(':') {
            Some((service, _)) if service.contains(['*', '?']) => ActionPattern::Nothing,
            Some((service, name)) => {
                ActionPattern::Named { service: service.into(), name: Glob::new(name) }
            }
            None => ActionPattern::Nothing,
        }
    }

    fn matches(&self, action: &ActionName) -> bool {
        match self {
            ActionPattern::Everything => true,
            ActionPattern::Named { service, name } => {
                service.as_ref() == action.service && name.matches(&action.name)
            }
            ActionPattern::Nothing => false,
        }
    }
}

/// `Action` or `NotAction` of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ActionElement {
    negated: bool,
    patterns: Vec<ActionPattern>,
}

impl ActionElement {
    pub(super) fn new(texts: &[String], negated: bool) -> ActionElement {
        let patterns = texts.iter().map(|text| ActionPattern::new(text)).collect();
        ActionElement { negated, patterns }
    }

    /// Whether the element names the action's service by itself, not by a `*` for all services nor
    /// by leaving it out.
    pub(super) fn names_service_of(&self, action: &ActionName) -> bool {
        let names = |pattern: &ActionPattern| match pattern {
            ActionPattern::Named { service, .. } => service.as_ref() == action.service,
            ActionPattern::Everything | ActionPattern::Nothing => false,
        };
        !self.negated && self.patterns.iter().any(names)
    }

    pub(super) fn matches(&self, action: &ActionName) -> Ternary {
        let found = self.patterns.iter().any(|pattern| pattern.matches(action));
        (found != self.negated).into()
    }
}

#[cfg(test)]
mod tests {
    use super::{ActionElement, ActionName};

    fn matches(pattern: &str, action: &str) -> bool {
        ActionElement::new(&[pattern.to_owned()], false).matches(&ActionName::new(action)).is_true()
    }

    #[test]
    fn names_compare_without_case_and_services_take_no_wildcards() {
        assert!(matches("S3:getobject", "s3:GetObject"));
        assert!(matches("s3:Get*", "s3:GetObject"));
        assert!(matches("**", "s3:GetObject"));
        assert!(!matches("*:GetObject", "s3:GetObject"));
        assert!(!matches("s?:GetObject", "s3:GetObject"));
        assert!(!matches("s3:GetObject ", "s3:GetObject"));
        assert!(!matches("s3:GetObject,s3:PutObject", "s3:GetObject"));
        assert!(!matches("s3:", "s3:GetObject"));
    }
}
