//! Condition keys about the way the request came: address, endpoint, TLS (IAM "AWS global condition
//! context keys", properties of the network).

use std::net::IpAddr;

use super::Reading;
use crate::event::{CallerKind, Field};
use crate::iam::Context;

/// Services whose endpoints speak HTTPS alone (AWS General Reference, service endpoints).
const HTTPS_ONLY: [&str; 8] =
    ["kms", "iam", "sts", "secretsmanager", "ssm", "lambda", "organizations", "backup"];

impl Reading<'_> {
    pub(super) fn network_keys(&self, context: &mut Context) {
        self.tls_keys(context);
        match self.kind {
            CallerKind::Direct => self.own_hop(context),
            CallerKind::ServiceRole if !self.is_made_by_service() => self.own_hop(context),
            // "These keys are never taken from the original request" (IAM "Forward access
            // sessions"). What `aws:SourceIp` is, sources disagree on: the user's address, or,
            // before 2024, the service's; it stays unknown.
            CallerKind::ForwardAccessSession | CallerKind::Agent => {
                absent(context, &ENDPOINT_KEYS);
            }
            // Services call as themselves, and EC2 for an instance, from AWS's network.
            CallerKind::ServicePrincipal | CallerKind::Ec2Infrastructure => {
                absent(context, &ENDPOINT_KEYS);
            }
            _ => {}
        }
        match self.kind {
            // Only a service that calls as itself passes on for which resource it does so.
            CallerKind::ServicePrincipal => {}
            _ => absent(context, &SOURCE_KEYS),
        }
    }

    /// The caller's own connection: a public address, or a private one through an endpoint, and
    /// then `aws:SourceIp` is not in the request (IAM "aws:SourceIp").
    fn own_hop(&self, context: &mut Context) {
        let event = self.event;
        let address = event.get(Field::SourceIpAddress);
        let address = address.filter(|text| text.parse::<IpAddr>().is_ok());
        if let Some(agent) = event.get(Field::UserAgent) {
            context.insert("aws:UserAgent", agent);
        }
        match event.get(Field::VpcEndpointId) {
            Some(id) if id.starts_with("vpce-") => {
                context.mark_absent("aws:SourceIp");
                context.insert("aws:SourceVpce", id);
                if let Some(vpc) = self.inventory.endpoint(id).and_then(|e| e.vpc.as_deref()) {
                    context.insert("aws:SourceVpc", vpc);
                }
                if let Some(address) = address {
                    context.insert("aws:VpcSourceIp", address);
                }
            }
            // `AWS Internal`: the hop was inside AWS.
            Some(_) => {}
            None => {
                absent(context, &ENDPOINT_KEYS);
                if let Some(address) = address {
                    context.insert("aws:SourceIp", address);
                }
            }
        }
    }

    /// `tlsDetails` tells, and the cipher suite that S3 notes; services call each other over TLS.
    fn tls_keys(&self, context: &mut Context) {
        let event = self.event;
        let noted = event.get(Field::AdditionalEventData);
        let has_cipher = noted.is_some_and(|raw| raw.contains("CipherSuite"));
        let service = event.source().split('.').next().unwrap_or_default();
        let is_tls = event.get(Field::TlsDetails).is_some()
            || has_cipher
            || self.is_made_by_service()
            || HTTPS_ONLY.contains(&service);
        if is_tls {
            context.insert("aws:SecureTransport", true);
        }
    }
}

const ENDPOINT_KEYS: [&str; 3] = ["aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp"];

const SOURCE_KEYS: [&str; 5] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
];

fn absent(context: &mut Context, keys: &[&str]) {
    for key in keys {
        context.mark_absent(key);
    }
}
