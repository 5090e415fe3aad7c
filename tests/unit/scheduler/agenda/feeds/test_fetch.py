"""Fetching through real sockets: what comes back, what stops it, and what is never connected to."""

import ipaddress
import logging
import socket
import ssl
import threading
import time

import pytest

from scheduler.agenda.feeds.addresses import AddressPolicy, AddressRefused, checked_url, host_only, is_public
from scheduler.agenda.feeds.bodies import BodyLimits
from scheduler.agenda.feeds.errors import FeedTooLarge, SourceUnreachable
from scheduler.agenda.feeds.fetch import FetchSettings, fetch, read_source
from scheduler.agenda.feeds.fetched import SENTENCES, FetchCode, Outcome, Validators
from tests.unit.scheduler.agenda.feeds.kit import CALENDARS
from tests.unit.scheduler.agenda.feeds.web import BODY, DATE, ETAG, Handler, serving

LOCAL = AddressPolicy(allow_private=True)
SMALL = BodyLimits(max_wire_bytes=1_000_000, max_body_bytes=2_000_000)


@pytest.fixture(scope="module")
def web():
    with serving() as base:
        yield base


@pytest.fixture(autouse=True)
def _forget_requests():
    Handler.seen.clear()


def get(address, validators=None, *, policy=LOCAL, total_s=20.0, limits=SMALL, credentials=None, **more):
    settings = FetchSettings(policy=policy, total_s=total_s, limits=limits, **more)
    return fetch(address, validators, settings=settings, credentials=credentials)


def test_a_calendar_and_its_validators(web):
    fetched = get(f"{web}/calendar.ics")
    assert (fetched.outcome, fetched.status, fetched.body) == (Outcome.FRESH, 200, BODY)
    assert fetched.validators == Validators(etag=ETAG, last_modified=DATE)


def test_validators_are_sent_and_unchanged_keeps_them(web):
    for validators in (
        Validators(etag=ETAG),
        Validators(last_modified=DATE),
        Validators(etag=ETAG, last_modified=DATE),
    ):
        fetched = get(f"{web}/calendar", validators)
        assert (fetched.outcome, fetched.body, fetched.validators) == (Outcome.UNCHANGED, b"", validators)


def test_unchanged_without_having_asked_is_no_answer(web):
    assert get(f"{web}/unchanged").code == "unexpected_status"


def test_hostile_validators_are_not_sent(web):
    get(f"{web}/calendar", Validators(etag='"x"\r\nX-Evil: 1', last_modified="é"))
    _, headers = Handler.seen[-1]
    assert not {"if-none-match", "if-modified-since", "x-evil"} & headers.keys()


def test_what_is_sent(web, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert get(f"{web}/calendar", user_agent="Essai/1").outcome is Outcome.FRESH
    _, headers = Handler.seen[-1]
    assert headers["user-agent"] == "Essai/1"
    assert headers["accept-encoding"] == "gzip"
    assert headers["connection"] == "close"
    assert not {"cookie", "referer", "authorization"} & headers.keys()
    get(f"{web}/calendar")
    assert Handler.seen[-1][1]["user-agent"].startswith("Mozilla/5.0 (compatible; Relais")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "login_required"),
        (403, "login_required"),
        (404, "not_found"),
        (410, "gone"),
        (429, "too_many_requests"),
        (500, "server_error"),
        (503, "server_error"),
        (204, "unexpected_status"),
        (418, "unexpected_status"),
    ],
)
def test_other_statuses_fail_with_a_code(web, status, code):
    fetched = get(f"{web}/status/{status}")
    assert (fetched.outcome, fetched.code, fetched.status) == (Outcome.FAILED, code, status)
    assert fetched.body == b""
    assert fetched.retry_after_s == 120
    assert fetched.sentence


def test_retry_after_as_a_date_counts_from_the_answer(web):
    assert get(f"{web}/later").retry_after_s == 300


