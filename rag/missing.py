"""What a question asks for and the sentences chosen for it do not state: a number, a time."""

import re

from rag.quantity import states_number
from rag.text import normalize

NO_NUMBER = "文章谈到了这件事，但没有写明所问的数字。下面是最相近的原文，供参考。"
NO_TIME = "文章谈到了这件事，但没有写明所问的时间。下面是最相近的原文，供参考。"
_ASKS_TIME = re.compile(r"何时|什么时候|啥时候|哪一?[年天月日]|几月|几号|\bwhen\b", re.IGNORECASE)
_STATES_TIME = re.compile(
    r"\d|[一二两三四五六七八九十半几数]+个?[年月日号天周]|世纪|年代|[今去前昨明当同次]年|[今昨明当同]天|春节|元旦"
    r"|[年月][初中末底]|季度"
)


def missing(question: str, text: str) -> str:
    """What a refusal says of what is missing in a text; "" where nothing is, or the question asks for neither."""
    if not states_number(question, text):
        return NO_NUMBER
    return NO_TIME if _ASKS_TIME.search(question) and not _STATES_TIME.search(normalize(text)) else ""
