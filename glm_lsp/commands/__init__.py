"""The commands around the server: models, usage, auth, config."""
