"""A list of patients read back is what was written; with bad cells all are named and nothing comes out."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.exchange import BadTable
from scheduler.exchange.signals import Around, read_signals
from scheduler.exchange.tables import Source
from scheduler.referrals.pathways.kept import shipped
from scheduler.referrals.sounds import name_key
from scheduler.store.tables import ConsentHow, SignalSource
from scheduler.territory.communes import communes
from tests.factories import NOW

AROUND = Around(
    pathway=shipped()["gp"],
    directory=communes(),
    rpps={"10000000001": 7},
    home=frozenset({"77445"}),
    source=SignalSource.CPAM,
    now=NOW,
    today=NOW.date(),
)
HOW = {"oral": ConsentHow.ORAL, "écrit": ConsentHow.WRITTEN, "électronique": ConsentHow.ELECTRONIC}
yes_no = st.sampled_from(["", "oui", "non"])
names = st.text(st.characters(categories=["L"]), min_size=1, max_size=20).filter(name_key)

row = st.fixed_dictionaries(
    {
        "nom": names,
        "prénom": names,
        "date de naissance": st.dates(date(1920, 1, 1), NOW.date()),
        "commune": st.sampled_from(["Savigny-le-Temple", "savigny le temple"]),
        "téléphone": st.sampled_from(["01 60 00 00 00", "0160000001"]),
        "affection longue durée": yes_no,
        "grossesse": yes_no,
        "besoins chroniques": st.sampled_from(["", "0", "3"]),
        "médecin déjà vu": st.sampled_from(["", "10000000001", "Dr Petit"]),
        "accord": st.sampled_from(["oui", "non"]),
        "accord donné": st.sampled_from(sorted(HOW)),
        "recueilli par": st.just("Awa Diallo"),
        "foyer": st.sampled_from(["", "A"]),
        "origine": st.sampled_from(["", "DAC"]),
    }
)
rows = st.lists(row, min_size=1, max_size=6, unique_by=lambda one: name_key(one["nom"]))
SPOILT = {
    "nom": "1234",
    "date de naissance": "31/02/1950",
    "commune": "Nulle-Part-sur-Rien",
    "téléphone": "12",
    "affection longue durée": "peut-être",
    "besoins chroniques": "999",
    "médecin déjà vu": "99999999999",
    "origine": "le voisin",
}


def written(lines: list[dict[str, object]]) -> Source:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, lines[0], delimiter=";")
    writer.writeheader()
    writer.writerows(lines)
    return Source(name="liste.csv", body=text.getvalue().encode())


@settings(max_examples=25, deadline=None)
@given(rows)
def test_what_was_written_is_read_back(lines: list[dict[str, object]]) -> None:
    read, _ = read_signals(written(lines), AROUND)
    assert [each.line for each in read] == list(range(2, len(lines) + 2))
    answer = {"oui": True, "non": False, "": None}
    for line, found in zip(lines, read, strict=True):
        signal = found.signal
        assert name_key(signal.identity.family_name) == name_key(str(line["nom"]))
        assert signal.identity.birth_date == line["date de naissance"]
        assert signal.identity.insee == "77445"
        assert signal.needs.ald is answer[str(line["affection longue durée"])]
        assert signal.needs.pregnancy is answer[str(line["grossesse"])]
        assert signal.needs.c2s is None
        assert str(signal.needs.chronic_needs or 0) == (line["besoins chroniques"] or "0")
        assert signal.source is (SignalSource.DAC if line["origine"] else SignalSource.CPAM)
        seen = [(each.practitioner_id, each.name) for each in signal.seen]
        assert seen == {"": [], "Dr Petit": [(None, "Dr Petit")]}.get(str(line["médecin déjà vu"]), [(7, "")])
        assert (signal.consent is not None) == (line["accord"] == "oui")
        if signal.consent is not None:
            assert signal.consent.how is HOW[str(line["accord donné"])]
            assert len(signal.consent.told) == 4


@settings(max_examples=25, deadline=None)
@given(st.data(), rows)
def test_every_bad_cell_is_named_and_nothing_comes_out(
    data: st.DataObject, lines: list[dict[str, object]]
) -> None:
    cells = st.tuples(st.integers(0, len(lines) - 1), st.sampled_from(sorted(SPOILT)))
    bad = data.draw(st.sets(cells, min_size=1, max_size=5))
    for number, column in bad:
        lines[number][column] = SPOILT[column]
    with pytest.raises(BadTable) as refused:
        read_signals(written(lines), AROUND)
    named = {(problem.line, problem.column) for problem in refused.value.problems}
    assert named == {(number + 2, column) for number, column in bad}
    told = " ".join(map(str, refused.value.problems))
    assert "Nulle-Part" not in told  # a cell may hold a name or a state of health: it is never repeated


def test_a_person_twice_and_an_agreement_without_its_collector_are_refused() -> None:
    line = {"nom": "Durand", "prénom": "Zoé", "date de naissance": "07/03/1951", "code postal": "77176"}
    line |= {"téléphone": "0160000000", "accord": "oui"}
    with pytest.raises(BadTable) as refused:
        read_signals(written([line, line | {"nom": "DURAND"}]), AROUND)
    assert {(problem.line, problem.column) for problem in refused.value.problems} == {
        (2, "consent_how"),
        (2, "consent_by"),
        (3, "consent_how"),
        (3, "consent_by"),
        (3, "nom"),
    }
