"""The YAML of a configuration file, looked at before anything expands it or takes its values."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.reader import Reader

from descent.declaration import mistake, shown
from descent.errors import InputError

MAX_LEVELS = 20  # of mappings and lists in each other; a configuration has 6
MAX_VALUES = 10**6  # of a file, with those that aliases repeat
KEYS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "merge")}
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_syntax(file: str) -> list[str]:
    """A line for each key that stands twice in one mapping, of which YAML silently takes the last.

    Raises InputError, one line that says where, for what must not go any further: bytes that are no
    text, what is not YAML or no mapping, values that cannot be made, tags, keys that are no words,
    aliases that expand to very much, deep nesting, and the key that makes Snakemake run code.
    """
    try:
        return _check(file, Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = f"0x{error.object[error.start]:02x}"
        raise InputError(f"{file}, line {line}: found the byte {byte}; allowed: UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        what = "cannot be read" if isinstance(error, ConstructorError) else "is not YAML"
        why = shown(": ".join(filter(None, (error.context, error.problem))))
        raise InputError(f"{file}, line {line}: {what} ({why})") from None


@cache
def _check(file: str, text: str) -> list[str]:
    if strange := Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, strange.start()) + 1
        raise InputError(
            f"{file}, line {line}: found {strange[0]!r}; allowed: printable characters"
        )
    _check_extent(file, text)
    top = yaml.compose(text, yaml.SafeLoader)  # as Snakemake, and stricter than the one in C
    if not top or top.tag != "tag:yaml.org,2002:map":
        raise InputError(f"{file}: found no mapping; allowed: a mapping with studies")
    repeated = list[str]()
    values = SafeConstructor()
    for node in _nodes(top):
        if isinstance(node, yaml.MappingNode):
            repeated += _check_keys(file, [key for key, _ in node.value])
        if isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":merge"):
            _check_value(node, values)
    values.construct_document(top)
    return repeated


def _check_extent(file: str, text: str) -> None:
    """Raise InputError for deep nesting, and for aliases that expand to very much or to themselves.

    One pass over the events, which expands nothing.
    """
    count = 0  # values so far, with those that aliases repeat
    known: dict[str, tuple[int, int] | None] = {}  # by anchor: values and levels; None while open
    begun: list[list] = [["", 0, 0]]  # anchor, values before, levels inside; the first is the file
    for event in yaml.parse(text, FAST):
        values, levels = 1, 0
        match event:
            case yaml.CollectionStartEvent():
                known[event.anchor] = None
                begun.append([event.anchor, count, 0])
            case yaml.CollectionEndEvent():
                anchor, before, inside = begun.pop()
                values, levels = 0, inside + 1
                known[anchor] = count - before, levels
            case yaml.ScalarEvent():
                known[event.anchor] = 1, 0
            case yaml.AliasEvent():
                extent = known.get(event.anchor, (1, 0))
                if extent is None:
                    _refuse(file, event, f"*{event.anchor} inside &{event.anchor}", "after it")
                values, levels = extent
            case _:
                continue
        count += values
        begun[-1][2] = max(begun[-1][2], levels)
        if len(begun) - 1 + levels > MAX_LEVELS:
            found = "more levels of mappings and lists"
            _refuse(file, event, found, f"at most {MAX_LEVELS}")
        if count > MAX_VALUES:
            found = "more values, with those that aliases repeat"
            _refuse(file, event, found, f"at most {MAX_VALUES:,}")


def _check_keys(file: str, keys: Iterable[yaml.Node]) -> list[str]:
    """A line for each key that stands twice; InputError for one that no configuration has."""
    repeated, seen = list[str](), set[str]()
    for key in keys:
        if not isinstance(key, yaml.ScalarNode):
            _refuse(file, key, "a list or a mapping as a key", "a word")
        if key.tag not in KEYS:
            _refuse(file, key, f"{key.value} as a key", "a word")
        if key.value == "__use_yte__":
            _refuse(file, key, "the key __use_yte__, with which a file runs code", "values alone")
        if key.value in seen:
            line = key.start_mark.line + 1
            repeated.append(f"line {line}: found {shown(key.value)} a second time; allowed: once")
        seen.add(key.value)
    return repeated


def _check_value(node: yaml.ScalarNode, values: SafeConstructor) -> None:
    try:
        str(values.construct_object(node))
    except yaml.YAMLError:
        raise
    except Exception as error:  # of many kinds: 2020-02-30, !!int x, more digits than Python takes
        problem = f"{error}: {node.value}"
        raise ConstructorError(None, None, problem, node.start_mark) from None


def _nodes(top: yaml.Node) -> Iterator[yaml.Node]:
    """A node and all below it in their order, each once however often it is aliased."""
    nodes, seen = [top], set[int]()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            nodes += reversed([part for pair in node.value for part in pair])
        elif isinstance(node, yaml.SequenceNode):
            nodes += reversed(node.value)


def _refuse(file: str, at: yaml.Event | yaml.Node, found: str, allowed: str) -> NoReturn:
    where = f"{file}, line {at.start_mark.line + 1}"
    raise InputError(mistake(where, found, allowed))
