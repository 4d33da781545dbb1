# The card of an incident, the index of many, and the summary that is passed on.

# The first lines of a report.
card-head = { $found } { $read }.
card-head-clear = { $found } { $read }; no blind spot.
card-blind = { $count ->
    [0] No blind spot; { $spots }
    [one] One blind spot: { $spots }
   *[other] { $count } blind spots: { $spots }
}
card-found-one = 1 { $kind } incident.
card-found = { $count } incidents: { $kinds }.
card-read = { $kept ->
    [one] { $kept } record
   *[other] { $kept } records
}, { $files ->
    [one] { $files } file
   *[other] { $files } files
}, { $when }
card-read-timeless = { $kept ->
    [one] { $kept } record
   *[other] { $kept } records
}, { $files ->
    [one] { $files } file
   *[other] { $files } files
}, none with a time
card-range = { $first } to { $last } { $zone }
card-moment = { $time } { $zone }
card-skipped = { $count ->
    [one] one file was skipped or damaged
   *[other] { $count } files were skipped or damaged
}
card-unreadable = { $count ->
    [one] one policy file could not be read
   *[other] { $count } policy files could not be read
}
card-noise = { $count ->
    [one] one denied call is taken for noise
   *[other] { $count } denied calls are taken for noise
}

# What is told in a row.
card-joined = { $before }; { $after }

# The first line of a card.
card-new = new
card-known = known
card-partly-new = partly new

# What happened, in a sentence.
card-silent = { $root } reported success, but a call that { $by } made for it was denied.
card-opaque = { $root } failed with { $code }, which does not tell why: a call that { $by } made for it was denied.
card-hiding = { $root } failed with { $code }; its text tells why: { $who } may not call { $denied }{ $on }.
card-unlogged = { $by } was denied { $denied }. It was made for { $root }, which is not in the log.
card-rootless = { $by } was denied { $denied }. Which call it was made for cannot be told.
card-background = { $who } was denied { $denied }{ $on } while it worked; no user's call is known to have asked for it.
card-ghost = { $root } reported success, but { $steps } never followed, and no denial was logged.
card-gone = { $root } reported success, but what it made was gone later, and no denial was logged.
card-direct = { $denied }{ $on } { $count ->
    [one] was
   *[other] were
} denied to { $who }.
card-on = {" "}on { $resource }
card-on-perhaps = {" "}on what may be { $resource }
card-on-one-of = {" "}on one of { $resources }
card-on-nothing = {""}
card-many-services = AWS
card-ended = It ended later: { $end }
card-healed-propagation = It worked { $length } later. What it needs had just been made and was not yet known everywhere (propagation): no policy has to change.
card-healed-change = It has worked since { $time }, after a change.
card-healed-retry = It worked { $length } later, without a change that the log shows.

# Who asked, and who was denied.
card-asked = { $action }{ $by }{ $from }
card-by = {" "}by { $principal }
card-from = {" "}from { $place }
card-about = , about { $resource }
card-sure = { $percent } % sure to be the call that it was made for (by { $kind })
card-tied = { $count ->
    [one] one other call would fit as well
   *[other] { $count } other calls would fit as well
}
card-call = { $action }{ $on }, { $made }
card-made-direct = by { $who }
card-made-forward = by { $service } for { $who }
card-made-itself = by { $service } as itself
card-made-role = by { $service } with { $who }
card-made-agent = by an assistant for { $who }
card-action-times = { $action } { $count ->
    [one] once
   *[other] { $count } times
}

# Why.
card-why-statement = { $why }: { $statement }
card-statement = { $sid } of { $policy }
card-statement-alone = { $sid }
card-policy = { $policy }
card-policy-on = { $policy } on { $target }
card-keys = {" "}({ $keys })
card-why-unknown = the log cannot tell which layer denied; possible: { $layers }
card-sureness = { $certainty } { $percent } %: { $because }
card-because-proven = evaluating the known policies gives this denial
card-because-stated = its text names the layer
card-because-inferred = what AWS's text and the sort of call leave open
card-nothing-compared = no comparable success
card-compared = { $count ->
    [one] { $count } comparable success
   *[other] { $count } comparable successes
}
card-factor = { $failed_with } of { $failed } failures and { $succeeded_with } of { $succeeded } successes have { $what }
card-possible = possible too: { $layers }
card-likely = { $layer } { $percent } %

# What changed.
card-changed = { $time } { $who }: { $summary }
card-changed-nobody = { $time } { $summary }
card-before = {" "}({ $length } before)
card-changed-nothing = no change in the log explains it
card-changed-since = changed again { $time } by { $who }: the fix keeps that

# The fix.
card-or = or { $title }
card-if = if it is the { $layer }: { $title }
card-owner = or, by the owner of the rule: { $title }
card-withheld = { $title } (commands only with --all-fixes)
card-of = { $title } · { $target }
card-checked = checked: { $kept } of { $total } kept
card-checked-alone = checked: the call then passes
card-checked-broken = checked: { $count ->
    [one] { $count } call that works today would break
   *[other] { $count } calls that work today would break
}
card-checked-denied = checked: the call would still be denied
card-checked-unknown = checked: whether the call then passes cannot be told
card-not-checked = not checked: the policies are not known
card-unchecked-layers = ; not known: { $layers }
card-no-help = no help: { $title }: { $because }
card-no-fix = none that can be proposed from what is known
card-no-fix-wait = nothing to change: wait, and retry with backoff
card-settle = to settle it: { $command }
card-more = --full · -o report.html · help kinds
card-help = { $kind }: { $meaning } More: trailwhy help kinds

# Lengths of time in their largest unit.
card-seconds = { $count } s
card-minutes = { $count } min
card-hours = { $count } h
card-days = { $count } days

# The labels.
card-label-denied = Denied
card-label-asked = Asked
card-label-why = Why
card-label-changed = Changed
card-label-fix = Fix
card-label-more = More

# The index.
index-incident = id
index-when = first
index-where = where
index-who = who
index-sure = sure
index-more = { $count ->
    [one] and one more incident, in --full and -o report.html
   *[other] and { $count } more incidents, in --full and -o report.html
}
index-cards = The first { $cards } of them; any other: { $explain }
index-cards-plain = The first { $cards } of them; all: --full
index-all-in = All are in { $where }.

# Layers as cards name them.
card-layer-identity-policy = identity policy
card-layer-resource-policy = resource policy
card-layer-scp = SCP
card-layer-rcp = RCP

# Layers and effects where there is little room.
brief-identity-policy = identity
brief-permissions-boundary = boundary
brief-session-policy = session
brief-resource-policy = resource
brief-key-policy = key policy
brief-bucket-policy = bucket
brief-queue-policy = queue
brief-topic-policy = topic
brief-role-trust-policy = trust
brief-scp = SCP
brief-rcp = RCP
brief-vpc-endpoint-policy = endpoint
brief-kms-grant = grant
brief-kms-key-state = key state
brief-block-public-access = public access
brief-unknown = ?
brief-deny = { $layer } deny

# The summary.
summary-more = { $count ->
    [one] and one more incident
   *[other] and { $count } more incidents
}
summary-line = { $label }: { $text }
summary-sure = { $why } ({ $certainty } { $percent } %)
