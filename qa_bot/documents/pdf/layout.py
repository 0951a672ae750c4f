"""The order to read a page in: what its geometry says, not the order of the file.

Lines that stand below each other make stacks. A stack is read before what is below it, and a
column before what is right of it unless something between them spans both (T. M. Breuel, "High
Performance Document Layout Analysis", 2003).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from operator import or_

from qa_bot.documents.pdf.letters import LEVEL, Run
from qa_bot.documents.pdf.rows import make_rows
from qa_bot.documents.pdf.table_rows import Rule
from qa_bot.documents.pdf.tables import find_tables

_BELOW = 1.7  # sizes of type; a line further below is not in the same stack
_SAME_SIZE = 0.15  # share by which the size of type may differ within a stack
_OVERLAP = 0.5  # sizes of type by which things that stand side by side may overlap
_DROP_CAP = 1.8  # times the size of the text that an initial is at least
_INITIAL = re.compile(r"[\"“„«'‘]?[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_PAGE_NUMBER = re.compile(r"\W*(?:\d{1,4}|[ivxlc]{1,7})\W*")
_MOST = 400  # stacks; a page with more is a drawing, and read from top to bottom


@dataclass(slots=True)
class Block:
    """Lines that are read together, and the box around them."""

    lines: list[Run]

    @property
    def left(self) -> float:
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        return max(line.right for line in self.lines)


def lay_out(runs: Sequence[Run], rules: Callable[[], Sequence[Rule]]) -> list[Run]:
    """Return the lines of a page in the order they are read; a table's row is ``| one | two |``."""
    lines: list[Run] = []
    for direction in _directions(runs):
        tables, free = find_tables(make_rows(_with_drop_caps(direction)), rules)
        lines += in_order([*map(Block, tables), *_stacks([run for row in free for run in row])])
    return lines


