"""The commands around the server, as a user sees them: what they print and return."""

from __future__ import annotations

import io
import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import keyring
import keyring.backend
import keyring.errors
import pytest
from rich.console import Console

from glm_lsp import doctor, providers
from glm_lsp.commands import auth, models, usage
from glm_lsp.errors import GlmError, NoKeyError
from glm_lsp.llm.credentials import Key, find_key
from glm_lsp.llm.timeouts import Timeouts
from glm_lsp.llm.usage_store import UsageRecord, UsageStore
from glm_lsp.prices import Price
from glm_lsp.settings import ModelSettings, Settings
from tests.gateway import Gateway, Reply, Stall, chat_stream, error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "not-a-key-0123456789"
NOON = datetime(2026, 11, 23, 12).timestamp()  # noqa: DTZ001  # The user's own day.
TIMEOUTS = Timeouts(connect=5.0, token=5.0, tail=0.5, attempts=1)


class Drawer(keyring.backend.KeyringBackend):
    """A keyring that is a dictionary."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has no types here.
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError(username)


class Locked(Drawer):
    """A keyring that cannot be used."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked(password)


@pytest.fixture(autouse=True)
def drawer() -> Iterator[Drawer]:
    before = keyring.get_keyring()
    mine = Drawer()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=100, color_system=None, highlight=False)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_auth_keeps_a_key_without_ever_showing_it(console: Console, drawer: Drawer) -> None:
    """What is set is found and removed; nothing printed or represented holds it."""
    assert auth.run("set", "zai", {}, console=console, ask=lambda _: f" {SECRET}\n") == 0
    assert list(drawer.kept.values()) == [SECRET]
    assert auth.run("status", "zai", {}, console=console) == 0
    key = find_key(providers.find("zai"), given=None, environ={})
    assert key is not None
    assert key.reveal() == SECRET
    assert SECRET not in f"{key} {key!r} {[key]}"
    assert auth.run("remove", "zai", {}, console=console) == 0
    assert auth.run("remove", "zai", {}, console=console) == 0
    assert drawer.kept == {}
    assert printed(console).splitlines() == [
        "The key for Z.ai is in the system’s keyring.",
        "Z.ai: the key from the keyring is used.",
        "The key for Z.ai is no longer in the system’s keyring.",
        "The key for Z.ai was not in the system’s keyring.",
    ]
    with pytest.raises(NoKeyError, match="set ZAI_API_KEY or run `glm-lsp auth set`"):
        auth.run("status", "zai", {}, console=console)


def test_auth_says_when_the_environment_goes_first(console: Console) -> None:
    """A key in the environment is used before the one just stored, and that is said."""
    environ = {"RUNAPI_KEY": "another-made-up-one"}
    auth.run("set", "runapi", environ, console=console, ask=lambda _: SECRET)
    assert "RUNAPI_KEY is set as well, and is used before it." in printed(console)


def test_a_locked_keyring_has_a_remedy(console: Console) -> None:
    """Without a keyring the sentence names the variable, and shows no key."""
    keyring.set_keyring(Locked())
    with pytest.raises(GlmError, match="set RUNAPI_KEY in the environment") as caught:
        auth.run("set", "runapi", {}, console=console, ask=lambda _: SECRET)
    assert SECRET not in f"{caught.value!r} {caught.value.detail}"
    assert find_key(providers.find("runapi"), given=None, environ={}) is None


@pytest.mark.parametrize(
    ("given", "environ", "source"),
    [
        ("k1", {"GLM_API_KEY": "k2", "RUNAPI_KEY": "k3"}, "the editor"),
        (None, {"RUNAPI_KEY": "k3", "GLM_API_KEY": "k2"}, "GLM_API_KEY"),
        ("", {"RUNAPI_API_KEY": "k4", "RUNAPI_KEY": "k3"}, "RUNAPI_KEY"),
        (None, {"RUNAPI_KEY": "  ", "RUNAPI_API_KEY": "k4"}, "RUNAPI_API_KEY"),
        (None, {"ZAI_API_KEY": "k5"}, "the keyring"),
    ],
)
def test_the_first_key_found_is_used(
    given: str | None, environ: dict[str, str], source: str, drawer: Drawer
) -> None:
    """The editor's goes before the environment's, that before the keyring's."""
    drawer.kept["glm-lsp", "runapi"] = "k6"
    key = find_key(providers.find("runapi"), given=given, environ=environ)
    assert isinstance(key, Key)
    assert key.source == source


