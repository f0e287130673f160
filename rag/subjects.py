"""What a comparison sets side by side (Spark和Catalog, 国内用户和欧美用户), and the sentences that speak of each."""

import re
from collections.abc import Sequence

import numpy as np

from rag.features import Candidate, Matrix
from rag.text import COMPARES, normalize
from rag.words import general_words

LONGEST = 12  # code points of a subject
MOST_SKIPPED = 3  # code points before a subject that the articles do not have: 走小红书, 现在的计划
PER_SUBJECT = 2  # sentences
LEAST_SHARE = 0.05  # of the probability of the subject's best sentence, below which a second one is left out

_COMPARES = re.compile(
    # 出入 and 对不上 are of what articles say, which no name beside 和 tells apart
    rf"{COMPARES}|各(?=[靠信有能要占把是在自种家给到多用怎走选做花收交说讲])",
    re.IGNORECASE,
)
_AND = re.compile(
    r"\s*(?:和|与|跟(?![风着进踪随]|团[游队])|、|还是|以及|对比|\band\b|(?<![a-z])(?:vs|versus)(?![a-z]))\s*"
)
_CLAUSES = re.compile("[，。；：！？,;:!?]")
_IN_WHAT = re.compile("在[^，,和与跟、]{1,8}(?:[和与跟、][^，,和与跟、]{1,8}?)+(?:上|方面)")  # 在投入和风险上有什么不同
# Whether articles tell the same: nothing beside 和 is compared.
_OF_ARTICLES = re.compile("不同(?:的?资料|的?文章|报道|来源)|(?:前后|各处|文章)(?:的?说法)?.{0,2}(?:一样|一致)")
_HANGS = re.compile("[的在占是有对于用把被从比]+$")  # 小红书在佣金上
_LABEL = re.compile(
    r"\W*[（(]?(?:\d{1,2}|[一二三四五六七八九十]{1,2})(?:[)）、]|[.．](?!\d))\s*[^，。；：！？,;:!?]{2,8}[。：:]?"
)
_IN_A_TIME = re.compile(r"(?<=[\d一二三四五六七八九十上下])(?:季度|[年月日号]|半年)")  # 季度收入 of 一季度收入
_STOP = re.compile(r"[，。；：！？,;:!?“”「」《》]|(?<![a-z0-9])\s|\s(?![a-z0-9])")  # TikTok Shop is one name


