"""What goes wrong between a client and the API, and every error as one JSON object."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from rag.errors import IndexMismatch, IndexMissing, RagError, ScopeError


class ApiError(RagError):
    """A request that is refused: `status` is its HTTP status, `code` names the reason for programs."""

    status = 400
    code = "bad_request"
    retry_after: int | None = None  # seconds


class Unauthorized(ApiError):
    """The request has no key, or one that is not known."""

    status, code = 401, "unauthorized"


class ArticleMissing(ApiError):
    """There is no article of that id."""

    status, code = 404, "article_missing"


class NotInstalled(ApiError):
    """An optional part of the program is not installed."""

    status, code = 404, "not_installed"


class UnusableQuestion(ApiError):
    """There is nothing to search for, or too much of it."""

    status, code = 422, "unusable_question"


class RateLimited(ApiError):
    """The user has asked as often as one may in a minute."""

    status, code = 429, "rate_limited"

    def __init__(self, most: int, seconds: int) -> None:
        super().__init__(
            f"more than {most} requests a minute: try again in {seconds} s",
            f"每分钟最多 {most} 次请求，现在超过了：请过 {seconds} 秒再试",
        )
        self.retry_after = seconds


class Busy(ApiError):
    """Too many questions are waiting, or this one has waited too long."""

    status, code, retry_after = 503, "busy", 5

    def __init__(self, waiting: int) -> None:
        super().__init__(
            f"too busy: {waiting} questions are waiting; try again in a few seconds",
            f"现在太忙：有 {waiting} 个问题在排队，请过几秒再试",
        )


class KeysUnreadable(ApiError):
    """The file of the keys is damaged. Where it is, only the log tells."""

    status, code = 500, "failed"

    def __init__(self) -> None:
        super().__init__("the API keys cannot be read: see the log", "API 密钥读不出来：详情见服务器日志")


class HungUp(ApiError):
    """The client does not wait for its answer any more: only the log and the figures learn of it."""

    status, code = 499, "hung_up"  # nginx's status for it


_MESSAGES = {
    400: ("the body of the request cannot be read: send JSON in UTF-8", "请求正文读不了：请用 UTF-8 编码的 JSON"),
    404: ("there is nothing at this address: see /docs", "没有这个地址：请看 /docs"),
    413: ("the body of the request is longer than 1 MB: send less", "请求正文超过 1 MB：请缩短"),
    405: ("this address does not take this method: see /docs", "这个地址不接受这种请求方法：请看 /docs"),
}


_WRONG = {  # what pydantic says in English, by its type
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项",
    "json_invalid": "不是正确的 JSON",
    "string_type": "要写成文字",
    "string_unicode": "里面有残缺的字符，请用 UTF-8 编码",
    "string_too_short": "至少要有 {min_length} 个字",
    "string_too_long": "最多 {max_length} 个字",
    "string_pattern_mismatch": "不是可以用的值",
    "list_type": "要写成数组",
    "too_long": "最多 {max_length} 个",
    "model_attributes_type": "要写成对象",
    "bool_type": "要写成 true 或 false",
    "bool_parsing": "要写成 true 或 false",
    "int_type": "要写成整数",
    "int_parsing": "要写成整数",
    "greater_than_equal": "最小是 {ge}",
    "less_than_equal": "最大是 {le}",
}
_NO_OBJECT = (
    "it must be one JSON object, with the header Content-Type: application/json",
    "要是一个 JSON 对象，并带上请求头 Content-Type: application/json",
)


def error_json(code: str, message: str, chinese: str) -> dict[str, Any]:
    """The one shape of every error."""
    return {"error": {"code": code, "message": message, "chinese": chinese}}


def describe(error: Exception) -> tuple[int, dict[str, Any]]:
    """HTTP status and JSON of an error; of one that is not ours nothing is told."""
    if isinstance(error, ApiError):
        return error.status, error_json(error.code, str(error), error.chinese)
    if isinstance(error, ScopeError):
        return 422, error_json("invalid_scope", str(error), error.chinese)
    if isinstance(error, IndexMissing | IndexMismatch):
        return 503, error_json("no_index", str(error), error.chinese)
    if isinstance(error, RagError):
        return 500, error_json("failed", str(error), error.chinese)
    if isinstance(error, HTTPException):
        message, chinese = _MESSAGES.get(error.status_code, _MESSAGES[400])
        return error.status_code, error_json(f"http_{error.status_code}", message, chinese)
    return 500, error_json(
        "internal", "the request failed inside the server: see its log", "服务器内部出错：详情见服务器日志"
    )


def error_response(error: Exception) -> JSONResponse:
    """An error as the response of a request."""
    status, body = describe(error)
    headers = dict(getattr(error, "headers", None) or {})
    if retry_after := getattr(error, "retry_after", None):
        headers["Retry-After"] = str(retry_after)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers)


def invalid_response(error: RequestValidationError) -> JSONResponse:
    """The first thing that is wrong with a request; what it sent is not repeated."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    english, chinese = first["msg"], _WRONG.get(first["type"], "").format(**first.get("ctx", {}))
    if place == "body":
        english, chinese = _NO_OBJECT
    told = f"请求里的 {place} 不对" + (f"：{chinese}" if chinese else "")
    return JSONResponse(error_json("invalid_request", f"{place}: {english}", told), 422)


def add_error_handlers(app: FastAPI) -> None:
    """Make every error of an app that shape."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        return error_response(error)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return invalid_response(error)

    app.add_exception_handler(RequestValidationError, invalid)
    for kind in (RagError, HTTPException, Exception):
        app.add_exception_handler(kind, ours)
