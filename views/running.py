"""A question that is being answered in a thread of its own, so that the page can be redrawn or stopped meanwhile.

The answer is kept also when the reader has left: a page that is opened again finds the question here while it is being
answered, and its answer in the history afterwards.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from rag.chain import STOPPED, STOPPED_BEFORE, AnswerChain
from rag.history import Turn
from rag.types import Answer, Question

log = logging.getLogger("yinju")

KEPT_SECONDS = 30  # that the history may take

_running: dict[str, "Running"] = {}  # the last one of each conversation in which a question is being answered

SEARCHING, READING, CHECKING = STAGES = ("searching", "reading", "checking")


class Running:
    """One question: `answer` as it grows, then the `turn` that was kept, or an `error`."""

    def __init__(
        self,
        chain: AnswerChain,
        question: Question,
        keep: Callable[[Answer], Turn],
        conversation: str,
        again: Turn | None = None,
    ) -> None:
        """Begins at once. `again` is the turn that is asked again."""
        self.question = question
        self.conversation = conversation
        self.again = again
        self.answer: Answer | None = None
        self.turn: Turn | None = None
        self.error: Exception | None = None
        self._chain, self._keep = chain, keep
        self._started = time.perf_counter()
        self._lock = threading.Lock()
        self._ended = False
        self._over = threading.Event()
        _running[conversation] = self
        threading.Thread(target=self._work, daemon=True, name="answering").start()

    @property
    def stage(self) -> str:
        """Where it is: searching until passages are known, reading until there are words, which are then checked."""
        if self.answer is None:
            return SEARCHING
        has_words = self.answer.statements or self.answer.draft or self.answer.refused
        return CHECKING if has_words else READING

    def wait(self, seconds: float) -> bool:
        """Whether it is over, after at most some seconds."""
        return self._over.wait(seconds)

    def stop(self) -> None:
        """End it now, also where a model does not answer; what was checked until now is kept."""
        answer = self.answer or Answer(self.question)
        found = answer.statements or answer.refused
        notice = "\n".join(filter(None, (STOPPED, answer.notice))) if found else STOPPED_BEFORE
        timings = {**answer.timings_ms, "total": (time.perf_counter() - self._started) * 1000}
        self._end(replace(answer, draft="", notice=notice, timings_ms=timings))
        self._over.wait(KEPT_SECONDS)  # it may just be ending by itself: its turn is then being kept

    def _work(self) -> None:
        try:
            answers = self._chain.stream(self.question)
            for answer in answers:
                if self._ended:
                    answers.close()  # type: ignore[attr-defined]  # a generator: lets go of the model
                    return
                self.answer = answer
            self._end(self.answer)
        except Exception as error:  # whatever it is, the page says so in a sentence
            log.exception("the question could not be answered")
            self._end(None, error)

    def _end(self, answer: Answer | None, error: Exception | None = None) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
            self.answer, self.error = answer or self.answer, error
        try:
            if answer:
                self.turn = self._keep(answer)
        except Exception as failed:  # whatever it is, the page says so in a sentence
            log.exception("the answer could not be kept")
            self.turn, self.error = Turn("", answer, ""), failed
        finally:
            if _running.get(self.conversation) is self:
                _running.pop(self.conversation, None)
            self._over.set()


def running_in(conversation: str) -> Running | None:
    """The question that is being answered in a conversation, whoever asked it; None where there is none."""
    return _running.get(conversation)