def test_redirects_are_followed_and_checked(web):
    assert get(f"{web}/to/|calendar.ics").body == BODY
    assert get(f"{web}/to/http:||127.0.0.1:{web.rpartition(':')[2]}|calendar.ics").body == BODY
    assert get(f"{web}/loop/0").code == "too_many_redirects"
    assert len([path for path, _ in Handler.seen if path.startswith("/loop")]) == 4
    assert get(f"{web}/nowhere").code == "unexpected_status"
    assert get(f"{web}/to/ftp:||exemple.fr|x").code == "scheme_refused"
    assert get(f"{web}/to/http:||a:b@exemple.fr|x").code == "address_with_password"
    assert get(f"{web}/to/http:||exemple.fr:port|x").code == "address_malformed"


def test_compressed_bodies(web):
    assert get(f"{web}/gzip").body == BODY
    for path in ("bomb", "endless"):
        assert get(f"{web}/{path}").code == "too_large"
    for path in ("halfgzip", "notgzip", "brotli"):
        assert get(f"{web}/{path}").code == "bad_compression"
    tight = BodyLimits(max_wire_bytes=10, max_body_bytes=10_000)
    assert get(f"{web}/gzip", limits=tight).code == "too_large"


@pytest.mark.parametrize("path", ["slow", "slowhead"])
def test_a_byte_at_a_time_ends_in_time(web, path):
    begin = time.monotonic()
    assert get(f"{web}/{path}", total_s=0.6).code == "timeout"
    assert 0.4 < time.monotonic() - begin < 10


def test_a_slow_name_server_ends_in_time():
    begin = time.monotonic()
    fetched = get("https://agenda.example/", total_s=0.3, resolve=lambda *_: time.sleep(30) or [])
    assert fetched.code == "timeout"
    assert time.monotonic() - begin < 15


def test_broken_answers_fail(web):
    for path in ("cut", "garbage"):
        assert get(f"{web}/{path}").code == "connection_failed"


def test_nobody_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        fetched = get(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert (fetched.outcome, fetched.code) == (Outcome.FAILED, "connection_failed")


def test_unknown_hosts():
    def unknown(_host, _port):
        raise socket.gaierror

    for resolve in (unknown, lambda *_: []):
        fetched = get("https://agenda.example/x", resolve=resolve)
        assert (fetched.outcome, fetched.code) == (Outcome.FAILED, "host_unknown")


def test_credentials_go_to_the_first_host_only(web):
    get(f"{web}/calendar", credentials=("dr", "sésame"))
    assert Handler.seen[-1][1]["authorization"].startswith("Basic ")
    port = web.rpartition(":")[2]
    get(
        f"{web}/to/http:||localhost:{port}|calendar",
        credentials=("dr", "sésame"),
        resolve=lambda *_: ["127.0.0.1"],
    )
    (_, first), (path, second) = Handler.seen[-2:]
    assert "authorization" in first
    assert path == "/calendar"
    assert "authorization" not in second


# What is never connected to

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "192.88.99.1", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:10::1", "2001:db8::1", "fc00::1",
    "fe80::1", "fec0::1", "ff02::1", "100::1", "3fff::1", "5f00::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "142.250.74.78", "2a00:1450:4007:80e::200e", "2606:4700::1111", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.fixture
def no_connection(monkeypatch):
    """Fail the test if anything connects."""
    touched = []

    def connect(*args, **_kwargs):
        touched.append(args)
        raise AssertionError(f"connected to {args}")

    monkeypatch.setattr(socket, "create_connection", connect)
    yield
    assert touched == []


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize(
    "answers",
    [[address] for address in PRIVATE]
    + [["1.1.1.1", "10.0.0.1"], ["2606:4700::1111", "::1"], ["fe80::1%eth0"]],
    ids=str,
)
def test_a_name_that_leads_inside_is_refused_before_connecting(answers):
    fetched = get("https://agenda.example/secret.ics", policy=AddressPolicy(), resolve=lambda *_: answers)
    assert (fetched.outcome, fetched.code) == (Outcome.REFUSED, "address_private")


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "①②⑦.0.0.1",
    ],
)
def test_all_the_ways_to_write_this_machine(host):
    fetched = get(f"https://{host}/", policy=AddressPolicy())
    assert fetched.outcome is not Outcome.FRESH
    assert fetched.code in {"address_private", "address_malformed", "host_unknown"}


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("", "address_malformed"),
        ("agenda.example/x.ics", "scheme_refused"),
        ("http://agenda.example/x.ics", "scheme_refused"),
        ("file:///etc/passwd", "scheme_refused"),
        ("ftp://agenda.example/x", "scheme_refused"),
        ("gopher://agenda.example/x", "scheme_refused"),
        ("https:///x", "address_malformed"),
        ("https://agenda.example:99999/x", "address_malformed"),
        ("https://agenda.example:22/x", "port_refused"),
        ("https://agenda.example:8443/x", "port_refused"),
        ("https://dr:secret@agenda.example/x", "address_with_password"),
        ("https://" + "a" * 3000, "address_malformed"),
        ("https://calendar.google.com/calendar/u/0?cid=ZHI", "address_of_page"),
        ("https://outlook.live.com/owa/calendar/x/y/calendar.html", "address_of_page"),
    ],
)
def test_addresses_refused_before_any_question(address, code):
    def never(*_):
        raise AssertionError("asked the name server")

    fetched = get(address, policy=AddressPolicy(), resolve=never)
    assert (fetched.outcome, fetched.code) == (Outcome.REFUSED, code)
    assert fetched.sentence


