"""Find the reading order of a page from its geometry, not from the order in the file.

Lines directly below each other make stacks. A stack is read before those below it, and a column
before those to its right, unless something between them spans both (T. M. Breuel, "High Performance
Document Layout Analysis", 2003).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from operator import or_

from qa_bot.documents.pdf.letters import MAX_SKEW, Run
from qa_bot.documents.pdf.table_rows import Rule
from qa_bot.documents.pdf.tables import find_tables

_NEXT_LINE = 1.7  # times the type size; a line further below is not in the same stack
_SAME_SIZE = 0.15  # share by which type sizes may differ within a stack
_MAX_OVERLAP = 0.5  # times the type size; things side by side may overlap by this much
_HEADING_LINES = 2  # a block with more is not short
_HEADED = 4.0  # times the type size; a block further below is not that of a short block above it
_DROP_CAP = 1.8  # times the type size of the text: least size of a drop cap
_INITIAL = re.compile(r"[\"“„«'‘]?[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_PAGE_NUMBER = re.compile(r"\W*(?:\d{1,4}|[ivxlc]{1,7})\W*")
_MAX_BLOCKS = 400  # a page with more is a drawing, and is read from top to bottom


@dataclass(slots=True)
class Block:
    """Lines that are read together, from top to bottom; lengths in points."""

    lines: list[Run]

    @property
    def left(self) -> float:
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        return max(line.right for line in self.lines)


def lay_out(runs: Sequence[Run], rules: Callable[[], Sequence[Rule]]) -> list[Run]:
    """Return the lines of a page in reading order; a row of a table is ``| one | two |``."""
    lines: list[Run] = []
    for group in _by_direction(runs):
        tables, free = find_tables(_join_drop_caps(group), rules)
        lines += in_order([*map(Block, tables), *_stacks(free)])
    return lines


def _by_direction(runs: Sequence[Run]) -> list[list[Run]]:
    """Group runs by direction: upright text first, then by the number of letters."""
    groups: list[list[Run]] = []
    for run in runs:
        for group in groups:
            if abs(group[0].angle - run.angle) < MAX_SKEW:
                group.append(run)
                break
        else:
            groups.append([run])
    return sorted(groups, key=lambda group: (abs(group[0].angle) > MAX_SKEW, -_letter_count(group)))


def _letter_count(runs: Sequence[Run]) -> int:
    return sum(len(run.text) for run in runs)


def _join_drop_caps(runs: Sequence[Run]) -> list[Run]:
    """Join each drop cap to the line that it begins."""
    others: list[Run] = []
    for run in runs:
        line = _line_beside(run, runs) if _INITIAL.fullmatch(run.text.strip()) else None
        if line is None:
            others.append(run)
            continue
        words = {word.casefold() for other in runs for word in _WORD.findall(other.text)}
        space = " " if _is_word(run.text.strip(), line.text, words) else ""
        line.text = run.text.strip() + space + line.text.lstrip()
        line.letters = (*run.letters, *line.letters)
    return others


def _line_beside(initial: Run, runs: Sequence[Run]) -> Run | None:
    """Return the highest line directly beside a drop cap, no higher than its top."""
    beside = (
        run
        for run in runs
        if initial.size >= _DROP_CAP * run.size
        and -0.5 < (run.left - initial.right) / run.size < 2
        and initial.base - 0.5 * run.size < run.base < initial.base + initial.size
    )
    return max(beside, key=lambda run: run.base, default=None)


def _is_word(initial: str, following: str, words: set[str]) -> bool:
    """Whether an initial is a word by itself ("A ship"), judged by the other words on the page."""
    first = _WORD.match(following.lstrip())
    rest = first[0].casefold() if first else ""
    letter = initial[-1].casefold()
    return letter in "aio" and letter + rest not in words and rest in words - {"n", "t", "s", "f"}


def _stacks(pieces: Sequence[Run]) -> list[Block]:
    """Group pieces into stacks, in which each line is the only one directly above the next."""
    ordered = sorted(pieces, key=lambda piece: -piece.base)
    below = [_neighbours(ordered, index, 1) for index in range(len(ordered))]
    above = [_neighbours(ordered, index, -1) for index in range(len(ordered))]
    stacks: dict[int, Block] = {}
    for index, piece in enumerate(ordered):
        upper = above[index]
        if len(upper) == 1 and len(below[upper[0]]) == 1 and _is_alike(ordered[upper[0]], piece):
            stacks[index] = stacks[upper[0]]
            stacks[index].lines.append(piece)
        else:
            stacks[index] = Block([piece])
    return list({id(stack): stack for stack in stacks.values()}.values())


def _neighbours(pieces: Sequence[Run], index: int, step: int) -> list[int]:
    """Return the indices of the pieces directly below (step 1) or above (step -1) a piece.

    Several pieces side by side, at about the same height, are all neighbours.
    """
    piece = pieces[index]
    neighbours: list[int] = []
    other = index + step
    while 0 <= other < len(pieces):
        distance = abs(pieces[other].base - piece.base)
        size = max(pieces[other].size, piece.size)
        nearest = _NEXT_LINE * size
        if neighbours:
            nearest = abs(pieces[neighbours[0]].base - piece.base)
        if distance > max(nearest, _NEXT_LINE * piece.size) + 0.5 * size:
            break
        is_near = distance <= min(nearest + 0.5 * size, _NEXT_LINE * size)
        if is_near and distance > 0.3 * size and _overlaps(piece, pieces[other]):
            neighbours.append(other)
        other += step
    return neighbours


def _is_alike(run: Run, other: Run) -> bool:
    same_size = abs(run.size - other.size) <= _SAME_SIZE * max(run.size, other.size)
    return same_size and run.is_note == other.is_note


def _overlaps(run: Run, other: Run) -> bool:
    return min(run.right, other.right) - max(run.left, other.left) > 1.0


def in_order(blocks: Sequence[Block]) -> list[Run]:
    """Return the lines of blocks in reading order."""
    ordered = sorted(blocks, key=lambda block: -block.lines[0].base)
    if 1 < len(ordered) <= _MAX_BLOCKS:
        ordered = _topological_order(ordered)
    return [line for block in ordered for line in block.lines]


def _topological_order(blocks: list[Block]) -> list[Block]:
    """Sort blocks, given from top to bottom, so that each follows those to be read before it."""
    predecessors = _predecessors(blocks)
    remaining = (1 << len(blocks)) - 1
    order: list[Block] = []
    while remaining:
        ready = [
            index
            for index in range(len(blocks))
            if remaining >> index & 1 and not predecessors[index] & remaining
        ]
        # In a cycle no block is ready: take the highest.
        index = ready[0] if ready else (remaining & -remaining).bit_length() - 1
        order.append(blocks[index])
        remaining &= ~(1 << index)
    return order


# In the functions below, sets of blocks are bits of an integer: bit n is the n-th block.


def _predecessors(blocks: Sequence[Block]) -> list[int]:
    """Return for each block the set of those that are read before it."""
    count = len(blocks)
    extents = _column_extents(blocks)
    same_column = _same_column(blocks, extents)
    beside = _beside_column(blocks, same_column)
    result = [same_column[index] & ((1 << index) - 1) for index in range(count)]
    for high in range(count):
        for low in range(high + 1, count):
            between = (1 << low) - (2 << high)  # blocks that begin below one and above the other
            spanning = same_column[high] & same_column[low] & between
            is_same = same_column[high] >> low & 1
            if is_same or spanning or not beside[high] & same_column[low]:
                continue
            first, second = (high, low) if extents[high][0] < extents[low][0] else (low, high)
            result[second] |= 1 << first
    return result


def _same_column(blocks: Sequence[Block], extents: Sequence[tuple[float, float]]) -> list[int]:
    """Return for each block the set of those whose extents overlap its own, itself included."""
    result = [0] * len(extents)
    for index, (left, right) in enumerate(extents):
        max_overlap = _MAX_OVERLAP * blocks[index].lines[0].size
        for other, (other_left, other_right) in enumerate(extents):
            if min(right, other_right) - max(left, other_left) > max_overlap:
                result[index] |= 1 << other
    return result


def _beside_column(blocks: Sequence[Block], same_column: Sequence[int]) -> list[int]:
    """Return for each block the set of those beside any block in its column."""
    heights = [
        (block.lines[-1].base, block.lines[0].base + block.lines[0].size) for block in blocks
    ]
    beside = [0] * len(blocks)
    for index, (bottom, top) in enumerate(heights):
        for other, (other_bottom, other_top) in enumerate(heights):
            is_level = min(top, other_top) > max(bottom, other_bottom)
            if is_level and not same_column[index] >> other & 1:
                beside[index] |= 1 << other
    return [
        reduce(or_, (beside[other] for other in range(len(blocks)) if column >> other & 1), 0)
        for column in same_column
    ]


def _column_extents(blocks: Sequence[Block]) -> list[tuple[float, float]]:
    """Return the left and right of each block in points.

    A short block of few lines is as wide as the block closely below it, and a page number as wide
    as the page.
    """
    extents = [(block.left, block.right) for block in blocks]
    result = list(extents)
    for index, (left, right) in enumerate(extents):
        lines = blocks[index].lines
        is_first_or_last = index in (0, len(blocks) - 1)
        if is_first_or_last and _PAGE_NUMBER.fullmatch(lines[0].text):
            result[index] = (-inf, inf)
            continue
        if len(lines) > _HEADING_LINES:
            continue
        below = (
            (lower_left, lower_right)
            for lower, (lower_left, lower_right) in enumerate(extents[index + 1 :], index + 1)
            if min(right, lower_right) > max(left, lower_left)
            and lines[-1].base - blocks[lower].lines[0].base < _HEADED * lines[-1].size
        )
        lower_left, lower_right = next(below, (left, right))
        if lower_left <= left + 1 and right <= lower_right + 1:
            result[index] = (min(left, lower_left), max(right, lower_right))
    return result
