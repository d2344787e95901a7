"""What a workspace's files define, found in a process of its own, and what of it is shown."""

LONGEST = 256 * 1024
"""Characters of a file or document; a longer one is data, or written by a program."""
