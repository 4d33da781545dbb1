# What the verdicts say: explanations, evidence, what is ruled out and why.

documented-direct = The principal made the call itself, so its own policies, the organization's, the resource's and the endpoint's all apply.
documented-agent = An assistant made the call with the principal's permissions through the AWS MCP server, so the principal's own policies, the organization's and the resource's apply; the call does not pass through the principal's network, so no VPC endpoint policy applies.
documented-forward-access = A service made the call with the caller's own permissions (forward access session); the caller's endpoint policy does not apply to that call.
documented-service-principal = An AWS service made the call as itself: identity policies, boundaries and service control policies do not apply to it; the resource's policy must admit it.
documented-service-linked-role = A service-linked role made the call: AWS writes its permissions, and neither SCPs nor RCPs apply to it. A customer can change the resource's policy or a grant.
documented-root-user = The root user of the account made the call: no identity-based policy, boundary or session policy applies to it, only those of the organization, the resource and the endpoint.
documented-service-role = A role that was handed to a service made the call; its own policies and the organization's apply.
documented-program-role = A program made the call with a role that was handed to a service (function, container, job); the role's own policies, the organization's, the resource's and the endpoint's all apply.
documented-ec2-infrastructure = EC2 made the call for one instance (aws:ec2-infrastructure): a grant or the key policy must admit it, and SCPs apply to it.
documented-no-endpoint = The call did not come through a VPC endpoint, so no endpoint policy was asked.
documented-assume-role = Taking on a role asks the role's trust policy.
documented-no-assume-role = Only taking on a role asks a trust policy.
documented-not-kms = The call is not one of KMS: grants and key states play no part.
documented-no-policy-there = Resources of this sort carry no policy of their own that decides on this action.
documented-no-rcp = Resource control policies do not reach this action.
documented-federated = Whoever signs in from outside has no principal in AWS yet: no identity policy, boundary, session policy or SCP is asked, only the role's trust policy.
documented-no-session = A user called with long-term keys: there is no session that a session policy could have been passed to.
documented-no-resource = The call names no resource, so no resource's policy was asked.
documented-aws-managed-key = AWS manages the key: it writes the key policy, which nobody else can change and which admits its own account only, through the service that the key is for.
documented-cross-account = The resource belongs to account { $owner } and the caller to { $caller }: both sides must allow it.
documented-not-key-state = KMS reports an unusable key with errors of its own; this is a denial.

stated-layer = AWS's text names the layer: { $layer }, { $effect }.
stated-explicit-only = AWS's text says that the deny is explicit, but not which layer holds it.
stated-key-state = KMS says that the key { $key } is in the state { $state }.
stated-kms-vague = KMS's text covers a missing key, a key policy without an Allow and one with a Deny alike; an identity policy would have been named.
stated-network-activity = A network activity event of the same moment says that the policy of endpoint { $endpoint } denied the call.

contrast-same-principal-other-resource = The same principal made the same call on other resources { $count ->
    [one] once
   *[other] { $count } times
} with success.
contrast-other-principal-same-resource = Other principals of the account made the same call on the same resource { $count ->
    [one] once
   *[other] { $count } times
} with success.
contrast-fails-on-many = The principal fails on { $count } different resources: what they have in common is the principal.
contrast-many-fail-on-it = { $count } different principals fail on this resource: what they have in common is the resource.
contrast-all-through-endpoint = All { $failures } failures came through endpoint { $endpoint }.
contrast-works-off-endpoint = The same principal made the same call on the same resource { $count ->
    [one] once
   *[other] { $count } times
} with success without that endpoint.
contrast-others-off-endpoint = The same call on the same resource succeeded { $count ->
    [one] once
   *[other] { $count } times
} for others who did not use that endpoint.
contrast-others-through-endpoint = Others made the same call on the same resource through the same endpoint { $count ->
    [one] once
   *[other] { $count } times
} with success.
contrast-region = Nothing of this sort ever succeeded in { $region } for the account, and the same principal succeeded { $count ->
    [one] once
   *[other] { $count } times
} in other Regions.
grant-of-predecessor = The grant { $grant } for { $operations } names { $principal } and was made for an earlier one of that name: a grant is for the unique id, so the present one cannot use it.
contrast-made-anew = It worked { $count ->
    [one] once
   *[other] { $count } times
} before with another unique id: the principal was deleted and made anew under the same name, and policies that named it before do not mean the new one.
contrast-mfa = Sessions with MFA succeeded { $count ->
    [one] once
   *[other] { $count } times
}, and none without.
contrast-forwarded-only = The principal's own calls to the service succeeded { $count ->
    [one] once
   *[other] { $count } times
} while those that services made for it failed: a condition tells the two apart.
contrast-direct-only = Services made the same call for the principal { $count ->
    [one] once
   *[other] { $count } times
} with success; only its own call fails.
contrast-other-actions = The same principal may do other things to the same resource ({ $actions }); only this action is refused.
contrast-account-works = Other principals of account { $account } made the same call { $count ->
    [one] once
   *[other] { $count } times
} with success.
contrast-whole-account = { $principals } principals of account { $account } fail on { $resources ->
    [one] one resource
   *[other] { $resources } resources
} and nobody there succeeds: what they have in common is the account.

