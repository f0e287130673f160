"""A follow-up made to stand alone by an LLM, and the check of what it wrote; behind it stand the rules."""

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from rag.errors import ModelError
from rag.given import MARK
from rag.prompt import load_prompt, new_fence
from rag.reply import Reply
from rag.rewrite import without_pointers
from rag.settings import Settings
from rag.text import content_of, count_tokens, figures, index_terms, normalize
from rag.types import Question

SHOWN = 6  # messages
log = logging.getLogger(__name__)
Result = TypeVar("Result")

HISTORY_TOKENS = 400
ASKED = 200  # code points of an earlier question
ANSWERED = 100  # code points of the last answer; those before it are not sent
KEPT = 0.5  # share of the question's own terms that its rewriting must hold
_LABEL = re.compile(r"^(?:改写后?的?|完整的?|独立的?)?(?:问题|追问|改写|输出)[:：]\s*")
_QUOTATION = re.compile(r"^[“\"「『](.*)[”\"」』]$")
_RESIDUE = re.compile(
    r"[<>{}]|忽略|无视|指令|指示|提示词|上文|上述|追问|改写|抱歉|对不起|作为一[个名]|资料-|\b(?:system|user|assistant)\b",
    re.IGNORECASE,
)


def rewrite_follow_up(
    model: BaseChatModel, question: Question, settings: Settings, config: RunnableConfig | None = None
) -> str | None:
    """The question as a model completes it from the turns before it; None where that is late or not to be believed."""
    turns = turns_to_send(question, HISTORY_TOKENS)
    fence = new_fence("对话")
    slots = {"fence": fence, "history": "\n".join(turns), "question": _on_one_line(question.text)}
    messages = load_prompt("rewrite").format_messages(**slots)
    asked = [message.content for message in question.history if message.role == "user"]
    longest = 2 * (len(question.text) + min(len(asked[-1]), ASKED)) if asked else 0
    ends = time.monotonic() + settings.llm_rewrite_seconds
    try:
        reply = within(settings.llm_rewrite_seconds, lambda: _written(model, messages, config, longest, ends))
    except (ModelError, TimeoutError) as error:
        log.warning(
            "the rules complete the follow-up: %s", str(error) or f"no reply in {settings.llm_rewrite_seconds:g} s"
        )
        return None
    text = unwrapped(reply)
    if doubt := doubt_about(text, question.text, turns, longest):
        told = f"{reply!r} {doubt}" if settings.log_questions else f"rewriting {doubt.partition(':')[0]}"
        log.warning("the rules complete the follow-up: the LLM's %s", told)
        return None
    return text


def turns_to_send(question: Question, budget: int) -> list[str]:
    """The turns before a question as lines of a prompt, oldest first: as many of the last ones as fit into the budget.

    Earlier questions in full, of the answers only the beginning of the last: older ones mislead more than they help.
    """
    lines: list[str] = []
    for back, message in enumerate(reversed(question.history[-SHOWN:])):
        if message.role == "user":
            line = f"读者：{_on_one_line(message.content)[:ASKED]}"
        elif back == 0:
            line = f"回答：{_on_one_line(MARK.sub('', message.content))[:ANSWERED]}"
        else:
            continue
        budget -= count_tokens(line) + 1
        if budget < 0:
            break
        lines.insert(0, line)
    return lines


def unwrapped(reply: str) -> str:
    """A reply without a label in front of it (改写后的问题：) and quotation marks around it."""
    text = _LABEL.sub("", reply.strip())
    quotation = _QUOTATION.match(text)
    return quotation[1] if quotation else text


def doubt_about(text: str, question: str, turns: Sequence[str], longest: int) -> str:
    """What speaks against a rewriting, as the end of a sentence; empty where it can be believed.

    It must be one short line that adds nothing which stands neither in the question nor in the turns, and that still
    asks what the question asks: an answer, or what a turn tells the model to write, does not. The words of the
    conversation that speak against it stand behind a colon.
    """
    known = normalize("\n".join((question, *turns)))
    if not text or "\n" in text or len(text) > longest:
        return f"is not one line of at most {longest} characters"
    if (residue := _RESIDUE.search(text)) and residue[0] not in question:
        return f"talks about the task: {residue[0]}"
    if added := figures(text) - figures(known):
        return f"adds a figure: {min(added)}"
    if stranger := invented(text, known):
        return f"adds a word: {stranger}"
    if set(index_terms(content_of(text))) <= set(index_terms(content_of(question))):
        return "adds nothing"
    own = set(index_terms(content_of(without_pointers(question))) or index_terms(question))
    if sum(term in normalize(text) for term in own) < KEPT * len(own):
        return "drops what the question asks"
    return ""


def invented(text: str, known: str) -> str:
    """The first word of a text that the known text, normalised, lacks; empty where it has them all.

    A Chinese word is a stretch of two characters or more, beside words that only ask or link, no two of which stand
    side by side in the known text. So 西安明天 is known from 西安天气 and 明天有雨吗, and 淘宝 is not from 宝贝.
    """
    own = content_of(text)
    words = {term for term in index_terms(known) if term.isascii()}
    if foreign := [term for term in index_terms(own) if term.isascii() and term not in words]:
        return foreign[0]
    covered = [not char.isalnum() or char.isascii() for char in own]
    for at in range(len(own) - 1):
        if own[at : at + 2] in known:
            covered[at] = covered[at + 1] = True
    for is_known, stretch in groupby(zip(own, covered, strict=True), key=lambda pair: pair[1]):
        word = "".join(char for char, _ in stretch)
        if not is_known and len(word) > 1:
            return word
    return ""


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """What a call gives, or raises. Raises TimeoutError after so many seconds; its thread then ends unheard."""
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # it is raised again where the result is waited for
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome.result(seconds)


def _written(
    model: BaseChatModel, messages: list[BaseMessage], config: RunnableConfig | None, longest: int, ends: float
) -> str:
    """The reply of a model, empty where it breaks off; it is not read past its first line, `longest` or its end."""
    text = ""
    reply = Reply(model, messages, config)
    for piece in reply:
        text = "" if piece is None else text + piece
        if "\n" in text.strip() or len(text) > longest + ANSWERED or time.monotonic() > ends:
            return text.strip()
    return text.strip() if reply.finished or text.rstrip().endswith(("？", "?")) else ""


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
