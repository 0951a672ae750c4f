"""Copies an index from one store to another, with its vectors: no model is needed."""

from collections.abc import Iterator, Sequence

from qa_bot.datatypes import Document
from qa_bot.errors import QABotError
from qa_bot.store.embedded import Progress, Spec
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
    for group in _groups(missing, at_once):
        with target.writing(spec) as written:
            written.insert(index.read([document.id for document in group]))
        done += len(group)
        if progress is not None:
            progress(done, len(missing))
    return len(missing), len(there)


def _groups(documents: Sequence[Document], at_once: int) -> Iterator[list[Document]]:
    """Divide documents into groups of about so many passages."""
    group: list[Document] = []
    passages = 0
    for document in documents:
        group.append(document)
        passages += 1 + len(document.text) // _CHARACTERS_PER_PASSAGE
        if passages >= at_once:
            yield group
            group, passages = [], 0
    if group:
        yield group
