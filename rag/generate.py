"""The LLM answerer: any chat model that LangChain knows, its sentences checked one by one as they arrive."""

import math
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig

from rag.errors import ModelError, PromptTooLong
from rag.features import Candidate
from rag.ground import find_support, split_drafts
from rag.library import Library
from rag.reading import windows_of
from rag.rewrite import is_follow_up
from rag.settings import Settings
from rag.text import count_tokens, index_terms
from rag.types import Answer, Citation, Message, Passage, Question, Scope, Statement

PROMPTS = Path(__file__).parents[1] / "prompts"
EARLIER = 3  # passages of the answers before that a follow-up is sent at most
WINDOWS_SHOWN = 2  # of a passage, as the reader reads it
GAP = "\n……\n"  # between windows of a passage that do not follow each other
NOT_STATED = "资料未提及"
REFUSED = "文章里没有写明这个问题的答案。下面是最相近的原文，供参考。"
CUT = "模型的回答没有写完，未写完的一句已略去。"
DROPPED = "模型写的 {count} 句话在原文中找不到依据，已略去。"
MARKED = "模型写的 {count} 句话在原文中找不到依据，已注明“未能核实”。"
REPAIRED = "模型写的 {count} 句话在原文中找不到依据，已换成原文。"
_MAY_LEAD_AWAY = re.compile(r"://|www\.|\]\(|<\w", re.IGNORECASE)  # links, pictures and tags, which no check has seen
_PACKAGES = {"openai": "langchain_openai", "ollama": "langchain_ollama"}


def open_model(settings: Settings) -> BaseChatModel:
    """The chat model that the settings name. Raises ModelError where its package is missing or its name unknown."""
    from langchain.chat_models import init_chat_model

    provider, colon, model = settings.llm.partition(":")
    if not colon or not model:
        raise ModelError(
            f"YINJU_LLM is {settings.llm!r}: write provider:model, such as openai:deepseek-chat",
            f"YINJU_LLM 现在是 {settings.llm!r}：请写成“提供方:模型”，如 openai:deepseek-chat",
        )
    package = _PACKAGES.get(provider)
    if package and find_spec(package) is None:
        raise ModelError(
            f"{settings.llm} needs a package that is not installed: run pip install 'yinju[{provider}]'",
            f"使用 {settings.llm} 还缺一个包：请运行 pip install 'yinju[{provider}]'",
        )
    options: dict[str, Any] = {"temperature": 0, "timeout": settings.llm_timeout, "max_retries": 1}
    if provider == "openai":
        options["max_tokens"] = settings.llm_answer_tokens
        options["api_key"] = settings.llm_api_key.get_secret_value() or "none"  # local servers want any key
    elif key := settings.llm_api_key.get_secret_value():
        options["api_key"] = key
    if settings.llm_base_url:
        options["base_url"] = settings.llm_base_url
    try:
        opened: BaseChatModel = init_chat_model(model, model_provider=provider, **options)
        return opened
    except (ImportError, ValueError, TypeError) as error:
        raise ModelError(
            f"YINJU_LLM={settings.llm} cannot be used: {error}",
            f"大模型 {settings.llm} 用不了（{error}）：请检查 YINJU_LLM 开头的几项设置",
        ) from error


@cache
def load_prompt(name: str = "answer") -> ChatPromptTemplate:
    """The prompt of prompts/NAME.md: a system and a user message with named slots."""
    text = (PROMPTS / f"{name}.md").read_text(encoding="utf-8")
    system, user = text.split("## system\n", 1)[1].split("## user\n", 1)
    return ChatPromptTemplate.from_messages([("system", system.strip()), ("user", user.strip())])


def fence_passages(question: str, passages: Sequence[Passage], fence: str, budget: int) -> tuple[str, list[Passage]]:
    """The passages as fenced data, as many as fit into a budget of cl100k tokens; and those passages."""
    parts: list[str] = []
    sent: list[Passage] = []
    for passage in passages:
        article = passage.article
        head = f"编号={passage.rank} 标题={article.title} 日期={article.published or '日期未注明'}"
        body = f"<{fence} {head}>\n{shown_of(passage, question)}\n</{fence}>"
        cost = count_tokens(body)
        if cost > budget:
            break
        budget -= cost
        parts.append(body)
        sent.append(passage)
    return "\n".join(parts), sent


