import pytest

from scheduler.jobs.faults import where


def test_a_fault_is_named_by_its_class_and_place_never_by_its_text() -> None:
    with pytest.raises(KeyError) as raised:
        {}["Jeanne Lefèvre"]
    named = where(ExceptionGroup("Jeanne", [raised.value, ValueError("Lefèvre")]))
    assert named.startswith("KeyError test_faults.py:")
    assert named.endswith(" ; ValueError")
    assert "Jeanne" not in named