@pytest.mark.parametrize("value", ["a b", "schlüssel", "a\x00b", "line\nbreak"])
def test_what_cannot_be_a_key_is_refused_where_it_is_found(value: str) -> None:
    """A value no header can carry is refused before any library prints it."""
    with pytest.raises(NoKeyError, match="from RUNAPI_KEY holds characters") as caught:
        find_key(providers.find("runapi"), given=None, environ={"RUNAPI_KEY": value})
    assert value not in str(caught.value)


def test_models_lists_every_variant_with_the_price_list(console: Console) -> None:
    """All seven variants, the two after them, and what the user chose or priced."""
    settings = Settings(
        models=ModelSettings(completion="my-model"), prices={"glm-5.1": Price(1.0, 2.0, 0.5)}
    )
    assert models.run(settings, console=console) == 0
    rows = {line.split()[0]: line.split() for line in printed(console).splitlines() if line}
    assert rows["glm-4.5"][1:6] == ["128K", "96K", "20.00", "20.00", "20.00"]
    assert rows["glm-4.5-air"][3:6] == ["10.00"] * 3
    assert rows["glm-5.1"][3:6] == ["1.00", "0.50", "2.00"]
    assert rows["glm-5.1"][-1] == "actions"
    assert rows["my-model"][1:6] == ["32K?", "4K?", "?", "?", "?"]
    assert {"glm-4.6", "glm-4.7", "glm-5", "glm-5-turbo", "glm-5.2", "glm-5.3"} < rows.keys()
    assert "Prices are estimates" in printed(console)


def record(**fields: Any) -> UsageRecord:
    values: dict[str, Any] = {
        "at": NOON,
        "provider": "runapi",
        "model": "glm-5.1",
        "feature": "fix",
        "prompt": 1000,
        "cached": 500,
        "output": 200,
        "reasoning": 0,
        "size": 3000,
        "first_token": 0.4,
        "duration": 1.0,
        "outcome": "done",
        "cost": 0.036,
        **fields,
    }
    return UsageRecord(**values)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    kept = UsageStore(tmp_path / "usage.sqlite3")
    kept.add(record())
    kept.add(record(first_token=0.6))
    kept.add(record(outcome="QuotaError", prompt=0, cached=0, output=0, cost=0, first_token=None))
    kept.add(record(at=NOON - 2 * 86400, model="m", feature="completion", cost=None))
    kept.add(record(at=NOON - 90 * 86400))
    kept.accepted(NOON, "m", "completion")
    kept.close()
    return kept.path


def test_usage_adds_up_by_day_model_and_feature(store: Path, console: Console) -> None:
    """The days asked for are counted, failures apart, costs marked as estimates."""
    assert usage.run(store, days=3, as_json=True, console=console, now=NOON) == 0
    told = json.loads(printed(console))
    assert [day["day"] for day in told["byDay"]] == ["2026-11-21", "2026-11-23"]
    first, second = told["byModel"]
    assert (first["model"], first["requests"], first["failures"]) == ("glm-5.1", 3, 1)
    assert (first["prompt"], first["cached"], first["output"]) == (2000, 1000, 400)
    assert first["estimatedCost"] == pytest.approx(0.072)
    assert first["medianSecondsToFirstToken"] == pytest.approx(0.5)
    assert (second["model"], second["unpriced"], second["accepted"]) == ("m", 1, 1)


def test_usage_draws_a_plot(store: Path, console: Console) -> None:
    """Each day has its bar; the longest day's is the longest."""
    usage.run(store, days=3, console=console, now=NOON)
    lines = printed(console).splitlines()
    bars = {line.split()[0]: line.count("█") + line.count("#") for line in lines[1:4]}
    assert bars["2026-11-23"] == 24
    assert bars["2026-11-22"] == 0
    assert 0 < bars["2026-11-21"] < 24
    assert "Costs are estimates" in printed(console)
    assert "~$0.07" in printed(console)


