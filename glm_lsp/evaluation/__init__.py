"""How good the answers are: scenarios, put to the real server, measured and reported.

Invariant: the server is asked as an editor asks it and knows nothing of being measured; what a
model answered is asked for once, and is then the recording's.
"""
