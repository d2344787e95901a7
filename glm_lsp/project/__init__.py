"""What a workspace's files define, found in a process of its own, and what of it is shown."""
