//! One CloudTrail call, typed: who signed it and in which way, what action on what
//! resource it was, how it ended. The fields of a hundred services are reached through here and
//! nowhere else.

pub mod action;
pub mod arn;
mod caller;
pub mod denial;
mod error_code;
mod identity;
pub mod json;
mod layer;
pub mod notification;
pub mod outcome;
pub mod partition;
mod record;
pub mod refusals;
pub mod resource;
pub mod secrets;
mod time;

pub use action::{action, is_read_like};
pub(crate) use caller::has_internal_agent;
pub use denial::{Denial, Form, denial};
pub use identity::{CallerKind, IdentityType};
pub use layer::{Effect, Layer, Outcome};
pub use notification::Notification;
pub use outcome::{Failure, KeyState, KmsRefusal, failure};
pub use record::{Event, EventBuilder, Field};
pub use refusals::Whose;
pub use time::Time;
