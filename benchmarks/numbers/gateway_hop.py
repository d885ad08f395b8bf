"""A hot course read through the gateway process, beside the same read sent straight to the process
that answers it."""

import http.client
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.load import requests_per_second
from benchmarks.measuring import in_turn, percentile
from benchmarks.processes import (
    ServerProcess,
    access_token,
    free_port,
    make_site,
    stopping,
    wait_until_answered,
)
from benchmarks.registry import Figure, at_least
from benchmarks.split import ONE_EACH, all_processes, declare_processes, nats_server
from benchmarks.yardstick import at_most_yardsticks

CONNECTIONS = 16
IN_SEQUENCE = 500
NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream courses {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://courses; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host;
    }}
  }}
}}
"""


def measure() -> Iterator[Figure]:
    """Six processes run; everything takes turns in one run."""
    with tempfile.TemporaryDirectory() as folder, nats_server() as url:
        site = make_site(Path(folder) / "site")
        declare_processes(site, ONE_EACH)
        settings = ("logging.access=false", "tenants.watch=false")
        with all_processes(site, url, *settings) as gateway:
            direct = gateway.port + 1 + list(ONE_EACH).index("courses")
            with _nginx(Path(folder), direct) as nginx:
                yield from _figures(gateway, direct, nginx)


def _figures(gateway: ServerProcess, direct: int, nginx: int | None) -> Iterator[Figure]:
    headers = {"X-Tenant": "acme", "Authorization": f"Bearer {access_token(gateway)}"}
    path = _course(gateway, headers)
    ports = {"direct": direct, "gateway": gateway.port} | ({"nginx": nginx} if nginx else {})
    milliseconds = in_turn({name: _latency(port, path, headers) for name, port in ports.items()})
    rates = in_turn({name: _rate(port, path, headers) for name, port in ports.items()})
    added = {name: took - milliseconds["direct"] for name, took in milliseconds.items()}
    share = {name: rate / rates["direct"] for name, rate in rates.items()}
    peer = f"; nginx {added['nginx']:.2f} ms" if nginx else "; there is no nginx here to compare"
    straight = f"straight {milliseconds['direct']:.2f} ms{peer}"
    what = "gateway hop, added p50 at one connection"
    yield at_most_yardsticks(what, 0.45, added["gateway"] / 1e3, straight)
    peer = f"; nginx {share['nginx']:.2f}" if nginx else ""
    beside = f"{rates['gateway']:.0f} and {rates['direct']:.0f} requests per second{peer}"
    what = f"through the gateway / straight, {CONNECTIONS} connections"
    yield at_least(what, 0.5, share["gateway"], beside)


def _course(gateway: ServerProcess, headers: Mapping[str, str]) -> str:
    with httpx.Client(base_url=f"{gateway.url}/api/v1", headers=headers, timeout=30) as client:
        made = client.post("/courses", json={"title": "Python", "slug": "python"})
        course = made.raise_for_status().json()["id"]
        client.post(f"/courses/{course}/publish").raise_for_status()
    return f"/api/v1/courses/{course}"


def _latency(port: int, path: str, headers: Mapping[str, str]) -> Callable[[], float]:
    def sample() -> float:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        took = []
        for _ in range(IN_SEQUENCE):
            started = time.perf_counter()
            connection.request("GET", path, headers=dict(headers))
            connection.getresponse().read()
            took.append((time.perf_counter() - started) * 1000)
        connection.close()
        return percentile(took, 0.5)

    return sample


def _rate(port: int, path: str, headers: Mapping[str, str]) -> Callable[[], float]:
    return lambda: requests_per_second(port, path, headers, connections=CONNECTIONS)


@contextmanager
def _nginx(folder: Path, upstream: int) -> Iterator[int | None]:
    """The port of an nginx in front of the same process; nothing where there is no nginx."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        yield None
        return
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, upstream=upstream, port=port))
    process = subprocess.Popen([program, "-c", str(configuration)])
    with stopping(process):
        wait_until_answered(process, f"http://127.0.0.1:{port}/readyz")
        yield port
