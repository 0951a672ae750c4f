"""Recognise footnote marks, exponents and indices by the size and the baseline of their type.

Their digits become Unicode superscripts and subscripts (``412³``, ``10⁶``, ``H₂O``), so that a
footnote mark does not read as a digit of the number before it.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from qa_bot.documents.pdf.letters import MAX_SKEW, Run, cut

# Heights and gaps are in type sizes of the line that the script belongs to, its host.
_MAX_LENGTH = 10  # characters of a script
_MAX_SIZE = 0.9  # times the host's type size
_MIN_SIZE = 0.4
_RAISED = (0.1, 0.75)  # above the host's baseline
_LOWERED = (-0.5, -0.05)
_RAISED_FULL_SIZE = (0.2, 0.6)  # above the host's baseline, if in type as large as the host's
_GAP = (-0.5, 0.35)  # from the end of the host to the script
_MAX_MARKS = 100  # runs that could be marks; a page with more has tables of numbers
_LOGO = 0.3  # capitals raised by less than this are part of a logo such as LaTeX
_REACH = 1.5  # times the script's own type size; hosts end this close to its start
_TOUCHING = 0.12  # a narrower gap is not a space

_SUPERSCRIPTS = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPTS = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_LETTERS = dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_MARK = re.compile(r"[\d*∗⋆†‡§¶]{1,3}")
_NUMERIC = re.compile(r"[\d\s,;+\-−–=()\[\]*∗⋆†‡§¶#]+")
_ORDINAL = re.compile(r"st|nd|rd|th|e|er|re|ère|ème")
_SIGNS = {"TM": "™", "SM": "℠", "®": "®", "©": "©"}


def join_scripts(runs: Sequence[Run]) -> list[Run]:
    """Join scripts to their hosts: the text before them, or after them for marks in footnotes."""
    runs = _cut_at_marks(runs)
    by_end = sorted(runs, key=lambda run: run.right)
    ends = [run.right for run in by_end]
    joined: dict[int, Run] = {}  # by id of a script: the run that its text was appended to
    for run in sorted(runs, key=lambda run: run.left):
        is_short = len(run.text.strip()) <= _MAX_LENGTH
        reach = _REACH * run.size if is_short else 0.0
        near = by_end[bisect_left(ends, run.left - reach) : bisect_left(ends, run.left + reach)]
        host = _host(run, near) if is_short else None
        if host is not None:
            joined[id(run)] = joined.get(id(host), host)
            _append(joined[id(run)], run)
    return _raise_leading_marks([run for run in runs if id(run) not in joined])


def _cut_at_marks(runs: Sequence[Run]) -> list[Run]:
    """Cut runs at each mark in a gap of theirs: some files have the mark after the whole line."""
    marks = [run for run in runs if _MARK.fullmatch(run.text.strip())]
    if not marks or len(marks) > _MAX_MARKS:
        return list(runs)
    parts: list[Run] = []
    for run in runs:
        positions = (
            mark.left + 0.1
            for mark in marks
            if run.left < mark.left and mark.right < run.right and _is_script(mark, run)
        )
        parts += cut(run, min(positions, default=run.right))
    return parts


def _host(run: Run, near: Sequence[Run]) -> Run | None:
    """Return the run that a script directly follows, or None if the run is not a script."""
    hosts = [host for host in near if _is_script(run, host) and _follows(run, host)]
    return min(hosts, key=lambda host: abs(run.left - host.right), default=None)


def _is_script(run: Run, host: Run) -> bool:
    """Whether a run is raised or lowered relative to another run of its line."""
    if host is run or abs(run.angle - host.angle) > MAX_SKEW:
        return False
    height = (run.base - host.base) / host.size
    relative_size = run.size / host.size
    if _MIN_SIZE < relative_size <= _MAX_SIZE:
        return _RAISED[0] <= height <= _RAISED[1] or _LOWERED[0] <= height <= _LOWERED[1]
    if relative_size < 1.1 and _is_capital(run) and _LOWERED[0] <= height <= -_LOGO:
        return True
    is_raised = _RAISED_FULL_SIZE[0] <= height <= _RAISED_FULL_SIZE[1]
    return is_raised and relative_size < 1.1 and _MARK.fullmatch(run.text.strip()) is not None


def _follows(run: Run, host: Run) -> bool:
    gap = (run.left - host.right) / host.size
    # If an index and an exponent stand above each other, the host overlaps the second of them.
    return gap <= _GAP[1] and run.left > host.left and gap >= _GAP[0]


def _is_capital(run: Run) -> bool:
    text = run.text.strip()
    return len(text) < 3 and text.isalpha() and text.isupper()


def _append(host: Run, run: Run) -> None:
    if run.left - host.right < _TOUCHING * host.size:
        host.text = host.text.rstrip()
    height = (run.base - host.base) / host.size
    is_full_size = run.size > _MAX_SIZE * host.size
    is_logo = _is_capital(run) and (is_full_size or 0 < height < _LOGO)  # as in LaTeX and XeTeX
    host.text += run.text if is_logo else script(run.text, host.text, raised=height > 0)
    host.letters += run.letters
    host.right = max(host.right, run.right)


def _raise_leading_marks(runs: list[Run]) -> list[Run]:
    """Raise the marks before the text of a line, as at the start of footnotes."""
    by_start = sorted(runs, key=lambda run: run.left)
    starts = [run.left for run in by_start]
    for run in runs:
        if _MARK.fullmatch(run.text.strip()):
            first, end = bisect_left(starts, run.right - 1), bisect_left(starts, run.right + 30)
            near = by_start[first:end]
            hosts = [host for host in near if _is_script(run, host) and _precedes(run, host)]
            if hosts:
                # A number before a capital or a symbol ("¹⁴C") is part of it, not a mark.
                space = " " if hosts[0].text[1:2].islower() else ""
                run.text = script(run.text, "", raised=True).rstrip() + space
                run.base, run.size = hosts[0].base, hosts[0].size
    return runs


def _precedes(run: Run, host: Run) -> bool:
    return run.base > host.base and -0.1 <= (host.left - run.right) / host.size < 1.5


def script(text: str, before: str, raised: bool) -> str:
    """Return raised or lowered text in Unicode scripts if they exist, else after ``^`` or ``_``."""
    inner = text.strip()
    tail = text[len(text.rstrip()) :]
    if _NUMERIC.fullmatch(inner):
        return inner.translate(_SUPERSCRIPTS if raised else _SUBSCRIPTS) + tail
    if not raised:
        return ("" if before.endswith(" ") else "_") + inner + tail
    if inner in _SIGNS:
        return _SIGNS[inner] + tail
    if before[-1:].isdigit() and _ORDINAL.fullmatch(inner):
        return inner + tail
    if before[-1:].isdigit() and inner in "oa":
        return ("º" if inner == "o" else "ª") + tail
    if len(inner) == 1:
        return _LETTERS.get(inner, f"^{inner}") + tail
    # "Mme" and "Nos" are abbreviations; anything but letters is an exponent.
    return ("" if inner.isalpha() else "^") + inner + tail
