"""A slow line: some requests of a page are held back until the test lets them go on."""

from dataclasses import dataclass, field

from playwright.sync_api import Page, Route


@dataclass
class SlowLine:
    """Holds back what a page asks for at some address.

    Parameters
    ----------
    address
        A pattern, as ``Page.route`` takes them.
    """

    page: Page
    address: str
    _held: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route(self.address, self._hold)

    def _hold(self, route: Route) -> None:
        self._held.append(route)

    def let_it_come(self) -> None:
        """Let the newest request go on."""
        self._held.pop().continue_()
