import pytest

from rag.romanized import RomanizedNames

NAMES = {"张小泉": 9, "好好住": 5, "福利社": 4, "北京": 8, "背景": 6, "先": 9, "西安": 3}
SOUNDS = {
    "zhang": ["张"],
    "xiao": ["小"],
    "quan": ["泉", "权"],
    "hao": ["好"],
    "zhu": ["住"],
    "fu": ["福"],
    "li": ["利"],
    "she": ["社"],
    "bei": ["北", "背"],
    "jing": ["京", "景"],
    "xian": ["先"],
    "xi": ["西"],
    "an": ["安"],
}
PAIRS = {name[at : at + 2] for name in NAMES for at in range(len(name) - 1)}


@pytest.fixture
def names() -> RomanizedNames:
    return RomanizedNames(SOUNDS, lambda left, right: left + right in PAIRS, lambda name: NAMES.get(name, 0))


@pytest.mark.parametrize(
    ("question", "restored"),
    [
        ("Which knife of Zhang Xiaoquan broke?", "Which knife of 张小泉 broke?"),
        ("What is the fee of Haohaozhu?", "What is the fee of 好好住?"),
        ("Its store Fulishe", "Its store 福利社"),
        ("haohaozhu的会员多少钱", "好好住的会员多少钱"),
        ("What is fulishe?", "What is fulishe?"),  # small letters in an English sentence
        ("Zhang Haohaozhu", "Zhang 好好住"),  # the longest stretch that is a name
        ("Bei Jing", "Bei Jing"),  # 北京 or 背景
        ("Xian", "西安"),  # xi an: one syllable alone would be no name
        ("Zhang", "Zhang"),
        ("Zhangquan", "Zhangquan"),  # no name of the articles
        ("", ""),
    ],
)
def test_a_name_in_pinyin_becomes_the_only_name_of_the_articles_that_sounds_so(
    names: RomanizedNames, question: str, restored: str
) -> None:
    assert names.restored(question, question) == restored


def test_what_is_hidden_is_kept(names: RomanizedNames) -> None:
    assert names.restored("“Fulishe” Fulishe", "          Fulishe") == "“Fulishe” 福利社"
