"""One VS Code, one server and one gateway, in which run after run is typed and judged.

Nothing is fake: the package is installed by code-server, keys are pressed in a browser, the
server runs on stdio behind a relay that only writes down, and the answers come over HTTP.
Invariant: a run that did not end leaves nothing to the next one, for VS Code is started anew.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, frozen

from tests.editors.fuzz import scenarios
from tests.editors.fuzz.editor_worker import EditorWorker
from tests.editors.fuzz.oracle import Course, Problem, Segment, judge
from tests.editors.fuzz.plan import streamed
from tests.editors.fuzz.worker import Run
from tests.editors_vscode.fuzz import typist
from tests.editors_vscode.fuzz.recording import Recorder, RecorderError, RelayLog, attributed
from tests.editors_vscode.workbench import CodeServer, workbench
from tests.gateway import Gate, Gateway, Reply, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.editors.fuzz.scenarios import Scenario
    from tests.editors_vscode.fuzz.recording import Conversation
    from tests.editors_vscode.fuzz.typist import Stroke

RECORDER = Path(__file__).with_name("recorder")
RELAY = Path(__file__).parents[1] / "relay.py"
PATIENCE = 15.0
"""Seconds after the last key in which a job must have ended."""
_MOST_UNDOS = 400
_MOST_IDLE = 4  # VS Code has undo steps of its own that change nothing, such as a move nowhere.


@frozen
class Plan:
    """What happens in one run.

    Attributes:
        segments: the whole text, before and as intended; see `as_lines`.
        pace: seconds between two keys.
        delay: seconds from the command to the first key.
        ending: what the user does at the end: Ctrl+Z to the beginning, or GLM's own Undo.
        until: what must be in the text before the first key; gates open after the last.
    """

    scenario: Scenario
    segments: Sequence[Segment]
    strokes: Sequence[Stroke]
    pace: float
    reply: Reply
    delay: float
    ending: str = "undo"
    until: str = ""


@frozen
class Taken:
    """What was recorded of a run so far: VS Code's log, and the server's conversation.

    `text` has a line end more than the document, as the segments have: for the judge, lines
    end, and a line that is put below the last one is whole.
    """

    job: str
    log: Sequence[dict[str, Any]]
    text: str
    said: Conversation


def plan(seed: int) -> Plan:
    """Make up a run; the same seed makes the same one."""
    dice = random.Random(seed)  # noqa: S311
    scenario = scenarios.make(dice)
    return Plan(
        scenario,
        as_lines(scenario),
        typist.make(dice, scenario),
        pace=dice.choice((0.0, 0.002, 0.01)),
        reply=streamed(dice, scenario.answer, (0.05, 0.3, 0.8, 1.5)),
        delay=dice.random() * dice.choice((0.0, 0.05, 0.2)),
        ending=dice.choice(("keys", "undo")),
    )


def as_lines(scenario: Scenario) -> list[Segment]:
    """Return the segments as VS Code has lines: each ends, and an ended text has one more."""
    nothing = Segment(("\n",), ("\n",))
    return [*scenario.segments, *([] if scenario.flavour == "unfinished" else [nothing])]


class Worker(EditorWorker):
    """Runs plans, one after the other, in a VS Code."""

    def run(self, seed: int) -> Run:
        """Type and judge the run of a seed."""
        return self.follow(plan(seed), seed)

    def follow(self, course: Plan, seed: int = 0) -> Run:
        """Type and judge a run."""
        began = time.monotonic()
        taken = after = None
        try:
            uri, job, ended = self._type(course)
            taken = self._take(uri, job)
            problems = judge(_course(course, taken, ended=ended))
            if ended:
                left, after = self._leave(course, uri, taken)
                problems = list(dict.fromkeys([*problems, *left]))
                self._recorder.call("close")
        except RecorderError as error:
            problems, ended = [Problem("endless", str(error)[:2000])], False
        if not ended:
            self._start()
        return _run(seed, course, problems, (taken, after), time.monotonic() - began)

    def _start(self) -> None:
        self._stack.close()
        enter = self._stack.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        self._folder = folder / "work"
        self._folder.mkdir()
        self._gateway = enter(Gateway(chat_stream("")))
        self._log = RelayLog(folder / "relay.jsonl")
        self._recorder = Recorder()
        self._stack.callback(self._recorder.close)
        words = [str(RELAY), "log", str(folder / "relay.jsonl"), sys.executable, "-m", "glm_lsp"]
        code = CodeServer(folder / "home")
        code.configure(
            {
                "glm-lsp.server.path": sys.executable,
                "glm-lsp.server.args": words,
                "glm.provider": "custom",
                "glm.baseUrl": self._gateway.base_url,
                "glm.completion.enabled": False,
            }
        )
        keys = folder / "home" / "user" / "User" / "keybindings.json"
        keys.write_text(json.dumps(typist.KEYBINDINGS))
        code.install_ours()
        code.install(_packed(folder / "recorder.vsix"))
        environ = {"GLM_API_KEY": "not-a-key", "GLM_RECORDER_PORT": str(self._recorder.port)}
        self._stack.callback(code.close)
        code.start(environ)
        self._window = enter(workbench(code))
        self._window.open(self._folder)
        self._recorder.accept()
        self._warm_up()

    def _warm_up(self) -> None:
        """Open a file, and wait until the server is there."""
        (self._folder / "first.py").write_text("pass\n")
        self._recorder.call("open", path=str(self._folder / "first.py"))
        self._window.see(".editor-instance .monaco-editor.focused", "")
        self._window.wait_status("GLM: ready")
        self._recorder.call("close")

    def _type(self, course: Plan) -> tuple[str, str, bool]:
        """Give the command, type, and wait for the end; return uri, job, and whether it came."""
        self._number += 1
        path = self._folder / f"run_{self._number}.py"
        path.write_bytes(course.scenario.file)
        self._log.skip()
        self._gateway.script(course.reply)
        uri: str = self._recorder.call("open", path=str(path))
        self._window.see(".editor-instance .monaco-editor.focused", "")
        place = {"line": course.scenario.target[0], "character": 0}
        argument = {"uri": uri, "range": {"start": place, "end": place}, "preset": "simplify"}
        job: str = self._recorder.execute("glm.refactor", argument)["job"]
        time.sleep(course.delay)
        if not self._await(lambda: course.until in self._recorder.call("take")["text"]):
            raise RecorderError(f"{course.until!r} never came")
        for stroke in course.strokes:
            if stroke.place:
                line, column = stroke.place
                self._recorder.call("place", line=line, column=column)
            self._window.call("play", keys=stroke.steps(), pause=course.pace * 1000)
            time.sleep(stroke.rest)
        self._window.press("Escape")
        self._take(uri, job)  # What was typed is known to the server before it goes on.
        for gate in course.reply.steps:
            if isinstance(gate, Gate):
                gate.open()
        return uri, job, self._await(lambda: job not in self._jobs())

    def _await(self, met: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while not met():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _jobs(self) -> list[str]:
        status = self._recorder.execute("glm.status", {})
        return [job["id"] for job in status["jobs"]]

    def _take(self, uri: str, job: str) -> Taken:
        """Return what was recorded, once all that is on its way has come."""
        for _ in range(2):
            self._jobs()
            taken = self._recorder.call("take")
        if not taken["same"]:
            raise RecorderError("the recorder's text is not VS Code's")
        return Taken(job, taken["log"], taken["text"] + "\n", self._log.since(uri))

    def _leave(self, course: Plan, uri: str, taken: Taken) -> tuple[list[Problem], Taken]:
        """End as the plan says, and judge what is there then."""
        if course.ending == "keys":
            return self._press_undo(course, uri, taken)
        if not any(edit.applied for edit in taken.said.edits):
            return [], taken
        with suppress(RecorderError):  # It is said in a message.
            self._recorder.execute("glm.reject", {"job": taken.job})
        after = self._take(uri, taken.job)
        told = len(taken.said.sentences)
        said = evolve(after.said, sentences=after.said.sentences[told:])
        judged = _course(course, evolve(after, said=said), ended=True)
        return judge(evolve(judged, rejected=True, typed=())), after

    def _press_undo(self, course: Plan, uri: str, taken: Taken) -> tuple[list[Problem], Taken]:
        original = "".join(line for segment in course.segments for line in segment.before)
        changes = attributed(taken.log, taken.said.edits)
        problems = []
        # What the user did without an effect is not among the changes, but is a step to undo.
        alone = all(change.who == "glm" for change in changes) and len(changes) == len(taken.log)
        if changes and alone:
            self._recorder.call("undo")
            reached = self._recorder.call("take")["text"] + "\n"
            if reached != original:
                problems.append(Problem("undo", f"one Ctrl+Z led to {reached!r}"))
        idle = 0
        for _ in range(_MOST_UNDOS):
            idle = 0 if self._recorder.call("undo") else idle + 1
            if idle > _MOST_IDLE:
                break
        after = self._take(uri, taken.job)
        if after.text != original:
            problems.append(Problem("undo", f"every Ctrl+Z led to {after.text!r}"))
        if len(after.said.edits) > len(taken.said.edits):
            problems.append(Problem("late", "GLM changed the text after the job had ended"))
        return problems, after


def _packed(path: Path) -> Path:
    """Write the recorder's package."""
    with zipfile.ZipFile(path, "w") as package:
        for file in RECORDER.iterdir():
            package.write(file, f"extension/{file.name}")
    return path


