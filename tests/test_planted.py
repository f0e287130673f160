"""Regressions planted into the product on the real articles, questions and embedding model: each is caught by its gate.

Every fourth question of the corpus set is asked. The gates are the committed ones without their floors, against a
baseline made here; those of an LLM also hold that it marks its sentences. One embedder serves every run, so that a
question is embedded once; an index is built on a copy of the first one's cache, so that only what changed is.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import CORPUS
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from eval.accept import accept
from eval.gate import GATES, main
from eval.gates import Gates, Verdict, judge_runs, load_gates
from eval.reasons import ORDER, REFUSED_WRONGLY
from eval.records import STALE, Recorded
from eval.report import render
from eval.report_data import read_report
from eval.run import LLM, read_sets, record_run
from ingest.run import ingest
from rag import prompt
from rag.chain import AnswerChain
from rag.embed import SentenceEmbedder
from rag.settings import CHUNK_TOKENS, Settings
from rag.types import EXTRACTIVE

SET = Path(__file__).parent.parent / "eval" / "sets" / "corpus.jsonl"

pytestmark = pytest.mark.model


class Obedient(BaseChatModel):
    """Quotes the first sentence that it is shown; puts a mark to it where the prompt asks for marks."""

    @property
    def _llm_type(self) -> str:
        return "obedient"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        system, shown = messages[0].text, messages[-1].text
        sentence = re.search(r"编号=1 [^>]*>\n(?:#.*\n|\s)*([^。]+。)", shown)
        mark = "[1]" if "方括号标出依据的资料编号" in system else ""
        text = f"{sentence[1]}{mark}" if sentence else "资料未提及。"
        message = AIMessage(text, response_metadata={"finish_reason": "stop"})
        return ChatResult(generations=[ChatGeneration(message=message)])


class Product:
    """The product on a copy of the articles, with runs of every fourth question held to the committed gates."""

    def __init__(self, folder: Path, embedder: SentenceEmbedder, cache: Path) -> None:
        self.folder = folder
        self.embedder = embedder
        self.cache = cache
        self.corpus = folder / "corpus"
        shutil.copytree(CORPUS, self.corpus)
        self.index = self.indexed(CHUNK_TOKENS)
        lines = SET.read_text(encoding="utf-8").splitlines(keepends=True)
        self.set = folder / "corpus.jsonl"
        self.set.write_text("".join(lines[::4]), encoding="utf-8")
        committed = load_gates(GATES)["corpus"]
        self.gates = replace(committed, baseline=folder / "base", least={}, most={})
        accept(self.run("base"), {"corpus": self.gates})

    def indexed(self, chunk_tokens: int) -> Path:
        index = self.folder / f"index-{chunk_tokens}"
        index.mkdir()
        shutil.copy(self.cache, index)
        ingest(self.corpus, index, self.embedder, chunk_tokens=chunk_tokens)
        return index

    def run(
        self,
        name: str,
        *,
        index: Path | None = None,
        model: BaseChatModel | None = None,
        limit: int | None = None,
        **changed: Any,
    ) -> Recorded:
        settings = Settings(
            _env_file=None,
            index=index or self.index,
            corpus=self.corpus,
            llm="fake:obedient" if model else "",
            **changed,
        )
        chain = AnswerChain(settings, embedder=self.embedder, model=model)
        out = self.folder / "runs" / name
        answerer = LLM if model else EXTRACTIVE
        run, _ = record_run(chain, read_sets([self.set], None, limit), [self.set], answerer, out, limit=limit)
        chain.close()
        return run

    def failed(self, name: str, gates: Gates | None = None, **plant: Any) -> dict[str, Verdict]:
        """The gates that fail, by their names, after a plant; `python -m eval gate` fails and names each of them."""
        run = self.run(name, **plant)
        path, told = written(gates or self.gates, self.folder / f"{name}.toml"), self.folder / f"{name}.md"
        verdicts = judge_runs([run.folder], load_gates(path))
        failed = {verdict.gate: verdict for verdict in verdicts if not verdict.passed}
        assert main([str(run.folder), "--gates", str(path), "--markdown", str(told)]) == bool(failed)
        summary = told.read_text(encoding="utf-8").replace("\\", "")
        for gate, verdict in failed.items():
            assert f"**corpus, {gate}**" in summary
            assert all(id_ in summary for id_ in verdict.questions[:20])
        self.changed = next((v.told for v in verdicts if v.gate == "baseline"), "")
        self.report = read_report(run.folder, load_gates(path))
        section = render(self.report).partition('<section class="yr-gates">')[2].partition("</section>")[0]
        for gate, verdict in failed.items():
            assert f"<h3>corpus · {gate}</h3>" in section
            assert all(f">{id_}</" in section for id_ in verdict.questions)
        return failed

    def reported(self, *reasons: str) -> set[str]:
        """The questions that the last run's report lists under these reasons; the page has each of them."""
        listed = {line["id"] for under, lines in self.report.failures if under in reasons for _, line, _ in lines}
        page = render(self.report)
        assert all(f"<code>{id_}</code>" in page for id_ in listed)
        return listed


