import gc
import weakref

import pytest
import torch
from transformers import BertConfig, BertModel

from rag.graph import as_graph
from rag.int8 import to_int8
from rag.reader_model import ReaderModel, padded

ROWS = [[0, 5, 2]], [[0, *range(4, 30), 2]], [[0, 5, 2], [0, *range(4, 37), 2], [0, 2]]


def reader_model() -> ReaderModel:
    torch.manual_seed(1)
    sizes = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    return ReaderModel(BertModel(BertConfig(vocab_size=40, **sizes), add_pooling_layer=False), 8).eval()


@pytest.mark.parametrize("numbers", ["float32", "bfloat16", "int8"])
def test_a_graph_gives_the_same_to_the_bit_for_inputs_of_every_length(numbers: str) -> None:
    model = reader_model()
    if numbers == "int8":
        to_int8(model.encoder)
    else:
        model.encoder.to(getattr(torch, numbers))
    graph = as_graph(model)
    with torch.inference_mode():
        for rows in ROWS:
            for whole, part in zip(model(*padded(rows)), graph(*padded(rows)), strict=True):
                assert torch.equal(whole, part)


def test_a_graph_has_no_numbers_of_its_own() -> None:
    model = reader_model()
    graph = as_graph(model)
    given = padded(ROWS[0])
    with torch.inference_mode():
        before = graph(*given)[1]
        model.answers.bias.add_(1)
        assert torch.allclose(graph(*given)[1], before + 1)


def test_what_is_used_no_more_is_let_go() -> None:
    model = reader_model()
    graph = as_graph(model)
    graph(*padded(ROWS[0]))
    kept = weakref.ref(model.answers.weight)
    del model, graph
    gc.collect()
    assert kept() is None
