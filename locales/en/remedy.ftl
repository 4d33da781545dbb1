# What the fixes say: titles, notes, what is refuted and why.

remedy-statement = the Deny statement
remedy-statement-unnamed = the statement without a Sid
remedy-statement-sid = statement { $sid }
remedy-add-condition = Add { $condition } to the conditions of { $statement }
remedy-add-value = Add { $value } to the values of { $key } in { $statement }
remedy-take-value = Take { $value } from the values of { $key } in { $statement }
remedy-except-principal = Except { $principal } from { $statement }
remedy-spare-action = Add { $actions } to what { $statement } leaves alone
remedy-take-action = Take { $actions } out of { $statement }
remedy-spare-resource = Except { $resources } from { $statement }
remedy-narrow-deny = Narrow the Deny statement so that it no longer covers { $actions }
remedy-remove = Remove { $statement }
remedy-revert = Revert { $action } of { $time }
remedy-widen-allow = Add { $value } to the Allow of { $statement }
remedy-widen-condition = Add { $value } to the values of { $key } in the Allow of { $statement }
remedy-allow = Allow { $actions } in the { $layer }
remedy-admit = Admit { $principal } in the { $layer }
remedy-admit-account = Admit account { $account } in the key policy, then grant the key to its role
remedy-delegate = Let the IAM policies of account { $account } decide about the key again
remedy-session = Let the session policy allow { $actions } where the session is made
remedy-full-access = Attach { $policy } to { $level }
remedy-grant = Grant the use of the key to { $grantee }
remedy-name-account = Name account { $account } instead of everybody in the bucket policy
remedy-lift-block = Turn RestrictPublicBuckets of S3 Block Public Access off
remedy-note-public = The bucket's policy is public: everybody on the internet then has what it grants.
remedy-other-key = Use a key whose KeyUsage fits the operation; the usage of a key cannot be changed
remedy-both = { $first }; and { $second }
remedy-enable-key = Enable the key
remedy-cancel-deletion = Cancel the deletion of the key and enable it
remedy-import-key = Import the key material
remedy-repair-key = Make the key usable again

remedy-note-via-kms = kms:ViaService is there only when a service calls KMS for the caller, so the Deny keeps holding for the caller's own calls. It is a key of KMS requests and does nothing for other services.
remedy-note-via-any = aws:ViaAWSService is true when a service calls with the caller's permissions, whichever service it calls; the caller's own calls stay denied.
remedy-note-confirm = To confirm the cause, lift the IP condition for a moment and repeat the call.
remedy-note-services = It spares AWS services that call as themselves; people and roles stay denied. Such a call carries no aws:PrincipalArn.
remedy-note-remove = This gives up the purpose of the statement; prefer a narrower fix.
remedy-note-unread = The present policy is not known, so this could not be tried: hand it over with --policies.
remedy-note-only-via = It allows the call only when that service makes it for the caller.
remedy-note-exact = It allows exactly what was denied on exactly these resources.
remedy-note-both-accounts = The caller needs the permission in its own account as well.
remedy-note-grant-after = A service-linked role has no permission for keys of other accounts: somebody in account { $account } who may call kms:CreateGrant on the key must create the grant.
remedy-note-delegate = Everybody whose own policies allow it can then use and manage the key; naming the caller is narrower.
remedy-note-limit = The document only limits: the caller's own permissions stay what they are.
remedy-note-full-access = It allows everything at this level as far as the other policies do.
remedy-note-add-to-present = The present policy is not known; the commands add the statements to whatever it says.
remedy-note-grant = A grant takes up to five minutes to be seen everywhere; the caller then uses the key without the key policy naming it.
remedy-note-both = Two layers deny the call; only both changes together let it through. The document is that of the first.
remedy-note-key-state = Find out first why the key was taken out of use.
remedy-note-revert = It takes back everything the change brought, also what was wanted.
remedy-note-opens = It also lets through { $count ->
    [one] one kind of request that is
   *[other] { $count } kinds of requests that are
} denied today.

remedy-try-allow = Allow { $actions } to { $principal }
remedy-try-administrator = Attach AdministratorAccess to { $principal }
remedy-refuted-evaluated = Evaluated with this change, the denied call stays denied.
remedy-refuted-via-kms = kms:ViaService exists in KMS requests only. { $action } is not one: the key is absent there, so the Deny stays.
remedy-refuted-role = The denied call does not come from { $role }: { $service } makes it as an AWS service, and such a request carries no aws:PrincipalArn that an exception could match.
remedy-refuted-allow = An explicit deny beats every Allow.
remedy-refuted-administrator = The { $layer } lacks the Allow; the caller's own permissions do not make up for it.
remedy-note-grant-unnamed = No record names the key: put the one that the call was to use in the place of <KEY_ID>: the launch template, volume or table names it. The account that owns the key runs the command.
remedy-run-edits = bash with AWS CLI v2 and jq
remedy-run-plain = AWS CLI v2
remedy-run-account = { $what }, with credentials of account { $account }
remedy-run-owner = { $what }, with credentials of the account that owns { $target }
remedy-run-organization-of = { $what }, with credentials of the management account { $account }, or of an account it delegates its policies to
remedy-run-organization = { $what }, with credentials of the organization's management account, or of an account it delegates its policies to
remedy-run-identity-center = { $what }, with credentials of the account and in the Region that manage IAM Identity Center
remedy-note-permission-set = IAM Identity Center makes this role from a permission set; it is changed there, for every account that has the set.
remedy-note-changed-since = { $action } of { $time } by { $principal } changed the document after the failure; the fix keeps that.
remedy-refuted-repaired = It was repaired since: { $action } of { $time } by { $principal }.
remedy-note-touched-since = Some of it was changed again later; that part is left as it is.
remedy-note-template = { $what } made this as the trail shows it: make the change in its template or code, or the next deployment takes it back.
remedy-note-template-stack = CloudFormation stack { $stack } has this: make the change in its template, or the next deployment takes it back.
