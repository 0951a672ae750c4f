"""Raised and lowered runs: marks, exponents and indices, told by their size and baseline.

Digits become Unicode superscripts and subscripts (``412³``, ``10⁶``, ``H₂O``), so that a footnote
mark is no digit of the number before it.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from qa_bot.documents.pdf.letters import LEVEL, Run, cut

_LONGEST = 10  # characters of a raised or lowered run
_SMALLER = 0.9  # share of its line's size that its size is at most; 0.53 is that of a drop cap
_SMALLEST = 0.4
_RAISED = (0.1, 0.75)  # how far above the baseline of its line, in sizes of that line's type
_LOWERED = (-0.5, -0.05)
_RAISED_IN_SIZE = (0.2, 0.6)  # the same for one that is no smaller than its line
_BEHIND = (-0.5, 0.35)  # sizes of type between the end of the text before and its start
_MOST_MARKS = 100  # runs that could be marks; a page with more has tables of numbers
_LOGO = 0.3  # sizes of type; capitals that are raised less are no exponents
_REACH = 1.5  # sizes of its own type that it is looked for around its start
_TOUCHES = 0.12  # sizes of type; a narrower gap holds no space

_RAISED_FORMS = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED_FORMS = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_LETTERS = dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_MARK = re.compile(r"[\d*∗⋆†‡§¶]{1,3}")
_NUMERIC = re.compile(r"[\d\s,;+\-−–=()\[\]*∗⋆†‡§¶#]+")
_ORDINAL = re.compile(r"st|nd|rd|th|e|er|re|ère|ème")
_SIGNS = {"TM": "™", "SM": "℠", "®": "®", "©": "©"}


def join_scripts(runs: Sequence[Run]) -> list[Run]:
    """Join raised and lowered runs to the text they stand behind, or in front of."""
    runs = _cut_at_scripts(runs)
    ends = sorted(runs, key=lambda run: run.right)
    rights = [run.right for run in ends]
    joined: dict[int, Run] = {}  # what each joined run belongs to now
    for run in sorted(runs, key=lambda run: run.left):
        short = len(run.text.strip()) <= _LONGEST
        reach = _REACH * run.size if short else 0.0
        near = ends[bisect_left(rights, run.left - reach) : bisect_left(rights, run.left + reach)]
        host = _host(run, near) if short else None
        if host is not None:
            joined[id(run)] = joined.get(id(host), host)
            _append(joined[id(run)], run)
    return _with_marks_in_front([run for run in runs if id(run) not in joined])


def _cut_at_scripts(runs: Sequence[Run]) -> list[Run]:
    """Cut lines where a raised run stands in a gap of theirs: some files have it behind them."""
    marks = [run for run in runs if _MARK.fullmatch(run.text.strip())]
    if not marks or len(marks) > _MOST_MARKS:
        return list(runs)
    parts: list[Run] = []
    for run in runs:
        inside = (
            mark.left + 0.1
            for mark in marks
            if run.left < mark.left and mark.right < run.right and _is_script(mark, run)
        )
        parts += cut(run, min(inside, default=run.right))
    return parts


def _host(run: Run, near: Sequence[Run]) -> Run | None:
    """Return the run that a raised or lowered one stands behind, if it is one."""
    hosts = [host for host in near if _is_script(run, host) and _is_behind(run, host)]
    return min(hosts, key=lambda host: abs(run.left - host.right), default=None)


def _is_script(run: Run, host: Run) -> bool:
    """Whether a run is raised or lowered as seen from a run of its line."""
    if host is run or abs(run.angle - host.angle) > LEVEL:
        return False
    height = (run.base - host.base) / host.size
    share = run.size / host.size
    if _SMALLEST < share <= _SMALLER:
        return _RAISED[0] <= height <= _RAISED[1] or _LOWERED[0] <= height <= _LOWERED[1]
    if share < 1.1 and _is_capital(run) and _LOWERED[0] <= height <= -_LOGO:
        return True
    raised = _RAISED_IN_SIZE[0] <= height <= _RAISED_IN_SIZE[1]
    return raised and share < 1.1 and _MARK.fullmatch(run.text.strip()) is not None


def _is_behind(run: Run, host: Run) -> bool:
    gap = (run.left - host.right) / host.size
    # Where an index and an exponent stand above each other, the text before ends under both.
    return gap <= _BEHIND[1] and run.left > host.left and gap >= _BEHIND[0]


def _is_capital(run: Run) -> bool:
    text = run.text.strip()
    return len(text) < 3 and text.isalpha() and text.isupper()


def _append(host: Run, run: Run) -> None:
    if run.left - host.right < _TOUCHES * host.size:
        host.text = host.text.rstrip()
    height = (run.base - host.base) / host.size
    in_size = run.size > _SMALLER * host.size
    is_logo = _is_capital(run) and (in_size or 0 < height < _LOGO)  # as in LaTeX and XeTeX
    host.text += run.text if is_logo else script(run.text, host.text, raised=height > 0)
    host.letters += run.letters
    host.right = max(host.right, run.right)


def _with_marks_in_front(runs: list[Run]) -> list[Run]:
    """Raise the marks that stand before the text of a line, as footnotes have them."""
    starts = sorted(runs, key=lambda run: run.left)
    lefts = [run.left for run in starts]
    for run in runs:
        if _MARK.fullmatch(run.text.strip()):
            near = starts[bisect_left(lefts, run.right - 1) : bisect_left(lefts, run.right + 30)]
            hosts = [it for it in near if _is_script(run, it) and _precedes(run, it)]
            if hosts:
                # A number before a capital or a symbol ("¹⁴C") is part of it, not a mark.
                blank = " " if hosts[0].text[1:2].islower() else ""
                run.text = script(run.text, "", raised=True).rstrip() + blank
                run.base, run.size = hosts[0].base, hosts[0].size
    return runs


def _precedes(run: Run, host: Run) -> bool:
    return run.base > host.base and -0.1 <= (host.left - run.right) / host.size < 1.5


def script(text: str, before: str, raised: bool) -> str:
    """Return raised or lowered text as Unicode has it, or behind ``^`` or ``_``."""
    inner = text.strip()
    tail = text[len(text.rstrip()) :]
    if _NUMERIC.fullmatch(inner):
        return inner.translate(_RAISED_FORMS if raised else _LOWERED_FORMS) + tail
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
    # "Mme", "Nos": an abbreviation; all else is an exponent.
    return ("" if inner.isalpha() else "^") + inner + tail
