#!/usr/bin/env python3
"""Sends one message to N devices of Umeng through `apus simulate umeng`, and says when it was accepted and when all was on disk.

usage: bench_umeng.py APUS_BINARY [N] [REQUESTS_PER_MINUTE]
"""
import concurrent.futures
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

binary, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
quota = {"requestsPerMinute": sys.argv[3]} if len(sys.argv) > 3 else {}
TOKEN = "the-token-of-the-benchmark"


def start(name, pattern, *arguments):
    output = open(directory / name, "w+")
    process = subprocess.Popen([binary, *map(str, arguments)], stdout=output, stderr=output, cwd=directory)
    while not (found := re.search(pattern, (directory / name).read_text())):
        assert process.poll() is None, (directory / name).read_text()
        time.sleep(0.05)
    return process, found.group(1)


def call(connection, path, body=None, **headers):
    connection.request("POST" if body is not None else "GET", path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    return json.loads(text)


def memory():
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text()).group(1)) // 1024


def register(part):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for number in part:
        call(connection, "/msgpush/register", {
            "appId": app["id"], "alias": f"u{number}", "platform": "ANDROID", "nativeToken": f"A{number:043d}",
            "vendor": "umeng"})


directory = Path(tempfile.mkdtemp())
simulator, umeng = start("umeng.txt", r"is simulated on (\S+?),", "simulate", "umeng")
server, port = start(
    "server.txt", r"listens on http://127\.0\.0\.1:(\d+)", "serve", "--port", 0, "--data-dir", directory / "data",
    "--set", f"server.admin_token={TOKEN}")
try:
    port = int(port)
    api = http.client.HTTPConnection("127.0.0.1", port)
    admin = {"Authorization": f"Bearer {TOKEN}"}
    app = call(api, "/apps/", {"name": "bench"}, **admin)
    call(api, "/v1/credentials", {
        "appId": app["id"], "provider": "umeng", "secret": {"masterSecret": "android-secret"},
        "settings": {"platform": "android", "appKey": "android-key", "endpoint": umeng} | quota}, **admin)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(register, [range(k, count, 16) for k in range(16)]))
    before, began = memory(), time.monotonic()
    message = call(api, "/msgpush/send", {
        "appId": app["id"], "appKey": app["appKey"], "platform": "ALL", "audienceType": "ALL", "audiences": ["ALL"],
        "alert": "to everybody"})["requestId"]
    accepted, highest = time.monotonic() - began, 0
    while (counts := call(api, f"/v1/messages/{message}?limit=1", **admin)["counts"])["sent"] < count:
        highest = max(highest, memory())
        time.sleep(0.2)
    requests = call(http.client.HTTPConnection(umeng.removeprefix("http://")), "/control/counts")["requests"]
    print(json.dumps({
        "devices": count, "accepted_s": round(accepted, 2), "all_on_disk_s": round(time.monotonic() - began, 2),
        "requests": requests, "memory_mb_before": before, "memory_mb_highest": highest}))
finally:
    for process in (server, simulator):
        process.kill()
        process.wait()
