"""Questions about an article itself: who wrote it, when it was published, where. Answered from what it states."""

import re
from collections.abc import Mapping, Sequence

from rag.library import Library
from rag.scope import describe_scope
from rag.text import ASKS_DAY, ASKS_WHEN, ASKS_YEAR, content_of, index_terms, simplify
from rag.types import ALL, Answer, Article, Citation, Message, Passage, Query, Question, Scope, Statement

NAMED_ABOVE = 0.6  # share of the terms of a quoted title that an article's title has
DESCRIBED_ABOVE = 0.3  # the same for the words of a question that speaks of 那篇文章

_ASKS = {
    "author": re.compile(
        r"谁.{0,3}写|谁.{0,2}(?:执笔|撰写|撰文|的文章)|(?:谁|哪位|什么人).{0,4}作者"
        r"|(?<!第一)(?<!通讯)作者(?:的?名字|姓名|的?笔名)?(?=[，,]?(?:到底|究竟|具体|都)?[是叫为有署]|[呢吧和？?。]|$)"
        r"|署名|执笔|who wrote|\bauthor\b|written by",
        re.I,
    ),
    "published": re.compile(
        rf"(?:{ASKS_WHEN}|{ASKS_DAY}|哪.{{0,2}}[年天月日]|什么时间|日期|时间).{{0,6}}(?:发表|发布|发的|刊发|刊登|登的|写的|写于)"
        r"|(?:发表|发布|刊发|刊登|发文|成文).{0,2}(?:日期|时间|于何时|于哪)"
        r"|when.{0,40}(?:published|written)|publication date",
        re.I,
    ),
    "publisher": re.compile(
        r"(?:哪[家个]|什么|哪儿|哪里).{0,3}(?:机构|公众号|网站|媒体|平台|号).{0,4}(?:发|刊|登|稿|写|出)|来自哪|来源.{0,3}(?:是|写|标)"
        r"|哪[家个]?(?:机构|公众号|网站|媒体).{0,2}的|公众号是|出处是|转载自"
        r"|which (?:site|website|publisher)|published by",
        re.I,
    ),
}
_OTHER = "(?:论文|小说|笔记|帖子)"  # that an article is about
_SPEAKS_OF_ARTICLE = re.compile(
    rf"[这那该此本]篇(?!{_OTHER}|[^，。？?]{{1,6}}{_OTHER}(?!的))|(?<!长)(?:文章|稿子)(?!里|中|说|提|认|指|称|介|讲|功能)|\barticle\b"
    r"|(?<![据体有])报道(?=[是的由发登刊]|什么|何|哪|谁|出自|来自|[？?。]|$)",  # not 媒体报道他哪天来
    re.I,
)
_THIS_ONE = re.compile(r"这一?篇|[这该]个?(?:文章|报道|稿子)|本文")
_NAMES_ARTICLE = re.compile(r"《|第.{1,2}篇")
_ASKED_OF_A_BOOK = re.compile(
    rf"》(?:这本|一书|那本)?书?[，,]?(?:到底)?(?:是|由)?(?:谁|哪位|{ASKS_WHEN}|{ASKS_YEAR}|{ASKS_DAY}|作者)"
)
_QUOTED = re.compile(  # a title may be short; a short word in quotation marks is none
    r"《([^》]{2,})》|“([^”]{4,})”|「([^」]{4,})」|\"([^\"]{4,})\""
)

_SAYS = {
    "author": "《{title}》的作者是{value}",
    "published": "《{title}》发表于{value}",
    "publisher": "《{title}》由{value}发布",
}
_SAYS_NOT = {
    "author": "《{title}》没有写明作者。",
    "published": "《{title}》没有写明发表日期。",
    "publisher": "《{title}》没有写明是谁发布的。",
}
_OUTSIDE = "《{title}》不在这个范围内（{scope}）。请放宽范围后再问。"
_HOW = {"stated": "（文章注明）", "inferred": "（据文件推断）"}


def asked_field(question: str, *, of_one: bool = False) -> str | None:
    """Which of "author", "published" and "publisher" of an article a question asks for; None for another question.

    `of_one` is whether it is known to be about an article.
    """
    if not (of_one or _SPEAKS_OF_ARTICLE.search(question) or _QUOTED.search(question)):
        return None
    rest = _QUOTED.sub("", question)
    return next((field for field, pattern in _ASKS.items() if pattern.search(rest)), None)


def articles_cited(message: Message, library: Library) -> list[str]:
    """Ids of the articles that an answer of the conversation cites, in its order; [] where a source is gone."""
    try:
        return list(dict.fromkeys(library.chunk(id_).article_id for id_ in message.sources))
    except KeyError:
        return []


