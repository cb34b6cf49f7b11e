"""A module of scripts/descent imports only from modules below it."""

import ast
from pathlib import Path

DESCENT = Path(__file__).parents[1] / "scripts/descent"
# from the top down; modules of one level do not import each other
LEVELS = """config > explorer > figures > analysis evaluation > theory > engines
    > compiled datasets sampling stage torch_device > store > run
    > models update_rules schedules > functions plugins > errors""".split(">")
LEVEL = {module: -level for level, names in enumerate(LEVELS) for module in names.split()}


def imports(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "descent":
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("descent."):
            modules.add(node.module.split(".")[1])
    return modules


def test_every_module_is_listed_and_imports_only_from_modules_below():
    found = {}
    for path in DESCENT.rglob("*.py"):
        module = path.relative_to(DESCENT).parts[0].removesuffix(".py")
        found.setdefault(module, set()).update(imports(path))
    assert found.keys() - {"__init__"} == LEVEL.keys()
    upward = {
        f"{module} imports {other}"
        for module, others in found.items()
        for other in others - {module}
        if module != "__init__" and LEVEL[other] >= LEVEL[module]
    }
    assert upward == set()
