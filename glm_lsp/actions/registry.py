"""The actions, one record each.

Invariant: nobody else keeps a table of actions. The menu, the commands, the kinds that the
server announces, the questions and their limits, and what an answer may change are all read
from here; the clients' menus are compared with it by a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from glm_lsp.prompts.actions import EXPLAINER_RULES, TESTER_RULES, Wording
from glm_lsp.prompts.commit import COMMIT_RULES
from glm_lsp.prompts.review import REVIEWER_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

Want = Literal["bodies", "callers", "tests", "style"]

_REWRITE = "refactor.rewrite"


@frozen(kw_only=True)
class RefactorPreset:
    """A refactoring offered by name.

    Attributes:
        name: in the command's argument.
        title: in the menu, behind `GLM: `.
        task: what the model is asked.
        kind: the LSP code action kind.
        careful: see `Action`.
    """

    name: str
    title: str
    task: str = field(repr=False)
    kind: str = _REWRITE
    careful: bool = False


@frozen(kw_only=True)
class Action:
    """One action.

    Attributes:
        name: in the command (`glm.NAME`), in the books and in the logs.
        title: in the menu, and of the running job.
        doing: what the plan's title begins with.
        called: in the command, where that says more than the name.
        kind: the LSP code action kind.
        offered: `always`; once for each `problem` of the selection, and for all of the file's;
            on a `comment` that asks for something; in the `message` of a commit, and nothing else
            there.
        presets: what is offered of it by name.
        answer: the answer is an `edit` of the target, `prose` about it, a new `file` of tests,
            `findings` about its lines, or the `message` of a commit.

        wording: how it asks.
        wants: what of the workspace it is shown besides what the code uses: small `bodies` of
            that, `callers` of the code, `tests` that name it, the `style` of tests.
        thinks: whether the model is to think first; None leaves it to the model.
        tokens: how long an answer may be, apart from code.
        tokens_of_code: how often the target's code may stand in the answer.

        part: it can be about a part of a definition, where the user selected one.
        comments: the comments above a definition are part of the target.

        careful: what is lost without a word is a mistake; a rewrite keeps fewer lines.
        comments_only: it changes no code.
        heeds: the user's own words may ask for something to go, or to be called otherwise.
    """

    name: str
    title: str
    doing: str
    called: str = ""
    kind: str = _REWRITE
    offered: Literal["always", "problem", "comment", "message"] = "always"
    presets: tuple[RefactorPreset, ...] = ()
    answer: Literal["edit", "prose", "file", "findings", "message"] = "edit"

    wording: Wording = field(repr=False)
    wants: tuple[Want, ...] = ()
    thinks: bool | None = None
    tokens: int = 500
    tokens_of_code: int = 2

    part: bool = False
    comments: bool = False

    careful: bool = False
    comments_only: bool = False
    heeds: bool = False

    @property
    def command(self) -> str:
        """The command that does it."""
        return f"glm.{self.called or self.name}"

    def preset(self, name: str) -> RefactorPreset | None:
        """Return what is offered of it by a name; None for the action itself."""
        return next((preset for preset in self.presets if preset.name == name), None)


FIX = Action(
    name="fix",
    title="GLM: Fix",
    doing="Fixing",
    kind="quickfix",
    offered="problem",
    wording=Wording(
        task="Fix the target code so that the reported problems are gone, changing nothing else.",
        brief="Fix this {language} code. Reply with one fenced code block with the corrected code.",
    ),
    wants=("bodies", "tests"),
    careful=True,
)

EDIT = Action(
    name="edit",
    title="GLM: Edit",
    doing="Editing",
    offered="comment",
    wording=Wording(
        task="Change the target code as instructed.",
        brief="Change this {language} code. Reply with one fenced code block.",
    ),
    wants=("callers",),
    part=True,
    heeds=True,
)

REFACTOR = Action(
    name="refactor",
    title="GLM: Refactor",
    doing="Refactoring",
    wording=Wording(
        task="Refactor the target code: clearer and simpler, with exactly the same behaviour.",
        brief="Refactor this {language} function to be shorter, with the same behaviour.",
    ),
    wants=("callers", "tests"),
    part=True,
    heeds=True,
    presets=(
        RefactorPreset(
            name="simplify",
            title="Simplify",
            task=(
                "Simplify the target code: less nesting and fewer branches, with the same"
                " behaviour."
            ),
        ),
        RefactorPreset(
            name="extract",
            title="Extract",
            kind="refactor.extract",
            task=(
                "Extract the parts of the target code that do a job of their own into well-named"
                " functions beside it, with the same behaviour."
            ),
        ),
        RefactorPreset(
            name="names",
            title="Improve names",
            task=(
                "Improve the names of local variables and parameters in the target code; keep every"
                " name that code elsewhere can see."
            ),
            careful=True,
        ),
        RefactorPreset(
            name="types",
            title="Add types",
            task="Add precise type annotations to the target code, changing no behaviour.",
            careful=True,
        ),
    ),
)

DOCUMENT = Action(
    name="document",
    title="GLM: Document",
    doing="Documenting",
    wording=Wording(
        task=(
            "Document the target code: add or complete its documentation comment in the form usual"
            " for the language, changing no code."
        ),
        brief=(
            "Add a documentation comment to this {language} code. Reply with one fenced code block."
        ),
    ),
    thinks=False,
    comments=True,
    careful=True,
    comments_only=True,
)

TEST = Action(
    name="test",
    title="GLM: Write tests",
    doing="Testing",
    kind="source",
    answer="file",
    wording=Wording(
        rules=TESTER_RULES,
        task="Write tests for the target code.",
        brief="Write unit tests for this {language} code. Reply with one fenced code block.",
    ),
    wants=("tests", "style"),
    tokens=4_500,
)

EXPLAIN = Action(
    name="explain",
    title="GLM: Explain",
    doing="Explaining",
    kind="glm.explain",
    answer="prose",
    wording=Wording(
        rules=EXPLAINER_RULES,
        task="Explain the target code.",
        brief="Explain in a few sentences what this {language} code does.",
        persona="You explain code.",
    ),
    wants=("bodies",),
    thinks=False,
    tokens=2_000,
    tokens_of_code=0,
)

REVIEW = Action(
    name="review",
    title="GLM: Review",
    doing="Reviewing",
    kind="source",
    answer="findings",
    wording=Wording(
        rules=REVIEWER_RULES,
        task="Review the target code.",
        brief=(
            "Find mistakes in this {language} code. Reply with one line for each:"
            " LINE: error: what is wrong. If there is none, reply: none"
        ),
        persona="You review code.",
    ),
    wants=("bodies", "callers"),
    tokens=2_000,
    tokens_of_code=0,
)

COMMIT = Action(
    name="commit",
    called="commitMessage",
    title="GLM: Write the commit message",
    doing="Writing",
    kind="source",
    offered="message",
    answer="message",
    wording=Wording(
        rules=COMMIT_RULES,
        task="Write the message of the commit that these changes make.",
        brief="Write a one-line git commit message for this {language}. Reply with it alone.",
    ),
    thinks=False,
    tokens=1_000,
    tokens_of_code=0,
)

ACTIONS: Mapping[str, Action] = {
    action.name: action for action in (FIX, EDIT, REFACTOR, DOCUMENT, TEST, EXPLAIN, REVIEW, COMMIT)
}
"""All of them by name, in the order of the menu."""

KINDS = tuple(
    dict.fromkeys(
        kind
        for action in ACTIONS.values()
        for kind in (action.kind, *(preset.kind for preset in action.presets))
    )
)
"""The code action kinds of the menu."""
