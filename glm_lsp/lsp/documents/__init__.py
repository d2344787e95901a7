"""The mirror of the editor's documents, and positions in it."""
