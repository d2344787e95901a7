"""The guard of syntax under its old name, until the callers judge by the promise."""

from __future__ import annotations

from glm_lsp.editing.answer.syntax import find_fault

__all__ = ["find_fault"]
