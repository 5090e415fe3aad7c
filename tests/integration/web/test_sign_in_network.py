"""The sign-in page closed to a network that guesses: said in plain words, whatever a header pretends."""

from api.web.language import LANGUAGE_COOKIE
from scheduler.accounts.attempts import AttemptLimits, count_attempt
from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests.factories import PASSWORD
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import Town

LIMITS = AttemptLimits()


def test_a_network_that_guesses_is_told_to_wait_and_a_header_is_no_way_around(
    anonymous: Browser, town: Town, store: Store
) -> None:
    client = "192.0.2.1"  # the address of every test client
    with store.write() as session:
        for number in range(LIMITS.per_network):
            count_attempt(session, email=f"{number}@exemple.test", client=client, now=town.now, limits=LIMITS)
    anonymous.client.headers["x-forwarded-for"] = "203.0.113.9"
    email = town.emails[Role.GP]
    refused = anonymous.sign_in(email, PASSWORD)
    assert refused.status == 429
    assert (
        "Trop d'essais depuis votre connexion internet. Réessayez dans 15 minutes."
        in refused.text.replace("’", "'")
    )
    assert refused.form("/connexion").values["email"] == email
    anonymous.client.cookies.set(LANGUAGE_COOKIE, "en")
    told = anonymous.sign_in(email, PASSWORD)
    assert "Too many attempts from your internet connection. Try again in 15 minutes." in told.text
