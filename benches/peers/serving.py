"""What it costs to hand a file out, in CPU seconds for a gigabyte: the portal, tower-http's `ServeFile`, nginx."""

import shutil
import subprocess
from statistics import median

import report
from portal import Server, free_port

# Of a turn: enough that ticks of a hundredth of a second do not matter.
GIGABYTES = 2.0


def serve_file(program, file):
    """`serve_file` over a file, and the path of it."""
    port = free_port()
    return Server("ServeFile", [program, str(port), file], port, "/file"), "/file"


def nginx(folder, file):
    """nginx as Debian sets it up, in one process."""
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\nevents {{}}\n"
        f"http {{ sendfile on; tcp_nopush on; access_log off; server {{ listen 127.0.0.1:{port}; root {file.parent}; }} }}\n")
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    return Server("nginx", [program, "-c", folder / "nginx.conf"], port, f"/{file.name}"), f"/{file.name}"


def spend(server, path, length, cookies, fetches):
    """CPU seconds for a gigabyte of so many downloads of a file of that length, one after the other."""
    before = server.cpu()
    for _ in range(fetches):
        fetched = subprocess.run(
            ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "-H", f"cookie: {cookies}",
             f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True)
        if fetched.stdout != f"200 {length}":
            raise RuntimeError(f"{server.name}: {fetched.stdout}")
    return (server.cpu() - before) / (length * fetches / 1e9)


def serving(portal, path, cookies, peers, length, rounds):
    """Of each server, the runs in turns; `peers` are pairs of a server and a path. The first turn warms them."""
    fetches = max(1, round(GIGABYTES * 1e9 / length))
    servers = [(portal, path, cookies)] + [(server, there, "") for server, there in peers]
    spent = {server.name: [] for server, _, _ in servers}
    for turn in range(rounds + 1):
        report.say(f"a package of {length / 1e6:.0f} MB handed out, turn {turn} of {rounds}")
        for server, there, carried in servers:
            used = spend(server, there, length, carried, fetches if turn else 1)
            if turn:
                spent[server.name].append(used)
    for server, _ in peers:
        server.end()
    return {**{name: median(runs) for name, runs in spent.items()}, "runs": spent, "bytes": length}
