"""Mutations: changes to the syntax tree of a symbol, at a place that is found by the names in it.

A symbol is a function, a class or a constant of the product, given by its qualified name (``Sync.retry``). Where several
modules have one of that name, the end of the module's name goes before it (``transitions:REJECTED``). Neither files nor
text are named, so a mutation survives a move, a reformatting and an unrelated change of its symbol.

An operator finds its place by ``names``: all of them occur in the place. A name is an identifier, an attribute with or
without what is before it (``status``, ``stored.status``, ``Status.OPTED_OUT``), a keyword argument, or the value of a
literal; ``return``, ``raise``, ``continue`` and ``break`` are names too. Of nested places, the innermost counts. ``under``
limits the search to the block whose header mentions it (``under="Throttled"``: where that is handled). An operator raises
MutationError unless it finds exactly one place.
"""

from __future__ import annotations

import ast
import builtins
import copy
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "Edit", "Mutant", "MutationError", "Symbols",
    "always", "argument", "compare", "drop", "insert", "move", "never", "replace", "returns", "swap", "value", "without",
]  # fmt: skip

PRODUCT = ("functions", "cli")
MEMORY = "memory"
Symbol = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


class MutationError(ValueError):
    """The symbol, or the place in it, does not exist or is not unique."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one symbol. ``change`` alters the syntax tree that it is given."""

    symbol: str
    change: Callable[[Symbol], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutation: its name, the edits that it consists of, and what has to notice it.

    ``on`` is the kind of history that has to notice it; where the simulation does not reach, it is "tests", and ``tests``
    are the files, or the tests of a file, that have to.
    """

    name: str
    edits: tuple[Edit, ...]
    on: str = MEMORY
    tests: tuple[str, ...] = ()


# --- symbols


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    module: str
    node: Symbol


class Symbols:
    """The symbols of a checkout's product code."""

    def __init__(self, root: Path) -> None:
        """Read all modules below ``root``."""
        self.sources: dict[Path, str] = {}
        self._found: defaultdict[str, list[_Found]] = defaultdict(list)
        self._attributes: set[str] = set()
        for top in PRODUCT:
            for file in sorted((root / top).rglob("*.py")):
                path, source = file.relative_to(root), file.read_text(encoding="utf-8")
                self.sources[path] = source
                module = ".".join(file.relative_to(root / top).with_suffix("").parts)
                tree = ast.parse(source)
                self._attributes.update(each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute))
                for name, node in _symbols(tree, ""):
                    self._found[name].append(_Found(path, module, node))

    def mutated(self, mutant: Mutant) -> dict[Path, str]:
        """Return the changed modules. Raises MutationError if an edit finds no place, several places, or changes nothing."""
        edits: defaultdict[str, list[Edit]] = defaultdict(list)
        for edit in mutant.edits:
            edits[edit.symbol].append(edit)
        changes: defaultdict[Path, list[tuple[int, int, str]]] = defaultdict(list)
        for symbol, of_symbol in edits.items():
            found = self._find(symbol)
            node = copy.deepcopy(found.node)
            for edit in of_symbol:
                before = ast.dump(node)
                edit.change(node)
                if ast.dump(node) == before:
                    raise MutationError(f"{symbol}: an edit changes nothing")
            if unknown := self._unknown(found, node):
                raise MutationError(f"{symbol}: the new code names what does not exist: {', '.join(sorted(unknown))}")
            text = textwrap.indent(ast.unparse(ast.fix_missing_locations(node)), " " * found.node.col_offset)
            changes[found.path].append((*_lines(found.node), text))
        return {path: _spliced(self.sources[path], of_path) for path, of_path in changes.items()}

    def _find(self, symbol: str) -> _Found:
        module, _, name = symbol.rpartition(":")
        found = [each for each in self._found[name] if f".{each.module}".endswith(f".{module}" if module else "")]
        if len(found) != 1:
            raise MutationError(f"{symbol} is in {[each.module for each in found] or 'no module'}")
        return found[0]

    def _unknown(self, found: _Found, changed: Symbol) -> set[str]:
        """Return the names and attributes in a changed symbol that occur nowhere else: a mutation must not just crash."""
        nodes, there = list(ast.walk(changed)), ast.parse(self.sources[found.path])
        names = {each.id for each in nodes if isinstance(each, ast.Name)}
        attributes = {each.attr for each in nodes if isinstance(each, ast.Attribute)}
        known = {each.id for each in ast.walk(there) if isinstance(each, ast.Name)} | set(dir(builtins))
        known |= {each.arg for each in ast.walk(there) if isinstance(each, ast.arg)}
        known |= {each.asname or each.name for each in ast.walk(there) if isinstance(each, ast.alias)}
        return (names - known) | (attributes - self._attributes)


