"""What is filled in on a PDF page: values of form fields, checked boxes, text typed onto the page.

PDFium's text of a page has none of these. A value is put behind its label, so that it is read where
it stands; one without a label is named by its tooltip, or by the name of its field.
"""

import ctypes
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from qa_bot.documents.pdf.letters import LEVEL, Run, clean

_LABEL_GAP = 25.0  # sizes of type between a label and its field, where nothing else stands
_BOX_GAP = 2.5  # sizes of type between a box and its label
_ABOVE = 1.8  # sizes of type that a label may stand above or below its field
_SIZE = 10.0  # points; of the type on a page that has no text
_NOT_SHOWN = (1 << 1) | (1 << 5)  # FPDF_ANNOT_FLAG_HIDDEN, _NOVIEW
_PASSWORD = 1 << 13  # FPDF_FORMFLAG_TEXT_PASSWORD
_PATH = re.compile(r".*\.|\[\d+\]$|#subform")


class Field(NamedTuple):
    """A form field or a note that shows on a page; lengths are in points, the text level."""

    text: str
    name: str
    checked: bool | None  # whether a box is checked, or None for what is no box
    left: float
    bottom: float
    right: float
    top: float


def fill_in(runs: list[Run], page: Any, form: Any) -> tuple[list[Run], int]:
    """Return runs with what is filled in, and how many fields have something that is not read."""
    angle = _main_angle(runs)
    fields: list[Field] = []
    unread = 0
    for field in _fields(page, form, angle):
        if field is None:
            unread += 1
        else:
            fields.append(field)
    labels = [run for run in runs if abs(run.angle - angle) < LEVEL]
    filled = list(runs)
    for field in sorted(fields, key=lambda field: (-field.top, field.left)):
        if field.checked is not None:
            filled += _tick(field, labels, angle)
        elif not _is_drawn(field, labels):
            filled += _put(field, labels, fields, angle)
    return filled, unread


def _main_angle(runs: Sequence[Run]) -> float:
    return max(runs, key=lambda run: len(run.text)).angle if runs else 0.0


def _is_drawn(field: Field, labels: Sequence[Run]) -> bool:
    """Whether the page itself shows the value, as one does whose form was made flat."""
    inside = (
        run.text
        for run in labels
        if field.bottom <= run.top and run.base <= field.top and _overlaps(run, field)
    )
    return field.text.replace(" ", "") in "".join(inside).replace(" ", "")


def _overlaps(run: Run, field: Field) -> bool:
    return run.left < field.right and field.left < run.right


def _put(
    field: Field, labels: Sequence[Run], fields: Sequence[Field], angle: float
) -> Iterator[Run]:
    """Add a value to its label, or yield it as a run of its own."""
    label = _label_left(field, labels, fields)
    if label is not None:
        label.text = f"{label.text.rstrip()} {field.text} "
        label.right = max(label.right, field.right)
        return
    label = _label_above(field, labels)
    if label is not None:
        name = label.text.rstrip()
        label.text = f"{name}{'' if name[-1] in ':?.' else ':'} {field.text} "
        return
    text = f"{field.name}: {field.text}" if field.name else field.text
    yield _new_run(text, field, angle)


def _new_run(text: str, field: Field, angle: float) -> Run:
    size = min(_SIZE, max(field.top - field.bottom, 1.0))
    return Run(text, field.left, field.right, field.top - size, size, angle)


def _label_left(field: Field, labels: Sequence[Run], fields: Sequence[Field]) -> Run | None:
    """Return the run right before a field, on its line, with no other field between."""
    before = (run for run in labels if _beside(run, field) and run.right <= field.left + 2)
    label = max(before, key=lambda run: (run.right, run.base), default=None)
    if label is None or field.left - label.right > _LABEL_GAP * label.size:
        return None
    taken = any(
        label.right - 2 < other.left < field.left and _beside(label, other) for other in fields
    )
    return None if taken else label


def _beside(run: Run, field: Field) -> bool:
    return field.bottom - 0.3 * run.size <= run.base and run.base + 0.4 * run.size <= field.top + 2


def _label_above(field: Field, labels: Sequence[Run]) -> Run | None:
    """Return the end of the line right above a field, or below it."""
    over = [run for run in labels if _overlaps(run, field)]
    above = [run for run in over if 0 <= run.base - field.top + 2 <= _ABOVE * run.size]
    below = [run for run in over if 0 <= field.bottom - run.base <= _ABOVE * run.size]
    near = above if above else below
    nearest = min((abs(run.base - field.top) for run in near), default=0.0)
    level = [run for run in near if abs(run.base - field.top) < nearest + 1]
    return max(level, key=lambda run: run.right, default=None)


