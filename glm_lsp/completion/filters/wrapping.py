"""Take the code out of what a chat model wraps around it.

Invariant: works on half an answer as on a whole one; what may still turn out to be
wrapping is held back, so that a stream read through it only ever grows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glm_lsp.languages import language_named
from glm_lsp.prompts.completion import CLOSE, HOLE, OPEN

if TYPE_CHECKING:
    from glm_lsp.completion.types import Draft
    from glm_lsp.context.cursor import CursorContext

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.MULTILINE)
_FENCE_BEGUN = re.compile(r"^[ \t]*(?:```|~~~|(?:`{1,2}|~{1,2})\Z)", re.MULTILINE)
_BARE_FENCE = re.compile(r"\s*```[ \t]*(?:\n|\Z)")
_LABEL = re.compile(r"[A-Z][\w+#. ]{0,20}[:：]")
_THOUGHT = re.compile(r"\A\s*<think>[\s\S]*?(?:</think>\s*|\Z)")
_FORM_TAG = re.compile(r"</?(?:above|below|related|fill|hole)\b[^>\n]*>?|<hole/?")
_MODEL_TOKEN = re.compile(
    r"<\|[a-z_▁]{2,30}\|>|<(?:fim|code)_(?:prefix|middle|suffix)>|<PRE>|<SUF>|<MID>|<EOT>"
    r"|</s>\s*\Z|\[/?INST\]"
)
_CHATTER = re.compile(
    r"\s*(?:sure\b|certainly\b|of course\b|okay[,.]|sorry\b|unfortunately\b|as an ai\b"
    r"|here(?:'|’)s\b|here (?:is|are)\b|let me\b|let(?:'|’)s\b|you can\b|note(?: that|:)"
    r"|i(?:'|’)(?:m|ll|ve)\b|i (?:am|can|cannot|can't|have|will|would|apologi[sz]e)\b"
    r"|the (?:above|answer|code|completed?|completion|following|function|given|hole|missing|output"
    r"|text)\b|to (?:call|complete|fill|fix|implement|run|test|use)\b|explanation\b"
    r"|this (?:code|completes|function|implementation|is|line|method|snippet|will)\b"
    r"|in this (?:case|code|example|implementation|updated)\b"
    r"|(?:\*\*|#+ )?(?:completed? code|explanation|answer|output|note)(?:\*\*)?:)",
    re.IGNORECASE,
)
_CODE_MARK = re.compile(
    r"[(){}\[\]=;<>]|\w\.\w|^\s*(?:return|import|from|if|elif|else|for|while|let|const|class|def"
    r"|try|except|with|switch|case|func|function|fn|async|match|do|loop|unless|begin)\b"
)
_UNFINISHED = re.compile(
    r"(?:[=+\-*/,(\[{.<>&|!?:%^~]|\b(?:return|in|and|or|not|is|import|from|if|while|yield|await"
    r"|new|case|raise|throw|assert|with|as))\s*\Z"
)
_TALK_BEGUN = re.compile(r"(?:[A-Z]|[^\W\d_a-z]|[^\x00-\x7f])[^(){}\[\]=;<>_]*\n?\s*")
_HEADER = re.compile(
    r"\s*(?:async|case|class|def|elif|else|except|for|if|lambda|match|switch|when|while|with)\b"
)
"""What ends with a colon as an announcement does."""
_PLAIN_WORD = re.compile(
    r"[\"'“(*]?[A-Za-z’'-]+(?:[\"”),.;:!?*][\"'”),.;:!?*]*)?"
)  # An apostrophe is read in one way only, however many there are.
_MARKS = (OPEN, "```", "~~~", "<think>", HOLE, "<above>", "<below>", "<related")
_GREETINGS = ("here", "sure", "certainly", "of course")
_WORDS = 3


def apply(draft: Draft, context: CursorContext) -> Draft:
    """Keep what stands between the answer's tags or fences, without prose around it."""
    text = unwrap(draft.text, context)
    if OPEN not in draft.text and _UNFINISHED.search(context.head) and not draft.multiline:
        text = text.removeprefix("\n")  # Some GLM models open every answer with a line break.
    return draft.with_text(text)


def unwrap(raw: str, context: CursorContext) -> str:
    """Return the code in an answer, whole or cut anywhere."""
    text = _THOUGHT.sub("", raw)
    if _may_open(text) and not _closes_example(text, context):
        return ""
    if OPEN in text:
        inside = text.partition(OPEN)[2].partition(CLOSE)[0]
        return _plain_code(_without_half(inside, CLOSE), context)
    text = _without_half(_without_half(text.partition(CLOSE)[0], CLOSE), OPEN)
    return _plain_code(text.removesuffix("\n<"), context)


def may_talk(draft: Draft, context: CursorContext) -> bool:
    """Tell whether an answer that is still growing may begin with something but code."""
    text = draft.text.lstrip()
    if OPEN in text:
        return False
    if context.is_in_text:  # Words are at home there, but for some.
        if _FENCE.match(text):  # It may close the prompt's, and talk.
            return len(_FENCE.findall(text)) == 1
        return any(text.lower().startswith(word[: len(text)]) for word in _GREETINGS)
    return context.language.startswith(text.lower()) or bool(_TALK_BEGUN.fullmatch(text))


def may_announce(draft: Draft, context: CursorContext) -> bool:
    """Tell whether all there is so far may only announce a fence that follows."""
    text = draft.text.strip()
    return (
        bool(_LABEL.fullmatch(text) or _announces(text))
        and "\n\n\n" not in draft.text
        and not language_named(context.language).prose
    )


