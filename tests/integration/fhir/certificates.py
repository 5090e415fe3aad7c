"""Certificates as the IGC-Santé gives them, made on the spot: an authority, one below it, and their lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CN, OU = "sas.essai.example", "318751275100020"
NOW = datetime.now(UTC).replace(microsecond=0)  # what nginx compares with


@dataclass(frozen=True)
class Authority:
    """Signs certificates and lists."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def list_of(self, revoked: Sequence[x509.Certificate]) -> bytes:
        """Sign the list of what it has revoked."""
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(NOW - timedelta(days=1))
            .next_update(NOW + timedelta(days=7))
        )
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number)
            made = made.add_revoked_certificate(entry.revocation_date(NOW - timedelta(hours=1)).build())
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def authority(name: str, above: Authority | None = None) -> Authority:
    """Make an authority, of its own or below another."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = subject if above is None else above.certificate.subject
    made = (
        _builder(subject, issuer, key, NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
    )
    return Authority(made.sign(key if above is None else above.key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Made:
    """A certificate with its key, written to one file: the way ``relais sas check`` takes it."""

    certificate: x509.Certificate
    path: Path


def client(
    folder: Path, name: str, by: Authority, *, cn: str = CN, ou: str = OU, until: datetime | None = None
) -> Made:
    """Make the certificate of a client: CN and OU in its subject, as the guide wants them checked."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ESSAI, ET TIRET"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, ou),
            x509.NameAttribute(NameOID.COMMON_NAME, cn),
        ]
    )
    made = (
        _builder(subject, by.certificate.subject, key, until or NOW + timedelta(days=10))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    ).sign(by.key, hashes.SHA256())
    return Made(made, _written(folder / f"{name}.pem", made, key, by.pem))


def server(folder: Path, by: Authority) -> None:
    """Make the certificate of the proxy, in two files as nginx wants them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        _builder(subject, by.certificate.subject, key, NOW + timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
    ).sign(by.key, hashes.SHA256())
    (folder / "server.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "server.key").write_bytes(_private(key))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(NOW, until) - timedelta(days=1))
        .not_valid_after(until)
    )


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _written(
    path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, above: bytes
) -> Path:
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + above + _private(key))
    return path


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
