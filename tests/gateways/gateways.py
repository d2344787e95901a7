"""The gateways in front of the model: how each is configured, started and stopped.

Each listens on a free port of the loopback interface. What a gateway writes to its log goes to
a file in its folder, and is shown when it does not start.

Invariant: leaving the `with` block ends the process and everything it started.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from tests.gateways import setup_gateways

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.gateways.model import Model

Start = Callable[["Model", "Path"], AbstractContextManager["Started"]]
_READY = 120.0  # Seconds; LiteLLM imports half of the registry.


@frozen
class Started:
    """A gateway that answers: where, and the key that it wants to hear."""

    base_url: str
    key: str


@frozen
class Command:
    """How a gateway is started."""

    words: tuple[str, ...]
    environ: Mapping[str, str]


NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream model {{
    server 127.0.0.1:{model};
    {kept}
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://model;
      {more}
    }}
  }}
}}
"""
KEPT = """\
proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream error non_idempotent;"""
"""Connections to the model that are kept; llama.cpp closes one after each answer all the same."""

HAPROXY = """\
global
  maxconn 64
defaults
  mode http
  {more}
  timeout connect 5s
  timeout client 50s
  timeout server 50s
frontend editors
  bind 127.0.0.1:{port}
  default_backend models
backend models
  server model 127.0.0.1:{model}
"""

LITELLM = """\
model_list:
  - model_name: glm-4.7
    litellm_params: &model
      model: openai/glm-4.7
      api_base: http://127.0.0.1:{model}/v1
      api_key: os.environ/MODEL_KEY
  - model_name: embedded
    litellm_params: *model
litellm_settings:
  telemetry: false
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
"""


@contextmanager
def direct(model: Model, folder: Path) -> Iterator[Started]:
    """No gateway."""
    yield Started(model.base_url, model.key)


def nginx(
    more: str = "", kept: str = ""
) -> Callable[[Model, Path], AbstractContextManager[Started]]:
    """Nginx, with `more` in its `location` and `kept` in its `upstream`."""

    def start(model: Model, folder: Path) -> AbstractContextManager[Started]:
        port = _free_port()
        written = folder / "nginx.conf"
        text = NGINX.format(folder=folder, model=model.port, port=port, more=more, kept=kept)
        written.write_text(text, "utf-8")
        found = setup_gateways.find("nginx")
        words = (*found.argv, "-p", str(folder), "-e", str(folder / "error.log"))
        command = Command((*words, "-c", str(written)), found.environ)
        return _running(command, folder, port, model.key)

    return start


def haproxy(more: str = "") -> Start:
    """HAProxy, with `more` in its `defaults`."""

    def start(model: Model, folder: Path) -> AbstractContextManager[Started]:
        port = _free_port()
        written = folder / "haproxy.cfg"
        text = HAPROXY.format(model=model.port, port=port, more=more)
        written.write_text(text, "utf-8")
        found = setup_gateways.find("haproxy")
        command = Command((*found.argv, "-db", "-f", str(written)), found.environ)
        return _running(command, folder, port, model.key)

    return start


def litellm(model: Model, folder: Path) -> AbstractContextManager[Started]:
    """LiteLLM's proxy, which knows the model as one with OpenAI's protocols."""
    port = _free_port()
    written = folder / "litellm.yaml"
    written.write_text(LITELLM.format(model=model.port), "utf-8")
    key = "sk-" + secrets.token_urlsafe(24)  # It takes no other beginning.
    environ = {
        "LITELLM_MASTER_KEY": key,
        "MODEL_KEY": model.key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # Else it fetches one when it starts.
        "LITELLM_TELEMETRY": "False",
        "NO_PROXY": "*",
    }
    words = (*setup_gateways.litellm(), "--host", "127.0.0.1", "--port", str(port))
    command = Command((*words, "--config", str(written)), environ)
    return _running(command, folder, port, key)


@contextmanager
def _running(command: Command, folder: Path, port: int, key: str) -> Iterator[Started]:
    kept = {k: v for k, v in os.environ.items() if "GLM" not in k and "API" not in k}
    log = folder / "gateway.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            command.words,
            cwd=folder,
            env={**kept, "HOME": str(folder), **command.environ},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _until_it_answers(process, port, log)
            yield Started(f"http://127.0.0.1:{port}/v1", key)
        finally:
            _stop(process)


def _until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _READY
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=10):
                return
        except urllib.error.HTTPError:
            return  # Whatever it says, it is there.
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the gateway does not start: {log.read_text('utf-8')[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and its own children, politely first."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, how)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue
    assert process.poll() is not None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


GATEWAYS: Mapping[str, Start] = {
    "none": direct,
    "nginx": nginx(),
    "nginx, `proxy_buffering off`": nginx("proxy_buffering off;\n      " + KEPT, "keepalive 8;"),
    "nginx, buffering": nginx("proxy_ignore_headers X-Accel-Buffering;"),
    "HAProxy": haproxy(),
    "HAProxy, `option http-no-delay`": haproxy("option http-no-delay"),
    "LiteLLM": litellm,
}
"""Each gateway and configuration. The third nginx heeds no word of llama.cpp's about buffering, as
it would have none from other servers."""
