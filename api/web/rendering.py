"""From a template and values to a page: the one place where pages are made and their headers set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.web import dates, dates_en, words
from api.web.english import use_english
from api.web.language import NAMES, Language, language_of, other, switch_href
from api.web.menus import MENUS, MenuItem
from api.web.typography import FrenchSpaces, french
from scheduler.referrals.pathways.kept import GP, shipped
from scheduler.store.tables import Role

HERE = Path(__file__).parent
STATIC = HERE / "static"

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
        "connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRole:
    """A role the signed-in person holds besides the one they act in."""

    role: Role
    territory_id: int
    territory_name: str

    @property
    def role_word(self) -> str:
        """The role in French."""
        return words.ROLES[self.role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The signed-in person as every page shows them, and the token their forms carry.

    Parameters
    ----------
    others
        The roles they may change to.
    """

    name: str
    role: Role
    territory_name: str
    form_token: str
    others: tuple[OtherRole, ...] = ()

    @property
    def role_word(self) -> str:
        """The role in French."""
        return words.ROLES[self.role]

    @property
    def menu(self) -> tuple[MenuItem, ...]:
        """The pages this role comes for."""
        return MENUS[self.role]


_DATES = {"fr": dates, "en": dates_en}
_DATE_WORDS = ("short_day", "countdown", "duration", "kilometres", "number", "counted", "listed", "waited")


@cache
def environment(language: Language = "fr") -> Environment:
    """Build the template environment: everything is escaped, a missing value is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[FrenchSpaces] if language == "fr" else [],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["fr"] = made.filters["french"] = french  # "french" stays so on the pages in English
    made.globals.update(
        asset=asset,
        words=words,
        gp_notice=lambda: shipped()[GP].notice,
        french_day=dates.short_day,
        **{name: getattr(_DATES[language], name) for name in _DATE_WORDS},
    )
    if language == "en":
        use_english(made)
    return made


@cache
def asset(name: str) -> str:
    """Give the address of a static file, which changes with its content and may be kept for ever."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def render(
    request: Request,
    template: str,
    *,
    visitor: Visitor | None,
    now: datetime,
    zone: str,
    status: int = 200,
    form_token: str = "",
    values: Mapping[str, object] | None = None,
) -> HTMLResponse:
    """Make one page.

    Parameters
    ----------
    template
        Path under ``templates/``.
    visitor
        Who is signed in; ``None`` shows neither menu nor forms' token.
    now
        Instant every "il y a …" of the page is told from.
    zone
        IANA zone of the territory: days and hours are written in it.
    form_token
        What the forms of the page carry when nobody is signed in yet.
    values
        What the template shows.
    """
    token = visitor.form_token if visitor else form_token
    language = language_of(request)
    page = (
        environment(language)
        .get_template(template)
        .render(
            visitor=visitor,
            here=request.url.path,
            query=request.url.query,
            territory_name=visitor.territory_name if visitor else "",
            csrf_field=lambda: form_token_field(token),
            now=now,
            language=language,
            other_language=other(language),
            other_language_name=NAMES[other(language)],
            other_language_href=switch_href(request),
            **_time_words(now, zone, language),
            **(values or {}),
        )
    )
    headers = PAGE_HEADERS | {"Content-Language": language}
    return HTMLResponse(page, status_code=status, headers=headers)


def form_token_field(token: str) -> Markup:
    """Write the hidden fields that prove a form comes from our own page, and number it."""
    return Markup(
        '<input type="hidden" name="form_token" value="{}"><input type="hidden" name="form_shown" value="{}">'
    ).format(token, token_urlsafe(12))


def _time_words(now: datetime, zone: str, language: Language) -> dict[str, Callable[..., str]]:
    told = _DATES[language]
    today = now.astimezone(ZoneInfo(zone)).date()
    return {
        "moment": partial(told.moment, zone=zone, today=today),
        "hour": partial(told.hour, zone=zone),
        "ago": partial(told.ago, now=now),
        "long_day": partial(told.long_day, today=today),
        "near_day": partial(told.near_day, today=today),
        "near_day_of": lambda at: told.near_day(at.astimezone(ZoneInfo(zone)).date(), today),
    }
