"""Whose each character of a text is, when a user and GLM change it; knows no editor.

Invariants: the live pieces, joined, are the text after the changes applied so far; a piece that
left the text stays in the list, with who removed it; a user's undo that leads to a text that
was there before brings back the ownership of that time, and so does what the user puts back by
hand, unless GLM has changed something since.
"""

from __future__ import annotations

from attrs import evolve

from tests.editors.fuzz.changes import Change, aligned, changed_lines, is_whole, split_lines
from tests.editors.fuzz.pieces import HANDS, Line, Piece, lines_of, lines_without_user


class Ownership:
    """The pieces of one text.

    `known` are the lines that may be moved as they are, `changing` those that GLM changes.
    """

    def __init__(
        self,
        text: str,
        known: frozenset[str] = frozenset(),
        changing: frozenset[str] = frozenset(),
    ) -> None:
        self._known = known
        self._changing = changing
        self._pieces = [Piece(text, "original")] if text else []
        self._past: dict[str, list[Piece]] = {}
        self._lately: dict[str, list[Piece]] = {}  # The same, since GLM's last change.
        self.text = text
        self.lost: list[str] = []
        """The user's text that GLM removed."""
        self.texts = [text]
        """Every text so far."""
        self.undone = False
        """Whether the user undid something while this was recorded."""
        self.ambiguous = False
        """Whether GLM changed a line that the user had moved, or the user put lines back.

        Which lines are whose cannot be told then, only what they may be.
        """

    def apply(self, change: Change) -> None:
        """Follow a change.

        Raises:
            ValueError: the text that it says was there was not.
        """
        end = change.start + len(change.old)
        if self.text[change.start : end] != change.old or change.start > len(self.text):
            raise ValueError(f"not there: {change}")
        change = aligned(self.text, change)
        end = change.start + len(change.old)
        self._past[self.text] = self._lately[self.text] = list(self._pieces)
        after = self.text[: change.start] + change.new + self.text[end:]
        self.undone = self.undone or change.who == "undo"
        if change.who == "glm":
            self._lately.clear()
        past = self._past if change.who == "undo" else self._lately
        if after in past:
            self._pieces = list(past[after])
            lines = split_lines(change.new)
            self.ambiguous |= change.who == "user" and bool(self._changing.intersection(lines))
        else:
            self._replace(change)
            if change.who != "glm":
                self._heal()
                self._straighten()
                self._straighten_ends()
        self.text = after
        self.texts.append(after)

    def lines(self) -> list[Line]:
        """Return the lines of the text, and which of them the user has touched.

        Whole lines put beside a line, or taken away beside it, do not touch it.
        """
        return lines_of(self._pieces)

    def without_user(self) -> list[Line]:
        """Return the lines as they would be without the user, and which he touched then."""
        return lines_without_user(self._pieces)

    def touched_by(self, change: Change) -> list[Line]:
        """Return the lines of the text now that a change is going to change."""
        change = aligned(self.text, change)
        first, last = changed_lines(self.text, change)
        return self.lines()[first:last]

    def _replace(self, change: Change) -> None:
        first = index = self._cut(change.start)
        left = len(change.old)
        self.ambiguous |= self._among_equals(change)
        while left:
            piece = self._pieces[index]
            if piece.live:
                if len(piece.text) > left:
                    self._split(index, left)
                    piece = self._pieces[index]
                left -= len(piece.text)
                self._pieces[index] = evolve(piece, killer=change.who)
                if piece.owner == "user" and change.who == "glm":
                    self.lost.append(piece.text)
                self.ambiguous |= piece.owner == "moved" and change.who == "glm"
            index += 1
        if not change.old and change.who == "glm":
            self.ambiguous |= "moved" in self._beside(index)
            index = self._among_gone(index, change.new)
            gap = self._closed_gap(index, change.new)
            if gap is not None:  # As if it had come back where it was.
                self._pieces[gap] = evolve(self._pieces[gap], killer="undo")
                change = evolve(change, who="moved")
        elif self._fills_a_line(change):
            while index < len(self._pieces) and not self._pieces[index].live:
                index += 1
        elif not change.old and not change.new.endswith("\n"):
            index = self._behind_lines(index)
        elif change.new.endswith("\n") and "\n" not in change.old:
            index = first  # What it took away was the beginning of the line behind.
        self._pieces[index:index] = self._brought(change)

    def _among_equals(self, change: Change) -> bool:
        """Tell whether only this log knows which lines went, or what ends the text.

        The user deleted lines and left equal ones beside them; or GLM adds lines where the user
        deleted the text's end.
        """
        lines, end = split_lines(change.old), change.start + len(change.old)
        if change.who == "glm":
            killed = self._pieces[-1].killer if self._pieces else None
            return end == len(self.text) and change.new.startswith("\n") and killed in HANDS
        if change.new or not is_whole(self.text, change.start, change.old):
            return False
        above = split_lines(self.text[: change.start])[-1:]
        below = split_lines(self.text[end:])[:1]
        slides = above == lines[-1:] or below == lines[:1]
        return slides and bool(self._changing.intersection([*above, *below, *lines]))

    def _beside(self, index: int) -> set[str]:
        """Return who brought what stands before and behind an index.

        Beside lines that the user moved, GLM's belong where those are now and were before.
        """
        before = next((p.owner for p in reversed(self._pieces[:index]) if p.live), "")
        behind = next((p.owner for p in self._pieces[index:] if p.live), "")
        return {before, behind}

    def _brought(self, change: Change) -> list[Piece]:
        lines = split_lines(change.new)
        if change.who != "user":
            return [Piece(change.new, change.who)] if change.new else []
        whole = not change.old and is_whole(self.text, change.start, change.new)
        if self._fills_a_line(change) and change.new + "\n" in self._known and change.new.strip():
            return [Piece(change.new, "moved")]
        above = split_lines(self.text[: change.start])[-1:]
        below = split_lines(self.text[change.start :])[:1]
        moved = {
            line for line in lines[0 if whole else 1 :] if line in self._known and line.strip()
        }
        # Which of two equal neighbours is the new one only this log knows.
        twins = {*above, *below} if whole else moved
        self.ambiguous |= bool(twins & moved & self._changing)
        return [Piece(line, "moved" if line in moved else "user") for line in lines]

    def _fills_a_line(self, change: Change) -> bool:
        """Tell whether a change puts text into an empty line, as VS Code moves lines."""
        return f"\n{self.text}\n"[change.start : change.start + 2] == "\n\n" and not change.old

    def _closed_gap(self, index: int, new: str) -> int | None:
        """Return where GLM had removed the same lines, within the line before or behind.

        The user joined lines there over the gap, so what was in it has no place any more.
        """
        for way, ends_left in ((range(index - 1, -1, -1), 2), (range(index, len(self._pieces)), 1)):
            for at in way:
                piece = self._pieces[at]
                ends_left -= piece.text.count("\n") if piece.live else 0
                if ends_left <= 0 and piece.live:
                    break
                if piece.killer == "glm" and piece.text == new and self._is_joined(at):
                    return at
        return None

    def _is_joined(self, gap: int) -> bool:
        """Tell whether the user took the line end before a gap away."""
        for piece in reversed(self._pieces[:gap]):
            if piece.live:
                return False
            if piece.killer in HANDS and piece.text.endswith("\n"):
                return True
        return False

    def _behind_lines(self, index: int) -> int:
        """Return the index behind the whole lines that are gone from there on."""
        for at in range(index, len(self._pieces)):
            if self._pieces[at].live:
                break
            if self._pieces[at].text.endswith("\n"):
                index = at + 1
        return index

    def _among_gone(self, index: int, new: str) -> int:
        """Return where GLM's insertion goes among what is gone there: beside GLM's own.

        Where GLM had removed the same text, that comes back.
        """
        before = self._pieces[index - 1] if index else None
        end = index
        while end < len(self._pieces) and not self._pieces[end].live:
            if self._pieces[end].killer == "glm" and new.startswith(self._pieces[end].text):
                return end + 1
            end += 1
        while end > index and not self._pieces[end - 1].text.endswith("\n"):
            end -= 1  # That is gone from the line that follows.
        after = self._pieces[end] if end < len(self._pieces) else None
        owners = {piece.owner for piece in (before, after) if piece is not None and piece.live}
        within = before is not None and not before.text.endswith("\n")
        self.ambiguous |= within and "moved" in owners
        return index if before is not None and before.live and before.owner == "glm" else end

    def _heal(self) -> None:
        """Take what came back as it was, where it was, for what it was."""
        gap: list[int] = []
        pieces = [*self._pieces, Piece("", "original")]
        for index in range(len(pieces) - 1, -1, -1):
            piece = pieces[index]
            if piece.is_users_mark and (piece.live or piece.owner not in HANDS):
                gap.insert(0, index)
            elif piece.live:
                self._heal_gap(gap)
                gap = []
        self._heal_gap(gap)

    def _straighten(self) -> None:
        """Read text put into a line as a line put before it, where the line is whole then."""
        start, line = 0, ""  # Of this line, what is not the user's.
        index = 0
        while index < len(self._pieces):
            end, typed = self._typed(index)
            if line and typed.endswith("\n" + line):
                self._pieces[index:end] = []
                self._pieces.insert(start, Piece(line + typed[: -len(line)], "user"))
                index += 1
                continue
            piece = self._pieces[index]
            plain = piece.live and piece.owner not in HANDS
            if plain and "\n" in piece.text and not piece.text.endswith("\n"):
                self._split(index, piece.text.rindex("\n") + 1)
                piece = self._pieces[index]
            index += 1
            if not plain or piece.text.endswith("\n"):
                start, line = index, ""
            else:
                line += piece.text

    def _straighten_ends(self) -> None:
        """Read text put in at a line's end as a line put behind it, where both are whole then."""
        whole = True  # Nothing of this line is the user's so far.
        index = 0
        while index < len(self._pieces):
            end, typed = self._typed(index)
            line_end = self._pieces[end] if end < len(self._pieces) else None
            if whole and typed.startswith("\n") and line_end is not None and self._ends(line_end):
                rest = evolve(line_end, text=line_end.text[1:])
                moved = [evolve(line_end, text="\n"), Piece(typed[1:] + "\n", "user")]
                self._pieces[index : end + 1] = [*moved, *([rest] if rest.text else [])]
                end = index + 1
            piece = self._pieces[index]
            if piece.live:
                whole = piece.owner not in HANDS and (whole or "\n" in piece.text)
                whole = whole or piece.text.endswith("\n")
            index += 1

    @staticmethod
    def _ends(piece: Piece) -> bool:
        """Tell whether a piece that is not the user's begins with a line end."""
        return piece.live and piece.owner not in HANDS and piece.text.startswith("\n")

    def _typed(self, index: int) -> tuple[int, str]:
        """Return the user's text from a piece on, and the index behind it."""
        text = ""
        while index < len(self._pieces):
            piece = self._pieces[index]
            if not piece.live or piece.owner != "user":
                break
            text, index = text + piece.text, index + 1
        return index, text

    def _heal_gap(self, gap: list[int]) -> None:
        """Take the longest run of what the user's hand left there for what it was, if it is so."""
        for size in range(len(gap), 1, -1):
            for start in range(len(gap) - size + 1):
                if self._heal_run(gap[start : start + size]):
                    return

    def _heal_run(self, run: list[int]) -> bool:
        there = "".join(self._pieces[at].text for at in run if self._pieces[at].live)
        gone = "".join(self._pieces[at].text for at in run if not self._pieces[at].live)
        if not there or there != gone:
            return False
        for at in run[::-1]:
            piece = self._pieces[at]
            if piece.live:
                del self._pieces[at]
            else:
                self._pieces[at] = evolve(piece, killer=None)
        return True

    def _cut(self, offset: int) -> int:
        """Return the first index with `offset` live characters before it."""
        for index, piece in enumerate(self._pieces):
            if offset == 0:
                return index
            if not piece.live:
                continue
            if len(piece.text) > offset:
                self._split(index, offset)
                return index + 1
            offset -= len(piece.text)
        return len(self._pieces)

    def _split(self, index: int, offset: int) -> None:
        piece = self._pieces[index]
        head, tail = piece.text[:offset], piece.text[offset:]
        self._pieces[index : index + 1] = [evolve(piece, text=head), evolve(piece, text=tail)]
