"""What can be saved of an index folder, damaged or not: its documents."""

from contextlib import suppress
from pathlib import Path

from qa_bot.datatypes import Document
from qa_bot.errors import ArticleError
from qa_bot.store.folder import (
    MANIFEST,
    AnyManifest,
    article_names,
    not_found,
    salvaged_manifest,
)
from qa_bot.store.manifest import (
    ARTICLE_NAME,
    DocumentEntry,
    FormerManifest,
    digest,
    entry_document,
    is_sealed,
    parse_list,
)


def recover(folder: Path) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Return the documents of a folder, damaged or not, and the names of articles that are gone.

    A text that was altered is a new document: its words as they now stand, with the old title and
    source. When the manifest or a list is damaged, an article file that no list names is a document
    too, titled by its name. Raises IndexNotFoundError when there is nothing to recover,
    ArticleError for a file that is no text.
    """
    manifest = salvaged_manifest(folder)
    wanted, whole = ([], False) if manifest is None else listed_entries(folder, manifest)
    if not whole or not is_sealed((folder / MANIFEST).read_bytes()):
        listed = {entry.file for entry in wanted}
        wanted += [entry for entry in _entries_by_name(folder) if entry.file not in listed]
    there = [entry for entry in wanted if (folder / entry.file).is_file()]
    if not there and (manifest is None or wanted or not whole):
        raise not_found(folder)
    found = {entry.file for entry in there}
    lost = tuple(entry.file for entry in wanted if entry.file not in found)
    return tuple(_recover_document(folder, entry) for entry in there), lost


def listed_entries(folder: Path, manifest: AnyManifest) -> tuple[list[DocumentEntry], bool]:
    """Return what a manifest and its lists say of documents, and whether no list was altered."""
    if isinstance(manifest, FormerManifest):
        return [*manifest.documents], True
    entries: list[DocumentEntry] = []
    whole = True
    for segment in manifest.segments:
        file = segment.files.documents
        try:
            data = (folder / file.name).read_bytes()
            listed = parse_list(data)
        except (OSError, ValueError):
            whole = False
        else:
            whole = whole and digest(data) == file.sha256
            removed = frozenset(segment.removed)
            entries += (it for number, it in enumerate(listed) if number not in removed)
    return entries, whole


def _recover_document(folder: Path, entry: DocumentEntry) -> Document:
    try:
        text = (folder / entry.file).read_bytes().decode()
        found = Document.from_text(text, entry.title, entry.source)
    except (OSError, ValueError) as error:
        raise ArticleError(
            f"{folder / entry.file} cannot be read as UTF-8 text ({error}): restore or delete "
            "it, then run the same command again"
        ) from error
    if found.id == entry.id:
        with suppress(ValueError):  # marks that were altered and do not fit the text
            return entry_document(entry, text)
    return found


def _entries_by_name(folder: Path) -> list[DocumentEntry]:
    """Make up what a lost list said of its documents, from the names of their files."""
    return [
        DocumentEntry(id="", title=match[1], source="", metadata={}, file=match[0])
        for match in map(ARTICLE_NAME.fullmatch, article_names(folder))
        if match is not None
    ]
