# The words of the postmortem draft.

markdown-title = Postmortem draft
markdown-no-incident = No incident was found in what was read. The end of this draft says what was read and what cannot be seen.
markdown-nothing-kept = No record was kept, so there is nothing to judge. The end of this draft says why.
markdown-opening = { $count ->
    [one] This draft covers { $count } incident found in CloudTrail.
   *[other] This draft covers { $count } incidents found in CloudTrail, worst first.
}
markdown-made-by = It was written by trailwhy { $version } from the log alone; all times are in { $zone }.
markdown-made-by-policies = It was written by trailwhy { $version } from the log and the policies given; all times are in { $zone }.
markdown-incident = Incident { $number }: { $headline }
markdown-fix-numbered = Fix { $number }: { $title }
markdown-summary = Summary
markdown-incident-id = Incident
markdown-impact = Impact
markdown-still-worked = { $count ->
    [one] { $count } comparable call succeeded
   *[other] { $count } comparable calls succeeded
}
markdown-timeline = Timeline
markdown-time = Time ({ $zone })
markdown-what = What
markdown-who = Who
markdown-event = Event
markdown-events = Events
markdown-nearest = Nearest success
markdown-change = Change
markdown-first = First occurrence
markdown-last = Last of { $count } occurrences
markdown-cause = Root cause
markdown-for = For
markdown-against = Against
markdown-because = Because
markdown-changed = What changed
markdown-no-change = No change that would explain it was found in the log.
markdown-call = Call
markdown-why-silent = Why it was silent
markdown-how-it-showed = How it showed
markdown-answer-to-caller = Answer to the caller
markdown-answer-below = Answer to the denied call
markdown-fix = Fix
markdown-where = Where
markdown-note = Note
markdown-verified = How it was verified
markdown-unknown = What is not known
markdown-layer-known = It is proven which layer denied.
markdown-follow-ups = Follow-ups

task-apply = Apply the fix: { $title }
task-settle = Run the commands under “What is not known” and confirm the verdict
task-review = Find out why { $action } was made, and who should have seen the effect
task-repeat = Check whether the other occurrences ({ $count } in all) left anything behind
task-see = Close the blind spot: { $detail }
task-none = Nothing is left to do according to the log

task-who = Ask the caller, or find out, what the call was for
task-within = Within the rule: { $title }
