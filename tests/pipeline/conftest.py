"""A tiny study in a temporary copy of the project, for tests that run Snakemake."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ["Snakefile", "config.yaml", "profiles", "report", "scripts"]
RULES = """obtain prepare minimise theory train evaluate summarise plot explore index
    manifest""".split()
NOTHING = "Nothing to be done"

TINY = """\
studies:
  tiny:
    dataset: digits
    model: sigmoid_softmax
    engine: numpy  # numba would compile
    seeds: [0, 1]
    figures: [accuracy]
    optimizers:
      sgd: {batch_size: 1, epochs: 1, evaluate_every: 500, step_sizes: [0.01, 1]}
      gd: {batch_size: full, epochs: 4, evaluate_every: 1, step_sizes: [10]}
"""

# with a minimiser, and figures of theory and iterates
CONVEX = TINY.replace("sigmoid_softmax", "softmax_regression\n    l2: 0.1")
CONVEX = CONVEX.replace("[accuracy]", "[final_by_step_size, weights]\n    curvature_samples: 9")

# a proxy that refuses connections
OFFLINE = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https")}


def heeding_ctrl_c() -> None:
    """Start a process that can be interrupted, even if the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_until_it_trains(pid: int) -> None:
    """Wait until a training process has computed for longer than its imports take."""
    deadline = time.monotonic() + 60
    used = 0.0
    while used < 1.5:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        used = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def training(process: subprocess.Popen) -> int:
    """Wait until a job of Snakemake trains, and return the id of its process."""
    search = ["pgrep", "--session", str(process.pid), "--full", "scripts/train.py --data"]
    deadline = time.monotonic() + 60
    while not (found := subprocess.run(search, capture_output=True, text=True).stdout.split()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    wait_until_it_trains(pid := int(found[0]))
    return pid


@dataclass
class Project:
    folder: Path

    def start(self, *options: str, **environment: str) -> subprocess.Popen:
        """Start Snakemake in a new process group."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *options]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, **OFFLINE, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=heeding_ctrl_c,
        )

    def snakemake(self, *options: str, **environment: str) -> tuple[int, str]:
        """Run Snakemake, and return its exit code and its output."""
        process = self.start(*options, **environment)
        output, _ = process.communicate()
        return process.returncode, output

    def jobs(self, *options: str, **environment: str) -> list[str]:
        """Run Snakemake, which must succeed, and list its jobs as "rule wildcards"."""
        code, output = self.snakemake(*options, **environment)
        assert code == 0, output
        return jobs(output)

    def plan(self, *options: str, **environment: str) -> list[str]:
        return self.jobs("--dry-run", *options, **environment)

    def recording(self) -> dict[str, str]:
        """The environment in which each job records its imports in the folder imports."""
        (self.folder / "imports").mkdir()
        recorder = Path(__file__).with_name("recorder")
        return {"PYTHONPATH": str(recorder), "IMPORTS": str(self.folder / "imports")}

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def files(self, *folders: str) -> dict[str, bytes]:
        """The content of files below folders, by path."""
        paths = (path for folder in folders for path in (self.folder / folder).rglob("*"))
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in paths if p.is_file()}

    def results(self) -> dict[str, bytes]:
        """The results without the temporary files of killed jobs."""
        files = self.files("results").items()
        return {name: content for name, content in files if not Path(name).name.startswith(".")}


def jobs(output: str) -> list[str]:
    """The jobs of an output, or of a dry run, without targets, sorted."""
    done = re.findall(r"^ *\d+ of \d+  (.*)$", output, re.MULTILINE)
    names = [name for line in done for name in line.split(", ")]
    names += re.findall(r"^(\w.*?): ", output, re.MULTILINE)
    return sorted(name for name in names if name.split(" ")[0] in RULES)


def copy_project(folder: Path, config: str = TINY) -> Project:
    """A copy of the project with these studies and no results."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    (folder / "config.yaml").write_text(config)
    return Project(folder)


@pytest.fixture
def empty(tmp_path) -> Project:
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("made") / "project")
    project.jobs("all", **project.recording())
    return project


@pytest.fixture
def made(made_once, tmp_path) -> Project:
    shutil.copytree(made_once.folder, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def convex_once(tmp_path_factory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("convex") / "project", CONVEX)
    project.jobs("all")
    return project


@pytest.fixture
def convex(convex_once, tmp_path) -> Project:
    shutil.copytree(convex_once.folder, tmp_path / "convex")
    return Project(tmp_path / "convex")
