import pytest

from rag.named import RARE, of_what_is_named_first
from rag.types import Article, Chunk, Passage


class Counted:
    """Stands for a library of which only how many of its chunks hold a phrase is asked."""

    def __init__(self, holding: int, chunks: int = 3000) -> None:
        self.holding, self.chunks = holding, chunks

    def counts(self) -> tuple[int, int, int]:
        return (9, self.chunks, 0)

    def phrase_frequency(self, phrase: str, most: int) -> int:
        return min(self.holding, most)


def passages(*texts: str, title: str = "文") -> list[Passage]:
    """A passage of each text; the first article has the title."""
    titles = [title, *["文"] * (len(texts) - 1)]
    articles = [
        Article(id=f"文{n}", source_path=f"文{n}.txt", raw=text, title=named)
        for n, (text, named) in enumerate(zip(texts, titles, strict=True))
    ]
    return [Passage(a, Chunk(a.id, a.id, 0, len(a.text), a.text), n, 1.0) for n, a in enumerate(articles, 1)]


HER, OTHER = "王大奇奇做了一个服装品牌。", "赵露思有1854万粉丝。"


def kept(question: str, chunks: int = 2, texts: tuple[str, ...] = (HER, OTHER)) -> list[str]:
    of_it = of_what_is_named_first(question, passages(*texts), Counted(chunks))  # type: ignore[arg-type]
    return [passage.article.text for passage in of_it]


@pytest.mark.parametrize(
    "question",
    [
        "王大奇奇的小红书账号有多少粉丝？",
        "王大奇奇这个牌子的创始人是谁",
        "“王大奇奇”是哪一年开始的？",
        "王大奇奇上有几个人？",
    ],
)
def test_only_articles_that_hold_the_name_tell_its_number_time_or_person(question: str) -> None:
    assert kept(question) == [HER]


@pytest.mark.parametrize(
    "question",
    [
        "王大奇奇的账号有哪些粉丝？",
        "王大奇奇的账号为什么有这么多粉丝？",
        "王大奇奇的粉丝多少是真的？",
        "王大奇奇那篇文章写了多少人？",
        "小红书有多少粉丝？",
        "一共有多少粉丝？",
        "首席执行官是谁？",
        "多少人在小红书上买东西？",
        "什么时候有粉丝的？",
    ],
)
def test_where_several_things_or_an_open_matter_are_asked_or_no_such_name_comes_first_every_passage_counts(
    question: str,
) -> None:
    more = f"{HER}她说：小红书、一共、首席执行官、多少人、什么时候。"
    assert kept(question, RARE + 1 if question.startswith("小红书") else 2, (more, OTHER)) == [more, OTHER]


def test_a_name_that_many_chunks_hold_or_none_leaves_out_nothing() -> None:
    question = "王大奇奇的账号有多少粉丝？"
    assert kept(question, RARE) == [HER]
    assert kept(question, RARE + 1) == kept(question, 0) == [HER, OTHER]
    for holding, of_it in ((2, 1), (3, 2)):  # of 25 chunks
        assert len(of_what_is_named_first(question, passages(HER, OTHER), Counted(holding, 25))) == of_it  # type: ignore[arg-type]


def test_what_is_named_may_stand_in_the_title_and_between_other_quotation_marks() -> None:
    question, others = "“王大奇奇”的账号有多少粉丝？", ("「王大」奇奇做品牌。", OTHER)
    assert kept(question, texts=others) == [others[0]]
    titled = passages("她做品牌。", OTHER, title="王大奇奇的账号")
    assert of_what_is_named_first(question, titled, Counted(2)) == titled[:1]  # type: ignore[arg-type]
