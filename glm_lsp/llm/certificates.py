"""Whom to trust: the system's store, and what SSL_CERT_FILE and SSL_CERT_DIR add.

Invariants: they count for every host, one on this machine included; one that names nothing of use
is one sentence; no certificate goes unchecked.
"""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path

from glm_lsp.errors import SettingsError

# Where distributions keep theirs, for a Python that was built elsewhere.
_BUNDLES = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)


def context() -> ssl.SSLContext:
    """Return what checks certificates. It reads files: call it in a thread.

    Raises:
        SettingsError: a variable names no certificates.
    """
    made = _of_the_system()
    if named := os.environ.get("SSL_CERT_FILE"):
        _add_file(made, named)
    if named := os.environ.get("SSL_CERT_DIR"):
        _add_folders(made, named)
    return made


def _of_the_system() -> ssl.SSLContext:
    if sys.platform in ("win32", "darwin"):
        # There OpenSSL does not know the system's store.
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made = ssl.create_default_context()
    if not made.cert_store_stats()["x509_ca"] and not _hashed():
        bundle = next((each for each in _BUNDLES if Path(each).is_file()), None)
        if bundle is None:
            import certifi  # A system without certificates has those of the HTTP library.

            bundle = certifi.where()
        made.load_verify_locations(cafile=bundle)
    return made


def _hashed() -> bool:
    """Tell whether OpenSSL's folder has certificates, which are read when they are needed."""
    folder: str | None = ssl.get_default_verify_paths().capath
    try:
        return bool(folder) and any(Path(folder or ".").glob("*.[0-9]"))
    except OSError:
        return False


def _add_file(made: ssl.SSLContext, named: str) -> None:
    try:
        made.load_verify_locations(cafile=named)
    except FileNotFoundError:
        problem = "names a file that is not there"
    except ssl.SSLError:
        problem = "names a folder" if Path(named).is_dir() else "names a file without certificates"
    except OSError:
        problem = "names a folder" if Path(named).is_dir() else "names a file that cannot be read"
    except ValueError:
        problem = "names no file"
    else:
        return
    raise SettingsError(
        f"SSL_CERT_FILE {problem}: have it name a file of certificates (PEM), or unset it."
    )


def _add_folders(made: ssl.SSLContext, named: str) -> None:
    for folder in filter(None, named.split(os.pathsep)):
        try:
            fine = Path(folder).is_dir()
        except (OSError, ValueError):
            fine = False
        if not fine:
            raise SettingsError(
                "SSL_CERT_DIR names a folder that is not there:"
                " have it name one of certificates (PEM), or unset it."
            )
        made.load_verify_locations(capath=folder)
