"""Who asks, and how often they may."""

import logging
import math
import time
from ipaddress import ip_address

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from rag.errors import SettingsError
from rag.settings import Settings
from service.errors import KeysUnreadable, RateLimited, Unauthorized
from service.keys import hashed, read_keys

log = logging.getLogger(__name__)
NO_KEY = (
    "a key is needed: send the header Authorization: Bearer KEY",
    "需要密钥：请带上请求头 Authorization: Bearer 密钥",
)
WRONG_KEY = ("the key is not known: ask for a new one", "密钥无效：请换一个")


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Access:
    """Tells users apart by their keys, or by their addresses where no key is needed, and counts their requests.

    A key is needed as soon as there is one, and always where `open_` is false: where others than this machine can ask.
    """

    def __init__(self, settings: Settings, *, open_: bool) -> None:
        self._settings = settings
        self._open = open_
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._rate = parse(f"{settings.api_rate}/minute")

    def user_of(self, request: Request) -> str:
        """The name of the key that a request has. Raises Unauthorized, or KeysUnreadable."""
        try:
            keys = read_keys(self._settings.api_keys)
        except SettingsError as error:
            log.error("nobody is let in: %s", error)
            raise KeysUnreadable from error
        if self._open and not keys:
            return request.client.host if request.client else "unknown"
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Unauthorized(*NO_KEY)
        if (known := keys.get(hashed(key.strip()))) is None:
            raise Unauthorized(*WRONG_KEY)
        return known.name

    def count(self, user: str) -> None:
        """Count a request of a user. Raises RateLimited."""
        if not self._limiter.hit(self._rate, user):
            free_at = self._limiter.get_window_stats(self._rate, user).reset_time
            raise RateLimited(self._settings.api_rate, max(1, math.ceil(free_at - time.time())))
