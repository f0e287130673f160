"""The reference for indexing: LangChain's plain pipeline over a folder of Markdown files, as its tutorials write it.

A process of its own, python -m bench.langchain_plain FOLDER MODEL OUT; prints {"chunks", "characters", "seconds"}.
"""

import json
import sys
import time
from pathlib import Path

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


def main(folder: str, model: str, out: str) -> None:
    """Index every .md file of a folder."""
    embeddings = HuggingFaceEmbeddings(
        model_name=model,
        model_kwargs={"device": "cpu", "model_kwargs": {"dtype": "float32"}},
        encode_kwargs={"normalize_embeddings": True},
    )
    embeddings.embed_query("warm-up")
    started = time.perf_counter()
    files = sorted(Path(folder).glob("*.md"))
    documents = [Document(path.read_text(encoding="utf-8"), metadata={"source": path.name}) for path in files]
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    Chroma.from_documents(chunks, embeddings, persist_directory=out)
    seconds = time.perf_counter() - started
    characters = sum(len(chunk.page_content) for chunk in chunks)
    print(json.dumps({"chunks": len(chunks), "characters": characters, "seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
