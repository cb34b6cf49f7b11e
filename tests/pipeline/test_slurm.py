"""Studies on a Slurm cluster of one node, which these tests start; run by `make test-slurm`."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import gethostname

import pytest
from conftest import NOTHING, TINY, Project, copy_project  # pyright: ignore

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
CONFIGURATION = Path("/etc/slurm")  # jobs do not inherit the variable for another folder
QUICK = ["--seconds-between-status-checks", "1", "--slurm-init-seconds-before-status-checks", "1"]
CLUSTER = ["--profile", "profiles/slurm", *QUICK]
# jobs that take some seconds
SLOW = TINY.replace("epochs: 1,", "epochs: 40,").replace(
    "evaluate_every: 500", "evaluate_every: 20000"
)

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(
        not all(map(shutil.which, PROGRAMS)) or os.geteuid() != 0,
        reason="Slurm (slurm-wlm, munge) is not installed, or this is not root",
    ),
]

SLURM = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmctldPort=16917
SlurmdPort=16918
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
GresTypes=gpu
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=16000 Gres=gpu:1 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """Start the cluster, and return a function that calls its commands."""
    folder = tmp_path_factory.mktemp("slurm")
    for parent in [folder, *folder.parents[:-2]]:
        parent.chmod(0o755)  # munge requires it
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    CONFIGURATION.mkdir(exist_ok=True)
    before = {path: path.read_bytes() for path in CONFIGURATION.glob("*.conf")}
    host = gethostname().split(".")[0]
    (CONFIGURATION / "slurm.conf").write_text(SLURM.format(host=host, folder=folder))
    (CONFIGURATION / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    files = {"pid-file": "pid", "log-file": "log", "seed-file": "seed", "socket": "socket"}
    places = [f"--{option}={folder}/munge.{ending}" for option, ending in files.items()]
    munge = ["munged", "--foreground", "--force", f"--key-file={folder}/munge.key", *places]
    daemons = [subprocess.Popen(munge)]
    try:
        wait(lambda: (folder / "munge.socket").exists())
        daemons += [subprocess.Popen(["slurmctld", "-D"]), subprocess.Popen(["slurmd", "-D"])]
        wait(lambda: "idle" in call("sinfo", check=False))
        yield call
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait()
        for name in ("slurm.conf", "gres.conf"):
            (CONFIGURATION / name).unlink(missing_ok=True)
        for path, content in before.items():
            path.write_bytes(content)


def call(*command: str, check: bool = True) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=check).stdout


def wait(until: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end
        time.sleep(0.2)


def jobs(cluster: Callable[..., str], state: str) -> list[str]:
    return cluster("squeue", "--noheader", "--format=%i", f"--states={state}").split()


def test_the_bytes_are_those_of_a_local_run(cluster, made_once, empty):
    code, output = empty.snakemake(*CLUSTER, "all")
    assert code == 0, output
    assert empty.files("results", "data") == made_once.files("results", "data")
    submitted = output.count("has been submitted with SLURM jobid")
    assert submitted < 14  # the six jobs of three runs are grouped
    assert NOTHING in empty.snakemake("all")[1]


def test_jobs_request_a_gpu_if_the_configuration_says_so(cluster, tmp_path):
    config = TINY[: TINY.index("      gd")].replace("engine: numpy", "engine: torch")
    here, there = (copy_project(tmp_path / name, config) for name in ("here", "there"))
    here.jobs("all")
    code, output = there.snakemake(*CLUSTER, "--config", "gpu=true", "--", "all")
    assert code == 0, output
    assert there.files("results") == here.files("results")
    asked = cluster("squeue", "--states=all", "--noheader", "--Format=tres-per-job").split()
    assert asked.count("gres:gpu:1") == 1, asked  # of the two runs


def test_the_bytes_are_the_same_after_losing_jobs_and_the_head(cluster, tmp_path):
    undisturbed = copy_project(tmp_path / "undisturbed", SLOW)
    undisturbed.jobs("all")
    project, (node,) = copy_project(tmp_path / "disturbed", SLOW), [cluster("hostname").strip()]

    cluster("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    head = project.start(*CLUSTER, "all")
    wait(lambda: jobs(cluster, "PENDING"))
    cluster("scancel", jobs(cluster, "PENDING")[0])
    cluster("scontrol", "update", f"nodename={node}", "state=resume")
    wait(lambda: runs(project, cluster))
    cluster("scontrol", "requeue", jobs(cluster, "RUNNING")[0])
    wait(lambda: runs(project, cluster), 180)  # Slurm waits before it starts a job again
    cluster("scancel", "--signal=KILL", jobs(cluster, "RUNNING")[0])
    wait(lambda: not jobs(cluster, "RUNNING"))
    head.kill()
    head.communicate()

    code, _ = project.snakemake("--unlock")
    assert code == 0
    code, output = project.snakemake(*CLUSTER, "all")
    assert code == 0, output
    assert project.files("results") == undisturbed.files("results")


def runs(project: Project, cluster: Callable[..., str]) -> bool:
    """Whether a job of the cluster trains a run."""
    logs = project.folder / "logs/train"
    return bool(jobs(cluster, "RUNNING")) and any(logs.rglob("*.log"))
