"""Fetching a page from a public address, and from nowhere else.

Plain http.client over a socket of our own: the address that was checked is the one that is connected to, which
neither urllib3 nor httpx does without replacing their pools or transports.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FuturesTimeout
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from rag.errors import CorpusError

USER_AGENT = "Yinju/0.1 (article reader; fetches one page at its user's request)"
SUFFIX_OF = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
REDIRECTS = (301, 302, 303, 307, 308)
# Not for the public, though `is_global` of some versions of Python says so: addresses that a cloud answers to the
# machines it runs (168.63.129.16, 192.0.0.192), and ranges for protocols and relays.
NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "2001::/23"))
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, as does the IPv4 address that it may wrap."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped:
            return is_public(str(wrapped))
        if int(ip) < 2**32 or ip.scope_id:  # ::127.0.0.1 is an old way to write the IPv4 one
            return False
    return (
        ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in network for network in NOT_PUBLIC)
    )


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class Limits:
    """What a fetch may reach and take: seconds, bytes (of the page as sent and as unpacked), hops."""

    connect: float = 10
    total: float = 30
    size: int = 10 * 2**20
    redirects: int = 5
    ports: frozenset[int] = frozenset({80, 443})
    allowed: Callable[[str], bool] = is_public
    resolve: Callable[[str, int], Sequence[str]] = resolve


@dataclass(frozen=True)
class Fetched:
    """A page: its bytes unpacked, the suffix of its form, its final address, the last part of that as a name."""

    content: bytes
    suffix: str
    url: str
    name: str


def fetch(url: str, limits: Limits | None = None) -> Fetched:
    """The page at a URL. Raises CorpusError where it may not be fetched, cannot be, or is no article's form."""
    limits = limits or Limits()
    deadline = time.monotonic() + limits.total
    shown = url
    for _ in range(limits.redirects + 1):
        parts, port = _checked(url, limits)
        sock = _connect(parts, port, limits, deadline)
        watch = _Watch(sock, deadline - time.monotonic())
        try:
            response = watch.request(parts, port)
            location = response.getheader("Location")
            if response.status in REDIRECTS and location:
                # http.client reads heads as Latin-1; a Chinese address in one is UTF-8.
                url = urljoin(urlunsplit(parts), location.encode("latin-1").decode("utf-8"))
                continue
            page = _read(response, urlunsplit(parts), limits)
            if watch.timed_out:  # a page of unknown length only seems to have ended
                raise _failed(shown, True, None)
            return page
        except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
            raise _failed(shown, watch.timed_out, error) from error
        finally:
            watch.close()
    raise _refused(shown, f"it redirects more than {limits.redirects} times", f"跳转超过 {limits.redirects} 次")


