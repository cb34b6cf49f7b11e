"""Write docs/configuration.md and config.schema.json, from what is declared.

make reference runs it; tests/pipeline/test_reference.py holds both files to the declarations.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from descent.datasets._table import Table
from descent.declaration import schema, with_options, words
from descent.plugins import available
from descent.run import options_of
from pipeline.config import NAME, TARGETS, Configuration, Optimizer, Study
from pipeline.lists import Grid

ROOT = Path(__file__).parents[2]
TABLE, SCHEMA = ROOT / "docs/configuration.md", ROOT / "config.schema.json"

HEAD = """\
# The keys of config.yaml

Made by `make reference` from their declarations in [run.py](../scripts/descent/run.py) and
[config.py](../scripts/pipeline/config.py). A study stands under `studies:` by its name, an
optimizer under the study's `optimizers:` by its name: lower-case letters, digits and _, a letter
first. A key without a default must be there.
"""

OF_OPTIMIZER = "update_rules", "schedules"  # files whose options an optimizer sets

Keys = dict[str, dict[str, Any]]


def main() -> None:
    """Write both files."""
    TABLE.write_text(table(), encoding="utf-8")
    SCHEMA.write_text(json_schema(), encoding="utf-8")


def table() -> str:
    """The keys, in Markdown."""
    return "\n".join(
        [
            HEAD,
            *("## The file", "", *_rows(schema(Configuration)["properties"]), ""),
            *("## A study", "", *_rows(schema(Study)["properties"], _options(Study, "models"))),
            "",
            *("## An optimizer", ""),
            *_rows(schema(Optimizer)["properties"], _options(Optimizer, *OF_OPTIMIZER)),
            "",
            *("## A grid of step sizes", "", *_rows(schema(Grid)["properties"])),
            "",
            *("## A table of one's own as a dataset", ""),
            *_rows(schema(Table)["properties"]),
            "",
        ]
    )


def json_schema() -> str:
    """What editors check and complete config.yaml with."""
    optimizer = _by_name(Optimizer, _options(Optimizer, *OF_OPTIMIZER))
    named, _ = schema(Study)["properties"]["dataset"]["anyOf"]
    dataset = {"anyOf": [named, _mapping(Table)]}
    study = _by_name(Study, _options(Study, "models"), optimizers=optimizer, dataset=dataset)
    study["propertyNames"]["not"] = {"enum": list(TARGETS)}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The studies of config.yaml",
        **_mapping(Configuration, inner={"studies": study}),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _options(structure: type, *kinds: str) -> list[tuple[str, Keys]]:
    """The keys that each file of the kinds adds, behind its name."""
    own = schema(structure)["properties"]
    keys = [
        (name, schema(with_options(structure, *options_of(kind, name).items()))["properties"])
        for kind in kinds
        for name in available(kind)
    ]
    return [(name, {n: k for n, k in of_one.items() if n not in own}) for name, of_one in keys]


def _rows(keys: Keys, options: Iterable[tuple[str, Keys]] = ()) -> list[str]:
    rows = ["| key | what it is | allowed | default |", "| --- | --- | --- | --- |"]
    rows += [_row(name, key, key["description"]) for name, key in keys.items()]
    for whose, of_one in options:
        rows += [_row(name, key, f"option of `{whose}`") for name, key in of_one.items()]
    return rows


def _row(name: str, key: Mapping[str, Any], meaning: str) -> str:
    default = json.dumps(key["default"]).strip('"') if key.get("default") is not None else ""
    if "default" in key and not default:
        default = "left out"
    return f"| `{name}` | {meaning} | {words(key)} | {default} |"


def _by_name(
    structure: type, options: Iterable[tuple[str, Keys]], **inner: Mapping
) -> dict[str, Any]:
    """The schema of a mapping of names to structures."""
    keys = schema(structure)["properties"]
    for whose, of_one in options:
        for name, key in of_one.items():
            before = keys.get(name, {}).get("description")
            meaning = f"{before}, {whose}" if before else f"option of {whose}"
            keys = keys | {name: {**key, "description": meaning, "default": None}}
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": _mapping(structure, keys, inner),
    }


def _mapping(
    structure: type, keys: Keys | None = None, inner: Mapping[str, Mapping] | None = None
) -> dict[str, Any]:
    """The schema of a mapping with the keys of a structure; inner: more of some keys."""
    keys = keys or schema(structure)["properties"]
    return {
        "type": "object",
        "properties": {n: {**_for_editors(k), **(inner or {}).get(n, {})} for n, k in keys.items()},
        "required": schema(structure)["required"],
        "additionalProperties": False,
    }


def _for_editors(key: Mapping[str, Any]) -> dict[str, Any]:
    """A key without what only this project reads, nor the keys inside it."""
    kept = {n: v for n, v in key.items() if n not in ("also", "title", "values")}
    if kept.get("default", ...) is None:
        del kept["default"]
    if "anyOf" in kept:
        kept["anyOf"] = [_for_editors(kind) for kind in kept["anyOf"]]
    if "items" in kept:
        kept["items"] = _for_editors(kept["items"])
    if "properties" in kept:
        kept["properties"] = {n: _for_editors(k) for n, k in kept["properties"].items()}
    return kept


if __name__ == "__main__":
    main()
