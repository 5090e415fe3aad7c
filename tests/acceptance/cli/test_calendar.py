import json
import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from api.cli.values import MODES
from scheduler.agenda.feeds import Mode
from tests.acceptance.cli.running import DATA, relais_here

AGENDA = DATA / "agenda.ics"
WINDOW = ("--from", "2026-11-24", "--to", "2026-11-26")
EXAMPLE = ("calendar", "preview", AGENDA, *WINDOW)


def lines(*arguments, **options):
    done = relais_here(*arguments, "--json", **options)
    assert (done.code, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


def starts(*arguments, state="open"):
    return [row["start"] for row in lines(*arguments) if row["state"] == state]


def test_json_lines_hold_what_the_contract_says():
    rows = lines(*EXAMPLE)
    assert all({"state", "start", "end", "uid", "recurrence_id", "reason"} <= set(row) for row in rows)
    assert {row["state"] for row in rows} == {"open", "busy", "ignored", "refused"}
    instant = re.compile(r"2026-11-2\dT\d\d:\d\d:\d\dZ")
    timed = [row for row in rows if row["state"] != "refused"]
    assert all(instant.fullmatch(row["start"]) and instant.fullmatch(row["end"]) for row in timed)
    assert [row["start"] for row in rows if row["state"] == "refused"] == [None]


def test_a_table_with_counts_reasons_and_warnings_without_any_title():
    done = relais_here(*EXAMPLE, "--slot-minutes", "15")
    assert (done.code, done.err) == (0, "")
    assert "7 créneaux ouverts, 2 occupés, 1 ignoré, 1 refusé" in done.out
    assert "L'événement est annulé" in done.out
    assert "Attention" in done.out
    assert "Secrète" not in done.out
    table = [line for line in done.out.splitlines() if line.startswith(("│", "┃"))]
    assert max(map(len, table)) <= 80


def test_ranges_are_cut_into_slots():
    assert starts(*EXAMPLE, "--slot-minutes", "30") == [
        "2026-11-24T08:00:00Z",
        "2026-11-25T08:00:00Z",
        "2026-11-25T08:30:00Z",
    ]


def test_the_mode_decides_what_is_open():
    assert starts(*EXAMPLE) == ["2026-11-25T08:00:00Z"]  # the first range is overlapped by the appointment
    assert starts(*EXAMPLE, "--mode", "busy") == []
    assert "2026-11-24T08:30:00Z" in starts(*EXAMPLE, "--mode", "dedicated-all")
    assert set(MODES) == {mode.value for mode in Mode}


def test_a_day_is_midnight_of_the_zone_and_the_end_is_excluded(tmp_path):
    agenda = tmp_path / "a.ics"
    agenda.write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:a\nDTSTAMP:20261101T000000Z\n"
        "DTSTART:20261123T213000Z\nDTEND:20261123T214500Z\nSUMMARY:SNP\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    seen = ("calendar", "preview", agenda, "--from", "2026-11-24", "--to", "2026-11-25")
    assert starts(*seen) == []
    assert starts(*seen, "--zone", "Indian/Reunion") == ["2026-11-23T21:30:00Z"]
    instants = ("--from", "2026-11-23T22:30:00+01:00", "--to", "2026-11-23T22:31:00+01:00")
    assert starts("calendar", "preview", agenda, *instants) == ["2026-11-23T21:30:00Z"]
    before = ("--from", "2026-11-23T21:00:00Z", "--to", "2026-11-23T21:30:00Z")
    assert starts("calendar", "preview", agenda, *before) == []


def test_without_dates_the_next_72_hours_are_shown(tmp_path):
    now = datetime.now(UTC).replace(microsecond=0)
    agenda = tmp_path / "a.ics"
    events = [
        f"BEGIN:VEVENT\nUID:{hours}\nDTSTAMP:{now:%Y%m%dT%H%M%SZ}\nSUMMARY:SNP\n"
        f"DTSTART:{now + timedelta(hours=hours):%Y%m%dT%H%M%SZ}\nDURATION:PT15M\nEND:VEVENT\n"
        for hours in (-2, 1, 71, 73)
    ]
    agenda.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{''.join(events)}END:VCALENDAR\n")
    assert [row["uid"] for row in lines("calendar", "preview", agenda)] == ["1", "71"]


@contextmanager
def web(status, body):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/secret/agenda.ics"
        server.shutdown()


def test_an_address_is_read_when_private_networks_are_allowed():
    with web(200, AGENDA.read_bytes()) as address:
        rows = lines("calendar", "preview", address, *WINDOW, RELAIS_FEED_ALLOW_PRIVATE="true")
    assert rows == lines(*EXAMPLE)


@pytest.mark.parametrize(("status", "allowed"), [(404, "true"), (500, "true"), (200, "false")])
def test_an_address_that_gives_nothing_is_one_line_without_its_secret(status, allowed):
    with web(status, AGENDA.read_bytes()) as address:
        done = relais_here("calendar", "preview", address, RELAIS_FEED_ALLOW_PRIVATE=allowed)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "secret" not in done.err


@pytest.mark.parametrize("body", ["", "<html>Connexion</html>", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "rien"])
def test_what_is_no_calendar_is_one_line(tmp_path, body):
    path = tmp_path / "a.ics"
    path.write_text(body)
    done = relais_here("calendar", "preview", path)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "il manque SOURCE"),
        ((AGENDA, "--from", "demain"), "--from : attendu une date AAAA-MM-JJ"),
        ((AGENDA, "--from", "2026-11-24T08:00:00"), "--from : attendu une date AAAA-MM-JJ, ou un instant"),
        (
            (AGENDA, "--from", "2026-11-24", "--to", "2026-11-24"),
            "--from, --to : attendu une fin après le début",
        ),
        ((AGENDA, "--mode", "tout"), "--mode : attendu un mode parmi marked"),
        ((AGENDA, "--zone", "Paris"), "--zone : attendu un fuseau"),
        ((AGENDA, "--slot-minutes", "4"), "--slot-minutes : attendu un nombre entier entre 5 et 480"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_2(arguments, told):
    done = relais_here("calendar", "preview", *arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert told in done.err
