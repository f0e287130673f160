"""What an LLM is sent: what is likeliest to answer of each passage, fenced as data, and the last turns."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate

from rag.errors import PromptTooLong
from rag.library import Library
from rag.reading import FUSED_WEIGHT, windows_of
from rag.rewrite import is_follow_up
from rag.settings import Settings
from rag.text import count_tokens, index_terms
from rag.types import Message, Passage, Question, Scope

PROMPTS = Path(__file__).parents[1] / "prompts"
EARLIER = 3  # passages of the answers before that a follow-up is sent at most
STRETCH = 240  # code points that are sent of a passage at a time, in whole sentences
SHARED_WORDS = 10  # words shared with the question that the whole range of the fused score is worth
GAP = "……"  # stands where stretches of a passage do not follow each other


@cache
def load_prompt(name: str = "answer") -> ChatPromptTemplate:
    """The prompt of prompts/NAME.md: a system and a user message with named slots."""
    text = (PROMPTS / f"{name}.md").read_text(encoding="utf-8")
    system, user = text.split("## system\n", 1)[1].split("## user\n", 1)
    return ChatPromptTemplate.from_messages([("system", system.strip()), ("user", user.strip())])


def new_fence(name: str) -> str:
    """The tag that fences what others wrote in one request: new each time, so that none of it can close the fence."""
    return f"{name}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class Stretch:
    """Some sentences of a passage, the `at`-th stretch of it, and how likely they answer: a tuple to sort by."""

    passage: Passage
    at: int
    text: str
    likelihood: tuple[bool, float]


def stretches_of(passage: Passage, terms: set[str]) -> list[Stretch]:
    """A passage in stretches of about STRETCH code points.

    The reader says how likely one answers. Of what it has not read, which comes behind, the words that it shares with
    the question do.
    """
    read = passage.reading
    stretches = []
    for at, (start, window) in enumerate(windows_of(passage, STRETCH)):
        spans = [(start + a, start + b) for a, b in window.sentences]
        logs = [read.sentences[span] for span in spans if span in read.sentences] if read else []
        if read and logs:
            likelihood = read.answers + max(logs) + FUSED_WEIGHT * passage.score
        else:
            likelihood = len(terms & set(index_terms(window.text))) + SHARED_WORDS * passage.score
        stretches.append(Stretch(passage, at, window.text, (bool(logs), likelihood)))
    return stretches


def fence_passages(question: str, passages: Sequence[Passage], fence: str, budget: int) -> tuple[str, list[Passage]]:
    """The likeliest stretches of the passages as fenced data, as many as fit into a budget of cl100k tokens.

    The passages that they are of come with them, in their order.
    """
    terms = set(index_terms(question))
    stretches = [stretch for passage in passages for stretch in stretches_of(passage, terms)]
    stretches.sort(key=lambda stretch: stretch.likelihood, reverse=True)
    bodies: dict[int, str] = {}
    chosen: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        rank = stretch.passage.rank
        these = sorted([*chosen.get(rank, []), stretch], key=lambda s: s.at)
        body = _fenced(these, fence)
        cost = count_tokens(body) - count_tokens(bodies.get(rank, ""))
        if cost > budget:
            break
        budget -= cost
        chosen[rank], bodies[rank] = these, body
    sent = [passage for passage in passages if passage.rank in bodies]
    return "\n".join(bodies[passage.rank] for passage in sent), sent


def _fenced(stretches: Sequence[Stretch], fence: str) -> str:
    """Stretches of one passage, in the order of the text, between marks that say which passage it is."""
    passage = stretches[0].passage
    article = passage.article
    lines = [f"<{fence} 编号={passage.rank} 标题={article.title} 日期={article.published or '日期未注明'}>"]
    for last, stretch in zip((None, *stretches), stretches, strict=False):
        lines += [GAP] * (last is not None and stretch.at != last.at + 1) + [stretch.text]
    return "\n".join([*lines, f"</{fence}>"])


def passages_before(question: Question, passages: Sequence[Passage], library: Library, scope: Scope) -> list[Passage]:
    """What the answers before a follow-up cite, the last answer's first, ranked behind `passages`; at most EARLIER.

    None that is among them, that the scope leaves out, or that the index no longer has.
    """
    if not is_follow_up(question):
        return []
    here, allowed = {passage.chunk.id for passage in passages}, library.chunks_within(scope)
    cited = dict.fromkeys(id_ for message in reversed(question.history) for id_ in message.sources)
    there = library.articles_of(list(cited))
    left = [id_ for id_ in cited if id_ in there and id_ not in here and (allowed is None or id_ in allowed)]
    return [
        Passage(library.article(there[id_]), library.chunk(id_), rank, score=0.0)
        for rank, id_ in enumerate(left[:EARLIER], len(passages) + 1)
    ]


def prompt_messages(
    question: Question, passages: Sequence[Passage], settings: Settings
) -> tuple[list[BaseMessage], list[Passage]]:
    """What an LLM is sent for a question, and the passages in it.

    Raises PromptTooLong when nothing of a passage fits.
    """
    fence = new_fence("资料")
    history = recent_history(question.history, settings.llm_history_tokens)
    slots = {"fence": fence, "question": question.text, "history": f"之前的对话：\n{history}\n" if history else ""}
    empty = load_prompt().format(passages="", **slots)
    fenced, sent = fence_passages(question.text, passages, fence, settings.llm_prompt_tokens - count_tokens(empty))
    if not sent:
        raise PromptTooLong(
            f"the question leaves no room for a passage in {settings.llm_prompt_tokens} tokens: shorten it",
            "问题太长，放不下任何段落：请缩短问题",
        )
    return load_prompt().format_messages(passages=fenced, **slots), sent


def recent_history(history: Sequence[Message], budget: int) -> str:
    """The last turns of a conversation, a line each, as many whole ones as fit into a budget of cl100k tokens."""
    lines: list[str] = []
    for message in reversed(history):
        line = f"{'读者' if message.role == 'user' else '回答'}：{message.content}"
        budget -= count_tokens(line) + 1
        if budget < 0:
            break
        lines.insert(0, line)
    return "\n".join(lines)
