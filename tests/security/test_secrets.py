"""Secrets in ordinary source: struck out before anything is sent, and said once."""

from __future__ import annotations

import base64
import json
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway import Gateway, completion_stream
from tests.security.rig import (
    CODE,
    KEY,
    attacks,
    bodies,
    made_up,
    prompt,
    serving,
)

if TYPE_CHECKING:
    from tests.security.rig import Rig

URI = "file:///project/settings.py"

HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
WORD = string.ascii_letters + string.digits + "-_"


def _jwt() -> str:
    parts: list[Any] = [{"alg": "HS256", "typ": "JWT"}, {"sub": made_up(10), "exp": 1795400000}]
    texts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*texts, made_up(43, WORD)])


# Put together here, so that no file of this repository looks as if it held a secret.
SECRETS: dict[str, tuple[str, str]] = {
    "openai": ("An OpenAI key.", "sk" + "-" + made_up(48)),
    "openai-project": ("An OpenAI project key.", "sk" + "-proj-" + made_up(74, WORD)),
    "anthropic": ("An Anthropic key.", "sk" + "-ant-api03-" + made_up(93, WORD) + "AA"),
    "openrouter": ("An OpenRouter key.", "sk" + "-or-v1-" + made_up(64, HEX)),
    "zai": ("A Z.ai key.", made_up(32, HEX) + "." + made_up(16)),
    "aws-id": ("An AWS key id.", "AK" + "IA" + made_up(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
    "aws-secret": ("An AWS secret key.", made_up(40, string.ascii_letters + string.digits + "/+")),
    "github": ("A GitHub token.", "gh" + "p_" + made_up(36)),
    "github-app": ("A GitHub app's token.", "gh" + "s_" + made_up(36)),
    "github-fine": ("A fine-grained GitHub token.", "github" + "_pat_" + made_up(22) + "_" + made_up(59)),
    "gitlab": ("A GitLab token.", "gl" + "pat-" + made_up(20, WORD)),
    "slack": ("A Slack token.", "xo" + "xb-" + made_up(12, string.digits) + "-" + made_up(24)),
    "slack-hook": (
        "A Slack webhook.",
        "https://hooks.slack" + ".com/services/T" + made_up(8, UPPER) + "/B" + made_up(8, UPPER) + "/" + made_up(24),
    ),
    "google": ("A Google API key.", "AI" + "za" + made_up(35, WORD)),
    "google-oauth": ("A Google OAuth secret.", "GOC" + "SPX-" + made_up(28, WORD)),
    "stripe": ("A Stripe key.", "sk" + "_live_" + made_up(24)),
    "stripe-restricted": ("A restricted Stripe key.", "rk" + "_live_" + made_up(24)),
    "npm": ("An npm token.", "np" + "m_" + made_up(36)),
    "pypi": ("A PyPI token.", "py" + "pi-AgEIcHlwaS5vcmc" + made_up(120, WORD)),
    "sendgrid": ("A SendGrid key.", "S" + "G." + made_up(22, WORD) + "." + made_up(43, WORD)),
    "huggingface": ("A Hugging Face token.", "h" + "f_" + made_up(34)),
    "digitalocean": ("A DigitalOcean token.", "do" + "p_v1_" + made_up(64, HEX)),
    "telegram": ("A Telegram bot's token.", made_up(10, "123456789") + ":AA" + made_up(33, WORD)),
    "jwt": ("A signed token.", _jwt()),
    "age": ("An age key.", "AGE-SECRET" + "-KEY-1" + made_up(58, UPPER)),
    "azure": (
        "An Azure storage key.",
        base64.b64encode(bytes(range(100, 164))).decode(),
    ),
    "hex": ("A hexadecimal secret.", made_up(64, HEX)),
    "random": ("A random password.", made_up(28, string.ascii_letters + string.digits + "!#$%&*")),
    "own": ("The server's own key.", KEY),
}  # fmt: skip

NAMES = {"aws-secret": "AWS_SECRET_ACCESS_KEY", "azure": "AccountKey", "random": "DB_PASSWORD", "hex": "SECRET_KEY"}  # fmt: skip


def _source(name: str, secret: str) -> str:
    return f'{NAMES.get(name, "API_KEY")} = "{secret}"\n\n\n{CODE}'


@attacks("name, secret", {name: (s, name, secret) for name, (s, secret) in SECRETS.items()})
def test_a_secret_in_the_code(
    sentence: str, name: str, secret: str, shared: tuple[Rig, Gateway]
) -> None:
    """A secret was pasted into a source file: neither an action nor a completion sends it."""
    rig, gateway = shared
    uri = rig.open(f"file:///project/{name}.py", _source(name, secret))
    rig.ask(uri)
    rig.complete(uri, "    return ")
    assert len(gateway.requests) == 2, sentence
    for one in gateway.requests:
        assert secret not in one.content.decode(), sentence
        assert secret[8:-4] not in one.content.decode(), sentence


def _pem(kind: str) -> str:
    body = "\n".join(made_up(64, string.ascii_letters + string.digits + "+/") for _ in range(6))
    mark = "-" * 5
    return f"{mark}BEGIN {kind}PRIVATE KEY{mark}\n{body}\n{mark}END {kind}PRIVATE KEY{mark}"


WHOLE: dict[str, tuple[str, str]] = {
    "rsa": ("An RSA private key.", _pem("RSA ")),
    "ec": ("An elliptic curve's private key.", _pem("EC ")),
    "openssh": ("An OpenSSH private key.", _pem("OPENSSH ")),
    "pkcs8": ("A private key of any kind.", _pem("")),
    "encrypted": ("An encrypted private key.", _pem("ENCRYPTED ")),
    "cut": ("A private key whose end is missing.", _pem("RSA ").rpartition("\n")[0]),
    "one-line": ("A private key on one line.", _pem("RSA ").replace("\n", "\\n")),
    "joined": ("A private key in pieces.", '"\n"'.join(_pem("RSA ").split("\n"))),
    "commented": ("A private key in a comment.", "\n# ".join(_pem("RSA ").split("\n"))),
    "url": ("A password in an address.", f"postgres://admin:{made_up(16)}@db.example/prod"),
    "url-https": ("A token in an address.", f"https://x-access-token:{made_up(20)}@git.example/a.git"),
}  # fmt: skip


@attacks("secret", WHOLE)
def test_a_secret_of_several_lines(sentence: str, secret: str, shared: tuple[Rig, Gateway]) -> None:
    """A private key or an address with a password stands in the code: its secret is not sent."""
    rig, gateway = shared
    rig.ask(rig.open(URI, f'VALUE = """{secret}"""\n\n\n{CODE}'))
    sent = bodies(gateway)
    assert "VALUE" in sent, sentence
    hidden = re.findall(r"[A-Za-z0-9+/]{16,}", secret) or [secret]
    assert not [part for part in hidden if part in sent], sentence


TOKEN = "gh" + "p_" + made_up(36)


def _in_diagnostic(rig: Rig) -> None:
    uri = rig.open(URI)
    rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, f"bad literal '{TOKEN}'")])


