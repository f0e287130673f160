"""What a chat model writes, read as it comes: without its thoughts, in whole characters, and how it ends."""

import re
from collections.abc import Iterable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from math import inf
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk
from langchain_core.runnables import RunnableConfig

from rag.errors import ModelError

# What a provider's package of LangChain calls the reason why the model stopped, and the reasons that it was done.
_REASONS = ("finish_reason", "done_reason", "stop_reason", "stopReason")
_DONE = {"stop", "end_turn", "stop_sequence", "complete", "eos", "eos_token"}

Item = TypeVar("Item")
_TAG = re.compile(r"<(?P<end>/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_BEGUN_TAG = re.compile(r"</?[a-z]{0,9}$", re.IGNORECASE)


class Reply:
    """What a model writes, piece by piece; `finished` is true once it has said that it is done.

    A reply that breaks off, reaches its limit or does not say why it ends is never finished. Of what it thinks aloud
    nothing is given; where thoughts turn out to be such only at their end, a None takes back all before it.
    One that goes on past `longest` code points is not read further: there are servers that know no limit, and models
    that never end.
    Raises ModelError where the model fails, or sends no word, not even a thought, for so many `seconds`.
    """

    def __init__(
        self,
        model: BaseChatModel,
        messages: list[BaseMessage],
        config: RunnableConfig | None = None,
        *,
        seconds: float | None = None,
        longest: float = inf,
    ) -> None:
        self._model, self._messages, self._config = model, messages, config
        self._seconds, self._longest = seconds, longest
        self.finished = False

    def __iter__(self) -> Iterator[str | None]:
        try:
            read = map(self._read, in_time(self._stream(), self._seconds))
            yield from without_thoughts(with_whole_characters(up_to(self._longest, read)))
        except Exception as error:  # each provider has errors of its own, without a common class
            raise ModelError(
                f"the LLM did not answer ({type(error).__name__}: {error})",
                "大模型没有回答：请检查 YINJU_LLM_BASE_URL 和 YINJU_LLM_API_KEY，详情见日志",
            ) from error

    def whole(self) -> str:
        """All that it writes."""
        text = ""
        for piece in self:
            text = "" if piece is None else text + piece
        return text

    def _stream(self) -> Iterator[BaseMessageChunk]:
        return self._model.stream(self._messages, self._config)

    def _read(self, chunk: BaseMessageChunk) -> str:
        reasons = (str(chunk.response_metadata.get(name)).lower() for name in _REASONS)
        self.finished |= any(reason in _DONE for reason in reasons)
        return str(chunk.text)


def up_to(longest: float, pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of a text up to the one that makes it longer than so many code points."""
    read = 0
    for piece in pieces:
        yield piece
        read += len(piece)
        if read > longest:
            return


def in_time(items: Iterator[Item], seconds: float | None) -> Iterator[Item]:
    """The items, read in a thread of their own. Raises TimeoutError where the next takes longer than so many seconds.

    What a server sends to keep a connection open ends every timeout of a client but makes no item. Once nobody wants
    more, the thread ends with the item that it waits for.
    """
    read = SimpleQueue[Item | _End]()
    unwanted = Event()

    def run() -> None:
        try:
            for item in items:
                read.put(item)
                if unwanted.is_set():
                    break
            read.put(_End())
        except BaseException as error:  # it is raised again where the item is waited for
            read.put(_End(error))

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    try:
        while not isinstance(item := read.get(timeout=seconds), _End):
            yield item
        if item.error:
            raise item.error
    except Empty:
        raise TimeoutError(f"no word for {seconds:g} s") from None
    finally:
        unwanted.set()


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


def with_whole_characters(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of a text with every character whole: halves that were sent apart joined, a lone one as U+FFFD.

    Halves are the surrogates of UTF-16, in which some servers cut an emoji.
    """
    half = ""
    for piece in pieces:
        text = half + piece
        half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        yield text.removesuffix(half).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if half:
        yield "\ufffd"


def without_thoughts(pieces: Iterable[str]) -> Iterator[str | None]:
    """The pieces of a reply without <think>…</think>; a thought that never ends goes on to the end.

    The server may have opened the block in the prompt: then a closing tag comes without an opening one, and a None is
    given, for all before it was thought.
    """
    text, thinking = "", False
    for piece in pieces:
        text += piece
        while tag := _TAG.search(text):
            if tag["end"] and not thinking:
                yield None
            elif not thinking:
                yield text[: tag.start()]
            text, thinking = text[tag.end() :], not tag["end"]
        begun = _BEGUN_TAG.search(text)
        held = text[begun.start() :] if begun else ""
        yield "" if thinking else text.removesuffix(held)
        text = held
    if text and not thinking:
        yield text
