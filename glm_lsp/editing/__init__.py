"""Words become edits: reply parser, diff, anchors, syntax guard. Pure."""
