"""What a model writes for people, made safe for every way of showing it; see `sanitizer`."""

from glm_lsp.markdown.inline import load
from glm_lsp.markdown.modelines import without_modelines, without_settings
from glm_lsp.markdown.sanitizer import Sanitizer, sanitized

__all__ = ["Sanitizer", "load", "sanitized", "without_modelines", "without_settings"]
