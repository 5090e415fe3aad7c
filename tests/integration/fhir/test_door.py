"""The checklist against the demo, through a real nginx, with real certificates."""

import json
import ssl
from pathlib import Path

import httpx
import pytest

from api.cli.command import run
from tests.integration.fhir.conftest import Town


def check(town: Town, *more: str, cert: str = "valid") -> list[str]:
    numbers = [part for number in town.rpps for part in ("--rpps", number)]
    trusted = ["--ca", str(town.folder / "server-ca.pem")]
    own = ["--cert", str(town.folder / f"{cert}.pem")]
    return ["sas", "check", f"{town.platform}/fhir", *numbers, *trusted, *own, *more]


def test_the_checklist_is_green(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    refused = [part for path in town.refused for part in ("--refused", str(path))]
    code = run(check(town, *refused, "--write", "--slowest-ms", "60000", "--json"))
    lines = json.loads(capsys.readouterr().out)
    assert [line for line in lines if line["verdict"] != "ok"] == []
    assert len(lines) == 29
    assert code == 0


def test_a_red_line_is_a_failure(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """The certificate of somebody else: nothing is answered, and the command says so."""
    assert run(check(town, cert="wrong-ou")) == 1
    table = capsys.readouterr().out
    assert "NON" in table
    assert "CapabilityStatement" in table


def _client(town: Town, certificate: Path | None = None) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(town.folder / "server-ca.pem"))
    if certificate is not None:
        context.load_cert_chain(certificate)
    return httpx.Client(verify=context, trust_env=False)


FORGED = {
    "X-Client-Verify": "SUCCESS",
    "X-Client-Subject": "CN=sas.essai.example,OU=318751275100020",
    "X-Relais-Proxy-Secret": "known to the proxy and to the service only",
}


def test_headers_from_outside_open_nothing_even_with_the_secret(town: Town) -> None:
    with _client(town) as anybody:
        assert anybody.get(f"{town.pages}/fhir/metadata", headers=FORGED).status_code == 404
        assert anybody.get(f"{town.platform}/fhir/metadata", headers=FORGED).status_code == 400
        assert anybody.get(f"{town.pages}/connexion", headers=FORGED).status_code == 200
        # another spelling of the path reaches the service without what the proxy must vouch for
        assert anybody.get(f"{town.pages}/%66hir/metadata", headers=FORGED).status_code == 404
        assert anybody.get(f"{town.pages}//fhir/metadata", headers=FORGED).status_code in {403, 404}
    with _client(town, town.folder / "wrong-ou.pem") as other:
        answer = other.get(f"{town.platform}/fhir/metadata", headers=FORGED)
        assert answer.status_code == 403
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_the_service_alone_refuses_without_the_proxy(town: Town) -> None:
    without_secret = {name: value for name, value in FORGED.items() if "Secret" not in name}
    assert httpx.get(f"{town.service}/fhir/metadata", headers=without_secret).status_code == 403
    assert httpx.get(f"{town.service}/fhir/Slot").status_code == 403
