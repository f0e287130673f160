"""python -m bench.prompts INDEX SET: how much of a set's evidence an LLM is shown, by the budget of the prompt."""

import argparse
import sys
from pathlib import Path
from statistics import fmean

from eval.run import EVERYTHING_READ
from eval.sets import SetQuestion, load_set
from rag.chain import AnswerChain
from rag.prompt import prompt_messages
from rag.settings import Settings, load_settings
from rag.text import normalize
from rag.types import Passage


def shown(question: SetQuestion, passages: tuple[Passage, ...], settings: Settings) -> list[bool]:
    """Whether each quote of a question's evidence stands in the prompt."""
    messages, _ = prompt_messages(question.question, passages, settings)
    prompt = normalize(messages[-1].text)
    return [normalize(evidence.quote) in prompt for evidence in question.evidence]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.prompts", description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("set", type=Path)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1500, 3000], help="budgets, in cl100k tokens")
    options = parser.parse_args(arguments)
    chain = AnswerChain(load_settings(index=options.index, **EVERYTHING_READ))
    generation = chain.index.current()
    asked = [question for question in load_set(options.set) if question.evidence]
    found = [chain.retrieve(question.question, generation).passages for question in asked]
    for tokens in options.tokens:
        settings = chain.settings.model_copy(update={"llm_prompt_tokens": tokens})
        each = [shown(q, passages, settings) for q, passages in zip(asked, found, strict=True) if passages]
        quotes, any_quote = fmean(fmean(one) for one in each), fmean(any(one) for one in each)
        print(f"{tokens} tokens, {len(each)} questions: quotes {quotes:.3f}, questions with a quote {any_quote:.3f}")
    chain.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
