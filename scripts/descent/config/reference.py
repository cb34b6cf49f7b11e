"""Write docs/configuration.md and config.schema.json from the schema. `make reference` runs it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from descent.config.schema import (
    Configuration,
    Grid,
    Optimizer,
    Study,
    option_kind,
)
from descent.datasets._table import Table
from descent.plugins import available, options

ROOT = Path(__file__).parents[3]
LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
KINDS = {"object": "a mapping by names", "boolean": "true or false", "string": "a word"}
SECTIONS = {
    "The file": Configuration,
    "A study": Study,
    "An optimizer": Optimizer,
    "A grid of step sizes": Grid,
    "A table of one's own as a dataset": Table,
}
HEAD = """\
# The keys of config.yaml

`make reference` writes this page from [schema.py](../scripts/descent/config/schema.py). A study is
a key under `studies:`, an optimizer a key under the study's `optimizers:`; their names begin with a
lower-case letter, and have lower-case letters, digits and _. A key without a default is required.
"""


def main() -> None:
    """Write both files."""
    (ROOT / "docs/configuration.md").write_text(table(), encoding="utf-8")
    (ROOT / "config.schema.json").write_text(json_schema(), encoding="utf-8")


def table() -> str:
    """The keys, in Markdown."""
    lines = [HEAD]
    for title, model in SECTIONS.items():
        lines += [
            f"## {title}",
            "",
            "| key | what it is | allowed | default |",
            "| - | - | - | - |",
        ]
        keys = model.model_json_schema()
        lines += [_row(name, key, keys.get("$defs", {})) for name, key in _own(keys).items()]
        lines += [_row(name, key, {}) for name, key in _options(model)] + [""]
    return "\n".join(lines)


def json_schema() -> str:
    """What editors check and complete config.yaml with."""
    schema = Configuration.model_json_schema()
    for model in (Study, Optimizer):
        of_model = schema["$defs"][model.__name__]
        of_model["properties"] = _own(of_model) | dict(_options(model))
    for named in (schema, schema["$defs"]["Study"]):  # a name that does not match is a mistake
        for key in named["properties"].values():
            if "patternProperties" in key:
                key["additionalProperties"] = False
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _own(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The keys without those in which options are gathered."""
    return {name: key for name, key in schema["properties"].items() if "_options" not in name}


def _options(model: type) -> Iterator[tuple[str, dict[str, Any]]]:
    """The options of the files that a model's keys choose."""
    for folder, _ in getattr(model, "CHOICES", {}).values():
        for name in available(folder):
            for option, default in options(folder, name).items():
                kind = TypeAdapter(option_kind(default)).json_schema()
                yield option, kind | {"description": f"option of `{name}`", "default": default}


def _row(name: str, key: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    default = json.dumps(key["default"]).strip('"') if key.get("default") is not None else ""
    if "default" in key and not default:
        default = "left out"
    return f"| `{name}` | {key['description']} | {_words(key, definitions)} | {default} |"


def _words(key: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What a JSON schema allows, in words."""
    either = key.get("anyOf") or key.get("oneOf")
    if either:
        words = [_words(kind, definitions) for kind in either if kind != {"type": "null"}]
        return ", or ".join(dict.fromkeys(words))
    if "$ref" in key:
        return f"a mapping ({key['$ref'].rpartition('/')[2].lower()}, below)"
    if "enum" in key or "const" in key:
        return ", ".join(map(str, key.get("enum", [key.get("const")])))
    if key["type"] == "array":
        return f"a list of: {_words(key['items'], definitions)}"
    limits = [
        f"{sign} {key[limit]:g}"
        for limit, sign in LIMITS.items()
        if abs(key.get(limit, 1e18)) < 1e18
    ]
    return f"{KINDS.get(key['type'], key['type'])} {' and '.join(limits)}".rstrip()


if __name__ == "__main__":
    main()
