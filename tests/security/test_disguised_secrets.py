"""Secrets that do not look like those of a textbook: wrapped, joined, cut, oddly assigned."""

from __future__ import annotations

import base64
import json
import string
from functools import partial
from typing import TYPE_CHECKING

import pytest

from glm_lsp.context.syntax import parse
from glm_lsp.editing.answer.judge import find_fault
from tests.security.rig import CODE, attacks, bodies, made_up, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway import Gateway
    from tests.security.rig import Rig

URI = "file:///project/settings.py"
HEX = "0123456789abcdef"
WORD = string.ascii_letters + string.digits + "-_"

# Put together here, so that no file of this repository looks as if it held a secret.
TOKEN = "gh" + "p_" + made_up(36)
VALUE = made_up(20) + "7Qx9"
ACCOUNT = base64.b64encode(json.dumps({"private": made_up(1_600), "z": 1}).encode()).decode()

# Each is a sentence, the text with `@` in place of the secret, and the secret.
ASSIGNED: dict[str, tuple[str, str, str]] = {
    "dotted-capital": ("A letter whose small form is two.", "# \u0130stanbul\nAPI_KEY = '@'", VALUE),
    "long": ("It has thousands of characters.", "TOKEN_B64 = '@'", ACCOUNT),
    "brackets": ("A generated password has brackets.", "password = '@'", "k7#Qz(9!mW[2x;Lp4}vT"),
    "more-brackets": ("Another one has commas, too.", "password: '@'", "tR4)x,P9w{Zk2#Lm8(Qs"),
    "prefixed": ("It begins with words.", "api_key = '@'", "live_secret_" + VALUE),
    "query": ("It stands in an address that is encoded.", "'?next=%2Ftoken%3D@'", VALUE),
    "element": ("It is an element of XML.", "<password>@</password>", VALUE),
    "attribute": ("It is an attribute beside its name.", '<add key="ApiKey" value="@"/>', VALUE),
    "sql": ("A statement of SQL says it.", "CREATE USER x WITH PASSWORD '@';", VALUE),
    "argument": ("It is an argument of a command.", "run --token @ x", VALUE),
    "docker": ("A Dockerfile sets it.", "ENV API_KEY @\n", VALUE),
    "make": ("A makefile gives a default.", "API_KEY ?= @\n", VALUE),
    "or": ("It is what is used otherwise.", "k = os.getenv('API_KEY') or '@'", VALUE),
    "bars": ("The same in JavaScript.", "k = process.env.API_KEY || '@'", VALUE),
    "call": ("It is wrapped in a call.", "api_key = SecretStr('@')", VALUE),
    "below": ("It stands on the line below.", "api_key = (\n    '@'\n)", VALUE),
    "backslash": ("A backslash ends the line.", "api_key = \\\n    '@'", VALUE),
    "pair": ("Kubernetes names it on a line of its own.", "- name: API_KEY\n  value: @\n", VALUE),
    "json-pair": ("JSON does.", '{"name": "API_KEY", "value": "@"}', VALUE),
    "default": ("Terraform does.", 'variable "api_key" {\n  default = "@"\n}', VALUE),
    "block": ("It is a block of YAML.", "password: |\n  @\n", VALUE),
    "netrc": ("A line of .netrc was pasted.", "machine h login u password @\n", VALUE),
    "curl": ("A command line of curl was pasted.", "curl -u admin:@ https://h", VALUE),
    "header": ("A header has no scheme.", "headers = {'Authorization': '@'}", made_up(40)),
    "registry": ("Docker's file was pasted.", '{"auth": "@"}', base64.b64encode(made_up(26).encode()).decode()),
    "chinese": ("Its name is Chinese.", "\u5bc6\u7801 = '@'", VALUE),
    "pass": ("Its name is short.", "DB_PASS=@", VALUE),
    "second": ("It is the second of a list.", f"API_KEYS = ['{made_up(24)}', '@']", VALUE),
    "added": ("It is added to a word.", "token = 'abc' + '@'", VALUE),
    "within": ("A name stands within another's value.", "token = 'a;token=@'", VALUE),
}  # fmt: skip

