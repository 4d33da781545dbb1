# What is said on standard error: wrong paths, nothing found, what was written.

# Paths.
message-no-path = no path to read
    hint: name the folder or files of an export, or `-` for standard input, or set `paths` in trailwhy.toml
message-not-there = `{ $path }` is not there; hint: name a file or folder of CloudTrail records, such as the AWSLogs folder of an S3 export, or - for standard input
message-in-s3 = `{ $path }` lies in Amazon S3, and only files are read
    hint: aws s3 sync { $from } s3-export && trailwhy analyze s3-export
    or read it in place with a build that can: cargo build --release --features s3
message-object-in-s3 = `{ $path }` lies in Amazon S3, and only files are read
    hint: aws s3 cp { $from } . && trailwhy analyze { $file }
message-address = `{ $path }` is an address, and only files are read
    hint: curl -fLo { $file } { $from } && trailwhy analyze { $file }
message-trail = `{ $path }` is a trail, and only files are read
    hint: its bucket and prefix are what aws cloudtrail get-trail --name { $from } --query 'Trail.[S3BucketName,S3KeyPrefix]' prints; then aws s3 sync s3://BUCKET/PREFIX s3-export
message-log-group = `{ $path }` is a log group, and only files are read
    hint: aws logs filter-log-events --log-group-name { $group } --region { $region } > events.json && trailwhy analyze events.json
message-endless = `{ $path }`: neither a file nor a folder
    hint: hand it over on standard input, named `-`: trailwhy analyze - < PATH
message-parts-in-folder = `{ $path }`: a folder
    hint: name the files in it that `trailwhy analyze --partial` wrote
message-names-nothing = `{ $path }`: names no file or folder
    hint: one name a line, or one before each NUL
message-system = `{ $path }`: { $why } ({ $error })
message-system-not-there = not there
message-system-forbidden = not allowed to open it
message-system-folder = a folder, and no file
message-system-full = no space left to write to
message-no-part-there = `{ $path }` is not there; hint: name files that `trailwhy analyze --partial` wrote
message-overwrites-input = `{ $path }` would be written over `{ $other }`, which is read
    hint: name another file to write
message-overwrites-in-folder = `{ $path }` would be written over `{ $other }`, in which it is one of the files to read
    hint: name another file to write
message-written-twice = `{ $path }` would be written over `{ $other }`, which is written as well
    hint: name each file to write once
message-no-help = there is no help on `{ $word }`
    hint: trailwhy help shows the subcommands; words of a report are explained by help { $topics }
message-no-format = `{ $path }` has no suffix that tells a format; hint: .json .md .html .sarif .csv .txt
message-no-zone = `{ $zone }` is no time zone
    hint: UTC, local, a name such as Asia/Tokyo, or an offset such as +09:00
message-no-local-zone = the time zone of this machine is not known
    hint: name one, such as --time-zone Asia/Tokyo or --time-zone +09:00
message-list-and-file = standard input cannot be both the list of files and a file
    hint: write the list to a file: --files-from FILE
message-no-root = `--source-root { $written }` names no folder that is there
    hint: the folder as it is here, then where it came from: DIR=NAME
message-root-of-what = `--source-root { $written }` does not say where the files came from
    hint: DIR=NAME, such as s3-export=s3://trail-bucket
message-part-is-binary = a part is binary and is not written to a terminal
    hint: name a file (--partial FILE), or hand it on: --partial - | trailwhy merge -

# What was read.
message-no-files = no files found; hint: name the folder or files of an export, or `-` for standard input
message-is-part = `{ $path }` is what `trailwhy analyze --partial` wrote; hint: `trailwhy merge { $path }`
message-holds-none = `{ $path }` holds no CloudTrail records: { $said }
message-hold-none = the { $count } files hold no CloudTrail records: { $said }
message-none-readable = none of the { $count } files could be read as CloudTrail records; hint: download the trail's delivery files (AWSLogs/ACCOUNT/CloudTrail/…), or save `aws cloudtrail lookup-events` as JSON
message-damaged = `{ $path }`: { $what }; { $count } records kept
message-more-damaged = { $count } more damaged files; the report lists them all
message-unused = `{ $path }` was not used: { $why }
message-warning = warning: { $what }
message-all-before = { $count ->
    [one] the only record is
   *[other] all { $count } records are
} before { $since }: from { $first } to { $last }
message-all-after = { $count ->
    [one] the only record is
   *[other] all { $count } records are
} after { $until }: from { $first } to { $last }
message-no-region = no record is of Region { $region }
message-no-account = no record is of account { $account }
message-part-written = { $records } records in { $bytes } bytes; hint: `trailwhy merge` makes the report of all parts

