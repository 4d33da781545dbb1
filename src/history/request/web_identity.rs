//! Users of OpenID Connect providers who take on a role: which provider, and what their token says
//! (IAM "IAM and AWS STS condition context keys", keys of AWS web identity federation).

use super::Reading;
use crate::event::{Field, IdentityType};
use crate::iam::Context;

/// What `principalId` is made of: `PROVIDER:AUDIENCE:SUBJECT`.
///
/// The provider is a domain, or of a provider that the account made the ARN
/// (`arn:aws:iam::ACCOUNT:oidc-provider/HOST`); the subject, which may have colons, is `userName`
/// (CloudTrail user guide, `userIdentity`; seen in records of STS).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WebIdentity<'t> {
    /// Domain or ARN, as policies name it.
    pub provider: &'t str,
    audience: Option<&'t str>,
    subject: Option<&'t str>,
}

impl<'t> WebIdentity<'t> {
    pub(super) fn parse(principal: &'t str, user: Option<&'t str>) -> WebIdentity<'t> {
        let colons = if principal.starts_with("arn:") { 6 } else { 1 };
        let mut parts = principal.splitn(colons + 1, ':');
        let length: usize = parts.by_ref().take(colons).map(|part| part.len() + 1).sum();
        let provider = principal.get(..length.saturating_sub(1)).unwrap_or(principal);
        let rest = parts.next().unwrap_or_default();
        let by_user = user.and_then(|user| {
            let audience = rest.strip_suffix(user)?.strip_suffix(':')?;
            Some((audience, user))
        });
        let told = by_user.or_else(|| rest.split_once(':'));
        let filled = |text: &'t str| Some(text).filter(|text| !text.is_empty());
        WebIdentity {
            provider,
            audience: told.and_then(|(audience, _)| filled(audience)),
            subject: told.and_then(|(_, subject)| filled(subject)),
        }
    }

    /// The first part of the condition keys: the host of the provider, with its path.
    fn host(&self) -> &'t str {
        self.provider.split_once(":oidc-provider/").map_or(self.provider, |(_, host)| host)
    }
}

impl Reading<'_> {
    pub(super) fn web_identity(&self) -> Option<WebIdentity<'_>> {
        let is_web = self.event.identity_type == IdentityType::WebIdentityUser;
        let principal = self.event.principal_id().filter(|_| is_web)?;
        Some(WebIdentity::parse(principal, self.event.get(Field::UserName)))
    }

    /// `HOST:aud` and `HOST:sub`. Other claims of the token are not in the record.
    pub(super) fn web_identity_keys(&self, context: &mut Context) {
        let Some(identity) = self.web_identity() else { return };
        for (claim, value) in [("aud", identity.audience), ("sub", identity.subject)] {
            if let Some(value) = value {
                context.insert(&format!("{}:{claim}", identity.host()), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_of_the_account_is_an_arn_and_the_subject_has_colons() {
        let subject = "repo:acorn/shop:ref:refs/heads/main";
        let host = "tokens.ci.example";
        let provider = format!("arn:aws:iam::111122223333:oidc-provider/{host}");
        let principal = format!("{provider}:sts.amazonaws.com:{subject}");
        let identity = WebIdentity::parse(&principal, Some(subject));
        let wanted = WebIdentity {
            provider: &provider,
            audience: Some("sts.amazonaws.com"),
            subject: Some(subject),
        };
        assert_eq!(identity, wanted);
        assert_eq!(identity.host(), host);
    }

    #[test]
    fn a_provider_of_aws_is_a_domain() {
        let identity = WebIdentity::parse("accounts.google.com:app.example:1077", Some("1077"));
        let wanted = WebIdentity {
            provider: "accounts.google.com",
            audience: Some("app.example"),
            subject: Some("1077"),
        };
        assert_eq!(identity, wanted);
        let bare = WebIdentity::parse("graph.facebook.com", None);
        assert_eq!(
            bare,
            WebIdentity { provider: "graph.facebook.com", audience: None, subject: None }
        );
    }
}
