# Sentences of the HTML report.

html-title = { $incidents ->
    [0] No incident found
    [one] 1 cause behind { $calls ->
        [one] 1 failed call
       *[other] { $calls } failed calls
    }
   *[other] { $incidents } causes behind { $calls } failed calls
}
html-nothing-kept = Nothing to judge
html-lead = { $records ->
    [one] 1 CloudTrail record
   *[other] { $records } CloudTrail records
} from { $first } to { $last }.
html-lead-without-span = { $records ->
    [one] 1 CloudTrail record
   *[other] { $records } CloudTrail records
}.
html-skip = Skip to the incidents
html-footer = Made by { $tool } { $version } from CloudTrail records alone.
html-footer-policies = Made by { $tool } { $version } from CloudTrail records and the policies given.
html-times-in = All times are { $zone }.
html-offline = Nothing in this file is loaded from a network.
html-nothing-found = Nothing that was read shows a call that failed in silence or was denied. What was read, and what could not be seen, is below: the finding reaches no further.

html-incidents = Incidents
html-incident-number = Incident { $number }
html-by-layer = By layer
html-causes-and-calls = { $calls ->
    [one] 1 call
   *[other] { $calls } calls
}, { $causes ->
    [one] 1 cause
   *[other] { $causes } causes
}
html-over-time = When it happened
html-drawn-of = Drawn from { $drawn } of { $calls } occurrences: the others are counted, but not listed in this report.
html-bar-stands-for = Each bar is { $length }; the highest stands for { $most }.
html-change-line = The line is the change.
html-and-more = and { $count } more
html-not-in-full = { $count ->
    [one] 1 more incident is not shown in full
   *[other] { $count } more incidents are not shown in full
}, to keep this page small. The JSON report has everything.

html-worst-first = worst first
html-back = All incidents
html-reading = How to read this page
html-console = console ↗
html-console-note = Links marked ↗ leave this page and open the AWS console, where you have to be signed in to the account in question. CloudTrail's event history has the management events of the last 90 days.
html-shown = { $shown } of { $all } shown
html-search = Search all that is said of the incidents
html-sort = Sort
html-sort-worst = worst first
html-sort-often = most often
html-sort-last = last seen
html-sort-first = first seen
html-group = Group
html-group-none = not at all
html-group-cause = by cause
html-one-cause = { $count } incidents with one cause
html-no-common-cause = Each with a cause of its own
html-clear = Clear
html-close = Close
html-facet-kind = Kind
html-facet-layer = Layer
html-facet-certainty = Certainty
html-facet-account = Account
html-facet-region = Region
html-facet-service = Service
html-facet-caller = Caller
html-keys = Keys
html-key-next = next and previous incident
html-key-search = search
html-key-open = open the incident
html-key-back = back to the list; in the search, clear it
html-key-help = show these keys

html-blind = { $count ->
    [one] 1 thing could not be seen.
   *[other] { $count } things could not be seen.
}
html-coverage = What this rests on
html-what-was-read = What was read
html-files = Files
html-files-read = { $read } read of { $found } found
html-records = Records
html-records-read = { $count } read
html-records-kept = Analysed
html-records-duplicate = Duplicates
html-records-out-of-range = Out of range
html-records-malformed = Malformed
html-size = Size
html-sizes = { $compressed } stored, { $uncompressed } inflated
html-accounts = Accounts
html-regions = Regions
html-skipped = { $count ->
    [one] 1 file passed over or damaged
   *[other] { $count } files passed over or damaged
}
html-path = Path
html-reason = Reason
html-recovered = Records kept
html-blind-spots = What could not be seen
html-no-blind-spots = No blind spot showed in the records.
html-benign = { $count ->
    [one] 1 group of denied calls that is noise
   *[other] { $count } groups of denied calls that are noise
}
html-how-often = Times
html-why = Why

html-headline-silent = { $root } reported success, but { $denied } made for it { $count ->
    [one] was
   *[other] were
} denied
html-headline-opaque = { $root } failed without naming the denied { $denied } below it
html-headline-ghost = { $root } reported success, but { $missing } never came
html-headline-ghost-of-many = { $root } reported success, but { $first } and { $others } more steps never came
html-headline-gone = { $root } reported success, and what it made was gone later
html-headline-background = { $service } was denied { $denied }; no call of a user is known to have asked for it
html-headline-direct = { $denied } { $count ->
    [one] was
   *[other] were
} denied
html-headline-hiding = { $root } failed with { $code }: { $who } was not allowed { $denied }
html-headline-unlogged = { $denied } { $count ->
    [one] was
   *[other] were
} denied below { $root }, which is not in the log
html-headline-rootless = { $denied } { $count ->
    [one] was
   *[other] were
} denied, for which call is not known
html-actions = Every denied action
html-sure-of-layer = { $certainty } (the layer)
html-belongs = Belongs
html-recorded-as = Recorded as
html-headline-unknown = A call failed

