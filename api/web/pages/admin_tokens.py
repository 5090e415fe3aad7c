"""The keys of programs: made once and shown once, listed, revoked."""

from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.web import words
from api.web.errors import PageRoute
from api.web.forms import Form, read_count
from api.web.guests import AdminHere, Guest
from api.web.notices import notice_of
from api.web.once import do_once
from api.web.sent import FromForm, Sent
from scheduler.accounts.managing import issue_key, revoke_key
from scheduler.accounts.tokens import list_tokens
from scheduler.errors import InvalidInput
from scheduler.store.tables import Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PATH = "/administration/jetons"
_LABELS = {"name": "Programme", "role": "Rôle", "days": "Jours avant expiration"}
_MOST_DAYS = 3650


@router.get(_PATH)
def show(guest: AdminHere) -> HTMLResponse:
    """Show the keys and the form that makes one."""
    return _page(guest, Form(values={"days": "365"}, labels=_LABELS))


@router.post(_PATH)
def issue(guest: AdminHere, sent: FromForm) -> Response:
    """Make a key; it stands on the answer of this request and nowhere else."""
    form = Form(values=sent.values, labels=_LABELS)
    role = sent.values.get("role", "")
    if role not in set(Role):
        return _page(guest, form.refused("role", "Choisissez un rôle."), status=422)
    try:
        days = read_count(sent.values.get("days", ""), most=_MOST_DAYS)
        secret = _issued_once(guest, sent, Role(role), days)
    except InvalidInput as refusal:
        field = "days" if refusal.field == "number" else "name"
        return _page(guest, form.refused(field, f"Attendu : {refusal.expected}."), status=422)
    if not secret:
        return RedirectResponse(f"{_PATH}?fait=cle-deja", status_code=HTTPStatus.SEE_OTHER)
    return _page(guest, Form(values={"days": "365"}, labels=_LABELS), secret=secret)


def _issued_once(guest: Guest, sent: Sent, role: Role, days: int | None) -> str:
    """Make a key once for each form that was shown; "" the second time: its secret is kept nowhere."""
    secrets: list[str] = []

    def issued(session: Session) -> dict[str, str]:
        made = issue_key(
            session,
            guest.actor,
            name=sent.values.get("name", ""),
            role=role,
            expires_at=guest.now + timedelta(days=days) if days else None,
            now=guest.now,
        )
        secrets.append(made.token)
        return {"id": str(made.token_id)}

    with guest.here.store.write() as session:
        do_once(
            session,
            guest,
            key=sent.values.get("key", ""),
            route=f"POST {_PATH}",
            what=(sent.values.get("name", ""), role, days),
            effect=lambda: issued(session),
        )
    return secrets[0] if secrets else ""


@router.post(_PATH + "/{token_id}/revoquer")
def revoke(token_id: UUID, guest: AdminHere, sent: FromForm) -> Response:
    """Make a key worthless."""
    del sent
    with guest.here.store.write() as session:
        revoke_key(session, guest.actor, token_id, now=guest.now)
    return RedirectResponse(f"{_PATH}?fait=revoque", status_code=HTTPStatus.SEE_OTHER)


def _page(guest: Guest, form: Form, *, status: int = HTTPStatus.OK, secret: str = "") -> HTMLResponse:
    with guest.here.store.read() as session:
        tokens = list_tokens(session, guest.actor.territory_id)
    return guest.page(
        "admin_tokens.html",
        status=status,
        form=form,
        secret=secret,
        key=uuid4().hex,
        tokens=[(token, _state(guest, token.revoked_at, token.expires_at)) for token in tokens],
        roles=list(words.ROLES.items()),
        notice=None if secret else notice_of(guest.request),
    )


def _state(guest: Guest, revoked_at: datetime | None, expires_at: datetime | None) -> tuple[str, str]:
    if revoked_at is not None:
        return "Révoquée", "danger"
    if expires_at is not None and expires_at <= guest.now:
        return "Expirée", "warn"
    return "En service", "ok"