def _in_source_of_diagnostic(rig: Rig) -> None:
    uri = rig.open(URI)
    problem = rig.problem(uri, "bad", source=f"lint {TOKEN}", code=TOKEN)
    rig.ask(uri, "fix", "heigth", diagnostics=[problem])


def _at_the_end_of_a_message(rig: Rig) -> None:
    uri = rig.open(URI)
    for length in range(960, 1_000, 5):
        message = f"{'bad ' * 300}"[: length - 1] + f" {TOKEN}, which is wrong"
        rig.ask(uri, "fix", "heigth", diagnostics=[rig.problem(uri, message)])


def _in_instruction(rig: Rig) -> None:
    rig.ask(rig.open(URI), "edit", "heigth", instruction=f"Use {TOKEN} here.")


def _above_the_target(rig: Rig) -> None:
    rig.ask(rig.open(URI, f"TOKEN = '{TOKEN}'\n\n\n{CODE}"), words="heigth")


def _below_the_target(rig: Rig) -> None:
    rig.ask(rig.open(URI, f"{CODE}\n\nTOKEN = '{TOKEN}'\n"), words="heigth")


def _in_an_import(rig: Rig) -> None:
    filler = "".join(f"value_{n} = {n}\n" for n in range(20_000))
    rig.ask(rig.open(URI, f"import a  # {TOKEN}\n{filler}\n{CODE}"), words="heigth")


