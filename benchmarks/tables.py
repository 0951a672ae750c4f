"""Markdown tables, and numbers with their intervals in them."""

from collections.abc import Callable, Iterable, Sequence

Value = Sequence[float | None]  # value, low, high


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table, its first column words and the others numbers."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    cells = [head, marks, *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def escaped(text: str) -> str:
    """Keep a text from ending its cell."""
    return one_line(text).replace("|", "\\|")


def one_line(text: str) -> str:
    """Return a text with a blank for every line break."""
    return " ".join(text.split())


def percent(value: Value, signed: bool = False) -> str:
    """Write a share with its interval, in percent."""
    return _with_interval(value, lambda x: f"{100 * x:+.1f}" if signed else f"{100 * x:.1f}", " %")


def number(value: Value) -> str:
    """Write a number with its interval: whole, or with two decimals where it is below 10."""
    return _with_interval(value, lambda x: f"{x:,.{0 if abs(x) >= 10 else 2}f}", "")


def _with_interval(value: Value, write: Callable[[float], str], unit: str) -> str:
    middle, low, high = value
    if middle is None:
        return "none"
    if low is None or high is None:
        return write(middle) + unit
    return f"{write(middle)}{unit} [{write(low)}, {write(high)}]"
