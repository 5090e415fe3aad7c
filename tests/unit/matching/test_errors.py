"""The errors of the core carry data, and their tree is printed where they live."""

import matching.errors
from matching import CertificateFailed, InvalidInstance, InvalidPolicy, InvalidProblem, RelaisError

ALL = (InvalidProblem, InvalidInstance, InvalidPolicy, CertificateFailed)


def test_every_error_hangs_under_the_root_with_its_own_code() -> None:
    assert all(issubclass(error, RelaisError) for error in ALL)
    assert len({error.code for error in (RelaisError, *ALL)}) == len(ALL) + 1


def test_the_tree_on_top_of_the_module_names_every_error() -> None:
    tree = matching.errors.__doc__ or ""
    assert all(error.__name__ in tree for error in (RelaisError, *ALL))


def test_messages_say_what_and_where() -> None:
    assert str(InvalidProblem("reward", 3, "must not be negative")) == "reward[3]: must not be negative"
    assert str(InvalidProblem("reward", None, "has 2 entries")) == "reward: has 2 entries"
    assert "places" in str(InvalidInstance(["places négatives"]))
    assert "reach.max_km" in str(InvalidPolicy(["reach.max_km : trop grand"]))
    assert "objective 1, bound 2" in str(CertificateFailed("not proven", 1, 2))
