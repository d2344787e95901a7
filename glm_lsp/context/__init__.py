"""What to show the model: scope, syntax, ignore rules, secrets. No network."""
