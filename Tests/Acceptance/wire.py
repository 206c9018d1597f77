"""Bytes on a socket, for what no proper client would send."""

import base64
import json
import os
import socket
import struct
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def error(self):
        return json.loads(self.body)["error"]


class Wire:
    """A TCP connection to the server."""

    def __init__(self, server, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", server.port))
        self.input = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.input.close()
        self.socket.close()

    def send(self, *parts):
        self.socket.sendall(b"".join(part.encode() if isinstance(part, str) else part for part in parts))

    def answer(self, is_head=False):
        """The next response."""
        line = self.input.readline()
        assert line.startswith(b"HTTP/1.1 "), f"no response but {line!r}"
        headers = {}
        while (field := self.input.readline().strip()):
            name, value = field.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        return Answer(int(line.split()[1]), headers, b"" if is_head else self._body(headers))

    def _body(self, headers):
        if headers.get("transfer-encoding") != "chunked":
            return self.input.read(int(headers.get("content-length", 0)))
        body = b""
        while (length := int(self.input.readline(), 16)):
            body += self.input.read(length)
            self.input.readline()
        self.input.readline()
        return body

    def is_closed(self):
        """Whether the server ends the connection, without anything more to read."""
        try:
            return self.input.read(1) == b""
        except ConnectionResetError:
            return True


def http(method, path, *headers, body=b"", host="a"):
    """A request as bytes; its length is told unless `headers` do."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    told = any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers)
    if body and not told:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def handshake(path, *more, version=13):
    key = base64.b64encode(os.urandom(16)).decode()
    return http(
        "GET", path, "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Version: {version}", *more)


def frame(opcode, payload=b"", final=True, masked=True, reserved=0):
    """A client's frame."""
    length = len(payload)
    first = (0x80 if final else 0) | reserved << 4 | opcode
    flag = 0x80 if masked else 0
    if length < 126:
        head = struct.pack("!BB", first, flag | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, flag | 126, length)
    else:
        head = struct.pack("!BBQ", first, flag | 127, length)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


class WebSocketWire(Wire):
    """A device that speaks WebSocket byte by byte."""

    def __init__(self, device, **options):
        super().__init__(device.app.server, **options)
        self.send(handshake(f"/msgpush.ws?deviceId={device.id}"))
        answer = self.answer()
        assert answer.status == 101, answer

    def frame(self):
        """The opcode and the payload of the server's next frame; None at the end of the connection."""
        head = self.input.read(2)
        if len(head) < 2:
            return None
        length = head[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.input.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.input.read(8))
        return head[0] & 0x0F, self.input.read(length)

    def text(self):
        opcode, payload = self.frame()
        assert opcode == TEXT, f"opcode {opcode}: {payload!r}"
        return payload.decode()

    def closing(self):
        """The code and the reason of the close frame, which is the next frame."""
        opcode, payload = self.frame()
        assert opcode == CLOSE, f"opcode {opcode}: {payload!r}"
        return struct.unpack("!H", payload[:2])[0], payload[2:].decode()
