"""JSON-RPC over a pipe or a socket: bytes to typed messages, and back."""
