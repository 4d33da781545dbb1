//! Which calls are sensitive: what the rules of organizations and of careful owners are made against.

use crate::wording::Sentence;

/// What a call would have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Take away what records or watches.
    Blind,
    /// Leave the organization, or take its rules away.
    Leave,
    /// Let everybody in.
    Open,
    /// Give rights, or lift a limit of them.
    Empower,
    /// Take away keys or copies that data hangs on.
    Destroy,
    /// Take away a second factor.
    Weaken,
}

impl Deed {
    pub(super) fn sentence(self, action: &str) -> Sentence {
        match self {
            Deed::Blind => Sentence::new("guardrail-blinds").arg("action", action),
            Deed::Leave => Sentence::new("guardrail-leaves").arg("action", action),
            Deed::Open => Sentence::new("guardrail-opens").arg("action", action),
            Deed::Empower => Sentence::new("guardrail-empowers").arg("action", action),
            Deed::Destroy => Sentence::new("guardrail-destroys").arg("action", action),
            Deed::Weaken => Sentence::new("guardrail-weakens").arg("action", action),
        }
    }
}

/// When an action is sensitive.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// Whoever refuses it: little everyday work needs it.
    Always,
    /// Where a Deny forbids it in so many words; that nothing allows it is everyday work.
    Forbidden,
    /// Where a parameter has one of these values.
    With(&'static [&'static str]),
    /// Where it is made on the caller's own user or role, or hands out an administrator's rights.
    ForOneself,
    /// Where it is made on another user than the caller.
    ForAnother,
}

/// Actions, each up to a `*`, what they do, and when that is sensitive.
pub(super) type Row = (&'static [&'static str], Deed, When);

