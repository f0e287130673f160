"""Questions about the articles as a whole: which there are, which mention something, what one of them says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice

from rag.about import article_shown, articles_cited, find_article, refuse_outside
from rag.courtesy import asks
from rag.features import Candidate, candidates_of
from rag.hanging import hangs, tells_of_itself
from rag.lexical import content_terms
from rag.library import Library
from rag.sections import headings_of
from rag.text import normalize, numeral, simplify
from rag.types import ALL, Answer, Article, Citation, Passage, Query, Question, Scope, Statement

MOST_ARTICLES = 8
MOST_SECTIONS = 6
OPENING = 2  # sentences of an article's beginning
OPENING_ALONE = 5  # the same where it has no headings
SHORTEST, LONGEST = 10, 160  # code points of a sentence that says what an article is about

LIBRARY = "文章库里有 {count} 篇文章，下面每篇摘一句。"
WITHIN = "这个范围内有 {count} 篇文章，下面每篇摘一句。"
NEWEST = "文章库里有 {count} 篇文章，下面是最新的 {shown} 篇，每篇摘一句。"
NEWEST_WITHIN = "这个范围内有 {count} 篇文章，下面是最新的 {shown} 篇，每篇摘一句。"
NO_MENTION = "没有文章提到“{what}”。"
MENTION = "提到“{what}”的文章，最相关的有 {count} 篇，下面每篇摘一句。"
GIST = "下面摘自《{title}》，按原文顺序：开头的话，和各节的第一句。"
GIST_WHOLE = "下面是《{title}》开头的几句。"

_LINKS = (
    r"请问|请|帮我?|给我|麻烦|你们?|我们?|能|可以|一下|下|简单|简要|大概|大致|主要|到底|究竟|都|的|了|是|些|吗|呢|啊|呀"
    r"|里面?|一共|总共|现在|目前|全部|所有|这些|那些|这|那|个|共|一?篇|[，。？?！!\s]"
)
_ASKS = (
    r"什么|啥|哪些|哪一?篇|哪几篇|几篇|多少篇?|列[出举]?|最新|最近|概括|总结|归纳|概述|概要|摘要|梳理|介绍|简介|大意|要点"
    r"|重点|主旨|主题|核心观点|中心思想"
)
_SAYS = r"[讲说写谈]|有|关于|内容|观点|收录|收|包括"
_ARTICLES = r"文章库|资料库|知识库|库|文章|资料"
_OF_ALL = re.compile(rf"(?:{_LINKS}|{_ASKS}|{_SAYS}|{_ARTICLES})++")  # possessive: no time that grows out of hand
_ASKS_ME = re.compile(rf"(?=.*(?:你|问(?!题)))(?:你|我|可以|能)(?:{_LINKS}|{_ASKS}|回答|问题|问|会|做|干|知道)++")
_NEWEST_ONE = re.compile(r"最[新近].*(?:一篇|哪篇)|哪一?篇.*最[新近]")
_TITLE = re.compile(r"《[^》]{2,}》")
_NTH = re.compile(r"第([一二三四五六七八九十]|\d{1,2})篇(?:文章|报道)?")
_ONE = re.compile(rf"{_NTH.pattern}|[这那该此本]一?篇(?:文章|报道|稿子)?|[这那该]个?(?:文章(?!库)|报道|稿子)")
_OF_ONE = re.compile(rf"(?:{_LINKS}|{_ASKS}|{_SAYS}|文章|报道|稿子)*+")
_ASKS_FIRST = re.compile(rf"(?:{_LINKS})*+(?:概括|总结|归纳|概述|梳理|介绍)")
_MENTIONS = r"(?:提到|提及|[讲写谈说]到?|涉及|关于|介绍)[了过]?+"
_WHICH_MENTION = re.compile(
    rf"(?:{_LINKS}|文章)*+(?:有没有|有无|有哪些|有哪?几篇|哪些|哪几篇|有|找|列出)(?:{_LINKS}|几篇|文章|报道|资料)*+"
    rf"{_MENTIONS}(?P<what>[^，。？?！!]{{1,20}}?)(?:的(?:文章|报道|资料)?)?[吗呢]?[？?。！!\s]*"
)
_THE_ARTICLES = r"(?:all )?(?:of )?(?:the |these )?articles"
_ENGLISH_OF_ALL = re.compile(
    rf"(?:what|which|how many) articles(?: are there| do you have)?|what (?:are|do) {_THE_ARTICLES} (?:about|say)"
    rf"|(?:list|summari[sz]e) {_THE_ARTICLES}|what can (?:i|you) (?:ask|answer)(?: you)?",
    re.IGNORECASE,
)
_THE_ARTICLE = r"(?:(?:this|the|that) )?(?:article|text)?"
_ENGLISH_OF_ONE = re.compile(
    rf"(?:what (?:does|is) )?{_THE_ARTICLE}\s*(?:say|about)|summari[sz]e\s*{_THE_ARTICLE}", re.IGNORECASE
)
_ASKS_ANNOUNCES_OR_QUOTES = re.compile(r"[？?：:][”」』\"]?$|^[“「\"].*[”」\"]$")


def asks_of_all(question: str) -> bool:
    """Whether a question is which articles there are, or what they say, and of nothing that they speak of."""
    text = simplify(question).strip()
    if _ENGLISH_OF_ALL.fullmatch(text.rstrip(" ?.")):
        return True
    if not re.search(_ASKS, text) or _ONE.search(text):
        return False
    return bool((re.search(_ARTICLES, text) and _OF_ALL.fullmatch(text)) or _ASKS_ME.fullmatch(text))


def asked_mention(question: str) -> str:
    """What a question wants the articles on: 拼多多 of 哪些文章提到了拼多多 and 有没有关于拼多多的文章; else ""."""
    text = simplify(question).strip()
    match = _WHICH_MENTION.fullmatch(text)
    speaks_of_articles = re.search("文章|篇|报道|资料|提到|提及", text)
    return match["what"].strip() if match and speaks_of_articles and not asks(match["what"]) else ""


def asks_of_one(question: str) -> bool:
    """Whether a question is what one article says: 《…》讲了什么, 概括一下那篇文章, Tech星球那篇讲了什么."""
    text = simplify(question).strip()
    title = _TITLE.search(text)
    named = title or _ONE.search(text)
    if not named:
        return False
    before, after = text[: named.start()], text[named.end() :]
    rest = f"{before} {after}"
    if title and _ENGLISH_OF_ONE.fullmatch(rest.strip(" ?.")):
        return True
    if not _OF_ONE.fullmatch(after):
        return False
    if _OF_ONE.fullmatch(before):
        return bool(re.search(_ASKS, rest))
    return not title and bool(re.search(_ASKS, after) or _ASKS_FIRST.match(before))  # of one that is described


def answer_overview(question: Question, query: Query, library: Library, passages: tuple[Passage, ...]) -> Answer | None:
    """The answer to a question of all articles, of those that mention something, or of what one says; else None.

    Its statements are sentences of theirs.
    """
    if asks_of_all(question.text):
        return _of_all(question, query.scope, library)
    if what := asked_mention(question.text):  # as it is written: spelling makes 未来 of 蔚来
        return _that_mention(question, what, library, passages)
    if not asks_of_one(question.text):
        return None
    if nth := _NTH.search(simplify(question.text)):
        article = _nth_shown(numeral(nth[1]), question, library)
    else:
        article = article_shown(question, library) or find_article(query.text, library, passages, query.scope)
    if article is None:
        return None
    title = _TITLE.search(question.text)
    is_of_a_work = title and title[0] in article.text  # 《…》的内容是什么 of a film that the article speaks of
    if is_of_a_work:
        return None
    return refuse_outside(question, article, query.scope, library, passages) or _of_one(question, article, library)


def _nth_shown(nth: int, question: Question, library: Library) -> Article | None:
    """The article that the last answer which cites several cites as its nth, from 1; None where it cites fewer."""
    lists = (articles_cited(message, library) for message in reversed(question.history))
    shown = next((articles for articles in lists if len(articles) > 1), [])
    return library.article(shown[nth - 1]) if 0 < nth <= len(shown) else None


def _of_all(question: Question, scope: Scope, library: Library) -> Answer | None:
    allowed = library.articles_within(scope)
    known = {id_: said for id_, said in library.metadata.items() if allowed is None or id_ in allowed}
    most = 1 if _NEWEST_ONE.search(simplify(question.text)) else MOST_ARTICLES
    newest = sorted(known, key=lambda id_: (known[id_].published or "", id_), reverse=True)[:most]
    if not newest:
        return None
    told = []
    for id_ in newest:
        opening = _opening(_sentences(library.article(id_), library), 1)
        told += [(f"《{known[id_].title}》", sentence) for sentence in opening]
    every = len(newest) == len(known)
    notice = (LIBRARY if every else NEWEST) if scope == ALL else (WITHIN if every else NEWEST_WITHIN)
    return _quoted(question, told, notice.format(count=len(known), shown=len(newest)))


def _that_mention(question: Question, what: str, library: Library, passages: tuple[Passage, ...]) -> Answer | None:
    """Of each article among the passages the first sentence that has the words.

    Where none has them, none mentions it if no article has any term of them; else None: it may say so in other words.
    """
    told: dict[str, Candidate] = {}
    for sentence in candidates_of(passages):
        if normalize(what) in normalize(sentence.text):
            told.setdefault(sentence.passage.article.id, sentence)
    if told:
        headed = [(f"《{sentence.passage.article.title}》", sentence) for sentence in told.values()]
        return _quoted(question, headed, MENTION.format(what=what, count=len(headed)))
    terms = content_terms(what)  # a single character is none
    if not terms or any(library.document_frequencies(terms).values()):
        return None
    return Answer(question, refused=True, notice=NO_MENTION.format(what=what), confidence=0.0)


def _of_one(question: Question, article: Article, library: Library) -> Answer:
    sentences = _sentences(article, library)
    opening = _opening(sentences, OPENING)
    sections = [(heading, said) for heading, said in _sections(sentences) if said not in opening]
    if not sections:
        opening = _opening(sentences, OPENING_ALONE)
    told = [*(("", said) for said in opening), *sections[:: max(1, -(-len(sections) // MOST_SECTIONS))]]
    return _quoted(question, told, (GIST if sections else GIST_WHOLE).format(title=article.title))


def _quoted(question: Question, told: Sequence[tuple[str, Candidate]], notice: str) -> Answer:
    """An answer of sentences, each under a heading."""
    passages = {sentence.passage.chunk.id: sentence.passage for _, sentence in told}
    citations = [Citation(n, s.passage.article, s.start, s.end) for n, (_, s) in enumerate(told, 1)]
    statements = [Statement(s.text, (n,), subject=heading) for n, (heading, s) in enumerate(told, 1)]
    ranked = tuple(replace(passage, rank=rank) for rank, passage in enumerate(passages.values(), 1))
    return Answer(question, tuple(statements), tuple(citations), ranked, notice=notice, confidence=1.0)


def _sentences(article: Article, library: Library) -> list[Candidate]:
    chunks = map(library.chunk, library.chunk_ids_of(article.id))
    return candidates_of([Passage(article, chunk, 1, 0.0) for chunk in chunks])


def _opening(sentences: Sequence[Candidate], most: int) -> list[Candidate]:
    """The first sentences that say something by themselves; the first of all where none does."""
    return [sentence for sentence in sentences if _says(sentence)][:most] or list(sentences[:1])


def _sections(sentences: Sequence[Candidate]) -> Iterator[tuple[str, Candidate]]:
    """The headings of an article, each with the first sentence after it that says something by itself."""
    for headings, under in groupby(sentences, key=headings_of):
        yield from ((headings[-1], sentence) for sentence in islice(filter(_says, under), 1) if headings)


def _says(sentence: Candidate) -> bool:
    text = sentence.text
    alone = not (_ASKS_ANNOUNCES_OR_QUOTES.search(text) or hangs(text) or tells_of_itself(text))
    return alone and SHORTEST <= len(text) <= LONGEST
