from pathlib import Path

import pytest

import rag.names
from rag.names import names_in, names_missing


def test_names_are_of_people_places_and_organisations() -> None:
    assert names_in("王明在北京市加入了人民银行，他很高兴。") == {"王明", "北京市", "人民银行"}


@pytest.mark.parametrize(
    "text",
    [
        "费用由顾客承担。",
        "产品荣获大奖，品类齐全，诸如美妆。",
        "公司上市，进入30个城市。",
        "明星在高峰期入场，推进国际化。",
    ],
)
def test_words_of_every_day_are_no_names(text: str) -> None:
    assert names_in(text) == set()


def test_each_common_word_is_one_that_the_tagger_calls_a_name() -> None:
    words = Path(rag.names.__file__).with_name("common_words.txt").read_text(encoding="utf-8").split()
    assert words == sorted(set(words))
    tags = rag.names._tagger().word_tag_tab
    assert [word for word in words if tags.get(word) not in rag.names._TAGS] == []


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("总部设在北京市。", "总部在北京。"),
        ("总部设在北京。", "总部在北京市。"),
        ("上海浦东有研发中心。", "上海市浦东新区有研发中心。"),
        ("总部搬到了广东深圳。", "总部搬到了深圳。"),
        ("这个词源于小红书。", "这个词来自小红书。"),
        ("中国有12家门店。", "我国有12家门店。"),
        ("總部設在廣州。", "总部在广州。"),
    ],
)
def test_a_name_with_its_kind_its_province_or_a_word_beside_it_is_the_same_name(text: str, source: str) -> None:
    assert names_missing(text, source) == set()


@pytest.mark.parametrize(
    ("text", "source", "missing"),
    [
        ("总部设在上海市。", "总部在北京市。", {"上海市"}),
        ("总部搬到了广东深圳。", "总部搬到了广东广州。", {"深圳"}),
        ("总部搬到广东，深圳是分部。", "深圳是分部。", {"广东"}),
        ("店长是李强。", "店长是王明。", {"李强"}),
        ("店长李强上海出生。", "店长王明上海出生。", {"李强"}),
    ],
)
def test_another_name_is_missing(text: str, source: str, missing: set[str]) -> None:
    assert names_missing(text, source) == missing