def subjects_of(question: str, candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """The things that a question compares, normalised, in its order: at least two that the candidates name, or none.

    Each is the longest run of characters beside 和, 与, 、 and the like that a candidate sentence has, or the author of
    its article. They stand in one clause, if any has two of them.
    """
    if not _COMPARES.search(question) or _OF_ARTICLES.search(question):
        return ()
    authors = {candidate.passage.article.author or "" for candidate in candidates}
    said = "\n".join(normalize(text) for text in (*(candidate.text for candidate in candidates), *authors))
    asked = normalize(question)
    if _AND.search(without := _IN_WHAT.sub("", asked)):  # else 在小红书和抖音上 names what is compared
        asked = without
    found = (_beside_and(text, said) for text in (*_CLAUSES.split(asked), asked))
    return next((named for named in found if len(named) > 1), ())


def _beside_and(text: str, said: str) -> tuple[str, ...]:
    """What stands beside 和 and the like in a normalised text, as far as it is said."""
    parts = _AND.split(text)
    found = [_at_end(parts[0], said), *(_at_start(part, said) for part in parts[1:])]
    found = [_HANGS.sub("", subject) for subject in found]
    if not all("的" in subject for subject in found):  # 抖音 beside 小红书的用户
        found = [subject.partition("的")[0] for subject in found]
    found = [subject for subject in found if len(subject) > 1 and not _IN_A_TIME.match(text, text.find(subject))]
    return tuple(dict.fromkeys(found))


def as_asked(subject: str, question: str) -> str:
    """A normalised subject as the question writes it; as it is where that cannot be found."""
    written = re.search(re.escape(subject), question, re.IGNORECASE)
    return written[0] if written else subject


def _at_end(part: str, said: str) -> str:
    """The longest end of a part that is said; "" below two characters, or where it begins inside a word."""
    tail = _STOP.split(part)[-1][-LONGEST:]
    at = next((at for at in range(len(tail) - 1) if tail[at:] in said), len(tail))
    return "" if _cuts_a_word(tail, at) else tail[at:]


def _at_start(part: str, said: str) -> str:
    """The longest run that is said near the beginning of a part; "" as for an end."""
    head = _STOP.split(part)[0]
    runs = [(skip, head[skip:end]) for skip in range(MOST_SKIPPED + 1) for end in range(skip + 2, skip + LONGEST + 1)]
    said_runs = ((skip, run) for skip, run in runs if len(run) > 1 and run in said)
    skip, longest = max(said_runs, key=lambda found: len(found[1]), default=(0, ""))
    return "" if _cuts_a_word(head, skip) else longest


def _cuts_a_word(text: str, at: int) -> bool:
    """Whether a place lies between two characters that are a word of general Chinese: 中|年人."""
    return at > 0 and text[at - 1 : at + 1] in general_words()


def per_subject(
    subjects: Sequence[str], candidates: Sequence[Candidate], probabilities: Matrix, *, views: bool = False
) -> list[tuple[str, int]]:
    """The sentences of a comparison as (subject, index of the candidate): one that names all, then each subject's.

    The subject of a sentence that names all of them is "". What has no probability is left out. A row names what the
    head of its table does, and what follows a label, 1. 登记。, is of what that names. Where `views` are compared, what
    an article by one of them says is that one's, whomever it names. Where none names all, sentences that name some of
    them, and are no one subject's, stand for one of which nothing likely is said alone.
    """
    order = sorted(np.flatnonzero(probabilities).tolist(), key=lambda i: -probabilities[i])
    said = [f"{_label_before(candidates, i)}{candidate.with_head}" for i, candidate in enumerate(candidates)]
    names = {i: {s for s in subjects if s in said[i]} for i in order}
    if views:
        by = {i: authors_among(subjects, candidates[i : i + 1]) for i in order}
        names |= {i: authors for i, authors in by.items() if authors}
    chosen = [("", i) for i in order if len(names[i]) == len(subjects)][:2]
    told_of_all = bool(chosen)
    for subject in subjects:
        own = [i for i in order if subject in names[i] and i not in {j for _, j in chosen}]
        alone = [i for i in own if names[i] == {subject}]
        likely = told_of_all or not alone or probabilities[alone[0]] >= LEAST_SHARE * probabilities[own[0]]
        best = alone if alone and likely else own
        kept = [i for i in best if probabilities[i] >= LEAST_SHARE * probabilities[best[0]]]
        chosen += [(subject if names[i] == {subject} else "", i) for i in kept[:PER_SUBJECT]]
    return sorted(chosen, key=lambda of: of[0] != "")


def authors_among(subjects: Sequence[str], candidates: Sequence[Candidate]) -> set[str]:
    """Which subjects wrote an article of the candidates."""
    by = normalize("\n".join({candidate.passage.article.author or "" for candidate in candidates}))
    return {subject for subject in subjects if subject in by}


def is_label(candidate: Candidate) -> bool:
    """Whether a sentence is a number and a few words, as （一）自查登记。 is."""
    return bool(_LABEL.fullmatch(candidate.text))


def _label_before(candidates: Sequence[Candidate], i: int) -> str:
    """The label, normalised, that stands right before a candidate in its chunk; "" where none does."""
    same_chunk = i > 0 and candidates[i - 1].passage.chunk.id == candidates[i].passage.chunk.id
    return normalize(candidates[i - 1].text) if same_chunk and is_label(candidates[i - 1]) else ""
