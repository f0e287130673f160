"""Our own indexing, timed like bench.langchain_plain: with everything imported and the model loaded.

A process of its own, python -m bench.warm_ingest FOLDER OUT; prints {"chunks", "seconds"}.
"""

import json
import sys
from pathlib import Path

from ingest.run import ingest
from rag.embed import SentenceEmbedder


def main(folder: str, out: str) -> None:
    """Index a folder."""
    embedder = SentenceEmbedder()
    embedder.embed_query("warm-up")
    summary = ingest(Path(folder), Path(out), embedder)
    print(json.dumps({"chunks": summary.chunks, "seconds": summary.seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
