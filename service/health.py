"""Whether this process can answer: its index, its models, and the LLM behind it."""

import time
from typing import Any

import httpx

from rag.chain import AnswerChain
from rag.errors import RagError, SettingsError
from rag.settings import Settings
from service.errors import KeysUnreadable
from service.keys import read_keys

ADDRESSES = {"openai": "https://api.openai.com/v1", "ollama": "http://127.0.0.1:11434"}
PROBE_SECONDS = 3.0
REMEMBERED_SECONDS = 30.0  # so that a health check every few seconds asks the LLM seldom


class Health:
    """The health of a chain. Safe to ask from several threads."""

    def __init__(self, chain: AnswerChain) -> None:
        self._chain = chain
        self._probed = (float("-inf"), None)  # type: tuple[float, bool | None]
        self.model_loaded = False

    def warm(self) -> None:
        """Load what the first question would wait for. Raises RagError."""
        self._chain.warm()
        self.model_loaded = True

    def check(self, waiting: int = 0) -> dict[str, Any]:
        """The health as in HealthJson."""
        generation, problem, down = None, "", False
        try:
            generation = self._chain.index.current().manifest.generation
            if not self.model_loaded:
                self.warm()
            problem = str(self._chain.index.problem or "")
        except RagError as error:
            problem, down = str(error), True
        try:
            read_keys(self._chain.settings.api_keys)
        except SettingsError:  # it names the file, and whoever asks for the health has no key
            problem, down = problem or str(KeysUnreadable()), True
        reachable = self._llm_reachable()
        if reachable is False and not problem:
            problem = "the LLM is not reachable: answers are extracts"
        return {
            "status": "down" if down else "degraded" if problem else "ok",
            "generation": generation,
            "model_loaded": self.model_loaded,
            "llm_reachable": reachable,
            "waiting": waiting,
            "problem": problem,
        }

    def _llm_reachable(self) -> bool | None:
        when, reachable = self._probed
        if time.monotonic() - when > REMEMBERED_SECONDS:
            self._probed = time.monotonic(), (reachable := llm_reachable(self._chain.settings))
        return reachable


def llm_reachable(settings: Settings) -> bool | None:
    """Whether a server answers at the LLM's address, whatever it says; None without an LLM or a known address.

    No key is sent, and no question: an answer of any kind but a server error means that it can be reached.
    """
    address = settings.llm_base_url or ADDRESSES.get(settings.llm.partition(":")[0], "")
    if not settings.llm or not address:
        return None
    try:
        return httpx.get(f"{address.rstrip('/')}/models", timeout=PROBE_SECONDS).status_code < 500
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
