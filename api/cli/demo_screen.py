"""What ``relais demo`` shows of the calendars, and what it says to open."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from api.cli.screen import console

if TYPE_CHECKING:
    from scheduler.demo.feeds import CalendarLine
    from scheduler.demo.values import DemoTerritory
    from scheduler.settings import Settings

_OPEN_FIRST = ("coordinator", "regulator", "signaller", "gp")


def say(sentence: str) -> None:
    """Say what is being done, while it is done."""
    console().print(sentence)


def show_calendars(lines: Sequence["CalendarLine"]) -> None:
    """Print the slots found in each calendar, then what was left out and why."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Créneaux de soins non programmés lus dans les agendas")
    table.add_column("Agenda")
    for heading in ("Ouverts", "dont 72 h", "Occupés", "Ignorés", "Refusés"):
        table.add_column(heading, justify="right")
    for line in lines:
        reading = line.reading
        numbers = (line.num_open, line.num_soon, reading.num_busy, reading.num_ignored, reading.num_refused)
        table.add_row(line.name, *map(str, numbers))
    table.add_section()
    totals = (sum(line.num_open for line in lines), sum(line.num_soon for line in lines))
    table.add_row("Tous", *map(str, totals), "", "", "", style="bold")
    screen = console()
    screen.print(table)
    for line in lines:
        for count, sentence in line.left_out:
            screen.print(f"   {line.name} : {count} × {sentence}")


def show_next_steps(settings: "Settings", territory: "DemoTerritory") -> None:
    """Say what to open and with which account."""
    from scheduler.demo.load import PASSWORD  # noqa: PLC0415

    accounts = {account.role: account for account in territory.accounts}
    screen = console()
    screen.print(f"4. Ouvrez {settings.public_url} — « relais serve » (ou « make run ») tient les pages.")
    screen.print(f"   Mot de passe de tous les comptes de démonstration : {PASSWORD}")
    for role in _OPEN_FIRST:
        screen.print(f"   {accounts[role].email:<30} {accounts[role].name}")