def article_shown(question: Question, library: Library) -> Article | None:
    """The only article that the answer before cites, where a question points back to it: 这篇, or 它 after 第二篇.

    After 福利社是什么, 它 is the subject, and no article. None of other questions.
    """
    if not question.history or _QUOTED.search(question.text):
        return None
    text = simplify(question.text)
    asked = next((simplify(message.content) for message in reversed(question.history) if message.role == "user"), "")
    it = "它" in text and (_SPEAKS_OF_ARTICLE.search(asked) or _NAMES_ARTICLE.search(asked))
    cited = articles_cited(question.history[-1], library) if it or _THIS_ONE.search(text) else []
    return library.article(cited[0]) if len(cited) == 1 else None


def find_article(question: str, library: Library, passages: Sequence[Passage], scope: Scope = ALL) -> Article | None:
    """The article that a question speaks of: the one whose title it quotes, else describes, else the best passage's.

    One that is quoted may lie outside the scope; the others do not. None where the question speaks of no article and
    quotes what is no title, or the name of a work that an article of that title is on.
    """
    quoted = next((next(filter(None, match.groups())) for match in _QUOTED.finditer(question)), "")
    speaks_of_one = bool(_SPEAKS_OF_ARTICLE.search(_QUOTED.sub("", question)))
    speaks = speaks_of_one or "《" in question
    allowed = library.articles_within(scope)
    titles = {id_: terms for id_, terms in library.title_terms.items() if allowed is None or id_ in allowed}
    for known in (titles, library.title_terms) if quoted else ():
        if named := _closest(set(index_terms(quoted)), known, NAMED_ABOVE, whole=not speaks):
            article = library.article(named)
            return article if speaks_of_one or not _is_on_a_work(article, quoted) else None
    if not speaks_of_one or (quoted and _ASKED_OF_A_BOOK.search(question)):
        return None
    if described := _closest(set(index_terms(content_of(question))), titles, DESCRIBED_ABOVE):
        return library.article(described)
    return passages[0].article if passages else None


def _is_on_a_work(article: Article, name: str) -> bool:
    """Whether an article speaks of a work by its name, and not of itself by its title."""
    no_own_title = "(?<!本文)(?<!题为)(?<!原标题)(?<!原标题[:：])"
    return bool(re.search(f"{no_own_title}《{re.escape(simplify(name))}》", simplify(article.text)))


def _closest(words: set[str], titles: Mapping[str, frozenset[str]], least: float, *, whole: bool = False) -> str | None:
    """The article whose title shares most with the words: a part of the fewer, or with `whole` of the title."""
    scores = {
        id_: len(words & title) / (len(title) if whole else min(len(words), len(title)))
        for id_, title in titles.items()
        if words and title
    }
    best = max(scores, key=lambda id_: (scores[id_], len(words & titles[id_]), id_), default=None)
    return best if best is not None and scores[best] >= least else None


def refuse_outside(
    question: Question, article: Article, scope: Scope, library: Library, passages: tuple[Passage, ...]
) -> Answer | None:
    """The refusal of a question about an article that lies outside the scope; None where it lies within."""
    allowed = library.articles_within(scope)
    if allowed is None or article.id in allowed:
        return None
    notice = _OUTSIDE.format(title=article.title, scope=describe_scope(scope, library.metadata))
    return Answer(question, passages=passages, refused=True, notice=notice)


def answer_about(question: Question, query: Query, library: Library, passages: tuple[Passage, ...]) -> Answer | None:
    """The answer to a question about an article itself, citing its first sentence; None for another question."""
    shown = article_shown(question, library)
    field = asked_field(simplify(question.text) if shown else query.text, of_one=shown is not None)
    article = (shown or find_article(query.text, library, passages, query.scope)) if field else None
    if not field or not article:
        return None
    if outside := refuse_outside(question, article, query.scope, library, passages):
        return outside
    chunk = library.first_chunk(article.id)
    passage = next((p for p in passages if p.chunk.id == chunk.id), None)
    if passage is None:
        passage = Passage(article, chunk, len(passages) + 1, 0.0)
        passages = (*passages, passage)
    value = getattr(article, field)
    if not value:
        return Answer(question, passages=passages, refused=True, notice=_SAYS_NOT[field].format(title=article.title))
    if field == "published":
        year, month, day = value.split("-")
        value = f" {value}（{int(year)}年{int(month)}月{int(day)}日）"
    if field == "author" and article.publisher:
        value += f"，由{article.publisher}发布"
    text = _SAYS[field].format(title=article.title, value=value) + _HOW[article.provenance.get(field, "stated")] + "。"
    start, end = chunk.sentences[0]
    citation = Citation(1, article, start, end)
    return Answer(question, (Statement(text, (1,)),), (citation,), passages, confidence=1.0)