def test_usage_shows_no_cost_without_a_price(store: Path, console: Console) -> None:
    """A model without a price has no cost, which is not the same as none, and says what to set."""
    usage.run(store, days=3, console=console, now=NOON)
    row = next(line for line in printed(console).splitlines() if line.startswith("m "))
    assert row.split()[-1] == "?"
    assert "1 requests have no price: set it in `glm.prices`." in printed(console)


def test_usage_of_nothing_says_so(tmp_path: Path, console: Console) -> None:
    """Without a usage store nothing is made, and one sentence is printed."""
    assert usage.run(tmp_path / "none.sqlite3", console=console, now=NOON) == 0
    assert printed(console).startswith("Nothing was asked since 2026-11-10")
    assert not list(tmp_path.iterdir())


def test_a_usage_store_that_is_none_has_a_remedy(tmp_path: Path, console: Console) -> None:
    """Another file in its place is named, with what to do."""
    path = tmp_path / "usage.sqlite3"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(GlmError, match="move the file away"):
        usage.run(path, console=console)


def examine(console: Console, gateway: Gateway | None = None, **environ: str) -> tuple[int, str]:
    if gateway:
        environ = {"RUNAPI_KEY": SECRET, "GLM_LSP_BASE_URL": gateway.base_url, **environ}
    code = doctor.run(environ, console=console, timeouts=TIMEOUTS)
    assert SECRET not in printed(console)
    return code, " ".join(printed(console).split())


def test_doctor_asks_each_model_and_tells_what_it_found(console: Console) -> None:
    """Thinking, the name of its field, tokens and cached tokens: all found by asking."""
    asked: list[Any] = []

    def choose(body: Any) -> Reply:
        asked.append(body)
        thinks = body.get("thinking", {}).get("type") == "enabled"
        return chat_stream(
            "ready",
            reasoning="hm" if thinks else "",
            reasoning_field="reasoning",
            usage=(12, 2, 8 * (len(asked) > 1)),
        )

    with Gateway(choose) as gateway:
        code, told = examine(console, gateway)
    assert code == 0
    assert "Nothing needs fixing." in told
    assert "baseUrl http://127.0.0.1" in told
    assert "The key from RUNAPI_KEY is used." in told
    assert "glm-5.1 (actions) answers; first token after" in told
    assert "glm-4.7 (completion) answers" in told
    assert "asked not to think: that works" in told
    assert "thoughts come as `reasoning`" in told
    assert "cached tokens are reported (8 the second time)" in told
    assert "estimated by $30.00 in, $30.00 cached, $30.00 out per 1M tokens" in told
    assert {body["max_tokens"] for body in asked} == {64}
    assert len(asked) == 6


def test_doctor_tells_a_switch_that_is_ignored_or_refused(console: Console) -> None:
    """A gateway that thinks all the same, and one that refuses the field, are told apart."""

    def choose(body: Any) -> Reply:
        if body["model"] == "glm-4.7" and "thinking" in body:
            return error(400, "unsupported_model_capability", "thinking")
        return chat_stream("ready", reasoning="hm", usage=None)

    with Gateway(choose) as gateway:
        code, told = examine(console, gateway, GLM_LSP_PROVIDER="bigmodel", GLM_API_KEY=SECRET)
    assert code == 0
    assert "no price is known: no cost is shown, and no daily budget holds" in told
    assert "asked not to think: that is ignored" in told
    assert "asked not to think: that is refused; completions will be slow" in told
    assert "does not take: thinking" in told
    assert "tokens are not reported: estimated" in told


