"""Copies an index from one store to another, with its vectors: no model is needed."""

from qa_bot.datatypes import Document
from qa_bot.errors import QABotError
from qa_bot.store.embedded import Progress, Spec, groups
from qa_bot.store.protocols import Store

# Passages whose documents are written at once: no more are copied again after an interruption.
AT_ONCE = 20_000
_CHARACTERS_PER_PASSAGE = 500  # about; only to divide the documents


def copy(
    source: Store,
    target: Store,
    progress: Progress | None = None,
    *,
    at_once: int = AT_ONCE,
) -> tuple[int, int]:
    """Copy all documents; return how many were copied, and how many were there already.

    A copy that was interrupted goes on where it stopped when it is run again. Raises
    IndexNotFoundError without a source, IndexMismatchError when the target is of another model or
    other settings.
    """
    if source.location == target.location:
        raise QABotError(f"{source.location} is the index to copy and the copy: name two")
    index = source.open()
    spec = Spec(index.settings, index.fingerprint, index.dimension)
    with target.writing(spec) as written:
        there = {document.id for document in written.documents}
    missing = [document for document in index.documents if document.id not in there]
    done = 0
    for group in groups(missing, _passages, at_once):
        with target.writing(spec) as written:
            written.insert(index.read([document.id for document in group]))
        done += len(group)
        if progress is not None:
            progress(done, len(missing))
    return len(missing), len(there)


def _passages(document: Document) -> int:
    """Return about how many passages a document has."""
    return 1 + len(document.text) // _CHARACTERS_PER_PASSAGE
