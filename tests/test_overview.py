import time
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.about import UNKNOWN_NTH
from rag.index import IndexReader
from rag.library import Library
from rag.overview import (
    ALL_MENTION,
    DATED,
    DATED_ABOVE,
    GIST,
    GIST_WHOLE,
    LACK,
    LIBRARY,
    MENTION,
    MENTION_ONE,
    MENTION_SOME,
    MOST_ARTICLES,
    MOST_SECTIONS,
    NEWEST,
    NEWEST_ARE,
    NEWEST_IS,
    NO_MENTION,
    OLDEST_IS,
    WITHIN,
    answer_overview,
    asked_mention,
    asks_of_all,
    asks_of_one,
)
from rag.types import ALL, Answer, Message, Passage, Query, Question, Scope

CAT = """---
title: 猫的一生
date: 2025-04-03
---

猫为什么睡觉？

“猫很怕水。”

猫是常见的家养动物，吃鱼也吃肉。它的主人姓王，住在山脚下。

# 一、猫的来历

家猫的祖先住在北非的沙漠里。

# 二、猫的食物

以下是几种食物：

鱼是猫最常吃的一种食物。
"""
FILM = "# 铁拳男人\n\n《铁拳男人》是一部二〇〇五年的传记电影。\n\n影片讲一个拳击手东山再起。\n"
DOG = "---\ntitle: 狗的来历\n---\n\n狗是由狼驯化来的动物。\n\n狗追着猫跑是一件常有的事。\n"


def index_of(folder: Path, articles: dict[str, str]) -> Library:
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in articles.items():
        (corpus / f"{name}.md").write_text(text, encoding="utf-8")
    ingest(corpus, folder / "index", FakeEmbedder())
    return IndexReader(folder / "index", FakeEmbedder()).current().library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return index_of(tmp_path, {"甲": CAT, "乙": DOG, "丙": FILM})


def ask(library: Library, text: str, scope: Scope = ALL) -> Answer | None:
    chunks = map(library.chunk, library.chunk_ids())
    found = [Passage(library.article(chunk.article_id), chunk, rank, 1.0) for rank, chunk in enumerate(chunks, 1)]
    return answer_overview(Question(text), Query(text, scope), library, tuple(found))


def told(answer: Answer | None) -> list[tuple[str, str]]:
    assert answer is not None
    return [(statement.subject, statement.text) for statement in answer.statements]


@pytest.mark.parametrize(
    "question",
    [
        "都有哪些文章？",
        "一共有几篇文章",
        "这个文章库里有什么？",
        "總結一下這些文章",
        "这些文章主要讲了什么？",
        "最新的一篇文章是哪篇",
        "哪篇文章是最新的？",
        "请列出所有文章",
        "你能回答什么问题？",
        "我可以问些什么",
        "What are these articles about?",
        "list all articles",
        "2024年6月发表的文章有哪些",
        "2022年8月的文章",
        "2023年发表了哪些文章？",
        "最早的文章是哪篇？",
        "最旧的一篇文章是什么时候的？",
        "最新的三篇文章是哪些？",
    ],
)
def test_a_question_of_all_articles(question: str) -> None:
    assert asks_of_all(question) and not asks_of_one(question)


@pytest.mark.parametrize(
    "question",
    [
        "《猫的一生》讲了什么？",
        "帮我概括《猫的一生》",
        "這篇文章主要說了什麼",
        "动物报那篇讲了什么？",
        "总结一下讲猫的那篇文章",
        "第二篇讲了什么？",
        "What is 《猫的一生》 about?",
        "Summarize 《猫的一生》",
    ],
)
def test_a_question_of_what_one_article_says(question: str) -> None:
    assert asks_of_one(question) and not asks_of_all(question)


@pytest.mark.parametrize(
    "question",
    [
        "猫吃什么？",
        "文章里说猫吃什么？",
        "有哪些文章提到了猫？",
        "那篇文章里猫吃什么？",
        "总结《猫的一生》里的数据",
        "《猫的一生》是谁写的？",
        "文章",
        "你好",
        "他们会做什么",
        "小红书都有什么内容",
        "能做什么？",
        "我可以做什么？",
        "这篇文章",
        "2024年发生了什么？",
        "最早的产品是哪个？",
        "最新的三篇论文讲了什么？",
        "文章是什么时候发表的？",
    ],
)
def test_a_question_of_something_that_articles_speak_of_is_neither(question: str) -> None:
    assert not asks_of_all(question) and not asks_of_one(question)


