"""`glm-lsp eval` from end to end: the real server, a scripted service, and what is reported."""

from __future__ import annotations

import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from rich.console import Console

from glm_lsp.cli import main
from glm_lsp.errors import GlmError
from glm_lsp.evaluation.run import INTERRUPTED, EvaluationOptions, run
from tests.gateway import Gateway, Reply, chat_stream, error
from tests.lsp.harness import fence

SCENARIOS = """\
== one (python)
def area(width, height):
    return width * $0heigth
-- fix: undefined name 'heigth'
- return width * heigth
+ return width * height

== two (python)
def double(number):
    $0return number
-- edit: return twice the number
- return number
+ return 2 * number

== three (python)
def total(prices):
    return $0
-- complete
sum(prices)

== four (python)
def total(prices):
    return sum(prices)$0
    # Done.
-- silence

== five (python)
def mean(total, count):
    return total / count
-- edits
- def mean(total, count):
+ def mean(total, item_count):
-- waits
- return total / count
+ return total / item_count
"""


def answer(body: dict[str, Any]) -> Reply:
    """RecordedAnswer as a good model would."""
    text = json.dumps(body)
    if "heigth" in text:
        said = fence("def area(width, height):\n    return width * height\n")
    elif "twice" in text:
        said = fence("def double(number):\n    return 2 * number\n")
    elif "# Done." in text:
        said = "<fill></fill>"
    else:
        said = "<fill>sum(prices)</fill>"
    return chat_stream(said, usage=(100, 20, 40))


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    path = tmp_path / "ours.txt"
    path.write_text(SCENARIOS, "utf-8")
    return path


def environ(service: Gateway) -> dict[str, str]:
    return {"GLM_LSP_PROVIDER": "custom", "GLM_LSP_BASE_URL": service.base_url}


def evaluated(service: Gateway, wish: EvaluationOptions) -> tuple[int, str]:
    out = io.StringIO()
    code = run(wish, environ(service), Console(file=out, width=160))
    return code, out.getvalue()


@frozen
class Kept:
    """A run that was recorded; its service is gone."""

    scenarios: Path
    recording: Path
    folder: Path
    shown: str
    questions: int


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    scenarios, recording = folder / "ours.txt", folder / "run.jsonl"
    scenarios.write_text(SCENARIOS, "utf-8")
    with Gateway(answer) as service:
        wish = EvaluationOptions(
            scenarios=scenarios,
            record=recording,
            json=folder / "a.json",
            html=folder / "a.html",
            settings=("models.actions=glm-5.1", 'headers={"X-Secret":"hidden"}'),
        )
        code, shown = evaluated(service, wish)
        assert code == 0, shown
        assert service.requests[0].headers["x-secret"] == "hidden"
        return Kept(scenarios, recording, folder, shown, len(service.requests))


def test_a_report_says_what_came_of_each_scenario(kept: Kept) -> None:
    report = json.loads((kept.folder / "a.json").read_text("utf-8"))
    features = report["features"]
    for name in ("fix", "edit", "complete", "next"):
        assert (features[name]["applied"], features[name]["exact"]) == (1.0, 1.0), name
    assert features["complete"]["f1"] == 1.0
    assert (features["fix"]["prompt"], features["fix"]["cached"]) == (100, 40)
    assert (features["next"]["questions"], kept.questions) == (0, 4)
    assert features["fix"]["first"]["p50"] > 0
    assert "fix (1)" in kept.shown


def test_a_replay_gives_the_same_bytes_and_needs_no_service_no_settings_and_no_key(
    kept: Kept, tmp_path: Path
) -> None:
    found, page = tmp_path / "b.json", tmp_path / "b.html"
    wish = EvaluationOptions(scenarios=kept.scenarios, replay=kept.recording, json=found, html=page)
    out = io.StringIO()
    assert run(wish, {}, Console(file=out, width=160)) == 0
    assert found.read_bytes() == (kept.folder / "a.json").read_bytes()
    assert page.read_bytes() == (kept.folder / "a.html").read_bytes()
    assert "glm-5.1 and glm-4.7 on the scenarios of ours (models.actions=glm-5.1)" in out.getvalue()
    for each in (kept.recording, found, page):
        assert "hidden" not in each.read_text("utf-8")


