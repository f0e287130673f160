"""Around every request: an id, a limit on its body, one log line, and its figures."""

import logging
import time
import uuid

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.logs import fields, of_request
from service.telemetry import Telemetry

log = logging.getLogger(__name__)
LONGEST_BODY = 1_000_000  # bytes


class Requests:
    """An ASGI middleware. The log line has the id that the response has as X-Request-Id."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_, started, status = uuid.uuid4().hex, time.perf_counter(), 500
        scope.setdefault("state", {})["user"] = ""
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LONGEST_BODY:
                raise HTTPException(413)
            return message

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", id_.encode())]
            await send(message)

        with of_request(id_):
            try:
                await self._app(scope, limited, named)
            finally:
                seconds = time.perf_counter() - started
                route = getattr(scope.get("route"), "path", "other")
                self._telemetry.requested(route, status, seconds)
                user = scope["state"].get("user", "")
                of = fields(method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1), user=user)
                log.info("request", extra=of)
