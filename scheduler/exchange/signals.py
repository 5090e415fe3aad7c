"""The ``signals`` table: patients taken over from a partner's or a surgery's own list, with their identity.

Every bad cell is named at once, and nothing is imported when one is. An unanswered question stays unanswered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from matching.model import Needs
from scheduler.exchange.columns import Row, Sheet, read_sheet, refuse_if_wrong
from scheduler.exchange.patients import NEED_ALIASES
from scheduler.exchange.signal_columns import signal_layout
from scheduler.exchange.tables import Source
from scheduler.referrals.pathways import Pathway
from scheduler.referrals.pathways.document import NOTICE_ITEMS
from scheduler.referrals.sounds import name_key
from scheduler.referrals.values import ConsentGiven, Identity, Seen, Signal, Wishes
from scheduler.store.tables import ConsentHow, ContactPreference, Gender, SignalSource
from scheduler.territory.communes import CommuneDirectory
from scheduler.territory.errors import UnknownCommune
from scheduler.territory.names import fold_name

MOST_SIGNALS = 2000
"""Patients of one file; a longer list is cut in several, each previewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One line understood: the signal, and the household it names, "" when alone."""

    line: int
    signal: Signal
    household: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a file of signals is read beside.

    Parameters
    ----------
    rpps : mapping of str to int
        Practitioners of the territory by RPPS number.
    home : frozenset of str
        INSEE codes of the territory: of several communes of one name, those are meant.
    source : SignalSource
        Of the lines that do not say.
    """

    pathway: Pathway
    directory: CommuneDirectory
    rpps: Mapping[str, int]
    home: frozenset[str]
    source: SignalSource
    now: datetime
    today: date


def read_signals(source: Source, around: Around) -> tuple[tuple[SignalRow, ...], tuple[str, ...]]:
    """Read and check a whole file.

    Returns
    -------
    The lines, and warnings for the reader.

    Raises
    ------
    UnreadableFile
        When there is no table to speak of.
    BadTable
        With every cell to correct.
    """
    sheet = read_sheet(source, signal_layout(around.pathway, around.today))
    if len(sheet.rows) > MOST_SIGNALS:
        sheet.refuse(None, None, f"{MOST_SIGNALS} patients au plus par fichier")
    rows = [_signal_row(sheet, row, around) for row in sheet.rows]
    _refuse_twins(sheet, rows)
    refuse_if_wrong(sheet)
    without = sum(row.signal.consent is None for row in rows)
    if without:
        sheet.warn(
            f"{without} patient{'s' if without > 1 else ''} sans accord : reçus, mais pas mis en attente."
        )
    return tuple(rows), tuple(sheet.warnings)


def _signal_row(sheet: Sheet, row: Row, around: Around) -> SignalRow:
    values = row.values
    signal = Signal(
        identity=_identity(sheet, row, around),
        needs=Needs(**{name: values[name] for name in (*NEED_ALIASES, "chronic_needs") if name in values}),
        wishes=Wishes(
            languages=tuple(sorted(values["languages"] or ())),
            prefers_gender=_gender(values["prefers_gender"]),
            known_practitioner_id=around.rpps.get(values["seen_practitioner"] or ""),
            max_km=values["max_km"],
            together=bool(values["together"]),
        ),
        consent=_consent(sheet, row, around),
        waiting_since=values["waiting_since"],
        source=_source(sheet, row, around),
        pathway=around.pathway.code,
        answers={each.code: values[each.code] for each in around.pathway.criteria},
        seen=_seen(sheet, row, around),
    )
    return SignalRow(line=row.line, signal=signal, household=values["household"] or "")


def _identity(sheet: Sheet, row: Row, around: Around) -> Identity:
    values = row.values
    insee = "" if row.refused & {"insee", "commune", "postcode"} else _insee(values, around)
    if not insee and not row.refused & {"insee", "commune", "postcode"}:
        column = "commune" if "commune" in sheet.headings else "insee"
        sheet.refuse(row.line, column, "une commune connue (son code INSEE, ou son nom et son code postal)")
    _check_contact(sheet, row)
    return Identity(
        family_name=values["family_name"] or "",
        given_name=values["given_name"] or "",
        birth_date=values["birth_date"],
        gender=_gender(values["gender"]),
        phone=values["phone"] or "",
        email=values["email"] or "",
        address=values["address"] or "",
        insee=insee,
        contact_preference=values["contact_preference"],
        contact_name=values["contact_name"] or "",
    )


