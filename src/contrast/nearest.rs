//! The success that answers best "what is different?": the one that differs least.

use super::attribute::{Attribute, Observation};
use crate::chain::Chains;
use crate::event::{self, Event, Failure};

/// Every call of the same name as the one at `index` that worked, in order of time. A permission
/// probe that passed has worked as well; another account's copy of a call is no call.
pub fn comparable<'e>(events: &'e [Event], chains: &Chains, index: usize) -> Vec<Observation<'e>> {
    let Some(call) = events.get(index) else { return Vec::new() };
    let alike = |(at, event): &(usize, &Event)| {
        event.name() == call.name()
            && event.source() == call.source()
            && matches!(event::failure(event), None | Some(Failure::DryRun))
            && chains.copy_of(*at).is_none()
    };
    let found = events.iter().enumerate().filter(alike);
    found.filter_map(|(at, _)| Observation::new(events, chains, at)).collect()
}

/// The attributes in which two calls differ, in their order.
fn differing<'o>(
    failed: &'o Observation<'_>,
    succeeded: &'o Observation<'_>,
) -> impl Iterator<Item = Attribute> + 'o {
    Attribute::ALL
        .into_iter()
        .filter(|a| !failed.agrees(succeeded, *a))
        // A denied call has lost its request; what it no longer shows is no difference.
        .filter(|a| *a != Attribute::EncryptionContextKeys || failed.event.request().is_some())
}

/// How far a success is from a failure.
pub(super) fn apart(failed: &Observation<'_>, success: &Observation<'_>) -> u32 {
    differing(failed, success).map(Attribute::distance).sum()
}

/// Position in `successes` of the one nearest to `failed`; ties go to the one nearest in time,
/// then to the smaller event id, so that the answer does not depend on the order of files.
pub fn nearest(failed: &Observation<'_>, successes: &[Observation<'_>]) -> Option<usize> {
    successes
        .iter()
        .enumerate()
        .min_by_key(|(_, success)| {
            let apart = apart(failed, success);
            let seconds = success.time.seconds_since(failed.time).unsigned_abs();
            (apart, seconds, success.event.id())
        })
        .map(|(position, _)| position)
}
