"""The accessibility rules of axe-core, judged on a page as it stands, in the light and in the dark."""

from pathlib import Path

from playwright.sync_api import Page

from clients.languages import alone_in, node_modules
from clients.toolchains import NODE, NPM, need

_FOLDER = Path(__file__).parent
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async (tags) => {
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.map((rule) => `${rule.id}: ${rule.help}\\n` + rule.nodes.map((node) =>
        `    ${node.target.join(" ")}: ${node.failureSummary.replace(/\\s+/g, " ")}`).join("\\n"));
}"""


def axe_source() -> str:
    """Read axe-core as npm installed it from the lock file; without npm the test is skipped."""
    need(NODE, NPM)
    with alone_in(_FOLDER):
        node_modules(_FOLDER)
    return (_FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(page: Page, source: str) -> list[str]:
    """Judge the page in both themes; leaves the page in the light."""
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(source)
        found += [f"{scheme}: {line}" for line in page.evaluate(_RUN, _TAGS)]
    return found
