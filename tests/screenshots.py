"""Make the pictures of the user guide: each page of ``tests.pages`` on a phone and on a desk.

``python -m tests.screenshots [NAME …]`` writes ``docs/images/<name>-390.png`` and ``-1440.png``, of all pages
or of those named; of all pages, it also writes their list, ``docs/pages.md``. A picture that shows the same
as before but for the hour stays as it was. The palette of the design system is enough for flat pages, and
keeps the whole folder small. Everyone on them is invented.
"""

import re
import sys
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

from api.security import COOKIE
from api.web.rendering import STATIC
from api.web.words import ROLES
from scheduler.store.tables import Role
from tests.demo_site import DemoSite, chromium, demo_site
from tests.pages import PAGES, ListedPage

FOLDER = Path(__file__).parents[1] / "docs" / "images"
LIST = FOLDER.parent / "pages.md"
HEADING = """# Chaque page en image

Faites par `python -m tests.screenshots` sur le territoire de démonstration : tout le monde y est inventé.

| Page | Qui l'ouvre | Téléphone | Bureau |
|---|---|---|---|
"""
SCREENS = {390: (390, 844, 1000), 1440: (1440, 900, 840)}
"""Width, height, and the most that is shown of a long page, in pixels."""
SAME_SHARE = 0.003
"""Part of the pixels that may differ in pictures of the same."""
_CSS = (STATIC / "relais.css").read_text(encoding="utf-8")
_LIGHT = re.compile(r":root \{(.*?)\}", re.DOTALL)


def main(names: list[str]) -> None:
    """Make the pictures of the pages that have a name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [listed for listed in PAGES if listed.name and (not names or listed.name in names)]
    lines = []
    with tempfile.TemporaryDirectory() as folder, demo_site(Path(folder)) as site, chromium() as browser:
        windows = _Windows(browser, site)
        for listed in wanted:
            page = windows.of(listed.role)
            page.set_viewport_size({"width": min(SCREENS), "height": 844})  # rows of links begin where one is
            answer = page.goto(site.url + listed.address(site))
            assert answer is not None
            assert answer.status == listed.status, f"{listed.path}: {answer.status}"
            lines.append(_line(page.title(), listed))
            for width in SCREENS:
                size = _kept(_taken(page, width), FOLDER / f"{listed.name}-{width}.png")
                sys.stdout.write(f"{listed.name}-{width}.png {size // 1024} kB\n")
    if not names:
        LIST.write_text(HEADING + "".join(lines), encoding="utf-8")
    total = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    sys.stdout.write(f"{total / 1e6:.2f} MB in {FOLDER}\n")


def _line(title: str, listed: ListedPage) -> str:
    """Write one line of the list: the title, who opens the page, its pictures."""
    who = ROLES[listed.role] if listed.role else "sans se connecter"
    pictures = " | ".join(f"[{width} px](images/{listed.name}-{width}.png)" for width in SCREENS)
    return f"| {title.removesuffix(' – Relais')} | {who} | {pictures} |\n"


class _Windows:
    """One window for each role, signed in."""

    def __init__(self, browser: Browser, site: DemoSite) -> None:
        self.browser = browser
        self.site = site
        self.opened: dict[Role | None, Page] = {}

    def of(self, role: Role | None) -> Page:
        if role not in self.opened:
            context = self.browser.new_context(locale="fr-FR", color_scheme="light")
            if role is not None:
                context.add_cookies([{"name": COOKIE, "value": self.site.tokens[role], "url": self.site.url}])
            self.opened[role] = context.new_page()
        return self.opened[role]


def _taken(page: Page, width: int) -> bytes:
    _, height, most = SCREENS[width]
    page.set_viewport_size({"width": width, "height": height})
    tall = min(most, int(page.evaluate("document.documentElement.scrollHeight")))
    return page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})


def _kept(taken: bytes, path: Path) -> int:
    """Write a picture with the palette of the design system; give its size in bytes."""
    picture = Image.open(BytesIO(taken)).convert("RGB")
    flat = picture.quantize(palette=_palette(), dither=Image.Dither.NONE)
    if not (path.exists() and _same(flat, Image.open(path))):
        flat.save(path, optimize=True)
    return path.stat().st_size


def _same(one: Image.Image, other: Image.Image) -> bool:
    """Say whether two pictures show the same, but for what an hour or a number takes."""
    if one.size != other.size:
        return False
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).convert("L")
    changed = sum(difference.histogram()[1:])
    return changed < SAME_SHARE * one.width * one.height


@cache
def _palette() -> Image.Image:
    """Give the colours of the light theme, and how the darker ones look at the edges of letters and lines."""
    tokens = dict(re.findall(r"--([\w-]+): #([0-9a-f]{6});", _LIGHT.search(_CSS)[1]))  # type: ignore[index]
    colours = {name: tuple(int(text[i : i + 2], 16) for i in (0, 2, 4)) for name, text in tokens.items()}
    grounds = [colours[name] for name in ("surface", "paper", "brand-tint")]
    inks = [colours[name] for name in ("ink", "ink-soft", "brand", "danger", "warn", "ok")]
    blends = [
        tuple(round(i + share * (g - i)) for i, g in zip(ink, ground, strict=True))
        for ink in inks
        for ground in (grounds if ink == inks[0] else grounds[:1])
        for share in (0.35, 0.7)
    ]
    flat = [part for colour in dict.fromkeys([*colours.values(), *blends]) for part in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette(flat)
    return palette


if __name__ == "__main__":
    main(sys.argv[1:])
