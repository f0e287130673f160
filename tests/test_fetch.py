import gzip
import shutil
import socket
import ssl
import subprocess
import time
import zlib
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from web_server import PAGE, Answer, Server, page, redirect

from ingest.fetch import Fetched, Limits, fetch, is_public
from rag.errors import CorpusError

# ---- addresses ----


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "114.114.114.114", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.100.100.200", "100.64.0.1", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
        *("255.255.255.255", "192.0.2.1", "203.0.113.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::"),
        *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2001:0:4136:e378::1"),
        *("localhost", "", "1.1.1.1.1"),
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not is_public(address)


# ---- fetching ----


def refusal(url: str, limits: Limits | None = None) -> str:
    with pytest.raises(CorpusError) as error:
        fetch(url, limits)
    return error.value.chinese


def test_a_page_is_fetched_with_an_honest_name_and_no_cookies(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers["/新/a.html"] = server.answers["/%E6%96%B0/a.html"] = page(PAGE, Set_Cookie="a=b")
    fetched = fetch(server.url("/新/a.html?x=出#part"), server.limits())
    assert fetched == Fetched(PAGE, ".html", server.url("/%E6%96%B0/a.html?x=%E5%87%BA"), "a")
    fetch(server.url("/新/a.html"), server.limits())
    (_, headers) = server.requests[-1]
    assert headers["User-Agent"].startswith("Yinju/")
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert "Cookie" not in headers


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://localhost/", "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/"),
        *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/"),
        *("http://100.100.100.200/", "http://10.0.0.1/", "http://0/", "https://192.168.1.1/", "http://[fe80::1]/"),
    ],
)
def test_a_host_that_is_not_public_is_never_asked(url: str) -> None:
    assert "不是公网上的网站" in refusal(url)


@pytest.mark.parametrize(
    ("url", "chinese"),
    [
        ("file:///etc/passwd", "只支持 http 和 https"),
        ("ftp://example.com/a", "只支持 http 和 https"),
        ("gopher://example.com/", "只支持 http 和 https"),
        ("http:///a", "只支持 http 和 https"),
        ("http://a:b@example.com/", "不能带用户名"),
        ("http://example.com@127.0.0.1/", "不能带用户名"),
        ("http://example.com:22/", "不支持端口 22"),
        ("http://example.com:99999/", "写法不对"),
        ("http://[::1/", "写法不对"),
        ("http://" + "a" * 70 + ".com/", "写法不对"),
    ],
)
def test_addresses_of_other_kinds_are_refused_before_anything_is_sent(url: str, chinese: str) -> None:
    assert chinese in refusal(url)


@pytest.mark.parametrize(
    ("location", "chinese"),
    [
        ("http://169.254.169.254/latest/meta-data/", "不是公网上的网站"),
        ("http://localhost:{other}/", "不支持端口"),
        ("http://[::1]:{port}/", "不是公网上的网站"),
        ("//10.0.0.1/", "不是公网上的网站"),
        ("file:///etc/passwd", "只支持 http 和 https"),
        ("http://a:b@127.0.0.1:{port}/", "不能带用户名"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(server: Server, location: str, chinese: str) -> None:
    server.answers["/"] = redirect(location.format(port=server.port, other=server.port - 1))
    assert chinese in refusal(server.url("/"), server.limits())
    assert len(server.requests) == 1


def test_redirects_are_followed_five_times_and_the_last_address_is_kept(server: Server) -> None:
    for number in range(5):
        server.answers[f"/{number}"] = redirect(f"{number + 1}", status=(301, 302, 303, 307, 308)[number])
    server.answers["/5"] = page(PAGE)
    assert fetch(server.url("/0"), server.limits()).url == server.url("/5")
    server.answers["/5"] = redirect("/6")
    assert "跳转超过 5 次" in refusal(server.url("/0"), server.limits())


def test_the_address_that_was_checked_is_the_one_connected_to(server: Server) -> None:
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    server.answers["/"] = page(PAGE)
    fetch(server.url("/", "news.example"), server.limits(resolve=rebinding))
    assert asked == ["news.example"]
    assert server.requests[0][1]["Host"] == f"news.example:{server.port}"


def test_one_private_address_among_the_public_ones_is_enough_to_refuse(server: Server) -> None:
    limits = server.limits(resolve=lambda host, port: ["127.0.0.1", "10.0.0.1"])
    assert "不是公网上的网站" in refusal(server.url("/", "news.example"), limits)
    assert server.requests == []


def test_a_host_that_is_not_found_or_does_not_listen_is_one_sentence(server: Server) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    assert "找不到 news.example" in refusal("http://news.example/", Limits(resolve=unknown))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    limits = server.limits(ports=frozenset({port}))
    assert "连接失败" in refusal(f"http://127.0.0.1:{port}/", limits)


def test_a_slow_resolver_is_not_waited_for(server: Server) -> None:
    started = time.monotonic()
    limits = Limits(connect=0.1, resolve=lambda host, port: time.sleep(1) or [])
    assert "找不到" in refusal("http://news.example/", limits)
    assert time.monotonic() - started < 0.8


@pytest.mark.parametrize(
    ("kind", "path", "suffix"),
    [
        ("text/html", "/a", ".html"),
        ("application/xhtml+xml", "/a", ".html"),
        ("text/plain; charset=gbk", "/a", ".txt"),
        ("text/plain", "/a.md", ".md"),
        ("text/markdown", "/a", ".md"),
        ("application/pdf", "/a", ".pdf"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "/a", ".docx"),
    ],
)
def test_the_content_type_gives_the_suffix(server: Server, kind: str, path: str, suffix: str) -> None:
    server.answers[path] = page(b"x", kind)
    assert fetch(server.url(path), server.limits()).suffix == suffix


@pytest.mark.parametrize("kind", ["application/json", "image/png", "application/octet-stream", "", "text/css"])
def test_other_content_is_refused(server: Server, kind: str) -> None:
    server.answers["/"] = page(b"x", kind)
    assert "不支持这种内容" in refusal(server.url("/"), server.limits())


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 418, 500])
def test_any_answer_but_200_is_refused(server: Server, status: int) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()

    server.answers["/"] = answer
    assert f"网站返回 {status}" in refusal(server.url("/"), server.limits())


def test_a_page_of_the_allowed_size_is_read_and_one_byte_more_is_refused(server: Server) -> None:
    server.answers["/"] = page(b"x" * 1000)
    assert len(fetch(server.url("/"), server.limits(size=1000)).content) == 1000
    assert "内容超过" in refusal(server.url("/"), server.limits(size=999))


def test_a_page_that_never_ends_is_refused_when_it_is_too_large(server: Server) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    server.answers["/"] = answer
    assert "内容超过" in refusal(server.url("/"), server.limits(size=2**20))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
def test_compressed_pages_are_unpacked(server: Server, encoding: str) -> None:
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(PAGE),
        "deflate": zlib.compress(PAGE),
        "raw deflate": raw.compress(PAGE) + raw.flush(),
    }[encoding]
    server.answers["/"] = page(packed, Content_Encoding=encoding.split()[-1])
    assert fetch(server.url("/"), server.limits()).content == PAGE


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(server: Server) -> None:
    bomb = gzip.compress(b"x" * 200_000_000)
    assert len(bomb) < 250_000
    server.answers["/"] = page(bomb, Content_Encoding="gzip")
    started = time.monotonic()
    assert "内容超过 10 MB" in refusal(server.url("/"), server.limits())
    assert time.monotonic() - started < 1


