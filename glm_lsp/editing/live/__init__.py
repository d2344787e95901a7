"""The change in a document that moves: whose each line is, and what is still to be done."""