SHAPES: dict[str, tuple[str, str, str]] = {
    "encoded": ("An escape of addresses stands before it.", "x = 'a%3D@'", TOKEN),
    "escaped": ("An escape of JSON stands before it.", "x = 'a\\u003d@'", TOKEN),
    "hex-escaped": ("An escape of strings stands before it.", "x = 'a\\x3d@'", TOKEN),
    "jwt": ("A token has a large payload.", "x = '@'", f"ey{'J'}{made_up(40)}.ey{'J'}{made_up(6_000)}.{made_up(43)}"),
    "jwe": ("A token is encrypted.", "x = '@'", f"ey{'J'}{made_up(60)}.{made_up(300)}.{made_up(16)}.{made_up(200)}.{made_up(22)}"),
    "address": ("A password in an address is encoded.", "'postgres://u:@@db/prod'", "Xk9%23mP2%24vL5q8"),
    "user": ("A token is an address's user.", "'https://@@git.example/a.git'", made_up(30)),
    "sas": ("Azure signs an address.", "'https://a.example/c?sv=2020-08-04&sig=@&sp=r'", made_up(43) + "%3D"),
    "azure": ("An Azure application's secret.", "x = '@'", "aB3" + "8Q~" + made_up(34)),
    "discord": ("A Discord bot's token.", "run('@')", f"MT{made_up(24)}.{made_up(6)}.{made_up(38)}"),
    "notion": ("A Notion token.", "NOTION = '@'", "secret" + "_" + made_up(43)),
    "refresh": ("A Google refresh token.", "x = '@'", "1/" + "/0" + made_up(60, WORD)),
    "gemini": ("A Gemini key.", "x = '@'", "AQ" + ".Ab8" + made_up(44, WORD)),
    "supabase": ("A Supabase token.", "x = '@'", "sb" + "p_" + made_up(40, HEX)),
    "sentry": ("A Sentry token.", "x = '@'", "sntr" + "yu_" + made_up(64, HEX)),
    "trigger": ("A GitLab trigger's token.", "x = '@'", "glp" + "tt-" + made_up(40, HEX)),
    "twilio": ("A Twilio key.", "x = '@'", "S" + "K" + made_up(32, HEX)),
    "postman": ("A Postman key.", "x = '@'", "PM" + "AK-" + made_up(24, HEX) + "-" + made_up(34, HEX)),
    "pulumi": ("A Pulumi token.", "x = '@'", "pu" + "l-" + made_up(40, HEX)),
    "terraform": ("A Terraform token.", "x = '@'", made_up(14) + ".atlas" + "v1." + made_up(64)),
    "airtable": ("An Airtable token.", "x = '@'", "pa" + "t" + made_up(14) + "." + made_up(64, HEX)),
    "bitbucket": ("A Bitbucket password.", "x = '@'", "AT" + "BB" + made_up(32)),
    "alibaba": ("An Alibaba key id.", "x = '@'", "LT" + "AI5t" + made_up(18)),
    "grafana": ("A Grafana token.", "x = '@'", "gl" + "c_" + made_up(80)),
    "der": ("A private key without its marks.", "x = '@'", "MII" + "EvQIBADANBgkqhkiG9w0BAQEFAASC" + made_up(1_500)),
    "jwk": ("A private key in JSON.", '{"kty": "RSA", "d": "@"}', made_up(342, WORD)),
    "ssh2": ("A private key of another make.", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n@\n---- END SSH2 ENCRYPTED PRIVATE KEY ----", made_up(64)),
}  # fmt: skip


def _windows(secret: str) -> list[str]:
    return [secret[start : start + 12] for start in range(len(secret) - 11)]


@attacks("text, secret", {**ASSIGNED, **SHAPES})
def test_a_disguised_secret(
    sentence: str, text: str, secret: str, shared: tuple[Rig, Gateway]
) -> None:
    """A secret stands in the code in a way of its own: not a dozen characters of it are sent."""
    rig, gateway = shared
    at = text.index("@")
    text = text[:at] + secret + text[at + 1 :]
    rig.ask(rig.open(URI, f"{text}\n\n\n{CODE}"))
    assert "heigth" in bodies(gateway), sentence
    assert [part for part in _windows(secret) if part in bodies(gateway)] == [], sentence


@pytest.mark.parametrize("joint", ['" + "', '" "', "'\n    '", '" \\\n  "', "'.'"])
def test_a_secret_in_pieces(joint: str, shared: tuple[Rig, Gateway]) -> None:
    """A token is put together from texts, so that no piece has its shape."""
    rig, gateway = shared
    quote = joint[0]
    rig.ask(rig.open(URI, f"x = {quote}{TOKEN[:4]}{joint}{TOKEN[4:]}{quote}\n\n\n{CODE}"))
    assert "heigth" in bodies(gateway)
    assert [part for part in _windows(TOKEN[4:]) if part in bodies(gateway)] == []


def _instruction(rig: Rig, before: int) -> None:
    words = "a " * (3_999 - before // 2)
    rig.ask(rig.open(URI), "edit", "heigth", instruction=f"{words}{TOKEN} and more")


def _message(rig: Rig, before: int) -> None:
    uri = rig.open(URI)
    message = f"{'bad;' * 300}"[: 1_000 - before] + f"{TOKEN};more"
    rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, message)])


