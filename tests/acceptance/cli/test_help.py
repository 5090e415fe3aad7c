from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from api.cli.command import app
from scheduler.store.tables import Role
from tests.acceptance.cli.running import relais_here, relais_script


def _paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _paths(inner, (*path, name))


COMMANDS = sorted(_paths(get_command(app)))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_in_80_columns_with_an_example(command):
    done = relais_here(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Exemple" in done.out
    assert "Affiche cette aide" in done.out
    assert "Show this message" not in done.out
    assert "<bool>" not in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_first_page_names_every_command_and_loads_nothing_heavy():
    done = relais_script("--help", PYTHONPROFILEIMPORTTIME="1")
    for command in {path[0] for path in COMMANDS if path}:
        assert f"│ {command} " in done.out
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "typer" in loaded
    assert loaded & {"numpy", "scipy", "ortools", "sqlalchemy", "sqlmodel", "fastapi", "openpyxl"} == set()


def test_the_help_names_every_role():
    told = relais_here("user", "add", "--help").out
    assert [role.value for role in Role if role.value not in told] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("absent",), "commande inconnue : absent"), (("--absent",), "option inconnue : --absent")],
)
def test_what_does_not_exist_is_one_line_and_exits_2(arguments, told):
    done = relais_here(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [f"relais : {told}. Voir « relais --help »."]


def test_without_anything_the_help_is_shown():
    done = relais_here()
    assert "Commandes" in done.out + done.err
    assert done.code == 2
    assert "il manque une commande" in done.err
