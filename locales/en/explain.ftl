# `trailwhy explain`.
told-event = Event { $id } is part of a chain of { $calls ->
    [one] one call
   *[other] { $calls } calls
}.
told-request = { $id } is the request id of { $events ->
    [one] one event
   *[other] { $events } events
}, in { $chains ->
    [one] one chain of calls
   *[other] { $chains } chains of calls
}.
told-incident = Incident { $id }, told by its denied call.
told-resource = { $id } is named by { $events ->
    [one] one event
   *[other] { $events } events
}, in { $chains ->
    [one] one chain of calls
   *[other] { $chains } chains of calls
}, from { $first } to { $last }.
told-in-incidents = Part of { $incidents }.
told-in-no-incident = None of these calls belongs to an incident.
told-last = Last: { $action } at { $time }, { $ending }.
told-ending-success = which worked
told-ending-failed = which failed ({ $code })
told-ending-step-denied = and a call that AWS made for it was denied
told-ending-step-failed = and a call that AWS made for it failed
told-ending-step-missing = and { $steps } never followed
told-event-title = THE CALL
told-chains-title = THE CALLS, IN ORDER OF TIME
told-names-it = names it
told-calls-below = { $count ->
    [one] one call below
   *[other] { $count } calls below
}
told-more-chains = { $count ->
    [one] one more chain in which all worked
   *[other] { $count } more chains in which all worked
} (all are in --format json)
told-weighed = Each layer, with what speaks for (+) and against (−) it
told-weighed-layer = { $why }, { $percent } %
told-nothing-said = nothing speaks for or against it
told-in-force = WHAT WAS IN FORCE AT { $time }
told-in-force-documents = The documents: trailwhy policies … --at { $time } --for ARN
told-evaluated-allowed = Evaluating what is known allows this call.
told-evaluated-denied = Evaluating what is known denies this call: { $layer }, { $effect }.
told-evaluated-unknown = What is known does not settle whether this call is allowed; it depends on { $missing }.
told-decided-by = These statements decide: { $statements }.
field-user-agent = User agent
field-request-id = Request id
field-event = Event
field-caller = Caller
