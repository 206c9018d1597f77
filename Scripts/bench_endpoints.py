#!/usr/bin/env python3
"""Registers an endpoint for each device of a keys file of the load generator, over WebSocket (needs the package `websockets`).

usage: bench_endpoints.py URL KEYS_FILE NEW_KEYS_FILE
A line of the new file is `DEVICE_ID&token=TOKEN`. With it the generator's devices connect to `/msgpush.ws?deviceId=$KEY` and its
producers post to `/UP?deviceId=$KEY`.
"""
import concurrent.futures
import json
import sys
from urllib.parse import urlsplit

from websockets.sync.client import connect

url, keys, new_keys = sys.argv[1:]
host = urlsplit(url).netloc


def register(device):
    with connect(f"ws://{host}/msgpush.ws?deviceId={device}", proxy=None, compression=None) as socket:
        socket.send("REG:bench")
        endpoint = json.loads(socket.recv(timeout=30))["url"]
    return f"{device}&token={endpoint.rpartition('/')[2]}\n"


with concurrent.futures.ThreadPoolExecutor(16) as pool, open(keys) as devices, open(new_keys, "w") as file:
    file.writelines(pool.map(register, [line.strip() for line in devices]))
