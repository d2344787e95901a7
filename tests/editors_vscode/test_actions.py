"""The actions, done in VS Code as a person does them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.editors_vscode.workbench import STATUS, until
from tests.gateway import Gate, Gateway, Reply, Stall, chat_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors_vscode.workbench import Workbench

pytestmark = pytest.mark.editor

MISSPELT = "// @ts-check\nfunction greet(name) {\n  return 'Hello, ' + nmae + '!';\n}\n"


def items(count: int) -> tuple[str, str]:
    """Return a function with a misspelt name on every second line, and the function mended."""
    body = "".join(f"    item{i} = itmes[{i}]\n    print(item{i})\n" for i in range(count))
    before = f"def total(items):\n{body}    return item0\n"
    return before, before.replace("itmes", "items")


def half(code: str, gate: Gate) -> Reply:
    """Return an answer with some code, of which the second half waits for a gate."""
    reply = chat_stream(f"```python\n{code}```\n", chunk=12)
    return reply.before(len(reply.steps) // 2, gate)


def test_lightbulb_lists_actions_of_a_diagnostic(
    opened: Callable[..., Workbench], gateway: Gateway
) -> None:
    """On a line with a diagnostic the lightbulb offers GLM's fix, and nothing is asked yet."""
    window = opened("greet.js", MISSPELT)
    window.see(".squiggly-error", "")
    window.goto(3, 24)
    window.see("[class*=codicon-light-bulb], [class*=lightbulb], [class*=codicon-gutter-light]", "")
    window.press("Control+.")
    window.see(".action-widget", "GLM: Fix “Cannot find name 'nmae'")
    window.see(".action-widget", "GLM: Refactor")
    for _ in range(30):  # The menu may be longer than it is high: what is not seen is not there.
        if any("GLM: Write tests" in text for text in window.texts(".action-widget")):
            break
        window.press("ArrowDown")
    window.see(".action-widget", "GLM: Write tests")
    window.screenshot("lightbulb")
    assert gateway.requests == []
    window.press("Escape")


