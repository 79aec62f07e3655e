"""A self-signed certificate for https on the API port, created at each start."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Certificate", "make_certificate"]

NAMES = ("localhost", "host.docker.internal", "127.0.0.1", "::1")
VALID_FOR = timedelta(days=3650)


@dataclass(frozen=True)
class Certificate:
    """A certificate. Its private key exists in this process only."""

    pem: str  # for clients to trust, for example with NODE_EXTRA_CA_CERTS
    context: ssl.SSLContext


def make_certificate(host: str, now: datetime) -> Certificate:
    """Create a certificate for this machine's names and the served address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sms-consent local")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(now.astimezone(UTC) + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in dict.fromkeys((*NAMES, host))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Certificate(pem, _context(pem, key))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _context(pem: str, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    """Return a TLS context. OpenSSL loads keys from files only, so the key is briefly in a private temporary file."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory(prefix="sms-consent-") as folder:
        file = Path(folder) / "certificate.pem"
        file.write_text(pem + private.decode())
        context.load_cert_chain(file)
    return context
