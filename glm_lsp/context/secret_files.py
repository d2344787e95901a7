"""Names of files that usually hold secrets.

Invariant: a name is listed only when nearly every file of that name holds one; ordinary source
that speaks of secrets (`credentials.py`, `secrets_test.go`) is none of them.
"""

from __future__ import annotations

NAMES = """
    .env .env.* env.local *.env .envrc .envrc.* .dev.vars .dev.vars.* .flaskenv
    !.env.example !.env.sample !.env.template !.env.dist !example.env !sample.env !template.env
    .netrc _netrc .npmrc .yarnrc .yarnrc.yml .pypirc .pgpass pgpass.conf .my.cnf .mylogin.cnf
    .git-credentials .htpasswd .htdigest .dockercfg .dockerconfigjson .s3cfg .boto .passwd-s3fs
    .vault-token .vault_pass* .vault-pass* vault.yml vault.yaml .fetchmailrc .msmtprc
    *.tfstate *.tfstate.* *.tfvars *.tfvars.json .terraformrc terraform.rc
    kubeconfig kubeconfig.* *.kubeconfig
    credentials credentials.json credentials.toml credentials.ini credentials.cfg credentials.csv
    credentials.xml credentials.db credentials.txt credentials.yml* credentials.yaml*
    client_secret*.json client-secret*.json service-account*.json service_account*.json
    serviceaccount*.json gcp-key*.json gcp_key*.json gcloud-key*.json auth.json
    appsettings.*.json local.settings.json settings.local.json .claude.json
    secret.yml secret.yaml secret.json secret.toml secret.ini secret.env secret.properties
    secret.txt secret.key secrets.yml secrets.yaml secrets.json secrets.toml secrets.ini
    secrets.env secrets.properties secrets.txt secrets.xml secrets.*.yml secrets.*.yaml
    secrets.yml.* secrets.yaml.* secrets.json.*
    .*_history .lesshst .viminfo .wget-hsts shadow gshadow shadow- gshadow-
    id_rsa id_rsa.* id_rsa_* id_rsa-* id_dsa id_dsa.* id_dsa_* id_dsa-*
    id_ecdsa id_ecdsa.* id_ecdsa_* id_ecdsa-* id_ed25519 id_ed25519.* id_ed25519_* id_ed25519-*
    *.pem *.key *.p8 *.p12 *.pfx *.pkcs12 *.jks *.jceks *.keystore *.kdb *.kdbx *.ppk *.asc *.gpg
    *.pgp *.agekey wallet.dat *.ovpn wg*.conf rclone.conf
""".split()
"""Patterns for the last part of a path, in lower case: `*` stands for anything, `!` takes back."""

PLACES = """
    .docker/config.json .cargo/credentials* .terraform.d/credentials* .m2/settings*.xml
    .gem/credentials .gradle/gradle.properties
""".split()
"""Patterns for the last two parts of a path."""

FOLDERS = """
    .ssh .aws .gnupg .kube .azure .password-store .subversion/auth .config/gh .config/gcloud
    .config/rclone .config/sops .config/op
""".split()
"""Folders of which every file counts, at any depth."""

_EXACT = frozenset(name for name in NAMES if "*" not in name and name[0] != "!")
_TAKEN_BACK = frozenset(name[1:] for name in NAMES if name[0] == "!")
_GLOBS = [name.split("*") for name in NAMES if "*" in name]
_PLACES = [place.split("*") for place in PLACES]


def is_secret(path: str) -> bool:
    """Tell whether a path, in lower case and with `/` between its parts, is such a file's."""
    folder, _, name = path.rpartition("/")
    if name in _EXACT or (name not in _TAKEN_BACK and _any(_GLOBS, name)):
        return True
    place = f"{folder.rpartition('/')[2]}/{name}"
    return _any(_PLACES, place) or any(f"/{each}/" in f"/{folder}/" for each in FOLDERS)


def _any(globs: list[list[str]], name: str) -> bool:
    return any(name.startswith(glob[0]) and _fits(glob, name) for glob in globs)


def _fits(glob: list[str], name: str) -> bool:
    """Tell whether the pieces of a pattern stand in a name, in order and to its end."""
    if len(glob) == 1:
        return name == glob[0]
    at = len(glob[0])
    for piece in glob[1:-1]:
        found = name.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(name) - len(glob[-1]) >= at and name.endswith(glob[-1])
