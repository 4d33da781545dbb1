# `trailwhy compare`.
nearest-because = Chosen of { $count ->
    [one] one comparable success
   *[other] { $count } comparable successes
} because it differs least: only in { $fields }.
nearest-alike = Chosen of { $count ->
    [one] one comparable success
   *[other] { $count } comparable successes
}: all that the records show of it is the same, but not when it was: { $time }.
nearest-blamed-between = Between the two lies the change of { $time }: { $summary }.
nearest-change-between = Between the two { $count ->
    [one] there was a change
   *[other] there were { $count } changes of policies, grants or key states, the last
} at { $time }: { $summary }.
nearest-no-change-between = What was read holds no change of policies, grants or key states between the two.
beside-title = What failed beside what worked
beside-steps = Step by step
beside-more = { $count } more differences, steps or changes: --full shows them.
beside-failed = Failed
beside-succeeded = Succeeded
beside-chain = { $action } at { $time }, event { $id }
beside-part-at = They part at { $action }: { $failed } in the failure, { $succeeded } in the success.
beside-do-not-part = Step by step they end alike.
beside-no-success = No comparable call ever worked in what was read: there is nothing to compare with. Read more of the trail, or name a success with --with.
beside-not-there = not there
beside-step = { $number }. { $action }
beside-in-record = In the records
beside-same = { $count ->
    [one] one member of the records is the same
   *[other] { $count } members of the records are the same
} (--all shows them)
beside-same-shown = The same in both
groups-failed = The failing
groups-succeeded = The other
groups-of = { $who }: { $calls ->
    [one] one call
   *[other] { $calls } calls
}, { $failures } failed, from { $first } to { $last }
groups-empty = { $who }: no call
groups-anybody = anybody
groups-fails-more = What fails more in the one
groups-alike = { $count ->
    [one] one more action fails no more in the one than in the other
   *[other] { $count } more actions fail no more in the one than in the other
}
groups-no-difference = No action fails more in the one than in the other.
groups-factors = What sets the failures of { $action } apart
groups-factors-none = Nothing that the records show of { $action } sets its failures apart more than chance does; see: trailwhy compare … --failed { $id }
groups-changes = Changes of policies, grants and key states in between, last first
groups-changes-none = No change of policies, grants or key states in between.
column-action = action
column-other = in the other
column-one = in the failing
