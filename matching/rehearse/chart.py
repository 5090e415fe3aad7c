"""The part of each group that has a GP, as bars beside each other: one standalone SVG, drawn here.

No script, no style sheet and no font from elsewhere; title and description carry the numbers for those
who cannot see the bars, and colours differ in lightness as well as in hue.
"""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from matching import french
from matching.errors import InvalidInstance
from matching.rehearse.rehearsal import GroupOutcome, Rehearsal

_COLOURS = ("#14506e", "#e08a1e", "#7fb4c9", "#7a3b69", "#9aa5ab", "#2f7d4f")
_LABEL_WIDTH, _BAR_WIDTH, _MARGIN = 190, 420, 16
_BAR, _GAP, _LINE = 16, 14, 22
_PIXELS_PER_LETTER = 7


def svg(rehearsal: Rehearsal, dimension: str) -> str:
    """Return bars of the share placed, one per label of ``dimension`` and policy.

    Raises
    ------
    InvalidInstance
        When the rehearsal does not know the dimension.
    """
    if dimension not in rehearsal.dimensions:
        raise InvalidInstance([f"comparaison : la dimension {dimension} n'existe pas"])
    names = [trial.policy.version for trial in rehearsal.trials]
    per_label = list(
        zip(*([o for o in t.outcomes if o.dimension == dimension] for t in rehearsal.trials), strict=True)
    )
    top = _MARGIN + _LINE * (2 + len(names))
    height = top + len(per_label) * (len(names) * _BAR + _GAP) + _MARGIN
    width = _LABEL_WIDTH + _BAR_WIDTH + 150 + 2 * _MARGIN
    title = f"Part des patients avec un médecin, par {dimension}"
    frame = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} role="img" aria-labelledby="titre chiffres">',
        f'<title id="titre">{escape(title)}</title>',
        f'<desc id="chiffres">{escape(_described(names, per_label))}</desc>',
        '<g font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(_MARGIN, _MARGIN + 12, title, weight="bold"),
        *_legend(names),
        *_bars(per_label, top),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _described(names: Sequence[str], per_label: Sequence[Sequence[GroupOutcome]]) -> str:
    """Say every bar in words."""
    return " ; ".join(
        f"{outcomes[0].label} : "
        + ", ".join(f"{name} {_numbers(outcome)}" for name, outcome in zip(names, outcomes, strict=True))
        for outcomes in per_label
    )


def _numbers(outcome: GroupOutcome) -> str:
    return f"{french.percent(outcome.share)} ({outcome.placed} sur {outcome.patients})"


def _legend(names: Sequence[str]) -> Iterator[str]:
    for i, name in enumerate(names):
        y = _MARGIN + _LINE * (i + 1)
        yield f'<rect x="{_MARGIN}" y="{y}" width="12" height="12" fill="{_colour(i)}"/>'
        yield _text(_MARGIN + 20, y + 11, name)


def _bars(per_label: Sequence[Sequence[GroupOutcome]], top: int) -> Iterator[str]:
    y, left = top, _MARGIN + _LABEL_WIDTH
    for outcomes in per_label:
        yield _text(_MARGIN, y + 12, _short(outcomes[0].label))
        for i, outcome in enumerate(outcomes):
            width = round(_BAR_WIDTH * outcome.share, 1)
            yield f'<rect x="{left}" y="{y}" width="{width}" height="{_BAR - 2}" fill="{_colour(i)}"/>'
            yield _text(left + width + 6, y + 12, _numbers(outcome))
            y += _BAR
        y += _GAP


def _short(label: str) -> str:
    most = _LABEL_WIDTH // _PIXELS_PER_LETTER
    return label if len(label) <= most else label[: most - 1] + "…"


def _colour(i: int) -> str:
    return _COLOURS[i % len(_COLOURS)]


def _text(x: float, y: float, words: str, *, weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" fill="#1b1b1b" font-weight="{weight}">{escape(words)}</text>'
