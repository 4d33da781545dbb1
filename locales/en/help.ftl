# `trailwhy help kinds`, `help layers`, `help certainty`.

help-kinds = A kind says how a failure showed. Worst first, since nobody was told of the first ones:
help-layers = A layer is a place where AWS decides whether a call may go through. One that denies is enough:
help-effects = How a layer denies:
help-certainty = A verdict says how sure it is, and from what. The number behind it is the chance that the named layer is right:
help-more = See also: trailwhy help { $topics }
help-kind = { $kind } ({ $word })
help-hiding = { $kind }, with a text
help-layer-identity-policy = What the caller's own policies allow and deny: those of the user, of the user's groups, or of the role.
help-layer-permissions-boundary = The most that a user or role may do, whatever its own policies allow.
help-layer-session-policy = The most that one session may do. It was passed when the session began.
help-layer-resource-policy = The policy on the resource: a key policy, a bucket policy, a queue policy, the policy of a secret.
help-layer-role-trust-policy = The policy of a role that says who may take the role on.
help-layer-scp = The most that the users and roles of an account may do. The organization sets it.
help-layer-rcp = The most that anybody may do with the resources of an account. The organization sets it.
help-layer-vpc-endpoint-policy = What may pass through a VPC endpoint.
help-layer-kms-grant = A permission to use one KMS key, given to one principal, beside the key policy.
help-layer-kms-key-state = No policy: the KMS key is disabled, waits for its deletion, or lacks its key material.
help-layer-block-public-access = A switch of S3 that refuses public access, whatever the policies say.
help-effect-explicit-deny = A Deny statement matches the call. No Allow can outweigh it.
help-effect-implicit-deny = No Allow statement matches the call.
help-effect-not-applicable = Nothing was weighed: the state of a key, or a missing grant, made the call fail.