def test_damaged_or_unknown_compression_is_refused(server: Server) -> None:
    for encoding, content in (
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(PAGE)[:40]),
        ("br", PAGE),
        ("gzip, gzip", PAGE),
    ):
        server.answers["/"] = page(content, Content_Encoding=encoding)
        assert refusal(server.url("/"), server.limits())


def drip(handler: BaseHTTPRequestHandler) -> None:
    """One byte at a time, for ten seconds; the length is not told."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    for _ in range(500):
        handler.wfile.write(b"x")
        time.sleep(0.02)


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(500):
        handler.wfile.write(b"H")
        time.sleep(0.02)


@pytest.mark.parametrize("answer", [drip, drip_head, lambda handler: time.sleep(3)])
def test_a_slow_page_is_given_up_in_time(server: Server, answer: Answer) -> None:
    server.answers["/"] = answer
    started = time.monotonic()
    assert "太久没有回应" in refusal(server.url("/"), server.limits(total=0.3))
    assert time.monotonic() - started < 1.5


def test_the_time_limit_covers_all_redirects_together(server: Server) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.2)
        redirect("/")(handler)

    server.answers["/"] = slow
    assert "太久没有回应" in refusal(server.url("/"), server.limits(total=0.5))


def test_a_page_that_is_cut_off_is_refused(server: Server) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 10)

    server.answers["/"] = answer
    assert "连接失败" in refusal(server.url("/"), server.limits())


@pytest.mark.parametrize(
    "head", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500, b"HTTP/1.1 200 OK\r\nA: " + b"x" * 99999]
)
def test_a_server_that_speaks_no_http_is_refused(server: Server, head: bytes) -> None:
    server.answers["/"] = lambda handler: handler.wfile.write(head) and None
    assert "连接失败" in refusal(server.url("/"), server.limits())


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for news.example that this process trusts, with its key."""
    if not shutil.which("openssl"):
        pytest.skip("makes its certificate with openssl")
    path = tmp_path / "certificate.pem"
    line = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=x -addext subjectAltName=DNS:news.example"
    command = [*line.split(), "-keyout", str(path) + ".key", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def test_https_checks_the_certificate_against_the_name_and_not_the_address(server: Server, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    server.answers["/"] = page(PAGE)
    limits = server.limits(total=5, resolve=lambda host, port: ["127.0.0.1"])
    assert fetch(f"https://news.example:{server.port}/", limits).content == PAGE
    assert "连接失败" in refusal(f"https://other.example:{server.port}/", limits)
    server.answers["/"] = drip
    assert "太久没有回应" in refusal(
        f"https://news.example:{server.port}/", server.limits(total=0.5, resolve=limits.resolve)
    )


def test_a_server_without_a_valid_certificate_is_refused(server: Server) -> None:
    url = server.url("/").replace("http:", "https:")
    assert refusal(url, server.limits(total=2))