def test_a_prompt_that_was_not_recorded_is_no_answer(kept: Kept, tmp_path: Path) -> None:
    other = tmp_path / "ours.txt"
    other.write_text(SCENARIOS.replace("twice", "two times"), "utf-8")
    out = io.StringIO()
    wish = EvaluationOptions(scenarios=other, replay=kept.recording, features=("edit",))
    assert run(wish, {}, Console(file=out, width=160)) == 1
    assert "1 scenarios are not in the recording" in out.getvalue()


def command(scenarios: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "glm_lsp", "eval", "--scenarios", str(scenarios), *words]


def started(service: Gateway, words: list[str]) -> subprocess.Popen[bytes]:
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "KEY" not in k}
    return subprocess.Popen(
        words,
        env={**kept, **environ(service), "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_an_interrupted_run_goes_on_and_asks_nothing_twice(
    tmp_path: Path, scenarios: Path, how: signal.Signals
) -> None:
    """Stopped at a random point, again and again: the report is that of a run that was not."""
    seed = random.randrange(10**6)  # noqa: S311
    chance = random.Random(seed)  # noqa: S311
    recording, found = tmp_path / "run.jsonl", tmp_path / "report.json"

    def slowly(body: dict[str, Any]) -> Reply:
        return answer(body).slowly(0.02)

    with Gateway(slowly) as service:
        words = command(scenarios, "--record", str(recording), "--json", str(found))
        for _ in range(2):
            process = started(service, words)
            before = len(service.requests)
            wanted = before + chance.randrange(2)
            deadline = time.monotonic() + chance.uniform(1.0, 3.0)
            while len(service.requests) < wanted and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.3))
            process.send_signal(how)
            out, _ = process.communicate(timeout=60)
            if how == signal.SIGINT and b"goes on from here" in out:
                assert process.returncode == INTERRUPTED, out
        last = started(service, words)
        out, _ = last.communicate(timeout=60)
        assert last.returncode == 0, out
        asked = Counter(request.content for request in service.requests)
    kept = [json.loads(line) for line in recording.read_text("utf-8").splitlines()]
    keys = Counter(line["answer"] for line in kept if "answer" in line)
    assert set(keys.values()) == {1}, seed
    assert len(keys) == len(asked)
    if how == signal.SIGINT:
        assert set(asked.values()) == {1}, (seed, "asked twice")
    whole = tmp_path / "whole.json"
    with Gateway(slowly) as service:
        run(
            EvaluationOptions(scenarios=scenarios, json=whole),
            environ(service),
            Console(file=io.StringIO()),
        )
    assert untimed(found) == untimed(whole), seed


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_an_interrupt_ends_the_run_behind_the_scenario_that_is_at_work(
    tmp_path: Path, scenarios: Path
) -> None:
    """Its answer is kept, and nothing more is asked."""
    recording = tmp_path / "run.jsonl"
    with Gateway(lambda body: answer(body).slowly(0.05)) as service:
        process = started(service, command(scenarios, "--record", str(recording)))
        service.wait_for_requests(1, timeout=60)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert len(service.requests) == 1
    assert process.returncode == INTERRUPTED, out
    assert b"Interrupted: 4 scenarios were not asked." in out
    assert recording.read_text("utf-8").count('"answer"') == 1


def untimed(path: Path) -> str:
    """Return a report without what two recordings cannot share: how long a service took."""
    return re.sub(r'"(first|seconds|p50|p90)": [\d.]+', "", path.read_text("utf-8"))


