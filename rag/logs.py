"""Logs as JSON lines: what happened, with its fields; no secret, and no words of a reader unless they are asked for."""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from rag.settings import Settings

HIDDEN = "***"
_KEY = re.compile(r"\byj_[\w-]{20,}|(?i:(?<=bearer ))[\w.~+/-]{8,}=*")
_REQUEST: ContextVar[str] = ContextVar("request", default="")


def fields(**values: Any) -> Mapping[str, Any]:
    """Named values for a log line: `log.info("answered", extra=fields(id="q1"))`."""
    return {"fields": values}


@contextmanager
def of_request(id_: str) -> Iterator[None]:
    """Every line that is logged inside, in threads started there too, names the request."""
    token = _REQUEST.set(id_)
    try:
        yield
    finally:
        _REQUEST.reset(token)


class JsonFormatter(logging.Formatter):
    """A log record as one line of JSON; the secrets given, and whatever looks like a key of the API, are hidden."""

    def __init__(self, *secrets: str) -> None:
        super().__init__()
        self._secrets = [json.dumps(secret, ensure_ascii=False)[1:-1] for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        row = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if request := _REQUEST.get():
            row["request"] = request
        row |= getattr(record, "fields", {})
        if record.exc_info:
            row["exception"] = self.formatException(record.exc_info)
        line = json.dumps(row, ensure_ascii=False, default=str)
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        return _KEY.sub(HIDDEN, line)


def log_json(settings: Settings) -> None:
    """Send every log line of this process to standard error as JSON; lines of other libraries from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(settings.llm_api_key.get_secret_value()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("rag", "service", "yinju", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.INFO)
