"""Words become edits: an answer placed and judged, line edits, a change that is live. Pure."""
