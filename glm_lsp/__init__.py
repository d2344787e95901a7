"""Language server for GLM models: explain, fix, refactor and inline completion."""

__version__ = "0.1.0"
