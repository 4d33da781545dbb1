//! A script that reads with the AWS CLI the policies that would settle the incidents of an export, and
//! the permissions that it takes. The program itself asks nobody.

mod permissions;
mod script;
mod task;
mod wanted;

pub use permissions::permissions;
pub use script::script;
pub use wanted::{OfAccount, Wanted};
