"""Speaks LSP: the only importer of pygls and lsprotocol."""
