from pathlib import Path

from descent.errors import InputError
from descent.run import Sweep
from descent.stage import Output, program
from descent.store import manifest as store
from descent.store import provenance
from descent.store.files import DELETE_IT, checksum


def manifest(study: Path, sweep: Sweep, files: list[Path], manifest: Output) -> str:
    """Write the manifest of a study: the SHA-256 of every result file.

    study: results/<study>; sweep: its runs, whose iterates and traces must match the checksums in
    the records of the traces; files: the other results.
    """
    iterates, traces = sweep.files(study, "iterates", "npz"), sweep.files(study, "traces", "csv")
    records = sweep.files(study, "traces", "json")
    sha256: dict[Path, str] = {}
    for path, trace, record in zip(iterates, traces, records, strict=True):
        recorded = provenance.read(record)["sha256"]
        for name, file in (("iterates", path), ("trace", trace)):
            sha256[file] = checksum(file)
            if sha256[file] != recorded[name]:
                raise InputError(f"{file}: does not match the checksum in {record}{DELETE_IT}")
    sha256 |= {file: checksum(file) for file in (*records, *files)}
    store.write(sha256, study, manifest)
    return f"{len(sha256)} files"


if __name__ == "__main__":
    program(manifest)
