"""A report as one page of HTML that needs nothing else: no script, no font, no address.

Invariant: whatever a model or a repository wrote is shown as text; the page loads nothing.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from glm_lsp.characters import one_line
from glm_lsp.evaluation.measures import RATES
from glm_lsp.evaluation.report import NAMES
from glm_lsp.evaluation.terminal import called, costs, figure, heading, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glm_lsp.evaluation.measures import Measured
    from glm_lsp.evaluation.report import Report

_COLORS = ("#2a78d6", "#1baf7a", "#c98500", "#4a3aa7", "#e34948", "#e87ba4")
_WIDE, _HIGH = 640, 240
_MOST_SHOWN = 4_000

_STYLE = """
:root { color-scheme: light dark; --back: #fcfcfb; --ink: #0b0b0b; --soft: #52514e;
  --line: #e1e0d9; --bar: #2a78d6; --card: #ffffff; --good: #006300; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #1a1a19; --ink: #ffffff; --soft: #c3c2b7;
  --line: #383835; --bar: #3987e5; --card: #232322; --good: #0ca30c; --bad: #e66767; } }
body { background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  max-width: 76rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; } p { margin: .25rem 0 .75rem; }
.soft { color: var(--soft); } .note { border-left: 3px solid #c98500; padding-left: .75rem; }
.worse { border-left: 3px solid var(--bad); padding-left: .75rem; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td { padding: .15rem .4rem .15rem 0; vertical-align: middle; white-space: nowrap; }
td.number { text-align: right; } .was { color: var(--soft); font-size: .85em; }
svg { display: block; max-width: 100%; height: auto; } svg text { fill: var(--soft);
  font: 12px system-ui, sans-serif; } .grid { stroke: var(--line); } .fill { fill: var(--bar); }
.track { fill: var(--line); } .tick { stroke: var(--ink); stroke-width: 2; }
details { border-top: 1px solid var(--line); padding: .35rem 0; } summary { cursor: pointer; }
summary b { display: inline-block; width: 1.4em; } .yes { color: var(--good); }
.no { color: var(--bad); } pre { background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: .6rem; overflow-x: auto; font-size: 13px; margin: .3rem 0; }
.three { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
.legend span { margin-right: 1.2rem; } .legend i { display: inline-block; width: .8rem;
  height: .8rem; border-radius: 2px; margin-right: .35rem; vertical-align: -1px; }
"""


def page(report: Report, others: Sequence[Report] = (), worse: Sequence[str] = ()) -> str:
    """Return the page of a report, side by side with others; `worse` are sentences to warn with."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(heading(report))}</title><style>{_STYLE}</style></head><body>",
        "<h1>How good are the answers?</h1>",
        f'<p class="soft">{_text(heading(report))}{_text(_more(report))}</p>',
        *(f'<p class="worse">Below the baseline: {_text(each)}</p>' for each in worse),
        *(f'<p class="note">{_text(each)}</p>' for each in report.notes),
        *_against(others),
        '<div class="cards">',
        *(_card(name, found, others) for name, found in report.features.items()),
        "</div>",
        *_times(report),
        *_tokens(report.features),
        *_scenarios(report.outcomes),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _more(report: Report) -> str:
    about = report.about
    commit = f" at {about['commit'][:12]}" if about.get("commit") else ""
    return f"{commit} · glm-lsp {about.get('glm-lsp', '')} · {len(report.outcomes)} scenarios"


def _against(others: Sequence[Report]) -> Iterator[str]:
    for number, other in enumerate(others, 1):
        mark = "the dark tick, and the first figure in grey" if number == 1 else "in grey, too"
        yield f'<p class="soft">Beside it ({mark}): {_text(heading(other))}</p>'


def _card(name: str, found: Mapping[str, Any], others: Sequence[Report]) -> str:
    rows = []
    for rate in (*RATES, "size"):
        if found.get(rate) is None:
            continue
        was = [other.features.get(name, {}).get(rate) for other in others]
        rows.append(_row(rate, found[rate], was))
    for label, text in costs(found):
        old = [dict(costs(o.features[name])).get(label, "") for o in others if name in o.features]
        rows.append(
            f'<tr class="soft"><td>{label}</td><td colspan="2">{_text(text)}'
            f" {''.join(f'<span class=was>{_text(each)} </span>' for each in old)}</td></tr>"
        )
    return (
        f'<div class="card"><h3>{_text(name)} <span class="soft">· {found["scenarios"]} scenarios'
        f"</span></h3><table>{''.join(rows)}</table></div>"
    )


def _row(rate: str, value: float, was: Sequence[float | None]) -> str:
    most = 1.0 if rate != "size" else 4.0
    width, high = 120, 10
    share = min(value / most, 1.0) * width
    before = next((each for each in was if each is not None), None)
    tick = ""
    if before is not None:
        at = min(before / most, 1.0) * width
        tick = f'<line class="tick" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{high}"/>'
    bar = (
        f'<svg width="{width}" height="{high}" role="img" aria-label="{figure(rate, value)}">'
        f'<rect class="track" width="{width}" height="{high}" rx="3"/>'
        f'<rect class="fill" width="{share:.1f}" height="{high}" rx="3"/>{tick}</svg>'
    )
    old = " ".join(figure(rate, each) for each in was if each is not None)
    return (
        f'<tr><td>{NAMES[rate]}</td><td>{bar}</td><td class="number">{figure(rate, value)}'
        f' <span class="was">{old}</span></td></tr>'
    )


def _times(report: Report) -> Iterator[str]:
    """Yield how many answers were there after which time."""
    curves = []
    for name in report.features:
        mine = [each for each in report.outcomes if each.feature == name]
        for what, dashed in (("seconds", False), ("first", True)):
            times = sorted(t for each in mine if (t := getattr(each, what)) is not None)
            if len(times) > 1:
                curves.append((name, dashed, times))
    if not curves:
        return
    low = max(min(times[0] for *_, times in curves), 0.001)
    high = max(low * 10, *(times[-1] for *_, times in curves))
    names = list(dict.fromkeys(name for name, *_ in curves))
    colors = {name: _COLORS[list(report.features).index(name) % 6] for name in names}
    yield "<h2>How long answers take</h2>"
    yield (
        '<p class="soft">The share of answers that were whole (line) or had begun (dashes) after a'
        " time, at the service.</p>"
    )
    keys = (f'<span><i style="background:{colors[name]}"></i>{name}</span>' for name in names)
    yield f'<p class="legend">{"".join(keys)}</p>'
    yield f'<svg viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}" role="img">'
    yield from _axes(low, high)
    for name, dashed, times in curves:
        points = [f"{_x(max(times[0], low), low, high):.1f},{_y(0):.1f}"]
        for number, time in enumerate(times):
            x = _x(max(time, low), low, high)
            points.append(f"{x:.1f},{_y(number / len(times)):.1f}")
            points.append(f"{x:.1f},{_y((number + 1) / len(times)):.1f}")
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        yield (
            f'<polyline fill="none" stroke="{colors[name]}" stroke-width="2"{dash}'
            f' points="{" ".join(points)}"/>'
        )
    yield "</svg>"


def _axes(low: float, high: float) -> Iterator[str]:
    for share in (0, 0.5, 0.9, 1):
        y = _y(share)
        yield f'<line class="grid" x1="48" x2="{_WIDE - 12}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="42" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in (1, 3):
            at = step * 10.0**power
            if low <= at <= high:
                x = _x(at, low, high)
                yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="12" y2="{_HIGH - 28}"/>'
                yield (
                    f'<text x="{x:.1f}" y="{_HIGH - 10}" text-anchor="middle">{seconds(at)}</text>'
                )


def _x(at: float, low: float, high: float) -> float:
    return 48 + (_WIDE - 60) * (math.log(at / low) / math.log(high / low))


def _y(share: float) -> float:
    return _HIGH - 28 - (_HIGH - 40) * share


def _tokens(features: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield where the tokens went."""
    asked = {name: found for name, found in features.items() if found["questions"]}
    if not asked:
        return
    most = max(found["prompt"] + found["output"] for found in asked.values()) or 1
    kinds = (("cached", "#9ec5f4"), ("sent anew", "#2a78d6"), ("answered", "#1baf7a"))
    yield "<h2>Where the tokens go</h2>"
    keys = (f'<span><i style="background:{color}"></i>{name}</span>' for name, color in kinds)
    yield f'<p class="legend">{"".join(keys)}</p>'
    high = 26 * len(asked)
    yield f'<svg viewBox="0 0 {_WIDE} {high}" width="{_WIDE}" role="img">'
    for number, (name, found) in enumerate(asked.items()):
        x, y = 80.0, 26 * number + 4
        yield f'<text x="72" y="{y + 13}" text-anchor="end">{_text(name)}</text>'
        parts = (found["cached"], found["prompt"] - found["cached"], found["output"])
        for (_, color), count in zip(kinds, parts, strict=True):
            wide = (_WIDE - 160) * count / most
            yield f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="18" fill="{color}"/>'
            x += wide
        total = found["prompt"] + found["output"]
        yield f'<text x="{x + 6:.1f}" y="{y + 13}">{total}</text>'
    yield "</svg>"


def _scenarios(outcomes: Sequence[Measured]) -> Iterator[str]:
    if outcomes:
        yield "<h2>Each scenario</h2>"
    for each in outcomes:
        fine = _fine(each)
        mark = '<b class="yes">✓</b>' if fine else '<b class="no">✗</b>'
        facts = list(_facts(each))
        facts += [seconds(each.seconds)] if each.seconds is not None else []
        facts += ["should be silent"] if each.quiet else []
        yield (
            f"<details><summary>{mark}{_text(called(each))}"
            f' <span class="soft">{_text(" · ".join(facts))}</span></summary>'
        )
        if each.said:
            yield f'<p class="soft">{_text(each.said)}</p>'
        heads = ("what stood there", "what came", "what was wanted")
        yield '<div class="three">'
        for head, text in zip(heads, each.change, strict=True):
            if text:
                yield f'<div class="soft">{head}<pre>{escape(text[:_MOST_SHOWN])}</pre></div>'
        yield "</div></details>"


def _fine(outcome: Measured) -> bool:
    """Tell whether a reader need not look: silent where it should be, or right by what is known."""
    if outcome.quiet:
        return not outcome.applied
    if not outcome.applied or outcome.parses is False:
        return False
    if outcome.passes is not None:
        return outcome.passes
    return outcome.exact is not False


def _facts(outcome: Measured) -> Iterator[str]:
    for name in ("parses", "passes", "exact"):
        value = getattr(outcome, name)
        if value is not None:
            yield NAMES[name] if value else f"not: {NAMES[name]}"
    for name in ("chrf", "size"):
        value = getattr(outcome, name)
        if value is not None:
            yield f"{NAMES[name]} {figure(name, value)}"


def _text(text: str) -> str:
    return escape(one_line(str(text)))
