"""The key belongs to its host: what a workspace tries to send it, and the code, elsewhere."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway import Gateway, Reply, chat_stream
from tests.security.rig import (
    CAPABILITIES,
    KEY,
    OURS,
    Rig,
    attacks,
    bodies,
    made_up,
    prompt,
    serving,
    until,
)

if TYPE_CHECKING:
    from pathlib import Path

OTHER_KEY = "zai-" + made_up(40)

URI = "file:///project/area.py"

PUSHES: dict[str, Any] = {**CAPABILITIES, "workspace": {"applyEdit": True}}
"""An editor that pushes its configuration, and is not asked for it."""

LAYERS = {
    "options": "initializationOptions, into which some editors merge a workspace's settings",
    "configuration": "workspace/configuration, into which most editors do",
    "pushed": "didChangeConfiguration, as Emacs sends a .dir-locals.el",
}

REDIRECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "base-url": ("another address", {}),
    "custom": ("a provider that wants no key", {"provider": "custom"}),
    "zai": ("another provider, whose own key is in the environment", {"provider": "zai"}),
    "local": ("a model that is called local", {"provider": "local"}),
    "messages": ("the protocol that sends the key as x-api-key", {"protocol": "messages"}),
    "responses": ("the third protocol", {"protocol": "responses"}),
}


def _start(layer: str, values: dict[str, Any], home: Path, gateway: Gateway, **more: Any) -> Any:
    """Serve with a workspace's values in a layer; "pushed" still has to be pushed."""
    given: dict[str, Any] = {"capabilities": PUSHES} if layer == "pushed" else {}
    if layer in ("options", "configuration"):
        given[layer] = values
    return serving(home, gateway, **{**given, **more})


def _push(layer: str, rig: Rig, values: dict[str, Any]) -> None:
    if layer == "pushed":
        rig.client.notify("workspace/didChangeConfiguration", {"settings": {"glm": values}})


@attacks(
    "layer, more",
    {
        f"{name}-{layer}": (f"A workspace sets {what}, through {how}.", layer, more)
        for name, (what, more) in REDIRECTS.items()
        for layer, how in LAYERS.items()
    },
)
def test_a_workspace_redirects_the_key(
    sentence: str,
    layer: str,
    more: dict[str, Any],
    home: Path,
    gateway: Gateway,
    evil: Gateway,
) -> None:
    """A workspace names another host: it gets neither key nor code, and the user is told."""
    values = {"baseUrl": evil.base_url, **more}
    environ = {"ZAI_API_KEY": OTHER_KEY}
    with _start(layer, values, home, gateway, environ=environ) as rig:
        _push(layer, rig, values)
        rig.ask(rig.open(URI))
        rig.complete(URI, "return ")
        sent = bodies(evil)
        assert KEY not in sent, sentence
        assert OTHER_KEY not in sent, sentence
        assert evil.requests == [], sentence
        assert str(evil.port) in rig.shown(), sentence


@attacks(
    "layer",
    {
        layer: (f"The key comes in the options, the host through {how}.", layer)
        for layer, how in LAYERS.items()
    },
)
def test_the_editors_key_is_redirected(
    sentence: str, layer: str, home: Path, gateway: Gateway, evil: Gateway
) -> None:
    """The key is from the editor's secret store, the host from the workspace: nothing is sent."""
    values = {"baseUrl": evil.base_url}
    options = {"apiKey": KEY, **(values if layer == "options" else {})}
    environ = {"RUNAPI_KEY": None, "GLM_LSP_BASE_URL": None}
    with _start(layer, values, home, gateway, options=options, environ=environ) as rig:
        _push(layer, rig, values)
        rig.ask(rig.open(URI))
        assert KEY not in bodies(evil), sentence
        assert evil.requests == [], sentence


