set -uf
umask 077
LC_ALL=C
IFS='
'
tab=$(printf '\t')
export AWS_PAGER= AWS_CLI_AUTO_PROMPT=off AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-5}" AWS_RETRY_MODE="${AWS_RETRY_MODE:-standard}"

out=${1:-policies}
if ! command -v aws >/dev/null; then
  echo 'collect: the AWS CLI (aws) is not installed' >&2
  exit 2
fi
case $out in /*) ;; *) out=$PWD/$out ;; esac
if ! mkdir -p "$out" || ! chmod 700 "$out"; then
  exit 2
fi
started=$(date -u +%Y-%m-%dT%H:%M:%SZ)
run=$(date -u +%Y%m%dT%H%M%SZ)-$$
account= partition= region= kind= here= seen='|' number=0

# A text as JSON has it.
json() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "$text" | tr -d '\000-\037\177'
}

head_of() { # CALL OF
  printf '"collected":{"call":%s,"of":%s' "$(json "$1")" "$(json "$2")"
  [ -z "$account" ] || printf ',"account":%s' "$(json "$account")"
  [ -z "$region" ] || printf ',"region":%s' "$(json "$region")"
  [ -z "$kind" ] || printf ',"kind":%s' "$(json "$kind")"
  printf ',"time":"%s"}' "$started"
}

# A folder of its own for what these credentials are asked, so that nothing of another run is touched.
open_folder() { # NAME
  here=$out/$1/$run
  if [ -L "$out/$1" ] || ! mkdir -p "$here"; then
    echo "collect: $out/$1 is no folder to write to" >&2
    exit 1
  fi
  export TMPDIR="$here"
  trap 'rm -f "$here/.answer" "$here/.error"' EXIT
}

# One call, again after a while where AWS asks for that; its error's code, or what was said, is in $code.
ask() { # WORDS...
  local pause
  code=
  for pause in 1 2 4 8 0; do
    if aws "$@" >"$here/.answer" 2>"$here/.error" </dev/null; then
      return 0
    fi
    code=$(sed -n 's/^.*(\([A-Za-z][A-Za-z0-9.]*\)) when calling the .*$/\1/p' "$here/.error" | sed -n 1p)
    case $code in
    *Throttl* | TooManyRequests* | RequestLimitExceeded | SlowDown | ServiceUnavailable*)
      [ "$pause" = 0 ] || sleep "$pause"
      ;;
    '')
      code=$(tr -d '\000-\011\013-\037\177' <"$here/.error" | sed -n '/./h;${x;p;}' | cut -c 1-200)
      return 1
      ;;
    *) return 1 ;;
    esac
  done
  return 1
}

lack() { # CALL OF WHY
  printf '{%s,"missing":%s}\n' "$(head_of "$1" "$2")" "$(json "${3:-no answer}")" >>"$here/missing.json"
}

# The next file, by the call that it answers.
next() { # CALL
  number=$((number + 1))
  file=$here/$number-$(printf %s "$1" | tr -c 'a-z0-9-' -).json
}

# One answer becomes one file; a failure becomes a line of what is missing, and the next call follows.
keep() { # OF CODES-THAT-SAY-NONE WORDS...
  local of=$1 none=$2 call="$3 $4"
  shift 2
  if ask "$@" --output json; then
    next "$call"
    {
      printf '{%s,"answer":' "$(head_of "$call" "$of")"
      if [ -s "$here/.answer" ]; then cat "$here/.answer"; else printf null; fi
      printf '}\n'
    } >"$file"
  elif [ -n "$none" ] && [ "$code" = "$none" ]; then
    next "$call"
    printf '{%s,"absent":"%s"}\n' "$(head_of "$call" "$of")" "$code" >"$file"
  else
    lack "$call" "$of" "$code"
    return 1
  fi
}

# What an answer lists, one a line in $list; nothing that the AWS CLI would take for the name of a file
# or an address whose content it is to send.
names() { # OF QUERY WORDS...
  local of=$1 query=$2
  shift 2
  list=
  if ! ask "$@" --query "$query" --output text; then
    lack "$1 $2" "$of" "$code"
    return 1
  fi
  list=$(tr '\t' '\n' <"$here/.answer" | sed -e '/^$/d' -e '/^None$/d' -e '/^file/{/:\/\//d;}')
  case $query in Queue*) ;; *) list=$(printf '%s\n' "$list" | sed '/^http.*:\/\//d') ;; esac
}

# The same where the AWS CLI stops after the first page.
pages() { # OF QUERY WORDS...
  local of=$1 query=$2 all= token=
  shift 2
  while :; do
    names "$of" "$query" "$@" ${token:+"--next-token=$token"} || return 1
    all="$all$list
"
    names "$of" NextToken "$@" ${token:+"--next-token=$token"} || return 1
    case $list in '' | "$token") break ;; esac
    token=$list
  done
  list=$(printf %s "$all" | sed '/^$/d')
}

# A list of names as an answer of its own.
listed() { # CALL OF
  local name comma=
  next "$1"
  {
    printf '{%s,"listed":[' "$(head_of "$1" "$2")"
    for name in $list; do
      printf '%s%s' "$comma" "$(json "$name")"
      comma=,
    done
    printf ']}\n'
  } >"$file"
}

# The policies, boundary and groups of a user, role or group.
entity() { # KIND NAME
  local kind_of=$1 name=$2 of="arn:$partition:iam::$account:$1/$2" boundary= each all
  if keep "$of" '' iam "get-$kind_of" "--$kind_of-name=$name"; then
    boundary=$(sed -n 's/^.*"PermissionsBoundaryArn" *: *"\(arn:[^"]*\)".*$/\1/p' "$here/.answer" | sed -n 1p)
    [ -z "$boundary" ] || managed "$boundary"
  elif [ "$code" = NoSuchEntity ]; then
    return 1
  fi
  if names "$of" 'PolicyNames[]' iam "list-$kind_of-policies" "--$kind_of-name=$name"; then
    listed "iam list-$kind_of-policies" "$of"
    for each in $list; do
      keep "$of" '' iam "get-$kind_of-policy" "--$kind_of-name=$name" "--policy-name=$each"
    done
  fi
  if names "$of" 'AttachedPolicies[].PolicyArn' iam "list-attached-$kind_of-policies" "--$kind_of-name=$name"; then
    listed "iam list-attached-$kind_of-policies" "$of"
    all=$list
    for each in $all; do managed "$each"; done
  fi
  if [ "$kind_of" = user ] && names "$of" 'Groups[].GroupName' iam list-groups-for-user "--user-name=$name"; then
    listed 'iam list-groups-for-user' "$of"
    all=$list
    for each in $all; do once "group/$each" entity group "$each"; done
  fi
}

once() { # WHAT COMMAND...
  case $seen in *"|$1|"*) return 0 ;; esac
  seen="$seen$1|"
  shift
  "$@"
}

managed() { once "$1" managed_policy "$1"; } # ARN

# The versions of a managed policy; of one that AWS keeps, the one in force.
managed_policy() { # ARN
  local query='Versions[].VersionId' each
  case $1 in arn:*:iam::aws:*) query='Versions[?IsDefaultVersion].VersionId' ;; esac
  if names "$1" "$query" iam list-policy-versions "--policy-arn=$1"; then
    for each in $list; do
      keep "$1" '' iam get-policy-version "--policy-arn=$1" "--version-id=$each"
    done
  fi
}

key() { # ARN of a key or an alias
  local key=$1
  case $1 in *:alias/*)
    names "$1" KeyMetadata.Arn kms describe-key "--key-id=$1" "--region=$region" || return 1
    key=$list
    ;;
  esac
  if ! keep "$key" '' kms describe-key "--key-id=$key" "--region=$region" && [ "$code" = NotFoundException ]; then
    return 1
  fi
  keep "$key" '' kms get-key-policy "--key-id=$key" --policy-name=default "--region=$region"
  keep "$key" '' kms list-grants "--key-id=$key" "--region=$region"
  keep "$key" '' kms list-aliases "--key-id=$key" "--region=$region"
  keep "$key" '' kms list-resource-tags "--key-id=$key" "--region=$region"
}

bucket_block() { # ARN
  keep "$1" NoSuchPublicAccessBlockConfiguration s3api get-public-access-block "--bucket=${1##*:}" "--expected-bucket-owner=$account"
}

account_block() {
  keep "$account" NoSuchPublicAccessBlockConfiguration s3control get-public-access-block "--account-id=$account"
}

# Whether the account is in an organization; if it is, more is asked where that is managed.
membership() {
  keep "$account" AWSOrganizationsNotInUseException organizations describe-organization
}

endpoint() { # ID
  keep "$1" '' ec2 describe-vpc-endpoints "--vpc-endpoint-ids=$1" "--region=$region"
}

policies_of_logs() {
  keep "$account" '' logs describe-resource-policies "--region=$region"
}

# Everything that a call lists.
each() { # COMMAND LISTING QUERY ARN-UP-TO-THE-NAME WORDS...
  local command=$1 how=$2 query=$3 made=$4 item all
  shift 4
  "$how" "$account" "$query" "$@" || return 1
  all=$list
  for item in $all; do
    case $item in arn:*) ;; *) item=$made${item##*/} ;; esac
    "$command" "$item"
  done
}

