"""Make the pictures of the user guide: each page of ``tests.pages`` on a phone and on a desk.

``python -m tests.screenshots [NAME …]`` writes ``docs/images/<name>-390.png`` and ``-1440.png``, of all pages
or of those named. A small palette of each picture's own is enough for flat pages, and keeps the
whole folder under three megabytes. Everyone on them is invented.
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from api.security import COOKIE
from scheduler.store.tables import Role
from tests.demo_site import DemoSite, chromium, demo_site
from tests.pages import PAGES

FOLDER = Path(__file__).parents[1] / "docs" / "images"
SCREENS = {390: (390, 844, 1300), 1440: (1440, 900, 1100)}
"""Width, height, and the most that is shown of a long page, in pixels."""
_NUM_COLOURS = 28


def main(names: list[str]) -> None:
    """Make the pictures of the pages that have a name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [listed for listed in PAGES if listed.name and (not names or listed.name in names)]
    with tempfile.TemporaryDirectory() as folder, demo_site(Path(folder)) as site, chromium() as browser:
        windows = _Windows(browser, site)
        for listed in wanted:
            page = windows.of(listed.role)
            answer = page.goto(site.url + listed.address(site))
            assert answer is not None
            assert answer.status == listed.status, f"{listed.path}: {answer.status}"
            for width in SCREENS:
                size = _kept(_taken(page, width), FOLDER / f"{listed.name}-{width}.png")
                sys.stdout.write(f"{listed.name}-{width}.png {size // 1024} kB\n")
    total = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    sys.stdout.write(f"{total / 1e6:.2f} MB in {FOLDER}\n")


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
    """Write a picture with a small palette of its own; give its size in bytes."""
    picture = Image.open(BytesIO(taken)).convert("RGB")
    small = picture.quantize(_NUM_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    return path.stat().st_size


if __name__ == "__main__":
    main(sys.argv[1:])
