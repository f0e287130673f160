from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from rag.reader import Reader, Window
from rag.reader_model import (
    LONGEST_ANSWER,
    WINDOW_TOKENS,
    ReaderModel,
    best_span,
    encode,
    padded,
    with_adapter,
)

LETTERS = "甲乙丙丁戊己庚辛query:?。 "
HIDDEN = 8


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """One token per character."""
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {letter: i for i, letter in enumerate(LETTERS, 4)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


@pytest.fixture
def encoder() -> BertModel:
    """A random encoder of one layer."""
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=40,
        hidden_size=HIDDEN,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=512,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return BertModel(config, add_pooling_layer=False).eval()


def adapter(folder: Path, **tensors: torch.Tensor) -> Path:
    """An adapter file with heads of ones, and the tensors given."""
    heads = {
        "span.weight": torch.ones(2, HIDDEN),
        "span.bias": torch.zeros(2),
        "answers.weight": torch.ones(1, HIDDEN),
        "answers.bias": torch.tensor([0.5]),
    }
    save_file({**heads, **tensors}, folder / "reader.safetensors", metadata={"base": "test"})
    return folder / "reader.safetensors"


def test_the_input_is_question_title_and_window_with_the_characters_of_its_tokens(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    encoded = encode(tokenizer, "甲", "乙", "丙丁")
    tokens = tokenizer.convert_ids_to_tokens(encoded.ids)
    assert tokens == ["<s>", *"query: 甲", "</s>", "乙", "</s>", "丙", "丁", "</s>"]
    assert tokens[encoded.first :] == ["丙", "丁", "</s>"]
    assert encoded.offsets == [(0, 1), (1, 2)]


def test_a_window_that_is_too_long_is_cut(tokenizer: PreTrainedTokenizerFast) -> None:
    encoded = encode(tokenizer, "甲", "", "乙" * 1000)
    assert len(encoded.offsets) == WINDOW_TOKENS
    assert encoded.ids[-1] == 2


def test_rows_are_padded_to_a_multiple_and_masked() -> None:
    ids, mask = padded([[5, 6, 7], [8]], 4)
    assert ids.tolist() == [[5, 6, 7, 1], [8, 1, 1, 1]]
    assert mask.tolist() == [[1, 1, 1, 0], [1, 0, 0, 0]]


def test_the_best_span_agrees_with_a_search_of_all_spans() -> None:
    torch.manual_seed(3)
    for _ in range(20):
        start, end = torch.randn(60), torch.randn(60)
        spans = [(i, j) for i in range(60) for j in range(i, min(60, i + LONGEST_ANSWER))]
        assert best_span(start, end) == max(spans, key=lambda span: float(start[span[0]] + end[span[1]]))


def test_an_adapter_adds_its_product_to_the_weight_it_names(encoder: BertModel, tmp_path: Path) -> None:
    name = "encoder.layer.0.output.dense.weight"
    before = dict(encoder.named_parameters())[name].detach().clone()
    low, high = torch.randn(2, 16), torch.randn(HIDDEN, 2)
    model = with_adapter(encoder, HIDDEN, adapter(tmp_path, **{f"{name}.A": low, f"{name}.B": high}))
    after = dict(model.encoder.named_parameters())[name]
    assert torch.allclose(after, before + high @ low, atol=1e-6)
    assert model.answers.bias.tolist() == [0.5]


def test_the_reader_leaves_the_encoder_as_it_is_and_shares_its_embeddings(
    encoder: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    name = "encoder.layer.0.output.dense.weight"
    before = dict(encoder.named_parameters())[name].detach().clone()
    parts = {f"{name}.A": torch.ones(2, 16), f"{name}.B": torch.ones(HIDDEN, 2)}
    reader = Reader.of(encoder, tokenizer, adapter(tmp_path, **parts))
    assert torch.equal(dict(encoder.named_parameters())[name], before)
    first = reader.read("丁", WINDOWS[:1])
    with torch.no_grad():
        encoder.embeddings.word_embeddings.weight.mul_(-1)
    assert Reader(reader._model, tokenizer).read("丁", WINDOWS[:1]) != first, "both read with one table of embeddings"


WINDOWS = [
    Window("甲", "乙丙。丁戊。", ((0, 3), (3, 6))),
    Window("", "丁。", ((0, 2),)),
    *[Window("乙", "丙丁戊己庚辛。" * n, ((0, 7 * n),)) for n in range(1, 4)],
]


def test_what_is_read_of_a_window_does_not_depend_on_the_others(
    encoder: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    reader = Reader.of(encoder, tokenizer, adapter(tmp_path))
    together = reader.read("丁?", WINDOWS)
    another = Reader.of(encoder, tokenizer, adapter(tmp_path))  # which remembers none of them
    assert together == [reading for window in WINDOWS for reading in another.read("丁?", [window])]


def test_the_sentences_of_a_window_share_one_probability(
    encoder: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    reader = Reader.of(encoder, tokenizer, adapter(tmp_path))
    (reading,) = reader.read("甲", WINDOWS[:1])
    assert reading is not None
    assert sum(torch.tensor(reading.sentences).exp().tolist()) == pytest.approx(1, abs=1e-4)
    start, end = reading.span
    assert 0 <= start < end <= 6


def test_after_its_time_a_reader_stops_and_the_first_window_is_always_read(
    encoder: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    readings = Reader.of(encoder, tokenizer, adapter(tmp_path)).read("丁", WINDOWS, seconds=0)
    assert [reading is None for reading in readings] == [False] + [True] * (len(WINDOWS) - 1)


def test_a_window_that_was_read_is_remembered_with_its_question(
    encoder: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    model = with_adapter(encoder, HIDDEN, adapter(tmp_path))
    reader = Reader(model, tokenizer)
    read: list[torch.Tensor] = []
    model.register_forward_hook(lambda *told: read.append(told[1][0]))
    first = reader.read("丁?", WINDOWS[:2])
    assert reader.read("丁?", WINDOWS[:2]) == first
    assert len(read) == 2
    assert reader.read("丙?", WINDOWS[:2]) != first
    assert len(read) == 4
    assert reader.read("丁?", WINDOWS[1:3])[0] == first[1]
    assert len(read) == 5


def test_a_window_without_words_has_no_answer(
    encoder: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    (reading,) = Reader.of(encoder, tokenizer, adapter(tmp_path)).read("丁", [Window("", "", ())])
    assert reading is not None
    assert reading.span == (0, 0)


def test_the_heads_see_every_token(encoder: BertModel) -> None:
    spans, answers = ReaderModel(encoder, HIDDEN)(*padded([[0, 5, 2], [0, 6, 7]]))
    assert spans.shape == (2, 16, 2)
    assert answers.shape == (2,)
