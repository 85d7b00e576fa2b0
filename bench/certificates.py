"""An authority made for one run, and the certificate of 127.0.0.1 that it signs, as any provider would show one."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.instruments import has_openssl

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: the authority to trust, the server's certificate and its key."""

    authority: Path
    server: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Write them to the folder."""
    if not has_openssl():
        raise SystemExit("--tls needs OpenSSL's headers for the stub; on Debian: apt-get install libssl-dev")
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority_key = folder / "authority.key"
    _openssl("-keyout", authority_key, "-out", made.authority, "-subj", "/CN=Parley benchmark authority")
    signed = ("-CA", made.authority, "-CAkey", authority_key, "-addext", "subjectAltName=IP:127.0.0.1")
    plain = ("-addext", "basicConstraints=critical,CA:FALSE")
    _openssl("-keyout", made.key, "-out", made.server, "-subj", "/CN=127.0.0.1", *signed, *plain)
    return made


def _openssl(*options: str | Path) -> None:
    subprocess.run(["openssl", "req", "-x509", *_KEY, *options], check=True, capture_output=True)
