"""How the reply of a chat model is read, whatever provider it comes from."""

import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from rag.reply import Reply, in_time, with_whole_characters, without_thoughts


class Streaming(BaseChatModel):
    """Gives a text in pieces, then metadata as the package of a provider does."""

    pieces: list[str]
    metadata: dict[str, Any] = Field(default_factory=dict)

    @property
    def _llm_type(self) -> str:
        return "streaming"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(piece))
        yield ChatGenerationChunk(message=AIMessageChunk("", response_metadata=self.metadata))


@pytest.mark.parametrize(
    ("metadata", "finished"),
    [
        ({"finish_reason": "stop"}, True),
        ({"done_reason": "stop"}, True),
        ({"stop_reason": "end_turn", "stop_sequence": None}, True),
        ({"finish_reason": "STOP"}, True),
        ({"stopReason": "end_turn"}, True),
        ({"finish_reason": "COMPLETE"}, True),
        ({"finish_reason": "eos_token"}, True),
        ({}, False),
        ({"finish_reason": None}, False),
        ({"finish_reason": "length"}, False),
        ({"stop_reason": "max_tokens"}, False),
        ({"finish_reason": "MAX_TOKENS"}, False),
        ({"finish_reason": "content_filter"}, False),
    ],
)
def test_a_reply_is_finished_where_the_provider_says_so_in_its_own_words(
    metadata: dict[str, Any], finished: bool
) -> None:
    reply = Reply(Streaming(pieces=["福利社", "关闭。"], metadata=metadata), [])
    assert (reply.whole(), reply.finished) == ("福利社关闭。", finished)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["关闭", "\ud83d", "\ude00", "。"], "关闭😀。"),
        (["关闭\ud83d", "\ude00。"], "关闭😀。"),
        (["关闭\ud83d。"], "关闭\ufffd。"),
        (["关闭\ude00", "。"], "关闭\ufffd。"),
        (["关闭", "\ud83d"], "关闭\ufffd"),
        (["\ud83d", "\ud83d\ude00"], "\ufffd😀"),
        (["关闭😀", "", "。"], "关闭😀。"),
    ],
)
def test_halves_of_a_character_are_joined_and_a_lone_one_is_replaced(pieces: list[str], text: str) -> None:
    assert "".join(with_whole_characters(pieces)) == text


SAID = "福利社关闭。[1]"


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize(
    ("written", "told"),
    [
        (SAID, SAID),
        (f"<think>\n也许是2022年？\n</think>{SAID}", SAID),
        (f"<think></think>{SAID}", SAID),
        (f"<Thinking>想。</Thinking>{SAID}", SAID),
        (f"<think>一</think>福利<think>二</think>{SAID}", f"福利{SAID}"),
        (f"也许是2022年？\n</think>{SAID}", SAID),
        (f"{SAID}<think>也许是", SAID),
        ("<think>也许是2022年。", ""),
        ("a<b，</p><thin", "a<b，</p><thin"),
    ],
)
def test_what_a_model_thinks_aloud_is_no_part_of_its_reply(written: str, told: str, size: int) -> None:
    text = ""
    for piece in without_thoughts(written[at : at + size] for at in range(0, len(written), size)):
        text = "" if piece is None else text + piece
    assert text == told


def test_items_in_time_are_given_and_the_first_late_one_ends_the_wait() -> None:
    late = threading.Event()
    ended: list[str] = []

    def items() -> Iterator[int]:
        try:
            yield 1
            late.wait(20)
            yield 2
            ended.append("went on")
            yield 3
        finally:
            ended.append("closed")

    assert list(in_time(iter([1, 2]), 5)) == [1, 2]
    assert list(in_time(iter([1, 2]), None)) == [1, 2]
    read = in_time(items(), 0.2)
    assert next(read) == 1
    with pytest.raises(TimeoutError, match=r"no word for 0\.2 s"):
        next(read)
    late.set()
    for _ in range(200):
        if ended:
            break
        time.sleep(0.01)
    assert ended == ["closed"]


def test_items_are_read_in_the_context_of_who_waits_for_them() -> None:
    user = ContextVar("user", default="")
    user.set("alice")
    assert list(in_time((user.get() for _ in range(1)), 5)) == ["alice"]


def test_an_error_among_items_is_raised_where_they_are_waited_for() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("2")

    read = in_time(items(), 5)
    assert next(read) == 1
    with pytest.raises(ValueError, match="2"):
        next(read)