def _may_open(text: str) -> bool:
    """Tell whether the answer so far may still become a tag or a fence."""
    start = text.lstrip()
    return bool(start) and any(mark.startswith(start) for mark in _MARKS)


def _without_half(text: str, mark: str) -> str:
    """Cut a beginning of `mark` off the end, which the next piece may complete."""
    for size in range(min(len(mark) - 1, len(text)), 1, -1):
        if text.endswith(mark[:size]):
            return text[:-size]
    return text


def _plain_code(text: str, context: CursorContext) -> str:
    if _closes_example(text, context):
        return text.lstrip().partition("\n")[0]
    if _may_open(text):
        return ""
    if HOLE in text:  # The model wrote the form again, hole and all.
        text = text.partition(HOLE)[2]
    for pattern in (_MODEL_TOKEN, _FORM_TAG):
        if found := pattern.search(text):
            text = text[: found.start()]
    if language_named(context.language).prose:
        return text
    if context.is_in_text:
        return _in_text(text)
    text = _unfenced(text, context.head)
    return _without_chatter(_without_language(text, context.language))


def _closes_example(text: str, context: CursorContext) -> bool:
    """Tell whether a fence that an answer begins with ends an example of the comment's own."""
    if not _BARE_FENCE.match(text) or not context.is_in_text or len(_FENCE.findall(text)) != 1:
        return False
    mark, fences = context.head.strip(), 0
    for line in reversed(context.above):
        if not mark or not line.strip().startswith(mark):
            break
        fences += line.strip()[len(mark) :].lstrip().startswith("```")
    return fences % 2 == 1


def _without_language(text: str, language: str) -> str:
    """Drop a fence's language that stands alone on the first line."""
    first, newline, rest = text.partition("\n")
    return rest if newline and first.strip().lower() == language else text


def _in_text(text: str) -> str:
    """Return what goes on in a comment or string: what stands before a fence, else in it."""
    fence = _FENCE_BEGUN.search(text)
    if fence is None:
        return text
    lead = text[: fence.start()].rstrip()
    if lead and not _is_lead(lead.rpartition("\n")[2]):
        return lead
    inside = text[fence.start() :].partition("\n")[2]
    whole = _FENCE.match(text, fence.start())
    return "" if whole and _talks(whole, inside) else _until_fence(inside)


def _unfenced(text: str, head: str) -> str:
    """Return what stands in the fence; what stands before it, where that is the code."""
    fence = _FENCE.search(text)
    if fence is None:
        lines = [line for line in text.splitlines() if line.strip()]
        if not _HEADER.match(head + text) and all(map(_announces, lines)):
            return ""  # The code may still come.
        return _until_fence(text)
    lead = text[: fence.start()]
    if lead.strip() and not all(_is_lead(line) for line in lead.splitlines() if line.strip()):
        return lead.rstrip()  # Code, then a fence: the fence ends it.
    inside = text[fence.end() :].removeprefix("\n")
    while (again := _FENCE.match(inside)) and _opens_once_more(again, inside):
        inside = inside[again.end() + 1 :]
    return "" if _talks(fence, inside) else _until_fence(inside)


def _talks(fence: re.Match[str], inside: str) -> bool:
    """Tell whether a fence closes the prompt's: then the next opens, and talk stands between."""
    again = _FENCE.search(inside)
    return not _language(fence) and again is not None and bool(_language(again))


def _language(fence: re.Match[str]) -> str:
    """Return what a fence is of; a closing one is of nothing."""
    return fence.group().strip(" \t`~")


def _opens_once_more(fence: re.Match[str], text: str) -> bool:
    """Tell whether a fence right behind an opening one opens too, rather than closes it."""
    rest = text[fence.end() :]
    return rest.startswith("\n") and bool(rest.strip()) and _language(fence) != ""


def _until_fence(text: str) -> str:
    fence = _FENCE_BEGUN.search(text)
    return text[: fence.start()].rstrip("\n") if fence else text


def _is_lead(line: str) -> bool:
    """Tell whether a line before a fence talks about what is in it."""
    return _is_prose(line) or bool(_LABEL.fullmatch(line.strip()))


def _without_chatter(text: str) -> str:
    """Drop lines that talk about the code, before it and after it."""
    lines = text.split("\n")
    first = 0
    while first < len(lines) and (
        _is_chatter(lines[first]) or (first and not lines[first].strip())
    ):
        first += 1
    kept = lines[first:]
    if first and not any(line.strip() for line in kept):
        return ""
    for index in range(1, len(kept)):
        if _is_chatter(kept[index]) and not kept[index - 1].strip():
            return "\n".join(kept[:index]).rstrip()
    return "\n".join(kept)


def _announces(line: str) -> bool:
    """Tell whether a line says that something follows."""
    if not line.rstrip().endswith((":", "：")) or _CODE_MARK.search(line):
        return False
    if line.lstrip().startswith(("//", "--", "/*")):
        return False
    return len(line.split()) >= _WORDS or not line.isascii()


def _is_chatter(line: str) -> bool:
    """Tell whether a line is something said to the reader."""
    return bool(_CHATTER.match(line)) and _is_prose(line)


def _is_prose(line: str) -> bool:
    """Tell whether a line reads as words rather than code."""
    words = line.split()
    if not words:
        return False
    if _announces(line):
        return True
    if _CHATTER.match(line) and len(words) >= _WORDS and "=" not in line:
        return True
    plain = sum(_PLAIN_WORD.fullmatch(word) is not None for word in words)
    return len(words) > _WORDS and plain >= 0.8 * len(words) and not line.startswith((" ", "\t"))