@attacks(
    "environ",
    {
        "any": ("GLM_API_KEY is for whatever provider.", {"GLM_API_KEY": KEY, "RUNAPI_KEY": None}),
        "own": ("RUNAPI_KEY is the provider's own.", {}),
        "none": ("There is no key at all: the code is worth stealing, too.", {"RUNAPI_KEY": None}),
    },
)
def test_a_keyless_provider_is_a_way_out(
    sentence: str, environ: dict[str, str | None], home: Path, gateway: Gateway, evil: Gateway
) -> None:
    """A workspace chooses a provider that needs no key, at its own host: no code is sent."""
    values = {"provider": "custom", "baseUrl": evil.base_url}
    with serving(home, gateway, configuration=values, environ=environ) as rig:
        rig.ask(rig.open(URI))
        assert evil.requests == [], sentence


def _disguises(home: int, evil: int) -> dict[str, tuple[str, str]]:
    return {
        "user-info": (
            "The known host stands where the user's name goes.",
            f"http://runapi.ai@127.0.0.1:{evil}/v1",
        ),
        "password": (
            "The known address stands where the password goes.",
            f"http://127.0.0.1:{home}@127.0.0.1:{evil}/v1",
        ),
        "spaces": ("There are spaces around it.", f"  http://127.0.0.1:{evil}/v1  "),
        "tab": ("There is a tab in it, which some parsers drop.", f"http://127.0.0.1:{evil}\t/v1"),
        "case": ("It is written in capitals.", f"HTTP://127.0.0.1:{evil}/v1"),
        "localhost": ("It is this machine by another name.", f"http://localhost:{evil}/v1"),
        "zeros": ("It is this machine, written with zeros.", f"http://127.000.000.001:{evil}/v1"),
        "short": ("It is this machine, written short.", f"http://127.1:{evil}/v1"),
        "number": ("It is this machine, written as a number.", f"http://2130706433:{evil}/v1"),
        "fragment": (
            "The known host stands behind a mark.",
            f"http://127.0.0.1:{evil}/v1#@127.0.0.1:{home}",
        ),
        "query": (
            "The known host stands in the query.",
            f"http://127.0.0.1:{evil}/v1?@127.0.0.1:{home}",
        ),
        "path": (
            "The known host stands in the path.",
            f"http://127.0.0.1:{evil}/127.0.0.1:{home}/v1",
        ),
        "tenant": (
            "It is the user's gateway, another tenant's path.",
            f"http://127.0.0.1:{home}/evil/v1",
        ),
    }


@pytest.mark.parametrize("name", _disguises(0, 0))
def test_a_disguised_host(name: str, home: Path, gateway: Gateway, evil: Gateway) -> None:
    """A workspace's address looks like the user's, or like this machine: it gets no key.

    Held already: `tab` (no HTTP library takes it) and `zeros` (no system looks it up).
    """
    sentence, address = _disguises(gateway.port, evil.port)[name]
    with serving(home, gateway, configuration={"baseUrl": address}) as rig:
        rig.ask(rig.open(URI))
        assert KEY not in bodies(evil), sentence
        assert evil.requests == [], sentence
        assert not [r for r in gateway.requests if r.path.startswith("/evil")], sentence


def test_no_connection_before_the_answer(home: Path, gateway: Gateway, evil: Gateway) -> None:
    """A workspace's host is not even connected to while the user has not answered."""

    def silent(_: Any) -> Any:
        return NotImplemented

    with serving(home, gateway, configuration={"baseUrl": evil.base_url}) as rig:
        rig.client.on["window/showMessageRequest"] = silent
        uri = rig.open(URI)
        params = {"command": "glm.explain", "arguments": [{"uri": uri}]}
        rig.client.call("workspace/executeCommand", params)
        until(lambda: bool(rig.questions()) or bool(evil.requests))
        assert evil.requests == evil.visits == []


def _yes(params: Any) -> Any:
    return params["actions"][0]


def test_the_user_is_asked_once_by_name(home: Path, gateway: Gateway, evil: Gateway) -> None:
    """A workspace changes the address again and again: one question for each host, by its name."""
    with serving(home, gateway, configuration={"baseUrl": evil.base_url}) as rig:
        uri = rig.open(URI)
        for _ in range(3):
            rig.ask(uri)
            rig.complete(uri, "return ")
        assert len(rig.questions()) == 1
        assert f"127.0.0.1:{evil.port}" in rig.questions()[0]
        assert evil.requests == []


