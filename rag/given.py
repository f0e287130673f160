"""What an earlier answer gives to the question after it: the things that it lists, the person whom it names."""

import re

from rag.names import names_in
from rag.surnames import SURNAMES
from rag.text import numeral

PERSON = 4  # characters of a person's name

MARK = re.compile(r"\[\d+\]")
_NOTICE = re.compile(r"^(?:“[^”]*”：)?(?:文章(?:库|里|谈到了)|下面是|没有找到)")
_COUNTED = re.compile(
    r"第(?P<nth>[一二三四五六七八九])[个种家位项点款条]|(?P<first>前者)|后面?那?(?P<last>[两三])[个种家位项点款条]|后者|最后一?[个种家位项点款条]"
)
# Not the characters of names: 即梦, 有赞, 华为, 和平精英, 普及版.
_BEFORE_LIST = re.compile(
    r"[覆复]盖|包[括含]|涵盖|涉及|分别[是为]|(?<![立随当])即(?!梦)|(?<=.)(?:拥有|有(?![赞道])|是|(?<!华)为|叫)|加入|推出|选择"
)
BETWEEN = re.compile(r"、|以及|(?<![涉普以])及|(?<![温柔])和(?!平)")
_AFTER_LIST = re.compile(r"等|[两三四五六七八九]\w?[个种家位项点款条]")


def without_notices(answer: str) -> str:
    """What an answer of ours says: its lines with marks; of one without any, what is no notice of a refusal."""
    lines = answer.split("\n")
    return "\n".join(
        [line for line in lines if MARK.search(line)] or [line for line in lines if not _NOTICE.search(line)]
    )


def person_named(answer: str, asked: str) -> str:
    """The person whom the first sentence of an answer names, and the question does not; empty for none or several."""
    first = re.split(r"[。！？!?\n]|\[\d", answer, maxsplit=1)[0]
    people = [name for name in names_in(first) if name[0] in SURNAMES and len(name) <= PERSON and name not in asked]
    return people[0] if len(people) == 1 else ""


def counted_off(text: str, answer: str) -> str:
    """The things that a question counts off, 第二个 or 后面两个, among those that the answer lists."""
    things = things_listed(answer)
    chosen: list[str] = []
    for count in _COUNTED.finditer(text):
        if count["nth"]:
            chosen += things[numeral(count["nth"]) - 1 :][:1]
        elif count["first"]:
            chosen += things[:1]
        else:
            chosen += things[-(" 两三".index(count["last"]) + 1 if count["last"] else 1) :]
    return " ".join(dict.fromkeys(chosen))


def things_listed(answer: str) -> list[str]:
    """What the first enumeration of a text lists: 首期覆盖美国、中国香港和中国澳门 gives three."""
    for clause in re.split(r"[。！？!?；;，,：:\n]", answer):
        first, *others = BETWEEN.split(clause)
        if others and all(others):
            return [_BEFORE_LIST.split(first)[-1], *others[:-1], _AFTER_LIST.split(others[-1])[0]]
    return []
