"""Verify results: whether every file is as it was when it was made."""

import argparse
from pathlib import Path

from descent import manifest
from descent.errors import InputError
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifests", type=Path, nargs="+", help="results/<study>/SHA256SUMS")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with job(arguments.log) as (note,):
        wrong = []
        for path in arguments.manifests:
            found = _altered(path) if path.exists() else None
            if found:
                wrong += [
                    *found,
                    f"Delete what was altered, and {path}: what is missing is made again",
                ]
                continue
            said = f"{path.parent}: {'not made yet' if found is None else 'as it was made'}"
            print(said)
            note(said)
        if wrong:
            raise InputError("\n".join(wrong))


def _altered(path: Path) -> list[str]:
    try:
        return manifest.altered(manifest.read(path))
    except InputError as error:
        return [str(error)]


if __name__ == "__main__":
    main()
