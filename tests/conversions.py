"""What tests of every form of file share: two sentences, and what was kept or refused."""

from pathlib import Path

import pytest

from ingest.convert import Converted, convert
from rag.errors import CorpusError

SENTENCE = "小红书悄然布局跨境电商，推出“出海领航计划”，首期覆盖美国及港澳市场。"
SECOND = "据悉，该计划面向成熟商家，佣金为5%，账期为30天。"


def kept(converted: Converted) -> str:
    """The text without what was removed."""
    parts, at = [], 0
    for removal in converted.removed:
        assert at <= removal.start < removal.end <= len(converted.text)
        parts.append(converted.text[at : removal.start])
        at = removal.end
    return "".join([*parts, converted.text[at:]])


def refused(name: str, content: bytes) -> CorpusError:
    with pytest.raises(CorpusError) as error:
        convert(Path(name), content)
    assert name in str(error.value)
    assert name in error.value.chinese
    return error.value
