"""The cache of compiled kernels: whatever becomes of its files, kernels give the right numbers."""

import shutil
from pathlib import Path

import pytest

from descent.compiled import sources
from descent.compiled.cache import kernel

SCRIPTS = Path(sources.__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Kernels are cached here."""
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


def flip(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda file, other: file.write_bytes(file.read_bytes()[:-1]),
        lambda file, other: file.write_bytes(b""),
        lambda file, other: file.write_bytes(flip(file.read_bytes())),
        lambda file, other: file.write_bytes(other.read_bytes()),
        lambda file, other: file.unlink(),
        lambda file, other: sources.keep(file.name, b"what numba cannot read"),
    ],
    ids=["cut", "emptied", "flipped", "of another kernel", "removed", "no kernel"],
)
def test_a_damaged_kernel_compiles_anew_and_is_cached_again(folder, damage):
    assert (compile_both(), compile_both()) == (2, 0)
    damage(*folder.iterdir())
    assert (compile_both(), compile_both()) == (1, 0)


def test_without_a_folder_kernels_compile(monkeypatch):
    monkeypatch.setattr(sources, "folder", lambda: None)
    assert (compile_both(), compile_both()) == (2, 2)


def test_a_changed_source_compiles_anew(tmp_path, monkeypatch):
    """The folder of what is cached names all sources that kernels are made of."""
    descent = tmp_path / "descent"
    shutil.copytree(SCRIPTS / "descent", descent, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(sources, "_DESCENT", descent)
    monkeypatch.setattr(sources, "__file__", str(descent / "compiled/sources.py"))
    of = sources.folder.__wrapped__
    before = of()
    assert before.is_relative_to(descent)
    assert of() == before
    for file in (
        *("functions.py", "compiled/steps.py", "engines/numba.py", "evaluation/numba.py"),
        *("models/_linear.py", "update_rules/plain.py"),
    ):
        with (descent / file).open("a") as source:
            source.write("# changed\n")
        assert of() != before, file
        before = of()
