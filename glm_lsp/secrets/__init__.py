"""What looks like a secret in text, and the marks that stand for it on the way to a model.

Invariant: `Marks` is the one way: what it strikes out of a question it alone puts back into the
answer. Everything here is plain text: no file, no service, no editor.
"""
