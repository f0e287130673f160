"""Candidate questions that an LLM drafts from an article, kept only where the article bears them out."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel

from eval.drafts import LONGEST_QUESTION, SHORTEST, Draft
from eval.metrics import contains
from rag.prompt import load_prompt, new_fence
from rag.reply import Reply
from rag.text import sentence_spans
from rag.types import Article

SENTENCES = 4  # of one request: a model of 1.5B wrote nothing usable about 12
LARGEST_SHARE = 0.6  # of its sentence that an answer may be: a small model gives the whole one
_OBJECT = re.compile(r"\{[^{}]*\}")


def written_drafts(article: Article, model: BaseChatModel) -> Iterator[Draft]:
    """The candidates that a model writes, request by request. Raises ModelError when it fails."""
    sentences = [article.text[start:end] for start, end in sentence_spans(article.text)]
    fit = [sentence for sentence in sentences if len(sentence) >= SHORTEST]
    for at in range(0, len(fit), SENTENCES):
        part = fit[at : at + SENTENCES]
        fence = new_fence("原文")
        numbered = "\n".join(f"[{n}] {sentence}" for n, sentence in enumerate(part, 1))
        reply = Reply(model, load_prompt("question").format_messages(fence=fence, text=numbered)).whole()
        yield from read_drafts(reply, part)


def read_drafts(reply: str, sentences: Sequence[str]) -> Iterator[Draft]:
    """The questions of a reply that can be checked: the answer is a part of the sentence named, not of the question."""
    for text in _OBJECT.findall(reply):
        try:
            row: dict[str, Any] = json.loads(text)
            sentence = sentences[int(row["sentence"]) - 1] if int(row["sentence"]) > 0 else ""
            question, answer = str(row["question"]).strip(), str(row["answer"]).strip()
        except (ValueError, KeyError, TypeError, IndexError):
            continue
        if (
            0 < len(answer) <= LARGEST_SHARE * len(sentence)
            and contains(sentence, answer)
            and not contains(question, answer)
            and question[-1:] in ("？", "?")
            and len(question) <= LONGEST_QUESTION
        ):
            yield Draft("fact", question, answer, sentence)
