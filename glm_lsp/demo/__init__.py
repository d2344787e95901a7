"""The main job in a terminal: an editor of a few lines, talking to the real server."""
