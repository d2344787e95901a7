"""One Neovim, one server and one gateway, in which run after run is typed and judged.

Nothing is fake: the plugin is installed as users install it, the server runs on stdio, and the
answers come over HTTP. Invariant: a run that did not end leaves nothing to the next one, for
the editor is started anew.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, frozen

from tests.editors.fuzz import typist
from tests.editors.fuzz.changes import Change
from tests.editors.fuzz.editor_worker import EditorWorker
from tests.editors.fuzz.oracle import SOFT, Course, Problem, judge
from tests.editors.fuzz.plan import plan
from tests.editors.glm_in_neovim import INIT
from tests.editors.neovim import Neovim
from tests.editors.real_server import through_gateway
from tests.gateway import Gate, Gateway, chat_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.editors.fuzz.plan import Plan
    from tests.editors.fuzz.scenarios import Scenario

RECORDER = Path(__file__).with_name("recorder.lua")
PATIENCE = 15.0
"""Seconds after the last key in which a job must have ended."""

_UNDO_ALL = """
local step, at = ...
local reached
while vim.fn.undotree().seq_cur > 0 do
  vim.cmd('silent undo')
  if not reached and vim.fn.undotree().seq_cur < step then
    reached = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n') .. '\\n'
  end
end
return { reached or vim.NIL, fuzz.take() }
"""
_ASK = """
local client = vim.lsp.get_clients({ name = 'glm' })[1]
fuzz.answered = false
local params = { command = 'glm.status', arguments = { vim.empty_dict() } }
client:request('workspace/executeCommand', params, function()
  fuzz.answered = true
end, 0)
"""
_IDLE = """
local client = vim.lsp.get_clients({ name = 'glm' })[1]
for _, request in pairs(client.requests) do
  if request.type == 'pending' then return false end
end
return true
"""


@frozen
class Run:
    """What came of one run."""

    seed: int
    shape: str
    flavour: str
    problems: Sequence[Problem]
    keys: int
    edits: int
    resyncs: int
    undone: bool
    seconds: float
    record: dict[str, Any]

    @property
    def faults(self) -> list[Problem]:
        """The problems that make the run fail."""
        return [problem for problem in self.problems if problem.kind not in SOFT]

    @property
    def interleaved(self) -> bool:
        """Whether the user changed something between two edits of GLM's."""
        hands = [entry["who"] for entry in self.record.get("log", ())]
        edits = [at for at, hand in enumerate(hands) if hand == "glm"]
        return bool(edits) and "user" in hands[edits[0] : edits[-1]]


