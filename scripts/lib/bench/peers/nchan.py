"""nginx with Nchan, the fastest peer found, as Debian packs it: one worker, messages in its memory, no logs.

Rules: the configuration is written for the run and asks for nothing that slows it down; a channel keeps few messages,
and a viewer starts with the next one (with a snapshot: with the oldest one kept, which is the snapshot).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from scripts.lib.bench.feeds import Feed, head
from scripts.lib.bench.peers.contract import Missing, Setup
from scripts.lib.bench.peers.process import server
from scripts.lib.bench.snapshot import data as snapshot_data
from scripts.lib.bench.system import raise_limits
from scripts.lib.server import free_port

MODULES = (Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"))
MODULE = "ngx_nchan_module.so"
INSTALL = "nginx with Nchan is missing; on Debian: apt-get install nginx libnginx-mod-nchan"

CONFIG = """
load_module {module};
{user}
daemon off;
worker_processes {workers};
worker_rlimit_nofile {files};
error_log /dev/null crit;
pid {folder}/nginx.pid;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 65s;
    tcp_nodelay on;
    client_body_buffer_size 256k;
    {temp}
    nchan_shared_memory_size 256M;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /pub {{ nchan_publisher http; nchan_channel_id $arg_id; nchan_message_buffer_length {kept}; }}
        location = /sub {{
            nchan_subscriber eventsource;
            nchan_channel_id $arg_id;
            nchan_subscriber_first_message {first};
        }}
    }}
}}
"""
TEMPS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class RunningNchan:
    """It runs."""

    def __init__(self, pid: int, port: int) -> None:
        self.roots = [pid]
        self.store: list[int] = []
        self._at = ("127.0.0.1", port)
        self._made = 0

    def open(self, feeds: int, *, snapshot: int = 0) -> list[Feed]:
        """Channels make themselves; a snapshot is a first message."""
        return [self._channel(snapshot) for _ in range(feeds)]

    def _channel(self, snapshot: int) -> Feed:
        self._made += 1
        name = f"feed{self._made}"
        joined = b": hi\n\n"
        if snapshot:
            url = f"http://{self._at[0]}:{self._at[1]}/pub?id={name}"
            content = snapshot_data(snapshot)
            httpx.post(url, content=content, trust_env=False).raise_for_status()
            joined = content[-16:] + b"\n\n"
        stream = head("GET", f"/sub?id={name}", self._at, Accept="text/event-stream")
        headers = {"Content_Type": "application/json", "X_EventSource_Event": "state"}
        return Feed(
            self._at,
            stream,
            joined,
            self._at,
            head("POST", f"/pub?id={name}", self._at, **headers),
            bare=True,
        )

    def registers(self, _: Feed) -> Mapping[str, Any]:
        """It keeps none."""
        return {}

    def commands(self) -> Mapping[str, int]:
        """It has no store."""
        return {}


class Nchan:
    """The peer. `snapshots`: viewers are sent the last message that is kept."""

    name = "nchan"

    def __init__(self, *, snapshots: bool = False) -> None:
        self._snapshots = snapshots

    @property
    def version(self) -> str:
        """nginx's, and Nchan's where dpkg knows it."""
        nginx, _ = _find()
        told = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
        version = f"nginx {told.rpartition('/')[2].strip()}"
        if shutil.which("dpkg-query"):
            query = ["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"]
            found = subprocess.run(query, capture_output=True, text=True, check=False).stdout
            version += f", Nchan {found or 'unknown'}"
        return version

    @contextmanager
    def run(self, setup: Setup) -> Iterator[RunningNchan]:
        """A master and its workers."""
        nginx, module = _find()
        port, folder = free_port(), setup.folder
        config = CONFIG.format(
            module=module,
            user="user root;" if os.getuid() == 0 else "",
            workers=setup.workers,
            files=raise_limits(),
            folder=folder,
            temp="".join(f"{each}_temp_path {folder}/{each};" for each in TEMPS),
            port=port,
            first="oldest" if self._snapshots else "newest",
            kept=1000 if self._snapshots else 10,  # the snapshot is the oldest, and must not fall out
        )
        (folder / "nginx.conf").write_text(config)
        command: list[str | Path] = [nginx, "-p", folder, "-c", folder / "nginx.conf"]
        with server(command, port, folder / "nginx.log", setup.server_cores) as pid:
            yield RunningNchan(pid, port)


def _find() -> tuple[str, Path]:
    """nginx and the module."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    module = next((folder / MODULE for folder in MODULES if (folder / MODULE).exists()), None)
    if nginx is None or module is None:
        raise Missing(INSTALL)
    return nginx, module
