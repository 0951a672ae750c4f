"""Markdown tables, and numbers with intervals."""

from collections.abc import Callable, Iterable, Sequence

Value = Sequence[float | None]  # value, low, high


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with a first column of words and other columns of numbers."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    cells = [head, marks, *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def escaped(text: str) -> str:
    """Escape a text so that it does not end its cell."""
    return one_line(text).replace("|", "\\|")


def one_line(text: str) -> str:
    """Return a text with a space for every line break."""
    return " ".join(text.split())


def percent(value: Value, signed: bool = False) -> str:
    """Return a share with its interval in percent."""
    return _with_interval(value, lambda x: f"{100 * x:+.1f}" if signed else f"{100 * x:.1f}", " %")


def number(value: Value) -> str:
    """Return a number with its interval: without decimals, or with two if it is below 10."""
    return _with_interval(value, lambda x: f"{x:,.{0 if abs(x) >= 10 else 2}f}", "")


def _with_interval(value: Value, write: Callable[[float], str], unit: str) -> str:
    middle, low, high = value
    if middle is None:
        return "none"
    if low is None or high is None:
        return write(middle) + unit
    return f"{write(middle)}{unit} [{write(low)}, {write(high)}]"
