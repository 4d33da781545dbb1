# What the renderers share, and the terminal's own words.

# Kinds of incident.
kind-silent = silent
kind-opaque = opaque
kind-background = background
kind-ghost = ghost
kind-direct = direct
kind-silent-means = The call reported success; a call that AWS made for it was denied, and nobody was told.
kind-opaque-means = The call failed, and its error does not name the denial behind it.
kind-hiding-means = The call failed, and its error text tells of a denial behind it.
kind-background-means = A service was denied while it worked; no user's call is known to have asked for it.
kind-ghost-means = The call reported success and no denial was logged, but a step that always follows never came, or what the call made was gone later.
kind-direct-means = The caller's own call was denied, and the caller was told.

# How sure a verdict is.
certainty-proven = proven
certainty-stated = stated by AWS
certainty-inferred = inferred
certainty-unknown = not known
certainty-proven-means = Evaluating the known policies reproduces the denial and the comparable successes.
certainty-proven-alone-means = Evaluating the known policies reproduces the denial; the log holds no comparable success.
certainty-stated-means = AWS's own text names it, and nothing in the log contradicts it.
certainty-inferred-means = AWS's text does not settle it; this follows from comparing failures with successes.
certainty-unknown-means = The log cannot tell which layer denied.

# How a call is known to belong to its parent.
link-resource-id = resource id
link-issued-credentials = issued credentials
link-request-id = request id
link-session = session
link-key = key
link-time = time
link-shared-event = shared event

layer-with-effect = { $layer }, { $effect }

# The incident in one sentence.
headline-silent = { $root } reported success, but { $denied }, which AWS called for it, { $count ->
    [one] was
   *[other] were
} denied: { $why }.
headline-opaque = { $root } failed because { $denied }, which AWS called for it, { $count ->
    [one] was
   *[other] were
} denied: { $why }.
headline-hiding = { $root } failed with { $code }: { $who } was not allowed { $denied } ({ $why }).
headline-unlogged = { $denied } { $count ->
    [one] was
   *[other] were
} denied. It was called for { $root }, which is not in the log: { $why }.
headline-rootless = { $denied } { $count ->
    [one] was
   *[other] were
} denied; which call it was made for is not known: { $why }.
headline-background = { $denied } { $count ->
    [one] was
   *[other] were
} denied to a service while it worked: { $why }.
headline-ghost = { $root } reported success, but { $steps } never followed: { $why }.
overview-gone = gone later
headline-gone = { $root } reported success, but what it made was gone later: { $why }.
headline-direct = { $denied } { $count ->
    [one] was denied to its caller
   *[other] were denied to their caller
}: { $why }.

# What stands in that sentence.
actions-of-services = { $actions } actions of { $services ->
    [one] one service
   *[other] { $services } services
}
several-calls = { $count } different calls
an-error = an error
who-role = the role { $name }
who-user = the user { $name }
who-service = the service { $name }
who-other = { $name }
who-unknown = a principal that the log does not name

# The terminal: summary and titles.
terminal-incidents = { $count ->
    [one] { $count } incident
   *[other] { $count } incidents, worst first
}: { $kinds }.
terminal-kind-count = { $count } { $kind }
terminal-no-incident = No incident found in what was read.
terminal-nothing-kept = No record was kept: there is nothing to judge.
terminal-incident = Incident { $number } of { $of }: { $kind }
terminal-happened = WHAT HAPPENED
terminal-chain = THE CHAIN
terminal-why = WHY
terminal-what-to-do = WHAT TO DO

