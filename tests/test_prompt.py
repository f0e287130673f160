"""What an LLM is sent: stretches of passages by what the reader makes of them, the last turns, the files of prompts."""

from pathlib import Path

import pytest
from fakes import FakeEmbedder

from bench.prompts import shown
from eval.sets import Evidence, SetQuestion
from rag.chain import AnswerChain
from rag.prompt import GAP, PROMPTS, fence_passages, load_prompt, recent_history
from rag.settings import Settings
from rag.text import count_tokens, sentence_spans
from rag.types import Article, Chunk, Message, Passage, PassageReading, Question

# each is a stretch of its own: nothing else is of about 240 code points
SENTENCES = [f"甲{'说' * 200}鲸鱼。", f"乙{'说' * 200}牛肉。", f"丙{'说' * 200}鲸鱼。", f"丁{'说' * 200}青菜。"]
HEAD = "<x 编号=1 标题=文1 日期=日期未注明>"


def passage(rank: int, score: float = 1.0, answers: float = 0.0, read: dict[int, float] | None = None) -> Passage:
    """One of SENTENCES; `read` has the log probabilities that the reader gives some of them."""
    article = Article(f"文{rank}", f"文{rank}.txt", "".join(SENTENCES), title=f"文{rank}")
    spans = tuple(sentence_spans(article.text))
    chunk = Chunk(f"c{rank}", article.id, 0, len(article.text), article.text, "", spans)
    reading = PassageReading(answers, spans[0], {spans[at]: log for at, log in read.items()}) if read else None
    return Passage(article, chunk, rank, score, reading=reading)


def sent(question: str, passages: list[Passage], count: int) -> list[tuple[int, str]]:
    """The passages that are sent where `count` sentences fit, each with the first characters of its sentences."""
    one = count_tokens("\n".join([HEAD, SENTENCES[0], "</x>"]))
    fenced, of = fence_passages(question, passages, "x", int(one * (count + 0.5)))
    blocks = [block.splitlines() for block in fenced.split("</x>")]
    firsts = ["".join(line[0] for line in block if line and not line.startswith("<x")) for block in blocks]
    return [(p.rank, first) for p, first in zip(of, firsts, strict=False)]


def test_the_stretches_that_the_reader_finds_likeliest_are_sent_whatever_passage_they_are_of() -> None:
    first = passage(1, read={0: -9.0, 1: -1.0, 2: -2.0, 3: -9.0})
    second = passage(2, read={0: -1.5, 1: -9.0, 2: -9.0, 3: -9.0})
    assert sent("要吃鲸鱼", [first, second], 1) == [(1, "乙")]
    assert sent("要吃鲸鱼", [first, second], 2) == [(1, "乙"), (2, "甲")]
    assert sent("要吃鲸鱼", [first, second], 3) == [(1, "乙丙"), (2, "甲")]


def test_a_passage_that_answers_comes_before_one_with_a_likelier_sentence() -> None:
    first = passage(1, answers=-3.0, read=dict.fromkeys(range(4), -1.0))
    second = passage(2, answers=3.0, read={0: -9.0, 1: -3.0, 2: -9.0, 3: -9.0})
    assert sent("要吃鲸鱼", [first, second], 1) == [(2, "乙")]


def test_what_the_reader_has_not_read_comes_behind_by_the_words_that_it_shares_with_the_question() -> None:
    assert sent("要吃鲸鱼", [passage(1)], 2) == [(1, "甲…丙")]
    partly = passage(1, read={3: -30.0})
    assert sent("要吃牛肉", [partly], 2) == [(1, "乙…丁")]
    assert sent("要吃牛肉", [partly, passage(2)], 3) == [(1, "乙…丁"), (2, "乙")]


def test_of_equal_words_those_of_the_better_passage_are_sent() -> None:
    assert sent("要吃牛肉", [passage(1, score=0.1), passage(2, score=0.9)], 1) == [(2, "乙")]


def test_where_stretches_do_not_follow_each_other_stands_a_gap() -> None:
    read = passage(1, read={0: -1.0, 1: -9.0, 2: -1.0, 3: -9.0})
    assert fence_passages("要吃鲸鱼", [read], "x", 10_000)[0] == "\n".join([HEAD, *SENTENCES, "</x>"])
    two = "\n".join([HEAD, SENTENCES[0], GAP, SENTENCES[2], "</x>"])
    assert fence_passages("要吃鲸鱼", [read], "x", count_tokens(two))[0] == two


def test_what_does_not_fit_is_not_sent() -> None:
    one = count_tokens("\n".join([HEAD, SENTENCES[1], "</x>"]))
    assert [p.rank for p in fence_passages("要吃牛肉", [passage(1)], "x", one)[1]] == [1]
    assert fence_passages("要吃牛肉", [passage(1)], "x", one - 1) == ("", [])


def test_of_a_long_conversation_the_newest_turns_that_fit_are_sent() -> None:
    history = tuple(Message("user" if n % 2 == 0 else "assistant", f"第{n}轮") for n in range(6))
    line = count_tokens("回答：第5轮") + 1
    assert recent_history(history, 10_000).split("\n")[0] == "读者：第0轮"
    assert recent_history(history, 2 * line) == "读者：第4轮\n回答：第5轮"
    assert recent_history(history, line) == "回答：第5轮"
    assert recent_history(history, 0) == recent_history((), 9) == ""


@pytest.mark.parametrize("path", sorted(PROMPTS.glob("*.md")), ids=lambda path: path.stem)
def test_a_prompt_is_a_line_about_it_a_system_message_and_a_user_message(path: Path) -> None:
    about, *lines = path.read_text(encoding="utf-8").splitlines()
    assert about.startswith("<!-- version: ") and about.endswith("-->")
    assert lines[0] == "## system"
    assert [line for line in lines if line.startswith("## ")] == ["## system", "## user"]


def test_the_prompt_has_the_slots_that_the_code_fills() -> None:
    assert set(load_prompt().input_variables) == {"fence", "passages", "question", "history"}


def test_the_bench_counts_the_quotes_that_stand_in_the_prompt(tiny_index: Path, fake_embedder: FakeEmbedder) -> None:
    chain = AnswerChain(Settings(index=tiny_index), embedder=fake_embedder)
    evidence = Evidence("甲", "猫吃鱼。"), Evidence("甲", "猫吃肉。")
    asked = SetQuestion("cat", "fact", Question("猫吃什么？"), True, (), (), evidence)
    passages = chain.retrieve(asked.question, chain.index.current()).passages
    assert shown(asked, passages, chain.settings) == [True, False]
    chain.close()
