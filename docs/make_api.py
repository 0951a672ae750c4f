"""Write docs/api.md from the docstrings: ``python docs/make_api.py``. A test compares the two."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from pathlib import Path

import qa_bot
from qa_bot import config, datatypes, errors

FILE = Path(__file__).with_name("api.md")
HEAD = """# The API

This page is made from the docstrings by `python docs/make_api.py`.

`qa_bot` exports {names}. The other classes are in `qa_bot.datatypes`, `qa_bot.config` and
`qa_bot.errors`. [How it works](how-it-works.md) says how they play together.
"""
PUBLIC: tuple[type | Callable[..., object], ...] = (
    qa_bot.answer,
    qa_bot.Bot,
    datatypes.Document,
    datatypes.Answer,
    datatypes.Level,
    datatypes.Understood,
    datatypes.Link,
    datatypes.Quote,
    datatypes.Span,
    datatypes.Place,
    datatypes.Mark,
    config.Config,
    errors.QABotError,
    *errors.QABotError.__subclasses__(),
)


def api() -> str:
    """Return the page as Markdown."""
    names = ", ".join(f"`{name}`" for name in qa_bot.__all__)
    parts = [HEAD.format(names=names), *(_section(thing) for thing in PUBLIC)]
    return "\n".join(parts)


def _section(thing: type | Callable[..., object]) -> str:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    if isinstance(node, ast.FunctionDef):
        return f"## {node.name}\n\n{_function(node)}\n"
    assert isinstance(node, ast.ClassDef)
    parts = [f"## {node.name}", _code(_header(thing, node)), _docstring(node)]
    for member in _members(node):
        parts.append(f"### {node.name}.{member.name}")
        parts.append(_function(member))
    return "\n\n".join(part for part in parts if part) + "\n"


def _header(thing: object, node: ast.ClassDef) -> str:
    """Return how a class is made: by its fields, its members, or its ``__init__``."""
    lines = [f"class {node.name}({', '.join(map(ast.unparse, node.bases))})".replace("()", "")]
    for member in node.body:
        if isinstance(member, ast.AnnAssign) and is_dataclass(thing):
            name = ast.unparse(member.target)
            lines += [] if name.startswith("_") else [f"    {name}: {_type(member)}"]
        elif isinstance(member, ast.Assign):
            lines.append(f"    {ast.unparse(member)}")
        elif isinstance(member, ast.FunctionDef) and member.name == "__init__":
            lines[0] = f"class {node.name}({_arguments(member)})"
    return "\n".join(lines)


def _type(field: ast.AnnAssign) -> str:
    """Return the type of a field, and its default when that is a plain value."""
    default = field.value
    plain = default is not None and not isinstance(default, ast.Call)
    return ast.unparse(field.annotation) + (
        f" = {ast.unparse(default)}" if plain and default else ""
    )


def _members(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
            yield member


def _function(node: ast.FunctionDef) -> str:
    decorators = [ast.unparse(it) for it in node.decorator_list]
    returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    if "property" in decorators:
        line = f"{node.name}{returns.replace(' ->', ':')}"
    else:
        line = f"{node.name}({_arguments(node)}){returns}"
    return f"{_code(line)}\n\n{_docstring(node)}"


def _arguments(node: ast.FunctionDef) -> str:
    written = ast.unparse(node.args)
    return written.removeprefix("self").removeprefix("cls").removeprefix(", ")


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _docstring(node: ast.FunctionDef | ast.ClassDef) -> str:
    text = ast.get_docstring(node)
    return "" if text is None else text.replace("``", "`")


if __name__ == "__main__":
    FILE.write_text(api(), encoding="utf-8")