def _directions(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of each direction, upright text first, then that of most letters."""
    groups: list[list[Run]] = []
    for run in runs:
        for group in groups:
            if abs(group[0].angle - run.angle) < LEVEL:
                group.append(run)
                break
        else:
            groups.append([run])
    return sorted(groups, key=lambda group: (abs(group[0].angle) > LEVEL, -_letters(group)))


def _letters(runs: Sequence[Run]) -> int:
    return sum(len(run.text) for run in runs)


def _with_drop_caps(runs: Sequence[Run]) -> list[Run]:
    """Put each large initial before the line that it belongs to."""
    left: list[Run] = []
    for run in runs:
        first = _first_line(run, runs) if _INITIAL.fullmatch(run.text.strip()) else None
        if first is None:
            left.append(run)
            continue
        words = {word.casefold() for it in runs for word in _WORD.findall(it.text)}
        blank = " " if _is_word(run.text.strip(), first.text, words) else ""
        first.text = run.text.strip() + blank + first.text.lstrip()
        first.letters = (*run.letters, *first.letters)
    return left


def _first_line(initial: Run, runs: Sequence[Run]) -> Run | None:
    """Return the highest line right beside a large initial, no higher than it."""
    beside = (
        run
        for run in runs
        if initial.size >= _DROP_CAP * run.size
        and -0.5 < (run.left - initial.right) / run.size < 2
        and initial.base - 0.5 * run.size < run.base < initial.base + initial.size
    )
    return max(beside, key=lambda run: run.base, default=None)


def _is_word(initial: str, following: str, words: set[str]) -> bool:
    """Whether an initial is a word of its own ("A ship"), going by the other words of the page."""
    first = _WORD.match(following.lstrip())
    rest = first[0].casefold() if first else ""
    letter = initial[-1].casefold()
    return letter in "aio" and letter + rest not in words and rest in words - {"n", "t", "s", "f"}


def _stacks(pieces: Sequence[Run]) -> list[Block]:
    """Return the pieces in stacks: each line has one right below it, which has one right above."""
    ordered = sorted(pieces, key=lambda piece: -piece.base)
    below = [_neighbours(ordered, at, 1) for at in range(len(ordered))]
    above = [_neighbours(ordered, at, -1) for at in range(len(ordered))]
    stacks: dict[int, Block] = {}
    for at, piece in enumerate(ordered):
        upper = above[at]
        if len(upper) == 1 and len(below[upper[0]]) == 1 and _alike(ordered[upper[0]], piece):
            stacks[at] = stacks[upper[0]]
            stacks[at].lines.append(piece)
        else:
            stacks[at] = Block([piece])
    return list({id(stack): stack for stack in stacks.values()}.values())


def _neighbours(pieces: Sequence[Run], at: int, step: int) -> list[int]:
    """Return the pieces right below (step 1) or above (-1) one, those at about one height."""
    piece = pieces[at]
    found: list[int] = []
    other = at + step
    while 0 <= other < len(pieces):
        distance = abs(pieces[other].base - piece.base)
        size = max(pieces[other].size, piece.size)
        nearest = abs(pieces[found[0]].base - piece.base) if found else _BELOW * size
        if distance > max(nearest, _BELOW * piece.size) + 0.5 * size:
            break
        near = distance <= min(nearest + 0.5 * size, _BELOW * size)
        if near and distance > 0.3 * size and _overlap(piece, pieces[other]):
            found.append(other)
        other += step
    return found


def _alike(one: Run, other: Run) -> bool:
    same_type = abs(one.size - other.size) <= _SAME_SIZE * max(one.size, other.size)
    return same_type and one.is_note == other.is_note


def _overlap(one: Run | Block, other: Run | Block) -> bool:
    return min(one.right, other.right) - max(one.left, other.left) > 1.0


def in_order(blocks: Sequence[Block]) -> list[Run]:
    """Return the lines of blocks in the order they are read."""
    ordered = sorted(blocks, key=lambda block: -block.lines[0].base)
    if 1 < len(ordered) <= _MOST:
        ordered = _sorted(ordered)
    return [line for block in ordered for line in block.lines]


def _sorted(blocks: list[Block]) -> list[Block]:
    """Sort blocks, given from top to bottom, so that each comes behind what is read before it."""
    waits_for = _waits_for(blocks)
    left = (1 << len(blocks)) - 1
    order: list[Block] = []
    while left:
        ready = [at for at in range(len(blocks)) if left >> at & 1 and not waits_for[at] & left]
        # Nothing is ready where blocks wait for each other: then the highest is.
        at = ready[0] if ready else (left & -left).bit_length() - 1
        order.append(blocks[at])
        left &= ~(1 << at)
    return order


def _waits_for(blocks: Sequence[Block]) -> list[int]:
    """Return for each block, as bits, which others are read before it."""
    count = len(blocks)
    widths = _column_widths(blocks)
    over = _shared(blocks, widths)
    beside = _beside(blocks, over)
    result = [over[at] & ((1 << at) - 1) for at in range(count)]
    for high in range(count):
        for low in range(high + 1, count):
            between = (1 << low) - (2 << high)  # those that begin below one and above the other
            spanned = over[high] & over[low] & between
            if over[high] >> low & 1 or spanned or not beside[high] & over[low]:
                continue
            first, second = (high, low) if widths[high][0] < widths[low][0] else (low, high)
            result[second] |= 1 << first
    return result


def _shared(blocks: Sequence[Block], widths: Sequence[tuple[float, float]]) -> list[int]:
    """Return for each block, as bits, which share a part of its width: it and its column."""
    over = [0] * len(widths)
    for at, (left, right) in enumerate(widths):
        least = _OVERLAP * blocks[at].lines[0].size
        for other, (its_left, its_right) in enumerate(widths):
            if min(right, its_right) - max(left, its_left) > least:
                over[at] |= 1 << other
    return over


def _beside(blocks: Sequence[Block], over: Sequence[int]) -> list[int]:
    """Return for each block, as bits, what stands at the height of something in its column."""
    heights = [(it.lines[-1].base, it.lines[0].base + it.lines[0].size) for it in blocks]
    level = [0] * len(blocks)
    for at, (bottom, top) in enumerate(heights):
        for other, (its_bottom, its_top) in enumerate(heights):
            if min(top, its_top) > max(bottom, its_bottom) and not over[at] >> other & 1:
                level[at] |= 1 << other
    return [
        reduce(or_, (level[other] for other in range(len(blocks)) if over[at] >> other & 1), 0)
        for at in range(len(blocks))
    ]


def _column_widths(blocks: Sequence[Block]) -> list[tuple[float, float]]:
    """Return where each block begins and ends; a short one is as wide as what it stands on."""
    widths = [(block.left, block.right) for block in blocks]
    result = list(widths)
    for at, (left, right) in enumerate(widths):
        below = (
            (its_left, its_right)
            for its_left, its_right in widths[at + 1 :]
            if min(right, its_right) > max(left, its_left)
        )
        if at in (0, len(blocks) - 1) and _PAGE_NUMBER.fullmatch(blocks[at].lines[0].text):
            result[at] = (-inf, inf)
            continue
        its_left, its_right = next(below, (left, right))
        if its_left <= left + 1 and right <= its_right + 1:
            result[at] = (min(left, its_left), max(right, its_right))
    return result