benign-console = a person's console page asks for everything it could show
benign-inventory = a tool that takes stock of { $services } services and changes nothing
benign-inventory-tool = a tool that takes stock of an account, by its user agent

changed-before = { $time }, before the first failure: { $action }: { $summary }
changed-elsewhere = The log holds no change of other layers between the last success and the first failure.
changed-nothing = The call worked before, and the log holds no change of anything it depends on.

alternative-usual = Nothing in the log speaks for it, but too little speaks against it.
explain-silent = { $root } reported success. { $denied }, which AWS called for it, was denied to { $principal }{ $on }.
explain-opaque = { $root } failed with an error that does not name the cause: { $denied }, which AWS called for it, was denied to { $principal }{ $on }.
explain-ghost = { $root } reported success, and { $missing }, which every comparable success has, never came.
explain-gone = { $root } reported success, and what it made was gone later; no call in the log took it away.
explain-direct = { $denied } was denied to { $principal }{ $on }.
explain-background = { $denied } was denied to { $principal }{ $on }; no user's call is known to have asked for it.
explain-hiding = { $root } failed with { $code }, and its text tells why: { $denied } was not allowed to { $principal }{ $on }.
explain-on-one-of = {" "}on one of { $resources }
explain-perhaps-on = {" "}perhaps on { $resource }, which no record names
explain-on = {" "}on { $resource }
explain-on-nothing = {""}
explain-proven = The layer at fault is the { $layer } ({ $effect }): evaluating the policies of that moment gives this denial and the comparable successes.
explain-proven-alone = The layer at fault is the { $layer } ({ $effect }): evaluating the policies of that moment gives this denial.
explain-stated = The layer at fault is the { $layer } ({ $effect }): AWS's own text says so, and nothing in the log contradicts it.
explain-inferred = The layer at fault is most likely the { $layer } ({ $effect }), by comparison with what worked.
explain-unknown = The log cannot tell which layer is at fault; the { $layer } comes first among what is possible.
explain-change = The last change before it: { $time }, { $by }: { $summary }

absent-step = { $missing } never came in { $count ->
    [one] this chain
   *[other] { $count } chains
}, while all { $complete } comparable successes ({ $shared }) have it, up to the gap.
absent-like-denied = The same step was denied { $count ->
    [one] once
   *[other] { $count } times
} to others at about that time, and those denials are in the log.
gone-not-found = { $id } was reported as made, and its maker was told at { $time } that it does not exist. No call in the log took it away.{ $count ->
    [one] {""}
   *[other] {" "}The same happened to what { $count } calls made in all.
}
gone-ended-by-service = { $id } was reported as made, and at { $time } a service ended it by { $action } though nobody's call in the log asked for that; so it went with { $count ->
    [one] one call
   *[other] { $count } calls in a row
}.
gone-reported = The service reported in { $event } at { $time } that the work for { $id } failed.{ $count ->
    [one] {""}
   *[other] {" "}The same happened to what { $count } calls asked for.
}
gone-nothing-refused = The log holds no refusal that belongs to it, though calls to KMS were recorded at that time. What is refused in another account, or checked before anything is called, is not recorded here.
gone-no-kms = The log holds no reading calls to KMS of account { $account } in { $region } in the hour after it, so a refusal by a key would not show.

