from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.about import MOST_ARTICLES, NEWEST_OF_THEM, NONE_BY, UNKNOWN_NTH, answer_about, asked_fields
from rag.index import IndexReader
from rag.library import Library
from rag.types import Answer, Message, Query, Question, Scope


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("《猫的一生》这篇是谁写的？", "author"),
        ("那篇讲猫的文章作者是谁？", "author"),
        ("《猫的一生》是哪天发表的？", "published"),
        ("这篇文章的发布时间？", "published"),
        ("“猫的一生”是哪个公众号的稿子？", "publisher"),
        ("《猫的一生》来自哪个网站？", "publisher"),
        ("Who wrote the article 《猫的一生》?", "author"),
        ("《猫的一生》的作者署的是什么名字？", "author"),
        ("谁是这篇报道的作者？", "author"),
        ("这篇文章的作者到底是谁？", "author"),
        ("文章作者的笔名是什么？", "author"),
        ("这则报道发表于哪天？", "published"),
        ("小红书给长文章作者多少分成？", None),
        ("媒体报道小红书哪天发布的财报？", None),
        ("据报道，小红书是什么时候发布计划的？", None),
        ("小红书什么时候发布了长文章功能？", None),
        ("小红书的作者有多少？", None),
        ("公告是什么时候发布的？", None),
        ("文章里说的计划是什么时候发布的？", None),
        ("《猫的一生》里猫吃什么？", None),
        ("讲算法的那篇论文，作者叫什么？", None),
        ("《猫的一生》引的论文，第一作者是谁？", None),
        ("那篇论文的作者是谁？", None),
        ("那篇爆火的笔记是谁写的？", None),
        ("那篇讲笔记的是谁写的？", "author"),
    ],
)
def test_a_question_about_an_article_itself_is_told_from_one_about_its_subject(
    question: str, field: str | None
) -> None:
    assert asked_fields(question) == ((field,) if field else ())


@pytest.fixture
def library(tmp_path: Path) -> Library:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    stated = "---\ntitle: 猫的一生\nauthor: 张三\ndate: 2025-04-03\nsource: 动物报\n---\n\n猫吃鱼。猫睡觉。\n"
    (corpus / "甲.md").write_text(stated, encoding="utf-8")
    (corpus / "乙.md").write_text("# 狗的来历\n\n狗追猫。\n", encoding="utf-8")
    (corpus / "丙.md").write_text("# 紅樓夢話\n\n《紅樓夢話》是李四所画的漫画。\n", encoding="utf-8")
    (corpus / "丁.md").write_text("# 鱼的故事\n\n鱼会游水。原标题：《鱼的故事》\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    return IndexReader(tmp_path / "index", FakeEmbedder()).current().library


def ask(library: Library, text: str) -> Answer | None:
    return answer_about(Question(text), Query(text), library, ())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("《猫的一生》是谁写的？", "《猫的一生》的作者是张三，由动物报发布（文章注明）。"),
        ("讲猫的一生那篇是哪天发表的？", "《猫的一生》发表于 2025-04-03（2025年4月3日）（文章注明）。"),
        ("“猫的一生”是哪个公众号的稿子？", "《猫的一生》由动物报发布（文章注明）。"),
    ],
)
def test_what_an_article_states_of_itself_is_answered_with_its_first_sentence_as_the_citation(
    library: Library, question: str, answer: str
) -> None:
    found = ask(library, question)
    assert found is not None
    assert [statement.text for statement in found.statements] == [answer]
    assert [(c.article.id, c.quote) for c in found.citations] == [("甲", "猫吃鱼。")]


def test_what_an_article_does_not_state_is_refused_by_name(library: Library) -> None:
    found = ask(library, "《狗的来历》是哪天发表的？")
    assert found is not None
    assert (found.refused, found.notice) == (True, "《狗的来历》没有写明发表日期。")


