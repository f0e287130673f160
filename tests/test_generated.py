"""The generated chunks that retrieval is measured on."""

from pathlib import Path

import numpy as np
from fakes import FakeEmbedder

from bench.generated import SENTENCES, put_article, sentences_of
from rag.index import IndexReader
from rag.writer import IndexWriter


def test_a_generated_article_has_its_sentences_in_chunks_with_their_vectors(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    texts = [f"{'猫狗鱼鸟'[i % 4]}说第{i}句。" for i in range(SENTENCES + 1)]
    vectors = fake_embedder.embed_texts(texts)
    with IndexWriter.locked(tmp_path, fake_embedder, "1") as writer:
        writer.begin()
        put_article(writer, "文", texts, vectors)
        writer.publish()
    generation = IndexReader(tmp_path, fake_embedder).current()
    chunks = [generation.library.chunk(id_) for id_ in generation.library.chunk_ids()]
    assert [len(chunk.sentences) for chunk in chunks] == [SENTENCES, 1]
    assert "".join(chunk.text for chunk in chunks) == "".join(texts)
    found, rows = sentences_of(generation)
    assert found == texts
    assert np.allclose(rows, vectors, atol=1e-3)
