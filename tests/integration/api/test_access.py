"""Every route × role × whose object it is, held to the table of ``matrix``."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import create_app
from api.security import PUBLIC as PUBLIC_RULE
from api.security import Require, rule_of_route, undeclared_routes
from scheduler.accounts.tokens import issue_token
from scheduler.referrals.history import SIGNALLED
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import OfferState, Practice, ReferralEvent, ReferralState, Role, Visibility
from tests import factories
from tests.factories import NOW
from tests.integration.api.care_rows import care_rows
from tests.integration.api.client import Clients, clients_of
from tests.integration.api.conftest import browser
from tests.integration.api.matrix import (
    FOREIGN,
    KEEPERS,
    OTHER,
    OWN,
    PUBLIC,
    ROUTES,
    UNKNOWN,
    VARIANTS,
    Route,
)

pytestmark = pytest.mark.xdist_group("access")  # one world for all of these

CASES = [
    pytest.param(route, role, variant, id=f"{route.method} {route.path} {role} {variant}")
    for route in ROUTES
    for role in Role
    for variant in (VARIANTS if route.kind else ("",))
]


BY_UUID = {"booking", "care_offer", "care_request", "mail", "offer", "proposal", "referral", "run", "study"}


@dataclass
class World:
    """Two territories with one of everything, and a client in each role of the first one."""

    ids: dict[tuple[str, str, Role | None], Any] = field(default_factory=dict)
    practice_of: dict[int, int] = field(default_factory=dict)
    clients: dict[Role, httpx.Client] = field(default_factory=dict)
    anonymous: httpx.Client | None = None

    def id_of(self, kind: str, variant: str, role: Role | None) -> Any:
        if variant == UNKNOWN:
            return uuid4() if kind in BY_UUID else 2**31 - 1
        return self.ids.get((kind, variant, role)) or self.ids[kind, variant, None]


@pytest.fixture(scope="module")
def module_store(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("access") / "relais.db"
    shutil.copyfile(sqlite_template, path)
    store = Store.open(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def app(module_store: Store) -> FastAPI:
    return create_app(Settings(solve_seconds=5), module_store, clock=lambda: NOW)


@pytest.fixture(scope="module")
def world(app: FastAPI, module_store: Store) -> Iterator[World]:
    world = World()
    with clients_of(app) as clients:
        world.anonymous = clients.new()
        with module_store.write() as session:
            here, elsewhere = (factories.territory(session).id for _ in range(2))
            mine, theirs = (_everything(session, world, here, variant) for variant in (OWN, OTHER))
            _everything(session, world, elsewhere, FOREIGN)
            for number, role in enumerate(Role):
                world.clients[role], key = _client(session, clients, role, here, mine.practitioner_id)
                _own_things(session, world, role, key, here, theirs, number)
        yield world
        for client in (*world.clients.values(), world.anonymous):
            client.close()


def _everything(session: Any, world: World, territory_id: Any, variant: str) -> Practice:
    """Add a practitioner and one of everything that can be named; gives their place of practice."""
    who = factories.practitioner(session, territory_id=territory_id)
    practice = factories.practice(session, practitioner=who)
    world.practice_of[practice.practitioner_id] = int(practice.id or 0)
    kept = Visibility.SNP if variant == OTHER else Visibility.PRO
    slot = factories.slot(session, practice=practice, visibility=kept)
    feed = factories.feed(session, practice=practice)
    taken = factories.slot(session, practice=practice, start_at=NOW + timedelta(days=1))
    run = factories.matching_run(session, territory_id=territory_id)
    intake = factories.intake(session, practice=practice)
    waiting = factories.referral(session, territory_id=territory_id, state=ReferralState.PROPOSED)
    accepted = factories.referral(session, territory_id=territory_id, state=ReferralState.ACCEPTED)
    offer = factories.offer(session, referral_id=accepted.id, intake_id=intake.id, state=OfferState.ACCEPTED)
    for kind, row in {
        "practitioner": who,
        "slot": slot,
        "feed": feed,
        "booking": factories.booking(session, slot=taken),
        "conflict": factories.conflict(session, slot=taken),
        "hand_slot": factories.hand_slot(session, practice=practice, start_at=NOW + timedelta(days=9)),
        "series": factories.series(session, practice=practice),
        "leave": factories.leave(session, practitioner=who),
        "run": run,
        "policy": factories.policy_document(session, territory_id=territory_id),
        "study": factories.study(session, territory_id=territory_id),
        "proposal": factories.proposal(session, referral=waiting, intake=intake, run=run),
        "referral": accepted,
        "offer": offer,
        **care_rows(session, territory_id, practice),
    }.items():
        world.ids[kind, variant, None] = row.id
    return practice


def _own_things(
    session: Any, world: World, role: Role, key: str, territory_id: Any, theirs: Practice, number: int
) -> None:
    """Add what is somebody's own by what they did: a booking they made, a patient they signalled."""
    if role not in KEEPERS:
        start_at = NOW + timedelta(days=2, hours=number)
        slot = factories.slot(session, practice=theirs, start_at=start_at)
        world.ids["booking", OWN, role] = factories.booking(session, slot=slot, booked_by=key).id
        contested = factories.slot(session, practice=theirs, start_at=start_at + timedelta(days=1))
        factories.booking(session, slot=contested, booked_by=key)
        world.ids["conflict", OWN, role] = factories.conflict(session, slot=contested).id
    if role in KEEPERS:
        own = care_rows(session, territory_id, theirs, key=key)
        world.ids["care_request", OWN, role] = own["care_request"].id
        world.ids["care_offer", OWN, role] = own["care_offer"].id
    if role is Role.SIGNALLER:
        received = ReferralState.RECEIVED
        referral = factories.referral(session, territory_id=territory_id, state=received)
        session.add(
            ReferralEvent(referral_id=referral.id, at=NOW, actor=key, kind=SIGNALLED, to_state=received)
        )
        world.ids["referral", OWN, role] = referral.id


