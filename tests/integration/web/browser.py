"""A person's browser without JavaScript: it follows links, fills in forms and sends them as they stand."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx


@dataclass
class FoundForm:
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def values(self) -> dict[str, str]:
        return dict(self.fields)


class _Reader(HTMLParser):
    """Reads the forms of a page, with what a browser would send of each."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FoundForm] = []
        self.texts: list[str] = []
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in given}
        if tag == "form":
            self.forms.append(FoundForm(attrs.get("action", ""), attrs.get("method", "get")))
        elif tag == "input" and self.forms and attrs.get("name"):
            self._input(attrs, {name for name, _ in given})
        elif tag == "select":
            self._select, self._options = attrs["name"], []
        elif tag == "option" and self._select:
            self._options.append((attrs.get("value", ""), "selected" in attrs))
        elif tag == "textarea":
            self._area = attrs["name"]
            self.forms[-1].fields.append((self._area, ""))

    def _input(self, attrs: dict[str, str], names: set[str]) -> None:
        kind = attrs.get("type", "text")
        if kind == "file" or (kind in {"radio", "checkbox"} and "checked" not in names):
            return
        self.forms[-1].fields.append((attrs["name"], attrs.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected] or [
                value for value, _ in self._options[:1]
            ]
            self.forms[-1].fields += [(self._select, value) for value in chosen]
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            name, text = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, text + data)
        self.texts.append(data)


class Page:
    """One answer, read as a person would."""

    def __init__(self, answer: httpx.Response) -> None:
        reader = _Reader()
        reader.feed(answer.text)
        self.answer = answer
        self.status = answer.status_code
        self.html = answer.text
        self.forms = reader.forms
        self.text = " ".join(" ".join(reader.texts).replace("\u202f", " ").split())
        self.path = answer.url.path

    def form(self, action: str) -> FoundForm:
        """Give the one form that goes to an address (or begins with it)."""
        found = [form for form in self.forms if form.action == action] or [
            form for form in self.forms if form.action.startswith(action)
        ]
        assert found, f"no form to {action} among {[form.action for form in self.forms]}"
        return found[0]


class Browser:
    """Wraps an HTTP client; every form goes with the header a browser vouches for our own pages by."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def open(self, path: str) -> Page:
        return Page(self.client.get(path, follow_redirects=True, headers={"accept": "text/html"}))

    def send(self, page: Page, action: str, files: Any = None, **typed: str) -> Page:
        """Send a form of a page with some fields typed over."""
        form = page.form(action)
        data = [(name, value) for name, value in form.fields if name not in typed] + list(typed.items())
        merged: dict[str, list[str]] = {}
        for name, value in data:
            merged.setdefault(name, []).append(value)
        return self.post(urljoin(page.path, form.action), merged, files=files)

    def post(self, path: str, data: Any, files: Any = None, **headers: str) -> Page:
        sent = {"accept": "text/html", "sec-fetch-site": "same-origin"} | headers
        answer = self.client.post(urlsplit(path).path, data=data, files=files, headers=sent)
        if answer.is_redirect:
            return self.open(answer.headers["location"])
        return Page(answer)

    def sign_in(self, email: str, password: str) -> Page:
        return self.send(self.open("/connexion"), "/connexion", email=email, password=password)
