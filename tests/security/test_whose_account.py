"""Whose account is asked: who owns it can read what was asked in it, so it is the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.security.rig import KEY, bodies, made_up, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Gateway

URI = "file:///project/a.py"
OTHER_KEY = "sk-" + made_up(44)
LOGIN = "http://evil:" + made_up(16) + "@"


def test_a_workspace_logs_in_at_the_users_gateway(home: Path, gateway: Gateway) -> None:
    """A workspace's address is the user's gateway with a login of its own: the user is asked."""
    values = {"baseUrl": gateway.base_url.replace("http://", LOGIN)}
    with serving(home, gateway, configuration=values) as rig:
        rig.ask(rig.open(URI))
        rig.complete(URI, "return ")
        assert gateway.requests == []
        assert len(rig.questions()) == 1
        assert "name and password" in rig.questions()[0]
        assert LOGIN[12:28] not in rig.shown()


def test_a_login_at_a_host_that_was_confirmed(home: Path, gateway: Gateway, evil: Gateway) -> None:
    """The user said yes to a host: a workspace's login there is another question, and no secret."""

    def yes(params: Any) -> Any:
        return params["actions"][0]

    with serving(home, gateway, configuration={"baseUrl": evil.base_url}, answer=yes) as rig:
        rig.ask(rig.open(URI))
        assert len(evil.requests) == 1
    values = {"baseUrl": evil.base_url.replace("http://", LOGIN)}
    with serving(home, gateway, configuration=values) as rig:
        rig.ask(rig.open(URI))
        assert len(rig.questions()) == 1
    assert len(evil.requests) == 1
    with serving(home, gateway, configuration=values, answer=yes) as rig:
        rig.ask(rig.open(URI))
        assert len(evil.requests) == 2
    kept = [path.read_text("utf-8") for path in (home / "state").rglob("*.json")]
    assert kept
    assert LOGIN[12:28] not in "".join(kept)


def test_a_workspace_brings_a_key(home: Path, gateway: Gateway) -> None:
    """A workspace's options hold a key: the user's own in the environment goes before it."""
    with serving(home, gateway, options={"apiKey": OTHER_KEY}) as rig:
        rig.ask(rig.open(URI))
        rig.complete(URI, "return ")
    assert len(gateway.requests) == 2
    assert OTHER_KEY not in bodies(gateway)
    assert KEY in bodies(gateway)


def test_the_users_own_login_works(home: Path, gateway: Gateway) -> None:
    """What the attacks above change works when the user says so, in the environment."""
    address = gateway.base_url.replace("http://", LOGIN)
    with serving(home, gateway, environ={"GLM_LSP_BASE_URL": address}) as rig:
        assert rig.ask(rig.open(URI)) == ""
        rig.configure({"baseUrl": address})
        assert rig.ask(URI) == ""
        assert rig.questions() == []
    assert len(gateway.requests) == 2
