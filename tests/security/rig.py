"""What the attacks share: the real server, a user with a key, and gateways that log it all.

The user set their key and their gateway in the environment, which counts as confirmed. What an
attacker has is named by each test: the workspace and its settings, a service, a model's words,
another user of the machine.

Invariant: no test sends to another machine, and no process outlives its `with` block.
"""

from __future__ import annotations

import contextlib
import os
import random
import string
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field

from tests.gateway import Gateway, Reply, chat_stream
from tests.lsp_floor.client import Client, NoReplyError, ServerError, python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PATIENCE = 8.0
"""Seconds after which a server counts as hung; it only matters when an attack succeeds."""

CANCELLED = -32800

_RANDOM = random.Random(13)  # noqa: S311  # Made-up secrets, the same in every run.


def made_up(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return text that looks like a secret and is none."""
    return "".join(_RANDOM.choice(alphabet) for _ in range(length))


KEY = "sk-" + made_up(44)
"""The user's API key."""

CANARY = "canary-" + made_up(12, string.ascii_lowercase)
"""A word that must not leave the machine."""

CODE = """\
import math


def area(width, height):
    result = width * heigth
    return result


def circle(radius):
    return math.pi * radius**2
"""

CAPABILITIES: dict[str, Any] = {
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        "inlineCompletion": {},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
    },
}
"""What an editor with standard LSP can do, streamed edits apart."""

OURS: dict[str, Any] = {
    **CAPABILITIES,
    "experimental": {"glm": {"applyEdit": True, "explanation": True, "status": True}},
}
"""What our own clients can do."""


def attacks(names: str, cases: Mapping[str, tuple[Any, ...]]) -> pytest.MarkDecorator:
    """Parametrize a test by attacks: a short name, its sentence, and the values of `names`."""
    listed = [pytest.param(*values, id=name) for name, values in cases.items()]
    return pytest.mark.parametrize(f"sentence, {names}".strip(", "), listed)


