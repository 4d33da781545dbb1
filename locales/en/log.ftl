# What reading says of files and blind spots, and what is not known of policies. The JSON report has
# these texts in English whatever the language of the reader.

# Blind spots.
log-no-kms = no AWS KMS event at all: denied and successful uses of keys cannot be seen
log-no-reads = no read-only management event: Decrypt, GenerateDataKey, AssumeRole checks and Describe calls cannot be seen
log-no-writes = no event that writes: the calls that create and change things cannot be seen
log-no-data = no data event: calls on S3 objects, Lambda functions, queues, topics and table items cannot be seen, so that the user's call behind a KMS call may be missing
log-no-home-region = no record from { $region }, where changes of IAM and Organizations policies are recorded
log-empty-hours = account { $account }, Region { $region }: nothing between { $from } and { $to } ({ $hours }), although every other hour has records
log-caller-account = account { $account } calls into these accounts, but its own trail is not here: a call of its that was denied is recorded only there ({ $records })
log-owner-account = account { $account } owns resources that are called, but its own trail is not here: changes of its policies cannot be seen ({ $records })
log-ids-repeat = { $records } records share their ids with records that say something else (different ids: { $ids }): ids were masked or used again. All are kept; the second record of an id is called ID#2 here, the third ID#3
log-trail-until = trail { $trail } was { $what } at { $time }, until { $end }
log-trail-to-the-end = trail { $trail } was { $what } at { $time }, to the end of what was read
log-mentioned-once = 1 record mentions it
log-mentioned = { $count } records mention it
log-one-hour = 1 hour
log-hours = { $count } hours
log-stopped = stopped
log-deleted = deleted
log-leaves-out-kms = told to leave out AWS KMS events
log-leaves-out-reads = told to leave out read events
log-leaves-out-writes = told to leave out write events
log-leaves-out-management = told to leave out management events

# Files.
log-passed-over-one = 1 record passed over
log-passed-over = { $count } records passed over
log-ends-in-record = ends inside a record
log-no-records = { $count } values or lines that are no records
log-no-utf8 = bytes that are no UTF-8 were replaced by question marks
log-flaw-one = 1 record with { $flaw }
log-flaw = { $count } records with { $flaw }
log-no-time = no readable eventTime
log-no-name = no eventName or eventSource
log-no-json = no valid JSON
log-summary = summaries without caller and parameters
log-gzip-header-ends = the file ends in a gzip header
log-gzip-header-damaged = a damaged gzip header
log-deflate-ends = the deflate stream ends early, after { $bytes } bytes
log-deflate-damaged = damaged after { $bytes } bytes
log-checksum-wrong = the checksum does not match the content
log-checksum-missing = the file ends before the checksum
log-bomb = stopped after { $bytes } bytes inflated from { $stored }; hint: raise the cap if it is no bomb
log-digest = a digest file of log file validation
log-signature = a signature file of a query result
log-insights = CloudTrail Insights events
log-aggregated = aggregated data events
log-config-file = an AWS Config file
log-config-snapshot = an AWS Config snapshot
log-config-item = an AWS Config item
log-guardduty = GuardDuty findings
log-waf = AWS WAF logs
log-resolver = Route 53 Resolver query logs
log-flow-logs = VPC flow logs
log-load-balancer = load balancer access logs
log-s3-access = S3 server access logs
log-cloudfront = CloudFront access logs
log-console-table = this table leaves out who called and with what; hint: in the console's Event history choose Download events, Download as JSON, or use the files of a trail
log-archive = { $what }; hint: unpack it first: { $command }
log-query-result = { $what }; hint: export the query result as CSV or JSON
log-system = { $error }
log-notifications = notifications, no CloudTrail log
log-zip = a zip archive
log-empty-zip = an empty zip archive
log-seven-zip = a 7-Zip archive
log-tar = a tar archive
log-sqlite = a SQLite database
log-pdf = a PDF
log-part = what `trailwhy analyze --partial` wrote; hint: put such files together with `trailwhy merge`
log-too-large = more than 64 MB in one value, which no record takes; hint: write one record a line (jq -c, pandas orient="records", lines=True)
log-columns-missing = a table of calls without { $columns }; hint: export these columns too, userIdentity as JSON or flattened, or the whole record
log-rows-unnamed = rows of cells whose columns are not named before them; hint: export CSV with a header, or JSON with one object a row
log-delivery-notice = notices that log files were delivered, not the files; hint: fetch the objects they name: aws s3 cp s3://BUCKET/KEY .
log-workbook = an Excel workbook; hint: save the sheet as CSV
log-no-callers = { $records } not say who called: neither chains nor callers can be told of them; hint: export userIdentity too, as JSON or flattened
log-nameless-once = 1 record does
log-nameless = { $count } records do
log-nothing-in-range = no record is in what was asked for; { $count } were read that are not, from { $from } to { $to }; hint: widen --since, --until, --account or --region
log-files-out-of-range = no file is in what was asked for; by their names { $count } are not, delivered from { $from } to { $to }; hint: widen --since, --until or --region
log-mostly-malformed = { $malformed } of { $read } records could not be understood, so that it cannot be said that nothing is wrong; hint: export whole records, one JSON object a line (jq -c '.Records[]'), or use the files that the trail delivers

