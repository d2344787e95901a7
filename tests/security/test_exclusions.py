"""Files that stay on the machine, whatever they are called today."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from glm_lsp.actions.registry import ACTIONS
from tests.security.rig import CANARY, CODE, attacks, bodies

if TYPE_CHECKING:
    from tests.gateway import Gateway
    from tests.security.rig import Rig

TEXT = f"{CODE}\nTOKEN = '{CANARY}'\n"

SECRET_NAMES = """
    .env .env.local .env.production .env~ .env.bak .env.swp .env.orig .env.save .env.old env.local
    prod.env production.env local.env .envrc .envrc.local .dev.vars .flaskenv .netrc _netrc .npmrc
    .yarnrc.yml .pypirc .pgpass pgpass.conf .my.cnf .git-credentials .htpasswd
    .dockercfg .s3cfg .boto terraform.tfstate terraform.tfstate.backup prod.tfvars
    prod.tfvars.json prod.auto.tfvars kubeconfig prod.kubeconfig credentials credentials.json
    credentials.yml.enc credentials.csv client_secret.json client_secret_1.apps.json
    service-account.json serviceAccountKey.json service_account.json gcp-key.json auth.json
    appsettings.Production.json appsettings.Development.json secrets.yml secrets.yaml secrets.json
    secrets.toml secrets.env secrets.properties secret.yaml master.key vault.yml .vault-token
    .bash_history .zsh_history .python_history .node_repl_history .psql_history .mysql_history
    .irb_history .lesshst .viminfo id_rsa id_rsa.bak id_ed25519 id_ecdsa id_dsa server.pem
    server.key server.p12 server.pfx server.jks server.keystore vault.kdbx my.ppk mail.asc
    secret.gpg backup.pgp wallet.dat key.p8 my.ovpn wg0.conf
    shadow settings.local.json .claude.json .cargo/credentials.toml
    .aws/credentials .aws/config .ssh/config .ssh/known_hosts .gnupg/trustdb .kube/config
    .docker/config.json .config/gh/hosts.yml .config/gcloud/access_tokens.db .azure/token.json
    .terraform.d/credentials.tfrc.json .m2/settings.xml .gem/credentials .config/rclone/rclone.conf
    .password-store/mail .subversion/auth/svn.simple .ENV .Env.Local ID_RSA Server.PEM
