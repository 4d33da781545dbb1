#!/usr/bin/env bash
# Stands for the AWS CLI: answers from the files of $ANSWERS/ACCOUNT, which are called as the words of the
# call, and writes down in $CALLS what was asked. FILE.error holds the code of an error, FILE.again how
# often the call is told to come again.
set -u
case ${AWS_ACCESS_KEY_ID:-} in KEY-*) account=${AWS_ACCESS_KEY_ID#KEY-} ;; *) account=$ACCOUNT ;; esac
key=
skip=
for word in "$@"; do
  [ -n "$skip" ] && skip= && continue
  case $word in
  --output) skip=yes ;;
  --region=*) ;;
  *) key="$key${key:+ }$word" ;;
  esac
done
printf '%s\n' "$account $key" >>"$CALLS"
fail() {
  printf '\nAn error occurred (%s) when calling the %s operation: %s is not "yours" \\ \n' "$1" "$2" "$account" >&2
  exit 254
}
case $key in
"sts get-caller-identity --query Account") printf '%s\n' "$account"; exit ;;
"sts assume-role --role-arn=arn:aws:iam::"*)
  of=${key#*iam::}
  of=${of%%:*}
  [ -d "$ANSWERS/$of" ] || fail AccessDenied AssumeRole
  printf 'KEY-%s\tsecret\ttoken\n' "$of"
  exit
  ;;
esac
file=$ANSWERS/$account/${key//\//%}
if [ -s "$file.again" ]; then
  left=$(cat "$file.again")
  if [ "$left" -gt 0 ]; then
    echo $((left - 1)) >"$file.again"
    fail ThrottlingException "$2"
  fi
fi
[ -f "$file.error" ] && fail "$(cat "$file.error")" "$2"
[ -f "$file" ] && exec cat "$file"
[ -f "$ANSWERS/none/$1 $2" ] && fail "$(cat "$ANSWERS/none/$1 $2")" "$2"
[ -f "$ANSWERS/empty/$1 $2" ] && echo '{}' && exit
fail NoSuchEntity "$2"
