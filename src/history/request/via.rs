//! Condition keys about services in between: `aws:ViaAWSService`, `aws:CalledVia`,
//! `kms:ViaService`.

use super::super::change::at;
use super::Reading;
use crate::chain::service::{Service, Table};
use crate::event::{CallerKind, partition};
use crate::iam::{Context, Request};

/// Services that set `aws:CalledVia` when they pass a call on (IAM "aws:CalledVia").
const CALLED_VIA: [&str; 18] = [
    "aoss",
    "athena",
    "backup",
    "cloud9",
    "cloudformation",
    "databrew",
    "dataexchange",
    "dynamodb",
    "imagebuilder",
    "kms",
    "mgn",
    "nimble",
    "omics",
    "ram",
    "robomaker",
    "servicecatalog-appregistry",
    "sqlworkbench",
    "ssm-guiconnect",
];

impl Reading<'_> {
    pub(super) fn via_keys(&self, context: &mut Context, request: &Request) {
        // An assistant's call is a forward access session of the MCP server's (agent toolkit user
        // guide, "Logging using CloudTrail").
        let is_agent = self.kind == CallerKind::Agent;
        let is_forwarded = is_agent || self.kind == CallerKind::ForwardAccessSession;
        context.insert("aws:ViaAWSService", is_forwarded);
        if is_agent {
            context.insert("aws:ViaAWSMCPService", true);
        }
        match is_forwarded {
            true => self.called_via(context),
            false => {
                for key in ["aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"] {
                    context.mark_absent(key);
                }
            }
        }
        if request.action.starts_with("kms:") {
            self.kms_via(context);
        }
    }

    /// The chain of services that set the key, if the whole chain is known; of an unknown chain at
    /// least the last service, if it is one that sets the key.
    fn called_via(&self, context: &mut Context) {
        let Some(chain) = &self.around.via else {
            if let Some(last) = self.event.invoked_by().filter(|by| sets_called_via(by)) {
                context.insert("aws:CalledViaLast", last);
            }
            return;
        };
        let names: Vec<String> =
            chain.iter().filter(|name| sets_called_via(name)).cloned().collect();
        match (names.first(), names.last()) {
            (Some(first), Some(last)) => {
                context.insert("aws:CalledViaFirst", first.as_str());
                context.insert("aws:CalledViaLast", last.as_str());
                context.insert("aws:CalledVia", names);
            }
            _ => {
                for key in ["aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"] {
                    context.mark_absent(key);
                }
            }
        }
    }

    /// `SERVICE.REGION.amazonaws.com` for forwarded calls, in other partitions with the domain of
    /// their endpoints; absent when the principal calls KMS itself. For services and their roles the
    /// documentation does not say.
    fn kms_via(&self, context: &mut Context) {
        match self.kind {
            CallerKind::ForwardAccessSession => {
                if let (Some(service), Some(region)) = (self.via_service(), self.event.region()) {
                    let domain = partition::of_region(region).domain;
                    context.insert("kms:ViaService", format!("{service}.{region}.{domain}"));
                }
            }
            CallerKind::Direct => {
                context.mark_absent("kms:ViaService");
            }
            CallerKind::ServiceRole if !self.is_made_by_service() => {
                context.mark_absent("kms:ViaService");
            }
            _ => {}
        }
    }

    /// The service's word in `kms:ViaService`, which is not that of `invokedBy` (EC2 is `ec2`, and
    /// calls as `ec2-frontend-api`); where `invokedBy` fits several services, encryption context
    /// or root call tell which.
    fn via_service(&self) -> Option<String> {
        let table = Table::builtin();
        let host = self.event.invoked_by()?;
        let by_host: Vec<&Service> = table.by_invoked_by(host).collect();
        if let Some(word) = only_word(by_host.iter().copied()) {
            return Some(word.to_owned());
        }
        // One of several services of a host may be called as the host is.
        let name = partition::without_domain(host);
        let words = by_host.iter().flat_map(|service| &service.via_service);
        if let Some(word) = words.into_iter().find(|word| name == Some(word)) {
            return Some(word.clone());
        }
        let names = self.encryption_context_names();
        let by_context = names.iter().flat_map(|name| table.by_context_key(name));
        let told = only_word(by_context.filter(|service| fits(&by_host, service))).or_else(|| {
            let root = self.around.root?;
            only_word(
                table.by_event_source(root.source()).filter(|service| fits(&by_host, service)),
            )
        });
        // Services that the table does not know are called in the key as in their endpoint (KMS
        // "kms:ViaService", services that support it).
        told.map(str::to_owned).or_else(|| {
            let label = name.filter(|_| by_host.is_empty())?;
            (!label.contains(['.', '-', ' '])).then(|| label.to_owned())
        })
    }

    fn encryption_context_names(&self) -> Vec<&str> {
        [
            "encryptionContext",
            "constraints.encryptionContextSubset",
            "constraints.encryptionContextEquals",
        ]
        .iter()
        .filter_map(|path| at(&self.parameters, path)?.as_object())
        .flat_map(|pairs| pairs.keys().map(String::as_str))
        .collect()
    }
}

fn fits(candidates: &[&Service], service: &Service) -> bool {
    candidates.is_empty() || candidates.iter().any(|candidate| candidate.id == service.id)
}

/// The one word that all of these services have, if it is one.
fn only_word<'s>(services: impl Iterator<Item = &'s Service>) -> Option<&'s str> {
    let mut words: Vec<&str> =
        services.flat_map(|service| service.via_service.iter().map(String::as_str)).collect();
    words.sort_unstable();
    words.dedup();
    match words.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

fn sets_called_via(host: &str) -> bool {
    host.split('.').next().is_some_and(|service| CALLED_VIA.contains(&service))
}
