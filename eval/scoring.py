"""Run a question set through the pipeline, or through its retriever alone, and judge every question."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval import metrics, wording
from eval.metrics import Place
from eval.outcomes import Outcome, count_outcomes, outcome
from eval.sets import SetQuestion, locate_all
from rag.chain import AnswerChain
from rag.library import Library
from rag.types import Answer, Passage

Scores = dict[str, float | None]


@dataclass(frozen=True)
class Judged:
    """A question with every metric of it, None where there is nothing to judge; `answer` where one was asked for."""

    question: SetQuestion
    scores: Scores
    answer: Answer | None = None
    outcome: Outcome | None = None

    def to_json(self) -> dict[str, Any]:
        """One line of a result file."""
        row = {"id": self.question.id, "type": self.question.type, "scores": self.scores}
        if self.outcome:
            row |= {"evidence": self.outcome.reason, "evidence rank": self.outcome.rank}
        return {**row, "answer": self.answer.to_json()} if self.answer else row


@dataclass(frozen=True)
class Run:
    """The judged questions, in order, and by id what went wrong with the others."""

    judged: list[Judged] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The summary of all questions, of each type, what became of the evidence, and the failures."""
        evidence = count_outcomes(judged.outcome for judged in self.judged)
        return {
            "all": summarize(self.judged),
            "types": by_type(self.judged),
            "evidence": evidence,
            "failed": self.failed,
        }

    def to_lines(self) -> str:
        """The judged questions as JSON Lines."""
        return "".join(json.dumps(judged.to_json(), ensure_ascii=False) + "\n" for judged in self.judged)


Judge = Callable[[SetQuestion, list[Place]], Judged]


def run(questions: Sequence[SetQuestion], library: Library, judge: Judge) -> Run:
    """Judge every question; one that raises is recorded and does not stop the others.

    Raises SetError for evidence that is no longer in its article.
    """
    result = Run()
    for question, gold in zip(questions, locate_all(questions, library), strict=True):
        try:
            result.judged.append(judge(question, gold))
        except Exception as error:  # whatever it is: it is named, and fails the run at its end
            result.failed[question.id] = f"{type(error).__name__}: {error}"
    return result


def answers_of(chain: AnswerChain) -> Judge:
    """Judges passages and answers."""

    def judge(question: SetQuestion, gold: list[Place]) -> Judged:
        answer = chain.invoke(question.question)
        scores = {**retrieval_scores(question, answer.passages, gold), **answer_scores(question, answer, gold)}
        library = chain.index.current().library
        became = outcome(answer.search, gold, library, answer) if answer.search else None
        return Judged(question, scores, answer, became)

    return judge


def passages_of(chain: AnswerChain) -> Judge:
    """Judges passages only: no answer is written."""
    generation = chain.index.current()

    def judge(question: SetQuestion, gold: list[Place]) -> Judged:
        started = time.perf_counter()
        search = chain.retrieve(question.question, generation)
        milliseconds = (time.perf_counter() - started) * 1000
        scores = {**retrieval_scores(question, search.passages, gold), "milliseconds": milliseconds}
        return Judged(question, scores, outcome=outcome(search, gold, generation.library))

    return judge


def retrieval_scores(question: SetQuestion, passages: Sequence[Passage], gold: list[Place]) -> Scores:
    """The metrics of a question's passages; `gold` are the places of its evidence."""
    places = [(p.article.id, p.chunk.start, p.chunk.end) for p in passages]
    articles = list(dict.fromkeys(p.article.id for p in passages))
    gold_articles = {evidence.article for evidence in question.evidence}
    return {
        "evidence hit@1": metrics.evidence_hit(places, gold, 1),
        "evidence hit@5": metrics.evidence_hit(places, gold, 5),
        "evidence recall@5": metrics.evidence_recall(places, gold, 5),
        "evidence hit@10": metrics.evidence_hit(places, gold, 10),
        "evidence recall@10": metrics.evidence_recall(places, gold, 10),
        "MRR@10": metrics.reciprocal_rank(places, gold),
        "nDCG@10": metrics.ndcg(places, gold),
        "article@1": metrics.article_hit(articles, gold_articles),
        "article MRR@10": metrics.article_reciprocal_rank(articles, gold_articles),
    }


def answer_scores(question: SetQuestion, answer: Answer, gold: list[Place]) -> Scores:
    """The metrics of an answer; those of its words and its evidence only where it rightly does not refuse."""
    scores: Scores = {
        "citations exact": metrics.citations_exact(answer),
        "unsupported figures": metrics.unsupported_figures(answer),
        "over-refusal": float(answer.refused) if question.answerable else None,
        "refusal": None if question.answerable else float(answer.refused),
        "joint accuracy": float(metrics.is_right(answer, question.answerable, question.gold, gold)),
        "milliseconds": answer.timings_ms["total"],
    }
    if question.answerable and not answer.refused:
        text = metrics.said(answer)
        scores |= {
            "citation hit": metrics.citation_hit(answer, gold),
            "citation precision": metrics.citation_precision(answer, gold),
            "citation recall": metrics.citation_recall(answer, question.gold),
            "gold containment": wording.gold_containment(text, question.gold),
            "gold figures": wording.gold_figures(text, question.gold),
            "forbidden": wording.holds_forbidden(text, question.forbid),
            "exact match": wording.exact_match(text, question.gold),
            "F1": wording.token_f1(text, question.gold),
            "brevity": wording.brevity(text, question.gold),
        }
    return scores


def summarize(judged: Sequence[Judged]) -> dict[str, float]:
    """Mean of every metric over the questions that it judges (median of brevity; p50 and p95 of the time).

    Refusal is told by type of question, never averaged over types, since some absences are far easier to see.
    """
    summary: dict[str, float] = {"questions": len(judged)}
    for name in dict.fromkeys(name for j in judged for name in j.scores if name != "refusal"):
        values = [value for j in judged if (value := j.scores.get(name)) is not None]
        if not values:
            continue
        if name == "milliseconds":
            summary |= {"p50 ms": statistics.median(values), "p95 ms": percentile(values, 95)}
        else:
            summary[name] = statistics.median(values) if name == "brevity" else statistics.fmean(values)
    return summary | _refusal_summary(judged, summary.get("over-refusal"))


def _refusal_summary(judged: Sequence[Judged], over_refusal: float | None) -> dict[str, float]:
    """Share of the questions of each unanswerable type that are refused, and its balanced accuracy."""
    refused: dict[str, list[float]] = {}
    for j in judged:
        if (value := j.scores.get("refusal")) is not None:
            refused.setdefault(j.question.type, []).append(value)
    summary = {}
    for type_, values in refused.items():
        summary[f"refusal {type_}"] = statistics.fmean(values)
        if over_refusal is not None:
            summary[f"balanced accuracy {type_}"] = (statistics.fmean(values) + 1 - over_refusal) / 2
    return summary


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` of the values do not exceed (nearest rank)."""
    return sorted(values)[max(0, -(-percent * len(values) // 100) - 1)]


def by_type(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """The summary of each question type, in the order in which the types first appear."""
    types = dict.fromkeys(j.question.type for j in judged)
    return {type_: summarize([j for j in judged if j.question.type == type_]) for type_ in types}
