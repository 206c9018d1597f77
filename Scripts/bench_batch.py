#!/usr/bin/env python3
"""Sends batches of 1,000 messages to connected devices that confirm: what a message costs the server in CPU time."""

import http.client
import json
import threading
import time

import bench_server as server

BATCH = 1000
WARM_UP, MEASURED = 20, 200  # batches
SENDERS = 2


def send(bodies):
    """Sends all batches, each sender one after the other. Raises unless every line of each is accepted."""
    failures = []

    def run(own):
        connection = http.client.HTTPConnection(server.HOST, server.PORT, timeout=60)
        for body in own:
            connection.request("POST", "/v1/messages:batch", body, {"Content-Type": "application/x-ndjson"})
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200 or answer.count(b'"requestId"') != BATCH:
                failures.append(f"{response.status}: {answer[:200]!r}")
                return

    threads = [threading.Thread(target=run, args=(bodies[index::SENDERS],)) for index in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(f"a batch was not accepted: {failures[0]}")


def main():
    options = server.arguments()
    lines = [server.send_body(options, number) for number in range(options.devices)]
    bodies = [
        b"\n".join(lines[(batch * BATCH + line) % options.devices] for line in range(BATCH))
        for batch in range(WARM_UP + MEASURED)]
    server.wait_for("devices connected", lambda: server.metric("apus_sessions"), options.devices)

    send(bodies[:WARM_UP])
    server.wait_for("received", server.received, WARM_UP * BATCH)
    before, start = server.cpu_seconds(options.pid), time.monotonic()
    send(bodies[WARM_UP:])
    server.wait_for("received", server.received, len(bodies) * BATCH)
    seconds, count = time.monotonic() - start, MEASURED * BATCH
    cpu = server.cpu_seconds(options.pid) - before
    print(json.dumps({
        "label": "apus-batch", "mode": "batch", "devices": options.devices, "batch": BATCH, "accepted": count,
        "received": int(server.received()) - WARM_UP * BATCH, "rate": round(count / seconds),
        "cpu_us_per_msg": round(cpu * 1e6 / count, 2)}))


main()
