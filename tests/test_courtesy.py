"""What makes a question polite is left out of what is searched and read; what it asks stays."""

from pathlib import Path

import pytest
from conftest import CORPUS

from rag.chain import AnswerChain
from rag.courtesy import courtesy_of, plain, without_courtesy
from rag.embed import SentenceEmbedder
from rag.settings import Settings
from rag.types import Message, Question


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("请问福利社什么时候关的？", "福利社什么时候关的？"),
        ("請問小紅書估值多少", "小紅書估值多少"),
        ("你好，我想了解一下，福利社什么时候关的", "福利社什么时候关的"),
        ("您好！请问一下：商家要交多少保证金呢？麻烦您了", "商家要交多少保证金呢？"),
        ("能不能告诉我小红书估值多少，谢谢！", "小红书估值多少"),
        ("小红书估值多少呢谢谢", "小红书估值多少呢"),
        ("麻烦帮我查查文章里有没有提到谁投资了小红书", "谁投资了小红书"),
        ("帮我看一下TikTok和小红书哪个用户多", "TikTok和小红书哪个用户多"),
        ("说说为什么小红书出海失败", "为什么小红书出海失败"),
        ("小红书要出海，请问要交多少钱", "小红书要出海，要交多少钱"),
        ("能给我介绍一下什么是种草值么？", "什么是种草值么？"),
        ("请问那它的估值呢", "那它的估值呢"),
        ("Hi, could you please tell me what Uniik is? Thanks", "what Uniik is?"),
        ("请问下一届大会在哪里办？", "下一届大会在哪里办？"),
        ("想知道下一代产品什么时候发布？", "下一代产品什么时候发布？"),
        ("想了解下个月的活动有哪些？", "下个月的活动有哪些？"),
        ("想了解下福利社是什么？", "福利社是什么？"),
        ("想了解下个人IP怎么做？", "个人IP怎么做？"),
        ("请问下周黑鸭的创始人是谁？", "周黑鸭的创始人是谁？"),
        ("帮我查下一共有多少员工？", "一共有多少员工？"),
        ("帮我查下列几个问题。福利社是什么？", "下列几个问题。福利社是什么？"),
        ("介绍下方太有多少员工？", "方太有多少员工？"),
        ("说下面膜怎么用？", "面膜怎么用？"),
    ],
)
def test_courtesy_before_and_after_a_question_is_left_out(question: str, asked: str) -> None:
    assert without_courtesy(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "",
        "你好",
        "请问",
        "谢谢",
        "请问？",
        "可以用人民币结算吗",
        "能看到哪些数据",
        "帮我看到了什么",
        "请列出哪些市场",
        "介绍一下福利社",  # asks nothing without it
        "文章里有没有提到裁员",
        "我想知道的是什么",
        "告诉我们的用户什么是种草",
        "你好酷是什么产品",
        "Hit是什么",
        "按时间讲讲福利社从开张到关门的经过",
        "给我讲个笑话好吗",
        "“请问”是谁说的",
        "用日语怎么说谢谢",
        "介绍信怎么开",
        "说说是QQ的什么功能",
        "看下一步计划是什么？",
        "请看下面三个问题：福利社是什么？估值多少？",
    ],
)
def test_words_that_a_question_needs_stay(question: str) -> None:
    assert without_courtesy(question) == question


def test_earlier_questions_lose_it_too_and_answers_do_not() -> None:
    history = (Message("user", "请问小红书估值多少"), Message("assistant", "请问你要哪一年的？"))
    assert plain(Question("谢谢，那月活呢", history)).history == (Message("user", "小红书估值多少"), history[1])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("你好", "greeting"),
        ("您好！在吗？", "greeting"),
        ("Hi!", "greeting"),
        ("你是谁？", "who"),
        ("谢谢", "fine"),
        ("好的，谢谢你", "fine"),
        ("謝謝", "fine"),
        ("ok", "fine"),
        ("继续", "more"),
        ("还有呢？", "more"),
        ("接着说", "more"),
        ("他是谁？", ""),
        ("好的产品", ""),
        ("还有谁", ""),
        ("继续教育", ""),
        ("多谢是谁说的", ""),
    ],
)
def test_what_stands_in_the_place_of_a_question(text: str, kind: str) -> None:
    assert courtesy_of(text) == kind


def test_a_turn_of_courtesy_is_forgotten_with_what_it_was_told() -> None:
    asked, told = Message("user", "小红书估值多少"), Message("assistant", "310亿美元。[1]", ("c1",))
    thanks, fine = Message("user", "谢谢"), Message("assistant", "好的。还想知道什么，可以接着问。")
    assert plain(Question("那月活呢", (asked, told, thanks, fine))).history == (asked, told)


@pytest.mark.model
def test_a_polite_question_gets_the_answer_of_the_plain_one(
    corpus_index: Path, real_embedder: SentenceEmbedder
) -> None:
    chain = AnswerChain(Settings(corpus=CORPUS, index=corpus_index), embedder=real_embedder)
    asked = "香港、澳门这块地盘，电商同行已经杀进来了，还是基本空着？"
    polite = f"你好，能不能告诉我{asked}谢谢"
    direct, answer = chain.invoke(asked), chain.invoke(polite)
    chain.close()
    assert answer.statements == direct.statements
    assert answer.question.text == polite
