//! What AWS publishes of its actions and resources: which resource types an action knows, which
//! resources carry a policy of their own, which services resource control policies reach.
//!
//! Facts only, no rules: `actions.tsv` is made by `generate.py` from two public packages, the other
//! tables are kept by hand with a source in each row. Nothing is read before it is asked for, and of
//! the large table only the lines of the service asked for.

mod blocks;
mod policies;
mod quirks;
mod rcp;
mod reads;
mod table;

pub use blocks::{Block, block_set_by, blocks_of};
pub use policies::{
    Across, Policy, can_be_decided, can_decide, carries_policy, policies_of,
    service_carries_policies,
};
pub use quirks::{Also, also, is_without_action};
pub use rcp::{rcp_reaches, rcp_reaches_service};
pub use reads::{Listing, Read, read_by, read_of, reads};
pub use table::{Action, ActionType, ResourceType, resource_types, types_of};

/// What is known of an action, e.g. `s3:GetObject` (letter case does not matter); `None` where AWS
/// publishes no action of that name.
pub fn action(name: &str) -> Option<Action> {
    table::action(name)
}

/// Whether a policy can name resources for that action; where it cannot, only `*` is allowed as
/// `Resource`. `None` where the action is not known.
pub fn supports_resource(name: &str) -> Option<bool> {
    action(name).map(|action| !action.types().is_empty())
}

/// The condition keys that an action, or a resource type it is on, knows beside the global ones.
/// Tag keys end in `/`. Empty where the action is not known.
pub fn condition_keys(name: &str) -> Vec<String> {
    action(name).map(|action| action.all_condition_keys()).unwrap_or_default()
}

/// The actions that a principal also needs for a call of that action to succeed, as far as AWS
/// tells. Empty where the action is not known.
pub fn dependent_actions(name: &str) -> Vec<&'static str> {
    action(name).map(|action| action.dependent_actions()).unwrap_or_default()
}
