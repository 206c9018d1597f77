"""HTTPS and secure WebSockets, as other programs and our own speak them."""

import contextlib
import json
import socket
import ssl
import subprocess

import pytest

from certificates import Authority
from onepush import App
from server import BINARY, environment, run
from test_operations import refused
from waiting import eventually


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(start_server, authority, tmp_path):
    """A server with a certificate of that authority."""
    def start(**settings):
        return start_server(authority=authority.file, server__tls="true", **authority.issue().write(tmp_path), **settings)
    return start


def curl(*arguments):
    command = ["curl", "-sS", "--noproxy", "*", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def s_client(server, *arguments):
    """What openssl tells of a connection, and its exit code."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", *map(str, arguments)]
    ended = subprocess.run(command, input="", capture_output=True, text=True, timeout=30)
    return ended.stdout + ended.stderr, ended.returncode


class TestForeignPrograms:
    def test_a_message_goes_the_whole_way(self, secure):
        app = App(secure())
        device = app.register()
        with device.connect() as connection:
            message = app.send(alert="x" * 3000, needConfirm=True)
            assert connection.message()["id"] == message
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")

    def test_a_batch_of_many_records_goes_through(self, secure):
        app = App(secure())
        device = app.register()
        answers = app.batch([app.body(alert="x" * 1500)] * 500)
        assert len({answer["requestId"] for answer in answers}) == 500
        with device.connect() as connection:
            assert len(connection.messages(500)) == 500

    def test_curl_trusts_it_with_the_authority_only(self, secure, authority):
        server = secure()
        answer = curl("--cacert", authority.file, f"{server.url}/healthz")
        assert json.loads(answer.stdout) == {"status": "ok"}
        assert curl(f"{server.url}/healthz").returncode == 60

    def test_many_requests_share_a_connection(self, secure, authority):
        server = secure()
        answer = curl("--cacert", authority.file, "-w", " %{num_connects}\n", *[f"{server.url}/healthz"] * 3)
        assert [line.split()[-1] for line in answer.stdout.splitlines()] == ["1", "0", "0"]

    def test_openssl_verifies_it_and_agrees_on_http_1_1(self, secure, authority):
        text, code = s_client(secure(), "-CAfile", authority.file, "-verify_return_error", "-alpn", "h2,http/1.1")
        assert code == 0 and "Verify return code: 0 (ok)" in text
        assert "TLSv1.3" in text and "ALPN protocol: http/1.1" in text

    def test_old_versions_are_refused(self, secure):
        server = secure()
        assert s_client(server, "-tls1_2")[1] == 0
        assert s_client(server, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")[1] != 0
        server.restart(tls__minimum_version="1.3")
        assert s_client(server, "-tls1_3")[1] == 0
        assert s_client(server, "-tls1_2")[1] != 0
        assert server.metric("apus_http_tls_failures_total") == 1

    def test_an_answer_comes_also_to_who_has_closed_its_side(self, secure, authority):
        server = secure()
        context = ssl.create_default_context(cafile=authority.file)
        request = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)), server_hostname="localhost") as stream:
            stream.sendall(request.encode())
            answer = b""
            while part := stream.recv(4096):
                answer += part
        assert answer.endswith(b'{"status":"ok"}')


class TestMemory:
    WARM, COUNTED = 200, 800

    def test_an_idle_connection_takes_less_than_16_kilobytes(self, secure, authority):
        server = secure()
        context = ssl.create_default_context(cafile=authority.file)
        with contextlib.ExitStack() as stack:
            def connect():
                stream = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                stream = stack.enter_context(context.wrap_socket(stream, server_hostname="localhost"))
                stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                assert stream.recv(4096).startswith(b"HTTP/1.1 200")
            for _ in range(self.WARM):
                connect()
            before = server.memory
            for _ in range(self.COUNTED):
                connect()
            each = (server.memory - before) / self.COUNTED
        assert each < 16 << 10

    @pytest.mark.parametrize("size", [1, 1_000, 4_000])
    def test_what_passes_is_whole(self, secure, size):
        app = App(secure())
        device = app.register()
        with device.connect() as connection:
            for number in range(6):
                text = (f"{number} {size} " * size)[:size]
                message = app.send_to(device, alert=text, needConfirm=True)
                received = connection.message()
                assert (received["id"], received["alert"]) == (message, text)
                connection.confirm(message)
                eventually(lambda: app.state(message, device) == "received")


class TestPlainText:
    def test_a_plain_request_is_told_what_to_change(self, secure):
        server = secure()
        answer = curl("-i", f"http://127.0.0.1:{server.port}/msgpush/send", "-d", "x" * 20_000)
        assert "400 Bad Request" in answer.stdout
        assert json.loads(answer.stdout.splitlines()[-1])["error"] == "https_required"
        assert server.is_well()

    @pytest.mark.parametrize("bytes", [b"\x00" * 100, b"\x80\x2e\x01\x03\x01", b"\x16\x03\x01\x00\x05aaaaa", b"\x16" * 5000])
    def test_what_is_neither_is_closed(self, secure, bytes):
        server = secure()
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as stream:
            stream.sendall(bytes)
            answer = b""
            try:
                while part := stream.recv(4096):
                    answer += part
            except ConnectionResetError:
                pass
        assert b"HTTP" not in answer
        assert server.is_well()


class TestOwnPrograms:
    def test_the_command_speaks_https_with_a_private_authority(self, secure, authority):
        server = secure()
        known = ["--server", server.url, "--token", server.token, "--ca", authority.file]
        assert run("app", "create", "shop", *known).returncode == 0
        named = run("app", "list", "--server", f"https://localhost:{server.port}", APUS_CA=authority.file,
                    APUS_ADMIN_TOKEN=server.token)
        assert named.returncode == 0 and "shop" in named.stdout

    def test_without_the_authority_it_says_what_is_wrong(self, secure):
        server = secure()
        ended = run("app", "list", "--server", server.url, "--token", server.token)
        assert ended.returncode == 3 and "authority" in ended.stderr

    def test_a_file_that_holds_no_certificate_is_refused(self, secure, tmp_path):
        for path in (tmp_path / "missing.pem", tmp_path / "server.key"):
            ended = run("app", "list", "--server", secure().url, "--ca", path)
            assert ended.returncode == 2 and str(path) in ended.stderr

    def test_http_to_the_port_is_told_what_to_change(self, secure):
        ended = run("app", "list", "--server", secure().url.replace("https", "http"))
        assert ended.returncode == 1 and "https://" in ended.stderr

    def test_https_to_a_server_without_it_is_told(self, server):
        ended = run("app", "list", "--server", server.url.replace("http", "https"))
        assert ended.returncode == 3 and "does not speak https" in ended.stderr

    def test_listen_gets_messages_over_a_secure_websocket(self, secure, authority):
        app = App(secure())
        command = [BINARY, "listen", "--register", app.id, "ann", "--server", app.server.url, "--ca", authority.file]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
            try:
                eventually(lambda: app.server.metric("apus_sessions") == 1)
                message = app.send(alert="Hello", needConfirm=True)
                eventually(lambda: app.counts(message) == {"received": 1})
            finally:
                process.terminate()
            assert "Hello" in process.stdout.read()

    def test_listen_says_why_it_does_not_connect(self, secure):
        server = secure()
        ended = run("listen", "0" * 32, "--server", server.url)
        assert ended.returncode == 3 and "authority" in ended.stderr


class TestCertificate:
    def test_without_one_a_self_signed_one_is_made_and_kept(self, start_server):
        server = start_server(server__tls="true")
        file = server.data / "tls-certificate.pem"
        assert (server.data / "tls-key.pem").stat().st_mode & 0o077 == 0
        first = file.read_text()
        assert curl("--cacert", file, f"https://localhost:{server.port}/healthz").returncode == 0
        ended = run("app", "list", "--server", server.url, "--ca", file, "--token", server.token)
        assert ended.returncode == 0, ended.stderr
        assert f"--cacert {file}" in server.output and f"--ca {file}" in server.output
        server.restart()
        assert file.read_text() == first

    def test_a_file_that_is_missing_is_named(self, authority, tmp_path):
        authority.issue().write(tmp_path)
        for missing, key in (("server.pem", "tls.certificate"), ("server.key", "tls.private_key")):
            authority.issue().write(tmp_path)
            (tmp_path / missing).unlink()
            message = self.refused(tmp_path)
            assert str(tmp_path / missing) in message and "does not exist" in message and key in message

    def test_a_file_with_something_else_is_named(self, authority, tmp_path):
        for name in ("server.pem", "server.key"):
            authority.issue().write(tmp_path)
            (tmp_path / name).write_text("-----BEGIN NONSENSE-----\n")
            message = self.refused(tmp_path)
            assert str(tmp_path / name) in message and "in PEM form" in message

    def test_a_key_of_another_certificate_is_told(self, authority, tmp_path):
        authority.issue().write(tmp_path)
        (tmp_path / "server.key").write_text(authority.issue().key)
        assert "is not that of the certificate" in self.refused(tmp_path)

    def test_only_one_of_the_two_is_a_contradiction(self, tmp_path):
        message = refused(
            "--data-dir", tmp_path / "data", "--set", "server.tls=true", "--set", "tls.certificate=a.pem", code=2)
        assert "tls.private_key" in message

    @staticmethod
    def refused(directory):
        return refused(
            "--data-dir", directory / "data", "--set", "server.tls=true", "--set",
            f"tls.certificate={directory / 'server.pem'}", "--set", f"tls.private_key={directory / 'server.key'}")
