"""What takes longer than a message: jobs, applying edits, explanations."""
