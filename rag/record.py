"""An Answer as JSON that can be read back whole, also when its articles have changed: they are kept beside it."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from rag.types import Answer, Article

_ARTICLE = "article"


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def pack(answer: Answer) -> tuple[str, dict[str, str]]:
    """The answer as JSON, and every article that it speaks of as JSON by a hash, which stands for it in the answer.

    What the reader made of its passages is left out.
    """
    articles: dict[str, str] = {}
    record = _without_articles(_adapter(Answer).dump_python(answer, mode="json"), articles, {})
    return json.dumps(record, ensure_ascii=False), articles


def unpack(record: str, articles: Mapping[str, str]) -> Answer:
    """The answer that was packed. Raises ValueError or KeyError where it, or one of its articles, is not whole."""
    opened = {key: _adapter(Article).validate_json(body) for key, body in articles.items()}
    answer: Answer = _adapter(Answer).validate_python(_with_articles(json.loads(record), opened))
    return answer


def _without_articles(value: Any, articles: dict[str, str], keys: dict[str, str]) -> Any:
    """The value with hashes instead of articles; `keys` has the hash of each article by its id."""
    if isinstance(value, list):
        return [_without_articles(item, articles, keys) for item in value]
    if not isinstance(value, dict):
        return value
    lean: dict[str, Any] = {}
    for name, item in value.items():
        if name == _ARTICLE and isinstance(item, dict):
            if item["id"] not in keys:
                body = json.dumps(item, ensure_ascii=False, sort_keys=True)
                keys[item["id"]] = hashlib.sha256(body.encode()).hexdigest()
                articles[keys[item["id"]]] = body
            lean[name] = keys[item["id"]]
        else:
            lean[name] = None if name == "reading" else _without_articles(item, articles, keys)
    return lean


def _with_articles(value: Any, articles: Mapping[str, Article]) -> Any:
    if isinstance(value, list):
        return [_with_articles(item, articles) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: articles[item] if name == _ARTICLE else _with_articles(item, articles) for name, item in value.items()
    }
