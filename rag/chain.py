"""The pipeline: question, query, passages, answer. The only place that knows the order.

A LangChain Runnable: `invoke`, `stream`, `batch` and their async forms; callbacks see the retriever and the model.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, patch_config
from langchain_core.runnables.config import run_in_executor

from rag.about import answer_about
from rag.aliases import load_aliases
from rag.backend import open_backend
from rag.dates import period_of
from rag.diversity import arrange
from rag.embed import Embedder, SentenceEmbedder
from rag.errors import RagError
from rag.extract import asking_words, choose, extract, nearest_citations
from rag.generate import generate, open_model, with_other_views
from rag.index import Generation, IndexReader
from rag.library import Library
from rag.logs import fields
from rag.measure import READ_PASSAGES, Measured, answer_probability, measure, topic_probability
from rag.missing import unsaid
from rag.origins import number_origins
from rag.reader import Reader, open_reader
from rag.reading import InProgress, in_order_read, read_passages
from rag.rerank import SecondStage, open_second_stage, rerank
from rag.retrieve import HybridRetriever
from rag.rewrite import is_follow_up, refers_back
from rag.rewrite_llm import rewrite_follow_up
from rag.scope import ABSENT_WITHIN, describe_scope, read_scope, unmet_notice
from rag.settings import Settings, load_settings
from rag.timeline import asks_for_sequence
from rag.types import ALL, Answer, Message, Passage, Query, Question, Scope, Search
from rag.understand import understand

log = logging.getLogger(__name__)

Input = Question | str | dict[str, Any]

EMPTY = "请输入一个问题。"
TOO_LONG = "问题太长：有 {length} 个字，最多 {limit} 个字。请缩短后再问。"
ABSENT = "文章库里没有找到与这个问题有关的内容。可以换个说法再问，或先把相关文章加入文章库。"
UNSURE = "文章库里大概没有与这个问题有关的内容。下面是最相近的原文，供参考。"
UNSURE_ABOVE = 0.5  # of the refusal threshold: above it the nearest sentences are worth a look
UNKNOWN = "文章里没有出现“{names}”，下面的内容不一定是你要找的。"
STOPPED = "已停止，下面的回答不完整。"  # of an answer that its reader stopped
FELL_BACK = "大模型（{name}）没有给出可用的回答，以下改为原文摘编。"


def to_question(given: Input) -> Question:
    """A question from its text, or from {"question", "history": [{"role", "content"}], "id", "scope"}.

    Raises ValueError for anything else.
    """
    if isinstance(given, Question):
        return given
    if isinstance(given, str):
        return Question(_valid_text(given))
    if not isinstance(given, dict):
        raise ValueError(f"a question must be text or an object with the key question, not {type(given).__name__}")
    try:
        history = tuple(Message(str(turn["role"]), str(turn["content"])) for turn in given.get("history") or [])
        text = given["question"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'give "question", and in each turn of "history" "role" and "content" ({error})') from error
    if not isinstance(text, str):
        raise ValueError(f'"question" must be text, not {type(text).__name__}')
    return Question(_valid_text(text), history, str(given.get("id", "")), read_scope(given.get("scope")))


def _valid_text(text: str) -> str:
    """The text, if it can be written as UTF-8. Raises ValueError for half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the question holds a broken character at {error.start}: send it as UTF-8") from error
    return text


def absent_notice(scope: Scope, library: Library) -> str:
    """Why nothing was found: no article meets the scope, or those that do hold nothing on the topic."""
    allowed = library.articles_within(scope)
    if allowed is None:
        return ABSENT
    if not allowed:
        return unmet_notice(scope, library.metadata)
    return ABSENT_WITHIN.format(scope=describe_scope(scope, library.metadata))


