"""The rules that hold: read in plain words, changed by the coordination, compared, tried before a vote."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.web import policy_form
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import CoordinatorHere, Guest, RunReaderHere
from api.web.notices import notice_of
from api.web.pages.what_if import started
from api.web.sent import FromForm, Sent
from matching import Policy
from scheduler.errors import AlreadyExists, InvalidInput
from scheduler.referrals.policies import (
    LONGEST_DOCUMENT,
    adopt,
    get_policy,
    in_force,
    list_versions,
)
from scheduler.referrals.studies import StudyOrder, list_studies
from scheduler.store.tables import Role, StudyKind

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST_COMPARED = 5
_DEFAULT = "defaut"
_Key = Annotated[str, Query(pattern=r"^(defaut|[0-9]{1,9})?$")]


@router.get("/regles")
def show(guest: RunReaderHere) -> HTMLResponse:
    """Show the rules that hold, and the versions before them."""
    with guest.here.store.read() as session:
        rules = in_force(session, guest.actor.territory_id)
        versions = list_versions(session, guest.actor)
    return guest.page(
        "policy.html",
        policy=rules.policy,
        holds=True,
        version=next((one for one in versions if one.id == rules.id), None),
        sections=policy_form.sections(rules.policy),
        versions=versions,
        coordinates=guest.actor.role is Role.COORDINATOR,
        notice=notice_of(guest.request),
    )


@router.get("/regles/versions/{policy_id}")
def show_version(policy_id: Annotated[int, Path(ge=1, le=2**31 - 1)], guest: RunReaderHere) -> HTMLResponse:
    """Show one version as it was adopted."""
    with guest.here.store.read() as session:
        policy = Policy.from_toml(get_policy(session, guest.actor, policy_id).document)
        versions = list_versions(session, guest.actor)
    return guest.page(
        "policy.html",
        policy=policy,
        holds=versions[0].id == policy_id,
        version=next(one for one in versions if one.id == policy_id),
        sections=policy_form.sections(policy),
        versions=versions,
        coordinates=guest.actor.role is Role.COORDINATOR,
        notice=None,
    )


@router.get("/regles/comparer")
def compare(guest: RunReaderHere, avant: _Key = "", apres: _Key = "") -> HTMLResponse:
    """Show what differs between two versions."""
    with guest.here.store.read() as session:
        choices = _choices(session, guest)
        keys = [key for key, _ in choices]
        after = apres or keys[0]
        before = avant or keys[min(1, len(keys) - 1)]
        one, other = _policy(session, guest, before), _policy(session, guest, after)
    return guest.page(
        "policy_compared.html",
        form=Form(values={"avant": before, "apres": after}),
        choices=choices,
        before=one.version,
        after=other.version,
        differences=policy_form.differences(one, other),
    )


@router.get("/regles/modifier")
def edit(guest: CoordinatorHere, texte: bool = False) -> HTMLResponse:
    """Offer the rules that hold to be changed, as a form or as their document."""
    with guest.here.store.read() as session:
        policy = in_force(session, guest.actor.territory_id).policy
    values = {"document": policy.to_toml(), "version": ""} | policy_form.values_of(policy)
    return _editor(guest, Form(values=values), as_text=texte)


@router.post("/regles")
def keep(guest: CoordinatorHere, sent: FromForm) -> Response:
    """Adopt a new version: it holds from the next run on."""
    as_text = "document" in sent.values
    document, form = _typed(sent)
    if not form.errors:
        try:
            with guest.here.store.write() as session:
                adopt(session, guest.actor, document, note=sent.values.get("note", ""), now=guest.now)
            return RedirectResponse(
                "/regles?" + urlencode({"fait": "regles"}), status_code=HTTPStatus.SEE_OTHER
            )
        except AlreadyExists:
            name = "document" if as_text else "version"
            form = form.refused(
                name, "Une version porte déjà ce nom : ce qui a été voté n’est jamais réécrit."
            )
        except InvalidInput as refusal:
            name = "document" if as_text or refusal.field == "document" else "version"
            form = form.refused(name, f"Attendu : {refusal.expected}.")
    return _editor(guest, form, as_text=as_text, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@router.get("/regles/essai")
def ask_rehearsal(guest: RunReaderHere) -> HTMLResponse:
    """Ask which rules to try on today's list."""
    with guest.here.store.read() as session:
        policy = in_force(session, guest.actor.territory_id).policy
    return _rehearsal(guest, Form(values={"document": policy.to_toml()}))