def test_of_all_articles_each_is_told_by_its_first_sentence_that_says_something_the_newest_first(
    library: Library,
) -> None:
    answer = ask(library, "都有哪些文章？")
    assert told(answer) == [
        ("《猫的一生》", "猫是常见的家养动物，吃鱼也吃肉。"),
        ("《狗的来历》", "狗是由狼驯化来的动物。"),
        ("《铁拳男人》", "《铁拳男人》是一部二〇〇五年的传记电影。"),
    ]
    assert answer is not None and answer.notice == LIBRARY.format(count=3)
    assert [citation.quote for citation in answer.citations] == [text for _, text in told(answer)]


def test_of_many_articles_only_the_newest_are_told_and_how_many_there_are(tmp_path: Path) -> None:
    many = {f"第{n}篇": f"---\ndate: 2025-01-{n:02}\n---\n\n第{n}只猫在睡觉，睡得很香。\n" for n in range(1, 12)}
    library = index_of(tmp_path, many)
    answer = ask(library, "都有哪些文章？")
    assert told(answer)[0][1] == "第11只猫在睡觉，睡得很香。" and len(told(answer)) == MOST_ARTICLES
    assert answer is not None and answer.notice == NEWEST.format(count=11, shown=MOST_ARTICLES)
    for newest in ("最新的一篇文章是哪篇？", "哪篇文章是最新的？"):
        assert len(told(ask(library, newest))) == 1


DATES = {"甲": "2025-04-03", "乙": "2024-06-05", "丙": "2024-06-13", "丁": ""}


@pytest.fixture
def dated(tmp_path: Path) -> Library:
    return index_of(
        tmp_path,
        {
            name: f"---\ntitle: {name}篇\ndate: {day}\n---\n\n{name}家的猫在睡觉，睡得很香。\n"
            for name, day in DATES.items()
        },
    )


@pytest.mark.parametrize(
    ("question", "titles", "notice"),
    [
        ("最早的文章是哪篇？", ["乙"], OLDEST_IS.format(title="乙篇", date="2024-06-05")),
        ("最旧的一篇文章是什么时候的？", ["乙"], OLDEST_IS.format(title="乙篇", date="2024-06-05")),
        ("哪篇文章最新？", ["甲"], NEWEST_IS.format(title="甲篇", date="2025-04-03")),
        ("最新的两篇文章是哪些？", ["甲", "丙"], NEWEST_ARE.format(shown=2)),
        ("最新的0篇文章是哪些？", ["甲"], NEWEST_IS.format(title="甲篇", date="2025-04-03")),
    ],
)
def test_the_newest_and_the_oldest_article_are_told_with_their_dates(
    dated: Library, question: str, titles: list[str], notice: str
) -> None:
    answer = ask(dated, question)
    assert [heading for heading, _ in told(answer)] == [f"《{title}篇》" for title in titles]
    assert answer is not None and answer.notice == DATED.format(count=4, dated=3) + notice


def test_the_oldest_is_that_of_a_list_or_of_what_was_asked_of_before(dated: Library) -> None:
    cited = tuple(dated.first_chunk(id_).id for id_ in ("甲", "丙"))
    listed = (Message("user", "哪些文章提到了猫？"), Message("assistant", "", cited))
    answer = answer_overview(Question("最早的是哪篇？", listed), Query("猫 最早的是哪篇？"), dated, ())
    assert answer is not None and answer.notice.startswith(DATED_ABOVE.format(count=2, dated=2))
    too = (Message("user", "最新的文章是哪篇？"),)
    other = answer_overview(Question("最早的呢？", too), Query("最早的呢？"), dated, ())
    assert [heading for heading, _ in told(other)] == ["《乙篇》"]
    assert answer_overview(Question("最早的呢？"), Query("最早的呢？"), dated, ()) is None


def test_where_no_article_is_dated_none_is_the_oldest(tmp_path: Path) -> None:
    answer = ask(index_of(tmp_path, {"乙": DOG}), "最早的文章是哪篇？")
    assert answer is not None and (answer.refused, answer.notice) == (True, DATED.format(count=1, dated=0))


