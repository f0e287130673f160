"""Answering the questions of eval/sets/corpus.jsonl: time by stage, beside a plain Chroma search on the same index.

And what the check of an LLM's sentence takes.
"""

import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.process import ROOT, run_python
from rag.types import Answer

WARM_UP = ("什么是种草？", "平台怎么收费？", "什么时候开始的？")


def measure_answering(index: Path) -> dict[str, float]:
    """Times in ms, peak memory of the process, and whether a second pass gives the same bytes (1 or 0)."""
    finished = run_python("-m", "bench.answering", str(index))
    measured: dict[str, float] = json.loads(finished.output)
    return {**measured, "peak memory, MB": finished.peak_mb}


def answer_all(index: Path) -> dict[str, float]:
    """Answer every question in this process, each next to a plain search, so that both see the same load."""
    from eval.sets import load_set
    from eval.summary import percentile
    from rag.chain import AnswerChain
    from rag.settings import load_settings

    started = time.perf_counter()
    chain = AnswerChain(load_settings(index=index))
    store = chain.index.current().store
    for text in WARM_UP:
        chain.invoke(text)
    ready = time.perf_counter() - started
    questions = [question.question for question in load_set(ROOT / "eval" / "sets" / "corpus.jsonl")]
    answers, plain = [], []
    for question in questions:
        answers.append(chain.invoke(question))
        begun = time.perf_counter()
        # The space keeps the embedder from remembering the question: a plain search pays for its vector as well.
        store.nearest(chain.embedder.embed_query(question.text + " "), chain.settings.passages)
        plain.append((time.perf_counter() - begun) * 1000)
    same = all(_proof(chain.invoke(q)) == _proof(answer) for q, answer in zip(questions, answers, strict=True))
    stages = dict.fromkeys(stage for answer in answers for stage in answer.timings_ms)
    result = {"until ready, s": ready, "questions": len(questions)}
    for stage in stages:
        times = [answer.timings_ms[stage] for answer in answers if stage in answer.timings_ms]
        result |= {f"{stage} p50, ms": statistics.median(times), f"{stage} p95, ms": float(percentile(times, 95))}
    result |= {"plain Chroma p50, ms": statistics.median(plain), "plain Chroma p95, ms": float(percentile(plain, 95))}
    checks = check_times(answers)
    result |= {
        "check of a statement p50, ms": statistics.median(checks),
        "check of a statement p95, ms": float(percentile(checks, 95)),
    }
    return {**result, "same bytes twice": float(same)}


def check_times(answers: Sequence[Answer]) -> list[float]:
    """Milliseconds that an LLM's sentence would be checked for: each statement, unmarked, against all passages."""
    from rag.drafts import Draft
    from rag.ground import find_support

    find_support(Draft("小红书在香港租下办公区。", ()), answers[0].passages)  # loads the tagger of names
    times = []
    for answer in answers:
        for statement in answer.statements:
            begun = time.perf_counter()
            find_support(Draft(statement.text, ()), answer.passages)
            times.append((time.perf_counter() - begun) * 1000)
    return times


def _proof(answer: Answer) -> str:
    """All of an answer but its times."""
    return json.dumps({**answer.to_json(), "timings_ms": {}}, ensure_ascii=False)


if __name__ == "__main__":
    print(json.dumps(answer_all(Path(sys.argv[1]))))
