"""The commands: what a terminal would obey, and what nobody should see there."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from glm_lsp.llm.usage_store import UsageRecord, UsageStore
from tests.gateway import Gateway, Reply, chat_stream, json_reply
from tests.lsp_floor.client import python
from tests.security.rig import KEY, attacks, environment, made_up, serving

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "pw" + made_up(20)

NAMES: dict[str, tuple[str, str]] = {
    "osc": ("It writes to the clipboard.", "glm\x1b]52;c;ZXZpbA==\x07"),
    "csi": ("It clears the screen.", "glm\x1b[2J"),
    "csi-one": ("It does so with one character.", "glm\x9b2J"),
    "title": ("It renames the window.", "glm\x1b]0;evil\x1b\\"),
    "link": ("It makes a link.", "glm\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\"),
    "markup": ("It is markup.", "[red]glm[/red]"),
    "markup-broken": ("It closes markup that was not opened.", "glm[/]"),
    "markup-link": ("It is a link in markup.", "[link=https://evil.example]glm[/link]"),
    "return": ("It goes back to the line's start.", "glm\rfine"),
    "newline": ("It goes over lines.", "glm\nok  Nothing needs fixing."),
    "bidi": ("It turns the direction.", "glm\u202eevil"),
    "backspace": ("It hides what stood before.", "evil\x08\x08\x08\x08fine"),
}

ODD = set("\x1b\x07\x9b\r\u202e\x08")


def _run(home: Path, gateway: Gateway | None, *arguments: str, **more: str | None) -> str:
    """Run a command; return all that it wrote."""
    done = subprocess.run(
        python("-m", "glm_lsp", *arguments),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=environment(home, gateway, PYTHONIOENCODING="utf-8", **more),
        timeout=60,
        check=False,
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _record(home: Path, model: str) -> None:
    folder = home / "data" / "glm-lsp"
    folder.mkdir(parents=True, exist_ok=True)
    store = UsageStore(folder / "usage.sqlite3")
    values: dict[str, Any] = {a.name: 1 for a in attrs.fields(UsageRecord)}
    named: dict[str, Any] = {
        "at": time.time(),
        "provider": "runapi",
        "model": model,
        "feature": "explain",
    }
    store.add(UsageRecord(**{**values, **named, "outcome": "done", "cost": 0.1, "counted": True}))
    store.close()


@attacks("name", NAMES)
def test_a_models_name_in_usage(sentence: str, name: str, home: Path) -> None:
    """A workspace set a model's name for the terminal: `usage` shows it, and is not obeyed.

    Held already: `return` and `backspace`, which the table's library leaves out.
    """
    _record(home, name)
    shown = _run(home, None, "usage")
    assert "Traceback" not in shown, sentence
    assert "glm" in shown or "evil" in shown, sentence
    assert not set(shown) & ODD, sentence
    assert "\nok  Nothing" not in shown, sentence
    if "[" in name and not set(name) & ODD:
        assert name[:8] in shown, sentence


@attacks(
    "name", {k: NAMES[k] for k in ("osc", "csi", "markup", "markup-broken", "newline", "bidi")}
)
def test_a_models_name_in_doctor(sentence: str, name: str, home: Path, gateway: Gateway) -> None:
    """A model's name is made for the terminal: `doctor` shows it, and is not obeyed.

    Held already: markup was escaped, and a line end goes on in its own column.
    """
    shown = _run(home, gateway, "doctor", GLM_LSP_MODEL=name, GLM_LSP_COMPLETION_MODEL=name)
    assert "Traceback" not in shown, sentence
    assert not set(shown) & ODD, sentence
    assert "\nok  Nothing" not in shown, sentence


ADDRESSES: dict[str, tuple[str, str]] = {
    "user": ("It stands before the host.", "http://user:{0}@127.0.0.1:{1}/v1"),
    "query": ("It stands in the query.", "http://127.0.0.1:{1}/v1?api_key={0}"),
    "other-scheme": ("The address is none.", "ftp://user:{0}@127.0.0.1:{1}/v1"),
    "broken": ("The address is broken.", "http://user:{0}@[::1/v1"),
}


@attacks("address", ADDRESSES)
def test_a_password_in_an_address(
    sentence: str, address: str, home: Path, gateway: Gateway
) -> None:
    """The user's address holds a password: neither `doctor` nor the server's log shows it."""
    given = {"GLM_LSP_BASE_URL": address.format(PASSWORD, gateway.port)}
    gateway.script(json_reply(500, {}))
    shown = _run(home, None, "doctor", **given)
    assert "Traceback" not in shown, sentence
    assert PASSWORD not in shown, sentence
    with serving(home, None, environ=given) as rig:
        rig.ask(rig.open("file:///project/area.py"))
        assert PASSWORD not in rig.said(), sentence


SAID: dict[str, tuple[str, Reply]] = {
    "code": ("An error's code is made for the terminal.", json_reply(400, {"error": {"code": "\x1b[2J\x9b[red]", "message": "x"}})),
    "type": ("An error's type is markup.", json_reply(400, {"error": {"type": "[/]", "message": "x"}})),
    "key": ("An error repeats the key.", json_reply(401, {"error": {"code": KEY, "message": KEY}})),
    "field": ("A thought's field has a strange name.", chat_stream("ready", reasoning="hm", reasoning_field="reasoning\x1b[2J")),
    "answer": ("The answer is made for the terminal.", chat_stream("\x1b[2Jready\x07")),
}  # fmt: skip


@attacks("reply", SAID)
def test_a_service_speaks_to_doctor(
    sentence: str, reply: Reply, home: Path, gateway: Gateway
) -> None:
    """A service's words reach the terminal through `doctor`: it is not obeyed.

    Held already: all but `code`; `doctor` shows no other words of a service, and strikes the key.
    """
    gateway.script(reply)
    shown = _run(home, gateway, "doctor")
    assert "Traceback" not in shown, sentence
    assert not set(shown) & ODD, sentence
    assert KEY not in shown, sentence


@pytest.mark.parametrize("command", ["doctor", "models", "usage", "auth status", "config vim"])
def test_no_command_shows_the_key(command: str, home: Path, gateway: Gateway) -> None:
    """Somebody looks over the user's shoulder: no command shows the key, or a part of it.

    Held already: a key hides itself.
    """
    shown = _run(home, gateway, *command.split())
    assert KEY not in shown
    assert KEY[:12] not in shown
    assert KEY[-12:] not in shown


@attacks(
    "method",
    {
        "method": ("A method's name is made for the terminal.", "evil\x1b[2J\x9b"),
        "newline": ("A method's name forges a line of the log.", "x\n2026-11-25 INFO all is well"),
        "bidi": ("A method's name turns the direction.", "\u202elive"),
    },
)
def test_a_clients_words_in_the_log(
    sentence: str, method: str, home: Path, gateway: Gateway
) -> None:
    """A client's words reach the log, which is read in a terminal: they are escaped there."""
    with serving(home, gateway) as rig:
        rig.client.notify(method, {})
        rig.client.notify("textDocument/didChange", {"textDocument": {"uri": method}})
        rig.client.notify("textDocument/didOpen", {method: method})
        rig.status()
        assert not set(rig.log()) & ODD, sentence
        assert "\n2026-11-25 INFO" not in rig.log(), sentence
