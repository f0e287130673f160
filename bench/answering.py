"""Answering the questions of eval/sets/corpus.jsonl: time by stage, beside a plain Chroma search on the same index."""

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.process import ROOT, run_python

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
    vectors = chain.index.current().vectors
    for text in WARM_UP:
        chain.invoke(text)
    ready = time.perf_counter() - started
    questions = [question.question for question in load_set(ROOT / "eval" / "sets" / "corpus.jsonl")]
    answers, plain = [], []
    for question in questions:
        answers.append(chain.invoke(question))
        begun = time.perf_counter()
        # The space keeps the embedder from remembering the question: a plain search pays for its vector as well.
        vectors.search(chain.embedder.embed_query(question.text + " "), chain.settings.passages)
        plain.append((time.perf_counter() - begun) * 1000)
    same = all(_proof(chain.invoke(q)) == _proof(answer) for q, answer in zip(questions, answers, strict=True))
    stages = dict.fromkeys(stage for answer in answers for stage in answer.timings_ms)
    result = {"until ready, s": ready, "questions": len(questions)}
    for stage in stages:
        times = [answer.timings_ms[stage] for answer in answers if stage in answer.timings_ms]
        result |= {f"{stage} p50, ms": statistics.median(times), f"{stage} p95, ms": float(percentile(times, 95))}
    result |= {"plain Chroma p50, ms": statistics.median(plain), "plain Chroma p95, ms": float(percentile(plain, 95))}
    return {**result, "same bytes twice": float(same)}


def _proof(answer: Any) -> str:
    """All of an answer but its times."""
    return json.dumps({**answer.to_json(), "timings_ms": {}}, ensure_ascii=False)


if __name__ == "__main__":
    print(json.dumps(answer_all(Path(sys.argv[1]))))
