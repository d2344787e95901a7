"""What the demo shows: the text while it streams, and then the difference."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.syntax import Syntax
from rich.text import Text as Styled

from glm_lsp.lsp.extension import APPLY_EDIT, EXPLANATION

if TYPE_CHECKING:
    from glm_lsp.demo.editor import Editor
    from glm_lsp.demo.tour import Stop

_TITLES = {
    "explain": "Explain",
    "fix": "Fix",
    "refactor": "Refactor",
    "complete": "Complete",
}

_LINES_SHOWN = 14


class Screen:
    """The terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._shown = 0
        self._written = False
        self._live: Live | None = None
        self._first_line = 0
        self._column = 0
        self._lexer = "text"

    def begin(self, name: str, text: str, seconds: float) -> None:
        """Say what is about to be shown."""
        self._lexer = Syntax.guess_lexer(name, text)
        self._console.print(
            f"[bold]glm-lsp demo[/] on [cyan]{name}[/]: the real server, the embedded model"
            f" [dim](ready after {seconds:.2f} s)[/]"
        )

    def stop(self, stop: Stop, text: str) -> None:
        """Open a section."""
        self._written = False
        self._column = 0
        self._first_line = text.count("\n", 0, stop.span.start)
        about = f" “{stop.problem}”" if stop.problem else ""
        self._console.print()
        self._console.rule(
            f"[bold green]{_TITLES[stop.action]}[/]{about} [dim]line {self._first_line + 1}[/]",
            align="left",
        )

    def follow(self, editor: Editor, index: int) -> None:
        """Show messages from `index` on."""
        self._shown = index

    def news(self, editor: Editor) -> bool:
        """Whether there is something to show."""
        return len(editor.messages) > self._shown

    def show(self, editor: Editor, uri: str) -> bool:
        """Show what came; return whether it was text of the model's."""
        found = False
        while self._shown < len(editor.messages):
            method, params = editor.messages[self._shown]
            self._shown += 1
            if method == EXPLANATION and params["delta"]:
                found = self._written = True
                self._write(params["delta"])
            elif method == APPLY_EDIT and params["edit"]["documentChanges"]:
                found = True
                self._show_code(editor.text(uri))
        return found

    def _write(self, piece: str) -> None:
        """Write streamed words, each on the next line where this one has no room for it."""
        for word in re.findall(r"\n| +|[^ \n]+", piece):
            fits = self._column + len(word) <= self._console.width
            if word == "\n" or not fits:
                self._console.print()
                self._column = 0
            if word != "\n" and (fits or word.strip()):
                self._console.print(Styled(word, "italic"), end="")
                self._column += len(word)

    def _show_code(self, text: str) -> None:
        """Show the code around the action as it changes; only a terminal can."""
        if not self._console.is_terminal:
            return
        if self._live is None:
            self._live = Live(console=self._console, transient=True, refresh_per_second=30)
            self._live.start()
        first = max(0, self._first_line - 3)
        lines = text.splitlines()[first : first + _LINES_SHOWN]
        code = Syntax(
            "\n".join(lines),
            self._lexer,
            line_numbers=True,
            start_line=first + 1,
            theme="ansi_dark",
        )
        self._live.update(code)

    def done(self, seconds: float, first: float | None) -> None:
        """Close a section with its time."""
        self._end_live()
        if self._written:
            self._console.print()
        begun = f", first text after {first:.2f} s" if first is not None else ""
        self._console.print(f"[dim]({seconds:.2f} s{begun})[/]")

    def failed(self, reason: str) -> None:
        """Close a section that went wrong."""
        self._end_live()
        if self._written:
            self._console.print()
        self._console.print(Styled(reason, "bold red"))

    def difference(self, before: str, after: str, uri: str) -> None:
        """Show what changed."""
        name = uri.rsplit("/", 1)[-1]
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), name, name, n=1
        )
        text = "".join(line if line.endswith("\n") else line + "\n" for line in lines)
        if not text:
            self._console.print("[dim]The model changed nothing.[/]")
            return
        self._console.print(Syntax(text, "diff", background_color="default", word_wrap=True))

    def ghost(self, line: str, completion: str) -> None:
        """Show a line and its completion as ghost text."""
        text = Styled(line)
        text.append(completion, "dim italic cyan")
        self._console.print(text)

    def _end_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
