"""Write the API's description from the code: contracts/openapi.json, and what the server serves of it.

Run it after every change of a route, a request body or a described answer; `scripts/record_examples.py` before it where
the embedded models answer differently.
"""

from pathlib import Path

import msgspec

from reference.document import all_operations, build_document
from reference.examples import load_examples
from reference.page import render_page

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "src" / "parley" / "wire" / "static"


def rendered() -> dict[Path, bytes]:
    """Return what each written file holds."""
    document = build_document()
    indented = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    return {
        ROOT / "contracts" / "openapi.json": indented,
        STATIC / "openapi.json": msgspec.json.encode(document) + b"\n",
        STATIC / "docs.html": render_page(document, all_operations(), load_examples()).encode(),
    }


def main() -> None:
    for path, content in rendered().items():
        is_same = path.exists() and path.read_bytes() == content
        path.write_bytes(content)
        print(f"{'same   ' if is_same else 'CHANGED'}  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
