"""What training did to how questions are embedded, and what it must not touch."""

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rag.adapter import GROUP, from_four_bits, merge_adapter, read_adapter, to_four_bits
from rag.embed import QUERY_ADAPTER, SentenceEmbedder
from training.examples import Item, ReadingSet
from training.query import QueryModel, answering_rows, asked, pool_of, train, with_share
from training.train import Plan, export_tensors


def test_an_adapter_adds_the_product_of_its_matrices_to_the_weight_it_names() -> None:
    layer = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
    with torch.no_grad():
        layer[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        layer[1].weight.copy_(torch.tensor([[5.0, 6.0]]))
    merge_adapter(layer, {"0.weight.A": torch.tensor([[1.0, 2.0]]), "0.weight.B": torch.tensor([[3.0], [0.0]])})
    assert layer[0].weight.tolist() == [[4.0, 6.0], [0.0, 1.0]]
    assert layer[1].weight.tolist() == [[5.0, 6.0]]


def test_an_adapter_may_change_a_weight_by_any_matrix_in_four_bits_and_a_bias_as_it_is() -> None:
    layer = nn.Linear(GROUP, 2)
    before = {name: weight.detach().clone() for name, weight in layer.named_parameters()}
    change = torch.zeros(2, GROUP)
    change[0, :3] = torch.tensor([7.0, -3.0, 1.0])
    change[1, -2:] = torch.tensor([-0.5, 3.5])
    numbers, scales = to_four_bits(change)
    merge_adapter(layer, {"weight.Q": numbers, "weight.S": scales, "bias.C": torch.tensor([2.0, 0.0])})
    assert torch.allclose(layer.weight, before["weight"] + change, atol=1e-6)
    assert torch.allclose(layer.bias, before["bias"] + torch.tensor([2.0, 0.0]))


def test_four_bits_keep_a_change_to_half_a_step_of_its_group() -> None:
    change = torch.randn((6, 4 * GROUP), generator=torch.Generator().manual_seed(1)) * torch.tensor([[0.01], [9.0]] * 3)
    numbers, scales = to_four_bits(change)
    assert (numbers.dtype, numbers.shape, scales.shape) == (torch.uint8, (6, 2 * GROUP), (6, 4))
    off = (from_four_bits(numbers, scales) - change).abs().view(6, 4, GROUP).amax(2)
    assert (off <= 0.51 * scales.float()).all()


def test_the_adapter_of_questions_says_what_it_was_trained_on_and_is_small() -> None:
    _, said = read_adapter(QUERY_ADAPTER)
    assert said["base"].startswith("multilingual-e5-small")
    assert QUERY_ADAPTER.stat().st_size < 12e6


def test_the_rows_that_answer_are_those_of_the_sentences_that_hold_the_answer() -> None:
    reading = ReadingSet({"甲": "猫吃鱼。猫怕狗。狗怕人。"}, {"甲": "猫"}, [])
    assert answering_rows(reading, Item("q", "猫怕什么？", "甲", ("狗",), 6, 7), {"甲": 10}) == [11]
    assert answering_rows(reading, Item("q", "谁怕谁？", "甲", ("猫怕狗。狗",), 4, 9), {"甲": 10}) == [11, 12]


@pytest.fixture(scope="module")
def embedder() -> Iterator[SentenceEmbedder]:
    """The bundled model."""
    yield SentenceEmbedder()


@pytest.mark.model
def test_only_questions_are_embedded_by_the_adapter(embedder: SentenceEmbedder, tmp_path: Path) -> None:
    text = "卖一单平台抽多少"
    from sentence_transformers import SentenceTransformer

    base: SentenceTransformer = embedder._model
    indexed = embedder.embed_texts([text])[0]
    plain = base.encode_document([text], show_progress_bar=False)[0]
    assert float(indexed @ plain) / float(np.linalg.norm(plain)) == pytest.approx(1, abs=1e-3)
    unadapted = base.encode_query([text], show_progress_bar=False)[0]
    assert float(embedder.embed_query(text) @ unadapted) / float(np.linalg.norm(unadapted)) < 0.995


@pytest.mark.model
def test_a_question_in_other_words_comes_nearer_to_its_answer(embedder: SentenceEmbedder) -> None:
    answer, beside = embedder.embed_texts(["平台规则\n佣金按成交额的5%收取。", "平台规则\n平台成立于2013年。"])
    question = "卖一单平台抽多少"
    base = embedder._model.encode_query([question], show_progress_bar=False)[0]
    base = base / np.linalg.norm(base)
    adapted = embedder.embed_query(question)
    assert (answer - beside) @ adapted > (answer - beside) @ base


@pytest.mark.model
def test_the_adapted_model_shares_the_table_of_embeddings(embedder: SentenceEmbedder) -> None:
    embedder.embed_query("有人吗")
    assert embedder._query_model[0].model.embeddings is embedder.network[0].embeddings


@pytest.mark.model
def test_training_draws_questions_to_the_sentence_that_answers_them(embedder: SentenceEmbedder, tmp_path: Path) -> None:
    texts = {"甲": "佣金按成交额的5%收取。平台成立于2013年。", "乙": "退货由卖家承担。总部在杭州。"}
    reading = ReadingSet(texts, {"甲": "平台规则", "乙": "售后"}, [])
    items = [Item("q", "卖一单抽多少", "甲", ("5%",), 7, 9), Item("r", "东西退回来谁出钱", "乙", ("卖家",), 3, 5)] * 32
    sentences, _ = pool_of(reading, ["甲", "乙"], tmp_path)
    trained = train(Plan(epochs=5, rank=4, rate=1e-2, seed=1), reading, items, tmp_path)
    export_tensors(trained, tmp_path / "adapter", {})
    encoder = copy.deepcopy(embedder.network[0])
    merge_adapter(encoder, read_adapter(tmp_path / "adapter")[0])

    def lead(encoder: nn.Module) -> float:
        """By how much the answer of the first question is nearer to it than the other sentences."""
        tokens = embedder.network[1](["query: 卖一单抽多少"], return_tensors="pt")
        with torch.no_grad():
            (vector,) = QueryModel(encoder)(tokens["input_ids"], tokens["attention_mask"]).numpy()
        cosines = sentences @ vector
        return float(cosines[0] - cosines[1:].max())

    assert lead(encoder) > lead(embedder.network[0]) + 0.01


def test_a_batch_needs_its_number_of_questions(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 questions are too few: a batch has 64"):
        asked(ReadingSet({"甲": "猫吃鱼。"}, {"甲": "猫"}, []), [Item("q", "吃什么", "甲", ("鱼",), 2, 3)], {"甲": 0})


def test_a_share_of_an_adapter_adds_that_share() -> None:
    learned = {"x.lora_A.default.weight": torch.tensor([[1.0, 2.0]]), "x.lora_B.default.weight": torch.tensor([[4.0]])}
    kept = with_share(learned, 0.25)
    assert kept["x.lora_A.default.weight"].tolist() == [[1.0, 2.0]]
    assert kept["x.lora_B.default.weight"].tolist() == [[1.0]]
