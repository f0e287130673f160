"""F1: how much of an answer is the gold, and of the gold in the answer.

With s the length of the longest common run of tokens, F1 = 2 s / (tokens of the answer + tokens of the gold).
Evidence F1 is the same with the quotes of the evidence as gold, the best of which counts.
Source: the evaluation scripts of CMRC 2018, Cui et al., EMNLP 2019, doi:10.18653/v1/D19-1600, and of ExpMRC, Cui et
al., Heliyon 2022, arXiv:2105.04126.
"""

from difflib import SequenceMatcher

from eval.metrics.texts import Gold, tokens


def token_f1(answer: str, gold: Gold) -> float | None:
    """Best F1 of the answer with an alternative of the one gold group; None unless there is one."""
    if len(gold) != 1:
        return None
    return max(_f1(tokens(answer), tokens(alternative)) for alternative in gold[0])


def _f1(answer: list[str], gold: list[str]) -> float:
    shared = SequenceMatcher(None, answer, gold, autojunk=False).find_longest_match().size
    return 2 * shared / (len(answer) + len(gold)) if shared else 0.0
