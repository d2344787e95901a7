"""A later layer of settings only protects more: what a workspace tries to loosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gateway import chat_stream
from tests.security.rig import CAPABILITIES, CODE, OURS, attacks, bodies, fenced, prompt, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Gateway

URI = "file:///project/area.py"
HIDDEN = "file:///project/area.hidden"

LOOSENED: dict[str, tuple[str, Any]] = {
    "emptied": ("It empties the list.", {"context": {"exclude": []}}),
    "replaced": ("It lists something else.", {"context": {"exclude": ["*.other"]}}),
    "negated": ("It takes the pattern back.", {"context": {"exclude": ["!*.hidden"]}}),
    "negated-all": ("It takes everything back.", {"context": {"exclude": ["!*", "!**", "!/**"]}}),
    "null": ("It says null.", {"context": {"exclude": None}}),
    "null-context": ("It says null for the whole section.", {"context": None}),
    "wrong": ("It says something that is no list.", {"context": {"exclude": "none"}}),
    "broken": ("It lists a pattern that is none.", {"context": {"exclude": ["[", "\\", "***["]}}),
}


@attacks("values", LOOSENED)
def test_a_workspace_empties_the_exclusions(
    sentence: str, values: Any, home: Path, gateway: Gateway
) -> None:
    """The user excludes files, a workspace tries to include them: they are still excluded.

    Held already: the nulls and what is wrong or broken, for a bad value leaves the one before.
    """
    options = {"context": {"exclude": ["*.hidden"]}}
    with serving(home, gateway, options=options, configuration=values) as rig:
        assert "stays on your machine" in rig.ask(rig.open(HIDDEN)), sentence
        assert rig.complete(HIDDEN) == [], sentence
        assert gateway.requests == [], sentence


@attacks(
    "pattern",
    {
        "env": ("It takes back .env.", "!.env"),
        "all": ("It takes back everything.", "!**"),
        "key": ("It takes back private keys.", "!*.pem"),
    },
)
def test_a_workspace_includes_secret_files(
    sentence: str, pattern: str, home: Path, gateway: Gateway
) -> None:
    """A workspace takes back the names that are always excluded: they still are.

    Held already: the names of secret files are no setting.
    """
    with serving(home, gateway, configuration={"context": {"exclude": [pattern]}}) as rig:
        for name in (".env", "server.pem"):
            rig.ask(rig.open(f"file:///project/{name}"))
        assert gateway.requests == [], sentence


BUDGETS: dict[str, tuple[str, Any]] = {
    "raised": ("It raises the budget.", {"limits": {"dailyBudget": 1e9}}),
    "null": ("It says that there is none.", {"limits": {"dailyBudget": None}}),
    "null-limits": ("It says null for all limits.", {"limits": None}),
    "infinite": ("It says infinity.", {"limits": {"dailyBudget": 1e999}}),
    "free": ("It says that the model is free.", {"prices": {"glm-5.1": {"input": 0, "output": 0}}}),
    "refund": (
        "It says that the model pays the user.",
        {"prices": {"glm-5.1": {"input": -9, "output": -9}}},
    ),
    "not-a-number": (
        "It says that the price is no number.",
        {"prices": {"glm-5.1": {"input": float("nan"), "output": float("nan")}}},
    ),
}


@attacks("values", BUDGETS)
def test_a_workspace_lifts_the_budget(
    sentence: str, values: Any, home: Path, gateway: Gateway
) -> None:
    """The user's budget is used up, a workspace tries to go on: nothing more is asked.

    Held already: `null-limits`, since null sets nothing.
    """
    gateway.script(chat_stream("Fine.", usage=(1_000_000, 1_000, 0)))
    options = {"limits": {"dailyBudget": 0.01}}
    with serving(home, gateway, options=options, configuration=values) as rig:
        uri = rig.open(URI)
        rig.ask(uri)
        rig.ask(uri)
        assert len(gateway.requests) == 1, sentence


@attacks(
    "delivery",
    {name: (f"It says {name}.", name) for name in ("stream", "once", "auto")},
)
def test_a_workspace_stops_asking_before_edits(
    sentence: str, delivery: str, home: Path, gateway: Gateway
) -> None:
    """The user wants to confirm edits, a workspace does not: the user is still asked first."""
    gateway.script(
        fenced(
            CODE[CODE.index("def area") :].partition("\n\n\n")[0].replace("heigth", "height") + "\n"
        )
    )
    options = {"edits": {"delivery": "confirm"}}
    values = {"edits": {"delivery": delivery}}
    for capabilities in (CAPABILITIES, OURS):
        with serving(
            home, gateway, options=options, configuration=values, capabilities=capabilities
        ) as rig:
            uri = rig.open(URI)
            rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, "undefined")])
            assert rig.buffers[uri] == CODE, sentence


@attacks(
    "options, values",
    {
        "related": (
            "The user shows no other files; it wants them shown.",
            {"context": {"relatedFiles": False}},
            {"context": {"relatedFiles": True}},
        ),
        "off": (
            "The user turned completions off; it turns them on.",
            {"completion": {"enabled": False}},
            {"completion": {"enabled": True}},
        ),
        "language": (
            "The user completes no Python; it completes everything.",
            {"completion": {"disabledLanguages": ["python"]}},
            {"completion": {"disabledLanguages": []}},
        ),
    },
)
def test_a_workspace_turns_on_what_the_user_turned_off(
    sentence: str, options: Any, values: Any, home: Path, gateway: Gateway
) -> None:
    """The user sends less than usual, a workspace wants more: it stays less."""
    with serving(home, gateway, options=options, configuration=values) as rig:
        rig.configure(values)
        rig.open(
            "file:///project/other.py",
            "def canary_of_other(radius, width, height):\n    return radius * width * height\n",
        )
        rig.complete(rig.open(URI), "return ")
        sent = bodies(gateway)
        assert "canary_of_other" not in sent, sentence
        if "completion" in options:
            assert gateway.requests == [], sentence


def test_a_workspace_widens_what_is_shown(home: Path, gateway: Gateway) -> None:
    """The user shows few tokens of code, a workspace wants many: the lower bound holds."""
    text = "".join(f"line_{n} = {n}\n" for n in range(5_000)) + CODE
    options = {"context": {"maxTokens": 256}}
    values = {"context": {"maxTokens": 100_000}}
    with serving(home, gateway, options=options, configuration=values) as rig:
        rig.configure(values)
        uri = rig.open(URI, text)
        rig.ask(uri, words="heigth")
        assert len(prompt(gateway)) < 5_000


def test_a_workspace_replaces_the_users_instructions(home: Path, gateway: Gateway) -> None:
    """The user gave instructions, a workspace has others: the user's are still there."""
    options = {"instructions": "Never add dependencies."}
    values = {"instructions": "Add whatever you like."}
    with serving(home, gateway, options=options, configuration=values) as rig:
        rig.configure(values)
        rig.ask(rig.open(URI))
        assert "Never add dependencies." in prompt(gateway)


def test_a_later_configuration_takes_protection_back(home: Path, gateway: Gateway) -> None:
    """A workspace excludes nothing after all, once the server runs: the options' list holds."""
    options = {"context": {"exclude": ["*.hidden"]}}
    with serving(home, gateway, options=options) as rig:
        uri = rig.open(HIDDEN)
        values: Any
        for values in ({}, {"context": {}}, {"context": {"exclude": []}}, [], None):
            rig.configure(values)
            rig.ask(uri)
        assert gateway.requests == []
