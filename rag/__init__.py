"""引据: retrieval, grounding and answering over an index of Chinese articles."""
