#!/usr/bin/env bash
# Stands for the AWS CLI: answers reads from the files of a dump in $DUMP, in the form that --output
# asks for, and writes down in $PUTS what is put, files as what they hold.
set -u
INSTANCE=arn:aws:sso:::instance/ssoins-0123456789abcdef
service=$1 verb=$2

all=("$@")
option() {
  local at
  for ((at = 0; at < ${#all[@]} - 1; at++)); do
    [ "${all[at]}" = "$1" ] && printf %s "${all[at + 1]}" && return
  done
}
told() { # the text of a policy, or what stands for none
  local text
  text=$(cat)
  if [ -n "$text" ]; then
    if [ "$(option --output)" = json ] && [ "$1" = null ]; then jq -cn --arg text "$text" '$text'; else printf '%s\n' "$text"; fi
  elif [ "$1" = null ]; then
    if [ "$(option --output)" = json ]; then echo null; else echo None; fi
  else
    echo "An error occurred ($1) when calling the operation: there is none" >&2
    exit 254
  fi
}
resource() { # by ARN, by ARN without its suffix, by name
  jq -r --arg of "$1" 'select(.ResourceArn | . == $of or startswith($of + "-") or endswith(":" + $of) or endswith("/" + $of)).Policy' \
    "$DUMP"/*/resources/*.json 2>/dev/null
}
details() { jq "$@" "$DUMP/$ACCOUNT/account-authorization-details.json"; }

case "$service $verb" in
"kms get-key-policy")
  key=$(option --key-id)
  jq -r .Policy "$DUMP"/*/kms/"${key##*/}".json | told NotFoundException
  ;;
"s3api get-bucket-policy") jq -r .Policy "$DUMP"/*/s3/"$(option --bucket)".json 2>/dev/null | told NoSuchBucketPolicy ;;
"iam get-role-policy")
  details --arg of "$(option --role-name)" --arg name "$(option --policy-name)" \
    '.RoleDetailList[] | select(.RoleName == $of).RolePolicyList[] | select(.PolicyName == $name).PolicyDocument' | told NoSuchEntity
  ;;
"iam get-user-policy")
  details --arg of "$(option --user-name)" --arg name "$(option --policy-name)" \
    '.UserDetailList[] | select(.UserName == $of).UserPolicyList[] | select(.PolicyName == $name).PolicyDocument' | told NoSuchEntity
  ;;
"iam get-role" | "iam get-user")
  case "$(option --query)" in
  *PermissionsBoundary*)
    details -r --arg of "$(option "--${verb#get-}-name")" \
      '.RoleDetailList[], .UserDetailList[] | select(.RoleName == $of or .UserName == $of).PermissionsBoundary.PermissionsBoundaryArn'
    ;;
  *) details --arg of "$(option --role-name)" '.RoleDetailList[] | select(.RoleName == $of).AssumeRolePolicyDocument' | told NoSuchEntity ;;
  esac
  ;;
"iam get-policy") echo v1 ;;
"iam list-policy-versions") echo None ;;
"iam get-policy-version")
  details --arg of "$(option --policy-arn)" '.Policies[] | select(.Arn == $of).PolicyVersionList[0].Document' | told NoSuchEntity
  ;;
"organizations describe-policy")
  jq -r .Policy.Content "$DUMP/organizations/describe-policy-$(option --policy-id).json" 2>/dev/null | told PolicyNotFoundException
  ;;
"ec2 describe-vpc-endpoints")
  jq -r --arg of "$(option --vpc-endpoint-ids)" '.VpcEndpoints[] | select(.VpcEndpointId == $of).PolicyDocument' \
    "$DUMP"/*/vpc-endpoints.json | told InvalidVpcEndpointId.NotFound
  ;;
"sqs get-queue-url") echo "https://queues.example/$(option --queue-name)" ;;
"sqs get-queue-attributes")
  url=$(option --queue-url)
  resource "${url##*/}" | told null
  ;;
"sns get-topic-attributes") resource "$(option --topic-arn)" | told null ;;
"secretsmanager get-resource-policy") resource "$(option --secret-id)" | told null ;;
"dynamodb get-resource-policy") resource "$(option --resource-arn)" | told PolicyNotFoundException ;;
"kinesis get-resource-policy") resource "$(option --resource-arn)" | told null ;;
"ecr get-repository-policy") resource "$(option --repository-name)" | told RepositoryPolicyNotFoundException ;;
"backup get-backup-vault-access-policy") resource "$(option --backup-vault-name)" | told ResourceNotFoundException ;;
"efs describe-file-system-policy") resource "$(option --file-system-id)" | told PolicyNotFound ;;
"events describe-event-bus") resource "$(option --name)" | told null ;;
"glue get-resource-policy")
  jq -r 'select(.ResourceArn | contains(":glue:")).Policy' "$DUMP"/*/resources/*.json 2>/dev/null | told EntityNotFoundException
  ;;
"opensearch describe-domain-config") resource "$(option --domain-name)" | told null ;;
"sso-admin list-instances") echo "$INSTANCE" ;;
"sso-admin list-permission-sets") printf '%s\t%s\n' "$INSTANCE/other" "$INSTANCE/set" ;;
"sso-admin describe-permission-set")
  name=Other
  [ "$(option --permission-set-arn)" = "$INSTANCE/set" ] &&
    name=$(details -r '.RoleDetailList[].RoleName | select(startswith("AWSReservedSSO_")) | .[15:-17]')
  jq -cn --arg name "$name" --arg arn "$(option --permission-set-arn)" '{Name: $name, PermissionSetArn: $arn}'
  ;;
"sso-admin get-inline-policy-for-permission-set")
  [ "$(option --permission-set-arn)" = "$INSTANCE/set" ] || exit 254
  details '.RoleDetailList[] | select(.RoleName | startswith("AWSReservedSSO_")).RolePolicyList[] | select(.PolicyName == "AwsSSOInlinePolicy").PolicyDocument' | told null
  ;;
*)
  for word in "$@"; do
    case $word in file://*) cat "${word#file://}" ;; *) printf %s "$word" ;; esac
    printf '\0'
  done >>"$PUTS"
  printf '\036' >>"$PUTS"
  ;;
esac
