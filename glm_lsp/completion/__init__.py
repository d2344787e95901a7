"""Ghost text: one engine of named stages."""
