from pathlib import Path

from descent.errors import InputError
from descent.stage import program
from descent.store import manifest


def verify(manifests: list[Path]) -> str:
    """Check that every result file has the checksum in its study's manifest.

    manifests: results/<study>/SHA256SUMS of each study.
    """
    mistakes, report = [], []
    for path in manifests:
        if not path.exists():
            report.append(f"{path.parent}: no results yet")
            continue
        try:
            altered = manifest.altered(path)
        except InputError as error:
            altered = [str(error)]
        if altered:
            mistakes += [
                *altered,
                f"Delete the altered files and {path}; the next call rebuilds them",
            ]
        else:
            report.append(f"{path.parent}: unaltered")
    print("\n".join(report))
    if mistakes:
        raise InputError("\n".join(mistakes))
    return "\n".join(report)


if __name__ == "__main__":
    program(verify)
