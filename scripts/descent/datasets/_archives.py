"""Datasets in MNIST's format, through torchvision's own classes, mirrors and checksums."""

import shutil
import socket
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import url2pathname

from descent.data import Data
from descent.errors import InputError

TIMEOUT = 30  # seconds without an answer after which a mirror counts as unreachable


def obtain(torchvision_class: str, raw: Path, mirror: str | None) -> Data:
    """The data of torchvision.datasets.<torchvision_class>.

    raw: the folder of the verified archives, used before any mirror; its name is that of the
    dataset. mirror: a base URL (http, https, file) or a folder that holds a subfolder of that name,
    tried before the public mirrors. Raises InputError where an archive is nowhere to be had.
    """
    from torchvision import datasets
    from torchvision.datasets.utils import extract_archive

    dataset = getattr(datasets, torchvision_class)
    mirrors = ([f"{mirror.rstrip('/')}/{raw.name}/"] if mirror else []) + dataset.mirrors
    raw.mkdir(parents=True, exist_ok=True)
    for left in raw.parent.glob(f".{raw.name}-*"):  # by a download that was killed
        shutil.rmtree(left)
    with TemporaryDirectory(prefix=f".{raw.name}-", dir=raw.parent) as root:
        folder = Path(root, torchvision_class, "raw")
        folder.mkdir(parents=True)
        for name, md5 in dataset.resources:
            _have(raw / name, md5, mirrors, folder)
            extract_archive(str(raw / name), str(folder))
        train, test = dataset(root, train=True), dataset(root, train=False)
    (x_train, y_train), (x_test, y_test) = (
        (part.data.numpy().reshape(len(part), -1), part.targets.numpy()) for part in (train, test)
    )
    return Data(x_train, y_train, x_test, y_test, scale=255)


def _have(archive: Path, md5: str, mirrors: list[str], folder: Path) -> None:
    """Make sure that the verified archive is there, from the first mirror that gives it."""
    from torchvision.datasets.utils import check_integrity

    if check_integrity(archive, md5):
        return
    tried = [f"{archive}: wrong checksum"] if archive.exists() else []
    fetched = folder / archive.name
    for url in (mirror + archive.name for mirror in mirrors):
        fetched.unlink(missing_ok=True)  # torchvision keeps what is there
        try:
            _fetch(url, fetched)
        except (OSError, ValueError, RuntimeError, HTTPException) as error:
            tried.append(f"{url}: {error}")
            continue
        if check_integrity(fetched, md5):
            fetched.replace(archive)
            return
        tried.append(f"{url}: wrong checksum (truncated or altered)")
    raise InputError(
        f"{archive.name} of {archive.parent.name} could not be had from {len(mirrors)} mirrors.\n"
        + "\n".join(f"  tried {attempt}" for attempt in tried)
        + f"\nPut the archives into {archive.parent} by hand, or set DATASET_MIRROR to a copy of"
        " them; the study digits needs no network: snakemake --cores 1 digits"
    )


def _fetch(url: str, path: Path) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        from torchvision.datasets.utils import download_url

        socket.setdefaulttimeout(TIMEOUT)
        download_url(url, str(path.parent), path.name)
    else:
        shutil.copyfile(url2pathname(parts.path) if parts.scheme == "file" else url, path)
