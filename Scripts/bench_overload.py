#!/usr/bin/env python3
"""Senders that never wait for an answer, on many connections: the server must hold them back or refuse, not grow."""

import json
import selectors
import socket
import time

import bench_server as server

SECONDS = 30
SINGLE, BATCHES = 64, 32  # connections; the batches alone ask for more than the accept queue holds
BATCH = 1000


class Sender:
    """Writes requests as fast as its connection takes them and counts the answers."""

    def __init__(self, path, body, repeated):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self.chunk = (head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body) * repeated
        self.rest = memoryview(self.chunk)
        self.accepted = self.refused = 0
        self.tail = b""
        self.socket = socket.create_connection((server.HOST, server.PORT))
        self.socket.setblocking(False)

    def write(self):
        try:
            self.rest = self.rest[self.socket.send(self.rest):] or memoryview(self.chunk)
        except BlockingIOError:
            pass

    def read(self):
        data = self.tail + self.socket.recv(1 << 20)
        if data == self.tail:
            raise SystemExit("the server closed a connection")
        # What may be the first half of a word is looked at again with what follows.
        end = data.rfind(b"}") + 1
        self.accepted += data.count(b'"requestId"', 0, end)
        self.refused += data.count(b'"error"', 0, end)
        self.tail = data[end:]


def main():
    options = server.arguments()
    server.wait_for("devices connected", lambda: server.metric("apus_sessions"), options.devices)
    lines = [server.send_body(options, number) for number in range(options.devices)]
    senders = [Sender("/msgpush/send", lines[number % len(lines)], 100) for number in range(SINGLE)]
    senders += [
        Sender("/v1/messages:batch", b"\n".join((lines * 2)[number * 50:][:BATCH]), 1) for number in range(BATCHES)]
    selector = selectors.DefaultSelector()
    for sender in senders:
        selector.register(sender.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, sender)

    memory, start = [], time.monotonic()
    while (elapsed := time.monotonic() - start) < SECONDS:
        if elapsed >= len(memory) * 0.25:
            memory.append(server.memory_kb(options.pid))
        for key, events in selector.select(0.05):
            if events & selectors.EVENT_READ:
                key.data.read()
            if events & selectors.EVENT_WRITE:
                key.data.write()
    # A sender that cannot write is held back by the server, which does not read on.
    blocked = len(senders) - sum(1 for _, events in selector.select(0) if events & selectors.EVENT_WRITE)
    quarter, end = memory[len(memory) // 4], memory[-1]
    accepted, refused = sum(s.accepted for s in senders), sum(s.refused for s in senders)
    for sender in senders:
        sender.socket.close()
    print(json.dumps({
        "label": "apus-overload", "mode": "overload", "connections": len(senders), "seconds": SECONDS,
        "accepted": accepted, "refused": refused, "rate": round(accepted / SECONDS), "held_back": blocked,
        "rss_quarter_kb": quarter, "rss_end_kb": end, "rss_growth": round(end / quarter, 3)}))


main()
