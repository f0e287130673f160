"""From article files to a published index: load, clean, chunk, embed."""