def test_an_answer_is_remembered_for_its_host_alone(
    home: Path, gateway: Gateway, evil: Gateway
) -> None:
    """The user confirms one host: it is asked from then on, and no other is."""
    given = {"baseUrl": gateway.base_url}
    environ = {"GLM_LSP_BASE_URL": None}
    with serving(home, None, configuration=given, answer=_yes, environ=environ) as rig:
        rig.ask(rig.open(URI))
        assert len(rig.questions()) == 1
        assert len(gateway.requests) == 1
    with serving(home, None, configuration=given, environ=environ) as rig:
        rig.ask(rig.open(URI))
        assert rig.questions() == []
        assert len(gateway.requests) == 2
        rig.configure({"baseUrl": evil.base_url})
        rig.ask(URI)
        assert evil.requests == []
    assert _open_to_others(home / "state") + _open_to_others(home / "data") == []


def _open_to_others(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077]


NAMES: dict[str, tuple[str, str, str]] = {
    "homoglyph": ("A letter of the host is Cyrillic: the question shows it.", "https://runap\u0456.ai/v1", "xn--"),
    "bidi": ("The host turns the reading direction.", "https://evil.example\u202e/ia.ipanur//v1", "evil.example"),
    "newline": ("The address continues on a reassuring line.", "https://evil.example/\n(checked by GLM)", "evil.example"),
    "long": ("The true host comes after 2,000 characters.", f"https://{'runapi.ai.' * 6}{'a' * 60}.evil.example/v1", "evil.example"),
    "secret-path": ("The address holds a password: it is not shown.", "https://u:hunter2@evil.example/v1", "evil.example"),
}  # fmt: skip


@attacks("address, named", NAMES)
def test_the_question_is_honest(
    sentence: str, address: str, named: str, home: Path, gateway: Gateway
) -> None:
    """A workspace words its address to mislead who reads the question: it is shown as it is.

    Held already: `bidi` and `newline` were refused as addresses; now by one reader of addresses.
    """
    proxy = dict.fromkeys(("http_proxy", "https_proxy"), f"http://127.0.0.1:{gateway.port}")
    environ = {**proxy, "NO_PROXY": None, "no_proxy": None}
    with serving(home, gateway, configuration={"baseUrl": address}, environ=environ) as rig:
        rig.ask(rig.open(URI))
        assert gateway.requests == gateway.visits == [], sentence
        shown = rig.shown()
        assert named in shown, sentence
        for odd in ("\u0456", "\u202e", "hunter2", "\\n(checked", "\n(checked"):
            assert odd not in shown, sentence


@attacks(
    "capabilities",
    {
        "not-announced": ("The client says nothing about its settings.", OURS),
        "truthy": (
            "The client says something else than true.",
            {**OURS, "experimental": {"glm": {"machineScoped": "false"}}},
        ),
    },
)
def test_scopes_are_not_taken_for_granted(
    sentence: str, capabilities: Any, home: Path, gateway: Gateway, evil: Gateway
) -> None:
    """A client does not say that its settings are the user's alone: they are not trusted."""
    with serving(
        home, gateway, configuration={"baseUrl": evil.base_url}, capabilities=capabilities
    ) as rig:
        rig.ask(rig.open(URI))
        assert evil.requests == [], sentence


def _moved(status: int, to: Gateway, name: str = "Location") -> Reply:
    headers = {name: f"{to.base_url}/chat/completions"}
    return Reply([b""], status, "text/plain", headers)


@attacks(
    "status, header",
    {
        **{
            str(code): (f"It answers {code}.", code, "Location")
            for code in (300, 301, 302, 303, 307, 308)
        },
        "refresh": ("It answers 200 with Refresh.", 200, "Refresh"),
        "alt-svc": ("It names an alternative service.", 200, "Alt-Svc"),
        "use-proxy": ("It answers 305, use a proxy.", 305, "Location"),
    },
)
def test_a_service_sends_us_on(
    sentence: str, status: int, header: str, home: Path, gateway: Gateway, evil: Gateway
) -> None:
    """The user's gateway sends the request, and its key, to another host: it does not go there.

    Held already: no redirect was ever followed, and no other header is acted on.
    """
    gateway.script(_moved(status, evil, header))
    with serving(home, gateway) as rig:
        rig.ask(rig.open(URI))
        assert evil.requests == evil.visits == [], sentence