# What was asked for.
message-explain-what = `{ $id }` is taken for the id to explain, and there is no path to read
    hint: trailwhy explain PATH… ID
message-no-such-id = nothing in what was read has the id `{ $id }`
    hint: { $hint }
message-beyond = { $count } more calls have what was asked for; only the first are shown. `--since`, `--until` or another id names fewer
message-what-is-an-id = an event id, a request id, an incident id or what a call was about (`vol-…`, an ARN) does; `--since`, `--until` and filters leave events out
message-near-ids = there is { $near }

# What was found.
message-found = { $count ->
    [one] { $count } incident ({ $kinds })
   *[other] { $count } incidents ({ $kinds })
}
message-none-found = no incident
message-wrote = { $found }; wrote { $files }
message-counting = { $counting } of { $incidents } incidents count for the exit status; the others are known to the baseline or of other kinds

# Collecting policies.
message-collect-nothing-failed = nothing failed in what was read, so that no policy is missing; hint: --all collects whole accounts
message-collect-nothing-missing = what failed hangs on nothing that the given policies do not show
message-collect-all-of-what = --all without an export needs --account and --region
    hint: trailwhy collect --all --account ID --region REGION
message-plan-of-pipe = standard input cannot be cut into parts
    hint: name files or folders
message-plan-of-name = `{ $path }` is not UTF-8, and a plan is JSON; hint: rename it, or name its folder to `trailwhy analyze` itself
message-planned = { $parts ->
        [one] 1 part
       *[other] { $parts } parts
    }, { $files ->
        [one] 1 file
       *[other] { $files } files
    }, { $bytes } bytes
message-in-s3-what = `{ $path }` names no bucket and prefix; hint: s3://BUCKET/AWSLogs/
message-no-profile = there is no profile `{ $profile }` (AWS_PROFILE); hint: aws configure list-profiles
message-profile-elsewhere = the profile `{ $profile }` gets its keys by signing in, by a role or from a program
    hint: eval "$(aws configure export-credentials --profile { $quoted } --format env)"; unset AWS_PROFILE
message-tables-used = `{ $path }` is not empty, and what lies in it would be taken for tables of this report
    hint: name a new folder

# What is to be rehearsed.
message-rehearse-nothing = no change to rehearse
    hint: --change FILE --on ARN, --delete ARN, --attach POLICY --on ARN, --detach POLICY --on ARN, --change-dir DIR, --terraform-plan FILE, --cloudformation FILE or --change-event ID
message-rehearse-pairs = each --change, --attach and --detach needs an --on of its own
    hint: --change key.json --on arn:aws:kms:eu-west-1:111122223333:key/KEY-ID
message-rehearse-where = `{ $on }` names nothing that carries a policy
    hint: an ARN, the id of a VPC endpoint (vpce-…), of an organization policy (p-…) or of what one hangs on (r-…, ou-…, an account); for a bucket or key by name add --kind
message-rehearse-which = `{ $on }` may have several policies
    hint: name the policy: --name NAME, or --kind trust or boundary
message-rehearse-no-change = the event `{ $id }` changed no policy, or is not in the trail
    hint: trailwhy changes PATH lists the events that did

# The tool server of `mcp`.
message-mcp-read =
    read { $records ->
        [one] { $records } record
       *[other] { $records } records
    } with { $incidents ->
        [one] { $incidents } incident
       *[other] { $incidents } incidents
    } in { $seconds } s
message-mcp-in-s3 = `{ $path }` lies in Amazon S3, and this server contacts nothing
    hint: aws s3 sync { $from } s3-export && trailwhy mcp s3-export
message-mcp-standard-input = `-` is standard input, on which the questions come
    hint: name a file or a folder
