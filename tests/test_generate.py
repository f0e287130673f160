"""The LLM path through LangChain's real OpenAI client, against a server on loopback that answers as told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_server import FakeServer, fake_llm
from measured import passage

from rag.chain import DECLINED, DECLINED_UNSURE, FELL_BACK, AnswerChain
from rag.complete import MERGED, OTHERS, REST
from rag.embed import SentenceEmbedder
from rag.errors import ModelError
from rag.generate import (
    CUT,
    DROPPED,
    LONGEST_TOKEN,
    MARKED,
    PARTLY,
    REFUSED,
    REPAIRED,
    generate,
    model_options,
    open_model,
)
from rag.missing import NO_TIME
from rag.refuse import NEARLY
from rag.settings import Settings
from rag.text import count_tokens
from rag.types import Answer, Message, Question

pytestmark = pytest.mark.model
QUESTION = "小红书出海首期覆盖哪些市场？"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_llm() as running:
        yield running


@pytest.fixture
def settings(server: FakeServer, corpus_index: Path) -> Settings:
    return Settings(index=corpus_index, llm="openai:fake", llm_base_url=server.base_url, llm_timeout=1.5)


@pytest.fixture
def chain(settings: Settings, real_embedder: SentenceEmbedder) -> AnswerChain:
    return AnswerChain(settings, embedder=real_embedder)


SETTLED = "跨境订单一律拿人民币结账，这样好还是不好？"  # one article praises it, another does not
PRAISE, BLAME = "换汇手续费、汇损等费用无需商家承担", "这种方式严重影响了用户体验"


def place_of(chain: AnswerChain, question: str, words: str) -> int:
    """The number of the first passage that holds some words."""
    passages = chain.retrieve(Question(question), chain.index.current()).passages
    return next(passage.rank for passage in passages if words in passage.chunk.text)


def test_what_another_article_says_against_it_is_added_to_the_answer_of_a_model(
    server: FakeServer, chain: AnswerChain
) -> None:
    server.reply = f"{PRAISE}。[{place_of(chain, SETTLED, PRAISE)}]"
    answer = chain.invoke(SETTLED)
    own, *others = answer.statements
    assert own.text == f"{PRAISE}。" and any(BLAME in other.text for other in others)
    assert all(other.text == answer.citations[other.citations[0] - 1].quote for other in others)
    assert answer.notice == OTHERS.format(count=len(others))


def test_nothing_is_added_from_an_article_that_the_model_cites(server: FakeServer, chain: AnswerChain) -> None:
    praise, blame = (place_of(chain, SETTLED, words) for words in (PRAISE, BLAME))
    server.reply = f"{PRAISE}。[{praise}]{BLAME}。[{blame}]"
    answer = chain.invoke(SETTLED)
    assert [statement.text for statement in answer.statements[:2]] == [f"{PRAISE}。", f"{BLAME}。"]
    cited = [citation.article.id for citation in answer.citations]
    assert not set(cited[2:]) & set(cited[:2])


def test_what_a_model_sums_up_of_articles_that_may_not_agree_is_told_by_each(
    server: FakeServer, chain: AnswerChain
) -> None:
    praise, blame = (place_of(chain, SETTLED, words) for words in (PRAISE, BLAME))
    server.reply = f"{PRAISE}，{BLAME}。[{praise}][{blame}]"
    answer = chain.invoke(SETTLED)
    own, *added = answer.statements
    assert len(own.citations) == 2
    assert any(PRAISE in other.text for other in added) and any(BLAME in other.text for other in added)
    cited = {answer.citations[marker - 1].article.id for marker in own.citations}
    of_those = [other for other in added if answer.citations[other.citations[0] - 1].article.id in cited]
    assert answer.notice.startswith(MERGED.format(count=len(of_those)))


def test_what_a_model_repeats_is_shown_once_and_what_it_makes_up_is_left_out(
    server: FakeServer, chain: AnswerChain
) -> None:
    said = f"首期覆盖美国、中国香港和中国澳门市场。[{place_of(chain, QUESTION, '中国澳门')}]"
    server.reply = f"{said}{said}审批流程不够透明，首期覆盖美国、中国香港和中国澳门市场。{said}"
    answer = chain.invoke(QUESTION)
    assert [statement.text for statement in answer.statements] == ["首期覆盖美国、中国香港和中国澳门市场。"]
    assert answer.notice == DROPPED.format(count=1)


NEIGHBOURS = "小红书香港新办公室的邻居都有哪些大公司？"  # two articles name different ones


def test_things_that_a_model_leaves_out_are_added_to_its_answer(server: FakeServer, chain: AnswerChain) -> None:
    first = place_of(chain, NEIGHBOURS, "字节跳动等互联网大厂")
    server.reply = f"邻居有阿里巴巴、字节跳动等互联网大厂。[{first}]"
    answer = chain.invoke(NEIGHBOURS)
    added = answer.statements[1:]
    assert any("Apple Asia Office" in statement.text for statement in added)
    assert all(statement.text == answer.citations[statement.citations[0] - 1].quote for statement in added)
    assert answer.notice == REST.format(count=len(added))


def test_a_list_of_which_a_model_tells_some_names_is_added_though_it_is_cited(
    server: FakeServer, chain: AnswerChain
) -> None:
    first, second = (place_of(chain, NEIGHBOURS, words) for words in ("字节跳动等互联网大厂", "Apple Asia Office"))
    server.reply = f"邻居有阿里巴巴、字节跳动、Google HK Office。[{first}][{second}]"
    answer = chain.invoke(NEIGHBOURS)
    assert "Apple Asia Office" in answer.statements[-1].text
    assert answer.notice == REST.format(count=len(answer.statements) - 1)


def test_a_mere_name_comes_with_the_sentence_that_names_more(server: FakeServer, chain: AnswerChain) -> None:
    question = "据说是谁提醒了两位创始人，让他们从做指南改成做App的？"
    server.reply = f"毛文超[{place_of(chain, question, '投资人点醒了')}]"
    answer = chain.invoke(question)
    assert "投资人点醒了" in answer.statements[-1].text and len(answer.statements) == 2


def test_nothing_is_added_where_the_model_tells_every_thing(server: FakeServer, chain: AnswerChain) -> None:
    first, second = (place_of(chain, NEIGHBOURS, words) for words in ("字节跳动等互联网大厂", "Apple Asia Office"))
    server.reply = (
        f"邻居有阿里巴巴、字节跳动等互联网大厂。[{first}]还有 Apple Asia Office 和 Google HK Office。[{second}]"
    )
    answer = chain.invoke(NEIGHBOURS)
    assert len(answer.statements) == 2 and answer.notice == ""


def test_nothing_is_added_to_what_a_model_compares_where_it_names_both(server: FakeServer, chain: AnswerChain) -> None:
    question = "论在海外攒下的用户家底，TikTok和小红书各有多少？"
    users = place_of(chain, question, "1.7 亿用户")
    server.reply = f"TikTok 在美国积累了 1.7 亿用户。[{users}]"
    added = [statement.text for statement in chain.invoke(question).statements[1:]]
    assert any("小红书" in text and "TikTok" not in text for text in added)
    assert any("百万级的海外用户" in text and "TikTok" in text for text in added)  # it names both
    server.reply = f"TikTok 有 1.7 亿用户。[{users}]小红书有 1.7 亿用户。[{users}]"
    answer = chain.invoke(question)
    assert not any("小红书有 1.7" in statement.text for statement in answer.statements)
    assert DROPPED.format(count=1) in answer.notice
    fell = place_of(chain, question, "日活用户数大幅下降")
    server.reply = f"TikTok 在美国积累了 1.7 亿用户，小红书的美国日活用户数则大幅下降。[{users}][{fell}]"
    assert len(chain.invoke(question).statements) == 1


def test_the_sentence_that_answers_is_added_where_the_model_speaks_of_something_else(
    server: FakeServer, chain: AnswerChain
) -> None:
    question = "福利社是什么时候关闭的？"
    aside = place_of(chain, question, "跨境电商平台“福利社”")
    server.reply = f"2014年推出跨境电商平台“福利社”。[{aside}]"
    answer = chain.invoke(question)
    assert "11 月 16 日" in answer.statements[1].text and len(answer.statements) == 2
    assert answer.notice == REST.format(count=1)
    server.reply = f"福利社 11 月 16 日关闭。[{place_of(chain, question, '11 月 16 日')}]"
    assert len(chain.invoke(question).statements) == 1


def test_the_words_that_answer_are_added_where_the_model_cites_their_sentence_and_tells_others(
    server: FakeServer, chain: AnswerChain
) -> None:
    question = "小红书在香港的新办公室设在哪里？"
    office = place_of(chain, question, "7000平方英尺")
    server.reply = f"小红书租下面积约7000平方英尺的办公区。[{office}]"
    told, added = chain.invoke(question).statements
    assert "时代广场" not in told.text and "时代广场" in added.text
    server.reply = f"小红书在铜锣湾时代广场租下办公区。[{office}]"
    assert len(chain.invoke(question).statements) == 1


def test_a_model_may_call_a_thing_by_another_name_of_it_that_the_aliases_have(
    server: FakeServer, chain: AnswerChain
) -> None:
    question = "RED出海首期覆盖哪些市场？"
    markets = place_of(chain, question, "首期覆盖美国、中国香港及中国澳门")
    for name in ("RED", "小红书（REDnote）", "XHS"):
        server.reply = f"{name}出海首期覆盖美国、中国香港及中国澳门市场。[{markets}]"
        answer = chain.invoke(question)
        assert answer.answerer == "openai:fake" and answer.statements[0].text.startswith(f"{name}出海"), name
    server.reply = f"PDD出海首期覆盖美国、中国香港及中国澳门市场。[{markets}]"
    assert chain.invoke(question).notice == FELL_BACK.format(name="openai:fake")


def test_of_a_reply_in_english_nothing_holds_since_no_word_of_it_is_in_the_articles(
    server: FakeServer, chain: AnswerChain
) -> None:
    question = "Where is Xiaohongshu's new office in Hong Kong?"
    office = place_of(chain, question, "7000平方英尺")
    server.reply = f"Its new office of 7000 square feet is in Times Square. [{office}]"
    answer = chain.invoke(question)
    assert (answer.answerer, answer.notice) == ("extractive", FELL_BACK.format(name="openai:fake"))


def test_events_that_a_model_leaves_out_are_added_to_its_answer(server: FakeServer, chain: AnswerChain) -> None:
    question = "从创立到2018年，小红书的口号是怎么一步步换的？"
    server.reply = f"2018 年,小红书启动新的 Slogan“标记我的生活”。[{place_of(chain, question, '标记我的生活')}]"
    answer = chain.invoke(question)
    assert any("全世界的好东西" in statement.text for statement in answer.statements[1:])
    assert answer.notice == REST.format(count=len(answer.statements) - 1)


def test_a_figure_of_a_model_stands_beside_those_of_other_articles(server: FakeServer, chain: AnswerChain) -> None:
    question = "小红书月活到底是多少？我看到的数字好像不一样"
    server.reply = f"小红书拥有3.5亿的月活用户。[{place_of(chain, question, '3.5亿的月活用户')}]"
    answer = chain.invoke(question)
    assert answer.differ
    assert answer.statements[0].text == "小红书拥有3.5亿的月活用户。"
    assert any("3.2" in statement.text for statement in answer.statements[1:])


def test_a_fluent_statement_cites_the_sentence_that_supports_it(server: FakeServer, chain: AnswerChain) -> None:
    server.reply = "首期覆盖美国、中国香港和中国澳门三个市场。[1]"
    answer = chain.invoke(QUESTION)
    assert answer.answerer == "openai:fake"
    assert [s.text for s in answer.statements] == ["首期覆盖美国、中国香港和中国澳门三个市场。"]
    assert all("澳门" in citation.quote or "美国" in citation.quote for citation in answer.citations)


def test_a_statement_with_a_figure_that_no_source_has_is_left_out_and_counted(
    server: FakeServer, chain: AnswerChain
) -> None:
    server.reply = "首期覆盖美国、中国香港和中国澳门市场。[1]首期覆盖47个市场。[1]"
    answer = chain.invoke(QUESTION)
    assert [s.text for s in answer.statements] == ["首期覆盖美国、中国香港和中国澳门市场。"]
    assert answer.notice == DROPPED.format(count=1)


def test_an_answer_with_nothing_supported_becomes_the_extractive_one_and_says_so(
    server: FakeServer, chain: AnswerChain
) -> None:
    server.reply = "火星上有三家分公司。[1]"
    answer = chain.invoke(QUESTION)
    assert answer.answerer == "extractive"
    assert answer.notice == FELL_BACK.format(name="openai:fake")
    assert answer.statements


def test_a_model_that_declines_gives_a_refusal_unless_the_reader_is_sure(
    server: FakeServer, chain: AnswerChain, settings: Settings
) -> None:
    server.reply = "资料未提及"
    sure = chain.invoke(QUESTION)
    assert (sure.answerer, sure.notice) == ("extractive", DECLINED.format(name="openai:fake"))
    assert "首期覆盖美国、中国香港及中国澳门市场" in sure.text and not sure.refused
    update: dict[str, float] = {"sure_threshold": 1.0}  # and yet above the other threshold
    answer = AnswerChain(settings.model_copy(update=update), embedder=chain.embedder).invoke(QUESTION)
    assert answer.notice == f"{DECLINED_UNSURE.format(name='openai:fake')}\n{NEARLY}"
    assert answer.statements == sure.statements
    update = {"declined_threshold": 1.0}
    answer = AnswerChain(settings.model_copy(update=update), embedder=chain.embedder).invoke(QUESTION)
    assert (answer.refused, answer.notice, answer.statements) == (True, REFUSED, ())
    assert [citation.marker for citation in answer.nearest] == [1, 2, 3]


def test_a_model_that_tells_another_time_or_number_than_is_asked_for_gives_a_refusal(
    server: FakeServer, chain: AnswerChain
) -> None:
    question = "Uniik是哪一天下架的？"
    server.reply = f"2021 年 2 月，小红书推出 Uniik。[{place_of(chain, question, '推出时尚社区')}]"
    answer = chain.invoke(question)
    assert (answer.refused, answer.notice, answer.statements) == (True, NO_TIME, ())
    assert [citation.marker for citation in answer.nearest] == [1, 2, 3]
    began = chain.invoke("Uniik是哪一年推出的？")
    assert "2021 年 2 月" in began.text and not began.refused


@pytest.mark.parametrize("reply", ["", "对不起，我无法回答这个问题。", "。。。"])
def test_an_empty_reply_or_an_excuse_becomes_the_extractive_answer(
    server: FakeServer, chain: AnswerChain, reply: str
) -> None:
    server.reply = reply
    answer = chain.invoke(QUESTION)
    assert (answer.answerer, answer.notice) == ("extractive", FELL_BACK.format(name="openai:fake"))


def test_a_claim_of_the_reader_that_the_model_repeats_is_left_out(server: FakeServer, chain: AnswerChain) -> None:
    server.reply = "小红书的月活用户是12亿。[1]小红书拥有3.5亿的月活用户。[1]"
    answer = chain.invoke("文章里说小红书月活用户已经有12亿了，是多少？")
    assert "12亿" not in answer.text and "3.5亿" in answer.text


MADE_UP = "首期覆盖美国、中国香港和中国澳门市场。[1]首期还覆盖47个国家。[1]"


def test_by_setting_a_statement_without_support_is_shown_as_not_verified(
    server: FakeServer, settings: Settings, real_embedder: SentenceEmbedder
) -> None:
    server.reply = MADE_UP
    marking = settings.model_copy(update={"llm_unverified": "mark"})
    answer = AnswerChain(marking, embedder=real_embedder).invoke(QUESTION)
    assert [(s.text, s.verified) for s in answer.statements] == [
        ("首期覆盖美国、中国香港和中国澳门市场。", True),
        ("首期还覆盖47个国家。", False),
    ]
    assert answer.statements[1].citations == ()
    assert answer.text.endswith("首期还覆盖47个国家。（未能核实）")
    assert answer.notice == MARKED.format(count=1)


def test_by_setting_an_article_s_own_sentence_takes_the_place_of_one_without_support(
    server: FakeServer, settings: Settings, real_embedder: SentenceEmbedder
) -> None:
    server.reply = MADE_UP
    repairing = settings.model_copy(update={"llm_unverified": "repair"})
    answer = AnswerChain(repairing, embedder=real_embedder).invoke(QUESTION)
    assert answer.notice == REPAIRED.format(count=1)
    assert len(answer.statements) == 2 and all(s.verified for s in answer.statements)
    assert answer.statements[1].text == answer.citations[answer.statements[1].citations[0] - 1].quote


@pytest.mark.parametrize(
    "smuggled", ["详见 https://evil.example/47 。", "![图](evil.example/47.png)看47处。", "<b>47国。"]
)
def test_nothing_with_a_link_or_a_tag_is_shown_as_not_verified(
    server: FakeServer, settings: Settings, real_embedder: SentenceEmbedder, smuggled: str
) -> None:
    server.reply = f"首期覆盖美国、中国香港和中国澳门市场。[1]{smuggled}"
    marking = settings.model_copy(update={"llm_unverified": "mark"})
    answer = AnswerChain(marking, embedder=real_embedder).invoke(QUESTION)
    assert [s.text for s in answer.statements] == ["首期覆盖美国、中国香港和中国澳门市场。"]
    assert answer.notice == DROPPED.format(count=1)


@pytest.mark.parametrize("mode", ["error", "busy", "overflow", "stall", "garbage", "broken"])
def test_when_the_model_fails_the_reader_gets_extracts_and_is_told(
    server: FakeServer, chain: AnswerChain, mode: str
) -> None:
    server.reply, server.mode = "首期覆盖美国、中国香港和中国澳门市场，并且将在明年继续扩大", mode
    answer = chain.invoke(QUESTION)
    assert answer.answerer == "extractive"
    assert answer.notice == FELL_BACK.format(name="openai:fake")
    assert "美国" in answer.text


def test_a_reply_that_breaks_off_keeps_its_whole_sentences_and_says_so(server: FakeServer, chain: AnswerChain) -> None:
    whole = "首期覆盖美国、中国香港和中国澳门市场。[1]"
    server.reply, server.mode = whole + "商家不需要缴纳" + "保证金" * 20, "broken"
    answer = chain.invoke(QUESTION)
    assert [s.text for s in answer.statements] == ["首期覆盖美国、中国香港和中国澳门市场。"]
    assert answer.notice == CUT


def test_of_a_question_that_a_model_answers_in_part_that_part_is_shown_and_the_rest_told(
    server: FakeServer, chain: AnswerChain
) -> None:
    question = "福利社有多少粉丝，盈利怎么样？"
    fans = place_of(chain, question, "1669.2")
    for reply in (
        "福利社拥有近1669.2万粉丝，资料未提及其盈利。[{}]",
        "福利社拥有近1669.2万粉丝。[{}]文章没有提到盈利。",
    ):
        server.reply = reply.format(fans)
        answer = chain.invoke(question)
        assert [s.text for s in answer.statements] == ["福利社拥有近1669.2万粉丝。"]
        assert answer.notice == PARTLY
    server.reply = "资料未提及盈利，2022年亏损47亿元。"
    assert "47" not in chain.invoke(question).text


def test_what_stands_around_a_true_answer_is_neither_shown_nor_counted(server: FakeServer, chain: AnswerChain) -> None:
    said = "首期覆盖美国、中国香港和中国澳门市场。"
    title = chain.invoke(QUESTION).passages[0].article.title
    for reply in (
        f"您好！{QUESTION}\n## 回答\n根据资料1，{said}[1]\n希望对您有帮助！",
        f"回答：{said}[1]\n\n参考资料：\n[1] {title}",
        f"覆盖的市场如下：\n| 时间 | 市场 |\n|---|---|\n\n{said}（1）",
    ):
        server.reply = reply
        answer = chain.invoke(QUESTION)
        assert ([s.text for s in answer.statements], answer.notice) == ([said], ""), reply


def test_a_true_sentence_whose_mark_names_another_passage_cites_its_own(server: FakeServer, chain: AnswerChain) -> None:
    own = place_of(chain, QUESTION, "中国澳门")
    server.reply = f"首期覆盖美国、中国香港和中国澳门市场。[{own % 2 + 1}]首期覆盖47个市场。[{own % 2 + 1}]"
    answer = chain.invoke(QUESTION)
    assert [s.text for s in answer.statements] == ["首期覆盖美国、中国香港和中国澳门市场。"]
    assert "澳门" in answer.citations[0].quote and answer.notice == DROPPED.format(count=1)


def test_a_wrong_mark_is_a_reason_to_doubt_what_is_not_nearly_in_the_words_of_one_passage(
    server: FakeServer, chain: AnswerChain
) -> None:
    question = "小红书的海外日活变了多少？"
    fell = place_of(chain, question, "较巅峰期下跌了 70%")
    for text, shown in (("海外日活较巅峰期下跌了70%。", True), ("小红书海外日活较巅峰期上涨70%。", False)):
        server.reply = f"{text}[{fell % 2 + 1}]"
        assert (text in [s.text for s in chain.invoke(question).statements]) is shown
    text = "比起巅峰期，小红书的海外日活用户跌了70%。"
    for mark, shown in ((fell, True), (fell % 2 + 1, False)):
        server.reply = f"{text}[{mark}]"
        assert (text in [s.text for s in chain.invoke(question).statements]) is shown


@pytest.mark.parametrize("mode", ["alive", "later"])
def test_what_is_no_word_of_the_model_does_not_prolong_the_wait_for_one(
    server: FakeServer, chain: AnswerChain, mode: str
) -> None:
    server.mode = mode
    answer = chain.invoke(QUESTION)
    assert answer.notice == FELL_BACK.format(name="openai:fake")
    assert answer.timings_ms["answer"] < 10_000


@pytest.mark.parametrize("finish", [None, "length"])
def test_a_reply_that_ends_with_a_whole_sentence_keeps_it_whatever_the_reason_it_ends_for(
    server: FakeServer, chain: AnswerChain, finish: str | None
) -> None:
    server.reply, server.finish = "首期覆盖美国、中国香港和中国澳门市场。[1]", finish
    answer = chain.invoke(QUESTION)
    assert [s.text for s in answer.statements] == ["首期覆盖美国、中国香港和中国澳门市场。"]
    assert answer.notice == ""
    server.reply += "商家不需要缴纳保证"
    assert chain.invoke(QUESTION).notice == CUT


@pytest.mark.parametrize(
    "thought",
    [
        "<think>\n\n</think>\n\n",
        "<think>首期覆盖美国市场。[1]也许有47个？</think>\n",
        "首期覆盖美国市场。[1]也许有47个？\n</think>\n",
    ],
)
def test_what_a_model_thinks_is_neither_shown_nor_counted(server: FakeServer, chain: AnswerChain, thought: str) -> None:
    server.reply = f"{thought}首期覆盖美国、中国香港和中国澳门市场。[1]"
    steps = list(chain.stream(QUESTION))
    assert [s.text for s in steps[-1].statements] == ["首期覆盖美国、中国香港和中国澳门市场。"]
    assert steps[-1].notice == ""
    if thought.startswith("<think>"):
        assert not any("47" in step.draft or "think" in step.draft for step in steps)
    server.reply = f"{thought}资料未提及"
    assert chain.invoke(QUESTION).notice == DECLINED.format(name="openai:fake")


def test_a_character_that_the_server_cut_in_two_does_no_harm(server: FakeServer, chain: AnswerChain) -> None:
    for sent, shown in (("😀\ud83d", "😀\ufffd"), ("\ude00", "\ufffd")):
        server.reply = f"首期覆盖美国、中国香港和中国澳门市场{sent}。[1]"
        (statement,) = chain.invoke(QUESTION).statements
        assert statement.text == f"首期覆盖美国、中国香港和中国澳门市场{shown}。"


def test_an_absent_topic_never_reaches_the_model(server: FakeServer, chain: AnswerChain) -> None:
    assert chain.invoke("红烧肉怎么炖才能软烂又不腻？").refused
    assert server.prompts == []


def test_statements_arrive_one_by_one_with_the_unchecked_words_as_draft(server: FakeServer, chain: AnswerChain) -> None:
    question = "小红书出海首期覆盖哪些市场，商家要另外开店吗？"
    markets, shop = (place_of(chain, question, words) for words in ("首期覆盖", "无需另外开店"))
    server.reply = f"首期覆盖美国、中国香港和中国澳门市场。[{markets}]商家无需另外开店。[{shop}]"
    steps: list[Answer] = list(chain.stream(question))
    counts = [len(step.statements) for step in steps]
    assert counts == sorted(counts) and {0, 1, 2} <= set(counts)
    assert any(step.draft and step.draft in server.reply for step in steps)
    assert steps[-1].draft == ""


def test_passages_are_fenced_with_a_handle_that_is_new_for_each_request(server: FakeServer, chain: AnswerChain) -> None:
    server.reply = "首期覆盖美国、中国香港和中国澳门市场。[1]"
    chain.invoke(QUESTION)
    chain.invoke(QUESTION)
    fences = [prompt.split("放在 <", 1)[1].split(">", 1)[0] for prompt in server.prompts]
    assert fences[0] != fences[1]
    assert all(prompt.count(f"</{fence}>") >= 2 for prompt, fence in zip(server.prompts, fences, strict=True))


def test_what_a_server_can_cache_of_a_prompt_holds_every_rule(server: FakeServer, chain: AnswerChain) -> None:
    server.reply = "首期覆盖美国、中国香港和中国澳门市场。[1]"
    chain.invoke(QUESTION)
    chain.invoke("商家要另外开店吗？")
    first, second = server.prompts
    rules = first.partition("资料放在")[0]
    assert "不写总结。" in rules and second.startswith(rules)


def test_the_prompt_stays_within_its_token_budget(
    server: FakeServer, settings: Settings, real_embedder: SentenceEmbedder
) -> None:
    server.reply = "首期覆盖美国、中国香港和中国澳门市场。[1]"
    small = settings.model_copy(update={"llm_prompt_tokens": 1200})
    AnswerChain(small, embedder=real_embedder).invoke(QUESTION)
    assert count_tokens(server.prompts[0]) <= 1200


def test_a_follow_up_may_cite_what_the_answer_before_it_cites(
    server: FakeServer, settings: Settings, real_embedder: SentenceEmbedder
) -> None:
    chain = AnswerChain(settings.model_copy(update={"passages": 1}), embedder=real_embedder)
    server.reply = "首期覆盖美国、中国香港和中国澳门市场。[1]"
    before = chain.invoke(QUESTION)
    (source,) = before.sources
    server.reply = "首期覆盖美国、中国香港和中国澳门市场。[2]"
    turns = Message("user", QUESTION), Message("assistant", before.text, before.sources)
    answer = chain.invoke(Question("它的创始人是谁？", turns))
    assert answer.statements[0].verified
    assert source in answer.sources
    forgotten = Message("assistant", before.text, (*before.sources, "gone-1"))
    for text, history, sent in (
        ("它的创始人是谁？", (turns[0], forgotten), 2),
        ("它的创始人是谁？", (turns[0], Message("assistant", before.text)), 1),
        ("福利社是什么时候关闭的？", turns, 1),  # no follow-up
    ):
        chain.invoke(Question(text, history))
        assert server.prompts[-1].count("编号=") == sent, text


def test_a_reply_without_an_end_is_read_as_far_as_an_answer_may_go(server: FakeServer) -> None:
    server.reply = "首期覆盖美国。[1]" + "首期覆盖美国、" * 1000
    settings = Settings(llm="openai:fake", llm_base_url=server.base_url, llm_answer_tokens=16)
    passages = (passage(1, "首期覆盖美国。"),)
    *_, longest, last = generate(open_model(settings), Question(QUESTION), passages, settings)
    assert 0 <= len(longest.text + longest.draft) - 16 * LONGEST_TOKEN < 6  # the server sends three at a time
    assert [statement.text for statement in last.statements] == ["首期覆盖美国。"] and last.notice == CUT


def test_ollama_is_told_of_limits_in_its_own_names() -> None:
    settings = Settings(llm="ollama:qwen3", llm_timeout=3, llm_answer_tokens=50)
    assert model_options(settings) == {"temperature": 0, "num_predict": 50, "client_kwargs": {"timeout": 3}}


def test_a_missing_extra_names_the_pip_command() -> None:
    with pytest.raises(ModelError, match=r"run pip install 'yinju\[ollama\]'"):
        open_model(Settings(llm="ollama:qwen"))


def test_a_model_without_provider_says_how_to_write_it() -> None:
    with pytest.raises(ModelError, match="write provider:model"):
        open_model(Settings(llm="qwen"))
