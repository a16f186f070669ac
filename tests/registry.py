"""A real schema registry for the tests: Apicurio's, in memory, from Maven Central."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.kafka import KafkaUnavailable, _free_ports, _java, _locked

VERSION = "3.0.9"
ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
START_TIMEOUT_SECONDS = 120.0


@contextlib.contextmanager
def running_registry(directory: Path) -> Iterator[str]:
    """Yield the URL of a registry that runs with its log in a directory.

    Raises:
        KafkaUnavailable: Java or the registry cannot be had on this machine.
    """
    java, home = _java(), _home()
    (port,) = _free_ports(1)
    jar = next(home.glob("**/apicurio-registry-app-*-runner.jar"))
    command = [java, "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1"]
    command += [f"-Dquarkus.http.port={port}", "-jar", str(jar)]
    with (directory / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=jar.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        _wait(process, url, directory / "registry.log")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{url}/subjects", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"the registry did not start:\n{log.read_text()[-5000:]}")


def _home() -> Path:
    """The directory of the registry, fetched by Maven the first time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "streamsql-tests"
    home = cache / f"apicurio-{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    unpacked = home / "app"
    with _locked(home / "lock"):
        if not unpacked.is_dir():
            _fetch(home, unpacked)
    return unpacked


def _fetch(home: Path, unpacked: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable(f"Maven is not installed and the registry is not in {unpacked}")
    partial = home / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for arguments in (
        ["dependency:get", "-Dtransitive=false", f"-Dartifact={ARTIFACT}"],
        ["dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={partial}"],
    ):
        run = subprocess.run(
            [maven, "-q", "-B", *arguments], cwd=home, capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            raise KafkaUnavailable(f"Maven could not fetch {ARTIFACT}:\n{run.stdout}")
    (archive,) = partial.glob("*.tar.gz")
    shutil.unpack_archive(archive, partial, filter="data")
    archive.unlink()
    partial.rename(unpacked)  # the directory appears whole or not at all