def test_fix_streams_and_one_undo_takes_it_back(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """A fix reaches the text before its stream ends; one Ctrl+Z takes all of it back."""
    before, after = items(8)
    gate = Gate()
    gateway.script(half(after, gate))
    window = opened("total.py", before)
    window.goto(2, 5)
    window.command("GLM: Fix")
    until(lambda: "items[0]" in "\n".join(window.lines()), 20, "the first hunk is seen")
    assert "itmes[7]" in "\n".join(window.lines())
    assert gateway.requests[0].finished is None
    window.wait_status("GLM: working")
    window.screenshot("fix-streaming")
    gate.open()
    until(lambda: "items[7]" in "\n".join(window.lines()), 20, "the last hunk is seen")
    window.wait_status("GLM: ready")
    assert window.save(folder / "total.py") == after
    window.undo()
    assert window.save(folder / "total.py") == before


def test_typing_during_a_stream_of_forty_hunks_loses_nothing(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """What the user types above and below a streaming edit is kept, and so are its 40 hunks."""
    before, after = items(40)
    gateway.script(chat_stream(f"```python\n{after}```\n", chunk=8).slowly(0.03))
    window = opened("total.py", f"# top\n\n{before}\n\n# bottom\n")
    window.goto(4, 5)
    window.command("GLM: Fix")
    until(lambda: "items[0]" in "\n".join(window.lines()), 20, "the first hunk is seen")
    window.press("Control+Home")
    window.press("End")
    window.type(" typed while it streams: abcdefghijklmnopqrstuvwxyz", delay=25)
    window.screenshot("typing-during-stream")
    assert gateway.requests[0].finished is None
    window.press("Control+End")
    window.press("ArrowUp")
    window.press("End")
    window.type(" and this 0123456789", delay=25)
    window.wait_status("GLM: ready", timeout=60)
    assert window.save(folder / "total.py") == (
        "# top typed while it streams: abcdefghijklmnopqrstuvwxyz\n\n"
        f"{after}\n\n# bottom and this 0123456789\n"
    )


def test_stream_goes_on_in_a_file_that_is_not_shown(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """Looking at another file during a stream neither stops nor spoils it."""
    before, after = items(8)
    gate = Gate()
    gateway.script(half(after, gate))
    window = opened("total.py", before)
    window.goto(2, 5)
    window.command("GLM: Fix")
    until(lambda: "items[0]" in "\n".join(window.lines()), 20, "the first hunk is seen")
    opened("other.py", "pass\n", state="working")
    gate.open()
    window.wait_status("GLM: ready")
    window.open_file("total.py")
    until(lambda: "items[7]" in "\n".join(window.lines()), 20, "the last hunk is seen")
    assert window.save(folder / "total.py") == after


def test_explanation_streams_beside_the_editor(
    opened: Callable[..., Workbench], gateway: Gateway
) -> None:
    """An explanation grows in a preview beside the editor; the keyboard stays in the code."""
    gate = Gate()
    text = "This function **greets** someone.\n\n- It takes a `name`.\n\nThe very end.\n"
    reply = chat_stream(text, chunk=8)
    gateway.script(reply.before(6, gate))
    window = opened("greet.js", MISSPELT)
    window.goto(3, 5)
    window.command("GLM: Explain")
    window.wait_frames("greets someone")
    assert "The very end." not in window.frames()
    window.screenshot("explanation-streaming")
    gate.open()
    window.wait_frames("The very end.")
    window.screenshot("explanation")
    window.type("typed")
    until(
        lambda: any("typed" in line for line in window.lines()), 10, "the editor has the keyboard"
    )


def test_cancel_from_the_progress_restores_the_text(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """Cancel in the notification hangs up on the model and puts the text back as it was."""
    before, after = items(8)
    reply = chat_stream(f"```python\n{after}```\n", chunk=12)
    gateway.script(reply.before(len(reply.steps) // 2, Stall()))
    window = opened("total.py", before)
    window.goto(2, 5)
    window.command("GLM: Fix")
    until(lambda: "items[0]" in "\n".join(window.lines()), 20, "the first hunk is seen")
    window.see(".notification-toast", "Fix")
    window.screenshot("progress")
    window.click(".notification-toast .monaco-button", "Cancel")
    gateway.wait_for_hang_up()
    window.wait_status("GLM: ready")
    window.see(".notification-toast", "Fix", gone=True)
    until(lambda: "items[0]" not in "\n".join(window.lines()), 20, "the text is as it was")
    assert window.save(folder / "total.py") == before


def test_undo_command_keeps_what_was_typed_since(
    opened: Callable[..., Workbench], gateway: Gateway, folder: Path
) -> None:
    """“GLM: Undo the Change” takes the change back and leaves later typing alone."""
    before, after = items(3)
    gateway.script(chat_stream(f"```python\n{after}```\n"))
    window = opened("total.py", before)
    window.goto(2, 5)
    window.command("GLM: Fix")
    until(lambda: "items[2]" in "\n".join(window.lines()), 20, "the change is there")
    window.wait_status("GLM: ready")
    window.press("Control+End")
    window.type("# later")
    window.command("GLM: Undo the Change")
    until(lambda: "itmes[2]" in "\n".join(window.lines()), 20, "the change is undone")
    assert window.save(folder / "total.py") == f"{before}# later"


def test_edit_with_an_instruction_sends_the_users_words(
    opened: Callable[..., Workbench], gateway: Gateway
) -> None:
    """The instruction reaches the model as it is, its answer the text; it is remembered."""
    gateway.script(chat_stream("```python\ndef one():\n    return 1.0\n```\n"))
    window = opened("one.py", "def one():\n    return 1\n")
    window.goto(2, 5)
    rows = ".quick-input-list .monaco-list-row"

    def see_chosen(words: str) -> None:
        until(lambda: window.texts(f"{rows}.focused") == [words], 20, "it is chosen")

    for number, words in enumerate(("return a float, at once", "return a float"), 1):
        window.command("GLM: Edit with an Instruction")
        window.see(".quick-input-widget", "GLM: Edit")
        window.type(words)
        see_chosen(words)
        window.screenshot("instruction")
        window.press("Enter")
        asked = gateway.wait_for_requests(number, 30)[-1].content.decode()
        assert ("at once" in asked) is (number == 1)
        until(lambda: "    return 1.0" in window.lines(), 20, "the edit is there")
        window.wait_status("GLM: ready")
    window.command("GLM: Edit with an Instruction")
    window.see(rows, "return a float, at once")
    assert ["at once" in row for row in window.texts(rows)[:2]] == [False, True]
    window.screenshot("instructions")
    window.press("ArrowDown")
    window.press("Enter")
    assert "at once" in gateway.wait_for_requests(3, 30)[-1].content.decode()
    window.wait_status("GLM: ready")


def test_status_goes_through_ready_working_error(
    opened: Callable[..., Workbench], gateway: Gateway
) -> None:
    """The status bar tells ready, working and, with the one sentence, error; then ready again."""
    from tests.gateway import error

    gate = Gate()
    gateway.script([error(401, "1002"), chat_stream("Fine.").before(0, gate)])
    window = opened("greet.js", MISSPELT)
    window.goto(3, 5)
    window.command("GLM: Explain")
    window.wait_status("GLM: error")
    window.see(".notification-toast", "key")
    window.screenshot("status-error")
    window.command("Notifications: Clear All Notifications")
    window.command("GLM: Explain")
    window.wait_status("GLM: working")
    gate.open()
    window.wait_status("GLM: ready")
    window.click(STATUS)
    window.see(".quick-input-list", "Pick a Model")
    window.screenshot("status-menu")
    window.press("Escape")


def test_any_models_name_can_be_picked(opened: Callable[..., Workbench], gateway: Gateway) -> None:
    """The one in use is marked; a name that no list has is taken as it is typed, and asked for."""
    gateway.script(chat_stream("It greets."))
    window = opened("greet.js", MISSPELT)
    free = "Use this name: glm-5.3-mine"
    picks = (("glm-5.3-mine", free), ("flash", "glm-4.7-flash"), ("glm-5.1", "glm-5.1"))
    for number, (words, wanted) in enumerate(picks, 1):
        window.command("GLM: Pick a Model")
        window.see(".quick-input-list", "For actions")
        window.press("Enter")
        row = ".quick-input-list .monaco-list-row"
        window.see(f"{row}.focused", "in use")
        window.type(words)
        window.see(row, wanted)
        window.screenshot(f"pick-{words}")
        window.click(row, wanted)
        name = wanted.rpartition(" ")[2]
        window.see(STATUS, f"{name} (custom)")
        window.goto(3, 5)
        window.command("GLM: Explain")
        assert gateway.wait_for_requests(number, 20)[-1].json["model"] == name
        window.wait_status("GLM: ready")


def test_status_bar_shows_the_days_tokens_and_cost(
    opened: Callable[..., Workbench], gateway: Gateway
) -> None:
    """The tooltip counts the day: loading the window anew, with a new server, loses nothing."""
    gateway.script(chat_stream("It greets.", usage=(1_200_000, 34)))
    window = opened("greet.js", MISSPELT)
    window.goto(3, 5)
    window.command("GLM: Explain")
    window.wait_frames("It greets.")
    window.wait_status("GLM: ready")
    shown = todays(window)
    assert int(shown[0].replace(",", "")) >= 1_200_034
    window.reload("greet.js")
    window.wait_status("GLM: ready")
    assert todays(window) == shown
    window.screenshot("status-today")


def todays(window: Workbench) -> tuple[str, str]:
    """Return the day's tokens, and their cost in USD, as the tooltip of the status bar says."""
    window.hover(".part.titlebar")
    window.hover(STATUS)
    tooltip = window.see(".monaco-hover", "Today: ")
    found = re.search(r"Today: ([\d,]{9,}) tokens, about \$(\d+\.\d{4})", tooltip)
    assert found, tooltip
    return found[1], found[2]
