"""Put one question to the pipeline, or to its retriever alone, and judge what comes back."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eval import metrics
from eval.metrics import Place
from eval.outcomes import Outcome, outcome
from eval.sets import SetQuestion
from eval.usage import Usage
from rag.chain import FELL_BACK, AnswerChain
from rag.types import Answer, Passage

Scores = dict[str, float | None]


@dataclass(frozen=True)
class Judged:
    """What came back for a question, with every metric of it: None where there is nothing to judge.

    `answer` is without statements where none was asked for: it has the passages and the search.
    """

    scores: Scores
    answer: Answer
    outcome: Outcome | None = None
    tokens: dict[str, int] | None = None


Judge = Callable[[SetQuestion, list[Place]], Judged]


def answers_of(chain: AnswerChain) -> Judge:
    """Judges passages and answers."""

    def judge(question: SetQuestion, gold: list[Place]) -> Judged:
        usage = Usage()
        answer = chain.invoke(question.question, {"callbacks": [usage]})
        scores = {
            **retrieval_scores(question, answer.passages, gold),
            **answer_scores(question, answer, gold),
            **llm_scores(answer, usage, chain.settings.llm),
        }
        library = chain.index.current().library
        became = outcome(answer.search, gold, library, answer) if answer.search else None
        return Judged(scores, answer, became, usage.to_json())

    return judge


def passages_of(chain: AnswerChain) -> Judge:
    """Judges passages only: no answer is written."""
    generation = chain.index.current()

    def judge(question: SetQuestion, gold: list[Place]) -> Judged:
        started = time.perf_counter()
        timings: dict[str, float] = {}
        search = chain.retrieve(question.question, generation, timings=timings)
        timings["total"] = (time.perf_counter() - started) * 1000
        scores = {**retrieval_scores(question, search.passages, gold), "milliseconds": timings["total"]}
        found = Answer(question.question, passages=search.passages, timings_ms=timings, search=search)
        return Judged(scores, found, outcome(search, gold, generation.library))

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
        "evidence precision@5": metrics.evidence_precision(places, gold, 5),
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
        "citations resolve": metrics.citations_resolve(answer),
        "citations exact": metrics.citations_exact(answer),
        "statement recall": metrics.statement_recall(answer),
        "statement precision": metrics.statement_precision(answer),
        "unsupported figures": metrics.unsupported_figures(answer),
        "over-refusal": metrics.over_refusal(answer, question.answerable),
        "refusal": metrics.refusal(answer, question.answerable),
        "joint accuracy": float(metrics.is_right(answer, question.answerable, question.gold, gold, question.forbid)),
        "milliseconds": answer.timings_ms["total"],
    }
    if question.answerable and not answer.refused:
        text = metrics.said(answer)
        scores |= {
            "citation hit": metrics.citation_hit(answer, gold),
            "citation precision": metrics.citation_precision(answer, gold),
            "citation recall": metrics.citation_recall(answer, question.gold),
            "gold containment": metrics.gold_containment(text, question.gold),
            "gold share": metrics.gold_share(text, question.gold),
            "gold figures": metrics.gold_figures(text, question.gold),
            "forbidden": metrics.holds_forbidden(answer, question.forbid, gold),
            "exact match": metrics.exact_match(text, question.gold),
            "F1": metrics.token_f1(text, question.gold),
            "evidence F1": metrics.token_f1(text, [[e.quote for e in question.evidence]] if question.evidence else []),
            "brevity": metrics.brevity(text, question.gold),
        }
    return scores


def llm_scores(answer: Answer, usage: Usage, llm: str) -> Scores:
    """The metrics of what an LLM did for an answer; none where it was not called.

    `fell back` is 1 where the reader got extracts in its place, `marked sentences` is of its own words, before the
    check.
    """
    if (tokens := usage.to_json()) is None:
        return {}
    return {
        "fell back": float(FELL_BACK.format(name=llm) in answer.notice),
        "marked sentences": metrics.marked_sentences(usage.last_reply) if answer.answerer == llm else None,
        "prompt tokens": float(tokens["prompt"]),
        "reply tokens": float(tokens["reply"]),
    }


def line_of(question: SetQuestion, set_name: str, judged: Judged | None, error: str | None) -> dict[str, Any]:
    """A question of a set as a line of lines.jsonl; without scores where it failed."""
    answer = judged.answer.to_json(explain=True) if judged else None
    wrote = judged is not None and "joint accuracy" in judged.scores
    return {
        "id": question.id,
        "set": set_name,
        "type": question.type,
        "question": question.question.text,
        "history": [{"role": message.role, "content": message.content} for message in question.question.history],
        "answerable": question.answerable,
        "gold": [list(group) for group in question.gold],
        "forbid": list(question.forbid),
        "evidence": [{"article": e.article, "quote": e.quote} for e in question.evidence],
        "tags": list(question.tags),
        "scores": judged.scores if judged else {},
        "outcome": judged.outcome.reason if judged and judged.outcome else None,
        "evidence_rank": judged.outcome.rank if judged and judged.outcome else None,
        "answer": answer if wrote else None,
        "passages": answer["passages"] if answer and not wrote else None,
        "error": error,
        "tokens": judged.tokens if judged else None,
        "timings": answer["timings_ms"] if answer else {},
    }
