//! Settings of a whole account (or of its part in one Region) that keep things from becoming public,
//! whatever its policies allow.

/// One such setting.
#[derive(Debug)]
pub struct Block {
    /// As AWS calls it.
    pub name: &'static str,
    /// Calls that set it, by IAM prefix and operation.
    pub set_by: &'static [&'static str],
    /// What the request must name for the call to be about this setting; empty: nothing.
    pub named: &'static str,
    /// Actions that it refuses where they would make something public.
    pub refuses: &'static [&'static str],
    /// Whether it also keeps out callers of other accounts and anonymous ones, whatever they ask.
    pub keeps_out: bool,
    /// Whether every Region has its own.
    pub is_regional: bool,
    /// The command that shows it.
    pub shown_by: &'static str,
    /// Where AWS describes it.
    pub source: &'static str,
}

/// Subnets are fenced in and not requests: of VPC block public access no call is refused.
const BLOCKS: [Block; 6] = [
    Block {
        name: "S3 Block Public Access",
        set_by: &[
            "s3:DeleteAccountPublicAccessBlock",
            "s3:DeleteBucketPublicAccessBlock",
            "s3:PutAccountPublicAccessBlock",
            "s3:PutBucketPublicAccessBlock",
        ],
        named: "",
        refuses: &[
            "s3:PutAccessPointPolicy",
            "s3:PutBucketAcl",
            "s3:PutBucketPolicy",
            "s3:PutObject",
            "s3:PutObjectAcl",
        ],
        keeps_out: true,
        is_regional: false,
        shown_by: "aws s3control get-public-access-block --account-id",
        source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    },
    Block {
        name: "block public access for AMIs",
        set_by: &["ec2:DisableImageBlockPublicAccess", "ec2:EnableImageBlockPublicAccess"],
        named: "",
        refuses: &["ec2:ModifyImageAttribute"],
        keeps_out: false,
        is_regional: true,
        shown_by: "aws ec2 get-image-block-public-access-state",
        source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html",
    },
    Block {
        name: "block public access for EBS snapshots",
        set_by: &["ec2:DisableSnapshotBlockPublicAccess", "ec2:EnableSnapshotBlockPublicAccess"],
        named: "",
        refuses: &["ec2:ModifySnapshotAttribute"],
        keeps_out: false,
        is_regional: true,
        shown_by: "aws ec2 get-snapshot-block-public-access-state",
        source: "https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html",
    },
    Block {
        name: "VPC block public access",
        set_by: &[
            "ec2:CreateVpcBlockPublicAccessExclusion",
            "ec2:DeleteVpcBlockPublicAccessExclusion",
            "ec2:ModifyVpcBlockPublicAccessExclusion",
            "ec2:ModifyVpcBlockPublicAccessOptions",
        ],
        named: "",
        refuses: &[],
        keeps_out: false,
        is_regional: true,
        shown_by: "aws ec2 describe-vpc-block-public-access-options",
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html",
    },
    Block {
        name: "Amazon EMR block public access",
        set_by: &["elasticmapreduce:PutBlockPublicAccessConfiguration"],
        named: "",
        refuses: &["elasticmapreduce:RunJobFlow"],
        keeps_out: false,
        is_regional: true,
        shown_by: "aws emr get-block-public-access-configuration",
        source: "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-block-public-access.html",
    },
    Block {
        name: "block public sharing of SSM documents",
        set_by: &["ssm:ResetServiceSetting", "ssm:UpdateServiceSetting"],
        named: "/ssm/documents/console/public-sharing-permission",
        refuses: &["ssm:ModifyDocumentPermission"],
        keeps_out: false,
        is_regional: true,
        shown_by: "aws ssm get-service-setting --setting-id /ssm/documents/console/public-sharing-permission",
        source: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-ssm-sharing.html",
    },
];

/// The setting that calls of this name set, if any; `service` is the IAM prefix.
pub fn block_set_by(service: &str, operation: &str) -> Option<&'static Block> {
    let is_it = |call: &&str| call.split_once(':') == Some((service, operation));
    BLOCKS.iter().find(|block| block.set_by.iter().any(&is_it))
}

/// The settings that can refuse the action; `from_outside`: the caller is of another account, or
/// nobody's.
pub fn blocks_of(action: &str, from_outside: bool) -> impl Iterator<Item = &'static Block> {
    let service = action.split(':').next().unwrap_or_default().to_owned();
    let action = action.to_owned();
    BLOCKS.iter().filter(move |block| {
        let is_of_service =
            || block.set_by.iter().any(|call| call.split(':').next() == Some(service.as_str()));
        block.refuses.iter().any(|refused| refused.eq_ignore_ascii_case(&action))
            || (block.keeps_out && from_outside && is_of_service())
    })
}

#[cfg(test)]
mod tests {
    use super::super::action;
    use super::*;

    #[test]
    fn every_row_names_what_exists() {
        for block in &BLOCKS {
            let calls = block.refuses.iter().chain(block.set_by);
            for name in calls.filter(|name| !name.starts_with("s3:DeleteAccount")) {
                // The deletions of S3's setting are allowed as its changes are.
                let exists = action(name).or_else(|| action(&name.replace(":Delete", ":Put")));
                assert!(exists.is_some(), "{name}");
            }
            assert!(block.source.starts_with("https://docs.aws.amazon.com/"), "{block:?}");
            assert!(block.set_by.is_sorted() && block.refuses.is_sorted(), "{block:?}");
        }
    }

    #[test]
    fn who_is_outside_is_kept_out_by_some() {
        let names = |action: &str, outside: bool| -> Vec<&str> {
            blocks_of(action, outside).map(|block| block.name).collect()
        };
        assert_eq!(names("s3:GetObject", false), Vec::<&str>::new());
        assert_eq!(names("s3:GetObject", true), ["S3 Block Public Access"]);
        assert_eq!(names("s3:PutBucketPolicy", false), ["S3 Block Public Access"]);
        assert_eq!(names("ec2:ModifyImageAttribute", false), ["block public access for AMIs"]);
        assert_eq!(names("ec2:RunInstances", true), Vec::<&str>::new());
    }
}
