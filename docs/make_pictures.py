"""Make the pictures of the documentation: Canoe's own pages, photographed by a headless Chromium.

    python docs/make_pictures.py

Run by hand, when the pages have changed. Makes the sample library in a temporary folder, serves
it, and writes ``docs/pictures``. Needs ``chromium`` on the PATH (on Debian: apt install chromium).
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
SHOTS = {"search.png": "/search?q=tourbiere&lang=en"}
SIZE = (1200, 860)
COLOURS = 96
PATIENCE = 60.0


def main() -> None:
    """Make every picture of :data:`SHOTS`."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("Chromium is not installed. On Debian: apt install chromium")
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="canoe-pictures-") as name, served(Path(name)) as address:
        for picture, path in SHOTS.items():
            photograph(browser, address + path, Path(name) / picture)
            reduce(Path(name) / picture, PICTURES / picture)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Make the sample library in ``folder`` and lend its address while it is served."""
    port = free_port()
    canoe = [sys.executable, "-m", "canoe"]
    common = ["--home", str(folder / "library"), "--port", str(port)]
    subprocess.run([*canoe, "demo", "--no-serve", *common], check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([*canoe, "serve", *common])
    try:
        await_answer(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def await_answer(url: str) -> None:
    """Wait until ``url`` answers; raises URLError when it does not within :data:`PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urlopen(url).close()  # noqa: S310 - an address of our own
            return
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def photograph(browser: str, url: str, target: Path) -> None:
    """Write a PNG of the page at ``url``, as large as a window of :data:`SIZE`."""
    flags = ["--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={target.parent / 'profile'}"]
    if os.geteuid() == 0:  # Chromium's sandbox refuses to run as root
        flags.append("--no-sandbox")
    size = "--window-size={},{}".format(*SIZE)
    subprocess.run([browser, *flags, size, f"--screenshot={target}", url], check=True, stderr=subprocess.DEVNULL)


def reduce(source: Path, target: Path) -> None:
    """Write ``source`` with few colours, as small as PNG gets."""
    with Image.open(source) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


if __name__ == "__main__":
    main()