class AnswerChain(Runnable[Input, Answer]):
    """Answers questions from the published generation of an index.

    `stream` yields the answer as it grows: first what was found, without a word; the last one is whole, and is what
    `invoke` gives.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        model: BaseChatModel | None = None,
        second_stage: SecondStage | None = None,
        today: Callable[[], date] = date.today,
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        """Raises ModelError when the settings name an LLM or a reranker that cannot be used.

        `today` is what 去年 counts from; `waiting` tells how many more questions wait for an answer, where they queue.
        """
        self.settings = settings
        self.embedder = embedder or SentenceEmbedder(settings.embedding_model)
        self.index = IndexReader(settings.index, self.embedder, open_backend(settings))
        self.today = today
        self.waiting = waiting
        self.model = model or (open_model(settings) if settings.llm else None)
        self.second_stage = second_stage or open_second_stage(settings)
        self._in_progress = InProgress()

    @cached_property
    def reader(self) -> Reader | None:
        """The trained reader, opened when it is first used; None where the settings or the model have none."""
        return open_reader(self.embedder) if self.settings.reader else None

    def with_options(
        self, *, passages: int | None = None, prefer_newer: bool | None = None, extractive: bool = False
    ) -> "AnswerChain":
        """A chain with one reader's choices that shares all that is open with this one; None leaves a setting as it is.

        `extractive` leaves the LLM out. Raises SettingsError for a number of passages that the settings do not allow.
        """
        chosen = {"passages": passages, "prefer_newer": prefer_newer}
        given = {name: value for name, value in chosen.items() if value is not None}
        chain = copy(self)
        chain.settings = load_settings(**(dict(self.settings) | given))
        chain.model = None if extractive else self.model
        chain.reader = self.reader  # opened here, so that it is opened once
        return chain

    def invoke(self, input: Input, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002
        """The whole answer. Raises RagError when there is no usable index, ValueError for a malformed input."""
        *_, answer = self.stream(input, config, **kwargs)
        return answer

    def stream(self, input: Input, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Answer]:  # noqa: A002
        """The answer as it grows."""
        yield from self._transform_stream_with_config(iter([input]), self._answers, config, **kwargs)

    async def astream(
        self,
        input: Input,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Answer]:
        """The answer as it grows; the work is done in a thread."""
        answers = self.stream(input, config, **kwargs)
        while (answer := await run_in_executor(config, next, answers, None)) is not None:
            yield answer

    def warm(self) -> None:
        """Load all that the first question would wait for; raises RagError as `invoke` does."""
        self.retrieve(Question("预热"), self.index.current())
        self.embedder.everyday_cosine("预热")

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def _answers(self, inputs: Iterator[Input], run_manager: Any, config: RunnableConfig) -> Iterator[Answer]:
        started = time.perf_counter()
        for given in inputs:
            question = to_question(given)
            timings: dict[str, float] = {}
            for answer in self._steps(question, timings, patch_config(config, callbacks=run_manager.get_child())):
                timings["total"] = (time.perf_counter() - started) * 1000
                yield replace(answer, timings_ms=dict(timings))
            self._log(answer, timings)

    def _log(self, answer: Answer, timings: dict[str, float]) -> None:
        """One line for an answered question; its words only where the settings ask for them."""
        words = {"question": answer.question.text} if self.settings.log_questions else {}
        of = fields(
            id=answer.question.id,
            generation=answer.index_generation,
            answerer=answer.answerer,
            refused=answer.refused,
            statements=len(answer.statements),
            timings_ms={stage: round(ms, 1) for stage, ms in timings.items()},
            **words,
        )
        log.info("answered", extra=of)

    def _steps(self, question: Question, timings: dict[str, float], config: RunnableConfig) -> Iterator[Answer]:
        letters = question.text.strip()
        if not letters:
            yield Answer(question, refused=True, notice=EMPTY)
            return
        if len(letters) > self.settings.question_limit:
            notice = TOO_LONG.format(length=len(letters), limit=self.settings.question_limit)
            yield Answer(question, refused=True, notice=notice)
            return
        settings, generation = self.settings, self.index.current()
        number = generation.manifest.generation
        for search in self._searches(question, generation, config, timings):
            yield Answer(question, passages=search.passages, index_generation=number, search=search)
        query, passages = search.query, search.passages
        with _timed(timings, "measure"):
            newest = question.text if question.history and query.text != question.text else None
            most = settings.passages if asks_for_sequence(question.text) else READ_PASSAGES
            own = not refers_back(question.text)
            measured = (
                measure(query.text, passages, generation, self.embedder, newest=newest, own_topic=own, most=most)
                if passages
                else None
            )
        if about := answer_about(question, query, generation.library, passages):
            yield replace(about, index_generation=number, origins=(1,) * len(about.citations), search=search)
            return
        judged = self._judged(question, search, measured, generation.library)
        if measured is None or judged.refused:
            yield replace(judged, index_generation=number, search=search)
            return
        begun = time.perf_counter()
        for answer in self._answer(question, query, measured, passages, config):
            timings["answer"] = (time.perf_counter() - begun) * 1000
            origins = number_origins(answer.citations, generation.library)
            confidence = judged.confidence
            yield replace(answer, confidence=confidence, index_generation=number, origins=origins, search=search)

    def _judged(self, question: Question, search: Search, measured: Measured | None, library: Library) -> Answer:
        """An answer without a word yet, with its confidence; refused where that is too low."""
        scope, passages, least = search.query.scope, search.passages, self.settings.refusal_threshold
        topic = topic_probability(measured) if measured else 0.0
        if measured is None or not measured.candidates or topic < least:
            nearest = nearest_citations(measured) if measured and topic >= UNSURE_ABOVE * least else ()
            notice = UNSURE if nearest and scope == ALL else absent_notice(scope, library)
            return Answer(question, (), (), passages, refused=True, notice=notice, nearest=nearest, confidence=topic)
        said = answer_probability(measured)
        if said is not None and said < self.settings.unsaid_threshold:
            nearest, notice = nearest_citations(measured), unsaid(asking_words(question))
            return Answer(question, (), (), passages, refused=True, notice=notice, nearest=nearest, confidence=said)
        return Answer(question, passages=passages, confidence=topic if said is None else said)

    def retrieve(
        self,
        question: Question,
        generation: Generation,
        config: RunnableConfig | None = None,
        timings: dict[str, float] | None = None,
    ) -> Search:
        """What is searched for a question, and what is found; `timings` gets the milliseconds of the stages."""
        *_, search = self._searches(question, generation, config, {} if timings is None else timings)
        return search

    def _searches(
        self,
        question: Question,
        generation: Generation,
        config: RunnableConfig | None,
        timings: dict[str, float],
    ) -> Iterator[Search]:
        """What is found, and then, where the reader reads it, the same in the order of the reader."""
        rewritten = self._rewrite(question, timings, config)
        with self._in_progress:
            search = self._search(question, rewritten, generation, config, timings)
            library = generation.library
            yield arrange(search, library, self.settings.passages)
            if self.reader and search.best and self._in_progress.count + self.waiting() <= self.settings.read_at_once:
                with _timed(timings, "read"):
                    read = self._read(self.reader, search.query.text, search.best, library)
                yield arrange(search.ordered(read), library, self.settings.passages)

    def _search(
        self,
        question: Question,
        rewritten: str | None,
        generation: Generation,
        config: RunnableConfig | None,
        timings: dict[str, float],
    ) -> Search:
        """What is found, in the order of the second stage where there is one."""
        settings = self.settings
        with _timed(timings, "retrieve"):
            query = understand(
                question, load_aliases(settings.corpus), generation.library, self.today(), rewritten=rewritten
            )
            newest = query.newest or settings.prefer_newer
            retriever = HybridRetriever.of(
                generation, self.embedder, settings, query.scope, also=query.also, newest=newest
            )
            retriever.invoke(query.text, config)
            assert retriever.found is not None
            search = replace(retriever.found, query=query)
        if not self.second_stage or not search.best:
            return search
        with _timed(timings, "rerank"):
            return search.ordered(rerank(self.second_stage, query.text, search.best, settings.rerank_candidates))

    def _read(self, reader: Reader, text: str, passages: tuple[Passage, ...], library: Library) -> tuple[Passage, ...]:
        """The passages, the first of them read; in the reader's order unless a second stage has ordered them."""
        head, tail = passages[: self.settings.read_passages], passages[self.settings.read_passages :]
        vector = self.embedder.embed_query(text)
        read = read_passages(reader, text, vector, head, library, seconds=self.settings.reader_seconds)
        return (*(read if self.second_stage else in_order_read(read)), *tail)

    def _rewrite(self, question: Question, timings: dict[str, float], config: RunnableConfig | None) -> str | None:
        """A follow-up as the LLM completes it; None where there is no LLM, no follow-up, or nothing to believe."""
        if self.model is None or not is_follow_up(question):
            return None
        with _timed(timings, "rewrite"):
            return rewrite_follow_up(self.model, question, self.settings, config)

    def _answer(
        self,
        question: Question,
        query: Query,
        measured: Measured,
        passages: tuple[Passage, ...],
        config: RunnableConfig,
    ) -> Iterator[Answer]:
        """The LLM's answer where there is one and it holds; else the extractive one, and the reader is told so."""
        notice = UNKNOWN.format(names="”“".join(query.unknown)) if query.unknown else ""
        if self.model is not None:
            answer = None
            try:
                groups = choose(query.text, measured)
                extracts = [group.candidates[0] for group in groups]
                for answer in generate(self.model, question, passages, self.settings, config, extracts=extracts):
                    if answer.refused:
                        answer = replace(answer, nearest=nearest_citations(measured))
                    yield answer
                if answer is not None and answer.statements:
                    yield with_other_views(answer, question, groups)
            except RagError as error:
                log.warning("falling back to extracts: %s", error)
                answer = None
            if answer is not None and (answer.statements or answer.refused):
                return
            notice = "\n".join(filter(None, (FELL_BACK.format(name=self.settings.llm), notice)))
        for answer in extract(question, measured, passages, period_of(query.text, self.today())):
            yield replace(answer, notice="\n".join(filter(None, (notice, answer.notice))))


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = (time.perf_counter() - started) * 1000
