"""What can be known about a language: one record.

Invariant: a record holds facts and imports nothing; a grammar is named, not loaded. The
defaults are what is true of most languages, and are used for one that nobody has recorded.
"""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """One language. A named tuple, for a class of attrs with as many fields takes 2 ms to make.

    Attributes:
        name: its LSP identifier.
        aliases: its other names, in editors and behind the fence of a block of code.
        suffixes: how its files' names end.
        kin: the name of the language that answers about this one may be written in too.
        prose: people read it, not compilers: sentences and fences are at home there.

        line_comments: what begins a comment that ends with its line.
        block_comments: what begins and ends one that may be longer.
        manual: a pattern of a long comment that begins and ends at the left edge; "" for none.
        names: a pattern of what holds brackets that are none: names, expressions; "" for none.
        quotes: what begins and ends a string within a line.
        long_quotes: what begins and ends a string that may be longer.
        apostrophes: an apostrophe need not open a string: `'a`, `'(1 2)`.
        word_blocks: words open blocks and `end` or the like closes them.

        grammar: the module that holds the tree-sitter grammar, and its function; None for none.
        definitions: the grammar's names of what gives something a name and has a body.
        bodied: those that are definitions only where their field `body` is filled.
        wrappers: what may stand around a definition and belongs to it.
        bindings: what is a definition where one of its values is of `function_values`.
        imports: what stands at the top of a file and names other code.
        docstrings: a string alone at the top of a body is a comment.

        opening: what a file must begin with to be read as code.
        import_line: a pattern of what an import begins with, at the left edge; "" for none.
        import_list: a pattern of one that names several things: what comes before the names,
            the names, and what follows; "" for none.
        import_group: imports may stand in one pair of brackets, a line each.
        imports_first: a file without imports gets them on top, below its first comments.

        test_name: the file of tests for a source file, its suffix left out.
        tests_apart: tests have a folder of their own.

        overloads: one scope may define a name more than once.
        explicit_self: a method is never called by its bare name.
        stub: a statement that looks as if it stood for code left out.
        bare_end: what no definition ends with, though the grammar lets it.
        blank_lines: how many stand between two definitions.
    """

    name: str
    aliases: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    kin: str = ""
    prose: bool = False

    line_comments: tuple[str, ...] = ("//",)
    block_comments: tuple[tuple[str, str], ...] = (("/*", "*/"),)
    manual: str = ""
    names: str = ""
    quotes: tuple[str, ...] = ('"', "'")
    long_quotes: tuple[str, ...] = ()
    apostrophes: bool = False
    word_blocks: bool = False

    grammar: tuple[str, str] | None = None
    definitions: frozenset[str] = frozenset()
    bodied: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    bindings: frozenset[str] = frozenset()
    function_values: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    docstrings: bool = False

    opening: str = ""
    import_line: str = ""
    import_list: str = ""
    import_group: bool = False
    imports_first: bool = False

    test_name: str = "{}_test"
    tests_apart: bool = False

    overloads: bool = True
    explicit_self: bool = False
    stub: str = ""
    bare_end: str = ""
    blank_lines: int = 1

    @property
    def family(self) -> str:
        """What languages share of which one can stand for another in an answer."""
        return self.kin or self.name
