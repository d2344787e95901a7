"""`glm-lsp eval`: scenarios, a service, a report.

Invariant: nothing is asked before the user knows how much it may be; what was asked stands in the
recording, if there is one, whatever happens next.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from glm_lsp.characters import one_line
from glm_lsp.errors import GlmError
from glm_lsp.evaluation import benchmarks, from_git, git, page, report, terminal
from glm_lsp.evaluation.drive import Start, server_command
from glm_lsp.evaluation.evaluate import Evaluated, evaluate
from glm_lsp.evaluation.gateway import Budget, Gateway
from glm_lsp.evaluation.recording import Recording
from glm_lsp.evaluation.scenario import FEATURES, in_files, own
from glm_lsp.evaluation.service import EvaluatedService, asked, recorded, replayed
from glm_lsp.llm.types import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from glm_lsp.evaluation.scenario import Scenario

_BUDGET = re.compile(r"\$?(\d+(?:\.\d+)?)(\$|usd)?", re.IGNORECASE)
_CHARACTERS = 3.0  # Per token.
_ANSWER = 400  # Tokens, roughly.
_MOST_SHOWN = 12_000  # Tokens of one question.
INTERRUPTED = 130


@frozen(kw_only=True)
class EvaluationOptions:
    """What the command line asks for.

    Attributes:
        sources: of scenarios; the program's own where there are none.
        count: the most scenarios of each feature that a source yields.
        tests: the program that runs a repository's tests, before their paths.
        budgets: see `budget_of`.
        baselines: reports beside which this one is shown; none of them may be better.
    """

    features: tuple[str, ...] = ()
    git: Path | None = None
    benchmark: Path | None = None
    scenarios: Path | None = None
    count: int | None = None
    tests: str = ""
    settings: tuple[str, ...] = ()
    model: Path | None = None
    record: Path | None = None
    replay: Path | None = None
    budgets: tuple[str, ...] = ()
    yes: bool = False
    json: Path | None = None
    html: Path | None = None
    baselines: tuple[Path, ...] = ()
    server: tuple[str, ...] = field(factory=server_command)


def run(wish: EvaluationOptions, environ: Mapping[str, str], console: Console | None = None) -> int:
    """Evaluate; return the process's exit code: 1 below a baseline, or where answers are missing.

    Raises:
        GlmError: it cannot be done as it is asked for.
    """
    console = console or Console()
    compared = [report.read(path) for path in wish.baselines]
    budget = budget_of(wish.budgets)
    recording = Recording(wish.replay or wish.record, may_ask=wish.replay is None)
    try:
        if wish.replay is None:
            service = asked(environ, wish.settings, wish.model)
        else:
            service = replayed(recording.about)
        about = _about(wish, service, recording)
        if wish.replay is None:
            recording.begin(about)
        with Console(stderr=True).status("Looking for scenarios…"):
            scenarios = _scenarios(wish, recording)
        if not scenarios:
            raise GlmError("There are no scenarios: name a feature or a source that has some.")
        if wish.replay is None:
            _ask_first(scenarios, service, budget, wish, console)
        found, interrupted = asyncio.run(_run(scenarios, wish, service, recording, budget))
    finally:
        recording.close()
    made = report.report_of(about, found.outcomes, [*found.notes, *_told(found, wish, budget)])
    if wish.json is not None:
        _write(wish.json, made.json())
    sentences = [
        each for other in compared for each in report.fallen(made, other, wish.features or FEATURES)
    ]
    if wish.html is not None:
        _write(wish.html, page.page(made, compared, sentences))
    terminal.show(console, made, compared)
    for sentence in sentences:
        console.print(f"Below the baseline: {sentence}", style="red", highlight=False)
    if interrupted:
        return INTERRUPTED
    return 1 if sentences or found.unanswered else 0


def budget_of(texts: Sequence[str]) -> Budget:
    """Read budgets: `50000` is tokens, `0.50usd` or `$0.50` is money.

    Raises:
        GlmError: one is neither.
    """
    budget = Budget()
    for text in texts:
        read = _BUDGET.fullmatch(text.strip())
        if read is None:
            raise GlmError(f"A budget is tokens (50000) or money (0.50usd), not {text}.")
        if read[2] or text.strip().startswith("$"):
            budget.dollars = float(read[1])
        elif "." in read[1]:
            raise GlmError(f"A budget of {text} is not whole tokens: write money as {text}usd.")
        else:
            budget.tokens = int(read[1])
    return budget


def _about(
    wish: EvaluationOptions, service: EvaluatedService, recording: Recording
) -> dict[str, Any]:
    """Return what the run is: of a recording, what it says."""
    if wish.replay is not None:
        if not recording.about:
            raise GlmError(f"{wish.replay} holds no run: record one with --record.")
        return recording.about
    about: dict[str, Any] = {
        **recorded(service, wish.settings),
        "features": list(wish.features),
        "count": wish.count,
    }
    if wish.git is not None:
        # What is gone on with began at a commit; there are others by now, perhaps.
        commit = recording.about.get("commit") or git.head(wish.git)
        about |= {"source": f"the history of {wish.git.resolve().name}", "commit": commit}
        about["tests"] = wish.tests
    elif wish.benchmark is not None:
        about["source"] = f"the benchmark {wish.benchmark.stem}"
    elif wish.scenarios is not None:
        about["source"] = f"the scenarios of {wish.scenarios.stem}"
    else:
        about["source"] = "its own scenarios"
    return about


def _scenarios(wish: EvaluationOptions, recording: Recording) -> list[Scenario]:
    features = tuple(recording.about.get("features") or wish.features or FEATURES)
    count = recording.about.get("count", wish.count)
    if wish.git is not None:
        commit = recording.about["commit"]
        tests = recording.about.get("tests", wish.tests)
        found = from_git.scenarios(wish.git, commit, features, count, tests, recording)
    elif wish.benchmark is not None:
        found = benchmarks.scenarios(wish.benchmark)
    else:
        found = in_files(wish.scenarios) if wish.scenarios is not None else own()
    kept: dict[str, list[Scenario]] = {name: [] for name in FEATURES if name in features}
    for each in found:
        group = kept.get(each.feature)
        if group is not None and (count is None or len(group) < count):
            group.append(each)
    return [each for group in kept.values() for each in group]


def _ask_first(
    scenarios: Sequence[Scenario],
    service: EvaluatedService,
    budget: Budget,
    wish: EvaluationOptions,
    console: Console,
) -> None:
    """Say how much may be asked, and go on only with a yes, where somebody bills for it.

    Raises:
        GlmError: there was no yes, or nobody to ask.
    """
    asking = [each for each in scenarios if each.feature != "next"]
    prompt = sum(min(round(len(each.text) / _CHARACTERS), _MOST_SHOWN) for each in asking)
    usage = Usage(prompt + 900 * len(asking), _ANSWER * len(asking))
    costs = [service.cost(name, usage) for name in _models(service)]
    dollars = None if None in costs else max(cost for cost in costs if cost is not None)
    money = "an unknown cost" if dollars is None else f"about ${dollars:.2f}"
    if budget.dollars is not None and dollars is None:
        raise GlmError(
            "No price of the model is known, so that no budget in money can be held: set"
            " `prices` with --set, or give the budget in tokens."
        )
    if service.is_free or wish.yes or budget.tokens == 0 or budget.dollars == 0:
        return
    limits = [f"{budget.tokens} tokens"] if budget.tokens is not None else []
    limits += [f"${budget.dollars:.2f}"] if budget.dollars is not None else []
    console.print(
        f"{len(asking)} scenarios will be asked of {', '.join(_models(service))} at {service.name}:"
        f" about {usage.prompt + usage.output} tokens, {money}"
        + (f"; never more than {' or '.join(limits)}." if limits else "."),
        highlight=False,
    )
    if not sys.stdin.isatty():
        raise GlmError("Nothing was asked: say --yes to agree to that.")
    if console.input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise GlmError("Nothing was asked.")


def _models(service: EvaluatedService) -> list[str]:
    models = service.settings.models
    return list(dict.fromkeys((models.actions, models.completion)))


async def _run(
    scenarios: Sequence[Scenario],
    wish: EvaluationOptions,
    service: EvaluatedService,
    recording: Recording,
    budget: Budget,
) -> tuple[Evaluated, bool]:
    """Evaluate until all is done, or the user has had enough."""
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows: what is in flight is lost then.
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, enough.set)
    relay = service.relay if wish.replay is None else None
    gateway = Gateway(recording, relay, service.cost, budget)
    await gateway.start()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    try:
        start = Start(wish.server, service.told(gateway.base_url), gateway.key, service.options())
        with shown:
            task = shown.add_task("", total=len(scenarios))

            def progress(number: int, scenario: Scenario) -> None:
                title = one_line(f"{scenario.feature}: {scenario.title}")[:60]
                shown.update(task, completed=number, description=title.replace("[", "\\["))

            found = await evaluate(
                scenarios, start, gateway, progress=progress, ended=enough.is_set
            )
    finally:
        await gateway.stop()
        if service.embedded is not None:
            service.embedded.close()
    return found, enough.is_set() and bool(found.left)


def _told(found: Evaluated, wish: EvaluationOptions, budget: Budget) -> list[str]:
    """Return what a reader of the report should know."""
    notes = []
    if budget.refused:
        notes.append(f"The budget is used up: {found.left} scenarios were not asked.")
    elif found.left:
        notes.append(f"Interrupted: {found.left} scenarios were not asked.")
    if found.left and wish.record is not None:
        notes.append("The same command goes on from here, and asks nothing twice.")
    if found.unanswered:
        what = "are not in the recording" if wish.replay is not None else "had no answer"
        some = "; ".join(found.unanswered[:3])
        notes.append(f"{len(found.unanswered)} scenarios {what}, and count for nothing: {some}.")
    if estimated := sum(each.estimated for each in found.outcomes):
        notes.append(
            f"Tokens are estimates for {estimated} questions: the service reported none,"
            " or its answer was not needed to its end."
        )
    return notes


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise GlmError(f"{path} cannot be written: {error.strerror}.") from None
