"""What an LLM was sent and what it wrote for one question: a LangChain callback."""

from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

from rag.text import count_tokens


class Usage(BaseCallbackHandler):
    """Calls of an LLM, their tokens (cl100k) and the text of each reply, empty where the call failed."""

    def __init__(self) -> None:
        self.prompt_tokens = 0
        self.replies: dict[UUID, str] = {}

    def on_chat_model_start(
        self,
        _serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **_kwargs: Any,
    ) -> None:
        """Count what is sent."""
        self.replies[run_id] = ""
        self.prompt_tokens += sum(count_tokens(message.text) for batch in messages for message in batch)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_kwargs: Any) -> None:
        """Keep what came back."""
        self.replies[run_id] = response.generations[0][0].text

    @property
    def last_reply(self) -> str:
        """What the last call gave: it is the one for the answer."""
        return next(reversed(self.replies.values()), "")

    def to_json(self) -> dict[str, int] | None:
        """Calls and tokens; None where no LLM was called."""
        if not self.replies:
            return None
        reply_tokens = sum(map(count_tokens, self.replies.values()))
        return {"calls": len(self.replies), "prompt": self.prompt_tokens, "reply": reply_tokens}
