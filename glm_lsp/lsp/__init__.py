"""Speaks LSP: nothing below it knows pygls or an LSP type."""
