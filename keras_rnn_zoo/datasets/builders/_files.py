"""Which files of a builder are here, and whether the others can be fetched."""

import collections
import pathlib
import threading
from collections.abc import Iterable

import tensorflow_datasets as tfds


def files_at(url: str, table: str) -> dict[str, tfds.download.checksums.UrlInfo]:
    """Returns files as TFDS registers them, to be the `url_infos` of a builder.

    A builder with this attribute needs no `checksums.tsv` beside it.

    Args:
        url: str. What the names are appended to.
        table: str. Name, size in bytes and sha256 of each, with white space between.

    Example:
    >>> files_at("https://a.org/", "b.txt 3 00ff")["https://a.org/b.txt"].size
    3
    """
    words = iter(table.split())
    return {
        url + name: tfds.download.checksums.UrlInfo(int(size), sha256, name)
        for name, size, sha256 in zip(words, words, words, strict=True)
    }


def manual_dir_of(builder: tfds.core.DatasetBuilder) -> pathlib.Path:
    """Returns where TFDS looks for files of a builder that are not downloaded."""
    return pathlib.Path(builder.data_dir_root) / "downloads" / "manual"


def missing_files(
    builder: tfds.core.DatasetBuilder,
    manual_dir: pathlib.Path,
    urls: Iterable[str] = (),
) -> dict[str, str | None]:
    """Tells which files a builder still has to download.

    A file need not be downloaded if it lies in the manual directory, under the name
    that is registered with its checksum, or if an earlier download is kept.

    Args:
        builder: a TFDS builder. Its files are those that TFDS has checksums of, and of
            TFDS's own builders, if some are named after the builder's config, those.
        manual_dir: TFDS's manual directory.
        urls: of the files, where TFDS has registered none.

    Returns:
        dict of URL to the name the file must have in `manual_dir`, or None where TFDS
        has no name registered and looks for no file.
    """
    infos = builder.url_infos or {}
    if builder.name.startswith("krz_"):
        urls = infos
    elif not urls:
        config = builder.builder_config
        urls = config and [url for url in infos if f"/{config.name}-" in url]
        urls = urls or infos
    versions = {}  # of one file: universal_dependencies has some of two releases
    for url in urls:
        versions.setdefault(url.rpartition("/")[2], []).append(url)
    missing = {}
    for same in versions.values():
        if not any(_is_here(builder, manual_dir, url, infos.get(url)) for url in same):
            info = infos.get(same[0])
            missing[same[0]] = info and info.filename
    return missing


def _is_here(builder, manual_dir, url, info):
    if info and info.filename and (manual_dir / info.filename).exists():
        return True
    resource, downloads = tfds.download.resource, manual_dir_of(builder).parent
    return any(
        resource.is_locally_cached(folder / resource.get_dl_fname(url, checksum))
        for folder in (downloads / builder.name, downloads)
        for checksum in (None, info and info.checksum)
    )


def require_network(
    url: str,
    name: str,
    seconds: float = 4.0,
    instead: str = "put its files into TFDS's manual directory "
    "(<data_dir>/downloads/manual, by default ~/tensorflow_datasets/downloads/manual)",
) -> None:
    """Returns if `url` can be fetched; else raises at once, not after 3 minutes.

    Args:
        url: str. Asked for, through the configured proxies; its content is not read.
        name: str. The data set, named in the error.
        seconds: float. Longest time to wait, name look-up included.
        instead: str. What to do without a network, for the error.

    Raises:
        ConnectionError: if there is no answer, or not the right one.
    """
    import requests  # a dependency of TFDS

    answer = collections.deque[str | None](["no answer"], maxlen=1)

    def ask():
        try:
            with requests.get(url, timeout=seconds, stream=True) as response:
                answer.append(None if response.ok else f"HTTP {response.status_code}")
        except requests.RequestException as error:
            answer.append(type(error).__name__)

    # A thread, for the timeout of `requests` does not bound the look-up of the name.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if answer[0] is not None:
        raise ConnectionError(
            f"The files of {name} must be reachable to download them. Received: "
            f"{answer[0]} from {url}. Connect to the network, or {instead}, and try "
            "again."
        )
