# What the fixes say: titles, notes, what is refuted and why.