def shown_of(passage: Passage, question: str) -> str:
    """What an LLM is shown of a passage: all of a short one, of a longer one the WINDOWS_SHOWN likeliest windows.

    The reader says how likely one answers; where it read none, the words that it shares with the question do.
    """
    windows = windows_of(passage)
    if len(windows) <= WINDOWS_SHOWN:
        return passage.chunk.text.strip()
    read = passage.reading.sentences if passage.reading else {}
    terms = set(index_terms(question))

    def likelihood(at: int) -> tuple[float, int]:
        start, window = windows[at]
        logs = [read.get((start + a, start + b), -math.inf) for a, b in window.sentences]
        return max(logs), len(terms & set(index_terms(window.text)))

    shown = sorted(sorted(range(len(windows)), key=likelihood)[-WINDOWS_SHOWN:])
    gaps = ["" if at == shown[0] else "\n" if at - 1 in shown else GAP for at in shown]
    return "".join(gap + windows[at][1].text for gap, at in zip(gaps, shown, strict=True))


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

    Raises PromptTooLong when not even one passage fits.
    """
    fence = f"资料-{secrets.token_hex(3)}"  # new for each request, so that no article can close it
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


@dataclass
class Unsupported:
    """What becomes of the sentences of an LLM that nothing supports, and how many there were of each fate.

    `extracts` are sentences of the articles that answer the question, the best first.
    """

    policy: str
    extracts: list[Candidate]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((DROPPED, MARKED, REPAIRED), 0))

    def settle(self, answer: Answer, text: str) -> Answer:
        """The answer with the sentence marked, with the article's own in its place, or without it."""
        fate = DROPPED
        if self.policy == "mark" and not _MAY_LEAD_AWAY.search(text):
            fate = MARKED
            answer = replace(answer, statements=(*answer.statements, Statement(text, (), verified=False)))
        elif self.policy == "repair" and (extract := nearest_extract(text, self.extracts, answer)):
            fate = REPAIRED
            answer = add_statement(answer, extract.text, [extract])
        self.counts[fate] += 1
        return answer

    @property
    def notice(self) -> str:
        """What the reader is told of them."""
        return "".join(notice.format(count=count) for notice, count in self.counts.items() if count)


def nearest_extract(text: str, extracts: Sequence[Candidate], answer: Answer) -> Candidate | None:
    """The extract that shares most terms with a sentence; None where all are cited already or share none."""
    cited = {(c.article.id, c.start, c.end) for c in answer.citations}
    left = [e for e in extracts if (e.passage.article.id, e.start, e.end) not in cited]
    terms = set(index_terms(text))
    best = max(left, key=lambda e: len(terms & set(index_terms(e.text))), default=None)
    return best if best and terms & set(index_terms(best.text)) else None


def generate(
    model: BaseChatModel,
    question: Question,
    passages: tuple[Passage, ...],
    settings: Settings,
    config: RunnableConfig | None = None,
    *,
    extracts: Sequence[Candidate] = (),
) -> Iterator[Answer]:
    """The answer as it grows, a checked statement longer each time; `draft` holds the words not checked yet.

    A sentence without support in the passages is dealt with as the settings say (`extracts` may take its place), one
    that breaks off is left out; the notice of the last answer says so. An answer without a verified statement that is
    not refused means that nothing held.
    Raises ModelError when the model fails, PromptTooLong when not even one passage fits.
    """
    messages, sent = prompt_messages(question, passages, settings)
    answer = Answer(question, passages=passages, answerer=settings.llm)
    rest, declined = "", False
    unsupported = Unsupported(settings.llm_unverified, list(extracts))
    reply = Reply(model, messages, config)
    for piece in reply:
        rest += piece
        drafts, rest = split_drafts(rest, finished=reply.finished)
        for draft in drafts:
            if support := find_support(draft, sent):
                answer = add_statement(answer, draft.text, support)
            elif NOT_STATED in draft.text:
                declined = True
            else:
                answer = unsupported.settle(answer, draft.text)
        yield replace(answer, draft=rest)
    if any(statement.verified for statement in answer.statements):
        yield replace(answer, notice=unsupported.notice + CUT * bool(rest))
    elif declined:
        yield replace(answer, statements=(), refused=True, notice=REFUSED)
    else:
        yield replace(answer, statements=())


def add_statement(answer: Answer, text: str, support: Sequence[Candidate]) -> Answer:
    """The answer with one more statement that cites its support."""
    citations = list(answer.citations)
    markers = []
    for candidate in support:
        article = candidate.passage.article
        place = (article.id, candidate.start, candidate.end)
        known = next((c.marker for c in citations if (c.article.id, c.start, c.end) == place), None)
        if known is None:
            citations.append(Citation(len(citations) + 1, article, candidate.start, candidate.end))
        markers.append(known or len(citations))
    return replace(answer, statements=(*answer.statements, Statement(text, tuple(markers))), citations=tuple(citations))


class Reply:
    """What a model writes, piece by piece; `finished` is true from the piece on with which it says that it stops.

    A reply that breaks off or reaches its limit is never finished.
    """

    def __init__(self, model: BaseChatModel, messages: list[BaseMessage], config: RunnableConfig | None) -> None:
        self._model, self._messages, self._config = model, messages, config
        self.finished = False

    def __iter__(self) -> Iterator[str]:
        try:
            for chunk in self._model.stream(self._messages, self._config):
                metadata = chunk.response_metadata
                self.finished |= (metadata.get("finish_reason") or metadata.get("done_reason")) == "stop"
                yield chunk.text
        except Exception as error:  # each provider has errors of its own, without a common class
            raise ModelError(
                f"the LLM did not answer ({type(error).__name__}: {error})",
                "大模型没有回答：请检查 YINJU_LLM_BASE_URL 和 YINJU_LLM_API_KEY，详情见日志",
            ) from error
