"""Add what is filled in on a PDF page: form fields, checkboxes, text typed onto the page.

PDFium's text of a page has none of these. A value is put after its label, so that it is read in
place; one without a label is named by its tooltip or by the name of its field.
"""

import ctypes
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from qa_bot.documents.pdf.letters import MAX_SKEW, Run, clean

# Gaps and distances are times the type size of the label.
_LABEL_GAP = 25.0  # the widest gap between a label and its field
_CHECKBOX_GAP = 2.5  # the widest gap between a checkbox and its label
_LABEL_DISTANCE = 1.8  # the largest distance of a label above or below its field
_MAX_SIZE = 10.0  # points; type size of values
_NOT_SHOWN = (1 << 1) | (1 << 5)  # FPDF_ANNOT_FLAG_HIDDEN, _NOVIEW
_PASSWORD = 1 << 13  # FPDF_FORMFLAG_TEXT_PASSWORD
_PATH = re.compile(r".*\.|\[\d+\]$|#subform")


class Field(NamedTuple):
    """A visible form field or note; positions in points, on the page turned upright."""

    text: str
    name: str
    checked: bool | None  # None if the field is not a checkbox
    left: float
    bottom: float
    right: float
    top: float


def fill_in(runs: list[Run], page: Any, form: Any) -> tuple[list[Run], int]:
    """Return the runs with the values of fields, and the number of fields that were not read."""
    angle = _main_angle(runs)
    fields: list[Field] = []
    unread = 0
    for field in _fields(page, form, angle):
        if field is None:
            unread += 1
        else:
            fields.append(field)
    labels = [run for run in runs if abs(run.angle - angle) < MAX_SKEW]
    filled = list(runs)
    for field in sorted(fields, key=lambda field: (-field.top, field.left)):
        if field.checked is not None:
            filled += _add_checkbox(field, labels, angle)
        elif not _is_drawn(field, labels):
            filled += _add_value(field, labels, fields, angle)
    return filled, unread


def _main_angle(runs: Sequence[Run]) -> float:
    return max(runs, key=lambda run: len(run.text)).angle if runs else 0.0


def _is_drawn(field: Field, labels: Sequence[Run]) -> bool:
    """Whether the page itself has the value as text, as after a form was flattened."""
    inside = (
        run.text
        for run in labels
        if field.bottom <= run.top and run.base <= field.top and _is_at_field(run, field)
    )
    return field.text.replace(" ", "") in "".join(inside).replace(" ", "")


def _is_at_field(run: Run, field: Field) -> bool:
    return run.left < field.right and field.left < run.right


def _add_value(
    field: Field, labels: Sequence[Run], fields: Sequence[Field], angle: float
) -> Iterator[Run]:
    """Append a value to its label, or yield it as a new run."""
    label = _label_left(field, labels, fields)
    if label is not None:
        label.text = f"{label.text.rstrip()} {field.text} "
        label.right = max(label.right, field.right)
        return
    label = _label_above(field, labels)
    if label is not None:
        label_text = label.text.rstrip()
        label.text = f"{label_text}{'' if label_text[-1] in ':?.' else ':'} {field.text} "
        return
    text = f"{field.name}: {field.text}" if field.name else field.text
    yield _new_run(text, field, angle)


def _new_run(text: str, field: Field, angle: float) -> Run:
    size = min(_MAX_SIZE, max(field.top - field.bottom, 1.0))
    return Run(text, field.left, field.right, field.top - size, size, angle)


def _label_left(field: Field, labels: Sequence[Run], fields: Sequence[Field]) -> Run | None:
    """Return the run directly before a field, on its line, with no other field between them."""
    before = (run for run in labels if _is_beside(run, field) and run.right <= field.left + 2)
    label = max(before, key=lambda run: (run.right, run.base), default=None)
    if label is None or field.left - label.right > _LABEL_GAP * label.size:
        return None
    has_other_field = any(
        label.right - 2 < other.left < field.left and _is_beside(label, other) for other in fields
    )
    return None if has_other_field else label


def _is_beside(run: Run, field: Field) -> bool:
    return field.bottom - 0.3 * run.size <= run.base and run.base + 0.4 * run.size <= field.top + 2


def _label_above(field: Field, labels: Sequence[Run]) -> Run | None:
    """Return the last run of the line directly above a field, or else below it."""
    overlapping = [run for run in labels if _is_at_field(run, field)]
    above = [
        run for run in overlapping if 0 <= run.base - field.top + 2 <= _LABEL_DISTANCE * run.size
    ]
    below = [
        run for run in overlapping if 0 <= field.bottom - run.base <= _LABEL_DISTANCE * run.size
    ]
    near = above if above else below
    nearest = min((abs(run.base - field.top) for run in near), default=0.0)
    line = [run for run in near if abs(run.base - field.top) < nearest + 1]
    return max(line, key=lambda run: run.right, default=None)


