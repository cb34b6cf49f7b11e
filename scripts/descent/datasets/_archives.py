"""Datasets in MNIST's format, obtained with torchvision's classes, mirrors and checksums."""

import shutil
import time
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from descent.errors import InputError
from descent.store.data import Data
from descent.store.files import replacing

READ_TIMEOUT, TOTAL_TIMEOUT = 30, 600  # seconds without a byte, and for a whole archive


def obtain(torchvision_class: str, raw: Path, mirror: str | None) -> Data:
    """Return the data of torchvision.datasets.<torchvision_class>.

    raw: the folder of the archives, named like the dataset. Archives in it are used before any
    mirror, and so are uncompressed files at any depth, also with names like
    train-images.idx3-ubyte. mirror: a URL (http, https, file) or a folder that contains a folder
    of that name, tried before the public mirrors. Raises InputError if an archive is unavailable.
    """
    from torchvision import datasets
    from torchvision.datasets.utils import check_integrity, extract_archive

    dataset = getattr(datasets, torchvision_class)
    mirrors = [f"{_url(mirror)}/{raw.name}/"] if mirror else []
    with TemporaryDirectory() as root:
        folder = Path(root, torchvision_class, "raw")
        folder.mkdir(parents=True)
        for name, md5 in dataset.resources:
            archive, plain = raw / name, Path(name).stem
            if not check_integrity(archive, md5):
                found = raw.rglob(plain.replace("-idx", "[.-]idx"))
                if uncompressed := min(filter(Path.is_file, found), default=None):
                    shutil.copy(uncompressed, folder / plain)
                    continue
                _download(archive, md5, mirrors + dataset.mirrors)
            extract_archive(str(archive), str(folder))
        try:
            train, test = dataset(root, train=True), dataset(root, train=False)
        except (ValueError, RuntimeError, AssertionError) as error:  # damaged uncompressed file
            raise InputError(f"{raw}: is not {torchvision_class} ({error})") from None
    (x_train, y_train), (x_test, y_test) = (
        (part.data.numpy().reshape(len(part), -1), part.targets.numpy()) for part in (train, test)
    )
    return Data(x_train, y_train, x_test, y_test, scale=255)


def _url(mirror: str) -> str:
    return (mirror if "://" in mirror else Path(mirror).resolve().as_uri()).rstrip("/")


def _download(archive: Path, md5: str, mirrors: Sequence[str]) -> None:
    """Download an archive from the first mirror that has it.

    Raises InputError with the error of every mirror if none has it.
    """
    from torchvision.datasets.utils import check_integrity

    tried = [f"{archive}: wrong checksum"] if archive.exists() else []
    for mirror in mirrors:
        url = mirror + archive.name
        try:
            with replacing(archive) as temporary:
                _fetch(url, temporary)
                if not check_integrity(temporary, md5):
                    raise ValueError("wrong checksum (truncated or altered)")
            return
        except (OSError, ValueError, HTTPException) as error:
            tried.append(f"{url}: {' '.join(str(error).split())}")
    raise InputError(
        f"{archive.name} of {archive.parent.name} could not be obtained.\n"
        + "\n".join(f"  tried {attempt}" for attempt in tried)
        + f"\nPut the archives into {archive.parent}, or set DATASET_MIRROR to a URL or folder that"
        f" has them in {archive.parent.name}/. The study digits needs no network: snakemake"
        " --cores 1 digits"
    )


def _fetch(url: str, path: Path) -> None:
    # some servers reject urllib's default user agent
    request = Request(url, headers={"User-Agent": "pytorch/vision"})
    deadline = time.monotonic() + TOTAL_TIMEOUT
    with urlopen(request, timeout=READ_TIMEOUT) as response, path.open("wb") as file:
        while chunk := response.read1(1 << 16):
            file.write(chunk)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{file.tell()} bytes in {TOTAL_TIMEOUT} s")