def _tick(field: Field, labels: Sequence[Run], angle: float) -> Iterator[Run]:
    """Put a box before its label or behind it; yield one that has none, when it is checked."""
    box = "☒" if field.checked else "☐"
    behind = [run for run in labels if _beside(run, field) and run.left >= field.right - 2]
    label = min(behind, key=lambda run: run.left, default=None)
    if label is not None and label.left - field.right <= _BOX_GAP * label.size:
        label.text = f"{box} {label.text}"
        label.left = field.left
        return
    before = [run for run in labels if _beside(run, field) and run.right <= field.left + 2]
    label = max(before, key=lambda run: run.right, default=None)
    if label is not None and field.left - label.right <= _BOX_GAP * label.size:
        label.text = f"{label.text.rstrip()} {box} "
        label.right = field.right
    elif field.checked and field.name:
        yield _new_run(f"{box} {field.name}", field, angle)


def _fields(page: Any, form: Any, angle: float) -> Iterator[Field | None]:
    """Yield the fields and typed notes of a page, None for each with a value that is not read."""
    from pypdfium2 import raw

    for at in range(raw.FPDFPage_GetAnnotCount(page)):
        with _annotation(page, at) as annotation:
            if raw.FPDFAnnot_GetFlags(annotation) & _NOT_SHOWN:
                continue
            subtype = raw.FPDFAnnot_GetSubtype(annotation)
            if subtype == raw.FPDF_ANNOT_FREETEXT:
                text = _text(raw.FPDFAnnot_GetStringValue, annotation, b"Contents")
                yield from _placed(annotation, angle, text, "", None)
            elif subtype == raw.FPDF_ANNOT_WIDGET and form is not None:
                yield from _widget(annotation, form, angle)


@contextmanager
def _annotation(page: Any, at: int) -> Iterator[Any]:
    from pypdfium2 import raw

    annotation = raw.FPDFPage_GetAnnot(page, at)
    try:
        yield annotation
    finally:
        raw.FPDFPage_CloseAnnot(annotation)


def _widget(annotation: Any, form: Any, angle: float) -> Iterator[Field | None]:
    """Yield the field of a widget, if there is anything in it, and None if that is not read."""
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    value = _text(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
    name = _name(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        checked = bool(raw.FPDFAnnot_IsChecked(form, annotation))
        yield from _placed(annotation, angle, "", name, checked)
    elif kind in (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        chosen = ", ".join(_chosen(form, annotation))
        yield from _placed(annotation, angle, chosen if chosen else value, name, None)
    elif kind == raw.FPDF_FORMFIELD_TEXTFIELD:
        if raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
            yield from [None] if value else []
        else:
            yield from _placed(annotation, angle, value, name, None)
    elif value and kind not in (raw.FPDF_FORMFIELD_PUSHBUTTON, raw.FPDF_FORMFIELD_SIGNATURE):
        yield None


def _name(form: Any, annotation: Any) -> str:
    """Return the tooltip of a field, or the last part of its name."""
    from pypdfium2 import raw

    tooltip = _text(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = _PATH.sub("", _text(raw.FPDFAnnot_GetFormFieldName, form, annotation))
    return (tooltip if tooltip else name.replace("_", " ")).rstrip(" :")


def _chosen(form: Any, annotation: Any) -> Iterator[str]:
    """Yield the options that are chosen in a list."""
    from pypdfium2 import raw

    for at in range(raw.FPDFAnnot_GetOptionCount(form, annotation)):
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, at):
            yield _text(raw.FPDFAnnot_GetOptionLabel, form, annotation, at)


def _placed(
    annotation: Any, angle: float, text: str, name: str, checked: bool | None
) -> Iterator[Field]:
    """Yield a field with its place as seen with the text of its page level, unless it is empty."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    if not (text or checked is not None) or not raw.FPDFAnnot_GetRect(annotation, box):
        return
    cos, sin = math.cos(angle), math.sin(angle)
    corners = [(x, y) for x in (box.left, box.right) for y in (box.bottom, box.top)]
    across = [x * cos + y * sin for x, y in corners]
    up = [y * cos - x * sin for x, y in corners]
    if max(across) > min(across) and max(up) > min(up):
        yield Field(text, name, checked, min(across), min(up), max(across), max(up))


def _text(function: Callable[..., int], *arguments: Any) -> str:
    """Return what a function of PDFium writes into a buffer as UTF-16."""
    size = function(*arguments, None, 0)
    buffer = ctypes.create_string_buffer(max(size, 2))
    from pypdfium2 import raw

    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return clean(buffer.raw[: max(size - 2, 0)].decode("utf-16-le", "replace"))
