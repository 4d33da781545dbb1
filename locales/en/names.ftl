# The names of the words that the whole program shares, and how lists and times are said.

layer-named = Layer: { $layer }
layer-identity-policy = identity-based policy
layer-permissions-boundary = permissions boundary
layer-session-policy = session policy
layer-resource-policy = resource-based policy
layer-key-policy = key policy
layer-bucket-policy = bucket policy
layer-queue-policy = queue policy
layer-topic-policy = topic policy
layer-role-trust-policy = role trust policy
layer-scp = service control policy (SCP)
layer-rcp = resource control policy (RCP)
layer-vpc-endpoint-policy = VPC endpoint policy
layer-kms-grant = KMS grant
layer-kms-key-state = state of the KMS key
layer-block-public-access = S3 Block Public Access
layer-unknown = unknown layer

effect-explicit-deny = explicit deny
effect-implicit-deny = implicit deny
effect-not-applicable = not a policy decision
effect-unknown = unknown effect

outcome-success = succeeded
outcome-denied = denied
outcome-error = failed
outcome-unknown = not logged

caller-direct = the principal itself
caller-forward-access-session = a service with the caller's permissions (forward access session)
caller-service-principal = a service as itself (service principal)
caller-service-linked-role = service-linked role
caller-service-role = service role
caller-ec2-infrastructure = EC2 acting for the instance (aws:ec2-infrastructure)
caller-agent = an assistant for the principal (AWS MCP server)

list-next = { $before }, { $after }
list-last = { $before } and { $after }
sentence-next = { $before } { $after }

duration-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}{ $hours ->
    [0] {""}
    [one] {" "}{ $hours } hour
   *[other] {" "}{ $hours } hours
}

duration-hours = { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
}{ $minutes ->
    [0] {""}
    [one] {" "}{ $minutes } minute
   *[other] {" "}{ $minutes } minutes
}

duration-minutes = { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}{ $seconds ->
    [0] {""}
    [one] {" "}{ $seconds } second
   *[other] {" "}{ $seconds } seconds
}

duration-seconds = { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
