"""Language server for GLM models: explain, fix, refactor and inline completion."""
