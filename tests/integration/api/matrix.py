"""Who may do what, declared a second time, by hand: the tests hold the routes to it.

``ROUTES`` lists every JSON route; for those that name an object, ``sees`` says which roles reach which of
four kinds of it: their own, another's of the same territory, one of another territory, one that does not
exist. The last two are nobody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduler.store.tables import Role

EVERYBODY = frozenset(Role)
COORDINATOR = frozenset({Role.COORDINATOR})
KEEPERS = frozenset({Role.GP, Role.SECRETARY})
RUN_READERS = COORDINATOR | {Role.BUREAU}
BOOKERS = EVERYBODY - {Role.BUREAU, Role.ADMIN}

OWN, OTHER, FOREIGN, UNKNOWN = "own", "other", "foreign", "unknown"
VARIANTS = (OWN, OTHER, FOREIGN, UNKNOWN)

PATIENT = {"family_name": "ESSAI", "given_name": "Camille", "insee": "77445"}


@dataclass(frozen=True)
class Route:
    """One route as it should be.

    Parameters
    ----------
    kind
        What the id in the path names; "" when there is none.
    sees
        For each role let in, which variants it reaches; both of the territory when it is not listed.
    ok
        Answers that mean "let in"; 409 is one: the object is theirs, the moment is not.
    """

    method: str
    path: str
    roles: frozenset[Role]
    kind: str = ""
    sees: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    body: Any = None
    files: Any = None
    query: str = ""
    ok: frozenset[int] = frozenset({200, 201, 202, 204, 409})

    def allows(self, role: Role, variant: str) -> bool:
        return variant in self.sees.get(role, frozenset({OWN, OTHER}))


def only_own(roles: frozenset[Role]) -> dict[Role, frozenset[str]]:
    return dict.fromkeys(roles, frozenset({OWN}))


FILE_READERS = KEEPERS | {Role.SIGNALLER, Role.COORDINATOR}
OF_A_FILE = only_own(KEEPERS | {Role.SIGNALLER})
OF_A_BOOKING = only_own(KEEPERS | {Role.SIGNALLER})
PEOPLE_ONLY = frozenset({201, 403, 409})  # 403 for a machine: what is opened by hand says by whom
OF_A_HOLD = only_own(BOOKERS - KEEPERS) | dict.fromkeys(KEEPERS, frozenset())  # only whoever holds
CARERS = KEEPERS | COORDINATOR | {Role.REGULATOR}
OF_A_REQUEST = dict.fromkeys(KEEPERS, frozenset({OWN}))
INTAKE = {"practice_id": 0, "places": 3}  # the practice is filled in with the one of the practitioner

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
FEED = {"practitioner_id": 2**31 - 1, "practice_id": 1, "name": "Agenda"}  # a practitioner nobody has

PUBLIC = {("POST", "/api/v1/sessions"), ("GET", "/health"), ("GET", "/ical/{token}.ics")}

ROUTES = (
    Route("GET", "/api/v1/me", EVERYBODY),
    Route("GET", "/api/v1/communes", EVERYBODY, query="?q=nandy"),
    Route("GET", "/api/v1/structures", EVERYBODY),
    Route(
        "POST",
        "/api/v1/structures",
        COORDINATOR | {Role.ADMIN},
        body={"name": "Maison de santé", "insee": "77445"},
    ),
    Route("GET", "/api/v1/practitioners", EVERYBODY),
    Route(
        "POST",
        "/api/v1/practitioners",
        COORDINATOR | {Role.ADMIN},
        body={
            "rpps": "10000000009",
            "family_name": "ESSAI",
            "given_name": "Claude",
            "practices": [{"insee": "77445"}],
        },
    ),
    Route("GET", "/api/v1/practitioners/{practitioner_id}", EVERYBODY, "practitioner"),
    Route(
        "PUT",
        "/api/v1/practitioners/{practitioner_id}/intake",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
        body=INTAKE,
    ),
    Route("GET", "/api/v1/referrals", FILE_READERS),
    Route("POST", "/api/v1/referrals", COORDINATOR | {Role.SIGNALLER}, body={"patient": PATIENT}),
    Route("GET", "/api/v1/referrals/{referral_id}", FILE_READERS, "referral", OF_A_FILE),
    Route("GET", "/api/v1/referrals/{referral_id}/history", FILE_READERS, "referral", OF_A_FILE),
    Route("POST", "/api/v1/referrals/{referral_id}/qualify", COORDINATOR, "referral", body={}),
    Route("GET", "/api/v1/matching-runs", COORDINATOR | {Role.BUREAU}),
    Route("POST", "/api/v1/matching-runs", COORDINATOR, body={}),
    Route("GET", "/api/v1/matching-runs/{run_id}", COORDINATOR | {Role.BUREAU}, "run"),
    Route("POST", "/api/v1/matching-runs/{run_id}/cancel", COORDINATOR, "run", body={}),
    Route("GET", "/api/v1/matching-runs/{run_id}/proposals", COORDINATOR, "run"),
    Route("GET", "/api/v1/offers", KEEPERS),
    Route("GET", "/api/v1/offers/{offer_id}", KEEPERS | COORDINATOR, "offer", only_own(KEEPERS)),
    Route("POST", "/api/v1/offers/{offer_id}/accept", KEEPERS | COORDINATOR, "offer", only_own(KEEPERS)),
    Route(
        "POST",
        "/api/v1/offers/{offer_id}/decline",
        KEEPERS | COORDINATOR,
        "offer",
        only_own(KEEPERS),
        body={"reason": "full"},
    ),
    Route("GET", "/api/v1/proposals", COORDINATOR),
    Route("GET", "/api/v1/policies", RUN_READERS),
    Route("POST", "/api/v1/policies", COORDINATOR, body={"document": "version = 5"}, ok=frozenset({422})),
    Route("GET", "/api/v1/policies/current", RUN_READERS),
    Route("GET", "/api/v1/policies/{policy_id}", RUN_READERS, "policy"),
    # accepted or proposed to nobody any more: what there is to explain, test_reasons asks
    Route("GET", "/api/v1/referrals/{referral_id}/explanation", COORDINATOR, "referral"),
    Route(
        "GET",
        "/api/v1/referrals/{referral_id}/why-not",
        COORDINATOR,
        "referral",
        query="?practitioner_id=1",
    ),
    Route("GET", "/api/v1/proposals/{proposal_id}/explanation", COORDINATOR, "proposal"),
    Route("POST", "/api/v1/studies/places", COORDINATOR, body={}),
    Route("POST", "/api/v1/studies/rehearsal", RUN_READERS, body={"policies": ["x"]}, ok=frozenset({422})),
    Route("POST", "/api/v1/studies/demography", COORDINATOR, body={"months": 1}),
    Route("GET", "/api/v1/studies/{study_id}", RUN_READERS, "study"),
    Route("GET", "/api/v1/indicators", RUN_READERS),
    Route("GET", "/api/v1/indicators/attestations", RUN_READERS | KEEPERS, query="?month=2026-10"),
    Route("GET", "/api/v1/indicators/report", RUN_READERS, query="?quarter=2026-T3"),
    Route("POST", "/api/v1/proposals/{proposal_id}/validate", COORDINATOR, "proposal"),
    Route(
        "POST",
        "/api/v1/proposals/{proposal_id}/reject",
        COORDINATOR,
        "proposal",
        body={"reason": "too_far"},
    ),
    Route(
        "POST",
        "/api/v1/feeds/preview/address",
        KEEPERS | COORDINATOR,
        body={"address": "https://127.0.0.1/agenda.ics"},
        ok=frozenset({422}),  # let in, then told that this address is refused
    ),
    Route(
        "POST",
        "/api/v1/feeds/preview/file",
        KEEPERS | COORDINATOR,
        files={"file": ("agenda.ics", CALENDAR)},
    ),
    Route("GET", "/api/v1/feeds", KEEPERS | COORDINATOR),
    Route("POST", "/api/v1/feeds", KEEPERS | COORDINATOR, body=FEED, ok=frozenset({404})),  # see test_feeds
    Route("POST", "/api/v1/feeds/{feed_id}/read", KEEPERS | COORDINATOR, "feed", only_own(KEEPERS)),
    Route(
        "POST",
        "/api/v1/feeds/{feed_id}/file",
        KEEPERS | COORDINATOR,
        "feed",
        only_own(KEEPERS),
        files={"file": ("agenda.ics", CALENDAR)},
    ),
    Route("POST", "/api/v1/feeds/{feed_id}/suspend", KEEPERS | COORDINATOR, "feed", only_own(KEEPERS)),
    Route("POST", "/api/v1/feeds/{feed_id}/resume", KEEPERS | COORDINATOR, "feed", only_own(KEEPERS)),
    Route("GET", "/api/v1/slots", BOOKERS, query="?insee=77445"),
    Route(
        "GET",
        "/api/v1/agenda-counters",
        COORDINATOR | {Role.BUREAU},
        query="?from=2026-11-01&to=2026-11-30",
    ),
    Route("GET", "/api/v1/slots/find", BOOKERS, query="?insee=77445"),
    Route(
        "GET",
        "/api/v1/slots/{slot_id}/why-not-shown",
        KEEPERS | {Role.COORDINATOR, Role.REGULATOR},
        "slot",
        only_own(KEEPERS),
        query="?insee=77445",
    ),
    # the other's slot is kept for regulated care: a signaller calls the regulation instead
    Route(
        "POST",
        "/api/v1/slots/{slot_id}/bookings",
        BOOKERS,
        "slot",
        only_own(frozenset({Role.SIGNALLER})),
        body={},
    ),
    Route(
        "POST",
        "/api/v1/slots/{slot_id}/holds",
        BOOKERS,
        "slot",
        only_own(frozenset({Role.SIGNALLER})),
        body={},
    ),
    Route("POST", "/api/v1/slots/{slot_id}/extra-bookings", KEEPERS, "slot", only_own(KEEPERS), body={}),
    Route("GET", "/api/v1/bookings", BOOKERS),
    Route("POST", "/api/v1/bookings/{booking_id}/confirm", BOOKERS, "booking", OF_A_HOLD, body={}),
    Route("POST", "/api/v1/bookings/{booking_id}/cancel", BOOKERS, "booking", OF_A_BOOKING),
    Route(
        "POST",
        "/api/v1/bookings/{booking_id}/move",
        BOOKERS,
        "booking",
        OF_A_BOOKING,
        body={"slot_id": 0},
    ),
    Route(
        "POST", "/api/v1/bookings/{booking_id}/honour", KEEPERS | COORDINATOR, "booking", only_own(KEEPERS)
    ),
    Route("POST", "/api/v1/bookings/{booking_id}/miss", KEEPERS | COORDINATOR, "booking", only_own(KEEPERS)),
    Route("GET", "/api/v1/slot-conflicts", BOOKERS),
    Route(
        "POST",
        "/api/v1/slot-conflicts/{conflict_id}/settle",
        BOOKERS,
        "conflict",
        OF_A_BOOKING,
        body={"how": "keep"},
    ),
    Route(
        "POST",
        "/api/v1/practitioners/{practitioner_id}/slots",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
        body={"practice_id": 0, "start_at": "2026-12-01T09:00:00Z", "end_at": "2026-12-01T09:15:00Z"},
        ok=PEOPLE_ONLY,
    ),
    Route(
        "POST",
        "/api/v1/slots/{slot_id}/close",
        KEEPERS | COORDINATOR,
        "hand_slot",
        only_own(KEEPERS),
    ),
    Route(
        "GET",
        "/api/v1/practitioners/{practitioner_id}/slot-series",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
    ),
    Route(
        "POST",
        "/api/v1/practitioners/{practitioner_id}/slot-series",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
        body={
            "practice_id": 0,
            "weekdays": [1],
            "start_time": "20:00",
            "end_time": "20:15",
            "slot_minutes": 15,
            "first_on": "2026-12-01",
        },
        ok=PEOPLE_ONLY,
    ),
    Route(
        "POST",
        "/api/v1/slot-series/{series_id}/skips",
        KEEPERS | COORDINATOR,
        "series",
        only_own(KEEPERS),
        body={"on": "2026-12-07"},
    ),
    Route(
        "POST",
        "/api/v1/slot-series/{series_id}/end",
        KEEPERS | COORDINATOR,
        "series",
        only_own(KEEPERS),
        body={"last_on": "2026-12-31"},
    ),
    Route(
        "GET",
        "/api/v1/practitioners/{practitioner_id}/leaves",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
    ),
    Route(
        "POST",
        "/api/v1/practitioners/{practitioner_id}/leaves",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
        body={"first_on": "2027-08-01", "last_on": "2027-08-15"},
    ),
    Route(
        "DELETE",
        "/api/v1/leaves/{leave_id}",
        KEEPERS | COORDINATOR,
        "leave",
        only_own(KEEPERS),
        ok=frozenset({204, 404}),  # gone once one of these tests has taken it back
    ),
    Route(
        "GET",
        "/api/v1/practitioners/{practitioner_id}/agenda-rules",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
    ),
    Route(
        "PUT",
        "/api/v1/practitioners/{practitioner_id}/agenda-rules",
        KEEPERS | COORDINATOR,
        "practitioner",
        only_own(KEEPERS),
        body={"cancel_hours": 0},
    ),
    Route("GET", "/api/v1/feeds/{feed_id}/health", KEEPERS | COORDINATOR, "feed", only_own(KEEPERS)),
    Route("GET", "/api/v1/care-requests", CARERS),
    Route("POST", "/api/v1/care-requests", CARERS, body={"insee": "77445", "urgency": 2}),
    Route("GET", "/api/v1/care-requests/{request_id}", CARERS, "care_request", OF_A_REQUEST),
    Route("POST", "/api/v1/care-requests/{request_id}/promise", CARERS, "care_request", OF_A_REQUEST),
    Route(
        "POST",
        "/api/v1/care-requests/{request_id}/extend",
        CARERS,
        "care_request",
        OF_A_REQUEST,
        body={"deadline_at": "2026-11-24T00:00:00Z"},
        ok=frozenset({200, 422}),  # the second time it is no later deadline
    ),
    Route(
        "POST",
        "/api/v1/care-requests/{request_id}/take-over",
        CARERS,
        "care_request",
        OF_A_REQUEST,
        ok=frozenset({200, 404}),  # a machine owns nothing
    ),
    Route(
        "POST",
        "/api/v1/care-requests/{request_id}/book",
        CARERS,
        "care_request",
        OF_A_REQUEST,
        body={"slot_id": 2**31 - 1},
        ok=frozenset({404}),  # a slot nobody has; see test_care
    ),
    Route(
        "POST",
        "/api/v1/care-requests/{request_id}/cancel",
        CARERS,
        "care_request",
        OF_A_REQUEST,
        body={"reason": "better"},
    ),
    Route("POST", "/api/v1/care-offers/{offer_id}/accept", CARERS, "care_offer", OF_A_REQUEST),
    Route("POST", "/api/v1/care-offers/{offer_id}/decline", CARERS, "care_offer", OF_A_REQUEST),
    Route("GET", "/api/v1/care-rules", CARERS),
    Route("PUT", "/api/v1/care-rules", COORDINATOR, body={"offer_min": 10}),
    Route("GET", "/api/v1/fill-rounds", COORDINATOR),
    Route("GET", "/api/v1/dead-mails", COORDINATOR),
    Route("POST", "/api/v1/dead-mails/{message_id}/send-again", COORDINATOR, "mail"),
    Route("GET", "/api/v1/published-feeds", KEEPERS | COORDINATOR),
    Route(
        "POST",
        "/api/v1/published-feeds",
        KEEPERS | COORDINATOR,
        body={"kind": "bookings", "practitioner_id": 2**31 - 1},
        ok=frozenset({404}),  # a practitioner nobody has; see test_published
    ),
    Route(
        "POST",
        "/api/v1/published-feeds/{published_id}/revoke",
        KEEPERS | COORDINATOR,
        "published",
        only_own(KEEPERS),
    ),
    Route("DELETE", "/api/v1/sessions/current", EVERYBODY),  # last: it signs people out
)
