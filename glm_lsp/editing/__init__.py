"""Words become edits: an answer placed and judged, line edits, a change in a live document. Pure."""
