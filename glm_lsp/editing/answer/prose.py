"""Tells words about code from code, line by line, and what the words say about it.

All of these are judgements about how models write, in English and Chinese. Each errs towards
calling a line code: prose left in the file is seen at once, code lost is not.
"""

from __future__ import annotations

import re
from typing import Literal

_MOST = 1_000
"""Characters of a line that are looked at: nobody needs more to tell words from code."""

Label = Literal["", "original", "answer", "final", "other", "correction"]

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_QUOTED = re.compile(r"`[^`]*`|\*\*[^*]*\*\*")
_CODE = re.compile(r"[={}\[\];<>\\]|\w\(|\(\)|^\s*(?:#|//|/\*|--|\"|')")
_HEADING = re.compile(r"^(?:#{2,6}\s+|[-*•]\s+|\d+[.)]\s+)(?=[A-Z*`])")
_LEAD_IN = re.compile(
    r"^(?:\W*(?:here|this|below|the|fixed|original|before|after|old|new|corrected|updated|answer"
    r"|solution|result|changes?|explanation|note|code|output|final|option|step|replace|with)\b"
    r"[\w ’'`.,()*-]{0,80}:\**)$",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3400-\u9fff]")
_CJK_END = re.compile(r"[\u3400-\u9fff\w`*)）”\"][：。！？，；:]\**$")
_PATH = r"[\w@~./\\-]*[\w-]\.[A-Za-z]\w{0,4}"
_FILE_NAME = re.compile(
    rf"^\s*(?:(?:#+|//|--|;+|%|/\*+|<!--|\"|')\s*(?:(?:file(?:name|path)?|path)\s*)?(?::\s*)?"
    rf"`?{_PATH}`?"
    rf"|(?:file(?:name|path)?|path)\s*:\s*`?{_PATH}`?|[\w@~.-]+/{_PATH}"
    r"|(?:#|//|--|/\*)\s*(?:at |on )?lines? \d+)\s*(?:(?:\*/|-->)\s*)?:?$",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"^\W*(?:I['’]?m sorry|I am sorry|Sorry|I can(?:no|['’])t|I can not|I['’]?m (?:unable|not able)"
    r"|I am (?:unable|not able)|I won['’]t|As an AI|Unfortunately,? I|抱歉|对不起|很抱歉"
    r"|我(?:无法|不能))",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"\b(?:wait|actually|oops|on second thought|correction|let me (?:fix|correct|revise|redo)"
    r"|i made a mistake)\b|更正|等等|不对|纠正",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:alternativ\w*|another (?:way|option|version|approach)|option (?:2|3|b|c|two|three)\b"
    r"|or,? (?:you|if|with|using|even)|(?:could|can|may|might) also|if you prefer|optionally"
    r"|usage|use it|example|reproduce|run it|test it|tests?:|output)"
    r"|或者|也可以|另一种|示例|用法|例如|方案二|方法二|测试",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"\b(?:complete|full|final|whole|entire|putting it (?:all )?together|all together|in full)\b"
    r"|完整|最终|全部|合在一起",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"\b(?:after|fixed|corrected|new|updated|solution|improved|refactored|rewritten|revised"
    r"|replacement|should be|becomes?|changed? to|with|to|instead:?|simplified|documented|good)\b"
    r"|✅|修改后|修复后|修正|改成|改为|正确|更新|新代码|新的",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\b(?:before|original(?:ly)?|old|current(?:ly)?|existing|buggy|broken|incorrect|wrong"
    r"|problem\w*|bad|bug|issue|your code|you (?:have|wrote)|was|faulty|replace|change|error)\b"
    r"|❌|原代码|原来|原始|修改前|修复前|错误|旧|问题|有误",
    re.IGNORECASE,
)

_VERSION = re.compile(
    r"\s*(?:#|//|--|/\*)\W*(?:(?:the )?(?:before|after|original|fixed|old|new|corrected|updated"
    r"|refactored|improved)(?: (?:code|version|method|function|implementation))?"
    r"|原代码|原来的?|修改前|修改后|修复前|修复后|修复后的代码)\W*$",
    re.IGNORECASE,
)
_MENDED = re.compile(r"\bfix\w*|\bcorrect(?:ed)?\b|修", re.IGNORECASE)


def is_prose(line: str) -> bool:
    """Tell whether a line is a sentence, a heading or an item of a list, not code."""
    text = line.strip()[:_MOST]
    if line[:1] in (" ", "\t") or not text:
        return False
    if _LEAD_IN.match(text) or re.fullmatch(r"\*\*[^*]+\*\*:?", text):
        return True
    item = _HEADING.match(text)
    plain = _QUOTED.sub("x", text[item.end() :] if item else text)
    if _CJK.search(plain) and _CJK_END.search(plain):
        return not _CODE.search(re.sub(r"(?<![\w.])[\w.]+\(\)", "x", plain))
    count = len(_WORD.findall(plain))
    if count < (2 if item else 3) or _CODE.search(plain) or not re.match("[A-Zx]", plain):
        return False
    return item is not None or plain[-1] in ".:!?" or count >= 6


def looks_like_code(line: str) -> bool:
    """Tell whether a line has punctuation that sentences have not."""
    return _CODE.search(line) is not None


def is_file_name(line: str) -> bool:
    """Tell whether a line is nothing but the name of a file, as a comment or after "File:"."""
    return _FILE_NAME.match(line) is not None


def names_version(line: str) -> bool:
    """Tell whether a line is a comment that only says which version of the code follows."""
    return _VERSION.match(line) is not None


def corrects(line: str) -> bool:
    """Tell whether a line takes back what was said before."""
    return _CORRECTION.search(line) is not None


def refuses(reply: str) -> bool:
    """Tell whether a reply without code declines the task."""
    return _REFUSAL.match(reply) is not None


def label(line: str) -> Label:
    """Return what a line in front of a block of code says that the block is."""
    line = line[:_MOST]
    if _CORRECTION.search(line):
        return "correction"
    if _OTHER.search(line):
        return "other"
    if _FINAL.search(line):
        return "final"
    if _ORIGINAL.search(line) and not _MENDED.search(line):
        return "original"
    return "answer" if _ANSWER.search(line) else ""
