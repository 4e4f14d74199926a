# SPDX-License-Identifier: Apache-2.0
"""What it costs to send a file through the gateway, and to write every answer down.

Run ``python -m benchmarks.gateway``. Needs nginx and curl. One file of random bytes in the page
cache is fetched over loopback from each server in turn, several rounds; CPU seconds are those of
the server's processes. Then many clients at once ask for ``HEAD`` of a file, with the log of
downloads and without it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import metadata
from pathlib import Path

from benchmarks.gateway_servers import ACCELERATED, NAME, make_site

FILE_BYTES = 1 << 30
ROUNDS = 3
CLIENTS = 16
ACCEL_BOUND = 1.5
IN_PROCESS_BOUND = 1 / 3
AUDIT_BOUND = 0.7
_TICKS = os.sysconf("SC_CLK_TCK")

NGINX = """\
worker_processes 1; daemon off; pid {home}/pid; user root; error_log {home}/error.log;
events {{ worker_connections 512; }}
http {{
  sendfile on; access_log off;
  client_body_temp_path {home}/a; proxy_temp_path {home}/b; fastcgi_temp_path {home}/c;
  uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{ {front} }}
    location {inner}/ {{ internal; alias {objects}/; }}
  }}
}}
"""


class Server:
    """Processes that answer on one port."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port = 0

    def start(self, command: list[str], port: int) -> None:
        """Start a process, and wait until it answers on a port."""
        process = subprocess.Popen(command)
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)
        self._processes.append(process)
        _wait_for(port)
        self.port = port

    def cpu_s(self) -> float:
        """Return the user and system seconds of all of them and of their children."""
        return sum(_cpu_s(pid) for each in self._processes for pid in _family(each.pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _family(int(child))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing answers on port {port}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@contextmanager
def _served(name: str, site: Path, work: Path) -> Iterator[tuple[Server, str]]:
    """Start one of the servers, and yield it with the path of the file."""
    path = f"/{NAME}/resolve/main/model.safetensors"
    with ExitStack() as stack:
        server, port = Server(stack), _free_port()
        if name != "nginx":
            module = [sys.executable, "-m", "benchmarks.gateway_servers"]
            server.start([*module, "--site", str(site), "--port", str(port), "--how", name], port)
        if name in {"nginx", "accelerated"}:
            front = f"root {site}/model;"
            if name == "accelerated":
                front = f"proxy_pass http://127.0.0.1:{port}; proxy_buffering off;"
            port = _free_port()
            server.start(_nginx(work / f"nginx-{port}", port, front, site), port)
        yield server, "/model.safetensors" if name == "nginx" else path


def _nginx(home: Path, port: int, front: str, site: Path) -> list[str]:
    home.mkdir(parents=True, exist_ok=True)
    objects = site / "gateway" / "objects"
    text = NGINX.format(home=home, port=port, front=front, objects=objects, inner=ACCELERATED)
    (home / "nginx.conf").write_text(text)
    return ["nginx", "-p", str(home), "-c", str(home / "nginx.conf")]


def fetch(name: str, site: Path, work: Path, rounds: int) -> tuple[float, float]:
    """Return the median CPU seconds of a server, and the median seconds, for one gigabyte."""
    cpu, wall = [], []
    with _served(name, site, work) as (server, path):
        url = f"http://127.0.0.1:{server.port}{path}"
        size = (site / "model" / "model.safetensors").stat().st_size
        for _ in range(rounds + 1):
            before, started = server.cpu_s(), time.perf_counter()
            words = ["curl", "-sf", "-o", "/dev/null", "-w", "%{size_download}", url]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            wall.append((time.perf_counter() - started) * 1e9 / size)
            cpu.append((server.cpu_s() - before) * 1e9 / size)
            if int(done.stdout) != size:
                raise SystemExit(f"{name} sent {done.stdout} bytes instead of {size}")
    # The first one warms up.
    return statistics.median(cpu[1:]), statistics.median(wall[1:])


def heads(name: str, site: Path, work: Path, seconds: float) -> float:
    """Return how many ``HEAD`` of a file are answered each second."""
    counts = [0] * CLIENTS
    with _served(name, site, work) as (server, path):

        def ask(place: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            while time.perf_counter() < end:
                connection.request("HEAD", path)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise SystemExit(f"{name} answered {answer.status}")
                counts[place] += 1
            connection.close()

        end = time.perf_counter() + seconds
        threads = [threading.Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sum(counts) / seconds


def report(given: argparse.Namespace, site: Path, work: Path) -> bool:
    """Measure, print the table and the bounds; return whether every bound holds."""
    names = {
        "nginx": "nginx, sendfile",
        "accelerated": "gateway, nginx sends the bytes",
        "in-process": "gateway, in its own process",
        "peer": "uvicorn, FileResponse of Starlette",
    }
    print(f"{'what':<40} {'CPU s/GB':>9} {'wall s/GB':>10}")
    cpu: dict[str, float] = {}
    for name, words in names.items():
        cpu[name], wall = fetch(name, site, work, given.rounds)
        print(f"{words:<40} {cpu[name]:>9.3f} {wall:>10.2f}")
    rates = {
        name: statistics.median(heads(name, site, work, given.seconds) for _ in range(given.rounds))
        for name in ("without-log", "in-process")
    }
    print(f"{'HEAD each second, without the log':<40} {rates['without-log']:>9.0f}")
    print(f"{'HEAD each second, written down':<40} {rates['in-process']:>9.0f}")
    found = (
        ("accelerated against nginx", cpu["accelerated"] / cpu["nginx"], ACCEL_BOUND, 1),
        ("in process against uvicorn", cpu["in-process"] / cpu["peer"], IN_PROCESS_BOUND, 1),
        ("HEAD with the log", rates["in-process"] / rates["without-log"], AUDIT_BOUND, -1),
    )
    for words, ratio, bound, _ in found:
        print(f"gateway, {words} ratio={ratio:.2f} target={bound:.2f}")
    return all(ratio * side <= bound * side for _, ratio, bound, side in found)


def main() -> int:
    """Set up, measure, report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--bytes", type=int, default=FILE_BYTES)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="tiergate-benchmark-"))
    work.chmod(0o755)
    try:
        make_site(work / "site", given.bytes)
        print(
            f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python"
            f" {platform.python_version()}, uvicorn {metadata.version('uvicorn')}, starlette"
            f" {metadata.version('starlette')}; {given.bytes / 1e9:.2f} GB, {given.rounds} rounds,"
            f" medians, page cache warm; {CLIENTS} clients"
        )
        return 0 if report(given, work / "site", work) else 1
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