caller() {
  ask sts get-caller-identity --query Account --output text && cat "$here/.answer"
}

# The keys of a role live in this shell alone, and in no file.
assume() { # ACCOUNT
  local keys
  keys=$(aws sts assume-role "--role-arn=arn:$partition:iam::$1:role/$role" --role-session-name=trailwhy-collect \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text </dev/null 2>"$here/.error") || return 1
  AWS_ACCESS_KEY_ID=${keys%%"$tab"*}
  keys=${keys#*"$tab"}
  AWS_SECRET_ACCESS_KEY=${keys%%"$tab"*}
  AWS_SESSION_TOKEN=${keys#*"$tab"}
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
  unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN
}

# Whether the credentials are of the account, or a role in it can be taken on.
enter() { # ACCOUNT PARTITION REGION
  local found
  account=$1 partition=$2
  export AWS_REGION="$3" AWS_DEFAULT_REGION="$3"
  open_folder "$account"
  found=$(caller)
  [ "$found" = "$account" ] && return 0
  if [ -n "$role" ] && assume "$account"; then
    found=$(caller)
    [ "$found" = "$account" ] && return 0
  fi
  found=${found:+the credentials are of $found}
  found=${found:-no valid credentials}
  lack 'sts get-caller-identity' "$account" "$found"
  echo "collect: $account: $found; run the script again with credentials of $account" >&2
  return 1
}

# The organization is asked with the credentials of its management account where a role can be taken on
# there, else with those at hand, which may be a delegated administrator's.
enter_organization() { # PARTITION REGION
  local found manager=
  partition=$1 account=
  export AWS_REGION="$2" AWS_DEFAULT_REGION="$2"
  open_folder organization
  found=$(caller)
  if ! keep "$found" AWSOrganizationsNotInUseException organizations describe-organization; then
    return 1
  fi
  manager=$(sed -n 's/^.*"MasterAccountId" *: *"\([0-9]*\)".*$/\1/p' "$here/.answer" | sed -n 1p)
  [ -n "$manager" ] || return 1
  [ "$found" = "$manager" ] || [ -z "$role" ] || assume "$manager"
  return 0
}

# The ids in the last answer.
ids() { # CHARACTERS
  tr ',{' '\n\n' <"$here/.answer" | sed -n "s/^ *\"Id\" *: *\"\([$1]*\)\".*\$/\1/p"
}

roots() {
  keep root '' organizations list-roots
}

# What hangs above an account, up to the root.
above() { # ACCOUNT
  local target=$1 steps=0
  while [ -n "$target" ] && [ "$steps" -lt 16 ]; do
    steps=$((steps + 1))
    once "$target" target "$target"
    case $target in r-*) break ;; esac
    keep "$target" '' organizations list-parents "--child-id=$target" || break
    target=$(ids 'a-z0-9-' | sed -n 1p)
  done
}

target() { # ID
  local each all=
  for kind in SERVICE_CONTROL_POLICY RESOURCE_CONTROL_POLICY; do
    if keep "$1" '' organizations list-policies-for-target "--target-id=$1" "--filter=$kind"; then
      all=$(ids 'A-Za-z0-9_-')
      for each in $all; do once "$each" organization_policy "$each"; done
    fi
  done
  kind=
}

organization_policy() { # ID
  keep "$1" '' organizations describe-policy "--policy-id=$1"
  keep "$1" '' organizations list-targets-for-policy "--policy-id=$1"
}

# The permission sets of these names, where an instance of IAM Identity Center is.
permission_sets() { # |NAME|NAME|
  local instance set name all each where=$region
  names "identity-center" 'Instances[].InstanceArn' sso-admin list-instances "--region=$where" || return 1
  instance=$(printf '%s\n' "$list" | sed -n 1p)
  if [ -z "$instance" ]; then
    lack 'sso-admin list-instances' identity-center "no instance of IAM Identity Center in $where"
    return 1
  fi
  names "$instance" 'PermissionSets[]' sso-admin list-permission-sets "--instance-arn=$instance" "--region=$where" || return 1
  all=$list
  for set in $all; do
    names "$set" PermissionSet.Name sso-admin describe-permission-set "--instance-arn=$instance" "--permission-set-arn=$set" "--region=$where" || continue
    name=$list
    case $1 in *"|$name|"*) ;; *) continue ;; esac
    for each in describe-permission-set get-inline-policy-for-permission-set list-managed-policies-in-permission-set \
      list-customer-managed-policy-references-in-permission-set; do
      keep "$set" '' sso-admin "$each" "--instance-arn=$instance" "--permission-set-arn=$set" "--region=$where"
    done
    keep "$set" ResourceNotFoundException sso-admin get-permissions-boundary-for-permission-set "--instance-arn=$instance" "--permission-set-arn=$set" "--region=$where"
  done
}

sum_up() {
  local answers missing
  answers=$(find "$out" -path "*/$run/*" -name '*.json' ! -name missing.json | wc -l | tr -d ' ')
  missing=$(find "$out" -path "*/$run/*" -name missing.json -exec cat {} + | wc -l | tr -d ' ')
  echo "collect: $answers answers and $missing missing in $out" >&2
  [ "$answers" -gt 0 ] || exit 2
}