def _in_related_code(rig: Rig) -> None:
    helper = f"def helper(width, height, result, radius):\n    return '{TOKEN}'\n"
    beside = Path(__file__).parent.resolve().as_uri()
    rig.open(f"{beside}/helper.py", helper)
    rig.complete(rig.open(f"{beside}/settings.py"), "return ")


def _in_the_popup(rig: Rig) -> None:
    uri = rig.open(URI)
    popup: dict[str, Any] = {"range": rig.range_of(uri, "heigth"), "text": TOKEN}
    where = popup["range"]["end"]
    context = {"triggerKind": 1, "selectedCompletionInfo": popup}
    params = {"textDocument": {"uri": uri}, "position": where, "context": context}
    rig.client.call("textDocument/inlineCompletion", params)


def _in_the_name(rig: Rig) -> None:
    uri = rig.open(f"file:///project/{TOKEN}.py")
    rig.ask(uri)
    rig.complete(uri, "return ")


def _at_the_upper_cut(rig: Rig) -> None:
    # What is shown of a long line begins at a multiple of 2,000 characters.
    for before in range(1_962, 2_000, 6):
        rig.complete(rig.open(URI, f"{';' * before}{TOKEN};{'; ' * 2_600}x_{before} = "))


def _at_the_lower_cut(rig: Rig) -> None:
    for after in range(1_962, 2_000, 6):
        text = f"x_{after} = \n{';' * after}{TOKEN};{'; ' * 500}"
        rig.complete(rig.open(URI, text), f"x_{after} = ")


def _in_the_middle(rig: Rig) -> None:
    uri = rig.open(URI, f"{CODE}\nTOKEN = '{TOKEN}'\n")
    rig.ask(uri)
    for length in (10, 20, 30):
        rig.complete(uri, TOKEN[:length])


def _while_it_is_typed(rig: Rig) -> None:
    uri = rig.open(URI, f"{CODE}\nTOKEN = '{TOKEN}")
    rig.complete(uri)


CHANNELS: dict[str, tuple[str, Any]] = {
    "diagnostic": ("A linter's message quotes it.", _in_diagnostic),
    "diagnostic-source": ("A linter's name and code hold it.", _in_source_of_diagnostic),
    "diagnostic-cut": ("A linter's message is cut in the middle of it.", _at_the_end_of_a_message),
    "instruction": ("The user's instruction quotes it.", _in_instruction),
    "above": ("It stands above the target.", _above_the_target),
    "below": ("It stands below the target.", _below_the_target),
    "import": ("It stands behind an import that is out of sight.", _in_an_import),
    "related": ("It stands in related code.", _in_related_code),
    "popup": ("It stands in an entry of the editor's popup.", _in_the_popup),
    "name": ("A file is called like it.", _in_the_name),
    "cut": ("The upper edge of what is shown cuts it in two.", _at_the_upper_cut),
    "cut-below": ("The lower edge of what is shown cuts it in two.", _at_the_lower_cut),
    "middle": ("The cursor stands in the middle of it.", _in_the_middle),
    "typed": ("It is being typed, without its closing quote.", _while_it_is_typed),
}


