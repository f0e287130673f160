"""What a question for a number, a time, a person or a place names first: articles without that name do not tell it."""

import re
from collections.abc import Sequence

from rag.features import asks_for, asks_for_several, leaves_it_open
from rag.library import Library
from rag.text import normalize
from rag.types import Passage

RARE = 20  # chunks up to which a name is of something particular: 王大奇奇, not 小红书
RARE_SHARE = 0.1  # of the chunks, the same of a small index: 今年, 创始人
_FIRST = re.compile(
    r"(?P<name>[^的在是有把被这那，,：:？?]{2,12}?)[上里中内下后前时]?(?:[的在是有把被]|[这那](?!一?篇))"
)
_NO_NAME = re.compile(  # 一共有多少名员工, 首席执行官是谁
    r"[多几哪谁何怎我你他她它]|什么|^(?:[一总]共|大概|大约|平均|每|最|如果|一般|当时|之[前后]|以前|后来|现在|目前|如今|[今去前当]年)"
    r"|^(?:首席.*|创始.*|.*团队|公司|企业|品牌|平台|国内|海外|全国|全球|市场)$"
)
_MARKS = re.compile(r"[“”「」『』《》\"'‘’]")


def of_what_is_named_first(question: str, passages: Sequence[Passage], library: Library) -> Sequence[Passage]:
    """The passages whose articles hold the name that a question begins with; all where it is not rare, or none has it.

    王大奇奇的账号有多少粉丝 is not answered by how many another account has.
    """
    one_thing = asks_for(question) & {"number", "date", "person", "place"}
    if not one_thing or asks_for_several(question) or leaves_it_open(question):
        return passages
    first = _FIRST.match(_plain(question))
    if not first or _NO_NAME.search(first["name"]):
        return passages
    _, chunks, _ = library.counts()
    most = max(1, min(RARE, int(RARE_SHARE * chunks)))
    if not 0 < library.phrase_frequency(first["name"], most + 1) <= most:
        return passages
    holding = [p for p in passages if first["name"] in _plain(f"{p.article.title}\n{p.article.text}")]
    return holding or passages


def _plain(text: str) -> str:
    return _MARKS.sub("", normalize(text))
