//! What tells the records of a large export apart, so that a sample of them can stand for all: sorts
//! of refused calls as they are judged, calls that start chains, changes, and where to look for what
//! a refused call belongs to.

use crate::aws;
use crate::chain::Knowledge;
use crate::contrast;
use crate::event::arn::Arn;
use crate::event::{self, CallerKind, Effect, Event, Failure, Field};
use crate::history::change;
use crate::ingest::{By, Facts, Near, Role, Sorter, number};

/// Of a call in a minute that is kept, what was so many seconds before it was kept as well.
const BEFORE: i64 = 20;

/// The age, in seconds, of a session that a service may just have begun for the call. Anybody may have
/// started the work then, and what all of them started fills the room for surroundings: users' own
/// sessions, which are mostly older, must not ask for it.
const YOUNG: i64 = 20;

/// The last call that a caller started work with is mostly the one. Those that are older than this by
/// seconds are looked for only where there is none since.
const NEARER: i64 = 60;

/// How long after it what it led to.
const AFTER: i64 = 16;

/// A call can be stamped so much before its parent.
const SOON: i64 = 3;

/// Sorts records by what the analysis knows.
#[derive(Debug)]
pub struct Sorts<'k> {
    knowledge: &'k Knowledge,
}

impl<'k> Sorts<'k> {
    /// With that service table.
    pub fn new(knowledge: &'k Knowledge) -> Sorts<'k> {
        Sorts { knowledge }
    }
}

impl Sorter for Sorts<'_> {
    fn role(&self, source: &str, name: &str) -> Role {
        Role {
            starts: self.knowledge.starts(source, name),
            changes: change::may_change(source, name),
            routine: is_routine(source, name),
        }
    }

    fn refused(&self, event: &Event) -> Option<u64> {
        let failure = event::failure(event).filter(|failure| failure.is_refusal())?;
        let denial = event::denial::refused(event, failure);
        let refused = contrast::refused(event, &denial);
        let resource = refused.resource.as_deref().map(with_policy);
        let stated = denial.stated.as_ref();
        Some(number([
            // Copies that other accounts got are counted apart.
            event.account(),
            // Texts that name no resource are alike in every Region; keys are not.
            event.get(Field::AwsRegion),
            Some(event.caller_kind().as_str()),
            refused.principal.as_deref(),
            event.invoked_by(),
            Some(&refused.action),
            resource,
            stated.map(|stated| stated.layer.as_str()),
            stated.map(|stated| effect(stated.effect)),
            stated.and_then(|stated| stated.policy_arn.as_deref()),
            event.get(Field::VpcEndpointId),
            matches!(failure, Failure::KeyState(_)).then_some("key state"),
        ]))
    }

