"""What is kept from process to process: whatever becomes of it, kernels give the right numbers."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from descent.compiled import sources
from descent.compiled.cache import kernel

SCRIPTS = Path(sources.__file__).parents[2]
STATE = sources.folder().name  # of the sources


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What is kept lies here."""
    monkeypatch.setattr(sources, "folder", lambda: tmp_path)
    return tmp_path


def twice(x):
    return 2 * x


def thrice(x):
    return 3 * x


def compile_both() -> int:
    """Call two kernels anew, as a fresh process does: how many of them compiled."""
    kernels = kernel(twice), kernel(thrice)
    assert [function(7.0) for function in kernels] == [14, 21]
    return sum(sum(function.stats.cache_misses.values()) for function in kernels)


def damage(path: Path, other: Path, random: np.random.Generator) -> tuple[str, int]:
    """Damage a file in a way that is drawn: how, and how many files are damaged by it."""
    content = path.read_bytes()
    at = int(random.integers(len(content)))
    flipped = bytearray(content)
    flipped[at] ^= 1 << random.integers(8)
    ways = {
        f"cut at {at}": lambda: path.write_bytes(content[:at]),
        "emptied": lambda: path.write_bytes(b""),
        f"a bit of byte {at} flipped": lambda: path.write_bytes(flipped),
        "other bytes": lambda: path.write_bytes(random.bytes(len(content))),
        "longer": lambda: path.write_bytes(content + b"\0"),
        "swapped": lambda: (path.write_bytes(other.read_bytes()), other.write_bytes(content)),
        "removed": path.unlink,
    }
    way = random.choice(list(ways))
    ways[way]()
    return way, 2 if way == "swapped" else 1


def damage_again_and_again(folder: Path, count: int, seed: int = 0) -> None:
    """After each damage both kernels are right, what is damaged compiles, and is kept again."""
    random = np.random.default_rng(seed)
    compile_both()
    for _ in range(count):
        path, other = random.permutation(sorted(folder.iterdir()))
        way, files = damage(path, other, random)
        assert (compile_both(), compile_both()) == (files, 0), (path.name, way)


def test_any_damage_is_noticed_and_mended(folder):
    damage_again_and_again(folder, count=20)


def test_what_cannot_be_loaded_compiles(folder):
    compile_both()
    first, second = folder.iterdir()
    sources.keep(first.name, b"what numba cannot read")
    second.unlink()
    second.mkdir()
    assert (compile_both(), compile_both()) == (2, 1)


def test_without_a_folder_kernels_compile(monkeypatch):
    monkeypatch.setattr(sources, "folder", lambda: None)
    assert (compile_both(), compile_both()) == (2, 2)


LARGE = np.arange(200_000.0)  # which numba does not copy into what it compiles


def test_addresses_of_a_process_are_not_kept(folder):
    for _ in range(2):
        looked_up = kernel(lambda i: LARGE[i])
        assert looked_up(7) == 7
        assert not looked_up.stats.cache_hits
    assert not list(folder.iterdir())


def start(folder: Path, **options) -> subprocess.Popen:
    """A process that calls the kernels, and prints how many of them it compiled."""
    code = """if True:
        import sys
        from pathlib import Path
        from descent.compiled import sources
        from test_kernel_cache import compile_both
        sources.folder = lambda: Path(sys.argv[1])
        print(compile_both())
    """
    return subprocess.Popen(
        [sys.executable, "-c", code, folder],
        env={**os.environ, "PYTHONPATH": f"{SCRIPTS}:{Path(__file__).parent}"},
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def compiled_by(process: subprocess.Popen) -> int:
    output, _ = process.communicate()
    assert process.returncode == 0
    return int(output)


def test_processes_at_once_leave_what_the_next_one_loads(tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    assert max([compiled_by(process) for process in both]) == 2
    assert len(list(tmp_path.iterdir())) == 2
    assert compiled_by(start(tmp_path)) == 0
    for path in tmp_path.iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 255
        path.write_bytes(content)
    assert [compiled_by(start(tmp_path)) for _ in range(2)] == [2, 0]


def test_a_full_disk_stops_nothing(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))

    assert compiled_by(start(tmp_path, preexec_fn=limit)) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("blocked", "cache", "expected"),
    [
        ([], None, "scripts/__pycache__"),
        (["scripts/__pycache__"], "cache", "cache/descent"),
        (["scripts/__pycache__"], None, "home/.cache/descent"),
        (["scripts/__pycache__", "cache"], "cache", None),
        (["scripts/__pycache__", "home"], None, None),
    ],
)
def test_the_folder_can_be_written_and_names_the_sources(
    tmp_path, monkeypatch, blocked, cache, expected
):
    (tmp_path / "scripts").mkdir()
    for name in blocked:
        (tmp_path / name).touch()
    monkeypatch.setattr(sources, "__file__", str(tmp_path / "scripts/sources.py"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache) if cache else "")
    folder = sources.folder.__wrapped__()
    assert (folder and folder.parent) == (expected and tmp_path / expected)
    assert not folder or folder.name == STATE


def test_a_folder_that_takes_no_files_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "__file__", str(tmp_path / "sources.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / STATE).symlink_to("/proc/self")
    assert sources.folder.__wrapped__().parent == tmp_path / "descent"


def test_a_formula_of_yesterday_is_not_run_where_scripts_cannot_be_written(tmp_path):
    scripts = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in scripts.glob("descent/*/"):
        (folder / "__pycache__").touch()  # where a folder cannot be made
    code = """if True:
        import numpy as np
        from descent.data import Data
        from descent.plugins import plugin
        from descent.run import Run
        x, y = np.ones((4, 2), np.uint8), np.arange(4) % 2
        data = Data(x, y, x, y, scale=1)
        run = Run(model="softmax_regression", step_size=1, batch_size=1, epochs=1,
                  evaluate_every=4, seeds=(0,))
        engines = (plugin("engines", name) for name in ("numba", "numpy"))
        made, expected = (engine.train(run, data, lambda _: None) for engine in engines)
        np.testing.assert_allclose(made.parameters["A"], expected.parameters["A"], rtol=1e-5)
    """
    environment = {**os.environ, "PYTHONPATH": str(scripts), "HOME": str(tmp_path)}
    environment |= {"XDG_CACHE_HOME": "", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=environment, check=True)
    rule = scripts / "descent/update_rules/plain.py"
    rule.write_text(rule.read_text().replace("p - step_size", "p - 0.1 * step_size"))
    subprocess.run(command, env=environment, check=True)
    assert [path.name for path in (tmp_path / ".cache").iterdir()] == ["descent"]
