"""Is the archive the one that was made: every file, its hash, its place, and the signature over all of it?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

from migrate.evidence import archive, keys
from migrate.evidence.archive import Streamed, ordered, sum_lines, write_archive
from migrate.evidence.checks.checking import Check, Context, verdict

NOT_SIGNED = "the pack is not signed: nothing tells who made it, or whether somebody made it anew"


def files(context: Context) -> Iterator[Check]:
    """What the manifest lists is there, whole, and nothing else is."""
    pack, manifest, wrong = context.pack, context.manifest, []
    wrong += [f"{name} is missing" for name in sorted(context.listed - context.members)]
    wrong += [f"{name} is not in the manifest" for name in sorted(context.members - context.listed)]
    paths = [file.path for file in manifest.files]
    wrong += [f"{one} is listed twice or out of order" for one, other in pairwise(paths) if one >= other]
    for file in manifest.files:
        if file.path not in context.members:
            continue
        if pack.size(file.path) != file.size:
            wrong.append(f"{file.path} has {pack.size(file.path)} bytes, and had {file.size}")
        elif pack.sha256(file.path) != file.sha256:
            wrong.append(f"{file.path} was altered: its sha256 is another")
    yield verdict("files", wrong, f"{len(manifest.files)} files are those of the manifest, and there are no others")
    yield _sums(context)


def _sums(context: Context) -> Check:
    pack = context.pack
    if archive.SUMS not in pack.names:
        return Check("checksums", "fail", f"{archive.SUMS} is missing")
    own = sum_lines({name: pack.sha256(name) for name in pack.names if name != archive.SUMS})
    wrong = [] if pack.read(archive.SUMS) == own else [f"{archive.SUMS} does not hold the hashes of the files in the pack"]
    return verdict("checksums", wrong, f"{archive.SUMS} holds the hashes of all files")


def written(context: Context) -> Iterator[Check]:
    """The archive is byte for byte what lms-migrate writes of these files: nothing beside, before, after or between them."""
    pack = context.pack
    if (right := ordered(pack.names)) != list(pack.names):
        first = next(name for name, other in zip(pack.names, right, strict=True) if name != other)
        yield Check("archive", "fail", f"the files stand in another order than they were written: {first} is out of its place")
        return
    members = {name: Streamed(pack.size(name), partial(pack.stream, name)) for name in pack.names}
    again = context.scratch / "again.zip"
    started = context.manifest.run.get("started")
    with again.open("wb") as out:
        write_archive(members, started if isinstance(started, str) else None, out)
    at = _first_difference(pack.path, again)
    again.unlink()
    wrong = [] if at is None else [f"byte {at} of the archive is not what lms-migrate writes around these files"]
    yield verdict("archive", wrong, "byte for byte as lms-migrate writes it")


def _first_difference(one: Path, other: Path) -> int | None:
    place = 0
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            a, b = first.read(1 << 20), second.read(1 << 20)
            if a != b:
                return place + next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            if not a:
                return None
            place += len(a)


def signature(context: Context, key: str | None) -> Iterator[Check]:
    """Who signed, and is it who was named? ``key`` is the fingerprint of the key that has to have signed."""
    pack, signer = context.pack, context.manifest.signer
    there = [name for name in (archive.SIGNATURE, archive.PUBLIC_KEY) if name in pack.names]
    if signer is None:
        wrong = [f"{name} is there, and the manifest names no signer" for name in there]
        if key is not None and not wrong:
            wrong = [f"the pack is not signed, and {key} was to have signed it"]
        yield verdict("signature", wrong, "", [NOT_SIGNED])
        return
    if len(there) < 2:
        yield Check("signature", "fail", f"{signer.fingerprint} is to have signed, and the signature or the key is missing")
        return
    try:
        public = keys.read_public(pack.read(archive.PUBLIC_KEY))
    except ValueError as error:
        yield Check("signature", "fail", f"{archive.PUBLIC_KEY} holds no public key: {error}")
        return
    own = keys.fingerprint(public)
    if own != signer.fingerprint or keys.public_pem(public) != pack.read(archive.PUBLIC_KEY):
        yield Check("signature", "fail", f"{archive.PUBLIC_KEY} is not the key of {signer.fingerprint}")
    elif not keys.is_signed(public, pack.read(archive.SIGNATURE), pack.read(archive.MANIFEST)):
        yield Check("signature", "fail", f"the signature is not one by {own} over this {archive.MANIFEST}")
    elif key is None:
        what = f"signed by {own}; nobody vouches for that key: compare the fingerprint with the signer's, and give it to --key"
        yield Check("signature", "open", what)
    elif key != own:
        yield Check("signature", "fail", f"signed by {own}, and not by the key you named, {key}")
    else:
        yield Check("signature", "pass", f"signed by the key you named, {own}")
