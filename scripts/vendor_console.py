"""Fetches the console's libraries from the npm registry into src/parley/console/vendor/, with versions and checksums.

    python scripts/vendor_console.py           # write the files and vendor.json anew (needs npm)
    python scripts/vendor_console.py --check   # compare the files with the checksums of vendor.json; needs no network

A browser resolves no bare import (`from "preact"`) without an import map, and an import map is an inline script, which
the console's Content-Security-Policy forbids. So the few bare imports between these files are made relative here.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

VENDOR = Path(__file__).parent.parent / "src" / "parley" / "console" / "vendor"
LOCK = VENDOR / "vendor.json"
_SOURCE_MAP = re.compile(r"\n//# sourceMappingURL=.*\s*$")


@dataclass(frozen=True)
class Package:
    """One npm package, and which of its files become which of ours."""

    name: str
    version: str
    files: dict[str, str]


PACKAGES = (
    Package("preact", "11.2.0", {"dist/preact.mjs": "preact.js", "hooks/dist/hooks.mjs": "preact-hooks.js"}),
    Package("@preact/signals-core", "1.14.5", {"dist/signals-core.mjs": "signals-core.js"}),
    Package("@preact/signals", "2.11.4", {"dist/signals.mjs": "signals.js"}),
    Package("htm", "3.1.1", {"dist/htm.mjs": "htm.js"}),
    Package("marked", "18.2.1", {"lib/marked.esm.js": "marked.js"}),
    Package("dompurify", "3.4.18", {"dist/purify.es.mjs": "dompurify.js"}),
    Package("uplot", "1.6.32", {"dist/uPlot.esm.js": "uplot.js", "dist/uPlot.min.css": "uplot.css"}),
)

_MODULES = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}
_BARE_IMPORT = re.compile(rf'\bfrom\s*"({"|".join(map(re.escape, _MODULES))})"')


def main() -> None:
    match sys.argv[1:]:
        case []:
            write()
        case ["--check"]:
            raise SystemExit("\n".join(faults()) or None)
        case _:
            raise SystemExit(__doc__)


def write() -> None:
    """Fetch every package and write its files, its licence and its checksums."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    entries = [entry for package in PACKAGES for entry in _write_package(package)]
    LOCK.write_text(json.dumps(entries, indent=2) + "\n")
    print(f"{len(entries)} files in {VENDOR}")


def faults() -> Iterator[str]:
    """Say which files differ from their checksums, are missing, or are not listed."""
    listed = {entry["file"]: entry["sha256"] for entry in json.loads(LOCK.read_text())}
    present = {path.name: _sha256(path.read_bytes()) for path in VENDOR.iterdir() if path != LOCK}
    for name in sorted(listed.keys() | present.keys()):
        if listed.get(name) != present.get(name):
            yield f"{VENDOR / name} is not what vendor.json says; run python scripts/vendor_console.py"


def _write_package(package: Package) -> Iterator[dict[str, str]]:
    with TemporaryDirectory() as folder:
        spec = f"{package.name}@{package.version}"
        subprocess.run(["npm", "pack", "--silent", spec], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            licence = next(
                name for name in archive.getnames() if re.fullmatch(r"package/licen[cs]e(\..*)?", name, re.I)
            )
            sources = {**package.files, licence.removeprefix("package/"): f"{_slug(package.name)}.LICENSE"}
            for source, name in sources.items():
                member = archive.extractfile(f"package/{source}")
                assert member is not None
                content = _relative(member.read().decode()).encode()
                (VENDOR / name).write_bytes(content)
                yield {"file": name, "package": spec, "source": source, "sha256": _sha256(content)}


def _relative(text: str) -> str:
    """Make bare imports relative, and drop the pointer to a source map that is not brought along."""
    return _SOURCE_MAP.sub("\n", _BARE_IMPORT.sub(lambda found: f'from"{_MODULES[found[1]]}"', text))


def _slug(name: str) -> str:
    return name.removeprefix("@").replace("/", "-")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
