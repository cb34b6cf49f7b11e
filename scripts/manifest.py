"""Write the manifest of a study: the SHA-256 of every file that was made of it."""

import argparse
from pathlib import Path

from descent import manifest
from pipeline.command import job


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", required=True, type=Path, nargs="+", help="of all stages")
    parser.add_argument("--manifest", required=True, type=Path, help="SHA256SUMS to write")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()

    with job(arguments.log, arguments.manifest) as (note, manifest_file):
        sums = manifest.collect(arguments.records, arguments.manifest.parent)
        manifest.write(sums, manifest_file)
        note(f"{len(sums)} files")


if __name__ == "__main__":
    main()