    fn near(&self, refused: &Event, is_first: bool, in_minute: bool) -> Vec<Near> {
        let account = Facts::of(refused).account.map(str::to_owned);
        let mut near = Vec::new();
        let mut further = Vec::new();
        let mut look = |from: i64, to: i64, by: By| {
            let (from, to) = (refused.time.plus_seconds(-from), refused.time.plus_seconds(to));
            near.push(Near { account: account.clone(), from, to, by, otherwise: false });
        };
        let kind = refused.caller_kind();
        let origins = self.knowledge.origins(refused);
        let invoker = refused.invoked_by();
        match (kind, refused.arn()) {
            // Steps that it failed for.
            (CallerKind::Direct | CallerKind::Agent, Some(actor)) => {
                look(SOON, AFTER, By::Actor(actor.to_owned()));
            }
            // A call on somebody's behalf is signed for the very session of its parent.
            (CallerKind::ForwardAccessSession, Some(actor)) => {
                let actor = || actor.to_owned();
                for (source, seconds) in origins.sources.iter().chain(&origins.behind) {
                    let by = || By::ActorAndSource(actor(), source.clone());
                    look((*seconds).min(NEARER), SOON, by());
                    if *seconds > NEARER {
                        further.push((*seconds, by()));
                    }
                }
                if let Some(invoker) = invoker {
                    look(AFTER, AFTER, By::ActorAndInvoker(actor(), invoker.to_owned()));
                }
                // Or for a role that the service has just taken on, and then anybody's.
                if let Some(age) = session_age(refused).filter(|age| *age <= YOUNG) {
                    for (source, seconds) in origins.sources {
                        look(age + seconds, SOON - age, By::Start(source));
                    }
                }
            }
            _ => {
                for (source, seconds) in origins.sources {
                    look(seconds, SOON, By::Start(source.clone()));
                    look(AFTER, SOON, By::Source(source));
                }
                if let Some(invoker) = invoker {
                    look(AFTER, SOON, By::Invoker(invoker.to_owned()));
                }
            }
        }
        let before = |seconds: i64| refused.time.plus_seconds(-seconds);
        near.extend(further.into_iter().map(|(seconds, by)| {
            let (from, to) = (before(seconds), before(NEARER));
            Near { account: account.clone(), from, to, by, otherwise: true }
        }));
        near.extend(beginning(refused));
        if is_first {
            let call = By::Call(refused.source().to_owned(), refused.name().to_owned());
            let from = refused.time.plus_seconds(-AFTER);
            near.push(Near {
                account,
                from,
                to: refused.time.plus_seconds(SOON),
                by: call,
                otherwise: false,
            });
        } else if in_minute {
            // Of these everything is there.
            let (from, to) = (refused.time.plus_seconds(-BEFORE), refused.time.plus_seconds(AFTER));
            near.retain(|near| near.from < from || near.to > to || near.account != account);
        }
        near.extend(copies(refused));
        near
    }
}

/// The call that began the session of a refused one: it tells whether the session is a service's.
fn beginning(refused: &Event) -> Option<Near> {
    let created = refused.session_created?;
    let by = By::Session(refused.arn()?.to_owned());
    let account = refused.caller_account().or_else(|| refused.account()).map(str::to_owned);
    let (from, to) = (created.plus_seconds(-1), created.plus_seconds(1));
    Some(Near { account, from, to, by, otherwise: false })
}

/// The same call as other accounts got it, unless this is known to be the caller's own: what it was
/// made for is in the caller's account.
fn copies(refused: &Event) -> Option<Near> {
    let shared = refused.get(Field::SharedEventId)?.to_owned();
    let by = By::Copy(shared, refused.source().to_owned(), refused.name().to_owned());
    let recipient = refused.get(Field::RecipientAccountId);
    if refused.caller_account().is_some() && refused.caller_account() == recipient {
        return None;
    }
    Some(Near { account: None, from: refused.time, to: refused.time, by, otherwise: false })
}

/// How many seconds before a call its session began.
fn session_age(event: &Event) -> Option<i64> {
    event.session_created.map(|created| event.time.seconds_since(created).max(0))
}

/// Services make grants by the thousand, which only ever allow, and retire them when the work is done
/// (KMS developer guide, "Grants in AWS KMS"); people do so now and then.
fn is_routine(source: &str, name: &str) -> bool {
    source == "kms.amazonaws.com" && matches!(name, "CreateGrant" | "RetireGrant" | "RevokeGrant")
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::ExplicitDeny => "explicit",
        Effect::ImplicitDeny => "implicit",
        Effect::NotApplicable => "none",
        Effect::Unknown => "unknown",
    }
}

/// Of a resource without a policy of its own only what is common to all of its type: it is not at
/// fault, and there may be millions of them.
fn with_policy(resource: &str) -> &str {
    let Some(arn) = Arn::parse(resource) else { return "" };
    if aws::service_carries_policies(arn.service) {
        return resource;
    }
    let name = arn.resource.len() - arn.resource.find([':', '/']).unwrap_or(arn.resource.len());
    resource.get(..resource.len() - name).unwrap_or(resource)
}
