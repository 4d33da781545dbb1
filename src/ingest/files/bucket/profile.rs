//! Keys and Region out of the files of the AWS CLI, which `object_store` does not read.
//!
//! Format: AWS CLI user guide, "Configuration and credential file settings in the AWS CLI".

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::given::{self, Cap};
use crate::wording::{Sentence, shell};

const FILE: Cap = Cap { bytes: 4 << 20, instead: "it holds profiles of the AWS CLI" };

/// What signs requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// What a profile says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) keys: Option<Keys>,
    pub(super) region: Option<String>,
}

/// Settings of a profile whose keys come from elsewhere.
const ELSEWHERE: [&str; 5] =
    ["sso_session", "sso_start_url", "role_arn", "credential_process", "login_session"];

impl Profile {
    /// The profile of `AWS_PROFILE`, else the default one. Keys in the environment take precedence, as they do for the
    /// AWS CLI, unless a profile is named.
    ///
    /// # Errors
    /// When a profile is named and does not exist, or its keys come from signing in, assuming a role or running a
    /// program, none of which is done here.
    pub(super) fn read() -> Result<Profile> {
        let named = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        let has_others = ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"]
            .iter()
            .any(|name| variable(name).is_some());
        if named.is_none() && has_others {
            return Ok(Profile::default());
        }
        let text = |of: &str, name: &str| -> Result<String> {
            let path = variable(of).map(PathBuf::from).or_else(|| home(name));
            match path.filter(|path| path.is_file()) {
                Some(path) => given::text(&path, FILE),
                None => Ok(String::new()),
            }
        };
        let credentials = text("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
        let config = text("AWS_CONFIG_FILE", "config")?;
        Profile::of(&credentials, &config, named.as_deref())
    }

    fn of(credentials: &str, config: &str, named: Option<&str>) -> Result<Profile> {
        let name = named.unwrap_or("default");
        let mut settings = sections(config).remove(&section(name)).unwrap_or_default();
        let own = sections(credentials).remove(name).unwrap_or_default();
        if named.is_some() && settings.is_empty() && own.is_empty() {
            let said = Sentence::new("message-no-profile").arg("profile", name.to_owned());
            return Err(Error::Said(said));
        }
        settings.extend(own);
        let mut take = |key: &str| settings.remove(key);
        let (id, secret) = (take("aws_access_key_id"), take("aws_secret_access_key"));
        let (token, region) = (take("aws_session_token"), take("region"));
        let keys = id.zip(secret).map(|(id, secret)| Keys { id, secret, token });
        let is_elsewhere = ELSEWHERE.iter().any(|key| settings.contains_key(*key));
        if keys.is_none() && is_elsewhere {
            let said = Sentence::new("message-profile-elsewhere")
                .arg("profile", name.to_owned())
                .arg("quoted", shell::quote(name));
            return Err(Error::Said(said));
        }
        Ok(Profile { keys, region })
    }
}

/// An environment variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn home(file: &str) -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".aws").join(file))
}

/// The name of a profile's section in the configuration.
fn section(profile: &str) -> String {
    match profile {
        "default" => profile.to_owned(),
        other => format!("profile {other}"),
    }
}

/// Settings by section. Indented lines are settings within one.
fn sections(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        let is_within = line.starts_with([' ', '\t']);
        let line = line.trim();
        if is_within || line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            name = section.split_whitespace().collect::<Vec<_>>().join(" ");
            sections.entry(name.clone()).or_default();
        } else if let Some((key, value)) = line.split_once('=') {
            let settings = sections.entry(name.clone()).or_default();
            settings.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "# keys\n[default]\naws_access_key_id = A\naws_secret_access_key=s=1\n\
                               [ops]\naws_access_key_id=B\naws_secret_access_key=t\naws_session_token = u\n";
    const CONFIG: &str = "[default]\nregion = eu-west-1\ns3 =\n  region = no\n[profile  ops]\nregion=cn-north-1\n\
                          [profile login]\nsso_session = corp\nregion = eu-west-2\n";

    #[test]
    fn a_profile_is_read_from_both_files() {
        let of = |named| Profile::of(CREDENTIALS, CONFIG, named);
        let default = of(None).unwrap();
        assert_eq!(default.region.as_deref(), Some("eu-west-1"));
        let keys = default.keys.unwrap();
        assert_eq!((&*keys.id, &*keys.secret, keys.token), ("A", "s=1", None));
        let ops = of(Some("ops")).unwrap();
        assert_eq!(ops.region.as_deref(), Some("cn-north-1"));
        assert_eq!(ops.keys.unwrap().token.as_deref(), Some("u"));
        assert_eq!(Profile::of("", "", None).unwrap(), Profile::default());
    }

    #[test]
    fn what_a_profile_would_have_to_ask_for_is_told_with_the_command() {
        let told = |named| Profile::of(CREDENTIALS, CONFIG, named).unwrap_err().to_string();
        assert!(told(Some("login")).contains("aws configure export-credentials --profile login"));
        assert!(told(Some("nobody")).contains("`nobody`"));
    }
}
