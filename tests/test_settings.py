"""Settings: raw values in, a whole tree out, and every bad key by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp.prices import Price
from glm_lsp.settings import Settings, camel, keys
from glm_lsp.settings.layers import ENVIRONMENT, Layer, Problem, from_environment, load

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = [name for name, _ in keys()]
DEFAULTS = Settings()


def at(settings: Settings, key: str) -> Any:
    """Return the value under a dotted key."""
    value: Any = settings
    for part in key.split("."):
        value = {camel(a.name): getattr(value, a.name) for a in attrs.fields(type(value))}[part]
    return value


def tree(key: str, value: Any) -> dict[str, Any]:
    """Return raw values with one dotted key set."""
    for part in reversed(key.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        pytest.param("provider", "zai", "zai", id="choice"),
        pytest.param("baseUrl", "http://a/v1", "http://a/v1", id="text"),
        pytest.param("baseUrl", None, None, id="text or null"),
        pytest.param("completion.enabled", False, False, id="switch"),
        pytest.param("completion.delay", 0, 0, id="number or null"),
        pytest.param("completion.maxLines", 1, 1, id="least"),
        pytest.param("completion.disabledLanguages", ["c", "go"], ("c", "go"), id="list"),
        pytest.param("completion.disabledLanguages", [], (), id="empty list"),
        pytest.param("limits.timeout", 5, 5.0, id="whole number for a number"),
        pytest.param("limits.dailyBudget", 0.5, 0.5, id="fraction"),
        pytest.param(
            "prices", {"m": {"input": 1, "output": 2.5}}, {"m": Price(1.0, 2.5)}, id="prices"
        ),
    ],
)
def test_a_good_value_is_taken(key: str, raw: Any, value: Any) -> None:
    """The value is in the tree, its source is known, and all the rest is default."""
    loaded = load(Layer("the editor", tree(key, raw)))
    assert at(loaded.settings, key) == value
    assert loaded.sources == {key: "the editor"}
    assert loaded.problems == ()
    assert all(at(loaded.settings, other) == at(DEFAULTS, other) for other in KEYS if other != key)


@pytest.mark.parametrize(
    ("key", "raw", "words"),
    [
        pytest.param("provider", "openai", "should be one of 'runapi', 'zai'", id="choice"),
        pytest.param("provider", ["zai"], "should be one of", id="list for a choice"),
        pytest.param("provider", None, "should be one of", id="null for a choice"),
        pytest.param("instructions", 5, "should be a text, not 5", id="number for a text"),
        pytest.param("completion.enabled", "yes", "should be true or false", id="text for switch"),
        pytest.param("completion.enabled", 1, "should be true or false", id="1 for a switch"),
        pytest.param("completion.maxLines", True, "should be a whole number", id="switch"),
        pytest.param("completion.maxLines", 1.5, "should be a whole number", id="fraction"),
        pytest.param("completion.maxLines", 0, "should be at least 1, not 0", id="too little"),
        pytest.param("completion.delay", -1, "should be at least 0, not -1", id="negative delay"),
        pytest.param("completion.delay", "5", "a whole number or null", id="text for a number"),
        pytest.param("limits.timeout", float("nan"), "should be at least 1", id="not a number"),
        pytest.param("completion.disabledLanguages", "c", "a list of texts", id="text for a list"),
        pytest.param("completion.disabledLanguages", ["c", 1], "a list of texts", id="odd one"),
        pytest.param("context.exclude", {"a": 1}, "a list of texts", id="object for a list"),
        pytest.param("prices", {"m": {"input": 1}}, "documented form", id="price without output"),
        pytest.param(
            "prices", {"m": {"input": 1, "output": 2, "x": 3}}, "documented form", id="price's key"
        ),
        pytest.param("colour", 1, "is not a setting", id="unknown"),
        pytest.param("completion.colour", 1, "is not a setting", id="unknown inside"),
        pytest.param("completion.max_lines", 1, "is not a setting", id="python's spelling"),
        pytest.param("completion", 5, "is not an object", id="number for a section"),
        pytest.param("models", ["glm-5"], "is not an object", id="list for a section"),
    ],
)
def test_a_bad_value_is_reported_and_skipped(key: str, raw: Any, words: str) -> None:
    """One problem with the key's full name; the default stays, good neighbours count."""
    values = {"thinking": "off", **tree(key, raw)}
    loaded = load(Layer("the editor", values))
    (problem,) = loaded.problems
    assert problem.key == key
    assert words in problem.message
    assert loaded.settings == Settings(thinking="off")
    assert loaded.sources == {"thinking": "the editor"}


def test_a_long_bad_value_is_shortened() -> None:
    """A page pasted into a setting does not fill the message."""
    (problem,) = load(Layer("a", {"provider": "x" * 500})).problems
    assert len(problem.message) < 160


def test_later_layers_go_before_earlier_ones() -> None:
    """Each key comes from the last layer that sets it well, and says so."""
    loaded = load(
        from_environment({"GLM_LSP_MODEL": "from-env", "GLM_LSP_PROVIDER": "zai"}),
        Layer("options", {"models": {"actions": "from-options"}, "provider": 5}),
        Layer("configuration", {"models": {"completion": "c"}, "completion": None}),
    )
    assert loaded.settings.models.actions == "from-options"
    assert loaded.settings.models.completion == "c"
    assert loaded.settings.provider == "zai"
    assert loaded.sources == {
        "provider": "environment",
        "models.actions": "options",
        "models.completion": "configuration",
    }
    assert [problem.key for problem in loaded.problems] == ["provider"]