evaluated-statement = Evaluating the policies of that moment: statement { $number } ({ $sid }) of { $policy } ({ $layer }) denies the call; without it the call passes.
evaluated-assumed = Evaluated with what neither the log nor the policies given show, taken as is usual: { $what }{ $more ->
    [0] {""}
   *[other] ; and { $more } more
}.
evaluated-unknown = Not known when evaluating: { $what }{ $more ->
    [0] {""}
   *[other] ; and { $more } more
}.
evaluated-implied = AWS's text does not name the key. Of the keys known to serve the same purpose, the policies deny the call on { $resource } alone.
evaluated-several = The call has to be allowed on several resources at once, and AWS's text does not say which one it failed on. The policies keep it from { $resource }.
changed-implied = AWS's text does not name the resource. Of those that the caller used for the same before, { $resource } alone was changed and not used so since.
told-statement = AWS's own account of the decision ({ $file }): statement { $sid } of the { $layer } ({ $effect }).
told-layer = AWS's own account of the decision ({ $file }): { $layer }, { $effect }.
told-effect = AWS's own account of the decision ({ $file }): { $effect }.
contradiction-evaluated = AWS says { $said } ({ $said-effect }); evaluating the policies known of that moment says { $evaluated } ({ $evaluated-effect }). A policy given may be of another time, or one may be missing.
contradiction-allowed = The call was denied; evaluating the policies known of that moment allows it. A policy given may be of another time, or one may be missing.
contradiction-told = AWS's text says { $said } ({ $said-effect }); its account of the decision says { $told } ({ $told-effect }).
evaluated-layer = Evaluating the policies of that moment: the { $layer } denies the call ({ $effect }); with it opened, the call passes.
evidence-allowed = it tells of a call that was allowed
evidence-other-principal = nobody of that name was refused anything in the log
evidence-other-time = the principal it names was refused nothing at that time
evidence-other-call = the principal it names was refused another call
contrast-many-through-endpoint = { $count } different principals fail on this resource, all through endpoint { $endpoint }, and it works without: what they have in common is the endpoint.
workload-subject = The session was made for { $subject }; { $provider } confirmed who that is.
workload-pod = The session was made for the pod { $pod } (service account { $account }, namespace { $namespace }, cluster { $cluster }).
workload-tags = The session carries the tags { $tags }.
stated-unsaid = AWS's text does not say "with an explicit deny", and { $count ->
    [one] another refusal of { $service } in this account does
   *[other] { $count } other refusals of { $service } in this account do
} within 30 days: it speaks against an explicit deny.
stated-encoded-cut = The encoded authorization message is cut at 1 KB, as CloudTrail cuts texts: it cannot be decoded. The same call made again with --dry-run gives a whole one.
next-notification = keeps what the service reports of failed work from now on; give the rule a log group as its target
next-collect = a read-only script for these and the rest; give --policies policies afterwards

healed-propagation = The same call succeeded at { $time }, { $seconds } s after the last failure, and nothing was changed in between: { $summary } ({ $action }) was only just made and not yet known everywhere (eventual consistency). No policy has to change: wait, and retry with backoff.
healed-change = The same call succeeded at { $time }, after { $by } had called { $action }: { $summary }. What was changed there is what was missing.
healed-retry = The same call succeeded at { $time }, { $seconds } s later, without a change that the log shows.
healed-evidence = { $time }, before the call succeeded: { $action }: { $summary }

guardrail-lead = This looks like a guardrail doing its work: check who did this.
guardrail-blinds = Guardrails are made against such calls: { $action } takes away what records or watches, and no such call had worked before.
guardrail-leaves = Guardrails are made against such calls: { $action } takes an account, or a rule over it, out of the organization, and no such call had worked before.
guardrail-opens = Guardrails are made against such calls: { $action } takes away a block, or lets everybody in, and no such call had worked before.
guardrail-empowers = Guardrails are made against such calls: { $action } gives rights or takes a limit off them, and no such call had worked before.
guardrail-destroys = Guardrails are made against such calls: { $action } takes away keys or copies that data depends on, and no such call had worked before.
guardrail-weakens = Guardrails are made against such calls: { $action } takes away a second factor, and no such call had worked before.
guardrail-sweep = The caller was refused { $actions } different actions of { $services } services within { $minutes } minutes, like somebody who tries out what is possible.
guardrail-limit = The { $layer } only limits what may be done, and no such call had worked before.
evaluated-statement-besides = Evaluating the policies of that moment: statement { $number } ({ $sid }) of { $policy } ({ $layer }) denies the call. Something else denies it too: without the statement the call is still denied.
evaluated-layer-besides = Evaluating the policies of that moment: the { $layer } denies the call ({ $effect }). Something else denies it too: if this layer allowed the call, it would still be denied.
