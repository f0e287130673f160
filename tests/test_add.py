import contextlib
import gzip
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import ingest.add
from ingest.add import Added, add, page_name
from ingest.fetch import Fetched, Limits, fetch, is_public
from rag.errors import CorpusError

TEXT = "小红书悄然布局跨境电商，首期覆盖美国及港澳市场。\n"


def outcomes(added: list[Added], corpus: Path) -> list[tuple[str, str]]:
    return [(one.outcome, one.path.relative_to(corpus).as_posix() if one.path else one.reason) for one in added]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return tmp_path / "corpus"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "desk").mkdir()
    return tmp_path / "desk"


# ---- files and folders ----


def test_a_file_is_copied_byte_for_byte_into_a_corpus_that_is_made(desk: Path, corpus: Path) -> None:
    content = TEXT.encode("gb18030")
    (desk / "文.txt").write_bytes(content)
    assert outcomes(add([str(desk / "文.txt")], corpus, allow_urls=False), corpus) == [("added", "文.txt")]
    assert (corpus / "文.txt").read_bytes() == content
    assert list(corpus.iterdir()) == [corpus / "文.txt"]


def test_the_same_bytes_are_added_once_and_other_bytes_get_a_numbered_name(desk: Path, corpus: Path) -> None:
    file = desk / "文.txt"
    results = []
    for text in ("一", "一", "二", "二", "一", "三"):
        file.write_text(text)
        results += outcomes(add([str(file)], corpus, allow_urls=False), corpus)
    assert results == [
        ("added", "文.txt"),
        ("already there", "文.txt"),
        ("added", "文-2.txt"),
        ("already there", "文-2.txt"),
        ("already there", "文.txt"),
        ("added", "文-3.txt"),
    ]
    assert (corpus / "文.txt").read_text() == "一"


def test_two_forms_of_one_name_do_not_become_the_same_article(desk: Path, corpus: Path) -> None:
    for name in ("文.md", "文.html"):
        (desk / name).write_text(TEXT)
    added = add([str(desk / "文.md"), str(desk / "文.html")], corpus, allow_urls=False)
    assert outcomes(added, corpus) == [("added", "文.md"), ("added", "文-2.html")]


def test_a_suffix_in_capitals_is_one_too(desk: Path, corpus: Path) -> None:
    for name in ("文.TXT", "文.md"):
        (desk / name).write_text(TEXT)
    added = add([str(desk / "文.TXT"), str(desk / "文.md")], corpus, allow_urls=False)
    assert outcomes(added, corpus) == [("added", "文.TXT"), ("added", "文-2.md")]


def test_a_folder_keeps_its_folders_and_leaves_out_notes_and_hidden_files(desk: Path, corpus: Path) -> None:
    for name in ("甲.md", "子/乙.txt", "子/甲.md", "README.md", ".藏.md", ".git/丙.md", "图.png"):
        (desk / name).parent.mkdir(exist_ok=True)
        (desk / name).write_text(name)
    added = add([str(desk)], corpus, allow_urls=False)
    assert [one for one in outcomes(added, corpus) if one[0] == "added"] == [
        ("added", "desk/子/乙.txt"),
        ("added", "desk/子/甲.md"),
        ("added", "desk/甲.md"),
    ]
    assert [(one.source, one.reason) for one in added if one.failed] == [
        (str(desk / "图.png"), "不支持 .png 文件，请另存为 .md 或 .txt")
    ]


def test_a_sidecar_comes_along_and_follows_a_numbered_name(desk: Path, corpus: Path) -> None:
    corpus.mkdir()
    (corpus / "文.md").write_text("别的")
    (desk / "文.md").write_text(TEXT)
    (desk / "文.meta.toml").write_text('author = "张三"\n')
    add([str(desk)], corpus, allow_urls=False)
    add([str(desk / "文.md")], corpus, allow_urls=False)
    assert (corpus / "desk/文.meta.toml").read_text() == 'author = "张三"\n'
    assert (corpus / "文-2.meta.toml").read_text() == 'author = "张三"\n'
    assert not (corpus / "文.meta.toml").exists()


def test_what_cannot_be_added_is_refused_with_a_reason_and_the_rest_is_added(desk: Path, corpus: Path) -> None:
    (desk / "好.md").write_text(TEXT)
    (desk / "表.xlsx").write_text("x")
    (desk / "空").mkdir()
    (desk / "大.txt").touch()
    os.truncate(desk / "大.txt", 65 * 2**20)
    os.mkfifo(desk / "管.md")
    names = ["没有.md", "表.xlsx", "空", "大.txt", "管.md", "好.md"]
    added = add([str(desk / name) for name in names], corpus, allow_urls=False)
    assert outcomes(added, corpus) == [
        ("refused", "没有.md 不存在"),
        ("refused", "不支持 .xlsx 文件，请另存为 .md 或 .txt"),
        ("refused", "这个文件夹里没有文章（可用的有 .docx、.htm、.html、.markdown、.md、.pdf、.txt）"),
        ("refused", "大.txt 太大（65 MB，最多 64 MB）：请拆成几个文件"),
        ("refused", "管.md 不是普通文件"),
        ("added", "好.md"),
    ]


def test_a_corpus_that_has_as_many_articles_as_it_takes_takes_no_more(desk: Path, corpus: Path) -> None:
    for name in ("一.md", "二.md", "三.md"):
        (desk / name).write_text(f"猫吃鱼{name}。", encoding="utf-8")
    outcomes = [add([str(desk / name)], corpus, allow_urls=False, most=2)[0] for name in ("一.md", "二.md", "三.md")]
    assert [outcome.outcome for outcome in outcomes] == ["added", "added", "refused"]
    assert "已有 2 篇文章" in outcomes[2].reason
    assert sorted(path.name for path in corpus.iterdir()) == ["一.md", "二.md"]


