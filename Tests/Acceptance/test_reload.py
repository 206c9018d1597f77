"""What changes while the server runs: the configuration on SIGHUP, the certificate also by itself."""

import json
import os
import re
import signal
import socket
import ssl

import pytest
from cryptography import x509

from certificates import Authority
from onepush import App
from server import run
from waiting import eventually


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def configured(start_server, tmp_path, text):
    """A server with that configuration file, and the file."""
    file = tmp_path / "apus.yaml"
    file.write_text(text)
    return start_server("--config", file), file


def reload(server, result="done"):
    """Sends SIGHUP and waits until it has been dealt with."""
    name = f'apus_reload_total{{result="{result}"}}'
    before = counter(server, name)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: counter(server, name) == before + 1)


def counter(server, series):
    return next(float(line.split()[-1]) for line in server.get("/metrics").text.splitlines() if line.startswith(series))


class TestConfiguration:
    def test_limits_hold_at_once_for_connections_that_are_open(self, start_server, tmp_path):
        server, file = configured(start_server, tmp_path, "limits:\n  payload: 1KB\n")
        app = App(server)
        device = app.register()
        with device.connect() as connection:
            assert app.post(alert="x" * 2000).status_code == 413
            file.write_text("limits:\n  payload: 4KB\n  body: 5KB\n  batch_messages: 2\n  app_rate: 3\n")
            reload(server)
            message = app.send(alert="x" * 2000)
            assert connection.message()["id"] == message
        assert app.post(alert="hello", extra="x" * 6000).status_code == 413
        assert "batch" in server.post("/v1/messages:batch", data="{}\n{}\n{}").text
        assert [app.post().status_code for _ in range(6)].count(429) >= 3

    def test_level_and_format_of_the_log(self, start_server, tmp_path):
        server, file = configured(start_server, tmp_path, "log:\n  level: error\n")
        reload(server)
        assert server.log == ""
        file.write_text("log:\n  level: info\n  format: json\n")
        reload(server)
        line = json.loads(eventually(lambda: server.log).splitlines()[-1])
        assert line["message"] == "reloaded" and line["metadata"]["changed"] == "log.level, log.format"

    def test_the_admin_token(self, start_server, tmp_path):
        server, file = configured(start_server, tmp_path, "limits: {}\n")
        server.stop()
        server.token = ""
        file.write_text("server:\n  admin_token: the-first-of-two-tokens\n")
        server.start()
        file.write_text("server:\n  admin_token: the-second-of-two-tokens\n")
        reload(server)
        codes = []
        for token in ("the-first-of-two-tokens", "the-second-of-two-tokens"):
            codes.append(server.get("/v1/apps", headers={"Authorization": f"Bearer {token}"}).status_code)
        assert codes == [401, 200]
        assert "two-tokens" not in server.log
        audit = server.get(
            "/v1/audit?act=token.configure", headers={"Authorization": "Bearer the-second-of-two-tokens"}).json()
        # The server had another one, from its environment, before the file's.
        assert len({entry["details"]["fingerprint"] for entry in audit["entries"]}) == len(audit["entries"]) == 3

    def test_keys_that_need_a_restart_are_named_and_the_others_hold(self, start_server, tmp_path):
        server, file = configured(start_server, tmp_path, "sessions:\n  window: 5\n")
        file.write_text("sessions:\n  window: 6\nlog:\n  level: debug\nxmpp:\n  domain: example.org\n")
        reload(server)
        assert "needs a restart: sessions.window, xmpp.domain" in server.log
        assert "changed=log.level" in server.log

    @pytest.mark.parametrize(
        "text, reason", [
            ("limits:\n  body: x\n", "limits.body"), ("limits: [", "not YAML"), ("limit:\n  body: 1KB\n", "Did you mean"),
            ("limits:\n  body: 1MB\n  batch_body: 1KB\n", "must not be more than"), (None, "does not exist")])
    def test_a_broken_configuration_changes_nothing(self, start_server, tmp_path, text, reason):
        server, file = configured(start_server, tmp_path, "limits:\n  payload: 1KB\n")
        app = App(server)
        file.unlink() if text is None else file.write_text(text)
        reload(server, "refused")
        assert reason in server.log and "what held before still holds" in server.log
        assert app.post(alert="x" * 2000).status_code == 413
        app.send()

    def test_each_key_that_the_guide_calls_reloadable_is(self, tmp_path):
        lines = run("config", "example").stdout.splitlines()
        reloadable = {line.split(":")[0].strip() for before, line in zip(lines, lines[1:]) if "; reloadable" in before}
        assert {"level", "format", "body", "certificate", "private_key"} <= reloadable
        assert not {"port", "data_dir", "window"} & reloadable


class TestCertificate:
    @pytest.fixture
    def server(self, start_server, authority, tmp_path):
        self.directory = tmp_path
        self.first = authority.issue()
        return start_server(
            authority=authority.file, server__tls="true", xmpp__port=0, xmpp__tls_port=0, **self.first.write(tmp_path))

    def serial(self, server, authority, port=None):
        """The number of the certificate that a new connection is shown."""
        context = ssl.create_default_context(cafile=authority.file)
        address = ("127.0.0.1", port or server.port)
        with context.wrap_socket(socket.create_connection(address, timeout=10), server_hostname="localhost") as stream:
            return x509.load_der_x509_certificate(stream.getpeercert(binary_form=True)).serial_number

    def test_new_connections_get_the_new_one_and_old_ones_stay(self, server, authority):
        app = App(server)
        device = app.register()
        with device.connect() as connection:
            assert self.serial(server, authority) == self.first.serial
            second = authority.issue()
            second.write(self.directory)
            reload(server)
            direct = int(re.search(r"encrypt from the start connect to port (\d+)", server.output)[1])
            assert self.serial(server, authority) == self.serial(server, authority, direct) == second.serial
            message = app.send(needConfirm=True)
            assert connection.message()["id"] == message
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")

    def test_changed_files_are_noticed_without_a_signal(self, server, authority):
        second = authority.issue()
        (self.directory / "server.pem").write_text(second.certificate)
        eventually(lambda: counter(server, 'apus_reload_total{result="refused"}') == 1)
        assert "is not that of the certificate" in server.log
        assert self.serial(server, authority) == self.first.serial
        # As certbot does it: another file takes the place.
        (self.directory / "new").write_text(second.key)
        os.replace(self.directory / "new", self.directory / "server.key")
        eventually(lambda: self.serial(server, authority) == second.serial)
        assert "a new certificate is used" in server.log
        assert counter(server, 'apus_reload_total{result="done"}') == 1

    @pytest.mark.parametrize("kind", ["broken", "mismatched", "ended", "early", "missing"])
    def test_one_that_cannot_be_used_keeps_the_old_one_and_says_why(self, server, authority, kind):
        issued = authority.issue(days=-1 if kind == "ended" else 30, wait=5 if kind == "early" else 0)
        issued.write(self.directory)
        if kind == "broken":
            (self.directory / "server.pem").write_text("-----BEGIN CERTIFICATE-----\nxxxx\n-----END CERTIFICATE-----\n")
        elif kind == "mismatched":
            (self.directory / "server.key").write_text(authority.issue().key)
        elif kind == "missing":
            (self.directory / "server.key").unlink()
        reload(server, "refused")
        reasons = {
            "broken": "does not hold a certificate", "mismatched": "is not that of the certificate",
            "ended": "ended at", "early": "on only", "missing": "does not exist"}
        assert reasons[kind] in server.log
        assert self.serial(server, authority) == self.first.serial
        assert len(re.findall("what held before still holds", server.log)) == 1
