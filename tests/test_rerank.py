"""The second stage, with a cross-encoder of one layer that counts 猫: made here, loaded as any other."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbedder

from rag.chain import AnswerChain
from rag.errors import ModelError
from rag.rerank import BATCH, CrossEncoderStage, load_cross_encoder, open_second_stage, rerank, text_of
from rag.settings import Settings
from rag.types import Article, Chunk, Passage, Question

LETTERS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"猫狗鱼鸟"]


def save_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    """A BERT of one layer whose logit rises with the share of 猫 among the letters it reads."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({letter: n for n, letter in enumerate(LETTERS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(LETTERS),
        hidden_size=4,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=4,
        max_position_embeddings=64,
        num_labels=labels,
    )
    model = BertForSequenceClassification(config)
    identity = torch.eye(4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        for name, module in model.named_modules():
            if name.endswith("LayerNorm"):
                module.weight.fill_(1)
        words = model.bert.embeddings.word_embeddings.weight
        words[:, 0], words[4] = 1, torch.tensor([0.0, 1, 0, 0])  # every letter is (1, 0, 0, 0), 猫 (0, 1, 0, 0)
        attention = model.bert.encoder.layer[0].attention  # query and key are 0: all letters count the same
        attention.self.value.weight.copy_(identity)
        attention.output.dense.weight.copy_(identity)
        model.bert.pooler.dense.weight.copy_(identity)
        model.classifier.weight[:, 1] = 1
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


def passage(text: str, rank: int, title: str = "题", section: str = "") -> Passage:
    article = Article(f"文{rank}", f"文{rank}.md", text, title=title)
    return Passage(article, Chunk(f"c{rank}", article.id, 0, len(text), text, section), rank, 1 / rank)


PASSAGES = [passage("鱼鸟鱼鸟", 1), passage("猫鸟鱼鸟", 2), passage("鱼狗鱼鸟", 3), passage("猫猫猫鸟", 4)]


@dataclass
class Fixed:
    """A second stage that gives these scores after a while; `asked` has what it was given."""

    scores: list[float] | None
    asked: tuple[str, list[str]] = ("", [])

    def order(self, query: str, passages: Sequence[Passage]) -> list[float] | None:
        self.asked = query, [p.chunk.text for p in passages]
        return self.scores


def ids(passages: Sequence[Passage]) -> list[str]:
    return [p.chunk.id for p in passages]


def test_a_cross_encoder_puts_the_passages_in_its_own_order(folder: Path) -> None:
    stage = open_second_stage(Settings(reranker=str(folder)))
    assert stage is not None
    reordered = rerank(stage, "猫", PASSAGES, 20)
    assert ids(reordered) == ["c4", "c2", "c1", "c3"]
    assert [p.rank for p in reordered] == [1, 2, 3, 4]
    assert [p.score for p in reordered] == [1 / 4, 1 / 2, 1, 1 / 3]
    scores = [p.rerank for p in reordered]
    assert scores[0] > scores[1] > scores[2] == scores[3]  # type: ignore[operator]  # none of them is None


def test_a_passage_is_scored_the_same_alone_and_among_longer_ones(folder: Path) -> None:
    stage = CrossEncoderStage(load_cross_encoder(str(folder)), 60)
    longer = passage("猫狗" * 20, 9)
    together = stage.order("猫", [PASSAGES[1], longer])
    assert together == [*(stage.order("猫", [PASSAGES[1]]) or []), *(stage.order("猫", [longer]) or [])]


def test_the_model_is_loaded_once_in_a_process(folder: Path) -> None:
    settings = Settings(reranker=str(folder))
    assert open_second_stage(settings) is open_second_stage(settings.model_copy())


def test_without_a_setting_there_is_no_second_stage() -> None:
    assert open_second_stage(Settings()) is None


def test_equal_scores_keep_the_order_of_the_fusion() -> None:
    assert ids(rerank(Fixed([0.0, 2.0, 0.0, 2.0]), "问", PASSAGES, 20)) == ["c2", "c4", "c1", "c3"]


def test_only_the_first_candidates_are_read_and_the_others_follow() -> None:
    stage = Fixed([1.0, 2.0])
    reordered = rerank(stage, "问", PASSAGES, 2)
    assert stage.asked == ("问", ["鱼鸟鱼鸟", "猫鸟鱼鸟"])
    assert ids(reordered) == ["c2", "c1", "c3", "c4"]
    assert [(p.rank, p.rerank) for p in reordered] == [(1, 2.0), (2, 1.0), (3, None), (4, None)]


@pytest.mark.parametrize("scores", [None, [1.0, 2.0, float("nan"), 3.0]])
def test_without_a_score_for_each_the_order_of_the_fusion_stands_whole(
    scores: list[float] | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert rerank(Fixed(scores), "问", PASSAGES, 20) == tuple(PASSAGES)
    assert "the second stage gave no order for 4 passages: the first stage's stands" in caplog.text


def test_past_the_limit_no_more_batches_are_read_and_the_log_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ticks: Iterator[int] = count()
    model = load_cross_encoder(str(folder))
    six = [passage("猫" * n, n) for n in range(1, BATCH + 3)]
    assert rerank(CrossEncoderStage(model, 1.5, lambda: next(ticks)), "猫", six, 20) == tuple(six)
    assert f"reranking passed its 1.5 s after {BATCH} of {BATCH + 2} passages" in caplog.text
    assert next(ticks) == 3
    assert ids(rerank(CrossEncoderStage(model, 2.5, lambda: next(ticks)), "猫", six, 20)) == ids(six)[::-1]


def test_a_model_reads_title_section_and_text() -> None:
    assert text_of(passage("正文", 1, title="标题", section="小节")) == "标题\n小节\n正文"
    assert text_of(passage("正文", 1, title="标题")) == "标题\n正文"


def test_a_folder_that_is_not_there_is_an_error_at_the_start(tmp_path: Path, tiny_index: Path) -> None:
    settings = Settings(index=tiny_index, reranker=str(tmp_path / "none"))
    with pytest.raises(ModelError, match=r"cannot be loaded .*: give YINJU_RERANKER a local folder") as caught:
        AnswerChain(settings, embedder=FakeEmbedder())
    assert "加载不了：请把 YINJU_RERANKER 设为本地文件夹" in caught.value.chinese


def test_a_model_with_several_labels_or_without_a_head_is_no_reranker(tmp_path: Path) -> None:
    from transformers import BertModel

    several = save_cross_encoder(tmp_path / "several", labels=3)
    with pytest.raises(ModelError, match=r"is no reranker .*3 labels"):
        load_cross_encoder(str(several))
    headless = save_cross_encoder(tmp_path / "headless")
    BertModel.from_pretrained(headless).save_pretrained(headless)
    with pytest.raises(ModelError, match=r"is no reranker \(BertModel, 1 labels\)"):
        load_cross_encoder(str(headless))


def chain_with(stage: Any, index: Path, **settings: Any) -> AnswerChain:
    return AnswerChain(Settings(index=index, **settings), embedder=FakeEmbedder(), second_stage=stage)


def test_the_chain_hands_over_the_candidates_and_keeps_the_passages(tiny_index: Path) -> None:
    stage = Fixed([1.0, 2.0, 3.0])
    chain = chain_with(stage, tiny_index, passages=1)
    first = chain_with(None, tiny_index, passages=3).retrieve(Question("鸟会飞吗"), chain.index.current()).passages
    answer = chain.invoke("鸟会飞吗")
    assert stage.asked == ("鸟会飞吗", [p.chunk.text for p in first])
    assert [(p.chunk.id, p.rank, p.rerank) for p in answer.passages] == [(first[2].chunk.id, 1, 3.0)]
    assert answer.to_json()["passages"][0]["rerank"] == 3.0


def test_the_second_stage_has_its_own_timing(tiny_index: Path) -> None:
    class Slow(Fixed):
        def order(self, query: str, passages: Sequence[Passage]) -> list[float] | None:
            time.sleep(0.05)
            return None

    timings = chain_with(Slow(None), tiny_index).invoke("鸟会飞吗").timings_ms
    assert timings["rerank"] >= 50 and timings["retrieve"] > 0
    assert "rerank" not in chain_with(None, tiny_index).invoke("鸟会飞吗").timings_ms


def test_loading_says_nothing_on_the_log(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load_cross_encoder(str(folder))
    assert caplog.text == ""
