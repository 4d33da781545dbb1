//! Which requests resource control policies reach (`rcp.toml`).

use std::sync::LazyLock;

use serde::Deserialize;

use super::supports_resource;

#[derive(Debug, Default, Deserialize)]
struct Table {
    services: Vec<Services>,
    exempt: Exempt,
}

#[derive(Debug, Default, Deserialize)]
struct Services {
    prefixes: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Exempt {
    actions: Vec<String>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("rcp.toml")).unwrap_or_default());

/// Whether RCPs apply to the service with that IAM prefix at all.
pub fn rcp_reaches_service(prefix: &str) -> bool {
    let is_it = |known: &String| known.eq_ignore_ascii_case(prefix);
    TABLE.services.iter().any(|services| services.prefixes.iter().any(is_it))
}

/// Whether an RCP can decide on that action, by the action alone: not for services it does not
/// reach, nor for actions that are on no resource. Of whom and of which account is another question
/// (never a service-linked role, the management account's resources or an AWS managed key).
pub fn rcp_reaches(action: &str) -> bool {
    let prefix = action.split_once(':').map_or(action, |(prefix, _)| prefix);
    let is_exempt = TABLE.exempt.actions.iter().any(|exempt| exempt.eq_ignore_ascii_case(action));
    rcp_reaches_service(prefix) && !is_exempt && supports_resource(action) != Some(false)
}

#[cfg(test)]
mod tests {
    use super::super::table::resource_types;
    use super::*;

    #[test]
    fn the_table_can_be_read_and_names_services() {
        let table: Table = toml::from_str(include_str!("rcp.toml")).unwrap();
        let prefixes: Vec<&String> =
            table.services.iter().flat_map(|services| &services.prefixes).collect();
        assert_eq!(prefixes.len(), 62);
        let known = prefixes.iter().filter(|prefix| !resource_types(prefix).is_empty()).count();
        assert!(known > 50, "{known}");
    }

    #[test]
    fn rcps_reach_resources_of_some_services() {
        for (action, want) in [
            ("s3:GetObject", true),
            ("kms:Decrypt", true),
            ("sts:AssumeRole", true),
            ("kms:RetireGrant", false),
            ("s3:ListAllMyBuckets", false),
            ("ec2:RunInstances", false),
            ("lambda:InvokeFunction", false),
            ("iam:CreateUser", false),
        ] {
            assert_eq!(rcp_reaches(action), want, "{action}");
        }
    }
}