@router.post("/regles/essai")
def start_rehearsal(guest: RunReaderHere, sent: FromForm) -> Response:
    """Start to compare the rules that hold with those that were chosen or typed."""
    form = Form(
        values=sent.values, labels={"versions": "Versions à comparer", "document": "Règles à essayer"}
    )
    keys = list(dict.fromkeys(sent.all("versions")))
    typed = sent.values.get("document", "") if sent.values.get("own") == "oui" else ""
    if typed:
        form = policy_form.refused(form, typed)
    with guest.here.store.read() as session:
        rules = in_force(session, guest.actor.territory_id)
        known = {key for key, _ in _choices(session, guest)}
        others = [_policy(session, guest, key) for key in keys if key in known]
    if typed and not form.errors:
        others.append(_named_apart(Policy.from_toml(typed), [rules.policy, *others]))
    compared = [policy for policy in others if policy.version != rules.policy.version]
    if not form.errors and not 0 < len(compared) <= MOST_COMPARED:
        form = form.refused(
            "versions", f"Choisissez une à {MOST_COMPARED} versions autres que celle en vigueur."
        )
    if form.errors:
        return _rehearsal(guest, form, tuple(keys), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    order = StudyOrder(
        kind=StudyKind.REHEARSAL,
        policies=(rules.policy, *compared),
        time_limit_s=guest.here.settings.solve_seconds,
    )
    return started(guest, order)


def _editor(guest: Guest, form: Form, *, as_text: bool, status: int = HTTPStatus.OK) -> HTMLResponse:
    return guest.page(
        "policy_form.html",
        status=status,
        form=form,
        as_text=as_text,
        sections=policy_form.sections(Policy.default()),
        longest=LONGEST_DOCUMENT,
    )


def _typed(sent: Sent) -> tuple[str, Form]:
    """Read the document, or the form, that was sent."""
    if "document" not in sent.values:
        return policy_form.document_of(
            sent.values.get("version", ""), sent.values, sent.values.get("note", "")
        )
    document = sent.values["document"]
    form = Form(values=sent.values, labels={"document": "Document"})
    return document, policy_form.refused(form, document)


def _rehearsal(
    guest: Guest, form: Form, chosen: tuple[str, ...] = (), status: int = HTTPStatus.OK
) -> HTMLResponse:
    with guest.here.store.read() as session:
        rules = in_force(session, guest.actor.territory_id)
        choices = _choices(session, guest)
        studies = list_studies(session, guest.actor, StudyKind.REHEARSAL)
    return guest.page(
        "rehearsal.html",
        status=status,
        form=form,
        holding=rules.policy.version,
        choices=[(key, name) for key, name in choices if name != rules.policy.version],
        chosen=chosen,
        studies=studies,
        longest=LONGEST_DOCUMENT,
    )


def _choices(session: Session, guest: Guest) -> list[tuple[str, str]]:
    """Give the versions that can be chosen, the one that holds first; those Relais comes with last."""
    kept = [(str(one.id), one.version) for one in list_versions(session, guest.actor)]
    return [*kept, (_DEFAULT, Policy.default().version)]


def _policy(session: Session, guest: Guest, key: str) -> Policy:
    if key == _DEFAULT:
        return Policy.default()
    return Policy.from_toml(get_policy(session, guest.actor, int(key)).document)


def _named_apart(policy: Policy, others: list[Policy]) -> Policy:
    """Give typed rules a name of their own when they kept that of the version they began as."""
    taken = {one.version for one in others}
    return replace(policy, version=f"{policy.version} (essai)") if policy.version in taken else policy