def _checked(url: str, limits: Limits) -> tuple[SplitResult, int]:
    """The parts of a URL that may be fetched, its path in ASCII, and its port."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise _refused(url, f"it is no address ({error})", "写法不对") from error
    if parts.scheme not in ("http", "https") or not host:
        raise _refused(url, "only http and https are fetched", "只支持 http 和 https 网址")
    if "@" in parts.netloc:
        raise _refused(url, "it holds a user name", "网址里不能带用户名或密码")
    if port not in limits.ports:
        raise _refused(url, f"port {port} is not fetched from", f"不支持端口 {port}")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port:
        netloc += f":{parts.port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    return SplitResult(parts.scheme, netloc, path, query, ""), port


def _connect(parts: SplitResult, port: int, limits: Limits, deadline: float) -> socket.socket:
    """A connection to the first address of the host, after all of them were checked."""
    host = parts.hostname or ""
    url = urlunsplit(parts)
    left = min(limits.connect, deadline - time.monotonic())
    pool = ThreadPoolExecutor(1)
    try:
        addresses = pool.submit(limits.resolve, host, port).result(max(left, 0))
    except (OSError, UnicodeError, FuturesTimeout) as error:
        raise _refused(url, f"its host {host} is not found", f"找不到 {host} 这个网站") from error
    finally:
        pool.shutdown(wait=False)
    if not addresses or not all(limits.allowed(address) for address in addresses):
        raise _refused(url, f"its host {host} is not on the public internet", f"{host} 不是公网上的网站，不能抓取")
    last: OSError | None = None
    for address in addresses:
        left = min(limits.connect, deadline - time.monotonic())
        try:
            return socket.create_connection((address, port), timeout=max(left, 0.01))
        except OSError as error:
            last = error
    raise _failed(url, isinstance(last, TimeoutError), last)


class _Watch:
    """A connection that is cut off at its deadline, however slowly the other side sends."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self.sock = sock
        self.timed_out = False
        self.sock.settimeout(max(seconds, 0.01))
        self.timer = threading.Timer(max(seconds, 0), self.cut)
        self.timer.daemon = True
        self.timer.start()

    def cut(self) -> None:
        self.timed_out = True
        with contextlib.suppress(OSError):
            # The descriptor itself: TLS has its own object on it, which must not be asked for a farewell.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def request(self, parts: SplitResult, port: int) -> http.client.HTTPResponse:
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=host, do_handshake_on_connect=False)
            assert isinstance(self.sock, ssl.SSLSocket)
            self.sock.do_handshake()
        connection = http.client.HTTPConnection(host, port)
        connection.sock = self.sock
        target = urlunsplit(("", "", parts.path, parts.query, ""))
        accept = ", ".join(SUFFIX_OF)
        headers = {"Host": parts.netloc, "User-Agent": USER_AGENT, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
        connection.request("GET", target, headers=headers | {"Connection": "close"})
        return connection.getresponse()

    def close(self) -> None:
        self.timer.cancel()
        self.sock.close()


def _read(response: http.client.HTTPResponse, url: str, limits: Limits) -> Fetched:
    if response.status != 200:
        raise _refused(url, f"its server answers {response.status}", f"网站返回 {response.status}")
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    suffix = SUFFIX_OF.get(kind)
    if not suffix:
        raise _refused(url, f"its form {kind} is not read", f"不支持这种内容（{kind}）")
    content = b"".join(_limited(_unpacked(response, url, limits.size), url, limits.size))
    if response.length:  # what was announced and never came
        raise http.client.IncompleteRead(content, response.length)
    path = PurePosixPath(unquote(urlsplit(url).path))
    if suffix == ".txt" and path.suffix.lower() in (".md", ".markdown"):
        suffix = ".md"
    return Fetched(content, suffix, url, path.stem or urlsplit(url).hostname or "")


def _limited(blocks: Iterator[bytes], url: str, size: int) -> Iterator[bytes]:
    taken = 0
    for block in blocks:
        taken += len(block)
        if taken > size:
            raise _refused(url, f"it has more than {size:,} bytes", f"内容超过 {size / 2**20:.0f} MB")
        yield block


def _unpacked(response: http.client.HTTPResponse, url: str, size: int) -> Iterator[bytes]:
    """The body in small blocks: a few bytes of gzip may hold gigabytes."""
    sent = _limited(iter(lambda: response.read(65536), b""), url, size)
    encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding == "identity":
        yield from sent
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _refused(url, f"its encoding {encoding} was not asked for", f"不支持这种压缩（{encoding}）")
    unpacker = None
    for block in sent:
        if unpacker is None:
            raw = encoding == "deflate" and block[0] & 15 != 8  # some servers leave the zlib head out
            unpacker = zlib.decompressobj(-15 if raw else 47)
        while block:
            yield unpacker.decompress(block, 65536)
            block = unpacker.unconsumed_tail
    if unpacker is None or not unpacker.eof:
        raise zlib.error("it is cut off")


def _refused(url: str, reason: str, chinese: str) -> CorpusError:
    return CorpusError(
        f"{url} is not fetched: {reason}; save the page as a file", f"{url}：{chinese}。可以存成文件再加进来"
    )


def _failed(url: str, timed_out: bool, error: Exception | None) -> CorpusError:
    if timed_out or isinstance(error, TimeoutError):
        return _refused(url, "it takes too long", "网站太久没有回应")
    return _refused(url, f"the connection failed ({error})", "连接失败")
