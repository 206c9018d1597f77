#!/usr/bin/env python3
"""Measures what an idle WebSocket costs the server in memory, encrypted and not.

usage: bench_tls.py [--apus .build/release/apus] [--devices 10000] [--data-dir DIRECTORY]
"""

import argparse
import json
import os
import re
import resource
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request

from bench_server import memory_kb, wait_for

TOKEN = "bench"


class Server:
    def __init__(self, apus, directory, is_encrypted):
        command = [
            apus, "serve", "--port", "0", "--data-dir", directory, "--set", "sessions.ping_after=1d", "--set",
            f"server.tls={'true' if is_encrypted else 'false'}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("APUS_")}
        self.process = subprocess.Popen(
            command, env=environment | {"APUS_ADMIN_TOKEN": TOKEN}, stdout=subprocess.PIPE, text=True)
        line = next(line for line in self.process.stdout if "Apus listens on" in line)
        self.url, self.port = re.search(r"(https?://127\.0\.0\.1:(\d+))", line).groups()
        file = os.path.join(directory, "tls-certificate.pem")
        self.context = ssl.create_default_context(cafile=file) if is_encrypted else None

    def call(self, path, body=None):
        request = urllib.request.Request(self.url + path, body, {"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=30, context=self.context) as answer:
            return answer.read().decode()

    def register(self, count):
        app = json.loads(self.call("/apps/", b"bench"))["id"]
        for number in range(count):
            body = {"appId": app, "alias": f"d{number}", "platform": "ANDROID", "nativeToken": f"t{number}"}
            yield json.loads(self.call("/msgpush/register", json.dumps(body).encode()))["id"]

    def connect(self, device):
        stream = socket.create_connection(("127.0.0.1", int(self.port)), timeout=30)
        # Else the request waits for the acknowledgement of the handshake's end.
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            stream = self.context.wrap_socket(stream, server_hostname="localhost")
        stream.sendall(
            f"GET /msgpush.ws?deviceId={device} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        assert stream.recv(4096).startswith(b"HTTP/1.1 101")
        return stream

    def end(self):
        self.process.terminate()
        self.process.wait(60)

    def sessions(self):
        return float(re.search(r"^apus_sessions (\S+)", self.call("/metrics"), re.MULTILINE)[1])


def measure(options, is_encrypted):
    with tempfile.TemporaryDirectory(dir=options.data_dir) as directory:
        server = Server(options.apus, directory, is_encrypted=False)
        try:
            devices = list(server.register(options.devices))
        finally:
            server.end()
        # A new process: what registering left behind in the old one would be taken for the connections.
        server = Server(options.apus, directory, is_encrypted)
        try:
            # The first connections also pay for what all share.
            first = options.devices // 10
            streams = [server.connect(device) for device in devices[:first]]
            wait_for("first devices", server.sessions, first)
            before = memory_kb(server.process.pid)
            streams += [server.connect(device) for device in devices[first:]]
            wait_for("all devices", server.sessions, options.devices)
            time.sleep(2)
            each = (memory_kb(server.process.pid) - before) / (options.devices - first)
            print(f"{'wss' if is_encrypted else 'ws '}: {each:.1f} KB for each of {options.devices:,} idle WebSockets")
            for stream in streams:
                stream.close()
        finally:
            server.end()


parser = argparse.ArgumentParser()
parser.add_argument("--apus", default=".build/release/apus")
parser.add_argument("--devices", type=int, default=10_000)
parser.add_argument("--data-dir", help="where the servers' data is put meanwhile")
options = parser.parse_args()
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
for is_encrypted in (False, True):
    measure(options, is_encrypted)
