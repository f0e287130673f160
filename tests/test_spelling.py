import gc
from collections.abc import Iterator
from pathlib import Path
from weakref import ref

import pytest
from vocabulary import library_of

from rag.latin import LatinNames
from rag.library import Library
from rag.pinyin import nearly, sounds
from rag.spelling import Speller, speller_of
from rag.words import Words, general_words

SENTENCES = [
    "小红书的月活",
    "小红书的商家",
    "小红书很大",
    "毛文超是创始人",
    "毛文超的商家",
    "毛文超很忙",
    "抖音",
    "抖音",
    "抖音",
]
WORDS = Words({"月活": 5, "商家": 9, "创始人": 5, "创始": 5, "红薯": 4, "的": 90, "数": 9, "朝": 9, "书": 9, "超": 9})


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = library_of(SENTENCES, tmp_path)
    yield library
    library.close()


@pytest.fixture
def speller(library: Library) -> Speller:
    return Speller(library, library.frequent_terms(), WORDS)


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("小红数的月活是多少", "小红书的月活是多少"),  # the same sound
        ("毛文朝是谁", "毛文超是谁"),
        ("小书红的月活", "小红书的月活"),  # two characters exchanged
        ("抖因有多少商家", "抖音有多少商家"),
        ("毛文朝和小红数", "毛文超和小红书"),
    ],
)
def test_a_slip_becomes_the_name_that_the_articles_have(speller: Speller, typed: str, corrected: str) -> None:
    assert speller.corrected(typed) == corrected


@pytest.mark.parametrize(
    "question",
    [
        "小红书的月活是多少",
        "小红薯的月活",  # 红薯 is a word
        "“小红数”是什么",  # quoted: the reader means it so
        "《小红数》和「毛文朝」",
        "红烧肉怎么炖",  # nothing near in the articles
        "张三丰是谁",
        "数",
        "",
        "😀",
        "㍿小红数",  # one character that is normalised to four
    ],
)
def test_what_is_no_sure_slip_is_left_as_it_is(speller: Speller, question: str) -> None:
    assert speller.corrected(question) == question


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("红毛计划是什么", "红猫计划是什么"),  # 红毛 is a word
        ("洪猫计划是什么", "红猫计划是什么"),
        ("蓝猫计划是什么", "蓝猫计划是什么"),  # of another sound
        ("红毛计算是什么", "红毛计算是什么"),
        ("“红毛计划”是什么", "“红毛计划”是什么"),
        ("白帽行动是什么", "白帽行动是什么"),  # nobody quotes it
        ("红帽商店在哪", "红帽商店在哪"),  # the articles have what was typed
    ],
)
def test_a_name_that_an_article_quotes_once_is_corrected_where_all_else_of_it_is_right(
    tmp_path: Path, typed: str, corrected: str
) -> None:
    quoted = ["开展“红猫计划”", "叫“红猫商店”", "白猫行动", "天猫的猫", "天猫的猫", "红帽商店", "红色", "红色"]
    library = library_of(quoted, tmp_path)
    words = Words({"红毛": 9, "计划": 9, "行动": 9})
    assert Speller(library, library.frequent_terms(), words).corrected(typed) == corrected
    library.close()


def test_a_character_is_mistyped_in_any_of_its_readings(tmp_path: Path) -> None:
    library = library_of([f"领航计划{end}" for end in ("的商家", "很大", "开始")] + ["抖音"] * 3, tmp_path)
    speller = Speller(library, library.frequent_terms(), WORDS)
    assert speller.corrected("领行计划的商家") == "领航计划的商家"  # 行 is háng too
    library.close()


def test_a_correction_is_not_corrected_again(speller: Speller) -> None:
    once = speller.corrected("毛文朝和小红数")
    assert speller.corrected(once) == once


def test_a_name_in_fewer_than_three_chunks_corrects_nothing(tmp_path: Path) -> None:
    library = library_of(["小红书的月活", "小红书的商家", "鸟会飞"], tmp_path)
    assert Speller(library, library.frequent_terms(), WORDS).corrected("小红数的月活") == "小红数的月活"


def test_the_speller_of_a_library_is_made_once(library: Library) -> None:
    assert speller_of(library) is speller_of(library)


def test_a_library_is_not_kept_by_its_speller(tmp_path: Path) -> None:
    library = library_of(SENTENCES, tmp_path)
    assert speller_of(library).corrected("小红数的月活") == "小红书的月活"
    kept = ref(library)
    library.close()
    del library
    gc.collect()
    assert kept() is None


NAMES = LatinNames({"tiktok": 9, "shopify": 5, "unity": 3, "rare": 2, "小红": 9}, lambda word: word == "sopify")


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("Tiktk有多少用户", "tiktok有多少用户"),
        ("TikTokk有多少用户", "tiktok有多少用户"),
        ("Titkok有多少用户", "tiktok有多少用户"),
        ("Tiktak有多少用户", "tiktok有多少用户"),
        ("How many users does Shpify have?", "How many users does shopify have?"),
        ("TikTok有多少用户", "TikTok有多少用户"),
        ("Sopify有多少用户", "Sopify有多少用户"),  # stands in an article
        ("unitys是什么", "unitys是什么"),  # a plural is no slip
        ("unify是什么", "unify是什么"),  # an English word
        ("shpify in an English sentence", "shpify in an English sentence"),
    ],
)
def test_a_latin_name_is_corrected_by_one_letter(typed: str, corrected: str) -> None:
    assert NAMES.corrected(typed, typed) == corrected


def test_a_latin_word_between_two_names_is_left_as_it_is() -> None:
    assert LatinNames({"tiktok": 9, "tiktak": 9}, lambda word: False).corrected("tiktk在", "tiktk在") == "tiktk在"


def test_sounds_have_no_tones_and_near_ones_share_a_key() -> None:
    assert sounds("书") == sounds("数") == {"shu"}
    assert nearly(sounds("书")) == nearly(sounds("苏")) == {"su"}
    assert nearly(sounds("难")) & nearly(sounds("兰")) and nearly(sounds("英")) == nearly(sounds("因"))
    assert sounds("行") == {"xing"} and sounds("行", every=True) >= {"hang", "xing"}
    assert sounds("a") == sounds("1") == frozenset()


def test_words_know_what_follows_inside_a_word_and_across_its_end() -> None:
    words = Words({"月活": 3, "商家": 1})
    assert words.follows("月", "活") == 1.0  # 月 always goes on to 活
    assert words.follows("活", "商") == 0.25  # 活 always ends a word, and one word in four begins with 商
    assert words.follows("月", "商") == words.follows("？", "月") == 0.0
    assert words.starts("月") == 0.75
    assert "月活" in words and "月商" not in words


def test_general_words_hold_what_everybody_uses() -> None:
    assert all(word in general_words() for word in ("公司", "电影", "究竟", "为什么"))
    assert "小红书" not in general_words()
