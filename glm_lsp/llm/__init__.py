"""Speaks to models: the only importer of httpx."""
