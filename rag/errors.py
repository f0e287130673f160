"""The error tree. A message says what is wrong, with the value, then what to do.

RagError
├── CorpusError      an article file or the corpus folder cannot be used
├── IndexMissing     there is no published index where one was expected
├── IndexMismatch    the index was built with other settings than the ones in force
├── IndexLocked      another process is writing the index
├── IndexDamaged     a generation does not hold what its manifest says
├── PromptTooLong    the question alone does not fit the token budget
└── ModelError       an embedding model or an LLM cannot be loaded or does not answer
"""


class RagError(Exception):
    """Any failure that a user can act on."""


class CorpusError(RagError):
    """An article file or the corpus folder cannot be used."""


class IndexMissing(RagError):
    """There is no published index where one was expected."""


class IndexMismatch(RagError):
    """The index was built with another embedding model or chunker than the settings name."""


class IndexLocked(RagError):
    """Another process is writing the index."""


class IndexDamaged(RagError):
    """A generation does not hold what its manifest says."""


class PromptTooLong(RagError):
    """The question alone does not fit the token budget of the LLM."""


class ModelError(RagError):
    """An embedding model or an LLM cannot be loaded or does not answer."""
