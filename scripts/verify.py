from pathlib import Path

from descent.errors import InputError
from descent.stage import program
from descent.store import manifest


def verify(manifests: list[Path]) -> str:
    """Verify results: whether every file is as it was when it was made.

    manifests: results/<study>/SHA256SUMS of each study.
    """
    wrong, said = [], []
    for path in manifests:
        if not path.exists():
            said.append(f"{path.parent}: not made yet")
            continue
        try:
            altered = manifest.altered(path)
        except InputError as error:
            altered = [str(error)]
        if altered:
            wrong += [*altered, f"Delete what was altered, and {path}: what is missing is rebuilt"]
        else:
            said.append(f"{path.parent}: as it was made")
    print("\n".join(said))
    if wrong:
        raise InputError("\n".join(wrong))
    return "\n".join(said)


if __name__ == "__main__":
    program(verify)
