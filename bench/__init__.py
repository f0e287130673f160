"""How long things take and how much memory they need. Absolute times are for people; compare the ratios."""
