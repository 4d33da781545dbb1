# What the verdicts say: explanations, evidence, what is ruled out and why.
