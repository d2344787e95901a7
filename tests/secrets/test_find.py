"""What is taken for a secret, and what only looks like one. Each is made up at run time."""

from __future__ import annotations

import base64
import random
import string
import sysconfig
from pathlib import Path

import pytest

from glm_lsp.secrets.marks import find_secrets

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
WORD = ALNUM + "-_"
ROUNDS = 60


def made_up(seed: int, length: int, alphabet: str = ALNUM) -> str:
    """Return text that looks like a secret and is none."""
    chance = random.Random(seed)  # noqa: S311
    return "".join(chance.choice(alphabet) for _ in range(length))


SHAPES = {
    "openai": lambda n: "sk" + "-" + made_up(n, 48),
    "openai project": lambda n: "sk" + "-proj-" + made_up(n, 74, WORD),
    "anthropic": lambda n: "sk" + "-ant-api03-" + made_up(n, 93, WORD),
    "glm": lambda n: made_up(n, 32, HEX) + "." + made_up(n + 1, 16),
    "aws": lambda n: "AK" + "IA" + made_up(n, 16, BASE32),
    "github": lambda n: "gh" + "p_" + made_up(n, 36),
    "gitlab": lambda n: "gl" + "pat-" + made_up(n, 20, WORD),
    "google": lambda n: "AI" + "za" + made_up(n, 35, WORD),
    "stripe": lambda n: "sk" + "_live_" + made_up(n, 24),
    "npm": lambda n: "np" + "m_" + made_up(n, 36),
    "hugging face": lambda n: "h" + "f_" + made_up(n, 34),
}

VALUES = {
    "letters and digits": lambda n: made_up(n, 32),
    "base64": lambda n: base64.b64encode(random.Random(n).randbytes(32)).decode(),  # noqa: S311
    "hexadecimal": lambda n: made_up(n, 64, HEX),
}

PLACES = (
    'client = make("{}")\n',
    "curl -H x-key:{} host\n",
    "# the key: {}.\n",
    'text = "first\\n{}\\n"\n',
    "call(a, '{}', b)\n",
    "{}",
)

NAMED = (
    'API_KEY = "{}"\n',
    "password: {}\n",
    '{{"clientSecret": "{}"}}\n',
    "export ACCESS_TOKEN={}\n",
    "Authorization: Bearer {}\n",
    'private readonly apiKey: string = "{}";\n',
    "config['secret_key'] = '{}'\n",
    'let db_password = "{}".to_string();\n',
    'setPassword("user", "{}") # password => "{}"\n',
)


def found(text: str) -> list[str]:
    """Return what is found in a text."""
    return [text[start:end] for start, end in find_secrets(text)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("place", PLACES)
def test_a_known_shape_is_found_anywhere(name: str, place: str) -> None:
    """A service's key is found whatever stands around it: it, and nothing but it."""
    keys = [SHAPES[name](seed) for seed in range(ROUNDS)]
    missed = [key for key in keys if found(place.format(key)) != [key]]
    assert len(missed) <= 2, missed  # One in some hundred has no digit, or spells a filler.


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("place", NAMED)
def test_a_random_value_is_found_behind_its_name(name: str, place: str) -> None:
    """A random value behind a name that says so is found."""
    values = [VALUES[name](seed) for seed in range(ROUNDS)]
    missed = [value for value in values if value not in found(place.format(value, value))]
    assert len(missed) <= 2, missed


@pytest.mark.parametrize("name", ["letters and digits", "hexadecimal"])
def test_a_random_value_without_a_name_is_none(name: str) -> None:
    """Digests, identifiers and data are no secrets."""
    values = [VALUES[name](seed) for seed in range(ROUNDS)]
    assert [v for v in values if found(f'digest = "{v}"\nNAMES[{v!r}] = 1\n')] == []


ORDINARY = """
secret = "secret"
password = "correct horse battery staple"
password = "PleaseChangeThisPassword1234"
token = tokens.next_of_kind_2
token: str = Field(default_factory=make_token_v2)
api_key = os.environ["API_KEY_2"]
secret_key = settings.SECRET_KEY_2024
access_token_url = "https://login.example.com/oauth2/v2.0/token"
token_type_1 = "urn:ietf:params:oauth:token-type:saml2"
nextToken = "eyJvZmZzZXQiOiAxMiwgImxpbWl0IjogMzR9aBcDeF12"
password_hasher = "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"
from cryptography import Ed25519PrivateKey, Ed25519PublicKey
publicKeyToken="b77a5c561934e089"
"AWS::ApiGateway::ApiKey": "48205d4ffd7feba3"
"PasswordLastUsed": "2016-09-08T21:47:36Z"
sk-ssh-ed25519-cert-v01@openssh.com
AKIAIOSFODNN7EXAMPLE
-----BEGIN RSA PRIVATE KEY-----
if line.startswith("-----BEGIN PRIVATE KEY-----") and someVeryLongIdentifier2:
    AnotherVeryLongIdentifierOfSomeKind()
-----BEGIN CERTIFICATE-----
url = "https://user:password@example.com"
url = f"postgres://{user}:{password}@{host}/db"
url = "redis://localhost:6379,localhost:6380@x"
tokens = {"LPAREN": 1, "IDENTIFIER_TOKEN_NAME_2": 2}
      api_key: os.environ/E2B_API_KEY
fail("Failed to create token: "+(0,S.f)(e))}finally{m(!1)}};return(0,s.jsx)("div",{className:"gr"})
e.auth===o.OAUTH2_TOKEN_EXCHANGE?"token_exchange":e.auth_type!==o.OAUTH2?null:e.oauth2_flow===h?"m2m":e
"""


@pytest.mark.parametrize("line", ORDINARY.strip().splitlines())
def test_ordinary_code_holds_none(line: str) -> None:
    """Code that speaks of secrets holds none."""
    assert found(line + "\n") == []
    assert found(ORDINARY) == []


def test_lines_of_a_private_key_are_found_one_by_one() -> None:
    """A private key keeps its first and last line, and the number of its lines."""
    lines = [made_up(seed, 64) for seed in range(5)]
    mark = "-" * 5
    text = "\n".join(
        [f"{mark}BEGIN EC PRIVATE KEY{mark}", *lines, f"{mark}END EC PRIVATE KEY{mark}"]
    )
    assert found(text) == lines


def test_the_rest_of_a_key_is_known_where_a_text_is_cut() -> None:
    """Random lines with which a text begins may be a key's; words and certificates are none."""
    rest = [made_up(seed, 64) for seed in range(4)]
    mark = "-" * 5
    assert found("\n".join(rest)) == rest
    assert found("\n".join([*rest, f"{mark}END CERTIFICATE{mark}"])) == []
    assert found("\n".join([*rest, f"{mark}END EC PRIVATE KEY{mark}"])) == rest
    words = base64.b64encode(b"Subject: a catalogue\nContent-Type: text/plain\n" * 5).decode()
    assert found("\n".join(words[at : at + 76] for at in range(0, len(words), 76))) == []


def test_a_standard_library_holds_none() -> None:
    """Nothing is struck out of Python's own modules; `tests.bench.struck_out` looks at more."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    modules = sorted(
        [*folder.glob("*.py"), *folder.glob("asyncio/*.py"), *folder.glob("email/*.py")]
    )
    texts = {path.name: path.read_text("utf-8", "replace") for path in modules}
    assert len(texts) > 150
    assert {name: found(text) for name, text in texts.items() if found(text)} == {}