def test_webcal_is_read_as_https_and_checked():
    for scheme in ("webcal", "WEBCALS", "https"):
        url = checked_url(f" {scheme}://agenda.example/x.ics#top ", AddressPolicy())
        assert str(url) == "https://agenda.example/x.ics"
    fetched = get("webcal://agenda.example/x", policy=AddressPolicy(), resolve=lambda *_: ["10.0.0.1"])
    assert fetched.code == "address_private"


def test_plain_http_where_it_is_allowed():
    assert checked_url("http://agenda.example/x", AddressPolicy(allow_http=True)).scheme == "http"


def test_strict_hosts():
    policy = AddressPolicy(hosts=frozenset({"icloud.com", "calendar.google.com"}))
    checked_url("https://p12-caldav.icloud.com/published/x", policy)
    for host in ("evil-icloud.com", "icloud.com.evil.example"):
        with pytest.raises(AddressRefused) as caught:
            checked_url(f"https://{host}/x", policy)
        assert caught.value.code == "host_refused"


def test_the_name_is_resolved_once_and_the_request_keeps_it(web):
    port = web.rpartition(":")[2]
    asked = []

    def rebinding(host, _port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    assert get(f"http://agenda.example:{port}/calendar", resolve=rebinding).body == BODY
    assert asked == ["agenda.example"]
    assert Handler.seen[-1][1]["host"] == f"agenda.example:{port}"


def test_the_next_address_is_tried(web):
    port = web.rpartition(":")[2]
    assert get(f"http://agenda.example:{port}/calendar", resolve=lambda *_: ["::1", "127.0.0.1"]).body == BODY


def test_a_redirect_from_public_to_private_is_refused_before_connecting(web, monkeypatch):
    port = web.rpartition(":")[2]
    target = f"http://interne.example:{port}/calendar"
    monkeypatch.setattr(
        "scheduler.agenda.feeds.network.is_public", lambda address: str(address) != "127.0.0.2"
    )
    policy = AddressPolicy(allow_http=True, ports=frozenset({int(port)}))
    resolve = lambda host, _: ["127.0.0.2" if host == "interne.example" else "127.0.0.1"]  # noqa: E731
    fetched = get(
        f"http://agenda.example:{port}/to/{target.replace('/', '|')}", policy=policy, resolve=resolve
    )
    assert (fetched.outcome, fetched.code) == (Outcome.REFUSED, "address_private")
    assert fetched.host == "agenda.example"
    assert [path.split("/")[1] for path, _ in Handler.seen] == ["to"]


def test_a_redirect_never_leaves_tls():
    import httpx

    from scheduler.agenda.feeds.fetch import _Exchange

    exchange = _Exchange(
        httpx.URL("https://agenda.example/"), Validators(), FetchSettings(policy=LOCAL), None
    )
    with pytest.raises(AddressRefused) as caught:
        exchange._redirected("http://agenda.example/")
    assert caught.value.code == "redirect_downgraded"
    assert exchange._redirected("/ailleurs").scheme == "https"


def test_tls_asks_for_the_name_and_refuses_what_is_not_its_certificate():
    hello = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                hello.append(connection.recv(4096))
                connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal handshake alert

        thread = threading.Thread(target=answer)
        thread.start()
        address = f"https://agenda.example:{server.getsockname()[1]}/"
        fetched = get(address, resolve=lambda *_: ["127.0.0.1"])
        thread.join()
    assert b"agenda.example" in hello[0]
    assert (fetched.outcome, fetched.code) == (Outcome.FAILED, "certificate_refused")


def test_the_trust_store_checks_names():
    from scheduler.agenda.feeds.fetch import _tls

    assert _tls().verify_mode is ssl.CERT_REQUIRED
    assert _tls().check_hostname


# The address is a secret


def test_the_address_is_in_no_log_no_value_and_no_error(web, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "jeton-tres-secret"
    paths = (f"calendar?{secret}", f"status/404?{secret}", f"to/|calendar?{secret}", f"garbage?{secret}")
    for path in paths:
        assert secret not in repr(get(f"{web}/{path.replace('status/404?', 'status/404#')}"))
        with pytest.raises(SourceUnreachable) as caught:
            read_source(f"https://127.0.0.1/{secret}")
        assert secret not in str(caught.value) + repr(caught.value.__cause__)
    assert len(Handler.seen) >= 4
    assert secret not in caplog.text


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://agenda.example/secret", "agenda.example"),
        ("webcal://dr:secret@agenda.example:8443/x?y", "agenda.example"),
        ("https://[2606:4700::1111]/x", "[2606:4700::1111]"),
        ("agenda.example/secret", "agenda.example"),
        ("", "adresse illisible"),
    ],
)
def test_host_only(address, host):
    assert host_only(address) == host


