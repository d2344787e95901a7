"""The HTTP dialects that GLM is spoken to in, one file each."""
