#!/usr/bin/env python3
"""Backs up a store of 1 GB while 5,000 messages a second are accepted: none may be refused, and the copy, restored, must
verify.

usage: Scripts/bench_backup.py [--apus .build/release/apus] [--megabytes 1000] [--rate 5000]
"""

import argparse
import http.client
import json
import os
import re
import sqlite3
import subprocess
import tempfile
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
TOKEN = "the-token-of-the-backup-benchmark"
BATCH = 50
SENDERS = 4


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--apus", type=Path, default=REPOSITORY / ".build/release/apus")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=5000, help="messages a second")
    return parser.parse_args()


def serve(apus, directory):
    """A server on a free port, and that port."""
    output = open(directory / "output.txt", "w+")
    process = subprocess.Popen(
        [apus, "serve", "--port", "0", "--data-dir", directory / "data", "--set", "limits.app_rate=0"], stdout=output,
        cwd=directory, env=os.environ | {"APUS_ADMIN_TOKEN": TOKEN})
    while not (found := re.search(r"listens on http://127\.0\.0\.1:(\d+)", Path(output.name).read_text())):
        if process.poll() is not None:
            raise SystemExit("The server does not start.")
        time.sleep(0.05)
    return process, int(found[1])


def ask(port, path, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, json.dumps(body), headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def fill(data, megabytes):
    database = sqlite3.connect(data / "apus.db")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO messages (id, app, tenant, kind, alert, needs_confirmation, expires_at, audience_kind, audience)
        SELECT ((unixepoch() - 600) * 1000 << 21) + n, 1, '', 0, hex(randomblob(2000)), 0,
            (unixepoch() + 86400) * 1000, 'ALL', '[]'
        FROM numbers""", [megabytes * 250])
    database.commit()
    database.close()


class Senders:
    """Sends batches at a steady rate, and notes how long each took and what was not accepted."""

    def __init__(self, port, app, key, rate):
        self.port, self.pause = port, BATCH * SENDERS / rate
        line = json.dumps({
            "appId": app, "appKey": key, "platform": "ALL", "audienceType": "ALL", "alert": "bench", "extra": "x" * 300})
        self.body = "\n".join([line] * BATCH).encode()
        self.accepted, self.refused, self.seconds = 0, 0, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(SENDERS)]

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        due = time.monotonic()
        while not self.stopping.is_set():
            due += self.pause
            time.sleep(max(0, due - time.monotonic()))
            start = time.monotonic()
            connection.request("POST", "/v1/messages:batch", self.body)
            answer = connection.getresponse().read()
            self.seconds.append(time.monotonic() - start)
            count = answer.count(b'"requestId"')
            self.accepted += count
            self.refused += BATCH - count

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(2)
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def main():
    options = arguments()
    apus = options.apus.resolve()
    with tempfile.TemporaryDirectory(dir=REPOSITORY / ".build") as work:
        directory = Path(work)
        server, port = serve(apus, directory)
        app = ask(port, "/apps/", {"name": "bench"}, Authorization=f"Bearer {TOKEN}")
        ask(port, "/msgpush/register", {
            "appId": app["id"], "alias": "ann", "platform": "WEB", "nativeToken": "one"})
        server.terminate()
        server.wait()
        fill(directory / "data", options.megabytes)
        server, port = serve(apus, directory)
        try:
            with Senders(port, app["id"], app["appKey"], options.rate) as senders:
                before, log = senders.accepted, directory / "data/apus.db-wal"
                start = time.monotonic()
                subprocess.run([apus, "backup", directory / "backup", "--data-dir", directory / "data"], check=True)
                seconds, log_size = time.monotonic() - start, log.stat().st_size
                during = senders.accepted - before
        finally:
            server.kill()
            server.wait()
        subprocess.run([apus, "restore", directory / "backup", "--data-dir", directory / "restored"], check=True)
        verified = subprocess.run([apus, "verify", "--data-dir", directory / "restored"]).returncode == 0
        print(json.dumps({
            "label": "backup", "megabytes": (directory / "backup/apus.db").stat().st_size >> 20,
            "seconds": round(seconds, 1), "accepted_per_s": round(during / seconds), "refused": senders.refused,
            "slowest_ms": round(max(senders.seconds) * 1000), "log_megabytes": log_size >> 20, "verified": verified}))
        if senders.refused or not verified:
            raise SystemExit(1)


main()
