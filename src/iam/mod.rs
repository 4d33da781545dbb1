//! Evaluates one request against the policies around it, as AWS documents it: statement by
//! statement, layer by layer, three-valued. It is pure: no files, no clock.
//!
//! A [`Request`] and its [`Layers`] give a [`Decision`]. Condition keys and layers may be unknown;
//! the decision is then unknown too, unless something known decides, and says what it hangs on.
//! Making something unknown that was known never turns a denial into an allow.

mod action;
mod arn_pattern;
mod block_public_access;
mod condition;
mod context;
mod decide;
mod decision;
mod document;
mod glob;
mod grant;
mod instant;
mod kms_key_state;
mod layers;
mod locate;
mod operator;
mod principal;
mod principal_element;
mod request;
mod resource;
mod service_rule;
mod statement;
mod survey;
mod ternary;
mod variable;

pub use block_public_access::{BlockPublicAccess, is_public};
pub use context::{Context, ContextValue, Values};
pub use decide::{Applying, applying, evaluate};
pub use decision::{Deciding, Decision, DecisionResult, Missing};
pub use document::{Policy, PolicyError, PolicyWarning};
pub use grant::KmsGrant;
pub use kms_key_state::KeyState;
pub use layers::{
    AttachedPolicy, EndpointPolicy, Layers, Level, PolicyLabel, PolicySource, Presence,
};
pub use principal::{Principal, RoleSession};
pub use request::Request;
pub use resource::Resource;
pub use statement::{Statement, StatementEffect};
pub use ternary::Ternary;