""".split()


def _stays(rig: Rig, gateway: Gateway, uri: str, sentence: str) -> None:
    """Ask in every way about a document, and see that nothing of it was sent."""
    rig.open(uri, TEXT)
    said = rig.ask(uri)
    assert CANARY not in bodies(gateway), sentence
    assert "stays on your machine" in said, sentence
    assert rig.complete(uri, "return ") == [], sentence
    assert CANARY not in bodies(gateway), sentence


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_file_by_its_name(name: str, shared: tuple[Rig, Gateway]) -> None:
    """A file that holds secrets by its name is open, and the user asks about it: it stays.

    Held already: the 47 names that were on the list before, as `.env`, `id_rsa` and `*.pem`.
    """
    _stays(*shared, f"file:///project/{name}", f"{name} is opened and asked about: it stays.")


DISGUISED: dict[str, tuple[str, str]] = {
    "git": ("VS Code's diff shows it as git:.", "git:/project/.env?%7B%22path%22%3A%22x%22%7D"),
    "git-ref": ("A diff shows another commit of it.", "git:/project/.env?ref=HEAD~1"),
    "gitsigns": ("Neovim's gitsigns shows its index.", "gitsigns:///project/.git//:0:.env"),
    "fugitive": ("Vim's fugitive shows its index.", "fugitive:///project/.git//0/.env"),
    "diffview": ("diffview shows it.", "diffview:///project/.git/abcdef12/.env"),
    "zipfile": ("It lies in a zip file.", "zipfile:///project/backup.zip::.env"),
    "zipfile-file": ("A file: URI leads into a zip.", "file:///project/backup.zip::conf/.env"),
    "jar": ("It lies in a jar.", "jar:file:///project/a.jar!/.env"),
    "tarfile": ("It lies in a tar file.", "tarfile:///project/a.tar::.env"),
    "scp": ("It is edited on another machine.", "scp://host//home/u/.env"),
    "sftp": ("It is edited over SFTP.", "sftp://host/home/u/.env"),
    "vscode-remote": ("It is edited in a container.", "vscode-remote://dev-container+1/w/.env"),
    "vscode-vfs": ("It is on GitHub.", "vscode-vfs://github/owner/repo/.env"),
    "notebook": ("A cell of a notebook of that name.", "vscode-notebook-cell:/project/.env#W0"),
    "timeline": ("Its local history is shown.", "vscode-local-history:/project/.env?%7B%7D"),
    "conflict": ("A conflict of it is shown.", "conflictResolution:/project/.env"),
    "untitled": ("It is to be saved under that name.", "untitled:/project/.env"),
    "untitled-path": ("It is to be saved there.", "untitled:%2Fproject%2F.env"),
    "query": ("Its name is followed by a query.", "file:///project/.env?version=2"),
    "fragment": ("Its name is followed by a fragment.", "file:///project/.env#L1"),
    "percent": ("A letter of its name is escaped.", "file:///project/%2Eenv"),
    "percent-all": ("Its whole name is escaped.", "file:///project/%2e%65%6e%76"),
    "percent-twice": ("Its name is escaped twice.", "file:///project/%252Eenv"),
    "slash": ("The slash before it is escaped.", "file:///project%2F.env"),
    "backslash": ("The separator is Windows'.", "file:///C:/project%5C.env"),
    "drive": ("It is on a drive.", "file:///c%3A/project/.env"),
    "share": ("It is on a share.", "file://server/share/.env"),
    "one-slash": ("The URI has one slash.", "file:/project/.env"),
    "upper-scheme": ("The scheme is in capitals.", "FILE:///project/.env"),
    "dots": ("The path goes up and down.", "file:///project/src/../.env"),
    "dot": ("The path has a dot.", "file:///project/./.env"),
    "trailing-dot": ("Windows drops the dot at its end.", "file:///project/.env."),
    "trailing-space": ("Windows drops the blank at its end.", "file:///project/.env%20"),
    "trailing-slash": ("There is a slash at its end.", "file:///project/.env/"),
    "stream": ("NTFS reads its main stream.", "file:///project/.env::$DATA"),
    "short": ("It has a lock file's name.", "file:///project/.%23.env"),
    "autosave": ("Emacs saves it under this name.", "file:///project/%23.env%23"),
    "numbered": ("Emacs keeps old versions.", "file:///project/.env.~1~"),
    "undo": ("Vim keeps its undo file.", "file:///project/.env.un~"),
    "swap": ("Vim keeps its swap file.", "file:///project/..env.swp"),
    "fullwidth": ("Its dot is a wide one, which some file systems fold.", "file:///project/%EF%BC%8Eenv"),
    "invisible": ("An invisible character is in its name.", "file:///project/.e%E2%80%8Bnv"),
    "decomposed": ("The name is decomposed, as macOS does.", "file:///project/" + unicodedata.normalize("NFD", "sécret.pem")),
    "kelvin": ("A letter folds to another: the Kelvin sign.", "file:///project/server.%E2%84%AAey"),
    "dotless": ("A letter is Turkish.", "file:///project/%C4%B0D_RSA"),
    "no-scheme": ("There is no scheme.", "/project/.env"),
    "unnamed-scheme": ("Nobody knows the scheme.", "x-editor:.env"),
}  # fmt: skip


@attacks("uri", DISGUISED)
def test_a_secret_file_under_another_name(
    sentence: str, uri: str, shared: tuple[Rig, Gateway]
) -> None:
    """An editor names an excluded file in a way of its own: it stays on the machine.

    Held already: escapes, drives, shares, and the schemes whose URI ends in the plain name.
    """
    _stays(*shared, uri, sentence)


ORDINARY = """
    environment.py env.py dotenv.ts keys.py keyboard.js token.rs tokenizer.py secret_santa.py
    secrets_test.go credentials.py auth.ts password_form.vue history.md .env.example .env.sample
    .env.template key.go pem_reader.c vault.rs appsettings.json certificate.py
""".split()


def test_ordinary_files_are_not_in_the_way(shared: tuple[Rig, Gateway]) -> None:
    """Files that only sound like secrets can be asked about.

    Held already: this shows that the longer list is in nobody's way.
    """
    rig, gateway = shared
    refused = [n for n in ORDINARY if rig.ask(rig.open(f"file:///project/{n}", CODE))]
    assert refused == []
    assert len(gateway.requests) == len(ORDINARY)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_command_asks_first(action: str, shared: tuple[Rig, Gateway]) -> None:
    """Each command is called on an excluded file: each is refused.

    Held already: all commands shared that question.
    """
    rig, gateway = shared
    uri = rig.open("file:///project/.env", TEXT)
    command = ACTIONS[action].command.removeprefix("glm.")
    assert "stays on your machine" in rig.ask(uri, command, instruction="Do it.")
    assert gateway.requests == []


def test_the_completion_menu_asks_first(shared: tuple[Rig, Gateway]) -> None:
    """An editor without inline completion completes in an excluded file: nothing is sent.

    Held already: the menu asked the same engine.
    """
    rig, gateway = shared
    assert rig.complete(rig.open("file:///project/.env", TEXT), "return ", "completion") == []
    assert gateway.requests == []
