"""The pipeline: question, query, passages, answer. The only place that knows the order.

A LangChain Runnable: `invoke`, `stream`, `batch` and their async forms; callbacks see the retriever and the model.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, patch_config
from langchain_core.runnables.config import run_in_executor

from rag.about import answer_about
from rag.aliases import load_aliases
from rag.asked import Input, to_question
from rag.backend import open_backend
from rag.complete import completed
from rag.courtesy import plain
from rag.dates import period_of
from rag.diversity import arrange
from rag.embed import Embedder, SentenceEmbedder
from rag.errors import RagError
from rag.extract import (
    DIFFER,
    MAY_DIFFER,
    NOT_THEN,
    PREMISE,
    TIMES_DIFFER,
    TIMES_MAY_DIFFER,
    WHETHER,
    extract,
    missing_in_completed,
    refused,
    statements_of,
)
from rag.features import READ_PASSAGES, asks_for_one_thing
from rag.generate import generate, open_model
from rag.index import Generation, IndexReader
from rag.library import Library
from rag.logs import fields
from rag.measure import Measured, answer_probability, measure, said_probability
from rag.origins import number_origins
from rag.others import NONE_LEFT, asked_again, untold
from rag.overview import answer_overview
from rag.parts import answer_parts, parts_of
from rag.prompt import passages_before
from rag.quantity import speaks_of, what_is_asked
from rag.reader import Reader, open_reader
from rag.reading import InProgress, in_order_read, read_passages
from rag.refuse import NEARLY, NO_ARTICLES, judge, refuse_outside_days, refuse_text, without_too_long
from rag.rerank import SecondStage, open_second_stage, rerank
from rag.retrieve import HybridRetriever
from rag.rewrite import is_follow_up, refers_back
from rag.rewrite_llm import rewrite_follow_up
from rag.settings import Settings, load_settings
from rag.text import normalize, without_invisible
from rag.timeline import asks_for_sequence
from rag.types import Answer, Passage, Query, Question, Search
from rag.understand import FOLLOW_UP, FOLLOW_UP_LLM, to_simplified, understand

log = logging.getLogger(__name__)

UNKNOWN = "文章里没有出现“{names}”，下面的内容不一定是你要找的。"
STOPPED = "已停止，下面的回答不完整。"  # of an answer that its reader stopped
STOPPED_BEFORE = "已停止，还没有得到回答。"  # of one that had no statement yet
DECLINED = "大模型（{name}）没有在文章里找到答案，但下面的原文很可能回答了这个问题，请自行核对。"
DECLINED_UNSURE = "大模型（{name}）没有在文章里找到答案。"
FELL_BACK = "大模型（{name}）没有给出可用的回答，以下改为原文摘编。"
_BELOW_NEARLY = {
    DIFFER: MAY_DIFFER,
    TIMES_DIFFER: TIMES_MAY_DIFFER,
    WHETHER: "",
}  # what takes a notice's place where the answer is doubted anyway


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

    def quick_answer(self, question: Question) -> Answer:
        """The answer without what takes long (LLM, reader, second stage), of a question that nobody has asked yet.

        It is not logged, and takes the place of no question in progress.
        """
        chain = copy(self)
        chain.model = chain.second_stage = chain.reader = None
        chain._in_progress = InProgress()
        *_, answer = chain._steps(question, {}, RunnableConfig())
        return answer

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
        if refusal := refuse_text(question.changed(without_invisible), self.settings.question_limit):
            yield replace(refusal, question=question)
            return
        generation = self.index.current()
        if not generation.manifest.articles:
            yield Answer(question, refused=True, notice=NO_ARTICLES, index_generation=generation.manifest.generation)
            return
        again, told = asked_again(question)  # an LLM would tell the same once more
        chain = self.with_options(extractive=True) if told else self
        answer_one = partial(chain._answer_one, generation, timings, config, told=told)
        for answer in answer_parts(self._heard(again), answer_one):
            origins = number_origins(answer.citations, generation.library)
            yield replace(answer, question=question, index_generation=generation.manifest.generation, origins=origins)

    def _answer_one(
        self,
        generation: Generation,
        timings: dict[str, float],
        config: RunnableConfig,
        question: Question,
        by_rules: bool = False,
        told: Sequence[str] = (),
    ) -> Iterator[Answer]:
        """The answer to a question that asks one thing, as it grows, without what answers before have `told`.

        A follow-up is asked again as the rules complete it (`by_rules`) where it is refused as the LLM does.
        """
        settings = self.settings
        for search in self._searches(question, generation, config, timings, by_rules):
            yield Answer(question, passages=search.passages, search=search)
        query, passages = search.query, search.passages
        simple = question.changed(to_simplified)  # as the patterns are that tell what is asked for
        with _timed(timings, "measure"):
            is_completed = any(step.name.startswith(FOLLOW_UP) for step in query.steps)
            newest = simple.text if is_completed else None
            most = settings.passages if asks_for_sequence(simple.text) else READ_PASSAGES
            own = is_completed and not (refers_back(question.text) or _speak_of_what_is_asked(simple.text, passages))
            measured = (
                measure(query.text, passages, generation, self.embedder, newest=newest, own_topic=own, most=most)
                if passages
                else None
            )
        library = generation.library
        about = (
            refuse_outside_days(question, query, library, passages)
            or answer_about(question, query, library, passages)
            or answer_overview(question, query, library, passages)
        )
        if about:
            yield replace(about, search=search)
            return
        if told and measured and not (measured := untold(measured, told)):
            yield Answer(question, passages=passages, refused=True, notice=NONE_LEFT, search=search)
            return
        judged = judge(simple, search, measured, generation.library, settings)
        if measured is None or judged.refused:
            if any(step.name == FOLLOW_UP_LLM for step in query.steps):
                for answer in self._answer_one(generation, timings, config, question, by_rules=True):
                    if not answer.refused:
                        yield answer
                if not answer.refused:
                    return
            yield replace(judged, question=question, search=search)
            return
        begun, before = time.perf_counter(), timings.get("answer", 0.0)
        for answer in self._answer(question, query, measured, judged, generation.library, config):
            timings["answer"] = before + (time.perf_counter() - begun) * 1000
            yield replace(answer, confidence=judged.confidence, search=search)

    def retrieve(
        self,
        question: Question,
        generation: Generation,
        config: RunnableConfig | None = None,
        timings: dict[str, float] | None = None,
    ) -> Search:
        """What an answer searches for the first thing that a question asks, and what is found.

        `timings` gets the milliseconds of the stages.
        """
        first = self.parts(question)[0]
        *_, search = self._searches(first, generation, config, {} if timings is None else timings)
        return search

    def parts(self, question: Question) -> tuple[Question, ...]:
        """A question for each thing that is asked, as each is searched and as an LLM is sent it."""
        return parts_of(self._heard(question))

    def _heard(self, question: Question) -> Question:
        """The question as all that follows sees it: what is seen of it, without courtesy.

        A text refused as too long was none, and may take no time.
        """
        seen = question.changed(without_invisible)
        return plain(without_too_long(seen, self.settings.question_limit))

    def _searches(
        self,
        question: Question,
        generation: Generation,
        config: RunnableConfig | None,
        timings: dict[str, float],
        by_rules: bool = False,
    ) -> Iterator[Search]:
        """What is found, and then, where the reader reads it, the same in the order of the reader."""
        rewritten = None if by_rules else self._rewrite(question, timings, config)
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
        """The passages, the first of them read; in the reader's order unless a second stage has ordered them.

        Where one thing is asked, what surely answers is enough.
        """
        settings = self.settings
        head, tail = passages[: settings.read_passages], passages[settings.read_passages :]
        one_thing = asks_for_one_thing(text) and not asks_for_sequence(text)
        read = read_passages(
            reader,
            text,
            self.embedder.embed_query(text),
            head,
            library,
            enough=(lambda logits: said_probability(logits) >= settings.sure_threshold) if one_thing else None,
            seconds=settings.reader_seconds,
        )
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
        judged: Answer,
        library: Library,
        config: RunnableConfig,
    ) -> Iterator[Answer]:
        """The LLM's answer where there is one and it holds; else the extractive one, and the reader is told so."""
        passages = judged.passages
        notices = [UNKNOWN.format(names="”“".join(query.unknown)) if query.unknown else judged.notice]
        period = period_of(query.text, self.today())
        simple = judged.question  # in simplified characters
        if self.model is not None:
            answer = None
            doubted = (answer_probability(measured) or 0.0) >= self.settings.declined_threshold
            stands_in = FELL_BACK
            try:
                groups, told = statements_of(simple, measured, period)
                extracts = [group.candidates[0] for group in groups]
                shown = (*passages, *passages_before(question, passages, library, query.scope))
                for answer in generate(self.model, question, shown, self.settings, config, extracts=extracts):
                    if answer.refused and doubted:
                        answer, stands_in = None, DECLINED_UNSURE if judged.notice == NEARLY else DECLINED
                        break
                    if answer.refused:
                        answer = refused(answer, answer.notice, measured)
                    yield answer
                if answer is not None and answer.statements:
                    whole = completed(answer, simple, groups, told=told)
                    lacking = "" if told else missing_in_completed(simple, whole, answer.citations, groups)
                    yield refused(whole, lacking, measured) if lacking else whole
            except RagError as error:
                log.warning("falling back to extracts: %s", error)
                answer = None
            if answer is not None and (answer.statements or answer.refused):
                return
            notices.insert(0, stands_in.format(name=self.settings.llm))
        for answer in extract(simple, measured, passages, period):
            settled = answer.refused or answer.notice in (PREMISE, NOT_THEN)  # says by itself how it answers
            first = [notice for notice in notices if not (settled and notice == NEARLY)]
            own = _BELOW_NEARLY.get(answer.notice, answer.notice) if NEARLY in first else answer.notice
            notice = "\n".join(filter(None, (*first, own)))
            yield replace(answer, question=question, notice=notice)


def _speak_of_what_is_asked(question: str, passages: Sequence[Passage]) -> bool:
    """Whether a passage speaks of what a question asks the number of, or whether there is any."""
    asked = what_is_asked(question)
    return bool(asked) and any(speaks_of(asked, normalize(passage.chunk.text)) for passage in passages)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Adds the milliseconds of its block to those of a stage: a question of several parts has each stage again."""
    started = time.perf_counter()
    yield
    timings[stage] = timings.get(stage, 0.0) + (time.perf_counter() - started) * 1000
