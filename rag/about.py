"""Questions about an article itself: who wrote it, when it was published, where. Answered from what it states."""

import re
from collections.abc import Collection, Mapping, Sequence

from rag.library import Library
from rag.scope import describe_scope
from rag.surnames import COMMON_SURNAMES
from rag.text import ASKS_DAY, ASKS_WHEN, ASKS_YEAR, CJK, content_of, index_terms, numeral, simplify
from rag.types import ALL, Answer, Article, Citation, Message, Passage, Query, Question, Scope, Statement

NAMED_ABOVE = 0.6  # share of the terms of a quoted title that an article's title has
DESCRIBED_ABOVE = 0.3  # the same for the words of a question that speaks of 那篇文章
MOST_ARTICLES = 8  # of which something is told
LONGEST_BYLINE = 60  # code points of a first line that names the author

_ASKS = {
    "author": re.compile(
        r"谁.{0,3}写|谁.{0,2}(?:执笔|撰写|撰文|的文章)|(?:谁|哪位|什么人).{0,4}作者"
        r"|(?<!第一)(?<!通讯)作者(?:的?名字|姓名|的?笔名)?(?=[，,]?(?:到底|究竟|具体|都|分别|各)?[是叫为有署]|[呢吧和？?。]|$)"
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
        r"(?:哪[家个些]|什么|哪儿|哪里).{0,3}(?:机构|公众号|网站|媒体|平台|号).{0,4}(?:发|刊|登|稿|写|出)|来自哪|来源.{0,3}(?:是|写|标)"
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
_NTH = re.compile(r"第([一二三四五六七八九十]|\d{1,2})篇")
_NTH_ALONE = re.compile(rf"(?P<nth>{_NTH.pattern})(?:文章|报道|稿子)?(?:主要|[是由的讲说写谈发谁哪]|什么|作者)")
_COUNTED = r"[几两二三四五六七八九十\d]{1,2}篇"
_SEVERAL = re.compile(
    rf"(?:[这那]些|所有的?|全部的?|各篇?|每一?篇|(?<!第)[这那]?{_COUNTED})的?(?:文章|报道|稿子)|各篇|每一?篇|[这那]{_COUNTED}"
    r"|(?:文章|报道|稿子)(?=的?(?:作者|发[表布](?:日期|时间))?(?:分别|各自|都)是)"
)
_ALSO_SAID = re.compile(
    r"(?:分别|各自|一共|到底|究竟|请问|什么|(?:文章|资料)?库?里|发?[布表]|[的是由了都在呢吗谁和与及，,。？?！!\s])*"
)
_ANY = r"(?:[那这]?一?篇)?的?(?:文章|报道|稿子|专栏)"
_WRITTEN = rf"(?:先生|女士|老师)?(?:(?:所?写|发表?|撰写)?的{_ANY}|[那这]一?篇(?:文章|报道|稿子)?)"
_BY_SOMEBODY = re.compile(rf"(?P<name>[{COMMON_SURNAMES}][{CJK}]{{1,2}}){_WRITTEN}")
_OF_SOMEBODY = re.compile(r"(?:[答驳评写访谈讲]|回应|关于|有关|介绍|提[到及]|批评|反对)$")  # what is written of a name
_FIRST_OR_LAST = re.compile(r"最(?:(?P<newest>[新近])|[早旧老])的?(?:那|这)?(?:一?篇)?(?:文章|报道)")
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
_STATED = {
    "author": "共 {count} 篇文章，写明作者的有 {stated} 篇。",
    "published": "共 {count} 篇文章，写明发表日期的有 {stated} 篇。",
    "publisher": "共 {count} 篇文章，写明由谁发布的有 {stated} 篇。",
}
NEWEST_OF_THEM = "下面是其中最新的 {shown} 篇。"
NONE_BY = "没有哪篇文章写明作者是“{name}”。"
UNKNOWN_NTH = "不清楚“{nth}”指的是哪篇文章，请写出标题再问。"
_OUTSIDE = "《{title}》不在这个范围内（{scope}）。请放宽范围后再问。"
_HOW = {"stated": "（文章注明）", "inferred": "（据文件推断）"}


def asked_fields(question: str, *, of_one: bool = False) -> tuple[str, ...]:
    """Which of "author", "published" and "publisher" of an article a question asks for; none for another question.

    `of_one` is whether it is known to be about an article.
    """
    if not (of_one or any(p.search(question) for p in (_SPEAKS_OF_ARTICLE, _QUOTED, _SEVERAL))):
        return ()
    rest = _QUOTED.sub("", question)
    return tuple(field for field, pattern in _ASKS.items() if pattern.search(rest))


def articles_cited(message: Message, library: Library) -> list[str]:
    """Ids of the articles that an answer of the conversation cites, in its order; [] where a source is gone."""
    try:
        return list(dict.fromkeys(library.chunk(id_).article_id for id_ in message.sources))
    except KeyError:
        return []


def article_shown(question: Question, library: Library) -> Article | None:
    """The article of the answers before that a question points back to.

    第二篇 is the second of the last answer that cites several; 这篇, and 它 after 第二篇, the only one of the last.
    After 福利社是什么, 它 is the subject, and no article. None of other questions.
    """
    if not question.history or _QUOTED.search(question.text):
        return None
    text = simplify(question.text)
    if nth := _NTH.search(text):
        lists = (articles_cited(message, library) for message in reversed(question.history))
        listed = next((articles for articles in lists if len(articles) > 1), [])
        return library.article(listed[numeral(nth[1]) - 1]) if 0 < numeral(nth[1]) <= len(listed) else None
    asked = next((simplify(message.content) for message in reversed(question.history) if message.role == "user"), "")
    it = "它" in text and (_SPEAKS_OF_ARTICLE.search(asked) or _NAMES_ARTICLE.search(asked))
    cited = articles_cited(question.history[-1], library) if it or _THIS_ONE.search(text) else []
    return library.article(cited[0]) if len(cited) == 1 else None


def refuse_unknown(question: Question) -> Answer | None:
    """The refusal of a question that begins with 第二篇, where no answer before tells which that is; else None."""
    nth = _NTH_ALONE.match(simplify(question.text))
    return Answer(question, refused=True, notice=UNKNOWN_NTH.format(nth=nth["nth"])) if nth else None


def newest_first(ids: Collection[str], library: Library) -> list[str]:
    """Articles by the dates that they state, the undated last."""
    return sorted(ids, key=lambda id_: (library.metadata[id_].published or "", id_), reverse=True)


def within(scope: Scope, library: Library) -> Collection[str]:
    """Ids of the articles that a scope allows."""
    allowed = library.articles_within(scope)
    return library.metadata.keys() if allowed is None else allowed


def _asked_of_several(question: Question, fields: Sequence[str], scope: Scope, library: Library) -> Collection[str]:
    """The articles of 这些文章分别是谁写的: those that the answer before cites, else all of the scope.

    None of a question of one, or of the articles on something.
    """
    text = simplify(question.text)
    several = _SEVERAL.search(text)
    rest = _SEVERAL.sub("", text)
    for field in fields:
        rest = _ASKS[field].sub("", rest)
    if not several or _QUOTED.search(text) or not _ALSO_SAID.fullmatch(rest):
        return []
    cited = articles_cited(question.history[-1], library) if question.history and several[0][0] in "这那" else []
    return cited if len(cited) > 1 else within(scope, library)


def _written_by(question: str, library: Library) -> tuple[str, list[str]]:
    """Of 张三的文章 the name, and the articles that state it or have it in a short first line; "" without a name."""
    if _QUOTED.search(question):
        return "", []
    names = {name for said in library.metadata.values() for name in re.split("[、，,]", said.author or "") if name}
    for name in sorted(names, key=len, reverse=True):
        found = re.search(re.escape(simplify(name)) + _WRITTEN, question)
        if found and not _OF_SOMEBODY.search(question[: found.start()]):
            return name, [id_ for id_, said in library.metadata.items() if name in (said.author or "")]
    if not (somebody := _BY_SOMEBODY.match(question)):
        return "", []
    name = somebody["name"]
    begins = {id_: library.article(id_).text.strip().partition("\n")[0] for id_ in library.articles_with(name)}
    return name, [id_ for id_, line in begins.items() if name in simplify(line) and len(line) <= LONGEST_BYLINE]


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
    """The answer to a question about an article itself, or about each of several, citing their first sentences.

    None for another question.
    """
    asked = simplify(question.text)
    shown = article_shown(question, library)
    own = asked_fields(asked, of_one=True)
    if own and not shown and (refusal := refuse_unknown(question)):
        return refusal
    fields = asked_fields(asked if shown else query.text, of_one=shown is not None)
    if not fields:
        return None
    fields = own or fields  # 什么时候发的 takes 谁写的 along from the question before it
    if several := _asked_of_several(question, fields, query.scope, library):
        return _of_several(question, several, fields, library)
    article = shown
    if not shown:
        name, written = _written_by(query.text, library)
        if name and not written:
            return Answer(question, passages=passages, refused=True, notice=NONE_BY.format(name=name))
        inside = [id_ for id_ in written if id_ in within(query.scope, library)]
        if len(inside) > 1:
            return _of_several(question, inside, fields, library)
        found = inside or written or _first_or_last(asked, query.scope, library)
        article = library.article(found[0]) if found else find_article(query.text, library, passages, query.scope)
    if article is None:
        return None
    if outside := refuse_outside(question, article, query.scope, library, passages):
        return outside
    lacking = "\n".join(_SAYS_NOT[f].format(title=article.title) for f in fields if not getattr(article, f))
    if not any(getattr(article, field) for field in fields):
        return Answer(question, passages=passages, refused=True, notice=lacking)
    return _told(question, [article], fields, library, passages, lacking)


def _first_or_last(question: str, scope: Scope, library: Library) -> list[str]:
    """The newest or the oldest article of a scope that is dated, where a question is of it; else none."""
    end = _FIRST_OR_LAST.search(question)
    dated = [id_ for id_ in newest_first(within(scope, library), library) if library.metadata[id_].published]
    return (dated[:1] if end["newest"] else dated[-1:]) if end else []


def _of_several(question: Question, ids: Collection[str], fields: Sequence[str], library: Library) -> Answer:
    said = {id_: [field for field in fields if getattr(library.metadata[id_], field)] for id_ in ids}
    stating = [id_ for id_ in newest_first(ids, library) if said[id_]]
    stated = {field: sum(field in told for told in said.values()) for field in fields}
    notice = "".join(_STATED[field].format(count=len(ids), stated=stated[field]) for field in fields)
    if not stating:
        return Answer(question, refused=True, notice=notice)
    if len(stating) > MOST_ARTICLES:
        notice += NEWEST_OF_THEM.format(shown=MOST_ARTICLES)
    return _told(question, [library.article(id_) for id_ in stating[:MOST_ARTICLES]], fields, library, (), notice)


def _told(
    question: Question,
    articles: Sequence[Article],
    fields: Sequence[str],
    library: Library,
    passages: tuple[Passage, ...],
    notice: str = "",
) -> Answer:
    """What each article states of itself; its first sentence is cited, and its passage added where it is none."""
    statements, citations = [], []
    for marker, article in enumerate(articles, 1):
        chunk = library.first_chunk(article.id)
        if all(passage.chunk.id != chunk.id for passage in passages):
            passages = (*passages, Passage(article, chunk, len(passages) + 1, 0.0))
        statements += [Statement(_says(article, field), (marker,)) for field in fields if getattr(article, field)]
        citations.append(Citation(marker, article, *chunk.sentences[0]))
    return Answer(question, tuple(statements), tuple(citations), passages, notice=notice, confidence=1.0)


def _says(article: Article, field: str) -> str:
    value = getattr(article, field)
    if field == "published":
        year, month, day = value.split("-")
        value = f" {value}（{int(year)}年{int(month)}月{int(day)}日）"
    if field == "author" and article.publisher:
        value += f"，由{article.publisher}发布"
    return _SAYS[field].format(title=article.title, value=value) + _HOW[article.provenance.get(field, "stated")] + "。"
