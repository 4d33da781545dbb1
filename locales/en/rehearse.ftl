# What a change would do, before it is made.

rehearse-breaks = { $findings ->
    [one] This change would break one thing that works today: { $times ->
        [one] one call
       *[other] { $times } calls
    } of the trail would be denied.
   *[other] This change would break { $findings } things that work today: { $times } calls of the trail would be denied.
}
rehearse-may-break = This change may break what works today: { $findings ->
    [0] not all of it could be understood.
    [one] one thing cannot be told.
   *[other] { $findings } things cannot be told.
}
rehearse-holds = This change would break nothing that the trail shows ({ $records ->
    [one] one record
   *[other] { $records } records
}).

rehearse-change-put = Change: the { $kind } policy of { $of } would be replaced.
rehearse-change-new = Change: a new { $kind } would be attached to { $of }.
rehearse-change-deleted = Change: the { $kind } policy of { $of } would be deleted.
rehearse-change-attached = Change: { $policy } would be attached to { $of }.
rehearse-change-detached = Change: { $policy } would be detached from { $of }.
rehearse-not-understood = Not understood, and so not rehearsed: { $name } in { $file }: { $because }
rehearse-unread-type = resources of the type { $sort } hold a policy here that is not known to be read
rehearse-unread-way = resources of the type { $sort } change what is allowed in a way that is not read
rehearse-unread-later = { $attribute } is known only when it is applied
rehearse-unread-whose = what the policy belongs to is not said
rehearse-unread-name = { $name } names nothing that is known, or several things
rehearse-unread-literal = it is worked out when it is applied, and not literal
rehearse-unread-document = { $message }
rehearse-more = … and { $more } more.

rehearse-badge-denied = [would be denied]
rehearse-badge-unclear = [cannot be told]
rehearse-badge-opened = [newly allowed]
rehearse-badge-meant = [meant]

rehearse-silent = { $root } would still report success; { $what } would be denied: { $often }, silently.
rehearse-opaque = { $root } would fail without saying why: { $what } would be denied: { $often }.
rehearse-background = { $what } would be denied: { $often }, in the background, where nobody's own call fails.
rehearse-direct = { $what } would be denied: { $often }.
rehearse-unclear-silent = Perhaps denied: { $what }, { $often }; { $root } would report success either way.
rehearse-unclear-opaque = Perhaps denied: { $what }, { $often }, for { $root }.
rehearse-unclear = Perhaps denied: { $what }, { $often }.
rehearse-opened = { $what } was refused and would be allowed: { $often }.
rehearse-calls = { $actions } by { $who }
rehearse-calls-on = { $actions } by { $who } on { $on }
rehearse-calls-on-more = { $actions } by { $who } on { $on } and { $more } more
rehearse-a-day = { $times } times a day
rehearse-in-all = { $times ->
    [one] once
    [2] twice
   *[other] { $times } times
}

rehearse-because-deny = Because: { $statement } of { $policy } denies it ({ $layer }).
rehearse-because-may = Because: { $statement } of { $policy } may deny it ({ $layer }).
rehearse-because-lost = Because: { $statement } of { $policy }, which allowed it so far, would be gone or no longer fit ({ $layer }).
rehearse-because-layer = Because: nothing would allow it any more ({ $layer }).
rehearse-elsewhere = Because: what lets it through today would be gone.
rehearse-statement = the statement { $sid }
rehearse-statement-number = statement { $number }
rehearse-hangs-on = It hangs on: { $what }
rehearse-hangs-on-address = whose address AWS takes for aws:SourceIp of a call that a service passes on: with the service's own it would be denied, with the user's it would not
rehearse-exception = Smallest exception: { $what }; with it { $kept ->
    [one] this call stays
   *[other] these { $kept } calls stay
} allowed, and no call that was refused is let in (evaluated).
rehearse-except-services = leave out AWS services that call as themselves (aws:PrincipalIsAWSService)
rehearse-except-forwarded = leave out calls that a service makes for somebody (aws:ViaAWSService)
rehearse-except-caller = leave out { $who } (aws:PrincipalArn)
rehearse-except-allow = keep allowing { $who } what it does
rehearse-seen = Seen { $records ->
    [one] once
   *[other] { $records } times
}, from { $first } to { $last }, e.g. { $events }

rehearse-owners = Hit (records): { $who }.
rehearse-tally = { $records } records of { $calls } distinct calls were evaluated before and after: { $untouched } are not touched, { $allowed } stay allowed, { $denied } would be denied, { $unclear } cannot be told, { $opened } would be newly allowed.
rehearse-blind-span = The trail shows { $first } to { $last } ({ $days ->
    [0] less than a day
    [one] one day
   *[other] { $days } days
}): what is done more rarely is not seen.
rehearse-blind-empty = The trail shows no call at all: nothing was rehearsed.
rehearse-blind-data = No data events are recorded: reads and writes of objects, items and messages are not seen.
rehearse-blind-unexplained = { $records } records worked though the policies known deny them (most often { $action } by { $who }): so far the policies are not known rightly.
rehearse-blind-already = { $records } records worked once, and the policies of today deny them already (most often { $action } by { $who }).