def _check_contact(sheet: Sheet, row: Row) -> None:
    values = row.values
    reach = ("phone", "email", "address")
    if not row.refused & set(reach) and not any(values[name] for name in reach):
        sheet.refuse(row.line, "phone", "un moyen de le joindre : téléphone, courriel ou adresse")
    needed = {
        ContactPreference.PHONE: "phone",
        ContactPreference.SMS: "phone",
        ContactPreference.EMAIL: "email",
        ContactPreference.LETTER: "address",
        ContactPreference.RELATIVE: "contact_name",
    }
    column = needed.get(values["contact_preference"])
    if column is not None and column not in row.refused and not values[column]:
        sheet.refuse(row.line, column, "une valeur, puisqu'il souhaite être joint ainsi")
    relative = values["contact_preference"] is ContactPreference.RELATIVE
    if relative and "phone" not in row.refused and not values["phone"]:
        sheet.refuse(row.line, "phone", "le téléphone du proche")


def _insee(values: Mapping[str, Any], around: Around) -> str:
    """Give the INSEE code a line means, "" when it means none, or several."""
    try:
        if values["insee"]:
            return around.directory.by_insee(values["insee"]).insee
    except UnknownCommune:
        return ""
    name, postcode = fold_name(values["commune"] or ""), values["postcode"]
    if not name and not postcode:
        return ""
    found = around.directory.by_postcode(postcode) if postcode else around.directory.search(name, limit=20)
    named = [each for each in found if not name or fold_name(each.name) == name]
    here = [each for each in named if each.insee in around.home]
    meant = here or named
    return meant[0].insee if len(meant) == 1 else ""


def _consent(sheet: Sheet, row: Row, around: Around) -> ConsentGiven | None:
    values = row.values
    if not values["consent"]:
        return None
    if values["consent_how"] is None and "consent_how" not in row.refused:
        sheet.refuse(row.line, "consent_how", "comment l'accord a été donné : oral, écrit, représentant")
    if not values["consent_by"] and "consent_by" not in row.refused:
        sheet.refuse(row.line, "consent_by", "qui a recueilli l'accord")
    on = values["consent_on"]
    given_at = around.now if on is None else min(around.now, datetime.combine(on, time(12), UTC))
    return ConsentGiven(
        notice_version=around.pathway.notice.version,
        how=values["consent_how"] or ConsentHow.ORAL,
        collected_by=values["consent_by"] or "",
        given_at=given_at,
        told=NOTICE_ITEMS,
    )


def _source(sheet: Sheet, row: Row, around: Around) -> SignalSource:
    source: SignalSource = row.values["source"] or around.source
    if source not in around.pathway.requesters:
        sheet.refuse(row.line, "source", "un demandeur que cette filière accepte")
    return source


def _seen(sheet: Sheet, row: Row, around: Around) -> tuple[Seen, ...]:
    name, visits = row.values["seen_practitioner"], row.values["seen_visits"]
    if not name:
        if visits is not None:
            sheet.refuse(row.line, "seen_practitioner", "le médecin que ces consultations concernent")
        return ()
    if name.isdigit() and name not in around.rpps:
        sheet.refuse(row.line, "seen_practitioner", "le numéro RPPS d'un médecin du territoire, ou son nom")
        return ()
    known = around.rpps.get(name)
    return (Seen(practitioner_id=known, name="" if known else name, num_visits=visits or 1),)


def _refuse_twins(sheet: Sheet, rows: Sequence[SignalRow]) -> None:
    """Refuse a person who stands in two lines."""
    first: dict[tuple[str, str, date | None], int] = {}
    for row in rows:
        who = row.signal.identity
        key = (name_key(who.family_name), name_key(who.given_name), who.birth_date)
        before = first.setdefault(key, row.line)
        if key[0] and before != row.line:
            sheet.refuse(
                row.line, "family_name", f"une personne par ligne (celle-ci est déjà ligne {before})"
            )


def _gender(letter: str | None) -> Gender | None:
    return None if letter is None else Gender(letter)
