"""Writing an index folder: every file first, then the manifest, which is the switch."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from qa_bot.errors import QABotError
from qa_bot.store.atomic import TEMPORARY, Buffer, has_size, holds, put, sync_folder
from qa_bot.store.folder import (
    ARTICLES,
    MANIFEST,
    AnyManifest,
    Stored,
    cannot_write,
    lock,
    mismatch,
    salvaged_manifest,
)
from qa_bot.store.manifest import (
    ARTICLE_NAME,
    FORMAT,
    TABLE_NAME,
    BuildSettings,
    Manifest,
    digest,
    parse,
    to_json,
)
from qa_bot.store.recovery import listed_entries


def write(
    folder: Path, stored: Stored, *, kept: Collection[str] = (), mend: bool = False
) -> frozenset[str]:
    """Put an index in a folder, in place of the one there: all of it or, on an error, nothing.

    Returns the names of its files but the manifest. ``kept``: the names of those that were read
    from this folder or written to it, and are not compared again. Files that are not the index's
    are left alone. Raises QABotError when the disk refuses, and IndexMismatchError over a manifest
    that cannot be read, unless this write is to ``mend`` it; TypeError for settings it does not
    know, ValueError for an index that could not be read again.
    """
    manifest = to_json(_manifest(stored))
    parse(manifest)
    names = stored.file_names()
    with lock(folder):
        try:
            replaced = _manifest_to_replace(folder, mend)
            _put_all(folder, stored, manifest, frozenset(kept))
        except OSError as error:
            raise cannot_write(folder, error) from error
        _sweep(folder, names, replaced)
    return names


def _manifest(stored: Stored) -> Manifest:
    return Manifest(
        format=FORMAT,
        model=stored.settings["model"],
        fingerprint=stored.fingerprint,
        dimension=stored.dimension,
        counts=stored.counts,
        settings=BuildSettings(**stored.settings),
        segments=tuple(segment.entry for segment in stored.segments),
    )


def _manifest_to_replace(folder: Path, mend: bool) -> AnyManifest | None:
    """Return the manifest that a write replaces, or None where there is none."""
    if mend:
        return salvaged_manifest(folder)
    try:
        return parse((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise mismatch(folder, error) from error


def _put_all(folder: Path, stored: Stored, manifest: bytes, kept: frozenset[str]) -> None:
    """Write the files and then the manifest, which is the switch; an error before it undoes all."""
    created: list[Path] = []
    try:
        (folder / ARTICLES).mkdir(exist_ok=True)
        for name, data in _missing(folder, stored, kept):
            path = folder / name
            if not path.exists():
                created.append(path)
            if not holds(path, data):
                put(path, data)
        sync_folder(folder / ARTICLES)
        sync_folder(folder)
        put(folder / MANIFEST, manifest)
    except BaseException:
        if not holds(folder / MANIFEST, manifest):
            for path in created:
                path.unlink(missing_ok=True)
        raise


def _missing(folder: Path, stored: Stored, kept: frozenset[str]) -> Iterator[tuple[str, Buffer]]:
    """Yield the names and contents of the files that may not be in the folder, articles first.

    Those that are kept are looked for: another writer may have deleted them.
    """
    there = kept.intersection(f"{ARTICLES}/{name}" for name in os.listdir(folder / ARTICLES))
    for segment in stored.segments:
        for article in segment.articles:
            if article.file not in there:
                yield article.file, article.document.text.encode()
    for segment in stored.segments:
        missing = {
            kind: file.name
            for kind, file in segment.entry.files.by_kind().items()
            if file.name not in kept or not has_size(folder / file.name, file.size)
        }
        data = segment.tables() if missing else {}
        yield from ((name, data[kind]) for kind, name in missing.items())


def _sweep(folder: Path, keep: Collection[str], replaced: AnyManifest | None) -> None:
    """Delete what the index before, and writes that were killed, have left in the folder."""
    try:
        sync_folder(folder)  # first: the old manifest must not come back when its files are gone
        left = _left(folder, keep, replaced)
        for name in left:
            (folder / name).unlink(missing_ok=True)
        if left:
            sync_folder(folder / ARTICLES)
            sync_folder(folder)
    except OSError as error:
        raise QABotError(
            f"the index in {folder} was written, but old files of it may be left: {error}. "
            "The next write deletes them"
        ) from error


def _left(folder: Path, keep: Collection[str], replaced: AnyManifest | None) -> list[str]:
    """Return the names of files to delete: those that are certainly the index's own.

    A person may well have an ``articles/minutes-202001011200.txt``: an article's file is ours when
    the hash in its name is that of its bytes, or when the manifest that was replaced names it.
    """
    articles = (f"{ARTICLES}/{name}" for name in os.listdir(folder / ARTICLES))
    names = [name for name in (*os.listdir(folder), *articles) if name not in keep]
    names = [name for name in names if (folder / name).is_file()]
    left = [name for name in names if _is_ours(folder / name, name)]
    altered = set(names).difference(left)
    if altered and replaced is not None:
        entries, _ = listed_entries(folder, replaced)
        left += altered.intersection(entry.file for entry in entries)
    return left


def _is_ours(path: Path, name: str) -> bool:
    """Whether a file has the name of the index's own, and an article's also the right bytes."""
    whole = name.removesuffix(TEMPORARY)
    article = ARTICLE_NAME.fullmatch(whole)
    if whole != name:
        return whole == MANIFEST or article is not None or TABLE_NAME.fullmatch(whole) is not None
    if article is None:
        return TABLE_NAME.fullmatch(name) is not None
    return digest(path.read_bytes())[:12] == article[2]
