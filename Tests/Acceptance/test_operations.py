"""Starting, stopping, and what keeps the server from either."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest
import requests

from certificates import Authority
from onepush import App, ids
from server import BINARY, environment, run
from waiting import eventually
from wire import WebSocketWire


def refused(*arguments, code=1, directory=None, **variables):
    """What `apus serve`, which does not start, says."""
    ended = run("serve", "--port", 0, *arguments, directory=directory, **variables)
    assert ended.returncode == code, ended.stderr
    assert "Apus listens" not in ended.stdout
    assert "Fatal" not in ended.stderr
    return ended.stderr


class TestFirstStart:
    def test_it_needs_no_configuration_and_tells_the_admin_token_once(self, start_server):
        server = start_server(token="")
        (token,) = re.findall(r"export APUS_ADMIN_TOKEN=(\S+)", server.output)
        assert len(token) == 32
        assert token not in server.log
        server.token = token
        server.create_app()
        server.token = ""
        server.restart()
        assert "APUS_ADMIN_TOKEN=" not in server.output
        assert token not in server.output + server.log
        server.token = token
        server.create_app()

    def test_its_data_is_below_the_directory_where_it_runs(self, start_server):
        server = start_server("--data-dir", "./data", data="ignored")
        assert (server.directory / "data" / "apus.db").exists()
        assert not (server.directory / "ignored").exists()

    def test_others_cannot_read_the_data(self, start_server):
        server = start_server()
        assert server.data.stat().st_mode & 0o077 == 0

    def test_secrets_are_nowhere_in_the_data(self, start_server):
        server = start_server(token="")
        (server.token,) = re.findall(r"export APUS_ADMIN_TOKEN=(\S+)", server.output)
        app = App(server)
        app.send()
        server.stop()
        for file in server.data.iterdir():
            content = file.read_bytes()
            assert app.key.encode() not in content and server.token.encode() not in content, file.name
        assert app.key not in server.log

    def test_the_banner_shows_calls_that_work(self, start_server):
        server = start_server()
        assert f"{server.url}/msgpush/send" in server.output


class TestProbes:
    def test_healthz_and_readyz(self, server):
        assert server.get("/healthz").json() == {"status": "ok"}
        assert server.get("/readyz").json() == {"status": "ready"}

    def test_metrics_count_what_happens(self, start_server):
        app = App(start_server())
        device = app.register()
        with device.connect() as connection:
            app.send(needConfirm=True, requestId="k")
            app.send(needConfirm=True, requestId="k")
            app.post(platform="X")
            message = connection.message()["id"]
            connection.read(message)
            eventually(lambda: app.state(message, device) == "read")
            expected = {
                "apus_messages_accepted_total": 1, "apus_messages_repeated_total": 1,
                "apus_deliveries_accepted_total": 1, "apus_sessions": 1, "apus_accept_queue": 0,
            }
            assert {name: app.server.metric(name) for name in expected} == expected
        eventually(lambda: app.server.metric("apus_sessions") == 0)

    def test_administrators_are_told_what_was_looked_at(self, server):
        answer = server.admin("GET", "/readyz")
        assert answer.status_code == 200 and answer.json()["status"] == "ready"
        states = {check["name"]: check["state"] for check in answer.json()["checks"]}
        assert states == dict.fromkeys(("commits", "store", "disk", "listeners", "vendors"), "ok")
        details = {check["name"]: check["detail"] for check in answer.json()["checks"]}
        assert details["listeners"] == "http", "and nothing that is not switched on"
        assert server.get("/readyz", headers={"Authorization": "Bearer wrong"}).json() == {"status": "ready"}

    def test_a_disk_with_too_little_room_is_not_ready(self, start_server):
        server = start_server(storage__least_free="16TB")
        answer = server.get("/readyz")
        assert answer.status_code == 503 and answer.json()["error"] == "disk_full"
        assert "storage.least_free" in answer.json()["message"]
        answer = server.admin("GET", "/readyz")
        assert answer.status_code == 503 and answer.json()["status"] == "unready"
        assert [check["name"] for check in answer.json()["checks"] if check["state"] == "failed"] == ["disk"]
        App(server).send()

    def test_a_certificate_that_has_ended_is_not_ready_and_one_that_ends_soon_is_told(self, start_server, tmp_path):
        authority = Authority(tmp_path)
        server = start_server(xmpp__port=0, **authority.issue(days=-1).write(tmp_path))
        answer = server.get("/readyz")
        assert answer.status_code == 503 and answer.json()["error"] == "certificate_ended"
        assert str(tmp_path) not in answer.text
        details = {check["name"]: check["detail"] for check in server.admin("GET", "/readyz").json()["checks"]}
        assert str(tmp_path / "server.pem") in details["certificate"]
        assert "the certificate has ended" in server.log
        authority.issue(days=5).write(tmp_path)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: server.get("/readyz").status_code == 200)
        checks = server.admin("GET", "/readyz").json()["checks"]
        assert [check["state"] for check in checks if check["name"] == "certificate"] == ["warning"]

    def test_where_the_data_is_no_stranger_is_told(self, start_server):
        server = start_server()
        server.data.rename(server.directory / "elsewhere")
        eventually(lambda: server.get("/readyz").status_code == 503)
        answer = server.get("/readyz")
        assert answer.json()["error"] == "disk_unreadable" and str(server.data) not in answer.text
        checks = server.admin("GET", "/readyz").json()["checks"]
        assert [str(server.data) in check["detail"] for check in checks if check["name"] == "disk"] == [True]

    def test_latencies_are_counted_once_for_each_thing_that_took_time(self, start_server):
        app = App(start_server())
        device = app.register()
        with device.connect() as connection:
            for _ in range(5):
                message = app.send(needConfirm=True)
                connection.message()
                connection.confirm(message)
                eventually(lambda: app.state(message, device) == "received")
            server = app.server
            assert server.metric("apus_http_accept_seconds_count") == 5
            assert server.metric("apus_hand_over_seconds_count") == 5
            assert server.metric("apus_confirm_seconds_count") == 5
            assert server.metric("apus_commit_seconds_count") >= 10
            for name in ("http_accept", "hand_over", "confirm", "commit"):
                assert 0 < server.metric(f"apus_{name}_seconds_sum") + 0.001 < 10, name
            text = server.get("/metrics").text
            assert 'apus_delivery_events_total{event="sent",route="websocket"} 5\n' in text
            assert 'apus_delivery_events_total{event="received",route="websocket"} 5\n' in text
            assert 'apus_connections{kind="websocket"} 1.0\n' in text

    def test_refusals_are_counted_by_their_reason(self, start_server):
        app = App(start_server())
        app.post(appKey="wrong")
        app.post(appKey="wrong")
        app.post(alert=None)
        text = app.server.get("/metrics").text
        assert 'apus_http_sends_refused_total{reason="wrong_app_key"} 2\n' in text
        assert 'apus_http_sends_refused_total{reason="invalid_request"} 1\n' in text

    def test_the_age_of_the_oldest_unsent_delivery(self, start_server):
        app = App(start_server())
        device = app.register()
        assert app.server.metric("apus_oldest_unsent_seconds") == 0
        app.send()
        eventually(lambda: 0 < app.server.metric("apus_oldest_unsent_seconds") < 60, within=20)
        with device.connect() as connection:
            connection.message()
            eventually(lambda: app.server.metric("apus_oldest_unsent_seconds") == 0, within=20)

    def test_what_the_system_tells_of_the_process(self, server):
        assert time.time() - 3600 < server.metric("process_start_time_seconds") < time.time()
        assert 0.5 < server.metric("process_resident_memory_bytes") / server.memory < 2
        assert server.metric("process_cpu_seconds_total") > 0
        open_files = server.metric("process_open_fds")
        assert abs(open_files - len(os.listdir(f"/proc/{server.process.pid}/fd"))) < 10
        free = server.metric("process_max_fds") - open_files
        assert abs(server.metric("apus_descriptors_free") - free) < 10

    def test_metrics_are_in_the_format_of_prometheus(self, server):
        answer = server.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        line = re.compile(r'# TYPE \w+ (counter|gauge|histogram)|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[0-9.e+-]+')
        for text in answer.text.splitlines():
            assert line.fullmatch(text), text


class TestConfiguration:
    def test_an_unknown_key_in_the_file_is_refused_with_a_suggestion(self, tmp_path):
        (tmp_path / "apus.yaml").write_text("server:\n  hots: 127.0.0.1\n")
        message = refused(directory=tmp_path, code=2)
        assert "apus.yaml:2" in message
        assert "server.hots" in message and "Did you mean server.host?" in message
        assert not (tmp_path / "data").exists()

    def test_an_unknown_variable_is_refused_with_a_suggestion(self, tmp_path):
        message = refused(directory=tmp_path, code=2, APUS_SERVER_PROT="1")
        assert "APUS_SERVER_PROT" in message and "Did you mean APUS_SERVER_PORT?" in message

    def test_an_unknown_key_of_a_flag_is_refused_with_a_suggestion(self, tmp_path):
        message = refused("--set", "session.window=3", directory=tmp_path, code=2)
        assert "Did you mean sessions.window?" in message

    def test_an_unknown_flag_is_refused(self, tmp_path):
        assert "--prot" in refused("--prot", 1, directory=tmp_path, code=2)

    @pytest.mark.parametrize(
        "setting", ["server.port=70000", "server.port=x", "sessions.resend_after=10", "limits.body=1XB",
                    "sessions.window=0", "server.demo=maybe", "log.level=loud", "sessions.ping_after=-1s"])
    def test_a_value_that_cannot_be_is_refused_and_told_what_is_expected(self, tmp_path, setting):
        message = refused("--set", setting, directory=tmp_path, code=2)
        key, value = setting.split("=")
        assert key in message and f'"{value}"' in message and "must be" in message

    def test_all_that_is_wrong_is_told_at_once(self, tmp_path):
        (tmp_path / "apus.yaml").write_text("log:\n  level: loud\n")
        message = refused("--set", "limits.body=x", directory=tmp_path, code=2, APUS_SESSIONS_WINDOW="x")
        assert all(key in message for key in ("log.level", "limits.body", "sessions.window"))

    @pytest.mark.parametrize(
        "text", ["server: [1]", "server:\n\tport: 1", "just text", "- a", "server:\n port: 1\n port: 2"])
    def test_a_file_that_is_no_configuration_is_refused(self, tmp_path, text):
        (tmp_path / "apus.yaml").write_text(text)
        assert "apus.yaml" in refused(directory=tmp_path, code=2)

    def test_a_file_that_is_missing_is_refused_if_it_was_named(self, tmp_path):
        assert "elsewhere.yaml" in refused("--config", "elsewhere.yaml", directory=tmp_path, code=2)

    def test_flags_are_stronger_than_variables_and_those_than_the_file(self, tmp_path):
        (tmp_path / "apus.yaml").write_text(
            "sessions:\n  window: 1\n  page_size: 1\nlimits:\n  audiences: 1\n")
        shown = run(
            "config", "show", "--set", "sessions.window=3", directory=tmp_path, APUS_SESSIONS_WINDOW=2,
            APUS_SESSIONS_PAGE_SIZE=2)
        lines = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
        assert lines["sessions.window"] == ["3", "flag", "--set"]
        assert lines["sessions.page_size"][0] == "2" and "APUS_SESSIONS_PAGE_SIZE" in lines["sessions.page_size"]
        assert lines["limits.audiences"][0] == "1" and "apus.yaml:5" in lines["limits.audiences"]

    def test_demo_mode_is_for_this_machine_only(self, tmp_path):
        message = refused("--demo", "--host", "0.0.0.0", directory=tmp_path, code=2)
        assert "server.demo" in message and "loopback" in message

    def test_a_port_that_is_taken_is_named(self, server, tmp_path):
        message = refused("--port", server.port, directory=tmp_path)
        assert f"127.0.0.1:{server.port} (Address already in use)." in message and "--port" in message


class TestStopping:
    def test_devices_are_told_and_what_was_accepted_is_kept(self, start_server):
        app = App(start_server())
        device = app.register()
        connection = device.connect()
        connection.texts_before_heartbeat_answer()
        absent = app.register()
        message = app.send(needConfirm=True)
        assert connection.message()["id"] == message
        assert app.server.stop() == 0
        assert connection.closing() == (1012, "the server is stopping; connect again in 3 s")
        connection.close()
        assert "stopped" in app.server.log

        app.server.start()
        for waiting in (device, absent):
            with waiting.connect() as connection:
                assert connection.message()["id"] == message

    def test_what_was_confirmed_just_before_is_kept(self, start_server):
        app = App(start_server())
        device = app.register()
        with device.connect() as connection:
            sent = [app.send(needConfirm=True) for _ in range(50)]
            connection.messages(50)
            connection.confirm(*sent)
            assert connection.texts_before_heartbeat_answer() == []
            assert app.server.stop() == 0
        app.server.start()
        assert {app.state(message, device) for message in sent} == {"received"}

    def test_many_devices_are_asked_to_come_back_one_after_the_other(self, start_server):
        app = App(start_server(sessions__reconnects_per_second=5))
        connections = [app.register().connect() for _ in range(20)]
        eventually(lambda: app.server.metric("apus_sessions") == 20)
        assert app.server.stop() == 0
        closings = [connection.closing() for connection in connections]
        assert {code for code, _ in closings} == {1012}
        seconds = [int(re.search(r"in (\d+) s$", reason)[1]) for _, reason in closings]
        assert set(seconds) == {3, 4, 5, 6}
        assert all(4 <= seconds.count(second) <= 6 for second in (3, 4, 5, 6))

    def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(self, start_server):
        app = App(start_server())
        device = app.register()
        message = app.send(needConfirm=True)
        # A device that takes its time to close, for which a stop waits.
        with WebSocketWire(device):
            eventually(lambda: app.server.metric("apus_sessions") == 1)
            app.server.process.send_signal(signal.SIGTERM)
            eventually(lambda: "stopping" in app.server.log)
            app.server.process.send_signal(signal.SIGTERM)
            assert app.server.process.wait(2) == 1
        assert "ended at once: asked a second time" in app.server.log
        app.server.start()
        with device.connect() as connection:
            assert connection.message()["id"] == message

    def test_it_is_gone_when_its_time_is_over_whoever_holds_it_up(self, start_server):
        app = App(start_server(server__drain_time="500ms"))
        device = app.register()
        with WebSocketWire(device):
            eventually(lambda: app.server.metric("apus_sessions") == 1)
            begin = time.monotonic()
            assert app.server.stop() == 0
            assert time.monotonic() - begin < 2.5

    def test_every_request_that_was_answered_while_it_stopped_was_kept(self, start_server):
        app = App(start_server())
        device = app.register()
        accepted, others = [], []

        def send_on():
            with requests.Session() as session:
                session.trust_env = False
                try:
                    while True:
                        answer = session.post(app.server.url + "/msgpush/send", json=app.body(), timeout=10)
                        if answer.status_code != 200:
                            return others.append((answer.status_code, answer.json()["error"]))
                        accepted.append(answer.json()["requestId"])
                except requests.ConnectionError:
                    return

        senders = [threading.Thread(target=send_on) for _ in range(8)]
        for sender in senders:
            sender.start()
        eventually(lambda: len(accepted) > 100)
        assert app.server.stop() == 0
        for sender in senders:
            sender.join()
        assert set(others) <= {(503, "stopping")}
        app.server.start()
        with device.connect() as connection:
            received = device.receives_before_a_marker(connection)
        assert set(ids(received)) >= set(accepted)

    def test_an_interrupt_stops_it_too(self, start_server):
        server = start_server()
        assert server.is_well()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 0

    def test_it_stops_cleanly_as_soon_as_it_says_that_it_listens(self, tmp_path):
        command = [BINARY, "serve", "--port", "0", "--data-dir", tmp_path / "data"]
        codes = []
        for _ in range(20):
            with subprocess.Popen(
                command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ) as process:
                next(line for line in process.stdout if "Apus listens" in line)
                process.terminate()
                process.stdout.read()
                codes.append(process.wait(10))
        assert codes == [0] * 20

    def test_after_a_stop_the_database_is_one_file(self, start_server):
        app = App(start_server())
        device = app.register()
        message = app.send()
        assert app.server.stop() == 0
        copy = app.server.directory / "copy"
        copy.mkdir()
        for name in ("apus.db", "secret.key"):
            shutil.copy(app.server.data / name, copy)
        app.server.data = copy
        app.server.start()
        assert app.state(message, device) == "unsent"

    def test_ids_grow_across_restarts(self, start_server):
        app = App(start_server())
        sent = []
        for _ in range(4):
            sent += [int(app.send()) for _ in range(20)]
            app.server.kill()
            app.server.start()
        assert sent == sorted(set(sent))


class TestDataDirectory:
    def test_a_second_server_on_the_same_data_is_refused(self, start_server):
        server = start_server()
        message = refused("--data-dir", server.data)
        assert str(server.data) in message and f"process {server.process.pid}" in message and "--data-dir" in message
        assert server.is_well()

    def test_after_a_crash_the_data_can_be_used_at_once(self, start_server):
        server = start_server()
        server.kill()
        assert server.start().is_well()

    def filled(self, start_server):
        """The directory of a server that has stopped, with some data in it."""
        app = App(start_server())
        app.register()
        app.batch([app.body(alert="x" * 2000)] * 200)
        assert app.server.stop() == 0
        database = sqlite3.connect(app.server.data / "apus.db")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return app.server.data

    @staticmethod
    def content(data):
        database = sqlite3.connect(data / "apus.db")
        try:
            return list(database.iterdump())
        finally:
            database.close()

    @pytest.mark.parametrize("offset", [0, 3 * 4096, 20 * 4096, 50 * 4096])
    def test_a_damaged_database_is_refused_with_what_to_do(self, start_server, offset):
        data = self.filled(start_server)
        with open(data / "apus.db", "r+b") as file:
            file.seek(offset)
            file.write(os.urandom(4096))
        message = refused("--data-dir", data)
        assert "is damaged" in message and "backup" in message and str(data / "apus.db") in message

    def test_a_database_that_was_cut_off_is_refused(self, start_server):
        data = self.filled(start_server)
        os.truncate(data / "apus.db", 40 * 4096)
        assert "is damaged" in refused("--data-dir", data)

    def test_a_file_that_is_no_database_is_refused(self, tmp_path):
        (tmp_path / "apus.db").write_text("hello " * 1000)
        assert "is damaged" in refused("--data-dir", tmp_path)
        assert (tmp_path / "apus.db").read_text() == "hello " * 1000

    def test_a_database_of_a_newer_version_is_refused_and_left_alone(self, start_server):
        data = self.filled(start_server)
        database = sqlite3.connect(data / "apus.db")
        database.execute("INSERT INTO grdb_migrations VALUES ('99 from the future')")
        database.commit()
        database.close()
        before = self.content(data)
        message = refused("--data-dir", data)
        assert "newer version" in message and "Install that version" in message
        assert self.content(data) == before

    def test_a_path_that_is_no_directory_is_refused(self, tmp_path):
        (tmp_path / "file").write_text("")
        message = refused("--data-dir", tmp_path / "file")
        assert str(tmp_path / "file") in message and "--data-dir" in message

    @pytest.fixture
    def read_only(self, tmp_path):
        """Makes what is in a directory read-only, also for root."""
        mounts = []

        def make(content=None):
            directory = tmp_path / "read-only"
            directory.mkdir()
            options = ["mount", "-t", "tmpfs", "tmpfs", directory]
            mounted = subprocess.run(options, capture_output=True, text=True)
            if mounted.returncode != 0:
                pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
            mounts.append(directory)
            if content:
                shutil.copytree(content, directory / "data")
            subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
            return directory / "data"

        yield make
        for mount in mounts:
            subprocess.run(["umount", "--lazy", mount], check=True)

    def test_a_read_only_directory_is_refused_with_what_to_do(self, read_only):
        data = read_only()
        message = refused("--data-dir", data)
        assert str(data) in message and "writable" in message and "--data-dir" in message

    def test_a_read_only_database_is_refused_with_what_to_do(self, start_server, read_only):
        data = read_only(self.filled(start_server))
        message = refused("--data-dir", data)
        assert str(data) in message and "writable" in message
