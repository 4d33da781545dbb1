//! The refused call behind a recorded one: what a service tells of in words of its own, made into a
//! call that can be evaluated.

use std::sync::Arc;

use crate::event::arn::{self, Arn};
use crate::event::{CallerKind, Denial, Event, EventBuilder, Field, IdentityType, Whose, action};

/// A call that was refused and is not in the log.
#[derive(Debug, Clone)]
pub struct Behind {
    /// The call, as CloudTrail would have it: who made it, which action it was, when. Nothing is known of
    /// its request.
    pub call: Arc<Event>,
    /// Who signed it.
    pub kind: CallerKind,
}

/// The call behind a refused one; `None` where the refused one is the recorded one, or where nothing
/// tells who made it.
pub(super) fn call(event: &Event, denial: &Denial, kind: CallerKind) -> Option<Behind> {
    let action = denial.action.as_deref().filter(|_| denial.is_behind(event))?;
    let invoked_by = match &denial.whose {
        Whose::Service(service) => service.as_str(),
        _ => event.source(),
    };
    let resource = denial.resource.as_deref();
    let call = made(event, &denial.whose, action, resource, Some(invoked_by))?;
    let kind = match &denial.whose {
        Whose::Caller if kind == CallerKind::Direct => CallerKind::ForwardAccessSession,
        Whose::Caller => kind,
        Whose::Service(_) => CallerKind::ServicePrincipal,
        _ => CallerKind::ServiceRole,
    };
    Some(Behind { call: Arc::new(call), kind })
}

/// Another action that the same caller needed for the call, as AWS told.
pub(super) fn same_caller(
    event: &Event,
    action: &str,
    resource: Option<&str>,
    kind: CallerKind,
) -> Option<Behind> {
    let call = made(event, &Whose::Caller, action, resource, event.invoked_by())?;
    Some(Behind { call: Arc::new(call), kind })
}

fn made(
    event: &Event,
    whose: &Whose,
    action: &str,
    resource: Option<&str>,
    invoked_by: Option<&str>,
) -> Option<Event> {
    let (service, name) = action.split_once(':')?;
    let (identity_type, who) = identity(event, whose)?;
    // A text without a resource would say that the action has none.
    let on = match resource {
        Some(resource) => format!(" on resource: {resource}"),
        None => " on this resource".to_owned(),
    };
    let text = format!("User: {} is not authorized to perform: {action}{on}", who.arn);
    let source = action::event_source(service);
    let mut builder = EventBuilder::default();
    let is_caller = *whose == Whose::Caller;
    let mut put = |field: Field, value: Option<&str>| builder.put(field, value);
    put(Field::EventId, Some(event.id()));
    put(Field::EventSource, Some(&source));
    put(Field::EventName, Some(name));
    put(Field::EventType, Some("AwsApiCall"));
    put(Field::AwsRegion, event.region());
    put(Field::SourceIpAddress, invoked_by.or(event.get(Field::SourceIpAddress)));
    put(Field::UserAgent, invoked_by.or(event.get(Field::UserAgent)));
    put(Field::ErrorCode, Some("AccessDenied"));
    put(Field::ErrorMessage, Some(&text));
    put(Field::RequestId, event.get(Field::RequestId).filter(|_| is_caller));
    put(Field::RecipientAccountId, event.account());
    put(Field::PrincipalId, event.principal_id().filter(|_| is_caller));
    put(Field::Arn, Some(who.arn.as_str()).filter(|_| identity_type != IdentityType::AwsService));
    put(Field::AccountId, who.account.as_deref());
    put(Field::UserName, event.get(Field::UserName).filter(|_| is_caller));
    put(Field::InvokedBy, invoked_by);
    put(Field::IssuerType, who.issuer.as_deref().map(|_| "Role"));
    put(Field::IssuerPrincipalId, event.get(Field::IssuerPrincipalId).filter(|_| is_caller));
    put(Field::IssuerArn, who.issuer.as_deref());
    let mut made = builder.finish(event.time, identity_type);
    if is_caller {
        made.mfa = event.mfa;
        made.session_created = event.session_created;
    }
    Some(made)
}

struct Who {
    arn: String,
    account: Option<String>,
    issuer: Option<String>,
}

fn identity(event: &Event, whose: &Whose) -> Option<(IdentityType, Who)> {
    match whose {
        Whose::Caller => Some((
            event.identity_type,
            Who {
                arn: event.arn()?.to_owned(),
                account: event.caller_account().map(str::to_owned),
                issuer: event.get(Field::IssuerArn).map(str::to_owned),
            },
        )),
        Whose::Service(service) => Some((
            IdentityType::AwsService,
            Who { arn: service.clone(), account: None, issuer: None },
        )),
        Whose::Principal(named) => match arn::role_name(named) {
            Some((account, role)) => {
                let partition = Arn::parse(named)?.partition;
                Some((
                    IdentityType::AssumedRole,
                    Who {
                        arn: format!("arn:{partition}:sts::{account}:assumed-role/{role}/*"),
                        account: Some(account.to_owned()),
                        issuer: Some(named.clone()),
                    },
                ))
            }
            None => Some((
                IdentityType::IamUser,
                Who {
                    arn: named.clone(),
                    account: Arn::parse(named).map(|arn| arn.account.to_owned()),
                    issuer: None,
                },
            )),
        },
        Whose::RoleOf(_) | Whose::NotTold => None,
    }
}