def test_a_service_leaves_a_cookie(home: Path, gateway: Gateway) -> None:
    """A gateway sets a cookie to know the user again: it is not sent back."""
    reply = chat_stream("Fine.")
    gateway.script(Reply(reply.steps, headers={"Set-Cookie": "track=1; Path=/; Max-Age=99999999"}))
    with serving(home, gateway) as rig:
        uri = rig.open(URI)
        rig.ask(uri)
        rig.ask(uri)
        assert "track" not in bodies(gateway)


@attacks(
    "address",
    {
        "127": ("The host begins like this machine's address.", "http://127.0.0.1.evil.example/v1"),
        "localhost": ("The host begins with localhost.", "http://localhost.evil.example/v1"),
        "digits": ("The host begins with 127.", "http://127.evil.example/v1"),
    },
)
def test_a_host_poses_as_this_machine(
    sentence: str, address: str, home: Path, gateway: Gateway
) -> None:
    """A host is named like this machine: it is asked through the user's proxy like any other.

    Held already: `localhost`, which was compared whole.
    """
    environ = {"GLM_LSP_BASE_URL": address, "NO_PROXY": None, "no_proxy": None}
    proxy = f"http://127.0.0.1:{gateway.port}"
    given = {**environ, "HTTP_PROXY": proxy, "http_proxy": proxy}
    with serving(home, None, environ=given) as rig:
        rig.ask(rig.open(URI))
        assert gateway.requests, sentence


@attacks(
    "values, hidden",
    {
        "key": ("The workspace gives a key of its own.", {"apiKey": "sk-evil"}, "sk-evil"),
        "auth": (
            "The workspace adds the header that holds the key.",
            {"headers": {"Authorization": "Bearer evil-value"}},
            "evil-value",
        ),
    },
)  # fmt: skip
def test_what_only_the_user_sets(
    sentence: str, values: dict[str, Any], hidden: str, home: Path, gateway: Gateway
) -> None:
    """A workspace sets what is the user's alone: it has no effect, and is not repeated.

    Held already: the key is taken out of the options alone, and its header is no header to add.
    """
    with serving(home, gateway, configuration=values) as rig:
        rig.ask(rig.open(URI))
        assert hidden not in bodies(gateway), sentence
        assert hidden not in rig.shown(), sentence
        assert KEY in bodies(gateway), sentence


ROUTE = {"headers": {"x-portkey-config": "evil-value"}}


@attacks("layer", {layer: (f"The header comes in {how}.", layer) for layer, how in LAYERS.items()})
def test_a_workspace_adds_a_header(sentence: str, layer: str, home: Path, gateway: Gateway) -> None:
    """A header may have a gateway send code on to somebody: nothing goes there unasked.

    The question names the header and shows no value. A yes is for that value alone.
    """
    with _start(layer, ROUTE, home, gateway) as rig:
        _push(layer, rig, ROUTE)
        rig.ask(rig.open(URI))
        assert gateway.requests == [], sentence
        assert "x-portkey-config" in rig.questions()[0], sentence
        assert "evil-value" not in rig.shown(), sentence
    with _start(layer, ROUTE, home, gateway, answer=_yes) as rig:
        _push(layer, rig, ROUTE)
        rig.ask(rig.open(URI))
        assert gateway.requests[-1].headers["x-portkey-config"] == "evil-value"
    other = {"headers": {"x-portkey-config": "another"}}
    with _start(layer, other, home, gateway) as rig:
        _push(layer, rig, other)
        rig.ask(rig.open(URI))
        assert len(gateway.requests) == 1, sentence


def test_the_way_to_the_model_is_the_users(home: Path, gateway: Gateway) -> None:
    """What the attacks above change works when the user says so: in the environment."""
    with serving(home, gateway) as rig:
        assert rig.ask(rig.open(URI)) == ""
        assert KEY in bodies(gateway)
        assert "area" in prompt(gateway)
        assert rig.questions() == []
