"""Programs of Apple's old binary protocol: those of seed 001 as they are, and byte by byte what any other may send."""

import json
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from apns import (
    TOPIC, APNsApp, Certificate, LegacyClient, Simulator, enhanced, feedback, feedback_port, framed, legacy_port,
    new_token, simple)
from server import Server
from waiting import eventually

CLIENTS = Path(__file__).parent / "legacy_apns_clients"
SEED_TOKEN = "1b14a89b65361301e7ded0f8de35ec1f322c37698b9fe712252a2cba42207d90"
ALLOWED = "127.0.0.2"
"""An address that needs no certificate."""
LISTENERS = {"legacy_apns__port": 0, "legacy_apns__feedback_port": 0}
HELLO = b'{"aps":{"alert":"hello"}}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificates") / "apple")  # it expired years ago


@pytest.fixture(scope="module")
def running_simulator(tmp_path_factory):
    simulator = Simulator(tmp_path_factory.mktemp("simulator"))
    yield simulator
    simulator.end()


@pytest.fixture
def simulator(running_simulator):
    yield running_simulator
    running_simulator.forget()


@pytest.fixture(scope="module")
def app(tmp_path_factory, running_simulator, certificate):
    server = Server(tmp_path_factory.mktemp("server")).start(legacy_apns__allow=f"{ALLOWED}=by-address", **LISTENERS)
    app = APNsApp(server, id="seed")
    app.add_credential(*running_simulator.key_options())
    app.add_legacy_client(certificate.pem)
    yield app
    server.end()


@pytest.fixture
def connect(app, certificate):
    """Connects as a program that has the certificate."""
    clients = []

    def connect():
        clients.append(LegacyClient(legacy_port(app.server), certificate.pem, certificate.passphrase))
        return clients[-1]

    yield connect
    for client in clients:
        client.socket.close()


def raw(token):
    return bytes.fromhex(token)


def identifier(number):
    return struct.pack("<I", number)


