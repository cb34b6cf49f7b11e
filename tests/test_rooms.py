"""Imports go one way: a room of scripts/descent imports only from rooms below it."""

import ast
from pathlib import Path

DESCENT = Path(__file__).parents[1] / "scripts/descent"
# from the top down; rooms in one line do not import each other
ROOMS = [
    ["config"],
    ["explorer"],
    ["figures"],
    ["analysis", "evaluation"],
    ["theory"],
    ["engines"],
    ["compiled", "datasets", "sampling", "stage", "torch_device"],
    ["store"],
    ["run"],
    ["models", "update_rules", "schedules"],
    ["functions", "plugins"],
    ["errors"],
]
FLOOR = {room: -floor for floor, rooms in enumerate(ROOMS) for room in rooms}


def imports(path: Path) -> set[str]:
    """The rooms that a file imports from."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "descent":
            rooms |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("descent."):
            rooms.add(node.module.split(".")[1])
    return rooms


def test_every_room_is_listed_and_imports_only_from_rooms_below():
    found = {}
    for path in DESCENT.rglob("*.py"):
        room = path.relative_to(DESCENT).parts[0].removesuffix(".py")
        found.setdefault(room, set()).update(imports(path))
    assert found.keys() - {"__init__"} == FLOOR.keys()
    upward = {
        f"{room} imports {other}"
        for room, others in found.items()
        for other in others - {room}
        if room != "__init__" and FLOOR[other] >= FLOOR[room]
    }
    assert upward == set()
