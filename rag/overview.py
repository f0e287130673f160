"""Questions about the articles as a whole: which there are, which mention something, what one of them says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice

from rag.about import (
    MOST_ARTICLES,
    article_shown,
    articles_cited,
    find_article,
    newest_first,
    refuse_outside,
    refuse_unknown,
    within,
)
from rag.courtesy import asks
from rag.features import Candidate, candidates_of
from rag.hanging import hangs, tells_of_itself
from rag.lexical import content_terms
from rag.library import Library
from rag.sections import headings_of
from rag.text import normalize, numeral, simplify
from rag.types import ALL, Answer, Article, Citation, Passage, Query, Question, Scope, Statement

MOST_SECTIONS = 6
OPENING = 2  # sentences of an article's beginning
OPENING_ALONE = 5  # the same where it has no headings
SHORTEST, LONGEST = 10, 160  # code points of a sentence that says what an article is about

LIBRARY = "文章库里有 {count} 篇文章，下面每篇摘一句。"
WITHIN = "这个范围内有 {count} 篇文章，下面每篇摘一句。"
NEWEST = "文章库里有 {count} 篇文章，下面是最新的 {shown} 篇，每篇摘一句。"
NEWEST_WITHIN = "这个范围内有 {count} 篇文章，下面是最新的 {shown} 篇，每篇摘一句。"
DATED = "文章库里有 {count} 篇文章，写明日期的有 {dated} 篇。"
DATED_WITHIN = "这个范围内有 {count} 篇文章，写明日期的有 {dated} 篇。"
DATED_ABOVE = "上面的回答引用了 {count} 篇文章，写明日期的有 {dated} 篇。"
NEWEST_IS = "最新的一篇是《{title}》，发表于 {date}，下面摘一句。"
OLDEST_IS = "最早的一篇是《{title}》，发表于 {date}，下面摘一句。"
NEWEST_ARE = "下面是最新的 {shown} 篇，每篇摘一句。"
OLDEST_ARE = "下面是最早的 {shown} 篇，每篇摘一句。"
NO_MENTION = "没有文章提到“{what}”。"
MENTION_ONE = "只有一篇文章提到“{what}”，下面摘一句。"
MENTION = "提到“{what}”的文章有 {count} 篇，下面每篇摘一句。"
MENTION_SOME = "提到“{what}”的文章有 {count} 篇，下面从其中 {shown} 篇里各摘一句，最相关的在前。"
ALL_MENTION = "每篇文章都提到了“{what}”。"
LACK = "没有提到“{what}”的文章有 {count} 篇，下面每篇摘一句。"
LACK_SOME = "没有提到“{what}”的文章有 {count} 篇，下面是最新的 {shown} 篇，每篇摘一句。"
GIST = "下面摘自《{title}》，按原文顺序：开头的话，和各节的第一句。"
GIST_WHOLE = "下面是《{title}》开头的几句。"

_LINKS = (
    r"请问|请|帮我?|给我|麻烦|你们?|我们?|能|可以|一下|下|简单|简要|大概|大致|主要|到底|究竟|都|的|了|是|些|吗|呢|啊|呀"
    r"|里面?|一共|总共|现在|目前|全部|所有|这些|那些|这|那|个|共|一?篇|[，。？?！!\s]"
)
_COUNT = r"[一两二三四五六七八九十]{1,2}|\d{1,2}"
_TIME = (
    r"(?:19|20)\d\d年?|[今去前本]年|(?<=[年月])[初底末]|[至到](?=\d)|[今昨前]天|[本上这]个?[月周]|[上下]半年|第?[一二三四]季度|以来|[之以][前后]|期间"
    r"|(?:最近|近|过去)?[一两二三四五六七八九十半\d]{1,3}个?(?:年|月份?|[日号天周])"
)
_END = rf"最(?:[新早旧老]|近(?!一|两|[二三四五六七八九十半\d]+个?[年月周天日]))的?(?:前?(?:{_COUNT})篇)?"
_ASKS = (
    rf"{_END}|什么|啥|哪些|哪一?篇|哪几篇|几篇|多少篇?|列[出举]?|最近|概括|总结|归纳|概述|概要|摘要|梳理|介绍|简介|大意|要点"
    r"|重点|主旨|主题|核心观点|中心思想"
)
_SAYS = r"[讲说写谈过]|有|关于|内容|观点|收录|收|包括|发[表布]|刊[发登]"
_ARTICLES = r"文章库|资料库|知识库|库|文章|资料"
# Possessive: no time that grows out of hand.
_OF_ALL = re.compile(rf"(?:{_ASKS}|{_TIME}|{_LINKS}|{_SAYS}|{_ARTICLES})++")
_ASKS_ME = re.compile(rf"(?=.*(?:你|问(?!题)))(?:你|我|可以|能)(?:{_LINKS}|{_ASKS}|回答|问题|问|会|做|干|知道)++")
_NAMES_TIME = re.compile(rf"(?!最[新近早旧老])(?:{_TIME})")
_OF_AN_END = re.compile(_END)
_OLDEST = re.compile(r"最[早旧老]")
_HOW_MANY = re.compile(rf"最[新近早旧老]的?前?({_COUNT})篇")
_THE_ONE = re.compile(r"哪一?篇|一篇")
_THE_OTHER_END = re.compile(rf"(?:那么?)?{_END}呢?[？?。\s]*")  # 最早的呢 after 最新的文章是哪篇
_WHEN = re.compile(r"(?:是?(?:什么时候|哪一?[天年]|何时)|日期|时间)的?")
_TITLE = re.compile(r"《[^》]{2,}》")
_ONE = re.compile(
    rf"第(?:{_COUNT})篇(?:文章|报道)?|[这那该此本]一?篇(?:文章|报道|稿子)?|[这那该]个?(?:文章(?!库)|报道|稿子)"
)
_OF_ONE = re.compile(rf"(?:{_LINKS}|{_ASKS}|{_SAYS}|文章|报道|稿子)*+")
_ASKS_FIRST = re.compile(rf"(?:{_LINKS})*+(?:概括|总结|归纳|概述|梳理|介绍)")
_MENTIONS = r"(?:提到|提及|[讲写谈说]到?|涉及|关于|介绍)[了过]?+"
_WHICH = "有没有|有无|有哪些|有哪?几篇|有多少篇?|哪些|哪几篇|多少篇|有|找|列出"
_WHICH_MENTION = re.compile(
    rf"(?:{_LINKS}|文章)*+(?:{_WHICH})(?:{_LINKS}|几篇|文章|报道|资料)*+"
    rf"{_MENTIONS}(?P<what>[^，。？?！!]{{1,20}}?)(?:的(?:文章|报道|资料)?)?[吗呢]?[？?。！!\s]*"
)
_ON_WHAT = re.compile(
    rf"(?:{_LINKS})*+(?:关于|有关|提到了?|提及|涉及)(?P<what>[^，。？?！!]{{1,20}}?)的?"
    r"(?:(?:文章|报道|资料)(?:一共|总共|都)?有(?:哪些|哪?几篇|多少篇?)|(?:一共|总共|都)?有(?:哪些|哪?几篇|多少篇?)(?:文章|报道|资料)?)"
    r"[？?。！!\s]*"
)
_DENIES = re.compile(r"(?<!有)(?:都?没有?|未)(?=提到|提及|涉及|[讲写谈说]到)")
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
    of_an_end = bool(_OF_AN_END.search(text))
    if _ONE.search(text) or not (of_an_end or re.search(f"{_ASKS}|{_TIME}", text)):
        return False
    if of_an_end:
        text = _WHEN.sub("", text)
    of_articles = re.search(f"{_ARTICLES}|篇" if of_an_end else _ARTICLES, text)
    return bool((of_articles and _OF_ALL.fullmatch(text)) or _ASKS_ME.fullmatch(text))


def asked_mention(question: str) -> str:
    """What a question wants the articles on: 拼多多 of 哪些文章提到了拼多多 and 有没有关于拼多多的文章; else ""."""
    text = simplify(question).strip()
    match = _WHICH_MENTION.fullmatch(text) or _ON_WHAT.fullmatch(text)
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
    if _is_of_all(question, query):
        return _of_all(question, query.scope, library)
    if what := asked_mention(question.text):  # as it is written: spelling makes 未来 of 蔚来
        return _that_mention(question, what, query.scope, library, passages)
    if what := asked_mention(_DENIES.sub("", simplify(question.text))):
        return _that_lack(question, what, query.scope, library)
    if not asks_of_one(question.text):
        return None
    shown = article_shown(question, library)
    if not shown and (refusal := refuse_unknown(question)):
        return refusal
    article = shown or find_article(query.text, library, passages, query.scope)
    if article is None:
        return None
    title = _TITLE.search(question.text)
    is_of_a_work = title and title[0] in article.text  # 《…》的内容是什么 of a film that the article speaks of
    if is_of_a_work:
        return None
    return refuse_outside(question, article, query.scope, library, passages) or _of_one(question, article, library)


def _is_of_all(question: Question, query: Query) -> bool:
    """Whether a question is of all articles: of those of a time only where it is their own (文章里2024年讲了什么)."""
    text = simplify(question.text).strip()
    if _THE_OTHER_END.fullmatch(text):
        asked = next((message.content for message in reversed(question.history) if message.role == "user"), "")
        return asks_of_all(asked)
    names_time = _NAMES_TIME.search(text) and not _OF_AN_END.search(text)
    return asks_of_all(text) and not (names_time and not (query.scope.since or query.scope.until))


def _of_all(question: Question, scope: Scope, library: Library) -> Answer | None:
    text = simplify(question.text)
    cited = articles_cited(question.history[-1], library) if question.history else []
    of_an_end = _OF_AN_END.search(text)
    above = bool(of_an_end) and len(cited) > 1 and not re.search("(?<!这些)文章", text)  # 最新的是哪篇, of a list
    ids = newest_first(cited if above else within(scope, library), library)
    if not ids:
        return None
    if of_an_end:
        return _of_an_end(question, ids, DATED_ABOVE if above else DATED if scope == ALL else DATED_WITHIN, library)
    told = _one_sentence_each(ids[:MOST_ARTICLES], library)
    every = len(ids) <= MOST_ARTICLES
    notice = (LIBRARY if every else NEWEST) if scope == ALL else (WITHIN if every else NEWEST_WITHIN)
    return _quoted(question, told, notice.format(count=len(ids), shown=len(told)))


def _of_an_end(question: Question, ids: Sequence[str], notice: str, library: Library) -> Answer:
    """The newest or the oldest of articles in the order of their dates; one, or as many as are asked for."""
    text = simplify(question.text)
    dated = [id_ for id_ in ids if library.metadata[id_].published]
    notice = notice.format(count=len(ids), dated=len(dated))
    if not dated:
        return Answer(question, refused=True, notice=notice)
    oldest = bool(_OLDEST.search(text))
    count = _HOW_MANY.search(text)
    one = _THE_ONE.search(text) or _WHEN.search(text) or _THE_OTHER_END.fullmatch(text)
    most = min(max(numeral(count[1]), 1), MOST_ARTICLES) if count else 1 if one else MOST_ARTICLES
    shown = (dated[::-1] if oldest else dated)[:most]
    first = library.metadata[shown[0]]
    if most == 1:
        notice += (OLDEST_IS if oldest else NEWEST_IS).format(title=first.title, date=first.published)
    else:
        notice += (OLDEST_ARE if oldest else NEWEST_ARE).format(shown=len(shown))
    return _quoted(question, _one_sentence_each(shown, library), notice)


def _one_sentence_each(ids: Sequence[str], library: Library) -> list[tuple[str, Candidate]]:
    """Of each article the first sentence that says something, under its title."""
    articles = [library.article(id_) for id_ in ids]
    return [(f"《{a.title}》", sentence) for a in articles for sentence in _opening(_sentences(a, library), 1)]


def _that_mention(
    question: Question, what: str, scope: Scope, library: Library, passages: tuple[Passage, ...]
) -> Answer | None:
    """Of each article that has the words a sentence that does, those of the passages first, then the newest.

    Where none has them, none mentions it if no article has any term of them; else None: it may say so in other words.
    """
    told: dict[str, Candidate] = {}
    for sentence in candidates_of(passages):
        if normalize(what) in normalize(sentence.text):
            told.setdefault(sentence.passage.article.id, sentence)
    terms = content_terms(what)  # a single character is none
    mention = library.articles_with(what).intersection(within(scope, library)) if terms else set()
    for id_ in newest_first(mention - told.keys(), library)[: max(0, MOST_ARTICLES - len(told))]:
        sentences = _sentences(library.article(id_), library)
        having = [sentence for sentence in sentences if normalize(what) in normalize(sentence.text)]
        if first := next(iter(having or sentences), None):  # its title may have it
            told[id_] = first
    if told:
        headed = [(f"《{sentence.passage.article.title}》", sentence) for sentence in told.values()]
        count = len(mention | told.keys())
        notice = MENTION_ONE if count == 1 else MENTION if count == len(told) else MENTION_SOME
        return _quoted(question, headed, notice.format(what=what, count=count, shown=len(told)))
    if not terms or any(library.document_frequencies(terms).values()):
        return None
    return Answer(question, refused=True, notice=NO_MENTION.format(what=what), confidence=0.0)


def _that_lack(question: Question, what: str, scope: Scope, library: Library) -> Answer | None:
    """Of each article without some words the first sentence that says something; None for a single character."""
    if not content_terms(what):
        return None
    lacking = newest_first(set(within(scope, library)) - library.articles_with(what), library)
    if not lacking:
        return Answer(question, refused=True, notice=ALL_MENTION.format(what=what), confidence=0.0)
    told = _one_sentence_each(lacking[:MOST_ARTICLES], library)
    notice = LACK if len(told) == len(lacking) else LACK_SOME
    return _quoted(question, told, notice.format(what=what, count=len(lacking), shown=len(told)))


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
