"""Telephones as the platform wants them: E.164, overseas too, or nothing rather than a wrong number (B5)."""

import pytest

from api.fhir.phones import international


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("01 60 00 00 00", "+33160000000"),
        ("06.12.34.56.78", "+33612345678"),
        ("+33 1 60 00 00 00", "+33160000000"),
        ("0262 12 34 56", "+262262123456"),
        ("0692 12 34 56", "+262692123456"),
        ("0269 12 34 56", "+262269123456"),
        ("0639 12 34 56", "+262639123456"),
        ("0590 12 34 56", "+590590123456"),
        ("0690 12 34 56", "+590690123456"),
        ("0594 12 34 56", "+594594123456"),
        ("0596 12 34 56", "+596596123456"),
        ("15", ""),
        ("+41 22 000 00 00", ""),
        ("01 60 00 00", ""),
        ("poste 12", ""),
        ("", ""),
    ],
)
def test_a_number_with_the_code_of_its_country_or_none(given: str, told: str) -> None:
    assert international(given) == told