@attacks("leak", CHANNELS)
def test_a_secret_by_another_way(sentence: str, leak: Any, shared: tuple[Rig, Gateway]) -> None:
    """A token is about to be sent in some other part of a question: it is struck out.

    Held already: a comment behind an import, which is shown without it.
    """
    rig, gateway = shared
    leak(rig)
    assert gateway.requests, sentence
    sent = bodies(gateway)
    parts = [TOKEN[start : start + 12] for start in range(len(TOKEN) - 12)]
    assert [part for part in parts if part in sent] == [], sentence


@pytest.mark.parametrize("at", [1, 100, 200, 398])
def test_a_part_of_a_private_key(at: int, shared: tuple[Rig, Gateway]) -> None:
    """So long a private key is completed in that its beginning or its end is out of sight."""
    rig, gateway = shared
    lines = [made_up(64) for _ in range(400)]
    mark = "-" * 5
    whole = [f"{mark}BEGIN RSA PRIVATE KEY{mark}", *lines, f"{mark}END RSA PRIVATE KEY{mark}"]
    uri = rig.open(URI, "\n".join(["x = 1", *whole, "y = "]))
    rig.complete(uri, lines[at])
    rig.complete(uri)
    rig.ask(uri, words="y = ")
    rig.ask(uri, words=lines[at])
    assert len(gateway.requests) >= 3
    assert [line for line in lines if line in bodies(gateway)] == []


@pytest.mark.parametrize("kind", ["fim", "prefix"])
def test_a_secret_in_a_raw_prompt(kind: str, home: Path, gateway: Gateway) -> None:
    """A model of one's own is asked with raw text, also in the middle of the token."""
    gateway.script(completion_stream("1"))
    completion = {"prompt": kind, "suggestions": 1}
    with serving(home, gateway, options={"completion": completion}) as rig:
        uri = rig.open(URI, f"TOKEN = '{TOKEN}'\nother = \nTOKEN = '{TOKEN}'\n")
        rig.complete(uri, "other = ")
        assert len(gateway.requests) == 1
        rig.complete(uri, TOKEN[:20])
        assert "other" in bodies(gateway)
        parts = [TOKEN[start : start + 12] for start in range(len(TOKEN) - 12)]
        assert [part for part in parts if part in bodies(gateway)] == []


def test_the_user_is_told_once(home: Path, gateway: Gateway) -> None:
    """A secret is struck out again and again: the user is told once for each file."""
    with serving(home, gateway) as rig:
        for _ in range(3):
            uri = rig.open(URI, f"TOKEN = '{TOKEN}'\n{CODE}")
            rig.ask(uri)
            rig.complete(uri, "    return ")
        told = [m for m in rig.client.sent("window/showMessage") if "settings.py" in m["message"]]
        assert len(told) == 1
        assert TOKEN not in rig.said().replace("textDocument/didOpen", "")


ORDINARY = """\
hidden = True
secret = "secret"
key = "key"
password = "password"
token = None
api_key = os.environ["API_KEY"]
PASSWORD = "changeme"
secret_key = settings.SECRET_KEY
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
COMMIT = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
UUID = "123e4567-e89b-12d3-a456-426614174000"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NAME = "sk-learn and sk-some-kebab-case-name-that-is-long"
PLACEHOLDER = "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
URL = "https://user:password@example.com/"
INTEGRITY = "sha512-" "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwv"
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExa"
def authenticate_with_secret_key_and_password(secret_key, password, token): ...
"""


def test_ordinary_words_are_not_struck(shared: tuple[Rig, Gateway]) -> None:
    """Code speaks of secrets, digests and identifiers: the model sees it as it is.

    Held already: nothing was struck out before.
    """
    rig, gateway = shared
    rig.ask(rig.open("file:///project/ordinary.py", ORDINARY))
    missing = [line for line in ORDINARY.splitlines() if line not in prompt(gateway)]
    assert missing == []
