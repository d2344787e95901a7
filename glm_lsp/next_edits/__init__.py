"""Next edits: what remains to be changed after what the user has changed, found without a model."""