@pytest.mark.parametrize("budget", ["0", "0usd"])
def test_a_budget_of_zero_asks_nothing(tmp_path: Path, scenarios: Path, budget: str) -> None:
    with Gateway(answer) as service:
        wish = EvaluationOptions(
            scenarios=scenarios,
            budgets=(budget,),
            settings=(
                'prices={"glm-5.1":{"input":1,"output":1},"glm-4.7":{"input":1,"output":1}}',
            ),
        )
        _, shown = evaluated(service, wish)
        assert service.requests == []
    assert "The budget is used up" in shown


def test_a_budget_that_is_used_up_leaves_what_was_found(tmp_path: Path, scenarios: Path) -> None:
    """And what is gone on with asks only for the rest."""
    recording = tmp_path / "run.jsonl"
    with Gateway(answer) as service:
        wish = EvaluationOptions(scenarios=scenarios, record=recording, budgets=("9000",))
        _, shown = evaluated(service, wish)
        some = len(service.requests)
        assert 0 < some < 4, shown
        assert "The budget is used up" in shown
        code, shown = evaluated(service, EvaluationOptions(scenarios=scenarios, record=recording))
        assert code == 0
        assert len(service.requests) == 4, "each question once"


def test_who_is_billed_is_asked_first(
    scenarios: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is there to agree: nothing is asked, and it is said how to."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    out = io.StringIO()
    wish = EvaluationOptions(scenarios=scenarios)
    with pytest.raises(GlmError, match="say --yes"):
        run(wish, {"GLM_LSP_PROVIDER": "zai", "ZAI_API_KEY": "x"}, Console(file=out, width=200))
    assert re.search(
        r"4 scenarios will be asked of glm-5.1, glm-4.7 at Z.ai: about \d+", out.getvalue()
    )
    assert re.search(r"about \$0\.\d\d\.", out.getvalue())


def test_a_service_that_fails_is_said_and_counts_for_nothing(
    tmp_path: Path, scenarios: Path
) -> None:
    with Gateway(error(401, "1002")) as service:
        code, shown = evaluated(service, EvaluationOptions(scenarios=scenarios, features=("fix",)))
    assert code == 1
    assert "The service did not answer" in shown
    assert "fix (" not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--budget", "much"], "A budget is tokens"),
        (["--budget", "0.5"], "write money as 0.5usd"),
        (["--set", "thinking"], "NAME=VALUE"),
        (["--set", "thinking=maybe"], "thinking"),
        (["--replay", "none.jsonl"], "is no recording"),
        (["--baseline", "none.json"], "is no report"),
        (["--benchmark", "none.jsonl"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLM_LSP_PROVIDER", "custom")
    monkeypatch.setenv("GLM_LSP_BASE_URL", "http://127.0.0.1:9/v1")
    assert main(["eval", *words]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1


def test_a_hostile_scenario_cannot_leave_its_folder(tmp_path: Path) -> None:
    """Tests that read, reach out and never end fail, and the run goes on."""
    secret = tmp_path / "secret"
    secret.write_text("x", "utf-8")
    bodies = [
        f"assert open({str(secret)!r}).read()",
        "import socket\nsocket.create_connection(('192.0.2.1', 80), 3)",
        f"open({str(tmp_path / 'left')!r}, 'w').write('x')",
    ]
    path = tmp_path / "evil.txt"
    head = "(python)\ndef one():\n    return $02\n-- edit: one\n- return 2\n+ return 1\n-- tests\n"
    path.write_text("".join(f"== {len(each)} {head}{each}\n" for each in bodies), "utf-8")
    found = tmp_path / "report.json"
    with Gateway(chat_stream(fence("def one():\n    return 1\n"))) as service:
        evaluated(service, EvaluationOptions(scenarios=path, json=found))
    report = json.loads(found.read_text("utf-8"))
    assert report["features"]["edit"]["applied"] == 1.0
    assert report["features"]["edit"].get("passes") in (0.0, None)
    assert not (tmp_path / "left").exists()