def test_the_corpus_is_not_added_to_itself(corpus: Path) -> None:
    corpus.mkdir()
    (corpus / "文.md").write_text(TEXT)
    added = add([str(corpus), str(corpus.parent), str(corpus / "文.md")], corpus, allow_urls=False)
    assert [one.outcome for one in added] == ["refused", "refused", "already there"]
    assert list(corpus.iterdir()) == [corpus / "文.md"]


def test_a_copy_that_fails_leaves_nothing_behind(desk: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (desk / "文.md").write_text(TEXT)
    monkeypatch.setattr(os, "fsync", full)
    (one,) = add([str(desk / "文.md")], corpus, allow_urls=False)
    assert one.reason == "读写失败（No space left on device），请检查文件名和磁盘空间"
    assert list(corpus.iterdir()) == []


def test_several_adds_at_once_lose_nothing(tmp_path: Path, corpus: Path) -> None:
    for number in range(8):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "文.md").write_text(f"第 {number} 篇")
    threads = [
        threading.Thread(
            target=add, args=([str(tmp_path / str(number) / "文.md")], corpus), kwargs={"allow_urls": False}
        )
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_text() for path in corpus.iterdir()) == [f"第 {number} 篇" for number in range(8)]


def test_an_outcome_is_one_chinese_line_and_json(corpus: Path) -> None:
    one = Added("a.md", "added", corpus / "a.md")
    assert one.message == f"已加入 {corpus}/a.md（来自 a.md）"
    assert one.to_json() == {"source": "a.md", "outcome": "added", "path": f"{corpus}/a.md", "reason": ""}
    assert Added("b", "refused", reason="不存在").message == "没有加入 b：不存在"


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

Answer = Callable[[BaseHTTPRequestHandler], None]
PAGE = f"<html><head><title>小红书：出海 / 2025</title></head><body><p>{TEXT}</p></body></html>".encode()


class Server:
    """A web server on 127.0.0.1 that answers each path as it is told, and notes the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append((self.path, dict(self.headers)))
                with contextlib.suppress(OSError):  # the client goes away, as it should
                    outer.answers[self.path.partition("?")[0]](self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def limits(self, **changes: object) -> Limits:
        """The real limits, except that this one server may be reached."""
        ports = frozenset({80, 443, self.port})
        return Limits(**{"ports": ports, "allowed": lambda a: a == "127.0.0.1" or is_public(a), **changes})  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def page(content: bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", location.encode().decode("latin-1"))
        handler.end_headers()

    return answer


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


# ---- pages in the corpus ----


@pytest.fixture
def reachable(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, which `add` may reach: only the limits differ from those in use."""
    monkeypatch.setattr(ingest.add, "fetch", lambda url: fetch(url, server.limits()))
    return server


def test_urls_are_refused_unless_they_are_allowed(reachable: Server, corpus: Path) -> None:
    (one,) = add([reachable.url("/")], corpus, allow_urls=False)
    assert one.reason == "默认不联网抓取。确实要抓，请先设置 YINJU_ALLOW_URLS=1"
    assert reachable.requests == []


def test_a_page_is_saved_under_its_title_with_its_address_beside_it(reachable: Server, corpus: Path) -> None:
    reachable.answers["/a"] = redirect("/b?c=出")
    reachable.answers["/b"] = page(PAGE)
    url = reachable.url("/a")
    assert outcomes(add([url], corpus, allow_urls=True), corpus) == [("added", "小红书：出海 2025.html")]
    assert (corpus / "小红书：出海 2025.html").read_bytes() == PAGE
    sidecar = tomllib.loads((corpus / "小红书：出海 2025.meta.toml").read_text())
    assert sidecar == {"url": reachable.url("/b?c=%E5%87%BA")}
    assert outcomes(add([url], corpus, allow_urls=True), corpus) == [("already there", "小红书：出海 2025.html")]
    assert len(list(corpus.iterdir())) == 2


def test_a_page_that_holds_no_readable_text_is_not_saved(reachable: Server, corpus: Path) -> None:
    reachable.answers["/a"] = page(b"<html><body><script>x</script></body></html>")
    reachable.answers["/b"] = page(TEXT.encode().decode("gbk", "replace").encode())
    reachable.answers["/c"] = page(b"%PDF-1.7", "application/pdf")
    added = add([reachable.url(path) for path in ("/a", "/b", "/c")], corpus, allow_urls=True)
    assert [one.outcome for one in added] == ["refused"] * 3
    assert not corpus.exists()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1/", "http://169.254.169.254/"])
def test_the_real_limits_hold_for_added_urls(url: str, corpus: Path) -> None:
    (one,) = add([url], corpus, allow_urls=True)
    assert one.failed
    assert not corpus.exists()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("小红书/出海：如何？", "小红书 出海：如何？.html"),
        ("../../etc/passwd", "etc passwd.html"),
        ("..", "part.html"),
        ("", "part.html"),
        (None, "part.html"),
        ("a\x00b\n\u202ec", "a b c.html"),
        ("长" * 500, "长" * 60 + ".html"),
        ("README", "part.html"),
        (".hidden", "hidden.html"),
    ],
)
def test_a_title_becomes_a_harmless_file_name(title: str | None, name: str) -> None:
    assert page_name(Fetched(b"", ".html", "http://a.example/part", "part"), title) == name
