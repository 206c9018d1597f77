#!/usr/bin/env python3
"""Sends many notifications through `apus simulate apns` while that misbehaves, and counts what became of each.

usage: bench_apns.py APUS DIRECTORY [DEVICES [MESSAGES]]          every delivery must end once, sent or failed with a reason
       bench_apns.py APUS DIRECTORY DEVICES MESSAGES silent       Apple answers nothing: how much memory does the queue take?
"""

import collections
import json
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

apus, directory = sys.argv[1], pathlib.Path(sys.argv[2])
devices = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
messages = int(sys.argv[4]) if len(sys.argv) > 4 else 100
is_silent = len(sys.argv) > 5
token = "bench"
faults = {
    "goAwayEvery": 5000, "goAwayUnprocessed": 50, "refusedShare": 0.01, "droppedShare": 0.01, "concurrentStreams": [1000, 200, 1, 500],
    "latency": 5,
}


def call(method, url, body=None, admin=False):
    headers = {"Authorization": f"Bearer {token}"} if admin else {}
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def start(output, *command):
    with open(directory / output, "w") as file:
        return subprocess.Popen([apus, *map(str, command)], stdout=file, stderr=subprocess.STDOUT)


def find(output, pattern, within=30):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := re.search(pattern, (directory / output).read_text()):
            return found.groups()
        time.sleep(0.05)
    sys.exit(f"no {pattern} in {directory / output}")


def memory(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


directory.mkdir(parents=True, exist_ok=True)
accepted = directory / "accepted.jsonl"
simulator = start("simulator.txt", "simulate", "apns", "--directory", directory, "--accepted", accepted)
server = start(
    "server.txt", "serve", "--port", 0, "--data-dir", directory / "data", "--set", f"server.admin_token={token}")
try:
    port, control = find("simulator.txt", r"simulated on 127\.0\.0\.1:(\d+), its control on (\S+?)\.\n")
    url = "http://127.0.0.1:" + find("server.txt", r"listens on http://127\.0\.0\.1:(\d+)")[0]
    call("POST", url + "/apps/", {"name": "bench", "id": "bench", "appKey": "benchkey"}, admin=True)
    call("PUT", control + "/control", {"droppedShare": 1.0} if is_silent else faults)
    call("POST", url + "/v1/credentials", {
        "appId": "bench", "provider": "apns",
        "settings": {"topic": "com.example.app", "keyId": "ABCDE12345", "teamId": "TEAM123456", "host": "127.0.0.1",
                     "port": port, "ca": str(directory / "ca.pem")},
        "secret": {"p8": (directory / "AuthKey_ABCDE12345.p8").read_text()}}, admin=True)
    for number in range(devices):
        call("POST", url + "/msgpush/register", {
            "appId": "bench", "alias": f"user-{number}", "platform": "IOS", "nativeToken": f"{number:064x}"})
    send = {"appId": "bench", "appKey": "benchkey", "platform": "ALL", "audienceType": "ALL", "alert": "bench"}
    began = time.monotonic()
    ids = [call("POST", url + "/msgpush/send", send)["requestId"] for _ in range(messages)]
    print(f"{devices * messages} deliveries accepted in {time.monotonic() - began:.1f} s, {memory(server):.0f} MB")
    if is_silent:
        for _ in range(8):
            time.sleep(5)
            print(f"after {time.monotonic() - began:.0f} s: {memory(server):.0f} MB")
        sys.exit()
    counts = collections.Counter()
    while time.monotonic() < began + 600:
        counts = collections.Counter()
        for id in ids:
            counts.update(call("GET", f"{url}/v1/messages/{id}?limit=1", admin=True)["counts"])
        if counts["unsent"] == 0:
            break
        time.sleep(1)
    took = time.monotonic() - began
    print(f"{dict((k, v) for k, v in counts.items() if v)} after {took:.1f} s, {memory(server):.0f} MB")
    times = collections.Counter(json.loads(line)["id"] for line in accepted.read_text().splitlines())
    doubles = sum(count - 1 for count in times.values())
    metrics = urllib.request.urlopen(url + "/metrics").read().decode()
    outcomes = dict(re.findall(r'apus_apns_notifications_total\{.*outcome="(\w+)"\} (\d+)', metrics))
    resent = re.search(r"^apus_apns_resent_total\{.*\} (\d+)", metrics, re.MULTILINE)
    print(f"accepted by the stand-in: {len(times)} different, {doubles} doubled; outcomes {outcomes}, "
          f"resent {resent.group(1) if resent else 0}; {call('GET', control + '/counts')}")
    unaccounted = devices * messages - sum(counts[end] for end in ("sent", "failed"))
    if unaccounted:
        sys.exit(f"{unaccounted} deliveries are neither sent nor failed")
finally:
    for process in (server, simulator):
        process.send_signal(signal.SIGTERM)
        process.wait(30)