@define(eq=False)
class Rig:
    """One editor with one server: what the editor does, and everything that came of it."""

    client: Client
    log_file: Path
    buffers: dict[str, str] = field(factory=dict)
    versions: dict[str, int] = field(factory=dict)
    created: list[str] = field(factory=list)

    def open(self, uri: str, text: str = CODE, language: str = "python") -> str:
        """Open a document, or open it anew; return its URI."""
        if uri in self.buffers:
            self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        self.buffers[uri], self.versions[uri] = text, 1
        self.client.open(uri, text, language)
        return uri

    def ask(self, uri: str, action: str = "explain", words: str = "", **argument: Any) -> str:
        """Run an action to its end; return why it was refused, "" when it was not."""
        if words:
            argument["range"] = self.range_of(uri, words)
        params = {"command": f"glm.{action}", "arguments": [{"uri": uri, **argument}]}
        try:
            self.client.call("workspace/executeCommand", params, PATIENCE)
        except ServerError as error:
            return error.message
        self.idle()
        return ""

    def complete(self, uri: str, words: str = "", method: str = "inlineCompletion") -> list[Any]:
        """Ask for a completion behind some words, or at the end; return the items."""
        text = self.buffers[uri]
        at = text.index(words) + len(words) if words else len(text)
        params = {
            "textDocument": {"uri": uri},
            "position": position(text, at),
            "context": {"triggerKind": 1},
        }
        for _ in range(5):
            try:
                answer = self.client.call(f"textDocument/{method}", params, PATIENCE)
            except ServerError as error:
                if error.code != CANCELLED:  # As when the settings changed meanwhile.
                    return []
            else:
                return list(answer["items"] if isinstance(answer, dict) else answer or [])
        return []

    def menu(self, uri: str, words: str, diagnostics: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Ask for the code actions at some words."""
        params = {
            "textDocument": {"uri": uri},
            "range": self.range_of(uri, words),
            "context": {"diagnostics": list(diagnostics)},
        }
        return list(self.client.call("textDocument/codeAction", params, PATIENCE))

    def configure(self, values: Any) -> None:
        """Have the editor say that its configuration is another one, and wait for its effect."""
        before = len(self.client.sent("workspace/configuration"))
        self.client.on["workspace/configuration"] = lambda _: [values]
        self.client.notify("workspace/didChangeConfiguration", {"settings": None})
        until(lambda: len(self.client.sent("workspace/configuration")) > before)
        self.status()

    def status(self, patience: float = PATIENCE) -> dict[str, Any]:
        """Return what `glm.status` says; a server that hangs does not."""
        params = {"command": "glm.status", "arguments": [{}]}
        answer: dict[str, Any] = self.client.call("workspace/executeCommand", params, patience)
        return answer

    def idle(self, patience: float = PATIENCE) -> None:
        """Wait until no job runs any more."""
        until(lambda: not self.status(patience)["jobs"], patience)

    def range_of(self, uri: str, words: str) -> dict[str, Any]:
        """Return the LSP range of some words in a document."""
        text = self.buffers[uri]
        start = text.index(words)
        return {"start": position(text, start), "end": position(text, start + len(words))}

    def problem(self, uri: str, message: str, words: str = "heigth", **more: Any) -> dict[str, Any]:
        """Return a diagnostic about some words."""
        return {"range": self.range_of(uri, words), "message": message, "severity": 1, **more}

    def shown(self) -> str:
        """Return every text that the user was shown in messages, questions and progress."""
        methods = ("window/showMessage", "window/showMessageRequest", "$/progress")
        return "\n".join(str(params) for method in methods for params in self.client.sent(method))

    def questions(self) -> list[str]:
        """Return the questions that the user was asked."""
        return [params["message"] for params in self.client.sent("window/showMessageRequest")]

    def said(self) -> str:
        """Return all that the server said in any way: every message and its log."""
        return f"{self.client.received}\n{self.client.garbage!r}\n{self.log()}"

    def log(self) -> str:
        """Return the server's log, which an editor may show in a terminal."""
        return self.log_file.read_text("utf-8", "replace")

    def explanation(self) -> str:
        """Return what was explained, through whichever surface, all of them together."""
        parts = [params["delta"] for params in self.client.sent("glm/explanation")]
        for params in self.client.sent("window/showDocument"):
            if params["uri"].startswith("file:"):
                parts.append(Path(params["uri"].removeprefix("file://")).read_text("utf-8"))
            elif params["uri"] not in self.created:
                given = {"uri": params["uri"]}
                parts.append(self.client.call("workspace/textDocumentContent", given)["text"])
        return "".join(parts)

    def apply(self, params: Any) -> Any:
        """Apply an edit as an editor does: change, report, answer."""
        version = 0
        for change in params["edit"].get("documentChanges", []):
            if change.get("kind") == "create":
                self.created.append(change["uri"])
                self.buffers[change["uri"]], self.versions[change["uri"]] = "", 0
                continue
            identifier = change["textDocument"]
            uri, version = identifier["uri"], identifier["version"]
            if version not in (None, self.versions[uri]):
                return {"applied": False}
            for edit in reversed(change["edits"]):
                text = self.buffers[uri]
                start, end = (offset(text, edit["range"][side]) for side in ("start", "end"))
                self.buffers[uri] = text[:start] + edit["newText"] + text[end:]
            self.versions[uri] = version = self.versions[uri] + 1
            if uri not in self.created:
                self.client.change(uri, version, self.buffers[uri])
        return {"applied": True, "version": version}


def position(text: str, at: int) -> dict[str, int]:
    """Return an LSP position, in UTF-16."""
    line = text.count("\n", 0, at)
    head = text[text.rfind("\n", 0, at) + 1 : at]
    return {"line": line, "character": len(head.encode("utf-16-le")) // 2}


def offset(text: str, where: Mapping[str, int]) -> int:
    """Return the place of an LSP position in a text."""
    start = 0
    for _ in range(where["line"]):
        start = text.find("\n", start) + 1
    units = text[start:].encode("utf-16-le")[: 2 * where["character"]]
    return start + len(units.decode("utf-16-le"))


def until(met: Any, patience: float = PATIENCE) -> None:
    """Wait for something that the server brings about.

    Raises:
        NoReplyError: it did not.
    """
    deadline = time.monotonic() + patience
    while not met():
        if time.monotonic() > deadline:
            raise NoReplyError("the server does not get there")
        time.sleep(0.01)


def environment(home: Path, gateway: Gateway | None, **more: str | None) -> dict[str, str]:
    """Return a user's environment: nobody else's settings, and a home of their own."""
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    places = {
        "HOME": home,
        "TMPDIR": home / "tmp",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_CACHE_HOME": home / "cache",
    }
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    given: dict[str, str | None] = {
        **kept,
        **{name: str(place) for name, place in places.items()},
        "NO_PROXY": "*",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "RUNAPI_KEY": KEY,
        "GLM_LSP_BASE_URL": gateway.base_url if gateway is not None else None,
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


@contextmanager
def serving(
    home: Path,
    gateway: Gateway | None,
    *,
    root: Path | Sequence[Path] | None = None,
    options: Any = None,
    configuration: Any = None,
    capabilities: Any = None,
    answer: Any = None,
    environ: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
    level: str = "debug",
    arguments: Sequence[str] = (),
    module: Sequence[str] = ("glm_lsp",),
    more: Mapping[str, Any] | None = None,
) -> Iterator[Rig]:
    """Start the server as an editor does, for the length of a `with`.

    `configuration` is what the editor answers when it is asked; `answer` is what the user
    answers to a question, by default nothing; `more` is what else `initialize` says.
    """
    log = home / f"log-{time.monotonic_ns()}"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            python("-m", *module, "--log-level", level, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(home, gateway, **(environ or {})),
            cwd=cwd,
        )
    client = Client(process)
    rig = Rig(client, log)
    roots = [root] if isinstance(root, Path) else list(root or ())
    client.on.update(
        {
            "workspace/configuration": lambda _: [configuration],
            "window/showMessageRequest": lambda params: answer(params) if answer else None,
            "window/showDocument": lambda _: {"success": True},
            "workspace/applyEdit": rig.apply,
            "glm/applyEdit": rig.apply,
        }
    )
    try:
        client.initialize(
            OURS if capabilities is None else capabilities,
            rootUri=roots[0].as_uri() if roots else None,
            workspaceFolders=[{"uri": r.as_uri(), "name": r.name} for r in roots] or None,
            initializationOptions={} if options is None else options,
            **(more or {}),
        )
        yield rig
    finally:
        _end(client)


def _end(client: Client) -> None:
    """End a server, one that hangs too."""
    process = client.process
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
    client.close()


def bodies(*gateways: Gateway) -> str:
    """Return all that gateways were sent: addresses, headers and bodies."""
    return "\n".join(
        f"{one.path} {dict(one.headers)} {one.content.decode('utf-8', 'replace')}"
        for gateway in gateways
        for one in (*gateway.requests, *gateway.visits)
    )


def prompt(gateway: Gateway, index: int = -1) -> str:
    """Return the text of what a model was asked."""
    return "\n".join(m["content"] for m in gateway.requests[index].json["messages"])


def fenced(code: str, language: str = "python") -> Reply:
    """Return the answer of a model that writes code."""
    return chat_stream(f"```{language}\n{code}```", chunk=7)


def filled(code: str) -> Reply:
    """Return the answer of a model that completes code."""
    return chat_stream(f"<fill>{code}</fill>", chunk=7)


def memory(process: int) -> int:
    """Return the most memory that a process ever held, in bytes; 0 where nobody says."""
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii")
    except OSError:
        return 0
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024
