"""pytest --yinju-set SET: each question of a set as a test named by its id, which passes where the answer is right.

Right means what it means in a report (eval/reasons.py). Tags can be chosen with -k; a question with the tag xfail is
expected to fail. Without other arguments only the sets are run. A conftest may put a chain of its own into
`config.stash[CHAIN]`; otherwise the settings (YINJU_*) make it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eval.sets import SetQuestion
    from rag.chain import AnswerChain

CHAIN: pytest.StashKey["AnswerChain"] = pytest.StashKey()


class WrongAnswer(Exception):
    """A question that was not answered rightly; the message says why."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("yinju", "引据: question sets")
    group.addoption("--yinju-set", action="append", default=[], metavar="SET", help="a question set; may be repeated")
    group.addoption("--yinju-index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the sets, in place of the test folders unless those were named."""
    sets = config.getoption("yinju_set")
    if sets:
        named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args = [*named, *(str((config.invocation_params.dir / path).resolve()) for path in sets)]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "QuestionFile | None":
    """A set that was asked for."""
    asked = [(parent.config.invocation_params.dir / path).resolve() for path in parent.config.getoption("yinju_set")]
    return QuestionFile.from_parent(parent, path=file_path) if file_path.resolve() in asked else None


class QuestionFile(pytest.File):
    """A question set."""

    def collect(self) -> Iterator["QuestionItem"]:
        """Its questions; a set that cannot be read is one error with every wrong line."""
        from eval.sets import SetError, load_set  # the modules of an answer are imported by those who ask for one

        try:
            questions = load_set(self.path)
        except SetError as error:
            raise self.CollectError(str(error)) from error
        for question in questions:
            yield QuestionItem.from_parent(self, name=question.id, question=question)


class QuestionItem(pytest.Item):
    """One question."""

    def __init__(self, *, question: "SetQuestion", **more: Any) -> None:
        super().__init__(**more)
        self.question = question
        self.extra_keyword_matches |= {question.type, *question.tags}
        if "xfail" in question.tags:
            self.add_marker(pytest.mark.xfail)

    def runtest(self) -> None:
        """Ask and judge. Raises WrongAnswer; SetError for a stale label; RagError where no question can be answered."""
        from eval.reasons import failure_reasons
        from eval.scoring import answers_of, line_of
        from eval.sets import locate

        chain = open_chain(self.config)
        gold = locate(self.question, chain.index.current().library)
        line = line_of(self.question, self.path.stem, answers_of(chain)(self.question, gold), None)
        if reasons := failure_reasons(line):
            wanted = " + ".join(" / ".join(group) for group in self.question.gold) or "a refusal"
            raise WrongAnswer(
                f"{', '.join(reasons)}\nquestion: {self.question.question.text}\nwanted: {wanted}\n"
                f"answer: {line['answer']['text']}"
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What went wrong in words; the traceback of anything unexpected."""
        from eval.sets import SetError
        from rag.errors import RagError

        if excinfo.errisinstance((WrongAnswer, SetError, RagError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the question stands, and its name."""
        return self.path, self.question.line - 1, self.name


def open_chain(config: pytest.Config) -> "AnswerChain":
    """The chain of the session, opened for its first question. Raises RagError."""
    if CHAIN not in config.stash:
        from rag.chain import AnswerChain
        from rag.settings import load_settings

        config.stash[CHAIN] = AnswerChain(load_settings(index=config.getoption("yinju_index")))
    return config.stash[CHAIN]