html-times = { $count ->
    [one] once
   *[other] { $count } times
}
html-denied-by = Denied by
html-cause = Cause
html-changed = Changed
html-fix = Fix
html-chance-means = p is the chance of such a split by accident (Fisher's exact test, corrected for the number of attributes).
html-confidence = Confidence { $confidence }
html-contradiction = The text and the policies disagree.

html-condition-keys = Condition keys
html-policy = Policy
html-attached-to = Attached to
html-statement = Statement
html-known-from = Known from
html-deciding-statement = The statement that decided

html-picture = How it failed, and how it works
html-failed-chain = Failed
html-worked-chain = Worked
html-no-success = No comparable success is in the records.
html-mark-success = succeeded
html-mark-denied = denied
html-mark-error = failed
html-mark-unknown = not logged
html-mark-missing = never came
html-uncertain-link = uncertain link
html-picture-note = Time runs to the right from the first call; long pauses are shortened. A band is one second: the log does not say in which order its calls came. Rest on an arrow to see why the two calls belong together.
html-not-drawn = { $count ->
    [one] 1 more call is not drawn; the table of calls has it.
   *[other] { $count } more calls are not drawn; the table of calls has them.
}
html-lane-direct = the caller
html-lane-forward-access-session = with the caller's permissions
html-lane-service-principal = the service as itself
html-lane-service-linked-role = service-linked role
html-lane-service-role = role handed to a service
html-lane-ec2-infrastructure = EC2 for the instance
html-lane-agent = an assistant for the caller
html-lane-nobody = never came
html-not-known = not known

html-link = Linked by { $kind }, confidence { $confidence }
html-link-ties = { $count ->
    [one] 1 other call fits as well
   *[other] { $count } other calls fit as well
}

html-asked = What was asked
html-denied = What was denied
html-missing-steps = What never came
html-missing-note = Steps that every comparable success has, and this chain lacks:
html-no-denial = No denial was logged.
html-synthesized = This call is not in the log. It follows from what the denied call carries.
html-action = Action
html-outcome = Outcome
html-error = Error
html-error-text = Message
html-when = When
html-who = Who
html-place = Where
html-source-address = Source address
html-vpc-endpoint = VPC endpoint
html-resource = Resource
html-resources = Resources
html-event = Event
html-how-signed = Signed as
html-invoked-by = Invoked by

html-differences = What is different
html-compared = { $failures ->
    [one] 1 failure
   *[other] { $failures } failures
} compared with { $successes ->
    [0] no success
    [one] 1 success
   *[other] { $successes } successes
}.
html-factor-failed = { $share } failed
html-factor-succeeded = { $share } succeeded
html-chance = p = { $p }
html-same-split = splits the calls just like { $attributes }
html-side-by-side = This failure beside the nearest success
html-field = Field
html-in-the-failure = In the failure
html-in-the-success = In the success

html-change = What changed before
html-no-change = No change in these records explains it: it may be older than they are.
html-policy-diff = What the change did to the document

html-fixes = What to do
html-no-fix = No fix is proposed: too little is known of the policies involved.
html-fix-diff = What becomes of the statement that denied
html-fix-document = Document
html-fix-patch = JSON Patch for the present policy (RFC 6902)
html-fix-commands = Commands
html-not-verified = Not checked: the policies needed for that are not known.
html-refuted = What looks right and does not help

html-evidence = Evidence
html-how-known = How it is known
html-what-was-seen = What was seen
html-speaks = Speaks
html-events = Events
html-witness-stated = AWS says so
html-witness-contrasted = Failures against successes
html-witness-evaluated = Policies evaluated
html-witness-absent-step = A step that never came
html-witness-documented = How AWS works
html-witness-changed = A change before
html-alternatives = What else it could be
html-ruled-out = What it is not
html-next-evidence = What would make it certain
html-next-evidence-commands = Run these and compare

html-details = In detail
html-calls = { $count ->
    [one] The call of this chain, with its link
   *[other] All { $count } calls of this chain, with their links
}
html-calls-of-success = { $count ->
    [one] The call of the success
   *[other] All { $count } calls of the success
}
html-link-evidence = Why it belongs here
html-occurrences = { $count ->
    [one] The one occurrence
   *[other] All { $count } occurrences
}
html-occurrences-listed = { $listed } of { $count } are listed. The JSON report has the others.
html-asked-event = User call
html-denied-event = Denied call
html-raw = { $count ->
    [one] 1 record, rebuilt from what was read
   *[other] { $count } records, rebuilt from what was read
}
html-raw-note = The members that CloudTrail documents, as they were read. Session tokens and encoded authorization messages are left out.
html-secret = (left out)
html-letters-cut = ({ $count } more letters not shown)

html-copy = Copy
html-copied = Copied
html-not-copied = Select it and copy by hand

html-attribute-principal = principal
html-attribute-resource = resource
html-attribute-resource-account = account of the resource
html-attribute-caller-account = account of the caller
html-attribute-caller-kind = how it was signed
html-attribute-invoked-by = invoked by
html-attribute-root-action = user call
html-attribute-vpc-endpoint = VPC endpoint
html-attribute-root-vpc-endpoint = VPC endpoint of the user call
html-attribute-region = region
html-attribute-mfa = MFA
html-attribute-source-address = source address
html-attribute-network = network
html-attribute-session-name = session name
html-attribute-source-identity = source identity
html-attribute-credentials = credentials
html-attribute-encryption-context-keys = encryption context keys
html-attribute-user-agent = user agent
html-attribute-tls = TLS version