def test_articles_of_a_time_are_told_where_it_is_their_own(dated: Library) -> None:
    june = Scope("2024-06-01", "2024-06-30")
    answer = ask(dated, "2024年6月发表的文章有哪些", june)
    assert [heading for heading, _ in told(answer)] == ["《丙篇》", "《乙篇》"]
    assert answer is not None and answer.notice == WITHIN.format(count=2)
    assert ask(dated, "文章里2024年讲了什么？") is None


def test_only_articles_within_the_scope_are_told(library: Library) -> None:
    answer = ask(library, "都有哪些文章？", Scope(since="2025-01-01"))
    assert [heading for heading, _ in told(answer)] == ["《猫的一生》"]
    assert answer is not None and answer.notice == WITHIN.format(count=1)
    assert ask(library, "都有哪些文章？", Scope(since="2030-01-01")) is None


def test_one_article_is_told_by_its_opening_and_the_first_sentence_of_each_section(library: Library) -> None:
    answer = ask(library, "《猫的一生》讲了什么？")
    assert told(answer) == [
        ("", "猫是常见的家养动物，吃鱼也吃肉。"),
        ("", "它的主人姓王，住在山脚下。"),
        ("一、猫的来历", "家猫的祖先住在北非的沙漠里。"),
        ("二、猫的食物", "鱼是猫最常吃的一种食物。"),
    ]
    assert answer is not None and answer.notice == GIST.format(title="猫的一生")


def test_of_an_article_with_many_sections_some_are_told_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    sections = "".join(f"# 第{n}节\n\n第{n}节讲第{n}只猫睡觉的故事。\n\n" for n in range(1, 15))
    answer = ask(index_of(tmp_path, {"甲": f"---\ntitle: 猫的一生\n---\n\n{sections}"}), "《猫的一生》讲了什么？")
    headings = [heading for heading, _ in told(answer) if heading]
    assert 2 < len(headings) <= MOST_SECTIONS and headings[-1] in ("第12节", "第13节", "第14节")
    assert headings == sorted(headings, key=lambda heading: int(heading[1:-1]))


def test_what_an_article_outside_the_scope_says_is_not_told(library: Library) -> None:
    scope = Scope(articles=("乙",))
    answer = ask(library, "《猫的一生》讲了什么？", scope)
    assert answer is not None and (answer.refused, answer.statements) == (True, ())
    assert answer.notice == "《猫的一生》不在这个范围内（文章：《狗的来历》）。请放宽范围后再问。"
    listed = ask(library, "都有哪些文章？")
    assert listed is not None
    history = (Message("user", "都有哪些文章？"), Message("assistant", listed.text, listed.sources))
    nth = answer_overview(Question("第一篇讲了什么？", history), Query("第一篇讲了什么？", scope), library, ())
    assert nth is not None and (nth.refused, nth.notice) == (True, answer.notice)
    shown = (Message("user", "猫吃什么？"), Message("assistant", "吃鱼。", tuple(library.chunk_ids_of("甲")[:1])))
    this = answer_overview(Question("这篇讲了什么？", shown), Query("这篇讲了什么？", scope), library, ())
    assert this is not None and (this.refused, this.notice) == (True, answer.notice)


def test_an_article_without_headings_is_told_by_its_opening(library: Library) -> None:
    answer = ask(library, "《狗的来历》讲了什么？")
    assert [text for _, text in told(answer)] == ["狗是由狼驯化来的动物。", "狗追着猫跑是一件常有的事。"]
    assert answer is not None and answer.notice == GIST_WHOLE.format(title="狗的来历")


def test_what_a_work_is_about_that_an_article_speaks_of_is_no_question_of_the_article(library: Library) -> None:
    assert ask(library, "《铁拳男人》的内容是什么？") is None
    assert ask(library, "《没有这篇》讲了什么？") is None


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("哪些文章提到了猫？", "猫"),
        ("哪些文章提到了主人？", "主人"),
        ("有沒有關於拳擊手的文章", "拳击手"),
        ("有关于拳击手的报道吗？", "拳击手"),
        ("文章里有没有提到拳击手？", "拳击手"),
        ("找几篇讲拳击手的文章", "拳击手"),
        ("哪几篇谈到了TikTok", "TikTok"),
        ("哪些文章提到了猫吃什么？", ""),
        ("有没有谈到毛文超的？", ""),
        ("有没有提到毛文超的？", "毛文超"),
        ("有哪些人提到猫的主人？", ""),
        ("哪些文章提到了 ？", ""),
        ("哪些文章提到了 猫 ？", "猫"),
        ("有多少篇文章提到猫？", "猫"),
        ("关于DevOps有哪些文章", "DevOps"),
        ("提到猫的文章有几篇？", "猫"),
        ("关于猫有哪些说法？", ""),
        ("都有哪些文章？", ""),
    ],
)
def test_what_articles_are_wanted_on(question: str, what: str) -> None:
    assert asked_mention(question) == what


