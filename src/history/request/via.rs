//! Condition keys about services in between: `aws:ViaAWSService`, `aws:CalledVia`,
//! `kms:ViaService`.

use super::super::change::at;
use super::Reading;
use crate::event::{CallerKind, Event};
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

/// How `invokedBy` and `kms:ViaService` name a service, where they differ (KMS "kms:ViaService").
const VIA_SERVICE: [(&str, &str); 4] = [
    ("ec2-frontend-api", "ec2"),
    ("fas", "s3"),
    ("ebs", "ec2"),
    ("elasticmapreduce", "elasticmapreduce"),
];

/// Encryption context keys by which a service can be told where `invokedBy` only says
/// `AWS Internal`.
const CONTEXT_KEYS: [(&str, &str); 10] = [
    ("aws:ebs:id", "ec2"),
    ("aws:s3:arn", "s3"),
    ("PARAMETER_ARN", "ssm"),
    ("SecretARN", "secretsmanager"),
    ("aws:ecr:arn", "ecr"),
    ("aws:rds:db-id", "rds"),
    ("aws:rds:dbc-id", "rds"),
    ("aws:dynamodb:tableName", "dynamodb"),
    ("aws:lambda:FunctionArn", "lambda"),
    ("aws:sqs:arn", "sqs"),
];

impl Reading<'_> {
    pub(super) fn via_keys(&self, context: &mut Context, request: &Request) {
        let is_forwarded = self.kind == CallerKind::ForwardAccessSession;
        context.insert("aws:ViaAWSService", is_forwarded);
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
        let Some(chain) = self.around.via else {
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

    /// `SERVICE.REGION.amazonaws.com` for forwarded calls; absent when the principal calls KMS
    /// itself. For services and their roles the documentation does not say.
    fn kms_via(&self, context: &mut Context) {
        match self.kind {
            CallerKind::ForwardAccessSession => {
                if let (Some(service), Some(region)) = (self.via_service(), self.event.region()) {
                    context.insert("kms:ViaService", format!("{service}.{region}.amazonaws.com"));
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

    fn via_service(&self) -> Option<String> {
        let by_name = self.event.invoked_by().and_then(service_of_host);
        by_name.or_else(|| self.service_by_context()).or_else(|| {
            let last = self.around.via.and_then(|via| via.last());
            last.and_then(|host| service_of_host(host))
                .or_else(|| self.around.root.map(Event::source).and_then(service_of_host))
        })
    }

    fn service_by_context(&self) -> Option<String> {
        let of = |path: &str| at(&self.parameters, path)?.as_object();
        let pairs = of("encryptionContext")
            .or_else(|| of("constraints.encryptionContextSubset"))
            .or_else(|| of("constraints.encryptionContextEquals"))?;
        let known = CONTEXT_KEYS.iter().find(|(key, _)| pairs.contains_key(*key))?;
        Some(known.1.to_owned())
    }
}

fn sets_called_via(host: &str) -> bool {
    host.split('.').next().is_some_and(|service| CALLED_VIA.contains(&service))
}

/// The service's word in `kms:ViaService`; `None` for `AWS Internal` and the like.
fn service_of_host(host: &str) -> Option<String> {
    if !host.contains(".amazonaws.com") {
        return None;
    }
    let label = host.split('.').next()?;
    let known = VIA_SERVICE.iter().find(|(name, _)| *name == label);
    Some(known.map_or(label, |(_, service)| service).to_owned())
}
