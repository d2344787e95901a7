"""VS Code's page for explanations: it connects to nothing, whatever stands in the text.

Its policy and its one script are looked at as they are made, and the script is run by Node on a
document of a few lines; `tests/editors_vscode` sees the page in the real editor.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "editors" / "vscode" / "src" / "explanation.ts"

DOCUMENT = """
const element = ([localName, attributes]) => ({
  localName,
  attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
  remove() { this.gone = true; },
  removeAttribute(name) { this.attributes = this.attributes.filter((a) => a.name !== name); },
});
let taken, hear;
const acquireVsCodeApi = () => ({ postMessage() {} });
const part = () => ({ replaceChildren() {}, set innerHTML(_) { throw new Error("not looked through"); } });
const main = { ...part(), replaceChildren: ({ elements }) => (taken = elements) };
const document = {
  createElement: (name) => ({
    name,
    set innerHTML(given) {
      const elements = given.map(element);
      const found = (tag) => elements.filter((each) => tag === "*" || each.localName === tag);
      this.content = { elements, querySelectorAll: found };
    },
  }),
  querySelectorAll: () => [part(), main, part(), part()],
};
const addEventListener = (_, listener) => (hear = listener);
"""
"""Of an HTML document, as much as the page's script uses."""

OWN = ["nav", "main", "form", "input", "p"]
"""What the page is made of: who goes through earlier ones, the text, who asks, what is announced."""

HARMFUL: list[tuple[str, dict[str, str]]] = [
    ("link", {"rel": "preconnect", "href": "https://evil.example"}),
    ("link", {"rel": "dns-prefetch", "href": "//evil.example"}),
    ("img", {"src": "https://evil.example/i.png"}),
    ("meta", {"http-equiv": "refresh", "content": "0;url=https://evil.example"}),
    ("base", {"href": "https://evil.example/"}),
    ("iframe", {"src": "https://evil.example"}),
    ("video", {"poster": "https://evil.example/i.png"}),
    ("svg", {"onload": "evil()"}),
    ("style", {}),
    ("script", {}),
    ("form", {"action": "https://evil.example"}),
    ("object", {"data": "https://evil.example"}),
]


class _Elements(HTMLParser):
    """The start tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def node(script: str) -> Any:
    """Run a script with Node and return what it prints, as JSON."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node is not on PATH.")
    run = subprocess.run([program, "-e", script], capture_output=True, check=True, timeout=30)
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def page() -> str:
    """The page as the editor gets it."""
    source = SOURCE.read_text("utf-8")
    tags = re.search(r"const TAGS =[^;]*;", source)
    made = re.search(r"function page\(nonce: string\): string (\{.*?\n\})", source, re.DOTALL)
    assert tags, "the page is made elsewhere"
    assert made, "the page is made elsewhere"
    script = f"{tags[0]} const page = (nonce) => {made[1]}; "
    html = node(script + 'console.log(JSON.stringify(page("abc")))')
    assert isinstance(html, str)
    return html


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Elements()
    parser.feed(html)
    return parser.found


def test_the_policy_allows_nothing_to_be_loaded(page: str) -> None:
    """Nothing is loaded: the page's policy names its own style and script, and no place."""
    policies = [a["content"] for tag, a in elements(page) if a.get("http-equiv")]
    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-abc'",
    ]


def test_the_page_itself_names_no_other(page: str) -> None:
    """Before anything is written the page has no link, no image, and one script of its own."""
    tags = [tag for tag, _ in elements(page)]
    assert tags == ["html", "head", "meta", "meta", "style", "body", *OWN, "script"]
    assert not re.search(r"https?://|url\(|@import|src=|//[a-z]", page)


def shown(page: str, given: list[Any]) -> list[Any]:
    """Return the elements of a text, as they stand in the page once its script has run."""
    script = page.partition('<script nonce="abc">')[2].partition("</script>")[0]
    data = json.dumps({"html": given, "ended": "", "at": 1, "of": 1})
    tail = f"hear({{ data: {data} }}); console.log(JSON.stringify(taken));"
    found = node(f"{DOCUMENT}{{{script}}}\n{tail}")
    return [one for one in found if not one.get("gone")]


@pytest.mark.parametrize("given", HARMFUL, ids=lambda given: " ".join([given[0], *given[1]]))
def test_what_connects_does_not_get_in(page: str, given: tuple[str, dict[str, str]]) -> None:
    """A text holds what connects, loads or runs, in spite of the server: it is left out."""
    assert shown(page, [given]) == []


def test_what_markdown_is_made_of_gets_in_without_what_it_does(page: str) -> None:
    """Words, code and links to the web are shown; handlers, styles and other links are not."""
    given = [
        ["p", {"onclick": "evil()", "style": "background: url(https://evil.example)"}],
        ["span", {"class": "hljs-keyword", "background": "https://evil.example"}],
        ["a", {"href": "https://docs.example/", "ping": "https://evil.example"}],
        ["a", {"href": "command:evil"}],
        ["a", {"href": "//evil.example"}],
    ]
    kept = [(one["localName"], one["attributes"]) for one in shown(page, given)]
    assert kept == [
        ("p", []),
        ("span", [{"name": "class", "value": "hljs-keyword"}]),
        ("a", [{"name": "href", "value": "https://docs.example/"}]),
        ("a", []),
        ("a", []),
    ]
