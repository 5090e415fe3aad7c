"""The columns of the ``signals`` table: what a list of patients may say, under French or English headings."""

from collections.abc import Callable, Sequence
from datetime import date

from scheduler.errors import InvalidInput
from scheduler.exchange.cells import (
    Read,
    Unexpected,
    day,
    gender,
    languages,
    number,
    one_of,
    text,
    whole,
    yes_no,
)
from scheduler.exchange.columns import Column, Layout
from scheduler.exchange.patients import NEED_ALIASES
from scheduler.inputs import checked_name, checked_phone
from scheduler.referrals.checks import LONGEST_WAIT_YEARS, MOST_CHRONIC_NEEDS, OLDEST_YEARS, checked_email
from scheduler.referrals.pathways import Pathway
from scheduler.store.tables import ConsentHow, ContactPreference, SignalSource

_SOURCES = {
    "professionnel": SignalSource.PROFESSIONAL,
    "professional": SignalSource.PROFESSIONAL,
    "dac": SignalSource.DAC,
    "cpam": SignalSource.CPAM,
    "prado": SignalSource.PRADO,
    "ehpad": SignalSource.EHPAD,
    "import": SignalSource.IMPORT,
}
_HOW = {
    "oral": ConsentHow.ORAL,
    "de vive voix": ConsentHow.ORAL,
    "written": ConsentHow.WRITTEN,
    "ecrit": ConsentHow.WRITTEN,
    "par ecrit": ConsentHow.WRITTEN,
    "representative": ConsentHow.REPRESENTATIVE,
    "representant": ConsentHow.REPRESENTATIVE,
    "electronic": ConsentHow.ELECTRONIC,
    "electronique": ConsentHow.ELECTRONIC,
}
_CONTACT = {
    "phone": ContactPreference.PHONE,
    "telephone": ContactPreference.PHONE,
    "sms": ContactPreference.SMS,
    "email": ContactPreference.EMAIL,
    "courriel": ContactPreference.EMAIL,
    "letter": ContactPreference.LETTER,
    "lettre": ContactPreference.LETTER,
    "courrier": ContactPreference.LETTER,
    "relative": ContactPreference.RELATIVE,
    "proche": ContactPreference.RELATIVE,
}


def signal_layout(pathway: Pathway, today: date) -> Layout:
    """Describe the columns of a file of signals for a pathway."""
    parts = (_identity(today), _contact(), _request(today), _needs(pathway), _agreement(today))
    return Layout(columns=tuple(column for part in parts for column in part))


def template_rows(pathway: Pathway, today: date) -> list[list[str]]:
    """Give the headings of an empty file to fill in, in French where there is a French word."""
    columns = signal_layout(pathway, today).columns
    return [[column.aliases[0] if column.aliases else column.name for column in columns]]


def _identity(today: date) -> Sequence[Column]:
    oldest = date(today.year - OLDEST_YEARS, 1, 1)
    birth = ("date de naissance", "naissance", "né le", "née le", "né(e) le")
    return (
        _name("family_name", "nom", "nom de famille"),
        _name("given_name", "prénom"),
        Column(name="birth_date", read=day(oldest, today), aliases=birth, required=True),
        Column(name="gender", read=gender, aliases=("sexe",)),
        Column(name="insee", read=text(10), aliases=("code INSEE",)),
        _free("commune", 100, "ville"),
        _free("postcode", 10, "code postal"),
        _free("address", 200, "adresse"),
    )


def _contact() -> Sequence[Column]:
    preference = one_of(_CONTACT, "téléphone, sms, courriel, lettre ou proche")
    return (
        _text("phone", _checked(checked_phone), "téléphone", "tél", "portable"),
        _text("email", _checked(checked_email), "courriel", "e-mail", "mail"),
        Column(name="contact_preference", read=preference, aliases=("à joindre par", "contact préféré")),
        _free("contact_name", 100, "proche à joindre"),
    )


def _request(today: date) -> Sequence[Column]:
    long_ago = date(today.year - LONGEST_WAIT_YEARS, today.month, min(today.day, 28))
    since = ("en attente depuis", "attend depuis", "date du signalement")
    source = one_of(_SOURCES, "professionnel, dac, cpam, prado, ehpad ou import")
    none: frozenset[str] = frozenset()
    return (
        _free("household", 100, "foyer", "famille"),
        Column(name="source", read=source, aliases=("origine",)),
        Column(name="waiting_since", read=day(long_ago, today), aliases=since),
        _free("seen_practitioner", 200, "médecin déjà vu", "médecin consulté"),
        Column(name="seen_visits", read=whole(1, 99), aliases=("nombre de consultations", "fois vu")),
        Column(name="languages", read=languages, aliases=("langues", "langue"), empty=none, absent=none),
        Column(name="prefers_gender", read=gender, aliases=("préférence de genre", "sexe souhaité")),
        Column(name="max_km", read=number(0.1, 100, "km"), aliases=("distance maximale", "km max")),
        Column(name="together", read=yes_no, aliases=("foyer ensemble",), empty=False, absent=False),
    )


def _needs(pathway: Pathway) -> Sequence[Column]:
    asked = [need for need in NEED_ALIASES if need in pathway.asks]
    common = tuple(Column(name=need, read=yes_no, aliases=NEED_ALIASES[need]) for need in asked)
    chronic = Column(
        name="chronic_needs",
        read=whole(0, MOST_CHRONIC_NEEDS),
        aliases=("besoins chroniques", "maladies chroniques"),
    )
    own = tuple(Column(name=each.code, read=yes_no, aliases=(each.label,)) for each in pathway.criteria)
    return (*common, *((chronic,) if pathway.by_policy else ()), *own)


def _agreement(today: date) -> Sequence[Column]:
    how = one_of(_HOW, "oral, écrit, représentant ou électronique")
    on = day(date(today.year - 3, 1, 1), today)
    return (
        Column(name="consent", read=yes_no, aliases=("consentement", "accord"), empty=False, absent=False),
        Column(name="consent_how", read=how, aliases=("accord donné", "moyen de l'accord")),
        _free("consent_by", 200, "accord recueilli par", "recueilli par"),
        Column(name="consent_on", read=on, aliases=("accord recueilli le",)),
    )


def _name(name: str, *aliases: str) -> Column:
    return Column(
        name=name, read=_checked(lambda cell: checked_name(name, cell)), aliases=aliases, required=True
    )


def _free(name: str, longest: int, *aliases: str) -> Column:
    return _text(name, text(longest), *aliases)


def _text(name: str, read: Read, *aliases: str) -> Column:
    """Describe a text that is "" where there is none."""
    return Column(name=name, read=read, aliases=aliases, empty="", absent="")


def _checked(check: Callable[[str], str]) -> Callable[[str], str]:
    """Read a cell by a check of the forms."""

    def read(cell: str) -> str:
        try:
            return check(cell)
        except InvalidInput as refusal:
            raise Unexpected(refusal.expected) from None

    return read