def test_of_each_article_that_mentions_something_the_first_sentence_that_does_is_told(library: Library) -> None:
    answer = ask(library, "哪些文章提到了动物？")
    assert sorted(told(answer)) == [
        ("《狗的来历》", "狗是由狼驯化来的动物。"),
        ("《猫的一生》", "猫是常见的家养动物，吃鱼也吃肉。"),
    ]
    assert answer is not None and answer.notice == MENTION.format(what="动物", count=2)
    nowhere = ask(library, "哪些文章提到了大象？")
    assert nowhere is not None and (nowhere.refused, nowhere.notice) == (True, NO_MENTION.format(what="大象"))
    assert ask(library, "文章有没有提到动物园？") is None  # 动物 they do: they may say so in other words
    assert ask(library, "哪些文章提到了茶？") is None  # one character is no term: it may stand where nothing was found


def test_all_articles_that_mention_something_are_counted_and_not_only_those_found(tmp_path: Path) -> None:
    many = {f"第{n}篇": f"---\ntitle: 第{n}篇\n---\n\n第{n}只大象在睡觉，睡得很香。\n" for n in range(1, 12)}
    library = index_of(tmp_path, many | {"乙": DOG})
    answer = answer_overview(Question("有几篇文章提到大象？"), Query("大象"), library, ())
    assert len(told(answer)) == MOST_ARTICLES
    assert answer is not None and answer.notice == MENTION_SOME.format(what="大象", count=11, shown=MOST_ARTICLES)
    within = answer_overview(Question("有几篇文章提到大象？"), Query("大象", Scope(articles=("第1篇",))), library, ())
    assert within is not None and within.notice == MENTION_ONE.format(what="大象")


def test_articles_that_do_not_mention_something_are_told(library: Library) -> None:
    answer = ask(library, "哪些文章没有提到动物？")
    assert told(answer) == [("《铁拳男人》", "《铁拳男人》是一部二〇〇五年的传记电影。")]
    assert answer is not None and answer.notice == LACK.format(what="动物", count=1)
    every = ask(library, "哪些文章没提到动物？", Scope(articles=("甲", "乙")))
    assert every is not None and (every.refused, every.notice) == (True, ALL_MENTION.format(what="动物"))
    asked = ask(library, "文章有没有提到动物？")
    assert asked is not None and asked.notice == MENTION.format(what="动物", count=2)
    assert ask(library, "哪些文章没有提到茶？") is None


def test_the_nth_article_is_that_of_the_last_answer(library: Library) -> None:
    listed = ask(library, "都有哪些文章？")
    assert listed is not None
    history = (Message("user", "都有哪些文章？"), Message("assistant", listed.text, listed.sources))

    def then(text: str, *turns: Message) -> Answer | None:
        return answer_overview(Question(text, turns), Query(text), library, listed.passages if listed else ())

    second = then("第二篇讲了什么？", *history)
    assert second is not None and {c.article.title for c in second.citations} == {"狗的来历"}
    one = Message("assistant", second.text, second.sources)
    third = then("第三篇讲了什么？", *history, Message("user", "第二篇讲了什么？"), one)
    assert third is not None and {c.article.title for c in third.citations} == {"铁拳男人"}
    gone = Message("assistant", "", ("gone",))
    for unknown in (then("第9篇讲了什么？", *history), then("第9篇讲了什么？"), then("第9篇讲了什么？", gone)):
        assert unknown is not None and unknown.notice == UNKNOWN_NTH.format(nth="第9篇")
    assert then("第二篇论文讲了什么？") is None


@pytest.mark.parametrize("words", ["这些", "一共", "哪几篇", "文章", "有没有"])
def test_no_question_takes_time_that_grows_out_of_hand(words: str) -> None:
    started = time.perf_counter()
    for text in (
        f"文章什么{words * 250}甲",
        f"{words * 250}《甲乙》{words * 250}甲",
        f"{words * 250}这篇{words * 250}甲",
    ):
        assert not asks_of_all(text) and not asks_of_one(text)
        asked_mention(text)
    assert time.perf_counter() - started < 1