def test_an_author_and_a_date_that_are_asked_for_at_once_are_both_told(library: Library) -> None:
    found = ask(library, "《猫的一生》的作者和发表日期是什么？")
    assert found is not None
    assert [statement.text for statement in found.statements] == [
        "《猫的一生》的作者是张三，由动物报发布（文章注明）。",
        "《猫的一生》发表于 2025-04-03（2025年4月3日）（文章注明）。",
    ]
    assert [statement.citations for statement in found.statements] == [(1,), (1,)]
    neither = ask(library, "《狗的来历》的作者和发表日期")
    assert neither is not None and neither.refused
    assert neither.notice == "《狗的来历》没有写明作者。\n《狗的来历》没有写明发表日期。"


def test_a_quoted_name_that_is_no_title_is_left_to_the_articles(library: Library) -> None:
    assert ask(library, "“出海领航计划”是什么时候发布的？") is None
    assert ask(library, "猫吃什么？") is None
    assert ask(library, "《创意的生成》谁写的？讲猫的那篇文章引过") is None
    assert ask(library, "《猫的一生》谁写的？") is not None


def test_a_work_that_an_article_of_its_name_is_on_is_left_to_the_article(library: Library) -> None:
    assert ask(library, "《红楼梦话》的作者是谁？") is None
    found, of_itself = (ask(library, text) for text in ("《红楼梦话》这篇文章的作者是谁？", "《鱼的故事》的作者是谁？"))
    assert found is not None and found.notice == "《紅樓夢話》没有写明作者。"
    assert of_itself is not None and of_itself.notice == "《鱼的故事》没有写明作者。"


def test_what_points_back_is_the_only_article_that_the_answer_before_cites(library: Library) -> None:
    cat, dog = library.chunk_ids_of("甲"), library.chunk_ids_of("乙")

    def after(sources: list[str], text: str, asked: str = "第二篇讲了什么？") -> Answer | None:
        history = (Message("user", asked), Message("assistant", "猫吃鱼。", tuple(sources)))
        return answer_about(Question(text, history), Query(f"狗 {text}"), library, ())

    found = after(cat, "它的作者是谁？")
    assert found is not None and found.statements[0].text.startswith("《猫的一生》的作者是张三")
    for asked in ("这篇是谁写的？", "這篇是誰寫的？"):
        assert after(dog, asked, "狗追谁？") is not None
    assert after(cat, "它是谁写的？", "那本书讲什么？") is None  # the book is
    assert after([*cat, *dog], "它的作者是谁？") is None
    assert after(["gone"], "它的作者是谁？") is None
    assert after(cat, "谁的作者最多？") is None


@pytest.fixture
def written(tmp_path: Path) -> Library:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    stated = {
        "甲": "title: 老街只剩咖啡馆\nauthor: 韩松筠\ndate: 2025-02-13",
        "乙": "title: 回应韩松筠先生\nauthor: 穆青禾、张三\ndate: 2025-02-27",
        "丙": "title: 门票\nauthor: 张三\ndate: 2024-06-05",
    }
    for name, block in stated.items():
        (corpus / f"{name}.md").write_text(f"---\n{block}\n---\n\n{name}家的猫在睡觉。\n", encoding="utf-8")
    (corpus / "丁.md").write_text("# 窑厂\n\n*砚边小语　　石砚秋*\n\n石砚秋去了五趟窑厂。\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    return IndexReader(tmp_path / "index", FakeEmbedder()).current().library


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("韩松筠的文章是什么时候发表的？", ["老街只剩咖啡馆"]),
        ("韩松筠那篇文章什么时候发的？", ["老街只剩咖啡馆"]),
        ("回应韩松筠的文章什么时候发的？", ["回应韩松筠先生"]),
        ("张三写的文章是什么时候发表的？", ["回应韩松筠先生", "门票"]),
        ("最早的文章是什么时候发表的？", ["门票"]),
        ("最新的文章是谁写的？", ["回应韩松筠先生"]),
    ],
)
def test_the_article_of_an_author_or_the_newest_is_told_about_and_no_other(
    written: Library, question: str, titles: list[str]
) -> None:
    found = ask(written, question)
    assert found is not None and [citation.article.title for citation in found.citations] == titles


