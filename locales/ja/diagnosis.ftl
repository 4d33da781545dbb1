# Sentences of diagnosis.