class TestSeed:
    """The programs and the commands of seed 001."""

    def test_the_php_script(self, app, simulator, certificate, tmp_path):
        script = (CLIENTS / "pushme.php").read_text()
        address = f"ssl://localhost:{legacy_port(app.server)}"
        own = script.replace("ssl://gateway.sandbox.push.apple.com:2195", address)
        assert own != script
        (tmp_path / "pushme.php").write_text(own)
        shutil.copy(certificate.pem, tmp_path / "ck.pem")
        # PHP has checked server certificates since 5.6: it is told which one is good.
        command = ["php", "-d", f"openssl.cafile={app.server.data / 'tls-certificate.pem'}", "pushme.php"]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert ended.stdout.split("\n") == ["Connected to APNS", "Message successfully delivered", ""], ended
        notification = simulator.only(SEED_TOKEN)
        assert notification["raw"] == (
            r'{"aps":{"alert":"NVR:192.168.6.128,\u00a0 \u901a\u9053: 1 \u4ea7\u751f\u62a5\u8b66 \u65e5\u671f:2014\/7\/24!"'
            r',"sound":"default","badage":1}}')
        assert (notification["topic"], notification["pushType"], notification["priority"]) == (TOPIC, "alert", 10)

    def test_the_c_program(self, connect, simulator):
        payload = b'{"aps":{"alert":"hello,this is a test message!","badge":1,"sound":"default"}}'
        expiry = int(time.time()) + 24 * 3600
        packet = (
            bytes.fromhex("0100000000") + struct.pack(">I", expiry) + bytes.fromhex(f"0020{SEED_TOKEN}004d") + payload)
        assert len(packet) == 122 and packet == enhanced(bytes(4), expiry, raw(SEED_TOKEN), payload)
        client = connect()
        client.say(packet)
        client.leave()
        notification = simulator.only(SEED_TOKEN)
        assert notification["raw"] == payload.decode()
        assert abs(notification["expiration"] - expiry) <= 2

    def test_what_the_c_program_writes_is_never_lost_though_it_leaves_at_once(self, connect, simulator):
        tokens = [new_token() for _ in range(30)]
        for number, token in enumerate(tokens):
            client = connect()
            client.say(enhanced(identifier(number), int(time.time()) + 600, raw(token), HELLO))
            client.leave()
        eventually(lambda: {entry["token"] for entry in simulator.accepted()} == set(tokens))
        assert len(simulator.accepted()) == 30

    def test_a_message_that_the_c_program_cuts_within_a_character(self, connect, simulator):
        token = new_token()
        text = ("报警" * 40).encode()
        payload = b'{"aps":{"alert":"' + text[:206] + b'","badge":1,"sound":"default"}}'
        client = connect()
        client.say(enhanced(bytes(4), int(time.time()) + 600, raw(token), payload))
        client.leave()
        aps = simulator.only(token)["payload"]["aps"]
        assert aps == {"alert": text[:204].decode(), "badge": 1, "sound": "default"}

    def test_the_line_that_tries_the_certificate(self, app, certificate):
        """A letter and Enter, and the server disconnects."""
        command = [
            "openssl", "s_client", "-connect", f"127.0.0.1:{legacy_port(app.server)}", "-cert", "PushChatCert.pem",
            "-key", "PushChatKey.pem", "-pass", certificate.secret]
        process = subprocess.Popen(
            command, cwd=certificate.directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            shown = b""
            while b"Extended master secret" not in shown:
                assert (line := process.stdout.readline()), shown.decode()
                shown += line
            assert process.poll() is None
            process.stdin.write(b"x\n")
            process.stdin.flush()
            shown += process.stdout.read()  # up to its end: its input is still open
            assert process.wait(10) == 0 and b"closed" in shown, shown.decode()
        finally:
            process.kill()
            process.wait(10)
            process.stdin.close()
            process.stdout.close()


class TestCommands:
    def test_command_0(self, connect, simulator):
        token = new_token()
        connect().say(simple(raw(token), HELLO))
        assert simulator.only(token)["raw"] == HELLO.decode()

    def test_command_1(self, connect, simulator):
        token, expiry = new_token(), int(time.time()) + 3600
        connect().say(enhanced(b"abcd", expiry, raw(token), HELLO))
        notification = simulator.only(token)
        assert notification["raw"] == HELLO.decode()
        assert abs(notification["expiration"] - expiry) <= 2

    @pytest.mark.parametrize("order", [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [2, 9, 1], [1, 2]])
    def test_command_2_with_its_items_in_any_order(self, connect, simulator, order):
        token, expiry = new_token(), int(time.time()) + 3600
        items = {1: raw(token), 2: HELLO, 3: b"abcd", 4: struct.pack(">I", expiry), 5: b"\x0a", 9: b"not known"}
        connect().say(framed(*((number, items[number]) for number in order)))
        notification = simulator.only(token)
        assert notification["raw"] == HELLO.decode()
        if 4 in order:
            assert abs(notification["expiration"] - expiry) <= 2

    def test_command_2_with_priority_5(self, connect, simulator):
        token = new_token()
        connect().say(framed((1, raw(token)), (2, HELLO), (3, b"abcd"), (5, b"\x05")))
        assert simulator.only(token)["priority"] == 5

    def test_a_notification_that_shows_nothing_is_a_background_one(self, connect, simulator):
        token = new_token()
        connect().say(simple(raw(token), b'{"aps":{"content-available":1},"news":7}'))
        notification = simulator.only(token)
        assert (notification["pushType"], notification["priority"]) == ("background", 5)

    def test_all_commands_on_one_connection_in_pieces_of_any_size(self, connect, simulator):
        tokens = [new_token() for _ in range(30)]
        packets = b"".join(
            (simple(raw(token), HELLO), enhanced(identifier(number), int(time.time()) + 600, raw(token), HELLO),
             framed((1, raw(token)), (2, HELLO)))[number % 3]
            for number, token in enumerate(tokens))
        client = connect()
        for start in range(0, len(packets), 37):
            client.say(packets[start:start + 37])
        eventually(lambda: len(simulator.accepted()) >= 30)
        assert sorted(entry["token"] for entry in simulator.accepted()) == sorted(tokens)

    def test_a_payload_arrives_byte_by_byte_as_it_was(self, connect, simulator):
        token = new_token()
        payload = '{ "aps" : {"alert":"\\u901a道 \\/ \U0001f514", "badage":1} ,"n":1.50,"empty":{}, "z":[ ] }'
        connect().say(simple(raw(token), payload.encode()))
        assert simulator.only(token)["raw"] == payload

    def test_a_token_of_a_device_that_is_registered_is_that_device(self, app, connect, simulator):
        device = app.register()
        connect().say(simple(raw(device.token), HELLO))
        simulator.only(device.token)
        assert app.aliases() & {device.alias, device.token} == {device.alias}


class TestErrors:
    @pytest.mark.parametrize(
        ("bad", "status"),
        [
            (lambda id: enhanced(id, 0, b"t" * 101, HELLO), 5),
            (lambda id: enhanced(id, 0, b"", HELLO), 2),
            (lambda id: enhanced(id, 0, b"t" * 32, b""), 4),
            (lambda id: enhanced(id, 0, b"t" * 32, b"x" * 2049), 7),
            (lambda id: enhanced(id, 0, b"t" * 32, b"no JSON"), 1),
            (lambda id: framed((3, id), (1, b"t" * 101), (2, HELLO)), 5),
            (lambda id: framed((3, id), (2, HELLO)), 2),
            (lambda id: framed((3, id), (1, b"t" * 32)), 4),
        ])
    def test_the_identifier_comes_back_and_everything_behind_it_is_discarded(
        self, connect, app, simulator, bad, status
    ):
        before, after = [new_token() for _ in range(20)], [new_token() for _ in range(20)]
        expiry = int(time.time()) + 600
        client = connect()
        client.say(
            *(enhanced(identifier(number), expiry, raw(token), HELLO) for number, token in enumerate(before)),
            bad(b"\xde\xad\x00\xff"),
            *(enhanced(identifier(100 + number), expiry, raw(token), HELLO) for number, token in enumerate(after)))
        assert client.rest() == bytes([8, status]) + b"\xde\xad\x00\xff"
        app.pass_marker(simulator)
        eventually(lambda: {entry["token"] for entry in simulator.accepted()} >= set(before))
        assert not {entry["token"] for entry in simulator.accepted()} & set(after)

    def test_an_error_of_command_0_closes_without_a_word(self, connect):
        client = connect()
        client.say(simple(b"t" * 101, HELLO))
        assert client.rest() == b""

    @pytest.mark.parametrize(
        "garbage", [b"x\n", b"\x03" + bytes(50), b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 5000, b"\x02\xff\xff\xff\xff"])
    def test_garbage_closes(self, connect, app, simulator, garbage):
        token = new_token()
        client = connect()
        client.say(simple(raw(token), HELLO), garbage)
        assert client.rest() in (b"", b"\x08\x80" + bytes(4))
        simulator.only(token)
        assert app.server.is_well()

    def test_half_a_frame_is_nothing(self, connect, app, simulator):
        token = new_token()
        client = connect()
        client.say(simple(raw(token), HELLO)[:-1])
        client.leave()
        app.pass_marker(simulator)
        assert simulator.accepted(token) == []


class TestClients:
    def test_an_unknown_certificate_is_closed(self, app, tmp_path, simulator):
        other, token = Certificate(tmp_path / "other"), new_token()
        with LegacyClient(legacy_port(app.server), other.pem, other.passphrase) as client:
            client.say(simple(raw(token), HELLO))
            assert client.rest() == b""
        assert feedback(feedback_port(app.server), certificate=other.pem, passphrase=other.passphrase) == []
        app.pass_marker(simulator)
        assert simulator.accepted(token) == []
        eventually(lambda: "not known" in app.server.log)

    def test_a_client_without_a_certificate_is_closed(self, app, simulator):
        token = new_token()
        with LegacyClient(legacy_port(app.server)) as client:
            client.say(simple(raw(token), HELLO))
            assert client.rest() == b""
        app.pass_marker(simulator)
        assert simulator.accepted(token) == []

    def test_an_address_that_is_allowed_needs_no_certificate(self, app, simulator):
        own = APNsApp(app.server, id="by-address")
        own.add_credential(*simulator.key_options())
        token = new_token()
        with LegacyClient(legacy_port(app.server), source=ALLOWED) as client:
            client.say(simple(raw(token), HELLO))
            simulator.only(token)
        assert own.aliases() == {token}

    def test_a_client_that_is_removed_is_closed(self, app, tmp_path):
        other = Certificate(tmp_path / "other")
        app.add_legacy_client(other.file("certificate.pem"))
        credentials = json.loads(app.command("credential", "list", "--app", app.id, "--json"))["credentials"]
        fingerprint = subprocess.run(
            ["openssl", "x509", "-in", other.pem, "-noout", "-fingerprint", "-sha256"], capture_output=True, text=True
        ).stdout.strip().partition("=")[2].replace(":", "").lower()
        assert fingerprint in [one["name"] for one in credentials if one["provider"] == "legacy-apns"]
        app.command("credential", "remove", fingerprint, "--app", app.id, "--provider", "legacy-apns")
        with LegacyClient(legacy_port(app.server), other.pem, other.passphrase) as client:
            assert client.rest() == b""

    @pytest.mark.parametrize("content", ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    def test_a_file_without_a_certificate_is_refused(self, app, tmp_path, content):
        (tmp_path / "none.pem").write_text(content)
        options = ["--app", app.id, "--certificate", tmp_path / "none.pem"]
        said = app.command("legacy-apns", "client", "add", *options, code=1 if content.startswith("-") else 2)
        assert "PEM" in said or (not content and "is empty" in said)

    def test_feedback_goes_to_the_app_of_the_certificate(self, app, connect, certificate, simulator):
        token = new_token()
        simulator.refuse(token, "Unregistered")
        connect().say(simple(raw(token), HELLO))
        options = {"certificate": certificate.pem, "passphrase": certificate.passphrase}
        port = feedback_port(app.server)
        (at, dead), = eventually(lambda: feedback(port, **options))
        assert dead == token and abs(at - time.time()) < 20
        eventually(lambda: feedback(port, **options) == [])


def test_what_was_accepted_survives_a_crash(start_server, simulator, certificate):
    app = APNsApp(start_server(**LISTENERS))
    app.add_credential(*simulator.key_options())
    app.add_legacy_client(certificate.pem)
    simulator.behave(droppedShare=1)
    others = simulator.counts["openConnections"]
    tokens = [new_token() for _ in range(300)]
    with LegacyClient(legacy_port(app.server), certificate.pem, certificate.passphrase) as client:
        client.say(
            *(enhanced(identifier(number), int(time.time()) + 600, raw(token), HELLO)
              for number, token in enumerate(tokens)),
            enhanced(b"last", 0, b"t" * 101, HELLO))
        # The only answer there is: everything before it has been accepted.
        assert client.rest() == b"\x08\x05last"
    app.server.kill()
    # What the server had written is still read.
    eventually(lambda: simulator.counts["openConnections"] <= others)
    assert simulator.accepted() == []
    simulator.behave(droppedShare=0)
    app.server.start()
    eventually(lambda: {entry["token"] for entry in simulator.accepted()} == set(tokens), within=20)
    assert len(simulator.accepted()) == 300
