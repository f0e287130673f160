"""The LLM answerer: any chat model that LangChain knows, its sentences checked one by one as they arrive."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig

from rag.aliases import load_aliases
from rag.claims import claim_of, is_no_claim, repeats
from rag.drafts import Draft, split_drafts
from rag.errors import ModelError
from rag.features import Candidate, candidates_of
from rag.ground import find_support
from rag.prompt import prompt_messages
from rag.reply import Reply
from rag.settings import Settings
from rag.subjects import subjects_of
from rag.text import index_terms, normalize
from rag.types import Answer, Citation, Passage, Question, Statement

REFUSED = "文章里没有找到这个问题的答案。下面是最相近的原文，供参考。"
PARTLY = "问题的其余部分，模型没有在文章里找到答案。"
CUT = "模型的回答没有写完，未写完的一句已略去。"
DROPPED = "模型写的 {count} 句话在原文中找不到依据，已略去。"
MARKED = "模型写的 {count} 句话在原文中找不到依据，已注明“未能核实”。"
REPAIRED = "模型写的 {count} 句话在原文中找不到依据，已换成原文。"
NEARLY_ALL = 0.85  # share of the terms of a sentence with a wrong mark that the sentences of a passage must hold
_MAY_LEAD_AWAY = re.compile(r"://|www\.|\]\(|<\w", re.IGNORECASE)  # links, pictures and tags, which no check has seen
LONGEST_TOKEN = 8  # code points: more than a token of any model has on average, in any language
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
    try:
        opened: BaseChatModel = init_chat_model(model, model_provider=provider, **model_options(settings))
        return opened
    except (ImportError, ValueError, TypeError) as error:
        raise ModelError(
            f"YINJU_LLM={settings.llm} cannot be used: {error}",
            f"大模型 {settings.llm} 用不了（{error}）：请检查 YINJU_LLM 开头的几项设置",
        ) from error


def model_options(settings: Settings) -> dict[str, Any]:
    """What a chat model is opened with, in the names that its package has for it."""
    options: dict[str, Any] = {"temperature": 0}
    provider, key = settings.llm.partition(":")[0], settings.llm_api_key.get_secret_value()
    if provider == "ollama":  # which passes over the names of the others without a word
        options |= {"num_predict": settings.llm_answer_tokens, "client_kwargs": {"timeout": settings.llm_timeout}}
    else:
        options |= {"timeout": settings.llm_timeout, "max_retries": 1}
    if provider == "openai":
        options["max_tokens"] = settings.llm_answer_tokens
        key = key or "none"  # local servers want any key
    if key:
        options["api_key"] = key
    if settings.llm_base_url:
        options["base_url"] = settings.llm_base_url
    return options


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


@dataclass
class Checked:
    """An answer that grows by what a model wrote, sentence by sentence, each held against the passages `sent`.

    `asked` is what the reader said, `compared` what the question compares, `canonical` gives the name that the articles
    use for another; `declined`: the model finds no answer.
    """

    answer: Answer
    sent: Sequence[Passage]
    asked: str
    compared: Sequence[str]
    unsupported: Unsupported
    canonical: Callable[[str], str]
    declined: bool = False
    drafted: set[str] = field(default_factory=set)

    def take(self, drafts: Sequence[Draft]) -> None:
        """Check the next sentences."""
        for draft in drafts:
            claim, declined = claim_of(draft.text)
            self.declined |= declined
            if not claim or claim in self.drafted or repeats(claim, self.answer.question.text, self.titles):
                continue  # a small model repeats itself
            self.drafted.add(claim)
            draft = replace(draft, text=claim)
            if support := self.support_of(draft):
                self.answer = add_statement(self.answer, claim, support)
            elif not is_no_claim(draft):
                self.answer = self.unsupported.settle(self.answer, claim)

    def support_of(self, draft: Draft) -> list[Candidate]:
        """What a sentence rests on: of the passages that its marks name, or else of the one that has nearly its words.

        A wrong mark is a reason for doubt: the words of a sentence in all passages together are not enough then.
        """
        if support := self._found(draft):
            return support
        terms = set(index_terms(draft.text))
        for passage in self.sent if draft.marks else ():
            support = self._found(replace(draft, marks=(passage.rank,)))
            held = {term for candidate in support for term in index_terms(candidate.text)}
            if support and len(terms & held) >= NEARLY_ALL * len(terms):
                return support
        return []

    def _found(self, draft: Draft) -> list[Candidate]:
        return find_support(draft, self.sent, self.asked, self.compared, self.canonical)

    @cached_property
    def titles(self) -> set[str]:
        """What its passages are titled, normalised."""
        return {normalize(passage.article.title) for passage in self.sent}


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
    Raises ModelError when the model fails, PromptTooLong when nothing of a passage fits, CorpusError for aliases that
    cannot be used.
    """
    messages, sent = prompt_messages(question, passages, settings)
    asked = " ".join([*(m.content for m in question.history if m.role == "user"), question.text])
    compared = subjects_of(question.text, candidates_of(sent))
    canonical = load_aliases(settings.corpus).canonical

    def begun() -> Checked:
        answer = Answer(question, passages=passages, answerer=settings.llm)
        unsupported = Unsupported(settings.llm_unverified, list(extracts))
        return Checked(answer, sent, asked, compared, unsupported, canonical)

    checked, rest = begun(), ""
    longest = LONGEST_TOKEN * settings.llm_answer_tokens
    reply = Reply(model, messages, config, seconds=settings.llm_timeout, longest=longest)
    for piece in reply:
        if piece is None:
            checked, rest = begun(), ""
            continue
        drafts, rest = split_drafts(rest + piece, finished=False)
        checked.take(drafts)
        yield replace(checked.answer, draft=rest)
    drafts, rest = split_drafts(rest, finished=reply.finished, broken=not reply.finished)
    checked.take(drafts)
    answer = checked.answer
    if any(statement.verified for statement in answer.statements):
        yield replace(answer, notice=checked.unsupported.notice + PARTLY * checked.declined + CUT * bool(rest))
    elif checked.declined:
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
