"""The HTTP API for a team: asking, searching and reading articles, with keys, limits, a fair queue and health."""
