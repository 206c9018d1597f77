#!/usr/bin/env python3
"""Listens to events while something else loads the server, until it is interrupted; then says what came.

usage: bench_events.py URL ADMIN_TOKEN LISTENERS [KEYS_FILE]
With a keys file of the load generator each listener follows one of its devices, without one each follows everything. Run the
generator's unicast with and without it: the difference is what listening costs.
"""
import json
import selectors
import signal
import socket
import sys
import time
from urllib.parse import urlsplit

url, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
keys = [line.strip() for line in open(sys.argv[4])] if len(sys.argv) > 4 else None
address = urlsplit(url)

selector = selectors.DefaultSelector()
for number in range(count):
    query = f"?device={keys[number % len(keys)]}" if keys else ""
    listener = socket.create_connection((address.hostname, address.port))
    listener.sendall(
        f"GET /v1/events{query} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)

signal.signal(signal.SIGTERM, signal.default_int_handler)
events = gaps = size = ended = 0
began, busy = time.monotonic(), time.process_time()
print(f"{count} listen", file=sys.stderr, flush=True)
try:
    while ended < count:
        for key, _ in selector.select():
            part = key.fileobj.recv(1 << 20)
            if not part:
                selector.unregister(key.fileobj)
                ended += 1
            size += len(part)
            events += part.count(b'"state":')
            gaps += part.count(b"event: gap")
except KeyboardInterrupt:
    pass
seconds = time.monotonic() - began
print(json.dumps({
    "listeners": count, "follow": "a device each" if keys else "everything", "events": events, "gaps": gaps,
    "ended": ended, "mb": round(size / 1e6, 1), "events_per_s": round(events / seconds),
    "mb_per_s": round(size / 1e6 / seconds, 1), "own_cpu_s": round(time.process_time() - busy, 1)}))