def _course(course: Plan, taken: Taken, *, ended: bool) -> Course:
    return Course(
        course.segments,
        attributed(taken.log, taken.said.edits),
        taken.text,
        taken.said.sentences,
        ended,
        len(taken.said.edits),
        [stroke.token for stroke in course.strokes if stroke.token],
    )


def _run(
    seed: int,
    course: Plan,
    problems: list[Problem],
    recorded: tuple[Taken | None, Taken | None],
    seconds: float,
) -> Run:
    taken, after = recorded
    changes = attributed(taken.log, taken.said.edits) if taken else []
    edits = taken.said.edits if taken else []
    record: dict[str, Any] = {
        "segments": [asdict(segment) for segment in course.segments],
        "strokes": [str(stroke) for stroke in course.strokes],
        "ending": course.ending,
        "changes": [asdict(change) for change in changes],
        "meanwhile": _meanwhile([change.who for change in changes]),
        "text": taken.text.removesuffix("\n") if taken else "",
        "messages": taken.said.sentences if taken else [],
        "taken": asdict(after or taken) if taken else None,
    }
    return Run(
        seed=seed,
        shape=course.scenario.shape,
        flavour=course.scenario.flavour,
        problems=problems,
        keys=sum(len(step.get("type", "x")) for s in course.strokes for step in s.steps()),
        edits=sum(edit.applied for edit in edits),
        resyncs=sum(edit.applied and edit.version is None for edit in edits),
        undone=any(change.who == "undo" for change in changes),
        seconds=seconds,
        record=record,
    )


def _meanwhile(hands: Sequence[str]) -> int:
    """Return how many changes of the user's came between GLM's first and its last."""
    own = [number for number, who in enumerate(hands) if who == "glm"]
    return sum(hands[at] != "glm" for at in range(own[0], own[-1])) if own else 0