# Commands.
log-kept-a-day = AWS keeps it for 24 hours
log-encoded-text = the encoded text in errorMessage of event { $event }
log-and-parents = and for its parents: list-parents --child-id

# What is not known of policies.
log-missing-not-recorded = { $what } is not recorded
log-missing-before = { $what } before event { $event } is not recorded
log-missing-hidden = { $what } is not shown: { $why }
log-missing-more = { $what } may be more than recorded
log-missing-part = { $what } is only known in part
log-of-policies-of = the policies of { $of }
log-of-inline = the inline policy { $name } of { $of }
log-of-attachment = the attachment of { $policy } to { $to }
log-of-permissions-boundary = the permissions boundary of { $of }
log-of-trust = the trust policy of { $role }
log-of-session = the session policy of { $session }
log-of-membership = the membership of { $user } in { $group }
log-of-managed = the managed policy { $policy }
log-of-version = version { $version } of { $policy }
log-of-resource-policy = the resource policy of { $of }
log-of-state-of-key = the state of key { $key }
log-of-grants = the grants on key { $key }
log-of-key-behind = the key behind { $alias }
log-of-access-block = S3 Block Public Access of { $of }
log-of-organization-policy = the organization policy { $policy }
log-of-organization-policies = the organization policies at { $target }
log-of-policy-types = the policy types of { $root }
log-of-organizational-unit = the organizational unit of { $of }
log-of-policy-of-endpoint = the policy of { $endpoint }
log-of-tag = the tag { $key } of { $of }
log-of-setting = the { $name } of { $of }

# Why something recorded is not shown.
log-hidden-no-object = it is no JSON object
log-hidden-withheld = CloudTrail withholds it
log-hidden-encoding = its URL encoding is damaged
log-hidden-unreadable = it cannot be read, at least in part
log-hidden-dump = the dump lacks it
log-hidden-statement = the event lacks the statement
log-hidden-before = the document before is damaged
log-hidden-event = the event lacks it

# What a decision hangs on.
log-no-resource = the record does not show the resource
log-no-key = the record does not show the key
log-key-gone = the key does not exist any more
log-no-owner = the account that owns the resource is not known
log-no-access-block = the settings of bucket or account are not recorded
log-boundary-unknown = whether the caller has one is not known
log-together = { $before }; { $after }
log-and-more = { $before }; and { $more } more
log-hangs-on-key = { $name }
log-hangs-on-policies = { $layer }: { $why }
log-hangs-on-resource = the resource
log-hangs-on-owner = the account that owns the resource
log-hangs-on-not-principal = whether `NotPrincipal` without all of account, role and session spares it

# What is wrong with a policy given.
log-flawed-document = { $what }: { $message }
log-of-targets = the targets of { $policy }
log-rest-of-list = the rest of the list in { $file }
log-unanswered = { $of } ({ $calls }: { $why })
log-unasked = everything of account { $account }, which was not read with its own credentials
log-s3-denied = { $action } on { $on } was refused ({ $why })
log-s3-gone = it was listed and is gone
log-s3-changed = it was changed after it was listed
log-s3-no-bucket = there is no bucket `{ $bucket }`, or no endpoint knows it
log-s3-region = { $action } failed: the bucket `{ $bucket }` is in another Region than { $region }; hint: set AWS_REGION to its own
log-s3-failed = { $action } failed: { $why }
