"""Question sets, metrics and the runner that measures answers against them."""