class Worker(EditorWorker):
    """Runs plans, one after the other, in a Neovim."""

    def _start(self) -> None:
        self._stack.close()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        self._folder = Path(folder)
        self._gateway = self._stack.enter_context(Gateway(chat_stream("")))
        init = f"vim.g.glm = {{ inline_completion = false }}\n{INIT}{typist.INIT}"
        init += f"dofile({str(RECORDER)!r})\n"
        environ = through_gateway(self._gateway.base_url)
        home = self._folder / "home"
        self._neovim = self._stack.enter_context(Neovim(home, init, environ=environ))
        self._fresh = True

    def run(self, seed: int) -> Run:
        """Type and judge the run of a seed."""
        return self.follow(plan(seed), seed)

    def follow(self, course: Plan, seed: int = 0) -> Run:
        """Type and judge a run."""
        began = time.monotonic()
        try:
            self._open(course.scenario)
            ended = self._type(course)
            taken = self._neovim.lua("return fuzz.take()")
            problems = judge(_course(course, taken, ended=ended))
            if ended:
                problems = _unique([*problems, *self._leave(course, taken)])
        except AssertionError as error:
            if "Neovim" not in str(error) and "never true" not in str(error):
                raise  # Our own Lua is wrong; else the editor hangs or has ended.
            problems, taken, ended = [Problem("endless", str(error)[:2000])], {}, False
        if ended:
            self._neovim.lua("vim.cmd('silent! bwipeout!')")
        else:
            self._start()
        return _run(seed, course, taken, problems, time.monotonic() - began)

    def _open(self, scenario: Scenario) -> None:
        neovim = self._neovim
        self._number += 1
        path = self._folder / f"run_{self._number}.py"
        path.write_bytes(scenario.file)
        neovim.edit(path)
        neovim.wait(
            """
            local client = vim.lsp.get_clients({ name = 'glm' })[1]
            return client and client.initialized and vim.lsp.buf_is_attached(0, client.id)
            """
        )
        if self._fresh:
            neovim.lua("fuzz.wrap(vim.lsp.get_clients({ name = 'glm' })[1])")
            self._fresh = False
        neovim.lua("fuzz.attach()")

    def _type(self, course: Plan) -> bool:
        """Give the command, type, and wait for the end; tell whether it came."""
        neovim = self._neovim
        self._gateway.script(course.reply)
        neovim.lua(
            "vim.api.nvim_win_set_cursor(0, { ..., 0 }) vim.cmd('Glm refactor simplify')",
            course.scenario.target[0] + 1,
        )
        if course.after_edit:
            neovim.wait("return fuzz.edited() or fuzz.finished()", seconds=PATIENCE)
        time.sleep(course.delay)
        neovim.wait(
            "return table.concat(vim.fn.getline(1, '$'), '\\n'):find(..., 1, true)", course.until
        )
        for stroke in course.strokes:
            for key in stroke.keys:
                neovim.keys(key)
                time.sleep(course.pace)
            time.sleep(stroke.rest)
        neovim.keys("<Esc><Esc>")
        neovim.settle()
        gates = [step for step in course.reply.steps if isinstance(step, Gate)]
        if gates:
            self._catch_up()
        for gate in gates:
            gate.open()
        deadline = time.monotonic() + PATIENCE
        while not neovim.lua("return fuzz.finished()"):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        self._catch_up()
        return True

    def _catch_up(self) -> None:
        """Wait until all that the server had to say has come: an answer comes behind it."""
        for _ in range(2):
            self._neovim.lua(_ASK)
            self._neovim.wait("return fuzz.answered", seconds=PATIENCE)
        self._neovim.settle()

    def _leave(self, course: Plan, taken: dict[str, Any]) -> list[Problem]:
        """End as the plan says, and judge what is there then."""
        if course.ending == "u":
            return self._press_u(taken)
        if not taken["steps"]:
            return []
        self._neovim.lua("vim.cmd('Glm undo')")
        self._neovim.wait(_IDLE, seconds=PATIENCE)
        self._catch_up()
        after = self._neovim.lua("return fuzz.take()")
        taken["after"] = {"log": after["log"][len(taken["log"]) :], "messages": after["messages"]}
        after["messages"] = after["messages"][len(taken["messages"]) :]
        return judge(evolve(_course(course, after), rejected=True, typed=()))

    def _press_u(self, taken: dict[str, Any]) -> list[Problem]:
        undone = any(entry["who"] == "undo" for entry in taken["log"])
        steps = sorted(set(taken["steps"]))
        step = steps[0] if steps and not undone else 0
        reached, after = self._neovim.lua(_UNDO_ALL, step)
        problems = []
        if len(steps) > 1 and not undone:
            problems.append(Problem("undo", f"{len(steps)} steps: {steps}"))
        elif step and reached != taken["before_first"]:
            problems.append(Problem("undo", f"one `u` led to {reached!r}"))
        if after["text"] != _original(taken):
            problems.append(Problem("undo", f"every `u` led to {after['text']!r}"))
        if len(after["steps"]) > len(taken["steps"]):
            problems.append(Problem("late", "GLM changed the text after the job had ended"))
        return problems


def _original(taken: dict[str, Any]) -> str:
    """Return the text before everything, by going back through the log."""
    text = str(taken["text"]).encode()
    for entry in reversed(taken["log"]):
        start, new = entry["start"], entry["new"].encode()
        text = text[:start] + entry["old"].encode() + text[start + len(new) :]
    return text.decode()


def _unique(problems: Sequence[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


def _course(course: Plan, taken: dict[str, Any], *, ended: bool = True) -> Course:
    scenario = course.scenario
    original = "".join(line for segment in scenario.segments for line in segment.before)
    return Course(
        scenario.segments,
        changes(original, taken["log"]),
        taken["text"],
        taken["messages"],
        ended,
        taken["requests"],
        [stroke.token for stroke in course.strokes if stroke.token],
    )


def changes(original: str, log: Sequence[dict[str, Any]]) -> list[Change]:
    """Return the recorder's log, which counts bytes, in characters."""
    text, found = original.encode(), []
    for entry in log:
        start, old, new = entry["start"], entry["old"].encode(), entry["new"].encode()
        before = text[:start].decode(errors="replace")
        found.append(
            Change(entry["who"], len(before), entry["old"], entry["new"], entry["request"])
        )
        text = text[:start] + new + text[start + len(old) :]
    return found


def _run(
    seed: int, course: Plan, taken: dict[str, Any], problems: list[Problem], seconds: float
) -> Run:
    return Run(
        seed,
        course.scenario.shape,
        course.scenario.flavour,
        problems,
        keys=sum(len(stroke.keys) for stroke in course.strokes),
        edits=len(taken.get("steps", ())),
        resyncs=taken.get("resyncs", 0),
        undone=any(entry["who"] == "undo" for entry in taken.get("log", ())),
        seconds=seconds,
        record=_record(course, taken),
    )


def _record(course: Plan, taken: dict[str, Any]) -> dict[str, Any]:
    strokes = ["".join(stroke.keys) for stroke in course.strokes]
    segments = [asdict(segment) for segment in course.scenario.segments]
    return {"segments": segments, "strokes": strokes, "ending": course.ending, **taken}