def _path(rig: Rig, before: int) -> None:
    uri = rig.open(f"file:///project/{'a' * (60 - before)}/{TOKEN}/{'b' * 60}.py")
    rig.ask(uri)
    rig.complete(uri, "return ")


def _name(rig: Rig, before: int) -> None:
    uri = rig.open(f"file:///project/{'a' * (58 - before)}-{TOKEN}-{'b' * 90}.py")
    rig.ask(uri)
    rig.complete(uri, "return ")


def _unsaved(rig: Rig, before: int) -> None:
    uri = rig.open(f"untitled:{'a' * (58 - before)}-{TOKEN}-{'b' * 90}.py")
    rig.ask(uri)
    rig.complete(uri, "return ")


def _ending(rig: Rig, before: int) -> None:
    rig.ask(rig.open(f"file:///project/{'a' * (110 + before)}.{TOKEN}"))


def _comment(rig: Rig, before: int) -> None:
    comment = f"# {'do this ' * 80}"[: 501 - before] + f" {TOKEN} there"
    uri = rig.open(URI, CODE.replace("    return result", f"    {comment}\n    return result"))
    wanted = [each for each in rig.menu(uri, "do this") if "comment" in each["title"]]
    assert wanted
    rig.client.call("workspace/executeCommand", wanted[0]["command"])
    rig.idle()


def _selection(rig: Rig, before: int) -> None:
    uri = rig.open(URI, CODE.replace("heigth", f"'{TOKEN}'"))
    rig.ask(uri, words=TOKEN[:before])
    rig.ask(uri, words=f"{TOKEN[before - 8 :]}'")


@attacks(
    "leak",
    {
        "unsaved": ("The name of what is not saved yet is.", _unsaved),
        "ending": ("A file's name is, and has it for its ending.", _ending),
        "comment": ("A comment that says what to do has a long line.", _comment),
        "selection": ("The user selected half of it.", _selection),
        "instruction": ("What the user asks is too long.", _instruction),
        "message": ("A linter's message is, and has no blank.", _message),
        "path": ("A path is.", _path),
        "name": ("A file's name is.", _name),
    },
)
def test_a_secret_that_is_cut(sentence: str, leak: object, shared: tuple[Rig, Gateway]) -> None:
    """Where a text is cut, a token stands: half of it would not be known as one."""
    rig, gateway = shared
    assert callable(leak)
    for before in (10, 20, 30, 38):
        leak(rig, before)
    assert len(gateway.requests) >= 4, sentence
    assert [part for part in _windows(TOKEN) if part in bodies(gateway)] == [], sentence


@pytest.mark.parametrize("before", [10, 20, 30, 38])
def test_a_fault_that_quotes_a_secret(before: int) -> None:
    """An answer's line at fault holds a token and is too long: the model is shown no half of it."""
    line = "x = (" + f"{'1 + ' * 20}"[: 74 - before] + f"'{TOKEN}') )\n"
    fault = find_fault(partial(parse, "python"), "x = 1\n", line)
    assert fault is not None
    assert "x = (1" in fault
    assert [part for part in _windows(TOKEN) if part in fault] == []


def test_the_cursor_in_the_servers_own_key(home: Path, gateway: Gateway) -> None:
    """The key of the user's gateway looks like words; a completion is asked in the middle of it."""
    key = "corporate-gateway-" + "pass-one-two"
    with serving(home, gateway, environ={"RUNAPI_KEY": key}) as rig:
        uri = rig.open(URI, f"x = 1\nother = '{key}'\ny = \n")
        rig.complete(uri, "other = 'corporate-gateway")
        rig.complete(uri, "y = ")
    content = "".join(one.content.decode() for one in gateway.requests)
    assert "other" in content
    assert [part for part in _windows(key) if part in content] == []


def test_the_path_in_a_query(shared: tuple[Rig, Gateway]) -> None:
    """An editor's `git:` document says in its query where on the user's disk it lies."""
    rig, gateway = shared
    uri = rig.open("git:/home/alice/a.py?%7B%22path%22%3A%22%2Fhome%2Falice%2Fa.py%22%7D")
    rig.ask(uri)
    rig.complete(uri, "return ")
    assert len(gateway.requests) == 2
    assert "alice" not in bodies(gateway)
