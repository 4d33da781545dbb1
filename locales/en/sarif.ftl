# Sentences of the SARIF report.

sarif-help = The alert says which call was denied, for whom, and which statement or setting of this layer decided, as far as that is known: { $layer }. Every denial that has the same cause is one alert; it closes when the call is no longer denied in the records that are analysed. The terminal, Markdown and HTML reports of the same analysis have the chain of calls, the evidence, and the changes that would repair it with their commands.
sarif-read-more = How AWS decides here: { $address }
sarif-denied-record = The record of the denied call
sarif-deciding-statement = The statement that decided
sarif-change-record = The record of the change before it
sarif-results-left-out = { $count ->
    [one] 1 more incident is left out
   *[other] { $count } more incidents are left out
}: code scanning shows { $most } of a run. The JSON report has all.
sarif-steps-left-out = { $count ->
    [one] 1 more call is left out
   *[other] { $count } more calls are left out
} of chains: code scanning shows { $most } of each. The JSON report has all.
sarif-no-file = { $count ->
    [one] For 1 incident no file is known
   *[other] For { $count } incidents no file is known
} that holds its record or its policy: code scanning refuses results without one.
