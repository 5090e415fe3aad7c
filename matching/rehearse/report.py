"""A rehearsal written down: plain-text table, Markdown, CSV."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from matching import french
from matching.rehearse.rehearsal import GroupOutcome, Rehearsal, Trial, is_proven

_HEADINGS = (
    "Groupe", "Politique", "Patients", "Avec médecin", "Part", "Trajet médian (min)", "Trajet max. (min)",
    "Attente médiane, servis (j)", "Attente médiane, restants (j)", "Gagnent", "Perdent", "Changent",
)  # fmt: skip
_CSV_COLUMNS = (
    "dimension", "label", "policy", "patients", "placed", "share", "median_min", "farthest_min",
    "median_wait_days", "median_wait_left_days", "gained", "lost", "moved",
)  # fmt: skip
_LOAD_HEADINGS = (
    "Politique", "Places remplies : le moins", "médiane", "le plus",
    "Part de priorité 1, au plus", "Priorité 1 chez le dixième le plus chargé",
)  # fmt: skip


def text(rehearsal: Rehearsal) -> str:
    """Return aligned plain-text tables: groups, then the load of the GPs."""
    return (
        "\n\n".join([*_notes(rehearsal), _aligned(_rows(rehearsal)), _aligned(_load_rows(rehearsal))]) + "\n"
    )


def markdown(rehearsal: Rehearsal) -> str:
    """Return the same as Markdown tables."""
    tables = [_piped(_rows(rehearsal)), _piped(_load_rows(rehearsal))]
    return "\n\n".join([*_notes(rehearsal), *tables]) + "\n"


def as_csv(rehearsal: Rehearsal) -> str:
    """Return one line per group and policy, separated by ``;``, numbers with a decimal point."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for trial, outcome in _in_order(rehearsal):
        values = {"policy": trial.policy.version, "share": round(outcome.share, 4)}
        writer.writerow(
            [_guarded(values[name] if name in values else getattr(outcome, name)) for name in _CSV_COLUMNS]
        )
    return out.getvalue()


def _guarded(value: object) -> object:
    """Keep a label from being read as a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _notes(rehearsal: Rehearsal) -> list[str]:
    first = rehearsal.trials[0].policy.version
    notes = [f"Gagnent, perdent, changent : par rapport à la politique « {first} »."]
    if not is_proven(rehearsal):
        notes.append(
            "Au moins un calcul s'est arrêté avant la preuve : "
            "ne tirez rien de différences de quelques patients."
        )
    return notes


def _in_order(rehearsal: Rehearsal) -> Iterator[tuple[Trial, GroupOutcome]]:
    """Yield group by group, the policies beside each other."""
    for i in range(len(rehearsal.trials[0].outcomes)):
        for trial in rehearsal.trials:
            yield trial, trial.outcomes[i]


def _rows(rehearsal: Rehearsal) -> list[list[str]]:
    rows = [list(_HEADINGS)]
    for trial, outcome in _in_order(rehearsal):
        rows.append([
            outcome.label,
            trial.policy.version,
            str(outcome.patients),
            str(outcome.placed),
            french.percent(outcome.share),
            *map(
                _number,
                (
                    outcome.median_min,
                    outcome.farthest_min,
                    outcome.median_wait_days,
                    outcome.median_wait_left_days,
                ),
            ),
            *map(str, (outcome.gained, outcome.lost, outcome.moved)),
        ])  # fmt: skip
    return rows


def _load_rows(rehearsal: Rehearsal) -> list[list[str]]:
    return [list(_LOAD_HEADINGS)] + [
        [
            trial.policy.version,
            *map(
                french.percent,
                (
                    trial.load.least_filled,
                    trial.load.median_filled,
                    trial.load.most_filled,
                    trial.load.most_tier1,
                    trial.load.tier1_at_busiest,
                ),
            ),
        ]
        for trial in rehearsal.trials
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else french.decimal(value)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Align columns: words to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numbers = [all(_is_number(cell) for cell in column[1:]) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, numbers, strict=True)
        ).rstrip()
        for row in rows
    )


def _is_number(cell: str) -> bool:
    return cell == "–" or cell.removesuffix(" %").replace(",", "").isdigit()


def _piped(rows: Sequence[Sequence[str]]) -> str:
    heading, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [heading, ["---"] * len(heading), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
