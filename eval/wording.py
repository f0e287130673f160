"""How the words of an answer compare with the gold; a metric is None where there is nothing to judge.

Gold is a list of groups, each a list of alternatives: an answer is right when it holds one alternative of every group.
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from rag.text import figures

Gold = Sequence[Sequence[str]]

_THOUSANDS = re.compile(r"(?<![\d.])(\d{1,3})((?:,\d{3})+)(?!\d)")
_NOT_WORD = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"[a-z0-9.%‰]+|[^\W_]")


def normalize_answer(text: str) -> str:
    """NFKC, lower case, without white space, punctuation and the commas of 1,000.

    What stands after or between digits matters: % ‰ and the point of 3.5 stay, and anything else between two
    digits becomes one space, so that 8、12 is not 812.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    text = _THOUSANDS.sub(lambda match: match[1] + match[2].replace(",", ""), text)
    return _NOT_WORD.sub(_kept_punctuation, text)


def _kept_punctuation(match: re.Match[str]) -> str:
    run = "".join(match[0].split())
    after_digit = match.string[: match.start()][-1:].isdecimal()
    before_digit = match.string[match.end() :][:1].isdecimal()
    if after_digit and run[:1] in ("%", "‰"):
        return run[0]
    if after_digit and before_digit:
        return "." if match[0] == "." else " "
    return ""


def contains(answer: str, alternative: str) -> bool:
    """Whether a normalised answer holds an alternative; 5% is not found in 15%, 3 neither in 3.5 nor in 3%."""
    needle = normalize_answer(alternative)
    if not needle:
        return False
    before = r"(?<!\d)(?<!\d\.)" if needle[0].isdecimal() else ""
    after = r"(?!\d)(?!\.\d)(?![%‰])" if needle[-1].isdecimal() else ""
    return re.search(before + re.escape(needle) + after, normalize_answer(answer)) is not None


def gold_containment(answer: str, gold: Gold) -> float | None:
    """1 when the answer holds an alternative of every gold group, else 0."""
    return None if (share := gold_share(answer, gold)) is None else float(share == 1)


def gold_share(answer: str, gold: Gold) -> float | None:
    """Share of the gold groups of which the answer holds an alternative."""
    if not gold:
        return None
    return sum(any(contains(answer, alternative) for alternative in group) for group in gold) / len(gold)


def holds_forbidden(answer: str, forbidden: Sequence[str]) -> float | None:
    """1 when the answer holds a string that only wrong answers have, else 0."""
    return float(any(contains(answer, string) for string in forbidden)) if forbidden else None


def exact_match(answer: str, gold: Gold) -> float | None:
    """1 when the answer is an alternative of the one gold group, both normalised, else 0; None unless there is one."""
    if len(gold) != 1:
        return None
    return float(normalize_answer(answer) in [normalize_answer(alternative) for alternative in gold[0]])


def token_f1(answer: str, gold: Gold) -> float | None:
    """Best F1 of the answer with an alternative of the one gold group; None unless there is one.

    Shared tokens are those of the longest common substring. Source: the evaluation script of CMRC 2018,
    Cui et al., EMNLP 2019, doi:10.18653/v1/D19-1600.
    """
    if len(gold) != 1:
        return None
    return max(_f1(tokens(answer), tokens(alternative)) for alternative in gold[0])


def _f1(answer: list[str], gold: list[str]) -> float:
    shared = SequenceMatcher(None, answer, gold, autojunk=False).find_longest_match().size
    return 2 * shared / (len(answer) + len(gold)) if shared else 0.0


def tokens(text: str) -> list[str]:
    """The tokens of a normalised text: runs of Latin letters and digits with . % ‰, else single characters."""
    return _TOKEN.findall(normalize_answer(text))


def brevity(answer: str, gold: Gold) -> float | None:
    """Length of the answer over that of the gold (the longest alternative of each group), both normalised."""
    length = sum(max((len(normalize_answer(alternative)) for alternative in group), default=0) for group in gold)
    return len(normalize_answer(answer)) / length if length and answer else None


def gold_figures(answer: str, gold: Gold) -> float | None:
    """Share of the gold groups with a figure of which the answer has a figure; None without figures."""
    groups = [wanted for group in gold if (wanted := set().union(*(figures(alternative) for alternative in group)))]
    if not groups:
        return None
    found = figures(answer)
    return sum(bool(wanted & found) for wanted in groups) / len(groups)
