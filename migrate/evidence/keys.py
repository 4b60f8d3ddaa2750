"""The key that seals a pack: Ed25519, read from outside the workspace, told apart by the fingerprint of its public half."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from migrate.errors import ConfigurationError, Place, Problem
from migrate.workspace import FILE, Workspace

ALGORITHM = "Ed25519"
_BEGIN = "-----BEGIN "
_FINGERPRINT = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_MOST = 1 << 16
_OUTSIDE = "keep it outside: a workspace is kept in git and handed around"
_HINT = "lms-migrate evidence key FILE makes one"


def fingerprint(key: Ed25519PublicKey) -> str:
    """``SHA256:`` and the hex digest of the public key in DER: what people compare, read aloud or print."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{hashlib.sha256(der).hexdigest()}"


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The public key as a PEM file."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public(pem: bytes) -> Ed25519PublicKey:
    """Raises ValueError for everything but an Ed25519 public key in PEM."""
    try:
        key = load_pem_public_key(pem)
    except UnsupportedAlgorithm:
        raise ValueError("the kind of key is not known") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"it is no {ALGORITHM} key")
    return key


def is_signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Did ``key`` sign ``content``?"""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def new_key(file: Path) -> tuple[str, Path]:
    """Write a new private key to ``file``, readable by its owner alone, and the public one beside it.

    Gives the fingerprint and the file of the public key. Raises ConfigurationError where a file is there already, and in a
    workspace.
    """
    public = file.with_name(file.name + ".pub")
    if any((folder / FILE).is_file() for folder in file.resolve().parents):
        problem = Problem("the key would lie in a workspace", value=str(file), hint=_OUTSIDE)
        raise ConfigurationError("no key was made", problems=[problem])
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for path, content, mode in ((public, public_pem(key.public_key()), 0o644), (file, pem, 0o600)):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except OSError as error:
            if path == file:
                public.unlink(missing_ok=True)
            why = "the file is there already" if isinstance(error, FileExistsError) else f"it cannot be written: {error.strerror}"
            problem = Problem(why, value=str(path), hint="name another file; a key that signed something is never replaced")
            raise ConfigurationError("no key was made", problems=[problem]) from None
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
    return fingerprint(key.public_key()), public


def signing_key(workspace: Workspace) -> Ed25519PrivateKey | None:
    """The key that ``evidence: {key: ${NAME}}`` names: a PEM, or a file outside the workspace. None where no key is named.

    Raises ConfigurationError where it is named and cannot be used; the key itself is in no message.
    """
    given = workspace.settings.evidence.key
    if given is None:
        return None
    place = workspace.document.place("evidence", "key")
    text = workspace.secrets().fill(given, place)
    pem = text.encode() if text.lstrip().startswith(_BEGIN) else _from_file(text, workspace.folder, place)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise _unusable("the key is locked by a passphrase", place, _HINT) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable("this is no private key in PEM", place, _HINT) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(f"the key is not of the kind {ALGORITHM}", place, _HINT)
    return key


def named_key(given: str) -> str:
    """The fingerprint that ``--key`` means: itself, or that of a PEM file. Raises ConfigurationError."""
    found = _FINGERPRINT.fullmatch(given.strip().lower())
    if found is not None:
        return f"SHA256:{found[1]}"
    file = Path(given)
    try:
        if file.stat().st_size > _MOST:
            raise ValueError("it is too large")
        return fingerprint(read_public(file.read_bytes()))
    except OSError as error:
        why = f"this is neither a fingerprint nor a file that can be read: {error.strerror}"
    except ValueError as error:
        why = f"the file holds no public key: {error}"
    problem = Problem(why, value=given, allowed=("SHA256: and 64 hex digits", f"a PEM file of an {ALGORITHM} public key"))
    raise ConfigurationError("--key cannot be used", problems=[problem])


def _from_file(text: str, workspace: Path, place: Place) -> bytes:
    file = (workspace / Path(text).expanduser()).resolve()
    if file.is_relative_to(workspace.resolve()):
        raise _unusable("the file of the key lies in the workspace", place, _OUTSIDE)
    try:
        if file.stat().st_size > _MOST:
            raise _unusable("the file of the key is too large to be one", place, _HINT)
        return file.read_bytes()
    except OSError as error:
        raise _unusable(f"the file of the key cannot be read: {error.strerror}", place, _HINT) from None


def _unusable(message: str, place: Place, hint: str) -> ConfigurationError:
    return ConfigurationError("the pack cannot be signed", problems=[Problem(message, place, hint=hint)])