/// What the rules of landing zones and the published examples of service control policies are made
/// against (AWS Organizations User Guide, "Example SCPs"; aws-samples/service-control-policy-examples
/// and aws-iam-permissions-guardrails; MITRE ATT&CK T1562, T1531, T1485, T1490, T1098, T1556.006;
/// AWS Backup Developer Guide, "Vault Lock"; S3 and EC2 user guides, "Block public access").
pub(super) const SENSITIVE: &[Row] = &[
    (
        &[
            "cloudtrail:Stop*",
            "cloudtrail:Delete*",
            "cloudtrail:Deregister*",
            "cloudtrail:Disable*",
            "config:Stop*",
            "config:Delete*",
            "guardduty:Delete*",
            "guardduty:Disassociate*",
            "guardduty:Disable*",
            "guardduty:Stop*",
            "securityhub:Disable*",
            "securityhub:BatchDisable*",
            "securityhub:Disassociate*",
            "securityhub:Delete*",
            "access-analyzer:Delete*",
            "macie2:Disable*",
            "macie2:Disassociate*",
            "macie2:Delete*",
            "inspector2:Disable*",
            "inspector2:Disassociate*",
            "detective:Delete*",
            "detective:Disassociate*",
            "detective:Disable*",
            "securitylake:Delete*",
            "securitylake:Deregister*",
            "auditmanager:Deregister*",
            "auditmanager:Delete*",
            "fms:Disassociate*",
            "fms:Delete*",
            "shield:Delete*",
            "shield:Disassociate*",
            "shield:Disable*",
            "ec2:DeleteFlowLogs",
            "wafv2:DeleteLoggingConfiguration",
            "route53resolver:DeleteResolverQueryLogConfig",
            "route53resolver:DisassociateResolverQueryLogConfig",
            "bedrock:DeleteModelInvocationLoggingConfiguration",
        ],
        Deed::Blind,
        When::Always,
    ),
    // These also belong to setting such services up, or to clearing away what was made for a test.
    (
        &[
            "cloudtrail:*",
            "config:*",
            "guardduty:*",
            "securityhub:*",
            "access-analyzer:*",
            "macie2:*",
            "inspector2:*",
            "detective:*",
            "securitylake:*",
            "logs:Delete*",
            "logs:PutRetentionPolicy",
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DisableAlarmActions",
            "events:DisableRule",
            "events:DeleteRule",
            "events:RemoveTargets",
            "wafv2:Delete*",
            "wafv2:DisassociateWebACL",
            "network-firewall:Delete*",
            "s3:PutBucketLogging",
        ],
        Deed::Blind,
        When::Forbidden,
    ),
    (&["guardduty:UpdateDetector"], Deed::Blind, When::With(&["enable=false"])),
    (
        &[
            "organizations:Leave*",
            "organizations:RemoveAccount*",
            "organizations:Delete*",
            "organizations:Disable*",
            "organizations:Deregister*",
            "organizations:DetachPolicy",
            "organizations:CloseAccount",
            "account:CloseAccount",
            "account:DisableRegion",
            "controltower:Disable*",
            "controltower:Delete*",
            "ram:DisassociateResourceSharePermission",
        ],
        Deed::Leave,
        When::Always,
    ),
    (&["organizations:*", "account:*"], Deed::Leave, When::Forbidden),
    (
        &[
            "ec2:DisableSnapshotBlockPublicAccess",
            "ec2:DisableImageBlockPublicAccess",
            "ec2:DisableEbsEncryptionByDefault",
        ],
        Deed::Open,
        When::Always,
    ),
    // The same permission lets settings be made and taken away: what the call carries tells which.
    (
        &[
            "s3:PutBucketPublicAccessBlock",
            "s3:PutAccountPublicAccessBlock",
            "s3:PutAccessPointPublicAccessBlock",
            "elasticmapreduce:PutBlockPublicAccessConfiguration",
        ],
        Deed::Open,
        When::With(&["=false", "name=delete"]),
    ),
    (
        &[
            "ec2:ModifySnapshotAttribute",
            "ec2:ModifyImageAttribute",
            "rds:ModifyDBSnapshotAttribute",
            "rds:ModifyDBClusterSnapshotAttribute",
            "ssm:ModifyDocumentPermission",
            "lambda:AddPermission",
            "s3:PutBucketAcl",
            "s3:PutObjectAcl",
        ],
        Deed::Open,
        When::With(&["=all", "=*", "=public-read", "=public-read-write"]),
    ),
    (
        &[
            "iam:AttachUserPolicy",
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:PutUserPolicy",
            "iam:PutRolePolicy",
            "iam:AddUserToGroup",
            "iam:UpdateAssumeRolePolicy",
        ],
        Deed::Empower,
        When::ForOneself,
    ),
    (
        &["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"],
        Deed::Empower,
        When::ForAnother,
    ),
    (
        &[
            "iam:DeleteUserPermissionsBoundary",
            "iam:DeleteRolePermissionsBoundary",
            "iam:PutUserPermissionsBoundary",
            "iam:PutRolePermissionsBoundary",
            "iam:DeleteAccountPasswordPolicy",
        ],
        Deed::Empower,
        When::Always,
    ),
    (
        &[
            "iam:Create*",
            "iam:Attach*",
            "iam:Put*",
            "iam:Add*",
            "iam:Update*",
            "iam:Set*",
            "sso:CreatePermissionSet",
            "sso:PutInlinePolicyToPermissionSet",
            "sso:AttachManagedPolicyToPermissionSet",
            "sso:CreateAccountAssignment",
        ],
        Deed::Empower,
        When::Forbidden,
    ),
    (
        &[
            "kms:ScheduleKeyDeletion",
            "kms:DisableKey",
            "kms:DeleteImportedKeyMaterial",
            "kms:DisableKeyRotation",
            "backup:DeleteBackupVault",
            "backup:DeleteBackupVaultLockConfiguration",
            "backup:DeleteBackupVaultAccessPolicy",
            "backup:DeleteRecoveryPoint",
            "backup:DeleteBackupPlan",
            "backup:DisassociateRecoveryPoint",
            "s3:BypassGovernanceRetention",
            "glacier:AbortVaultLock",
            "glacier:DeleteVault",
            "rds:DeleteDBInstanceAutomatedBackup",
            "dynamodb:DeleteBackup",
            "fsx:DeleteBackup",
        ],
        Deed::Destroy,
        When::Always,
    ),
    (
        &[
            "ec2:DeleteSnapshot",
            "rds:DeleteDBSnapshot",
            "rds:DeleteDBClusterSnapshot",
            "redshift:DeleteClusterSnapshot",
            "elasticache:DeleteSnapshot",
            "backup:*",
            "kms:Delete*",
            "kms:Disable*",
            "s3:PutBucketVersioning",
            "s3:DeleteObjectVersion",
            "s3:PutLifecycleConfiguration",
            "secretsmanager:DeleteSecret",
        ],
        Deed::Destroy,
        When::Forbidden,
    ),
    (&["iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"], Deed::Weaken, When::Always),
];

/// Whether an action is what a row means: its name, or the head of it up to a `*`.
pub(super) fn is_like(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => {
            action.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
        }
        None => pattern.eq_ignore_ascii_case(action),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
mod tests {
    use super::*;
    use crate::aws;

    #[test]
    fn the_rows_name_actions_that_aws_publishes() {
        for (patterns, _, _) in SENSITIVE {
            for pattern in *patterns {
                let (service, name) = pattern.split_once(':').unwrap();
                assert!(!service.is_empty() && !name.is_empty(), "{pattern}");
                let is_whole = !pattern.ends_with('*');
                assert!(!is_whole || aws::action(pattern).is_some(), "{pattern} is not published");
            }
        }
    }

    #[test]
    fn a_pattern_is_the_head_of_an_action_in_any_case() {
        assert!(is_like("guardduty:Delete*", "guardduty:DeleteDetector"));
        assert!(is_like("kms:DisableKey", "KMS:disablekey"));
        assert!(!is_like("kms:DisableKey", "kms:DisableKeyRotation"));
        assert!(!is_like("config:Stop*", "configservice:StopX"));
    }
}