def test_a_problem_of_two_layers_is_named_once() -> None:
    """What the editor says twice, in its options and its configuration, is told once."""
    loaded = load(Layer("options", {"colour": 1}), Layer("configuration", {"colour": 1}))
    assert [problem.key for problem in loaded.problems] == ["colour"]


LAST = load(
    Layer("before", {"thinking": "off", "completion": {"maxLines": 3, "delay": 50}})
).settings


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([{"thinking": 5}], {"thinking": "off"}, id="bad value"),
        pytest.param([{}], {}, id="no longer set"),
        pytest.param([{"thinking": "on"}, {"thinking": 5}], {"thinking": "on"}, id="lower layer"),
        pytest.param([{"thinking": 5}, {"thinking": "on"}], {"thinking": "on"}, id="higher layer"),
        pytest.param(
            [{"completion": {"maxLines": 0, "delay": 7}}],
            {"completion": {"maxLines": 3, "delay": 7}},
            id="its neighbour",
        ),
        pytest.param(
            [{"completion": 5}], {"completion": {"maxLines": 3, "delay": 50}}, id="bad section"
        ),
        pytest.param(
            [{"completion": {"delay": 7, "enabled": False}}, {"completion": 5}],
            {"completion": {"delay": 7, "enabled": False, "maxLines": 3}},
            id="bad section over a good one",
        ),
        pytest.param(
            [5], {"thinking": "off", "completion": {"maxLines": 3, "delay": 50}}, id="no object"
        ),
        pytest.param([{"glm": 5}], {}, id="an unknown key keeps nothing"),
    ],
)
def test_the_last_good_value_stays(layers: list[Any], expected: dict[str, Any]) -> None:
    """Where a value is bad, the one before it stays in force, and nothing else does."""
    loaded = load(*[Layer(str(i), raw) for i, raw in enumerate(layers)], last=LAST)
    assert loaded.settings == load(Layer("expected", expected)).settings


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"GLM_LSP_PROVIDER": "local"}, {"provider": "local"}, id="one"),
        pytest.param({"GLM_LSP_MODEL": " glm-5 "}, {"models": {"actions": "glm-5"}}, id="spaces"),
        pytest.param({"GLM_LSP_MODEL": "  "}, {}, id="blank"),
        pytest.param(
            {"GLM_LSP_MODEL": "a", "GLM_LSP_COMPLETION_MODEL": "b"},
            {"models": {"actions": "a", "completion": "b"}},
            id="two of a section",
        ),
        pytest.param({"RUNAPI_KEY": "not-a-key"}, {}, id="a key is no setting"),
    ],
)
def test_the_environment_is_a_layer(
    environ: Mapping[str, str], expected: Mapping[str, Any]
) -> None:
    """The variables set their keys, and no others do."""
    assert from_environment(environ).values == expected


def test_the_environments_keys_exist() -> None:
    """Every variable names a key of the tree."""
    assert set(ENVIRONMENT.values()) <= set(KEYS)


def test_every_key_is_described_and_has_a_default() -> None:
    """Every leaf has words for the documentation, and loading nothing gives the defaults."""
    assert all(attribute.metadata["doc"] for _, attribute in keys())
    assert all(attribute.default is not attrs.NOTHING for _, attribute in keys())
    assert len(set(KEYS)) == len(KEYS)
    assert load().settings == load(Layer("empty", {})).settings == DEFAULTS


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["on", "off", "auto", "zai", "glm-5", ""])
    | st.text(max_size=5)
)
NAMES = st.sampled_from([part for key in KEYS for part in key.split(".")]) | st.text(max_size=4)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(JSON, JSON)
def test_any_json_is_survived(first: Any, second: Any) -> None:
    """Whatever the values are, the tree is whole, and what was good loads again as it is."""
    loaded = load(Layer("first", first), Layer("second", second), last=LAST)
    assert set(loaded.sources) <= set(KEYS)
    assert set(loaded.sources.values()) <= {"first", "second"}
    for problem in loaded.problems:
        assert isinstance(problem, Problem)
        assert problem.message
        assert "\n" not in problem.message
    raw: dict[str, Any] = {}
    for key in KEYS:
        *parents, leaf = key.split(".")
        section = raw
        for parent in parents:
            section = section.setdefault(parent, {})
        value = at(loaded.settings, key)
        section[leaf] = attrs.asdict(loaded.settings)["prices"] if key == "prices" else value
    again = load(Layer("again", raw))
    assert again.problems == ()
    assert repr(again.settings) == repr(loaded.settings)


@given(
    st.dictionaries(
        st.sampled_from([key for key in KEYS if key not in ("prices", "baseUrl")]),
        st.just({"odd": 1}),
        max_size=6,
    ),
    st.dictionaries(st.text("abcXYZ._", min_size=3, max_size=8), SCALARS, max_size=4),
)
def test_every_bad_key_is_reported(bad: dict[str, Any], unknown: dict[str, Any]) -> None:
    """However many keys are bad or unknown, each is named once."""
    unknown = {name: value for name, value in unknown.items() if name not in KEYS}
    values: dict[str, Any] = dict(unknown)
    for key, value in bad.items():
        *parents, leaf = key.split(".")
        section = values
        for parent in parents:
            section = section.setdefault(parent, {})
        section[leaf] = value
    loaded = load(Layer("a", values))
    assert sorted(problem.key for problem in loaded.problems) == sorted([*bad, *unknown])
    assert loaded.settings == DEFAULTS
