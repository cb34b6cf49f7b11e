"""Writes docs/configuration.md and config.schema.json; `make reference` runs it."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from descent.config.schema import Configuration, Grid, Optimizer, Study, option_kind
from descent.datasets._table import Table
from descent.plugins import available, options

ROOT = Path(__file__).parents[3]
LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
TYPES = {"object": "mapping", "boolean": "true or false", "string": "text"}
SECTIONS = {
    "The file": Configuration,
    "A study": Study,
    "An optimizer": Optimizer,
    "A grid of step sizes": Grid,
    "A table as a dataset": Table,
}
HEAD = """\
# The keys of config.yaml

`make reference` writes this page from [schema.py](../scripts/descent/config/schema.py). Names of
studies and optimizers begin with a lower-case letter and continue with lower-case letters, digits
and _. A key without a default is required.
"""


def main() -> None:
    (ROOT / "docs/configuration.md").write_text(table(), encoding="utf-8")
    (ROOT / "config.schema.json").write_text(json_schema(), encoding="utf-8")


def table() -> str:
    """Return the tables of keys in Markdown."""
    lines = [HEAD]
    for title, model in SECTIONS.items():
        lines += [f"## {title}", "", "| key | meaning | allowed | default |", "| - | - | - | - |"]
        keys = [*_without_options(model.model_json_schema()).items(), *_options(model)]
        lines += [*(_row(name, key) for name, key in keys), ""]
    return "\n".join(lines)


def json_schema() -> str:
    """Return the JSON schema with which editors check and complete config.yaml."""
    schema = Configuration.model_json_schema()
    for model in (Study, Optimizer):
        of_model = schema["$defs"][model.__name__]
        of_model["properties"] = _without_options(of_model) | dict(_options(model))
    for named in (schema, schema["$defs"]["Study"]):  # reject names that do not match the pattern
        for key in named["properties"].values():
            if "patternProperties" in key:
                key["additionalProperties"] = False
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _without_options(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a schema without the fields that gather options."""
    return {name: key for name, key in schema["properties"].items() if "_options" not in name}


def _options(model: type) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the options of all files that the keys of a model can select."""
    for folder, _ in getattr(model, "CHOICES", {}).values():
        for name in available(folder):
            for option, default in options(folder, name).items():
                kind = TypeAdapter(option_kind(default)).json_schema()
                yield option, kind | {"description": f"option of `{name}`", "default": default}


def _row(name: str, key: Mapping[str, Any]) -> str:
    default = ""
    if "default" in key:
        default = json.dumps(key["default"]).strip('"')
        default = "left out" if default in ("null", "") else f"`{default}`"
    return f"| `{name}` | {key['description']} | {_allowed(key)} | {default} |"


def _allowed(key: Mapping[str, Any]) -> str:
    """Describe the values that a JSON schema allows."""
    if kinds := key.get("anyOf") or key.get("oneOf"):
        return ", or ".join(_allowed(kind) for kind in kinds if kind != {"type": "null"})
    if "$ref" in key:
        return f"{key['$ref'].rpartition('/')[2].lower()} (below)"
    if "enum" in key or "const" in key:
        values = [f"`{value}`" for value in key.get("enum", [key.get("const")])]
        return (" or " if len(values) == 2 else ", ").join(values)
    if key["type"] == "array":
        kinds = [_allowed(kind) for kind in key["items"].get("oneOf", [key["items"]])]
        return "list of " + " and ".join(re.sub(r"^\w+", r"\g<0>s", kind) for kind in kinds)
    limits = [
        f"{sign} {key[limit]:,.10g}"
        for limit, sign in LIMITS.items()
        if abs(key.get(limit, 1e18)) < 1e18
    ]
    return f"{TYPES.get(key['type'], key['type'])} {' and '.join(limits)}".rstrip()


if __name__ == "__main__":
    main()
