"""Verify results: whether every file is as it was when it was made."""

import argparse
import sys
from pathlib import Path

from descent import manifest
from pipeline.command import clear_errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifests", type=Path, nargs="+", help="results/<study>/SHA256SUMS")
    arguments = parser.parse_args()

    failed = False
    for path in arguments.manifests:
        if not path.exists():
            print(f"{path}: not made yet")
            continue
        with clear_errors():
            sums = manifest.read(path)
        wrong = manifest.altered(sums)
        failed |= bool(wrong)
        print("\n".join(wrong) or f"{path}: {len(sums)} files are as they were made")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