def test_doctor_tells_which_model_answers_and_what_was_noticed(
    console: Console, tmp_path: Path
) -> None:
    """Another model than the one asked for is named; so is what earlier sessions noticed."""
    kept = UsageStore(tmp_path / "usage.sqlite3")
    kept.noticed(time.time(), "runapi", "glm-4.7", "cache", "")
    kept.noticed(time.time() - 90 * 86400, "runapi", "glm-5", "thinking", "")
    kept.close()
    with Gateway(chat_stream("ready", model="zai-org/GLM-5.1-FP8")) as gateway:
        environ = {"RUNAPI_KEY": SECRET, "GLM_LSP_BASE_URL": gateway.base_url}
        assert doctor.run(environ, console=console, timeouts=TIMEOUTS, usage=kept.path) == 0
    told = " ".join(printed(console).split())
    assert "glm-5.1 (actions) answers; first token" in told
    assert "glm-4.7 (completion; answered as zai-org/GLM-5.1-FP8) answers" in told
    assert "runapi: less of the prompts for glm-4.7 was found in the cache" in told
    assert "glm-5 thought" not in told


def test_doctor_says_how_much_of_a_repository_is_indexed(console: Console, tmp_path: Path) -> None:
    """In a repository, not elsewhere; from any of its folders."""
    for name in ("one.py", "deep/two.py", "notes.txt"):
        (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / name).write_text("x = 1\n", "utf-8")
    (tmp_path / "work" / ".gitignore").write_text("ignored.py\n", "utf-8")
    (tmp_path / "work" / "ignored.py").write_text("x = 1\n", "utf-8")
    doctor.run({}, console=console, folder=tmp_path / "work")
    assert "Workspace" not in printed(console)
    (tmp_path / "work" / ".git").mkdir()
    doctor.run({}, console=console, folder=tmp_path / "work" / "deep")
    assert "Of work 2 files are indexed." in printed(console)


def test_doctor_without_a_key_says_what_to_set(console: Console) -> None:
    """No key: exit 1, the remedy, and nothing is asked."""
    code, told = examine(console)
    assert code == 1
    assert "fix No API key: set RUNAPI_KEY or run `glm-lsp auth set`." in told
    assert "Service" not in told


def test_doctor_examines_what_an_editor_sets(console: Console) -> None:
    """The editor's settings and its key count; what is no such thing is told in one sentence."""
    with Gateway(chat_stream("ready")) as gateway:
        tree = {"provider": "custom", "baseUrl": gateway.base_url}
        said = {"settings": [tree, {**tree, "models": {"actions": "mine"}}], "apiKey": SECRET}
        editor = doctor.read_editor(json.dumps(said))
        assert SECRET not in repr(editor)
        assert doctor.run({}, editor=editor, console=console, timeouts=TIMEOUTS) == 0
        assert {each.headers["authorization"] for each in gateway.requests} == {f"Bearer {SECRET}"}
    told = " ".join(printed(console).split())
    assert SECRET not in told
    assert "models.actions mine the editor" in told
    assert "The key from the editor is used." in told
    assert "mine (actions) answers" in told
    for wrong in ("", "[]", "{}", '{"settings": 1}', '"words"'):
        with pytest.raises(GlmError, match="The editor should say"):
            doctor.read_editor(wrong)


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (error(401, "1002"), "refuses the API key from RUNAPI_KEY"),
        (error(400, "1211"), "knows no model “glm-5.1”"),
        (Reply([Stall()]), "was silent for too long"),
        (chat_stream(""), "answers with nothing at all"),
    ],
)
def test_doctor_names_what_needs_fixing(reply: Reply, sentence: str, console: Console) -> None:
    """One thing to fix: exit 1, its sentence, and no second model is asked."""
    quick = Timeouts(connect=5.0, token=0.3, tail=0.3, attempts=1)
    with Gateway(reply) as gateway:
        environ = {"RUNAPI_KEY": SECRET, "GLM_LSP_BASE_URL": gateway.base_url}
        assert doctor.run(environ, console=console, timeouts=quick) == 1
        assert {record.json["model"] for record in gateway.requests} == {"glm-5.1"}
    told = " ".join(printed(console).split())
    assert sentence in told
    assert "One thing needs fixing, see above." in told


def test_doctor_names_a_bad_setting(console: Console) -> None:
    """A value that is none is named by its key, with where the others came from."""
    code, told = examine(console, GLM_LSP_PROVIDER="nobody", GLM_LSP_MODEL="glm-5")
    assert code == 1
    assert "fix provider should be one of" in told
    assert "models.actions glm-5 environment" in told
