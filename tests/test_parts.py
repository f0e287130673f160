"""A question that asks several things, and the one answer to it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from test_extract import passage

from rag.chain import AnswerChain
from rag.embed import SentenceEmbedder
from rag.extract import VIEWS
from rag.parts import ANSWERED_BELOW, NEARLY_BELOW, NOT_FOUND, OF_PART, answer_parts, joined, parts_of
from rag.passage import PassageReading
from rag.refuse import NEARLY
from rag.rewrite import stand_alone
from rag.settings import Settings
from rag.types import Answer, Citation, Message, Question, Scope, Statement

SUBJECTS = ("福利社是什么时候关闭的", "小红书的估值是多少")
CATS, DOGS = passage(1, "猫吃鱼。猫怕狗。"), passage(2, "狗会看门。")


def cited(text: str, quote: str, notice: str = "") -> Answer:
    """An answer that quotes one sentence of the two passages."""
    of = CATS if quote in CATS.article.text else DOGS
    start = of.article.text.index(quote)
    citation = Citation(1, of.article, start, start + len(quote))
    return Answer(Question(text), (Statement(quote, (1,)),), (citation,), (of,), notice=notice, confidence=0.9)


def refusal(text: str, notice: str = "没有。", quote: str = "猫怕狗。") -> Answer:
    """A refusal that shows one sentence."""
    told = cited(text, quote)
    nearest, of = told.citations, told.passages
    return Answer(Question(text), passages=of, refused=True, notice=notice, nearest=nearest, confidence=0.2)


def test_an_answer_of_which_an_llm_wrote_a_part_is_the_llm_s() -> None:
    quoted, written = cited("吃什么？", "猫吃鱼。"), replace(cited("谁看门？", "狗会看门。"), answerer="openai:fake")
    for parts in ((quoted, written), (written, quoted)):
        assert joined(Question("吃什么？谁看门？"), parts).answerer == "openai:fake"
    assert joined(Question("吃什么？谁看门？"), (quoted, replace(written, statements=()))).answerer == "openai:fake"
    assert joined(Question("吃什么？谁看门？"), (replace(written, statements=()), quoted)).answerer == "extractive"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("覆盖哪些市场？要交保证金吗？", ("覆盖哪些市场？", "要交保证金吗？")),
        ("Where is it sold? Who sells it?", ("Where is it sold?", "Who sells it?")),
        ("在哪里卖？？\n谁在卖这个？", ("在哪里卖？？", "谁在卖这个？")),
        ("覆盖哪些市场？即将开放给谁？", ("覆盖哪些市场？", "即将开放给谁？")),
        ("福利社是什么时候关的，为什么关？", ("福利社是什么时候关的，", "为什么关？")),
        ("福利社是几号开的，几号关的？", ("福利社是几号开的，", "几号关的？")),
        ("福利社什麼時候開的，又是什麼時候沒的", ("福利社什麼時候開的，", "又是什麼時候沒的")),
        ("一共几个市场？是哪几个？听说有美国", ("一共几个市场？", "是哪几个？听说有美国")),
        ("请看下面两个问题：\n1. 覆盖哪些市场？\n\n2、要交保证金吗？", ("覆盖哪些市场？", "要交保证金吗？")),
        ("能回答以下几个问题吗？（一）覆盖哪些市场？（二）要交保证金吗？", ("覆盖哪些市场？", "要交保证金吗？")),
        ("小红书的两个问题：什么时候成立？估值是多少？", ("小红书的两个问题：什么时候成立？", "估值是多少？")),
        ("校车什么时候公布站点？谁负责？", ("校车什么时候公布站点？", "谁负责？")),
        ("1.5亿是哪年的用户？2.5亿是哪年的？", ("1.5亿是哪年的用户？", "2.5亿是哪年的？")),
        ("标题最多几个字？正文呢", ("标题最多几个字？", "正文呢")),
        ("淘宝收多少佣金？那京东呢？拼多多呢？", ("淘宝收多少佣金？", "那京东呢？", "拼多多呢？")),
        ("一、二线城市有多少？三、四线城市有多少？", ("一、二线城市有多少？", "三、四线城市有多少？")),
    ],
)
def test_every_question_of_a_text_is_a_part(text: str, parts: tuple[str, ...]) -> None:
    assert tuple(part.text for part in parts_of(Question(text))) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "？",
        "覆盖哪些市场",
        "覆盖哪些市场？",
        "无论怎么宣传，为什么都没有用户",
        "不管多少钱，谁都能买吗",
        "小红书被约谈了？为什么？",
        "福利社哪年开的？怎么关的呢",
        "佣金有哪几档？还有呢？",
        "你好？小红书是哪年成立的？",
        "是自营吗？还是代运营？",
        "是谁讲过，一个互联网社区能走多远？",
        "早几年品牌方在小红书投广告，为什么总是缩手缩脚？",
        "“什么时候买，怎么买”这句话是谁说的？",
        "月活到底是多少？我看到的数字好像不一样",
        "《会成为商业化良药吗？》是谁写的？",
        "谁说过“能不能再快一点？”这句话？",
        "https://a.example/b?c=1 这篇讲了什么？",
        "一是什么？二是什么？三是什么？四是什么？五是什么？",
    ],
)
def test_what_asks_one_thing_or_too_many_is_left_whole(text: str) -> None:
    question = Question(text)
    assert parts_of(question) == (question,)


def test_a_part_has_what_was_asked_before_it_and_all_else_of_the_question() -> None:
    earlier = (Message("user", "猫吃什么？"), Message("assistant", "鱼。"))
    whole = Question("狗呢，吃什么？谁来看门？", earlier, "七", Scope(tags=("动物",)))
    first, second = parts_of(whole)
    assert (first.history, second.history) == (earlier, (*earlier, Message("user", "狗呢，吃什么？")))
    assert {(part.id, part.scope) for part in (first, second)} == {("七", whole.scope)}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("出海首期覆盖哪些市场？要交保证金吗？", "出海首期覆盖哪些市场 要交保证金吗？"),
        ("福利社是什么时候开的？它为什么关了？", "福利社为什么关了？"),
        ("每个月要引入多少红人？实际完成得怎么样？", "每个月要引入多少红人 实际完成得怎么样？"),
        ("Suvio的佣金是多少？结算周期多长？", "Suvio的佣金是多少 结算周期多长？"),
        ("福利社什么时候关的？小红书的月活用户数是多少？", "小红书的月活用户数是多少？"),
    ],
)
def test_a_part_takes_along_what_it_leaves_out(text: str, query: str) -> None:
    assert stand_alone(parts_of(Question(text))[1]) == query


def test_the_statements_stand_under_the_parts_they_answer_with_markers_and_passages_of_their_own() -> None:
    whole = Question("猫吃什么？狗做什么？")
    answer = joined(whole, [cited("猫吃什么？", "猫吃鱼。"), cited("狗做什么？", "狗会看门。")])
    told = [(s.subject, s.text, s.citations) for s in answer.statements]
    assert told == [("猫吃什么", "猫吃鱼。", (1,)), ("狗做什么", "狗会看门。", (2,))]
    assert [(c.marker, c.quote) for c in answer.citations] == [(1, "猫吃鱼。"), (2, "狗会看门。")]
    assert [(p.chunk.id, p.rank) for p in answer.passages] == [("c1", 1), ("c2", 2)]
    assert (answer.question, answer.notice, answer.confidence) == (whole, "", 0.9)


def test_what_was_quoted_for_one_part_is_not_said_again() -> None:
    answer = joined(Question("猫吃什么？吃鱼吗？"), [cited("猫吃什么？", "猫吃鱼。"), cited("吃鱼吗？", "猫吃鱼。")])
    assert [statement.text for statement in answer.statements] == ["猫吃鱼。"]
    assert len(answer.citations) == len(answer.passages) == 1


def test_a_part_that_is_shortened_no_longer_counts_what_it_says() -> None:
    again = cited("吃鱼吗？", "猫吃鱼。", f"也许。\n{VIEWS.format(count=2)}")
    answer = joined(Question("猫吃什么？吃鱼吗？"), [cited("猫吃什么？", "猫吃鱼。"), again])
    assert answer.notice == OF_PART.format(part="吃鱼吗", notice=f"{ANSWERED_BELOW}\n也许。")


def test_a_part_whose_sentences_another_part_has_said_points_to_them_below_its_notice() -> None:
    first = cited("猫吃什么？", "猫吃鱼。")
    sure = joined(Question("猫吃什么？吃鱼吗？"), [first, cited("吃鱼吗？", "猫吃鱼。")])
    assert sure.text == "“吃鱼吗”：最相关的原文已列在下面。\n猫吃鱼。[1]"
    unsure = joined(Question("猫吃什么？吃鱼吗？"), [first, cited("吃鱼吗？", "猫吃鱼。", NEARLY)])
    assert unsure.notice == OF_PART.format(part="吃鱼吗", notice=NEARLY_BELOW)


def test_a_part_that_is_refused_points_to_its_nearest_sentence_where_another_part_tells_it() -> None:
    first, second = cited("猫吃什么？", "猫吃鱼。"), cited("吃几条？", "猫吃鱼。")
    unanswered = replace(second, statements=(), citations=(), nearest=second.citations, refused=True, notice="没有。")
    answer = joined(Question("猫吃什么？吃几条？"), [first, unanswered])
    assert answer.notice == OF_PART.format(part="吃几条", notice=NEARLY_BELOW)


def test_a_part_that_is_refused_is_named_beside_the_answer_to_the_others() -> None:
    answer = joined(Question("猫吃什么？鸟呢？"), [cited("猫吃什么？", "猫吃鱼。", "大概。"), refusal("鸟吃什么？")])
    expected = [OF_PART.format(part="猫吃什么", notice="大概。"), NOT_FOUND.format(part="鸟吃什么")]
    assert answer.notice.split("\n") == expected
    assert (answer.refused, answer.nearest, answer.confidence) == (False, (), 0.2)
    assert [citation.quote for citation in answer.citations] == ["猫吃鱼。"]


def test_where_all_parts_are_refused_the_nearest_sentences_of_all_are_shown() -> None:
    same = joined(Question("甲？乙？"), [refusal("甲？"), refusal("乙？", quote="狗会看门。")])
    assert same.refused
    assert same.notice == "没有。"
    assert [citation.quote for citation in same.nearest] == ["猫怕狗。", "狗会看门。"]
    other = joined(Question("甲？乙？"), [refusal("甲？"), refusal("乙？", "没写。")])
    assert other.notice == f"{OF_PART.format(part='甲', notice='没有。')}\n{OF_PART.format(part='乙', notice='没写。')}"


def test_the_answer_grows_part_by_part() -> None:
    def answer_one(part: Question) -> Iterator[Answer]:
        yield Answer(part, passages=(CATS,))
        yield cited(part.text, "猫吃鱼。" if "猫" in part.text else "狗会看门。")

    grown = list(answer_parts(Question("猫吃什么？狗做什么？"), answer_one))
    assert [len(answer.statements) for answer in grown] == [0, 1, 1, 2]
    assert [answer.passages[0].chunk.id for answer in grown] == ["c1"] * 4


@pytest.mark.model
def test_each_of_two_questions_gets_its_answer_from_the_corpus(
    corpus_index: Path, real_embedder: SentenceEmbedder
) -> None:
    chain = AnswerChain(Settings(index=corpus_index), embedder=real_embedder)
    answer = chain.invoke("福利社是什么时候关闭的？小红书的估值是多少？")
    by_part = {subject: "".join(s.text for s in answer.statements if s.subject == subject) for subject in SUBJECTS}
    assert "11 月 16" in by_part[SUBJECTS[0]]
    assert "310亿美元" in by_part[SUBJECTS[1]]
    assert len(answer.origins) == len(answer.citations)
    assert answer.index_generation == 1


def test_clauses_of_one_sentence_that_parts_tell_are_told_once_as_the_whole_with_the_words_of_both() -> None:
    first, second = cited("猫吃什么？", "猫吃鱼。猫怕狗。"), cited("猫怕谁？", "猫吃鱼。猫怕狗。")
    fish = replace(first, statements=(Statement("猫吃鱼……", (1,), ((2, 3),)),))
    dog = replace(second, statements=(Statement("……猫怕狗。", (1,), ((4, 5),)),))
    (told,) = joined(Question("猫吃什么？猫怕谁？"), (fish, dog)).statements
    assert told.text == "猫吃鱼。猫怕狗。"
    assert [told.text[a:b] for a, b in told.emphasis] == ["鱼", "狗"]


def test_where_the_best_sentence_of_a_part_is_told_its_others_are_not() -> None:
    first = cited("猫怕谁？", "猫怕狗。")
    both = cited("谁怕狗？", "猫怕狗。")
    other = Citation(2, DOGS.article, 0, len("狗会看门。"))
    statements = *both.statements, Statement("狗会看门。", (2,))
    weaker = replace(both, statements=statements, citations=(*both.citations, other), passages=(CATS, DOGS))
    assert len(joined(Question("猫怕谁？谁怕狗？"), (first, weaker)).statements) == 2
    at = CATS.article.text.index("猫怕狗")
    read = replace(CATS, reading=PassageReading(3.0, (at, at + 1), {}))
    answer = joined(Question("猫怕谁？谁怕狗？"), (first, replace(weaker, passages=(read, DOGS))))
    assert [statement.text for statement in answer.statements] == ["猫怕狗。"]
    assert [citation.quote for citation in answer.citations] == ["猫怕狗。"]
    of_another = replace(weaker, question=Question("小狗呢？"), passages=(read, DOGS))
    assert len(joined(Question("猫怕谁？小狗呢？"), (first, of_another)).statements) == 2


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("TikTok有多少美国用户？小红书呢？", ["TikTok有多少美国用户", "小红书有多少美国用户"]),
        (
            "小红书2023年的营收是多少？净利润呢？2024年呢？",
            ["小红书2023年的营收是多少", "小红书2023年的净利润是多少", "小红书2024年的净利润是多少"],
        ),
        ("标题最多几个字？那正文呢", ["标题最多几个字", "正文"]),
        ("福利社是什么时候开的？它的粉丝呢？", ["福利社是什么时候开的", "它的粉丝呢"]),
        ("福利社是什么时候开的？它为什么关了？", ["福利社是什么时候开的", "它为什么关了"]),
    ],
)
def test_a_part_that_only_names_another_thing_is_headed_by_what_is_asked_of_it(text: str, headings: list[str]) -> None:
    parts = parts_of(Question(text))
    found = [replace(cited("猫", "猫吃鱼。"), question=part) for part in parts]
    others = [replace(cited("狗", "狗会看门。"), question=part) for part in parts]
    told = [joined(Question(text), [answer, other]) for answer, other in zip(found, reversed(others), strict=True)]
    assert [answer.statements[0].subject for answer in told] == headings