def written(gates: Gates, path: Path) -> Path:
    """The gates as a file."""
    text = f'[corpus]\nbaseline = "{gates.baseline}"\n'
    for name in ("invariants", "least", "most", "loss"):
        limits = "".join(f'"{metric}" = {limit}\n' for metric, limit in getattr(gates, name).items())
        text += f"[corpus.{name}]\n{limits}"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, real_embedder: SentenceEmbedder, corpus_index: Path) -> Product:
    return Product(tmp_path_factory.mktemp("product"), real_embedder, corpus_index / "cache.sqlite")


def test_twenty_runs_of_the_same_state_fail_no_gate(product: Product) -> None:
    gates = replace(product.gates, baseline=product.folder / "base-20")
    accept(product.run("base-20", limit=5), {"corpus": gates})
    for number in range(20):
        assert product.failed(f"same-{number}", gates, limit=5) == {}
    assert product.changed.endswith("nothing")


@pytest.fixture(scope="module")
def unread(product: Product) -> Gates:
    """Gates of the first stage alone: the reader makes most of its order good again, and reads long chunks slowly."""
    gates = replace(product.gates, baseline=product.folder / "base-unread")
    accept(product.run("base-unread", reader=False), {"corpus": gates})
    return gates


def test_chunks_of_four_times_the_size_are_caught(product: Product, unread: Gates) -> None:
    failed = product.failed("chunks", unread, index=product.indexed(4 * CHUNK_TOKENS), reader=False)
    assert "loss of evidence precision@5" in failed
    assert "index.chunker was" in product.changed


def test_the_lexical_leg_turned_off_is_caught(product: Product, unread: Gates) -> None:
    failed = product.failed("lexical", unread, dense_weight=1.0, reader=False)
    assert "settings.dense_weight was 0.6 and is 1.0" in product.changed
    assert set(failed["loss of evidence hit@1"].questions) & product.reported(*ORDER)


def test_a_moved_threshold_is_caught(product: Product) -> None:
    failed = product.failed("threshold", refusal_threshold=0.9)
    assert "loss of over-refusal" in failed
    assert "settings.refusal_threshold was 0.08 and is 0.9" in product.changed
    assert set(failed["loss of over-refusal"].questions) <= product.reported(REFUSED_WRONGLY)


def test_a_prompt_without_citations_is_caught(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = replace(product.gates, baseline=product.folder / "base-llm", loss={"marked sentences": 0.02})
    accept(product.run("base-llm", model=Obedient()), {"corpus": gates})
    assert product.failed("same-llm", gates, model=Obedient()) == {}
    prompts = shutil.copytree(prompt.PROMPTS, tmp_path / "prompts")
    answer = (prompts / "answer.md").read_text(encoding="utf-8")
    (prompts / "answer.md").write_text(re.sub(r"2\. 每一句话的末尾用方括号.*\n", "", answer), encoding="utf-8")
    monkeypatch.setattr(prompt, "PROMPTS", prompts)
    prompt.load_prompt.cache_clear()
    try:
        failed = product.failed("prompt", gates, model=Obedient())
    finally:
        prompt.load_prompt.cache_clear()
    assert failed.keys() == {"loss of marked sentences"}
    assert "prompts.answer.md was" in product.changed


def stale(failed: dict[str, Verdict]) -> Sequence[str]:
    """The questions of stale labels, where nothing else fails that would be called a regression of retrieval."""
    assert "no failure" not in failed
    return failed["labels"].questions


def test_an_article_that_was_deleted_is_named_as_stale_labels(product: Product, tmp_path: Path) -> None:
    own = edited(product, tmp_path)
    gone = next(own.corpus.glob("小红书向TikTok*"))
    gone.unlink()
    own.index = own.indexed(CHUNK_TOKENS)
    failed = own.failed("deleted")
    assert set(stale(failed)) == own.reported(STALE)
    assert all(f"there is no article {gone.stem}" in part for part in failed["labels"].told.split("; "))
    assert "index.articles was 5 and is 4" in own.changed


def test_a_quote_that_was_edited_in_an_article_is_named_as_a_stale_label(product: Product, tmp_path: Path) -> None:
    own = edited(product, tmp_path)
    question = next(q for q in read_sets([own.set], None, None)["corpus"] if q.evidence)
    quote, path = question.evidence[0].quote, next(own.corpus.glob(f"{question.evidence[0].article}.*"))
    text = path.read_text(encoding="utf-8")
    assert text.count(quote) == 1
    path.write_text(text.replace(quote, f"据说{quote[:3]}，{quote[3:]}"), encoding="utf-8")
    own.index = own.indexed(CHUNK_TOKENS)
    failed = own.failed("quote")
    assert failed.keys() == {"labels"} and question.id in stale(failed)
    assert set(stale(failed)) == own.reported(STALE)
    assert f"stale label: {question.evidence[0].article} does not say" in failed["labels"].told


def edited(product: Product, folder: Path) -> Product:
    """The same product with articles of its own to be changed, and the same baseline."""
    own = object.__new__(Product)
    own.__dict__ |= {**product.__dict__, "folder": folder, "corpus": folder / "corpus"}
    shutil.copytree(CORPUS, own.corpus)
    return own
