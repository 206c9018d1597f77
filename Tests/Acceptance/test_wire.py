"""HTTP and WebSocket, byte by byte: what could be understood in two ways is refused."""

import json
import socket
import threading

import pytest
import requests

from waiting import eventually
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocketWire, Wire, frame, handshake, http


@pytest.fixture(autouse=True)
def server_stays_well(server):
    yield
    assert server.is_well()


@pytest.fixture
def wire(server):
    with Wire(server) as wire:
        yield wire


GOOD = http("GET", "/healthz")

REFUSED = {
    "both lengths": (
        http("POST", "/msgpush/send", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        400, "ambiguous_length"),
    "both lengths, the other way round": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n"),
        400, "ambiguous_length"),
    "two lengths": (
        http("POST", "/msgpush/send", "Content-Length: 5", "Content-Length: 6", body=b"123456"),
        400, "bad_content_length"),
    "a list of lengths": (
        http("POST", "/msgpush/send", "Content-Length: 5, 5", body=b"12345"), 400, "bad_content_length"),
    "a length with a sign": (
        http("POST", "/msgpush/send", "Content-Length: +5", body=b"12345"), 400, "bad_content_length"),
    "a negative length": (
        http("POST", "/msgpush/send", "Content-Length: -5", body=b"12345"), 400, "bad_content_length"),
    "a hexadecimal length": (
        http("POST", "/msgpush/send", "Content-Length: 0x5", body=b"12345"), 400, "bad_content_length"),
    "a length beyond all numbers": (
        http("POST", "/msgpush/send", "Content-Length: 99999999999999999999", body=b"1"), 400, "bad_content_length"),
    "an unknown transfer encoding": (
        http("POST", "/msgpush/send", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        501, "unsupported_transfer_encoding"),
    "a disguised transfer encoding": (
        http("POST", "/msgpush/send", "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
        501, "unsupported_transfer_encoding"),
    "two transfer encodings": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", "Transfer-Encoding: identity",
             body=b"0\r\n\r\n"),
        501, "unsupported_transfer_encoding"),
    "a space before the colon": (
        http("POST", "/msgpush/send", "Transfer-Encoding : chunked", body=b"0\r\n\r\n"), 400, "bad_header_name"),
    "a chunk size that is no number": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", body=b"zz\r\n\r\n"), 400, "bad_chunk"),
    "a chunk size with a sign": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", body=b"+5\r\n12345\r\n0\r\n\r\n"),
        400, "bad_chunk"),
    "a chunk size beyond all numbers": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", body=b"f" * 17 + b"\r\n"), 400, "bad_chunk"),
    "a chunk that is longer than it says": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", body=b"2\r\n12345\r\n0\r\n\r\n"),
        400, "bad_chunk"),
    "a chunk line with a bare line feed": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", body=b"5\n12345\r\n0\r\n\r\n"),
        400, "bad_chunk"),
    "a chunk extension without end": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", body=b"5;" + b"x" * 1000), 400, "bad_chunk"),
    "chunks beyond the limit": (
        http("POST", "/msgpush/send", "Transfer-Encoding: chunked", body=b"fffffff\r\n"), 413, "body_too_large"),
    "a huge head": (http("GET", "/healthz", "X: " + "x" * 20_000), 431, "head_too_large"),
    "too many headers": (http("GET", "/healthz", *["X: y"] * 200), 431, "too_many_headers"),
    "a target without end": (http("GET", "/" + "x" * 20_000), 414, "target_too_long"),
    "a bare line feed": (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400, "bad_line_end"),
    "a bare line feed in one header": (b"GET /healthz HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400, "bad_line_end"),
    "a folded header": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400, "folded_header"),
    "a bare carriage return": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n", 400, "bad_line_end"),
    "a null in a header": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400, "bad_header_value"),
    "two hosts": (http("GET", "/healthz", "Host: b"), 400, "bad_host"),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400, "bad_host"),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", 400, "bad_request_line"),
    "HTTP/2.0": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None, None),
    "HTTP/1.2": (b"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", 505, "unsupported_version"),
    "two spaces": (b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request_line"),
    "no target": (b"GET HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request_line"),
    "a target with a fragment": (b"GET /healthz#x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
    "a target that is no path": (b"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
    "TLS": (bytes.fromhex("16030100a5010000a10303") + bytes(100) + b"\r\n\r\n", 400, None),
    "chunks in HTTP/1.0": (
        b"POST /msgpush/send HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, "bad_transfer_encoding"),
}


class TestHTTP:
    @pytest.mark.parametrize("name", REFUSED)
    def test_what_could_smuggle_a_request_is_refused_and_the_connection_closed(self, wire, name):
        request, status, code = REFUSED[name]
        wire.send(request, GOOD)
        answer = wire.answer()
        if status:
            assert answer.status == status, answer.body
        assert answer.status >= 400
        if code:
            assert answer.error == code
        assert answer.headers.get("connection") == "close"
        assert wire.is_closed(), "the request behind it must not be answered"

    def test_pipelined_requests_are_answered_in_order(self, wire, app):
        send = json.dumps(app.body()).encode()
        for number in range(30):
            wire.send(
                http("POST", "/msgpush/send", body=send), GOOD, http("GET", f"/nothing-{number}"),
                http("POST", "/v1/messages:batch", body=send + b"\n" + send))
        sent = []
        for number in range(30):
            sent.append(json.loads(wire.answer().body)["requestId"])
            assert json.loads(wire.answer().body) == {"status": "ok"}
            assert f"/nothing-{number}." in json.loads(wire.answer().body)["message"]
            sent += [json.loads(line)["requestId"] for line in wire.answer().body.splitlines()]
        assert [int(id) for id in sent] == sorted({int(id) for id in sent})

    def test_what_precedes_a_bad_request_is_answered(self, wire):
        wire.send(GOOD, GOOD, b"nonsense\r\n\r\n")
        assert [wire.answer().status for _ in range(3)] == [200, 200, 400]
        assert wire.is_closed()

    def test_a_request_that_comes_byte_by_byte_is_understood(self, wire, app):
        for byte in http("POST", "/msgpush/send", body=json.dumps(app.body()).encode()):
            wire.send(bytes([byte]))
        assert wire.answer().status == 200

    def test_a_chunked_body_is_understood(self, wire, app):
        body = json.dumps(app.body(alert="in chunks")).encode()
        chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(body[at:at + 7]), body[at:at + 7])
                          for at in range(0, len(body), 7))
        wire.send(http("POST", "/msgpush/send", "Transfer-Encoding: chunked",
                       body=chunks + b"0\r\nTrailer: x\r\n\r\n"), GOOD)
        assert [wire.answer().status, wire.answer().status] == [200, 200]

    def test_a_client_that_expects_to_be_told_to_continue_is_told(self, wire, app):
        body = json.dumps(app.body()).encode()
        wire.send(http("POST", "/msgpush/send", "Expect: 100-continue", f"Content-Length: {len(body)}"))
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().status == 200

    def test_one_with_too_large_a_body_is_not_told_to_continue(self, wire):
        wire.send(http("POST", "/msgpush/send", "Expect: 100-continue", "Content-Length: 1000000"))
        assert wire.answer().status == 413
        assert wire.is_closed()

    def test_http_1_0_is_answered_and_closed(self, wire):
        wire.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert wire.answer().status == 200
        assert wire.is_closed()

    def test_connection_close_is_honoured(self, wire):
        wire.send(http("GET", "/healthz", "Connection: close"))
        assert wire.answer().headers["connection"] == "close"
        assert wire.is_closed()

    def test_head_has_no_body(self, wire):
        wire.send(http("HEAD", "/healthz"), GOOD)
        wire.answer(is_head=True)
        assert wire.answer().status == 200

    def test_a_client_that_leaves_in_the_middle_does_no_harm(self, server, app):
        body = json.dumps(app.body()).encode()
        for length in range(0, 200, 10):
            with Wire(server) as wire:
                wire.send(http("POST", "/msgpush/send", body=body)[:length])
        assert app.post().status_code == 200


class TestHandshake:
    def test_a_plain_request_for_the_socket_is_refused(self, server):
        answer = server.get("/msgpush.ws?deviceId=x")
        assert answer.status_code == 400
        assert answer.json()["error"] == "bad_websocket_handshake"

    def test_a_post_to_the_socket_is_refused(self, server):
        assert server.post("/msgpush.ws").status_code in (400, 404, 405)

    def test_another_version_is_refused(self, wire):
        wire.send(handshake("/msgpush.ws", version=8))
        answer = wire.answer()
        assert (answer.status, answer.headers["sec-websocket-version"]) == (426, "13")

    @pytest.mark.parametrize("key", ["", "short", "!" * 24])
    def test_a_wrong_key_is_refused(self, wire, key):
        wire.send(http("GET", "/msgpush.ws", "Upgrade: websocket", "Connection: Upgrade",
                       f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"))
        assert wire.answer().error == "bad_websocket_key"

    @pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "file://"])
    def test_any_origin_is_allowed(self, wire, device, origin):
        wire.send(handshake(f"/msgpush.ws?deviceId={device.id}", f"Origin: {origin}"))
        assert wire.answer().status == 101

    def test_frames_right_behind_the_handshake_are_heard(self, wire, device):
        wire.send(handshake(f"/msgpush.ws?deviceId={device.id}"), frame(TEXT, b"HBT"))
        assert wire.answer().status == 101
        assert wire.input.read(6) == b"\x81\x04ACK1"


class TestFrames:
    @pytest.fixture
    def wire(self, device):
        with WebSocketWire(device) as wire:
            wire.send(frame(TEXT, b"HBT"))
            assert wire.text() == "ACK1"
            yield wire

    WRONG = {
        "binary": (frame(BINARY, b"x"), 1003),
        "unmasked": (frame(TEXT, b"HBT", masked=False), 1002),
        "longer than 64 KB": (frame(TEXT, b"x" * 65_537), 1009),
        "longer than 64 KB in fragments": (
            frame(TEXT, b"x" * 60_000, final=False) + frame(CONTINUATION, b"x" * 10_000), 1009),
        "longer than all memory": (b"\x81\xff" + b"\x7f" + b"\xff" * 7 + b"mask", 1009),
        "not UTF-8": (frame(TEXT, b"\xff"), 1007),
        "not UTF-8 in fragments": (frame(TEXT, b"\xe6\x8e", final=False) + frame(CONTINUATION, b"x"), 1007),
        "first reserved bit": (frame(TEXT, b"x", reserved=4), 1002),
        "second reserved bit": (frame(TEXT, b"x", reserved=2), 1002),
        "third reserved bit": (frame(TEXT, b"x", reserved=1), 1002),
        "reserved opcode": (frame(3, b"x"), 1002),
        "reserved control opcode": (frame(11, b"x"), 1002),
        "long ping": (frame(PING, b"x" * 126), 1002),
        "ping in fragments": (frame(PING, b"x", final=False), 1002),
        "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
        "message within a message": (frame(TEXT, b"x", final=False) + frame(TEXT, b"y"), 1002),
        "long form of a short length": (b"\x81\xfe\x00\x05maskxxxxx", 1002),
        "close with half a code": (frame(CLOSE, b"\x03"), 1002),
        "close with a forbidden code": (frame(CLOSE, b"\x03\xed"), 1002),
        "close with a reason that is not UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    }

    @pytest.mark.parametrize("name", WRONG)
    def test_a_frame_against_the_rules_closes_the_connection_with_its_code(self, wire, name):
        bytes, code = self.WRONG[name]
        wire.send(bytes)
        closed_with, reason = wire.closing()
        assert closed_with == code
        assert reason

    def test_a_connection_that_broke_the_rules_ends(self, wire):
        wire.send(frame(BINARY, b"x"))
        wire.closing()
        wire.send(frame(CLOSE, bytes_of(1003)))
        assert wire.is_closed()

    def test_a_message_in_fragments_is_understood_with_a_ping_in_between(self, wire):
        wire.send(frame(TEXT, b"H", final=False), frame(PING, b"p"), frame(CONTINUATION, b"B", final=False),
                  frame(CONTINUATION, b"", final=False), frame(CONTINUATION, b"T"))
        assert wire.frame() == (PONG, b"p")
        assert wire.text() == "ACK1"

    def test_a_character_may_be_cut_between_fragments(self, wire):
        wire.send(frame(TEXT, "HBT推".encode()[:4], final=False), frame(CONTINUATION, "推".encode()[1:]))
        assert wire.text() == "ACK1"

    def test_a_frame_that_comes_byte_by_byte_is_understood(self, wire):
        for byte in frame(TEXT, b"HBT" + b"x" * 200):
            wire.send(bytes([byte]))
        assert wire.text() == "ACK1"

    def test_a_text_of_just_64_kb_is_understood(self, wire):
        wire.send(frame(TEXT, b"HBT" + b"x" * (65_536 - 3)))
        assert wire.text() == "ACK1"

    def test_a_ping_is_answered_with_what_it_had(self, wire):
        wire.send(frame(PING, b"x" * 125))
        assert wire.frame() == (PONG, b"x" * 125)

    def test_a_close_is_answered_with_its_code(self, wire):
        wire.send(frame(CLOSE, bytes_of(3000) + b"bye"))
        assert wire.closing()[0] == 3000
        assert wire.is_closed()

    def test_a_device_that_closes_at_once_is_answered_too(self, server, device):
        with Wire(server) as wire:
            wire.send(handshake(f"/msgpush.ws?deviceId={device.id}"), frame(CLOSE, bytes_of(1000)))
            assert wire.answer().status == 101
            assert wire.input.read(4) == b"\x88\x02" + bytes_of(1000)

    def test_a_device_may_confirm_a_windowful_of_messages_one_by_one_the_moment_it_connects(self, server, app, device):
        sent = [answer["requestId"] for answer in app.batch([app.body(needConfirm=True)] * 128)]
        with Wire(server) as wire:
            confirmations = [frame(TEXT, f"CFM:{message}".encode()) for message in sent]
            wire.send(handshake(f"/msgpush.ws?deviceId={device.id}"), *confirmations)
            eventually(lambda: app.state(sent[-1], device) == "received")

    def test_many_frames_at_once_are_all_heard(self, wire):
        wire.send(frame(TEXT, b"HBT") * 500)
        assert [wire.text() for _ in range(500)] == ["ACK1"] * 500


def bytes_of(code):
    return code.to_bytes(2, "big")


class TestPipelines:
    def test_sixty_thousand_requests_in_one_go_are_all_answered(self, server):
        count = 60_000
        request = b"POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as sender:
            writer = threading.Thread(target=sender.sendall, args=(request * count,))
            writer.start()
            sender.settimeout(30)
            mark, answers, tail = b"HTTP/1.1 400", 0, b""
            while answers < count:
                received = sender.recv(1 << 16)
                assert received, f"the connection ended after {answers} answers"
                answers += (tail + received).count(mark)
                tail = (tail + received)[1 - len(mark):]
            writer.join()
        assert answers == count
        assert server.is_well()

    def test_a_client_that_has_said_all_still_gets_every_answer(self, server):
        probes = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 500
        with socket.create_connection(("127.0.0.1", server.port)) as sender:
            sender.sendall(probes)
            sender.shutdown(socket.SHUT_WR)
            sender.settimeout(10)
            answers = b"".join(iter(lambda: sender.recv(1 << 16), b""))
        assert answers.count(b"HTTP/1.1 200") == 500

    def test_a_probe_may_use_head(self, server):
        answer = requests.head(server.url + "/healthz", timeout=5)
        assert answer.status_code == 200 and answer.content == b""
