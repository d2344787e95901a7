"""The languages that have no grammar here, one record each: how to tell code from comments."""

from __future__ import annotations

from typing import Any

from glm_lsp.languages.record import Language

_TRIPLE = ('"""', "'''")


def _marked(mark: str, name: str, *more: str, **facts: Any) -> Language:
    """Return a language whose only comments begin with a mark; `more`: aliases and suffixes."""
    return _language(name, *more, line_comments=(mark,), block_comments=(), **facts)


def _prose(name: str, *more: str, **facts: Any) -> Language:
    return _language(name, *more, prose=True, **facts)


def _language(name: str, *more: str, **facts: Any) -> Language:
    return Language(
        name=name,
        aliases=tuple(each for each in more if not each.startswith(".")),
        suffixes=tuple(each for each in more if each.startswith(".")),
        **facts,
    )


PLAIN = (
    _marked("#", "cmake", ".cmake"),
    _marked("#", "coffeescript", ".coffee"),
    _marked("#", "dockerfile", "docker", ".dockerfile"),
    _marked("#", "elixir", ".ex", ".exs", long_quotes=_TRIPLE, word_blocks=True),
    _marked("#", "fish", ".fish"),
    _marked("#", "gdscript", ".gd", long_quotes=_TRIPLE),
    _marked("#", "ini", ".ini", ".cfg"),
    _marked("#", "julia", ".jl", long_quotes=_TRIPLE, word_blocks=True),
    _marked("#", "just"),
    _marked("#", "makefile", "make", ".mk"),
    _marked("#", "nim", ".nim", long_quotes=_TRIPLE),
    _marked("#", "nix", ".nix"),
    _marked(
        "#",
        "perl",
        ".pl",
        ".pm",
        manual=r"(?:(?<=\n)|\A)=[a-z][\s\S]*?(?:\n=cut\b[^\n]*|\Z)",
        # Names of variables, and the expressions that something is compared with.
        names=r"\$[\])]|(?<=[=!]~)[ ]*m?/(?:\\.|[^/\\\n])*(?:/|\\?(?=\n|\Z))",
    ),
    _marked("#", "powershell", ".ps1"),
    _marked("#", "r", ".r"),
    _marked("#", "toml", ".toml", long_quotes=_TRIPLE),
    _marked("#", "yaml", "yml", ".yaml", ".yml"),
    _marked("--", "ada", ".adb", ".ads"),
    _marked("--", "elm", ".elm"),
    _marked("--", "haskell", ".hs", apostrophes=True),
    _marked("--", "sql", ".sql"),
    _marked("--", "vhdl", ".vhd", ".vhdl"),
    _marked("%", "erlang", ".erl", ".hrl"),
    _marked("%", "matlab"),
    _marked("%", "prolog"),
    _marked(";", "asm", ".asm", ".s"),
    _marked(";", "clojure", ".clj", ".cljs", apostrophes=True),
    _marked(";", "commonlisp", ".lisp", apostrophes=True),
    _marked(";", "elisp", "emacs-lisp", ".el", apostrophes=True),
    _marked(";", "lisp", apostrophes=True),
    _marked(";", "racket", ".rkt", apostrophes=True),
    _marked(";", "scheme", ".scm", apostrophes=True),
    _language("css", ".css"),
    _language("html", ".html", ".htm"),
    _language("kotlin", ".kt", ".kts", long_quotes=_TRIPLE, test_name="{}Test"),
    _language("scala", ".scala", long_quotes=_TRIPLE),
    _language("svelte", ".svelte", long_quotes=("`",)),
    _language("swift", ".swift", long_quotes=_TRIPLE),
    _language("verilog", ".v", apostrophes=True),
    _language("vue", ".vue", long_quotes=("`",)),
    _prose("asciidoc", ".adoc"),
    _prose("git-commit", "gitcommit"),
    _prose("markdown", "md", "mdx", ".md", ".mdx"),
    _prose("org", ".org"),
    _prose("plaintext", "text", "txt", ".txt"),
    _prose("restructuredtext", "rst", ".rst"),
    _prose("typst", ".typ"),
    _prose("latex", "tex", ".tex", line_comments=("%",), block_comments=()),
)
