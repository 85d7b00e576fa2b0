"""Builds stub.c and load.c with the system's compiler, again only where a source is newer than its program."""

import subprocess
import tempfile
from pathlib import Path

from bench.machine import ARTIFACTS

_SOURCES = Path(__file__).parent
STUB = ARTIFACTS / "stub"
LOAD = ARTIFACTS / "load"
_COMPILE = ["gcc", "-O2", "-Wall", "-Wextra"]
_TLS = ["-DWITH_TLS", "-lssl", "-lcrypto"]


def build_programs() -> None:
    """Raises CalledProcessError with the compiler's words on standard error."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for program in (STUB, LOAD):
        source = _SOURCES / f"{program.name}.c"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            options = _TLS if program == STUB and has_openssl() else []
            subprocess.run([*_COMPILE, "-o", program, source, *options], check=True)


def has_openssl() -> bool:
    """Say whether OpenSSL's headers and libraries are there, for a stub that speaks TLS; on Debian: libssl-dev."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "empty.c"
        source.write_text("#include <openssl/ssl.h>\nint main(void) { return !TLS_server_method(); }\n")
        tried = subprocess.run(["gcc", "-o", f"{folder}/empty", source, "-lssl", "-lcrypto"], stderr=subprocess.DEVNULL)
    return tried.returncode == 0