def _client(
    session: Any, clients: Clients, role: Role, territory_id: Any, practitioner_id: int
) -> tuple[httpx.Client, str]:
    if role not in KEEPERS:
        issued = issue_token(session, name="essai", role=role, territory_id=territory_id, now=NOW)
        return clients.new(authorization=f"Bearer {issued.token}"), f"token:{issued.token_id}"
    person = factories.account(session, practitioner_id=practitioner_id)
    factories.grant(session, account=person, role=role, territory_id=territory_id)
    return browser(session, clients, person.id, NOW), f"account:{person.id}"


def send(client: httpx.Client, world: World, route: Route, variant: str, role: Role | None) -> httpx.Response:
    object_id = world.id_of(route.kind, variant, role) if route.kind else ""
    path = re.sub(r"\{\w+\}", str(object_id), route.path) + route.query
    body = dict(route.body) if isinstance(route.body, dict) else route.body
    if body and "practice_id" in body:
        body["practice_id"] = world.practice_of.get(object_id, 1)
    if body and body.get("slot_id") == 0:
        body["slot_id"] = world.id_of("slot", OWN, role)
    headers = {"idempotency-key": uuid4().hex}
    return client.request(route.method, path, json=body, files=route.files, headers=headers)


def declared(app: FastAPI) -> dict[tuple[str, str], Any]:
    return {
        (method, str(context.path)): context.dependant
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and context.include_in_schema
        for method in context.methods or ()
    }


def test_the_table_lists_every_route_and_no_other(app: FastAPI) -> None:
    listed = {(route.method, route.path) for route in ROUTES}
    assert set(declared(app)) == listed | PUBLIC


def test_routes_declare_what_the_table_says(app: FastAPI) -> None:
    rules = {route: rule_of_route(dependant) for route, dependant in declared(app).items()}
    assert {route for route, rule in rules.items() if rule == "public"} == PUBLIC
    wanted = {(route.method, route.path): Require(route.roles) for route in ROUTES}
    assert {route: rule for route, rule in rules.items() if rule != "public"} == wanted


def test_no_route_is_left_without_a_rule(app: FastAPI) -> None:
    assert undeclared_routes(app) == []


def test_what_is_no_route_of_fastapi_is_known_and_holds_no_data(app: FastAPI) -> None:
    others = [
        route for route in iter_route_contexts(app.routes) if not isinstance(route.original_route, APIRoute)
    ]
    assert {route.path for route in others} == {"/api/v1/openapi.json", "/static"}


def test_a_route_without_a_rule_is_seen() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(prefix="/x")
    router.add_api_route("/forgotten", lambda: None)
    router.add_api_route("/known", lambda: None, dependencies=[PUBLIC_RULE])
    app.include_router(router)
    assert undeclared_routes(app) == ["['GET'] /x/forgotten"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_nobody_comes_in_without_signing_in(world: World, route: Route) -> None:
    assert world.anonymous is not None
    answer = send(world.anonymous, world, route, OWN, None)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize(("route", "role", "variant"), CASES)
def test_each_role_reaches_what_is_its_own(world: World, route: Route, role: Role, variant: str) -> None:
    answer = send(world.clients[role], world, route, variant, role)
    if role not in route.roles:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    elif not variant or route.allows(role, variant):
        assert answer.status_code in route.ok, answer.text
    else:
        unknown = send(world.clients[role], world, route, UNKNOWN, role)
        assert answer.status_code == 404
        assert without_id(answer) == without_id(unknown)


def without_id(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    return {name: value for name, value in body.items() if name != "instance"}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "TRACE"])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_other_methods_are_closed(world: World, route: Route, method: str) -> None:
    path = re.sub(r"\{\w+\}", "1", route.path)
    assert world.clients[Role.COORDINATOR].request(method, path).status_code == 405


def test_the_description_of_the_interface_is_open(world: World) -> None:
    assert world.anonymous is not None
    told = world.anonymous.get("/api/v1/openapi.json").json()
    assert {"APIKeyCookie", "HTTPBearer"} <= set(told["components"]["securitySchemes"])
    assert world.anonymous.get("/docs").status_code == 404
    assert world.anonymous.get("/redoc").status_code == 404
