# The words of the postmortem draft.