def test_an_author_may_stand_in_the_first_line_alone(written: Library) -> None:
    found, nobody = ask(written, "石砚秋的文章什么时候发的？"), ask(written, "李四四的文章什么时候发的？")
    assert found is not None and found.notice == "《窑厂》没有写明发表日期。"
    assert nobody is not None and (nobody.refused, nobody.notice) == (True, NONE_BY.format(name="李四四"))


@pytest.mark.parametrize(
    "question",
    [
        "这些文章分别是谁写的？",
        "每篇文章的作者是谁？",
        "这几篇文章的作者都是谁？",
        "所有文章的作者分别是谁",
        "这些文章的作者分别是什么？",
        "文章库里每篇文章的作者",
    ],
)
def test_of_several_articles_each_that_states_it_is_told(written: Library, question: str) -> None:
    found = ask(written, question)
    assert found is not None and found.notice == "共 4 篇文章，写明作者的有 3 篇。"
    assert [citation.article.id for citation in found.citations] == ["乙", "甲", "丙"]


def test_of_several_articles_those_of_the_answer_before_and_the_scope_are_told(written: Library) -> None:
    text = "这些文章是什么时候发表的？"
    cited = tuple(written.first_chunk(id_).id for id_ in ("甲", "丁"))
    history = (Message("user", "猫在哪？"), Message("assistant", "猫。", cited))
    after = answer_about(Question(text, history), Query(text), written, ())
    assert after is not None and after.notice == "共 2 篇文章，写明发表日期的有 1 篇。"
    within = answer_about(Question(text), Query(text, Scope(articles=("丁",))), written, ())
    assert within is not None and (within.refused, within.notice) == (True, "共 1 篇文章，写明发表日期的有 0 篇。")
    on_cats = answer_about(Question("讲猫的这些文章是谁写的？"), Query("讲猫的这些文章是谁写的？"), written, ())
    assert on_cats is None or on_cats.notice == ""


def test_of_many_articles_the_newest_are_told(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for n in range(1, MOST_ARTICLES + 2):
        (corpus / f"{n}.md").write_text(f"---\ndate: 2025-01-{n:02}\n---\n\n第{n}只猫睡觉。\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    found = ask(IndexReader(tmp_path / "index", FakeEmbedder()).current().library, "所有文章的发表日期")
    assert found is not None and len(found.statements) == MOST_ARTICLES
    assert found.notice == "共 9 篇文章，写明发表日期的有 9 篇。" + NEWEST_OF_THEM.format(shown=MOST_ARTICLES)


def test_a_second_question_of_an_article_gets_its_own_answer(library: Library) -> None:
    history = (Message("user", "《猫的一生》是谁写的？"),)
    found = answer_about(
        Question("什么时候发表的？", history), Query("《猫的一生》是谁写的 什么时候发表的？"), library, ()
    )
    assert found is not None and found.statements[0].text.startswith("《猫的一生》发表于 2025-04-03")


def test_the_nth_article_is_told_about_and_one_that_is_unknown_is_asked_for(library: Library) -> None:
    cited = tuple(library.first_chunk(id_).id for id_ in ("乙", "甲"))
    history = (Message("user", "哪些文章提到了猫？"), Message("assistant", "猫。", cited))
    second = answer_about(Question("第二篇是谁写的？", history), Query("猫 第二篇是谁写的？"), library, ())
    assert second is not None and second.statements[0].text.startswith("《猫的一生》的作者是张三")
    unknown = ask(library, "第二篇是谁写的？")
    assert unknown is not None and (unknown.refused, unknown.notice) == (True, UNKNOWN_NTH.format(nth="第二篇"))
    assert ask(library, "第一篇小红书笔记是谁写的？") is None
