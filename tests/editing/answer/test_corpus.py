"""Odd answers end in the right code or in a question, never in wrong code."""

from __future__ import annotations

import pytest

from tests.editing.answer.corpus import End, Form, forms, run

FORMS = forms()
SIZES = [1, 3, 7, 10_000]
_LEAST = 150
_RIGHT = 0.85


def _agrees(form: Form, end: End) -> bool:
    if form.ends != "right":
        return end.how == form.ends and form.right in end.words
    return end.how == "right" and end.text == form.right


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_each_answer_ends_as_it_should(form: Form) -> None:
    """However the stream is cut, an answer comes to what is written down as right for it."""
    for size in SIZES:
        end = run(form, size)
        assert (end.how, end.text if end.how == "right" else end.words) == (
            form.ends,
            form.right if form.ends == "right" else end.words,
        ), f"in pieces of {size}: {end.words}"
        assert form.ends == "right" or form.right in end.words


def test_the_bars_of_the_corpus() -> None:
    """Of at least 150 forms 85 % end right, none of the rest in wrong code."""
    ends = [(form, run(form, 7)) for form in FORMS]
    right = sum(form.ends == end.how == "right" and end.text == form.right for form, end in ends)
    asked = sum(end.how != "right" for _, end in ends)
    wrong = [form.name for form, end in ends if end.how == "right" and not _agrees(form, end)]
    print(f"{len(ends)} forms: {right} right, {asked} asked again or refused, {len(wrong)} wrong")
    assert not wrong
    assert len(ends) >= _LEAST
    assert right >= _RIGHT * len(ends)