# What happened.
field-when = When
field-asked = Asked
field-by = By
field-from = From
field-about = About
field-answer = Answer
field-ended = Ended
field-denied = Denied
field-denied-to = To
field-on = On
field-made-by = Made by
field-aws-said = AWS said
field-never-came = Never came
field-meaning = Meaning
field-policy = Policy
field-attached-to = Attached to
field-statement = Statement
field-condition-keys = Condition keys
field-known-from-event = Known from event
field-known-from-file = Known from file
field-accounts = Accounts
field-regions = Regions
occurred-times = { $count } times, from { $first } to { $last }
call-synthesized = not in the log; what the denied call carries tells of it
root-belongs = { $percent } % sure that the denied call was made for it, by { $kind }
root-belongs-or = { $percent } % sure that the denied call was made for it, by { $kind }; { $events } would fit as well
root-unknown = not known: no call in the log asked for this
one-of = one of { $resources } (no record tells which)
perhaps-on = perhaps { $resource } (no record names it)
recorded-as = recorded as { $name }
through-endpoint = through { $endpoint }
said-nothing = nothing
times = { $count ->
    [one] once
   *[other] { $count } times
}
event-named = event { $id }
and-more = { $count } more

# The chain.
chain-empty = The log holds no chain for this incident.
chain-denied-here = denied here
chain-more-calls = { $count ->
    [one] and one more call of this chain
   *[other] and { $count } more calls of this chain
}
chain-never-came = never came
chain-belongs = { $percent } % sure to belong here, by { $kind }
chain-tied = { $events } would fit as well

# Why.
verdict-named = The layer: { $why } · { $certainty }, confidence { $percent } %
incident-related = Same cause as { $incidents }: what repairs one repairs them all.
verdict-contradiction = AWS's text and the evaluation disagree:
verdict-contradiction-short = AWS's text and the evaluation disagree
verdict-evidence = Evidence
verdict-alternatives = It could also be
verdict-ruled-out = It is not
evidence-for = for { $layers }
evidence-against = against { $layers }
alternative-named = { $why } ({ $percent } %)
ruled-out-layers = { $layers }
ruled-out-named = { $layer }: { $because }

# The comparison.
comparison-of = Compared: { $failures ->
    [one] { $failures } failure
   *[other] { $failures } failures
} with { $successes ->
    [one] { $successes } comparable success
   *[other] { $successes } comparable successes
}
comparison-few = Compared: { $failures ->
    [one] { $failures } failure
   *[other] { $failures } failures
} with { $successes ->
    [one] { $successes } comparable success
   *[other] { $successes } comparable successes
}: too few to tell by numbers; what differs may be chance
comparison-nothing = Compared: { $failures ->
    [one] { $failures } failure
   *[other] { $failures } failures
} with { $successes ->
    [one] { $successes } comparable success
   *[other] { $successes } comparable successes
}: nothing that the records show goes with failing more than chance would have it
comparison-left-out = Compared are the nearest in time, at most 30 days away: { $count ->
    [one] one more success of this call is not.
   *[other] { $count } more successes of this call are not.
}
comparison-without-need = Not compared: { $count ->
    [one] one success of this call that did not need what was refused.
   *[other] { $count } successes of this call that did not need what was refused.
}
comparison-not-compared = Not compared, as the log does not show it on both sides: { $fields }{ $more ->
    [0] .
   *[other] {" "}and { $more } more.
}
comparison-weakest-link = The weakest link of the chain: { $action } is { $percent } % sure to belong to it, by { $kind }.
comparison-none = Compared: { $failures ->
    [one] { $failures } failure
   *[other] { $failures } failures
}; the log holds no comparable success
factor-together = { $all } together
factor-in-words = { $failed_with } of { $failed } failed and { $succeeded_with } of { $succeeded } succeeded with { $what }
column-failed = failed
column-succeeded = succeeded
column-p = p
column-what = with
column-number = #
column-kind = kind
column-times = times
column-denied = denied
column-why = why
column-differs = differs
column-step = step
column-on = on
column-asked = asked for by
baseline-mark = new
ratio = { $with } of { $all }
nearest-success = Nearest success, event { $id }:

# Attributes by which calls are compared.
attribute-principal = principal
attribute-resource = resource
attribute-resource-account = account of the resource
attribute-caller-account = account of the caller
attribute-caller-kind = kind of caller
attribute-invoked-by = invoked by
attribute-root-action = user call
attribute-vpc-endpoint = VPC endpoint
attribute-root-vpc-endpoint = VPC endpoint of the user call
attribute-region = Region
attribute-mfa = MFA
attribute-source-address = source address
attribute-network = network
attribute-session-name = session name
attribute-source-identity = source identity
attribute-credentials = credentials
attribute-encryption-context-keys = encryption context keys
attribute-user-agent = user agent
attribute-tls = TLS version
attribute-time = time
attribute-session-age = age of the session
attribute-steps = the steps before it
attribute-step = step { $action }
attribute-absent = no { $attribute }
attribute-present = { $attribute } present
value-private = private
value-public = public
value-console = console
value-long-term-key = long-term access key
value-temporary = temporary credentials
value-yes = yes
value-no = no

# What to do.
change-before = Changed before it began:
change-by = { $action } by { $principal } at { $time }
change-by-unknown = { $action } at { $time }
fix-none = No fix can be proposed from what is known; the commands below would tell more.
fix-numbered = { $number }. { $title }
fix-in = In the { $layer }: { $target }
fix-in-layer = In the { $layer }
fix-unchecked = Not checked: the policies are not known.
fix-refuted = Will not help:
next-evidence = To be sure
verified-allowed = Checked offline: the denied request is then allowed.
verified-denied = Checked offline: the request would still be denied.
verified-unknown = Checked offline: whether the request is then allowed cannot be told.
verified-kept = { $kept } of { $total } successes stay allowed.
verified-broken = { $count ->
    [one] { $count } call that works today would break.
   *[other] { $count } calls that work today would break.
}
verified-still-denied = { $count ->
    [one] { $count } request that must stay denied does.
   *[other] { $count } requests that must stay denied do.
}
verified-unchecked = Not checked, because not known: { $layers }.

# What was read.
coverage-title = What this rests on
coverage-read = Read { $read ->
    [one] { $read } record
   *[other] { $read } records
} from { $files } of { $found } files: { $kept } kept, { $duplicates } duplicates, { $malformed } malformed, { $outside } out of range.
coverage-notifications = Of those kept, { $count ->
    [one] { $count } is a notification
   *[other] { $count } are notifications
} from Amazon EventBridge: they tell how work ended and are no calls.
coverage-span = They span { $first } to { $last }.
coverage-no-span = None of them has a time.
coverage-caveats = { $skipped ->
    [0] Every file was read
    [one] { $skipped } file was skipped or damaged
   *[other] { $skipped } files were skipped or damaged
}; { $blind ->
    [0] no blind spot is known
    [one] { $blind } blind spot is known
   *[other] { $blind } blind spots are known
} (listed at the end).
coverage-reason = { $reason }: { $count ->
    [one] { $count } file
   *[other] { $count } files
}
coverage-skipped = Skipped or damaged files
coverage-recovered = { $count ->
    [one] { $count } record kept all the same
   *[other] { $count } records kept all the same
}
coverage-blind = Blind spots
ignored-by-rule = ignored by a rule of trailwhy.toml ({ $incident }): { $reason }
coverage-benign = Denied calls taken for noise

# SARIF.
sarif-rule = A call to AWS was denied by this layer: { $layer }.
sarif-step = { $action }: { $outcome }

# What a baseline knows.
baseline-known = Known to the baseline.
baseline-new = New: the baseline has nothing of this.
baseline-partly = Known to the baseline but for { $new } of { $all } sorts of failure: { $what }.
baseline-new-on = { $action } on { $resource } (event { $event })
baseline-new-sort = { $action } (event { $event })
coverage-policies = Policies given
coverage-policies-of = { $kind } of { $account }
coverage-policies-evidence = evidence from AWS
coverage-policies-other = files of no known kind
coverage-policies-count = { $count ->
    [one] { $count } document
   *[other] { $count } documents
}
coverage-policies-as-of = as of { $time }
coverage-policies-missing = missing: { $listed }
coverage-policies-unreadable = not readable: { $listed }

fix-within-rule = Within the rule: no policy changes.
