"""What the bench scripts ask of the server that they load."""

import argparse
import http.client
import json
import os
import time

HOST, PORT = "127.0.0.1", 8080


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pid", type=int, required=True, help="the server's process")
    parser.add_argument("--app", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--devices", type=int, required=True, help="how many are connected, with the aliases d000000 …")
    return parser.parse_args()


def send_body(options, number):
    """A message to one device, which must confirm it."""
    return json.dumps({
        "appId": options.app, "appKey": options.key, "platform": "ALL", "audienceType": "ALIAS",
        "audiences": [f"d{number % options.devices:06d}"], "alert": "bench", "needConfirm": True, "duration": 3600,
        "extra": "x" * 300,
    }, separators=(",", ":")).encode()


def metric(name):
    """The sum over all series whose names begin so."""
    connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def received():
    return metric('apus_delivery_events_total{event="received"')


def cpu_seconds(pid):
    """User and system time of all threads."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def wait_for(what, value, wanted, patience=30):
    """Waits until `value()` is at least `wanted`; gives up when it stands still for `patience` seconds."""
    last, since = None, time.monotonic()
    while (now := value()) < wanted:
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > patience:
            raise SystemExit(f"{what}: {now:.0f} of {wanted:.0f}, and no more for {patience} s")
        time.sleep(0.1)