def _add_checkbox(field: Field, labels: Sequence[Run], angle: float) -> Iterator[Run]:
    """Put a checkbox before or after its label; without a label, yield it only if checked."""
    box = "☒" if field.checked else "☐"
    after = [run for run in labels if _is_beside(run, field) and run.left >= field.right - 2]
    label = min(after, key=lambda run: run.left, default=None)
    if label is not None and label.left - field.right <= _CHECKBOX_GAP * label.size:
        label.text = f"{box} {label.text}"
        label.left = field.left
        return
    before = [run for run in labels if _is_beside(run, field) and run.right <= field.left + 2]
    label = max(before, key=lambda run: run.right, default=None)
    if label is not None and field.left - label.right <= _CHECKBOX_GAP * label.size:
        label.text = f"{label.text.rstrip()} {box} "
        label.right = field.right
    elif field.checked and field.name:
        yield _new_run(f"{box} {field.name}", field, angle)


def _fields(page: Any, form: Any, angle: float) -> Iterator[Field | None]:
    """Yield the fields and typed notes of a page, and None for each value that was not read."""
    from pypdfium2 import raw

    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        with _annotation(page, index) as annotation:
            if raw.FPDFAnnot_GetFlags(annotation) & _NOT_SHOWN:
                continue
            subtype = raw.FPDFAnnot_GetSubtype(annotation)
            if subtype == raw.FPDF_ANNOT_FREETEXT:
                text = _text(raw.FPDFAnnot_GetStringValue, annotation, b"Contents")
                yield from _placed(annotation, angle, text, "", None)
            elif subtype == raw.FPDF_ANNOT_WIDGET and form is not None:
                yield from _widget(annotation, form, angle)


@contextmanager
def _annotation(page: Any, index: int) -> Iterator[Any]:
    from pypdfium2 import raw

    annotation = raw.FPDFPage_GetAnnot(page, index)
    try:
        yield annotation
    finally:
        raw.FPDFPage_CloseAnnot(annotation)


def _widget(annotation: Any, form: Any, angle: float) -> Iterator[Field | None]:
    """Yield the field of a widget unless it is empty, or None if its value was not read."""
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    value = _text(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
    name = _field_name(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        checked = bool(raw.FPDFAnnot_IsChecked(form, annotation))
        yield from _placed(annotation, angle, "", name, checked)
    elif kind in (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        chosen = ", ".join(_chosen_options(form, annotation))
        yield from _placed(annotation, angle, chosen if chosen else value, name, None)
    elif kind == raw.FPDF_FORMFIELD_TEXTFIELD:
        if raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
            yield from [None] if value else []
        else:
            yield from _placed(annotation, angle, value, name, None)
    elif value and kind not in (raw.FPDF_FORMFIELD_PUSHBUTTON, raw.FPDF_FORMFIELD_SIGNATURE):
        yield None


def _field_name(form: Any, annotation: Any) -> str:
    """Return the tooltip of a field, or the last part of its name."""
    from pypdfium2 import raw

    tooltip = _text(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = _PATH.sub("", _text(raw.FPDFAnnot_GetFormFieldName, form, annotation))
    return (tooltip if tooltip else name.replace("_", " ")).rstrip(" :")


def _chosen_options(form: Any, annotation: Any) -> Iterator[str]:
    """Yield the chosen options of a list."""
    from pypdfium2 import raw

    for index in range(raw.FPDFAnnot_GetOptionCount(form, annotation)):
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, index):
            yield _text(raw.FPDFAnnot_GetOptionLabel, form, annotation, index)


def _placed(
    annotation: Any, angle: float, text: str, name: str, checked: bool | None
) -> Iterator[Field]:
    """Yield a field with its position on the page turned upright, unless it is empty."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    if not (text or checked is not None) or not raw.FPDFAnnot_GetRect(annotation, box):
        return
    cos, sin = math.cos(angle), math.sin(angle)
    corners = [(x, y) for x in (box.left, box.right) for y in (box.bottom, box.top)]
    xs = [x * cos + y * sin for x, y in corners]
    ys = [y * cos - x * sin for x, y in corners]
    if max(xs) > min(xs) and max(ys) > min(ys):
        yield Field(text, name, checked, min(xs), min(ys), max(xs), max(ys))


def _text(function: Callable[..., int], *arguments: Any) -> str:
    """Return the text that a function of PDFium writes into a buffer as UTF-16."""
    size = function(*arguments, None, 0)
    buffer = ctypes.create_string_buffer(max(size, 2))
    from pypdfium2 import raw

    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return clean(buffer.raw[: max(size - 2, 0)].decode("utf-16-le", "replace"))
