# What the renderers share, and the terminal's own words.