def test_every_code_has_a_sentence_and_the_network_has_one_for_all():
    assert set(SENTENCES) == set(FetchCode)
    inside = ("address_private", "host_unknown", "connection_failed", "timeout", "port_refused")
    assert len({SENTENCES[code] for code in inside}) == 1


# Files, addresses and standard input alike


def test_read_source(web, tmp_path, monkeypatch):
    settings = FetchSettings(policy=LOCAL)
    assert read_source(str(CALENDARS / "case_01_windows_zone.ics")) == BODY
    assert read_source(f"{web}/calendar.ics", settings=settings) == BODY
    with (CALENDARS / "case_01_windows_zone.ics").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert read_source("-") == BODY
    for source, reason in (
        (str(tmp_path / "absent.ics"), "file_unreadable"),
        (str(tmp_path), "file_unreadable"),
        ("nul\0", "file_unreadable"),
        (f"{web}/status/404", "not_found"),
    ):
        with pytest.raises(SourceUnreachable) as caught:
            read_source(source, settings=settings)
        assert caught.value.reason == reason
        assert str(caught.value).startswith(caught.value.where)
    large = tmp_path / "large.ics"
    large.write_bytes(bytes(3_000_000))
    with pytest.raises(FeedTooLarge):
        read_source(str(large), settings=FetchSettings(limits=SMALL))
