//! The success that answers best "what is different?": the one that differs least.

use super::attribute::{Attribute, Observation};

/// One attribute in which a failure and a success differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The attribute.
    pub attribute: Attribute,
    /// In the failure, where it has the attribute.
    pub failed: Option<String>,
    /// In the success.
    pub succeeded: Option<String>,
}

/// What differs between two calls, most telling first.
pub fn differences(failed: &Observation<'_>, succeeded: &Observation<'_>) -> Vec<Difference> {
    let mut attributes: Vec<Attribute> =
        failed.values().iter().chain(succeeded.values()).map(|(a, _)| *a).collect();
    attributes.sort_unstable();
    attributes.dedup();
    attributes
        .into_iter()
        .filter(|a| failed.get(*a) != succeeded.get(*a))
        // A denied call has lost its request; what it no longer shows is no difference.
        .filter(|a| *a != Attribute::EncryptionContextKeys || failed.event.request().is_some())
        .map(|attribute| Difference {
            attribute,
            failed: failed.get(attribute).map(str::to_owned),
            succeeded: succeeded.get(attribute).map(str::to_owned),
        })
        .collect()
}

/// Position in `successes` of the one nearest to `failed`; ties go to the one nearest in time,
/// then to the smaller event id, so that the answer does not depend on the order of files.
pub fn nearest(failed: &Observation<'_>, successes: &[Observation<'_>]) -> Option<usize> {
    successes
        .iter()
        .enumerate()
        .min_by_key(|(_, success)| {
            let apart: u32 =
                differences(failed, success).iter().map(|d| d.attribute.distance()).sum();
            let seconds = success.event.time.seconds_since(failed.event.time).unsigned_abs();
            (apart, seconds, success.event.id())
        })
        .map(|(position, _)| position)
}
