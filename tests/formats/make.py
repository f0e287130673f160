"""Write index-N.tar.gz: the tiny corpus of the tests as the program of today indexes it, N being its format.

python tests/formats/make.py    after FORMAT in rag/index.py was raised; keep the older files.
"""

import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from conftest import TINY  # noqa: E402  # found by the line above
from fakes import FakeEmbedder  # noqa: E402

from ingest.run import ingest  # noqa: E402
from rag.index import FORMAT  # noqa: E402

with tempfile.TemporaryDirectory() as scratch:
    corpus, index = Path(scratch, "corpus"), Path(scratch, "index")
    for name, text in TINY.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text, encoding="utf-8")
    ingest(corpus, index, FakeEmbedder())
    with tarfile.open(HERE / f"index-{FORMAT}.tar.gz", "w:gz") as tar:
        tar.add(index, "index")
