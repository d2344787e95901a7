"""What a model's answer passes through before a user may see it, one file for each rule."""
