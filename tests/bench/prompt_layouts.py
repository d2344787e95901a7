"""How the embedded model is best asked: layouts of the prompt, measured on scenarios.

    python -m tests.bench.prompt_layouts [LAYOUT…] [--feature NAME…] [--scenarios PATH]

Each layout is put into the real server, which is asked all of the scenarios through
`glm-lsp eval`; what comes is recorded in `.cache/layouts`, so that a layout that has not changed
costs nothing the second time. Prints a table in Markdown for docs/prompts.md.

Invariant: a layout changes how a question is worded and laid out, and nothing else.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import attrs
from rich.console import Console

from glm_lsp.languages import language_named
from glm_lsp.llm.types import Message
from glm_lsp.prompts import actions, completion
from glm_lsp.prompts.actions import ActionQuestion, fenced

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "layouts"
ACTIONS = ("fix", "edit", "refactor", "document")
_RATES = ("applied", "passes", "exact", "chrf", "size")


def _asked(question: ActionQuestion) -> tuple[str, str, list[str]]:
    """Return the task, the code in its fence, and what is said of it."""
    language = question.around.language
    task = question.wording.brief.format(language=language)
    said = [f"Error: {finding.message}" for finding in question.problems]
    own = question.instruction or question.preset_task
    return task, fenced(dedent(question.code), language), [*said, *([own] if own else [])]


def _chat(persona: str, *parts: str) -> tuple[Message, ...]:
    return (Message("system", persona), Message("user", "\n\n".join(filter(None, parts))))


def task_first(question: ActionQuestion) -> tuple[Message, ...]:
    """The task, the code, then what is said of it."""
    task, code, said = _asked(question)
    return _chat(question.wording.persona, task, code, *said)


def code_first(question: ActionQuestion) -> tuple[Message, ...]:
    """The code, what is said of it, then the task."""
    task, code, said = _asked(question)
    return _chat(question.wording.persona, code, *said, task)


def own(question: ActionQuestion) -> tuple[Message, ...]:
    """What is asked now: the task, the user's wish, the code, then what is wrong with it."""
    return actions._render_brief(question)


def code_last(question: ActionQuestion) -> tuple[Message, ...]:
    """The task and what is said, then the code."""
    task, code, said = _asked(question)
    return _chat(question.wording.persona, task, *said, code)


def no_persona(question: ActionQuestion) -> tuple[Message, ...]:
    """All of it in one message of the user's, without a system's."""
    return task_first(question)[1:]


def rules(question: ActionQuestion) -> tuple[Message, ...]:
    """As large models are asked: rules, and parts with headings."""
    head, *parts = actions.sections_of(question)
    asked = "\n\n".join(part.text for part in parts)
    return (Message("system", head.text), Message("user", asked))


def worse(question: ActionQuestion) -> tuple[Message, ...]:
    """Deliberately bad: what is wrong is left out, and the task is another."""
    _, code, _ = _asked(question)
    return _chat("You write poems.", code, "Say something about this.")


Ask = Callable[[ActionQuestion], tuple[Message, ...]]
BRIEF: Mapping[str, Ask] = {
    each.__name__.replace("_", " "): each
    for each in (own, task_first, code_first, code_last, no_persona, rules, worse)
}


def named(question: completion.CompletionQuestion, before: str) -> str:
    """The lines above, under the file's name in a comment."""
    mark = next(iter(language_named(question.context.language).line_comments), "#")
    return f"{mark} {question.path}\n{before}"


def below(question: completion.CompletionQuestion, before: str) -> str:
    """The lines below as comments on top, then the lines above."""
    mark = next(iter(language_named(question.context.language).line_comments), "#")
    after = "".join(f"{mark} {line}\n" for line in question.context.below if line.strip())
    return f"{after}{before}"


def near(_: completion.CompletionQuestion, before: str) -> str:
    """The last twelve lines above alone."""
    return "\n".join(before.split("\n")[-12:])


Lay = Callable[[completion.CompletionQuestion, str], str]
RAW: Mapping[str, Lay] = {"file named": named, "below first": below, "near alone": near}


def serve(layout: str) -> int:
    """Be the server, with a layout in place of its own."""
    from glm_lsp.evaluation import server

    if layout in BRIEF and layout != "own":
        vars(actions)["_render_brief"] = BRIEF[layout]
    elif layout in RAW:
        own, lay = completion.render, RAW[layout]

        def render(kind: completion.Kind, question: Any, model: str) -> Any:
            request = own(kind, question, model)
            before = question.context.before
            if request.prompt is None or not request.prompt.endswith(before):
                return request
            head = request.prompt.removesuffix(before) if before else request.prompt
            return attrs.evolve(request, prompt=head + lay(question, before))

        from glm_lsp.completion import question as asking

        for module in (asking, completion):
            vars(module)["render"] = render
    return server.main()


def command(layout: str) -> tuple[str, ...]:
    """Return what starts the server with a layout."""
    return (sys.executable, "-m", "tests.bench.prompt_layouts", "--serve", layout)


def measured(layout: str, features: tuple[str, ...], scenarios: Path | None) -> dict[str, Any]:
    """Return the figures of a layout, by feature."""
    from glm_lsp.evaluation.run import EvaluationOptions, run

    FOLDER.mkdir(parents=True, exist_ok=True)
    name = "-".join((layout.replace(" ", "_"), *features, scenarios.stem if scenarios else "own"))
    found = FOLDER / f"{name}.json"
    settings = ("completion.prompt=chat",) if layout == "chat" else ()
    wish = EvaluationOptions(
        features=features,
        scenarios=scenarios,
        settings=settings,
        record=FOLDER / f"{name}.jsonl",
        json=found,
        server=command(layout),
    )
    environ = {**os.environ, "GLM_LSP_PROVIDER": "local"}
    run(wish, environ, Console(file=io.StringIO()))
    figures: dict[str, Any] = json.loads(found.read_text("utf-8"))["features"]
    return figures


def main() -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.prompt_layouts")
    parser.add_argument("layouts", nargs="*")
    parser.add_argument("--serve", metavar="LAYOUT")
    parser.add_argument("--feature", action="append", default=[])
    parser.add_argument("--scenarios", type=Path)
    options = parser.parse_args()
    if options.serve is not None:
        return serve(options.serve)
    raw = ("own", *RAW, "chat")
    for features, layouts in ((ACTIONS, tuple(BRIEF)), (("complete",), raw)):
        wanted = tuple(f for f in features if not options.feature or f in options.feature)
        chosen = [each for each in layouts if not options.layouts or each in options.layouts]
        if not wanted or not chosen:
            continue
        rows = {each: measured(each, wanted, options.scenarios) for each in chosen}
        for feature in wanted:
            print(f"\n| {feature} | applied | tests pass | exact | chrF | size | F1 | output |")
            print("|---|---|---|---|---|---|---|---|")
            for layout, figures in rows.items():
                found = figures.get(feature, {})
                cells = [_cell(found.get(rate)) for rate in (*_RATES, "f1")]
                print(f"| {layout} | {' | '.join(cells)} | {found.get('output', '')} |", flush=True)
    return 0


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
