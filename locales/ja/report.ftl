# Sentences of report.
