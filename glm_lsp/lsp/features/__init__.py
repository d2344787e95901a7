"""One file per LSP method family: convert, call, convert."""