def _symbols(node: ast.AST, prefix: str) -> Iterator[tuple[str, Symbol]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield prefix + child.name, child
            yield from _symbols(child, f"{prefix}{child.name}.")
        elif isinstance(child, (ast.Assign, ast.AnnAssign)) and isinstance(node, (ast.Module, ast.ClassDef)):
            for target in child.targets if isinstance(child, ast.Assign) else [child.target]:
                names = (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
                yield from ((prefix + name, child) for name in names)
        elif isinstance(child, ast.stmt):
            yield from _symbols(child, prefix)


def _lines(node: Symbol) -> tuple[int, int]:
    decorators = [] if isinstance(node, (ast.Assign, ast.AnnAssign)) else node.decorator_list
    return min(each.lineno for each in (node, *decorators)) - 1, node.end_lineno or node.lineno


def _spliced(source: str, changes: Iterable[tuple[int, int, str]]) -> str:
    lines = source.splitlines()
    for start, end, text in sorted(changes, reverse=True):
        lines[start:end] = text.splitlines()
    return "\n".join([*lines, ""])


# --- places


@dataclass(frozen=True, slots=True)
class _Place:
    """A node where it hangs in the tree, so that another can replace it."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST

    def put(self, nodes: Sequence[ast.AST]) -> None:
        if self.index is None:
            setattr(self.parent, self.field, nodes[0])
        else:
            getattr(self.parent, self.field)[self.index : self.index + 1] = nodes


def _places(node: ast.AST) -> Iterator[_Place]:
    for field, content in ast.iter_fields(node):
        for index, child in enumerate(content if isinstance(content, list) else [content]):
            if isinstance(child, ast.AST):
                yield _Place(node, field, index if isinstance(content, list) else None, child)
                yield from _places(child)


def _names(node: ast.AST) -> set[str]:
    """Return what a place can be found by. For a statement with a block, its header counts, not the block."""
    found: set[str] = set()
    for each in _without_block(node):
        match each:
            case ast.Name():
                found.add(each.id)
            case ast.arg() | ast.keyword():
                found.add(each.arg or "**")
            case ast.Constant():
                found.add(str(each.value))
            case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
                found.add(type(each).__name__.lower())
            case ast.Attribute():
                parts = ast.unparse(each).split(".")
                found.update(".".join(parts[start:]) for start in range(len(parts)))
            case _:
                pass
    return found


def _without_block(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler):
            yield from ast.walk(child.type) if child.type is not None else ()
        elif not isinstance(child, ast.stmt):
            yield from ast.walk(child)


def _one(symbol: ast.AST, what: str, names: Sequence[str], fits: Callable[[_Place], bool]) -> _Place:
    """Return the innermost place that fits and mentions the names."""
    found = [each for each in _places(symbol) if fits(each) and set(names) <= _names(each.node)]
    inner = [
        each for each in found if not any(each.node is not o.node and o.node in ast.walk(each.node) for o in found)
    ]
    if len(inner) != 1:
        shown = "".join(f"\n    {ast.unparse(each.node).splitlines()[0]}" for each in inner)
        raise MutationError(f"{what} with {', '.join(names) or 'no names'}: {len(inner)} places{shown}")
    return inner[0]


def _is_condition(place: _Place) -> bool:
    return place.field in {"test", "ifs", "guard"} and isinstance(place.node, ast.expr)


def _block(symbol: ast.AST, under: str | None) -> ast.AST:
    return symbol if under is None else _one(symbol, "block", [under], lambda each: hasattr(each.node, "body")).node


def _is_statement(place: _Place) -> bool:
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return isinstance(place.node, ast.stmt) and not isinstance(place.node, scopes)


def _expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def _edit(symbol: str, change: Callable[[Symbol], None]) -> Edit:
    def located(node: Symbol) -> None:
        try:
            change(node)
        except MutationError as error:
            raise MutationError(f"{symbol}: {error}") from None

    return Edit(symbol, located)


# --- operators


def value(symbol: str, becomes: str) -> Edit:
    """Give a constant another value."""

    def change(node: Symbol) -> None:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)):
            raise MutationError("is no constant")
        node.value = _expression(becomes)

    return _edit(symbol, change)


def returns(symbol: str, becomes: str, *names: str) -> Edit:
    """Make a function return something else: at the return with these names, or, without names, at once."""

    def change(node: Symbol) -> None:
        if names:
            place = _one(node, "return", names, lambda each: isinstance(each.node, ast.Return))
            place.put([ast.Return(_expression(becomes))])
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [ast.Return(_expression(becomes))]
        else:
            raise MutationError("is no function")

    return _edit(symbol, change)


def never(symbol: str, *names: str) -> Edit:
    """Make a condition (of if, while, a conditional expression or a comprehension) false."""
    return _condition(symbol, "False", names)


def always(symbol: str, *names: str) -> Edit:
    """Make a condition true."""
    return _condition(symbol, "True", names)


def _condition(symbol: str, becomes: str, names: Sequence[str]) -> Edit:
    return _edit(symbol, lambda node: _one(node, "condition", names, _is_condition).put([_expression(becomes)]))


def without(symbol: str, *names: str, among: str | None = None) -> Edit:
    """Leave out one operand of ``and`` or ``or``, or of arithmetic; if needed, of the operation that mentions ``among``."""

    def is_operand(place: _Place) -> bool:
        operation = isinstance(place.parent, (ast.BoolOp, ast.BinOp)) and isinstance(place.node, ast.expr)
        return operation and (among is None or among in _names(place.parent))

    def change(node: Symbol) -> None:
        operand = _one(node, "operand", names, is_operand)
        rest = [
            each for each in _places(operand.parent) if each.parent is operand.parent and each.node is not operand.node
        ]
        rest = [each for each in rest if isinstance(each.node, ast.expr)]
        whole = _one(node, "operation", (), lambda each: each.node is operand.parent)
        if len(rest) == 1:
            whole.put([rest[0].node])
        else:
            operand.put([])

    return _edit(symbol, change)


def compare(symbol: str, becomes: str, *names: str) -> Edit:
    """Give a comparison another operator, such as ``<=``; in a chain, each."""

    def change(node: Symbol) -> None:
        found = _one(node, "comparison", names, lambda each: isinstance(each.node, ast.Compare)).node
        other = _expression(f"a {becomes} b")
        assert isinstance(found, ast.Compare)
        assert isinstance(other, ast.Compare)
        found.ops = other.ops * len(found.ops)

    return _edit(symbol, change)


def drop(symbol: str, *names: str, under: str | None = None) -> Edit:
    """Leave out a statement, with its block if it has one."""
    return replace(symbol, "pass", *names, under=under)


def replace(symbol: str, becomes: str, *names: str, under: str | None = None) -> Edit:
    """Put other statements in the place of one."""

    def change(node: Symbol) -> None:
        _one(_block(node, under), "statement", names, _is_statement).put(ast.parse(becomes).body)

    return _edit(symbol, change)


def insert(symbol: str, code: str, *names: str) -> Edit:
    """Put statements before one."""

    def change(node: Symbol) -> None:
        place = _one(node, "statement", names, _is_statement)
        place.put([*ast.parse(code).body, place.node])

    return _edit(symbol, change)


def move(symbol: str, *names: str, after: str) -> Edit:
    """Put a statement behind a later one of the same block."""

    def change(node: Symbol) -> None:
        place, later = (_one(node, "statement", each, _is_statement) for each in (names, [after]))
        if later.parent is not place.parent or later.index is None:
            raise MutationError("the statements are not in one block")
        later.put([later.node, place.node])
        place.put([])

    return _edit(symbol, change)


def swap(symbol: str, old: str, new: str, *names: str, under: str | None = None) -> Edit:
    """Put another expression in the place of one; if needed, in the statement with ``names``.

    ``.attribute`` stands for that attribute of any expression.
    """

    def is_old(place: _Place) -> bool:
        if old.startswith("."):
            return isinstance(place.node, ast.Attribute) and place.node.attr == old[1:]
        return isinstance(place.node, ast.expr) and ast.dump(place.node) == ast.dump(_expression(old))

    def change(node: Symbol) -> None:
        scope = _block(node, under)
        scope = _one(scope, "statement", names, _is_statement).node if names else scope
        place = _one(scope, old, (), is_old)
        if isinstance(place.node, ast.Attribute) and new.startswith("."):
            place.node.attr = new[1:]
        else:
            place.put([_expression(new)])

    return _edit(symbol, change)


def argument(symbol: str, call: str, name: str, becomes: str | None = None, *names: str) -> Edit:
    """Leave out a keyword argument of a call, or give it another value; if needed, in the statement with ``names``."""

    def is_argument(place: _Place) -> bool:
        named = isinstance(place.node, ast.keyword) and place.node.arg == name
        return named and isinstance(place.parent, ast.Call) and call in _names(place.parent.func)

    def change(node: Symbol) -> None:
        scope = _one(node, "statement", names, _is_statement).node if names else node
        place = _one(scope, f"argument {name} of {call}", (), is_argument)
        place.put([] if becomes is None else [ast.keyword(name, _expression(becomes))])

    return _edit(symbol, change)
