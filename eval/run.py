"""Run a question set through the pipeline and judge every answer."""

import json
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from eval import metrics
from eval.sets import SetQuestion, locate
from rag.chain import AnswerChain
from rag.types import Answer

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Judged:
    """A question, its answer, and every metric of it; None where there is nothing to judge."""

    question: SetQuestion
    answer: Answer
    scores: dict[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """One line of a result file."""
        return {"type": self.question.type, "scores": self.scores, "answer": self.answer.to_json()}


def judge(question: SetQuestion, answer: Answer, gold: list[metrics.Place]) -> Judged:
    """Every metric of one answer; `gold` are the places of its evidence."""
    passages = [(p.article.id, p.chunk.start, p.chunk.end) for p in answer.passages]
    answered = question.answerable and not answer.refused
    text = answer.text if answered else ""
    scores: dict[str, float | None] = {
        "evidence hit@1": metrics.evidence_hit(passages, gold, 1),
        "evidence hit@5": metrics.evidence_hit(passages, gold, 5),
        "evidence recall@5": metrics.evidence_recall(passages, gold, 5),
        "MRR@10": metrics.reciprocal_rank(passages, gold),
        "nDCG@10": metrics.ndcg(passages, gold),
        "article@1": article_rank(answer, question),
        "article MRR@10": article_reciprocal_rank(answer, question),
        "citations exact": metrics.citations_exact(answer),
        "citation hit": metrics.citation_hit(answer, gold) if answered else None,
        "citation precision": metrics.citation_precision(answer, gold) if answered else None,
        "gold containment": metrics.gold_containment(text, question.gold) if answered else None,
        "gold figures": metrics.gold_figures(text, question.gold) if answered else None,
        "brevity": metrics.brevity(text, question.gold) if answered else None,
        "unsupported figures": metrics.unsupported_figures(answer),
        "over-refusal": float(answer.refused) if question.answerable else None,
        "refusal": None if question.answerable else float(answer.refused),
        "joint accuracy": float(metrics.is_right(answer, question.answerable, question.gold, gold)),
        "milliseconds": answer.timings_ms["total"],
    }
    return Judged(question, answer, scores)


def _articles(answer: Answer) -> list[str]:
    return list(dict.fromkeys(p.article.id for p in answer.passages))


def article_rank(answer: Answer, question: SetQuestion) -> float | None:
    """1 when the first passage is of an article with evidence, else 0."""
    gold = {e.article for e in question.evidence}
    return float(_articles(answer)[:1] != [] and _articles(answer)[0] in gold) if gold else None


def article_reciprocal_rank(answer: Answer, question: SetQuestion) -> float | None:
    """1 / rank of the first article with evidence, articles ranked by their best passage; 0 below rank 10."""
    gold = {e.article for e in question.evidence}
    if not gold:
        return None
    return next((1 / rank for rank, id_ in enumerate(_articles(answer)[:10], 1) if id_ in gold), 0.0)


def run(
    questions: Iterable[SetQuestion], chain: AnswerChain, progress: Progress = lambda done, total: None
) -> list[Judged]:
    """Answer and judge every question, in order. Raises SetError for evidence that is no longer in its article."""
    questions = list(questions)
    library = chain.index.current().library
    places = [[(e.article, *span) for e, span in locate(q.evidence, library).items()] for q in questions]
    judged = []
    for number, (question, gold) in enumerate(zip(questions, places, strict=True), 1):
        judged.append(judge(question, chain.invoke(question.question), gold))
        progress(number, len(questions))
    return judged


def summarize(judged: list[Judged]) -> dict[str, float]:
    """Mean of every metric over the questions that it judges (median of brevity; p50 and p95 of the time)."""
    summary: dict[str, float] = {"questions": len(judged)}
    for name in judged[0].scores:
        values = [value for j in judged if (value := j.scores[name]) is not None]
        if not values:
            continue
        if name == "milliseconds":
            summary["p50 ms"], summary["p95 ms"] = statistics.median(values), _quantile(values, 0.95)
        else:
            summary[name] = statistics.median(values) if name == "brevity" else statistics.fmean(values)
    if "refusal" in summary and "over-refusal" in summary:
        summary["refusal balanced accuracy"] = (summary["refusal"] + 1 - summary["over-refusal"]) / 2
    return summary


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def by_type(judged: list[Judged]) -> dict[str, dict[str, float]]:
    """The summary of each question type, in the order in which the types first appear."""
    types = dict.fromkeys(j.question.type for j in judged)
    return {type_: summarize([j for j in judged if j.question.type == type_]) for type_ in types}


def to_lines(judged: list[Judged]) -> str:
    """All judged questions as JSON Lines."""
    return "".join(json.dumps(j.to_json(), ensure_ascii=False) + "\n" for j in judged)
