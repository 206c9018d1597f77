"""Backups of a server that goes on working, what is done with a damaged one, and what is found in damaged data."""

import asyncio
import json
import os
import pty
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest

from load import HTTP
from onepush import App
from server import BINARY, environment, run
from waiting import eventually

PASSPHRASE = "a passphrase of the tests"


def done(*arguments, code=0, **options):
    """What a command says, on the standard output if it succeeds."""
    ended = run(*arguments, within=120, **options)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Fatal" not in ended.stderr
    return ended.stdout if code == 0 else ended.stdout + ended.stderr


def backup(server, target, *arguments, **options):
    return json.loads(
        done("backup", target, "--data-dir", server.data, "--json", *arguments, **options))


def verify(*arguments, code=0):
    return json.loads(done("verify", *arguments, "--json", code=code).split("\n")[0])


def codes(report):
    return {problem["code"] for problem in report["problems"]}


def restored(start_server, app, source, data):
    """The app on a server with what the backup `source` holds."""
    done("restore", source, "--data-dir", data)
    shutil.copy(app.server.data / "secret.key", data)
    copy = App.__new__(App)
    copy.server, copy.id, copy.key = start_server(data=data), app.id, app.key
    return copy


def swell(data, megabytes):
    """Makes the database of a server that does not run larger, by messages that are over."""
    database = sqlite3.connect(data / "apus.db")
    database.execute("""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO messages (id, app, tenant, kind, alert, needs_confirmation, expires_at, audience_kind, audience)
        SELECT ((unixepoch() - 60) * 1000 << 21) + n, 1, '', 0, hex(randomblob(2000)), 0,
            (unixepoch() + 86400) * 1000, 'ALL', '[]'
        FROM numbers""", [megabytes * 250])
    database.commit()
    database.close()


class Senders:
    """Requests one after the other on some connections, until they are told to stop."""

    def __init__(self, app, count=8):
        self.app = app
        self.accepted = []
        self.refused = []
        self.slowest = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.send_all(count)))

    def __enter__(self):
        self.thread.start()
        eventually(lambda: len(self.accepted) > 50)
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(30)

    async def send_all(self, count):
        await asyncio.gather(*[self.send_on() for _ in range(count)])

    async def send_on(self):
        body = json.dumps(self.app.body(alert="x" * 300, needConfirm=True)).encode()
        async with await HTTP.open(self.app.server) as http:
            while not self.stopping.is_set():
                start = time.monotonic()
                status, answer = await http.request("POST", "/msgpush/send", body)
                self.slowest = max(self.slowest, time.monotonic() - start)
                if status == 200:
                    self.accepted.append(answer["requestId"])
                else:
                    self.refused.append((status, answer))


class TestUnderLoad:
    def test_nothing_is_refused_and_what_was_accepted_before_is_in_it(self, start_server, tmp_path, capsys):
        app = App(start_server())
        device = app.register()
        app.server.stop()
        swell(app.server.data, 200)
        app.server.start()
        with Senders(app) as senders:
            before = list(senders.accepted)
            start = time.monotonic()
            manifest = backup(app.server, tmp_path / "backup")
            took = time.monotonic() - start
            eventually(lambda: len(senders.accepted) > len(before) + 50)
        assert senders.refused == []
        assert manifest["files"][0]["bytes"] > 150 << 20
        with capsys.disabled():
            print(
                f"\n{len(senders.accepted) - len(before)} messages accepted in {took:.1f} s of backup, the slowest in "
                f"{senders.slowest * 1000:.0f} ms")

        assert verify(tmp_path / "backup")["ok"]
        copy = restored(start_server, app, tmp_path / "backup", tmp_path / "data")
        assert verify("--data-dir", tmp_path / "data")["ok"]
        held = {message for message in senders.accepted if copy.server.admin("GET", f"/v1/messages/{message}").ok}
        assert held >= set(before)
        assert held == set(sorted(senders.accepted, key=int)[:len(held)]), "it is not of one moment"
        assert {copy.state(message, device) for message in before[:20]} == {"unsent"}

    def test_a_program_that_reads_for_long_does_not_hold_up_the_server(self, start_server):
        app = App(start_server(limits__app_rate=0))
        reader = sqlite3.connect(app.server.data / "apus.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        log = app.server.data / "apus.db-wal"
        body = app.body(alert="x" * 4000)
        with Senders(app) as senders:
            # Past the size at which the server would like to begin the log anew.
            while log.stat().st_size < 70 << 20:
                app.batch([body] * 1000)
            count = len(senders.accepted)
            eventually(lambda: len(senders.accepted) > count + 600, within=60)
        assert senders.refused == []
        assert senders.slowest < 5
        reader.execute("ROLLBACK")
        reader.close()
        with Senders(app):
            eventually(lambda: log.stat().st_size <= 64 << 20, within=30)

    def test_one_that_is_killed_leaves_nothing_that_looks_like_a_backup(self, start_server, tmp_path):
        app = App(start_server())
        app.server.stop()
        swell(app.server.data, 100)
        app.server.start()
        target = tmp_path / "backup"
        for delay in (0.05, 0.1, 0.2, 0.3):
            process = subprocess.Popen([BINARY, "backup", target, "--data-dir", app.server.data], env=environment())
            time.sleep(delay)
            process.kill()
            process.wait()
            if target.exists():
                assert verify(target)["ok"]
                shutil.rmtree(target)
        backup(app.server, target)
        assert verify(target)["ok"]
        assert sorted(path.name for path in tmp_path.iterdir()) == ["backup"]


class TestData:
    @pytest.mark.parametrize("end", ["stop", "kill"])
    def test_no_server_has_to_run(self, start_server, tmp_path, end):
        app = App(start_server())
        device = app.register()
        message = app.send()
        getattr(app.server, end)()
        backup(app.server, tmp_path / "backup")
        copy = restored(start_server, app, tmp_path / "backup", tmp_path / "data")
        assert copy.state(message, device) == "unsent"

    def test_the_manifest_says_what_is_in_it(self, start_server, tmp_path):
        app = App(start_server())
        app.register()
        app.send()
        manifest = backup(app.server, tmp_path / "backup")
        assert manifest == json.loads((tmp_path / "backup/manifest.json").read_text())
        assert manifest["version"] == run("version").stdout.strip()
        assert manifest["counts"]["messages"] == 1 and manifest["counts"]["deliveries"]["unsent"] == 1
        assert [file["name"] for file in manifest["files"]] == ["apus.db"]
        assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
        assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "backup").iterdir())

    def test_what_is_there_is_not_written_over(self, server, tmp_path):
        backup(server, tmp_path / "backup")
        before = (tmp_path / "backup/manifest.json").read_text()
        assert "already" in done("backup", tmp_path / "backup", "--data-dir", server.data, code=1)
        assert (tmp_path / "backup/manifest.json").read_text() == before

    def test_a_directory_without_data_is_named(self, tmp_path):
        assert "--data-dir" in done("backup", tmp_path / "backup", "--data-dir", tmp_path / "none", code=1)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("command", [["backup", "backup"], ["verify"], ["audit", "verify"]])
    def test_who_may_not_look_into_the_directory_is_told_so(self, tmp_path, command):
        data = tmp_path / "data"
        data.mkdir(mode=0)
        # Root may look into everything, unless that right is taken from it.
        limit = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
        ended = subprocess.run(
            [*limit, BINARY, *command, "--data-dir", data], cwd=tmp_path, env=environment(), capture_output=True,
            text=True)
        assert ended.returncode == 1 and "as the server's user" in ended.stderr, ended.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["data"]

    def test_a_disk_without_room_is_told_and_nothing_is_left(self, start_server, tmp_path):
        app = App(start_server())
        app.server.stop()
        swell(app.server.data, 20)
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, text=True)
        if mounted.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
        try:
            assert "no room" in done("backup", disk / "backup", "--data-dir", app.server.data, code=1)
            assert list(disk.iterdir()) == []
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)

    def test_progress_is_for_terminals_only(self, server, tmp_path):
        command = [BINARY, "backup", "--data-dir", server.data]
        ended = subprocess.run([*command, tmp_path / "one"], env=environment(), capture_output=True, text=True)
        assert ended.stderr == ""
        terminal, other = pty.openpty()
        running = subprocess.Popen(
            [*command, tmp_path / "two"], env=environment(), stdout=subprocess.DEVNULL, stderr=other)
        os.close(other)
        shown = everything_from(terminal).decode()
        assert running.wait(timeout=60) == 0
        assert "copying the database" in shown and "100 %" in shown and shown.endswith("\r\x1b[K")


def everything_from(terminal):
    """What a terminal shows until its last program has ended; a read returns what there is, which may be a part."""
    shown = b""
    try:
        while part := os.read(terminal, 10_000):
            shown += part
    except OSError:
        pass  # Linux tells the end so.
    os.close(terminal)
    return shown


class TestKey:
    @pytest.fixture
    def app(self, start_server):
        return App(start_server())

    def test_it_is_not_in_the_backup_and_that_is_said(self, app, tmp_path):
        shown = done("backup", tmp_path / "backup", "--data-dir", app.server.data)
        assert "key file is not in it" in shown and str(app.server.data / "secret.key") in shown
        key = (app.server.data / "secret.key").read_bytes().strip()
        assert all(key not in file.read_bytes() for file in (tmp_path / "backup").iterdir())

    def test_with_a_passphrase_it_is_in_it_and_comes_back(self, app, tmp_path):
        manifest = backup(app.server, tmp_path / "backup", "--with-key", APUS_BACKUP_PASSPHRASE=PASSPHRASE)
        assert [file["name"] for file in manifest["files"]] == ["apus.db", "secret.key.sealed"]
        key = (app.server.data / "secret.key").read_bytes()
        assert all(key.strip() not in file.read_bytes() for file in (tmp_path / "backup").iterdir())
        (tmp_path / "passphrase").write_text(PASSPHRASE + "\nmore\n")
        shown = done(
            "restore", tmp_path / "backup", "--data-dir", tmp_path / "data", "--passphrase-file", tmp_path / "passphrase")
        assert "no key file" not in shown
        assert (tmp_path / "data/secret.key").read_bytes() == key
        assert (tmp_path / "data/secret.key").stat().st_mode & 0o077 == 0

    def test_a_wrong_passphrase_restores_nothing(self, app, tmp_path):
        backup(app.server, tmp_path / "backup", "--with-key", APUS_BACKUP_PASSPHRASE=PASSPHRASE)
        message = done(
            "restore", tmp_path / "backup", "--data-dir", tmp_path / "data", code=1, APUS_BACKUP_PASSPHRASE="wrong")
        assert "passphrase" in message
        assert not (tmp_path / "data").exists()

    def test_without_a_passphrase_it_is_not_put_in(self, app, tmp_path):
        assert "passphrase" in done(
            "backup", tmp_path / "backup", "--with-key", "--data-dir", app.server.data, code=2)
        assert not (tmp_path / "backup").exists()

    def test_a_server_does_not_start_on_data_whose_key_is_missing(self, start_server, app, tmp_path):
        backup(app.server, tmp_path / "backup")
        assert "no key file" in done("restore", tmp_path / "backup", "--data-dir", tmp_path / "data")
        message = done("serve", "--port", 0, "--data-dir", tmp_path / "data", code=1)
        assert "key file" in message and "backup" in message and "replace_key" in message
        assert not (tmp_path / "data/secret.key").exists()
        shutil.copy(app.server.data / "secret.key", tmp_path / "data")
        assert start_server(data=tmp_path / "data").is_well()

    def test_the_way_that_the_message_tells_makes_a_new_key(self, start_server, app):
        app.server.stop()
        (app.server.data / "secret.key").unlink()
        message = done("serve", "--port", 0, "--data-dir", app.server.data, code=1)
        assert "--set server.replace_key=true" in message
        assert app.server.start(server__replace_key="true").is_well()


@pytest.fixture(scope="module")
def source(server, tmp_path_factory):
    """A backup that is not changed."""
    target = tmp_path_factory.mktemp("source") / "backup"
    backup(server, target)
    return target


class TestRestoring:
    def test_a_directory_that_is_not_empty_is_left_alone(self, source, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        message = done("restore", source, "--data-dir", tmp_path, code=1)
        assert "not empty" in message and "notes.txt" in message
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_a_running_server_keeps_its_data(self, source, start_server):
        server = start_server()
        message = done("restore", source, "--data-dir", server.data, code=1)
        assert f"process {server.process.pid}" in message
        assert server.is_well()

    def test_what_is_no_backup_is_refused(self, tmp_path):
        assert "is no backup" in done("restore", tmp_path, "--data-dir", tmp_path / "data", code=1)
        assert not (tmp_path / "data").exists()

    def test_an_empty_directory_may_be_there(self, source, tmp_path):
        (tmp_path / "data").mkdir()
        done("restore", source, "--data-dir", tmp_path / "data")
        assert verify("--data-dir", tmp_path / "data")["ok"]

    def test_a_backup_of_a_newer_version_is_refused(self, source, tmp_path):
        copy = tmp_path / "copy"
        shutil.copytree(source, copy)
        manifest = json.loads((copy / "manifest.json").read_text())
        (copy / "manifest.json").write_text(json.dumps(manifest | {"schema": "99 future", "version": "9.9"}))
        assert "9.9" in done("restore", copy, "--data-dir", tmp_path / "data", code=1)
        (copy / "manifest.json").write_text(json.dumps(manifest | {"format": 2}))
        assert "later one" in done("restore", copy, "--data-dir", tmp_path / "data", code=1)

    def test_data_of_a_newer_version_are_not_backed_up_as_if_they_were_of_this(self, start_server, tmp_path):
        server = start_server()
        server.stop()
        database = sqlite3.connect(server.data / "apus.db")
        database.execute("INSERT INTO grdb_migrations VALUES ('99 future')")
        database.commit()
        database.close()
        message = done("backup", tmp_path / "backup", "--data-dir", server.data, code=1)
        assert f"{server.data}/apus.db was written by a newer version" in message
        assert not list(tmp_path.glob("backup*"))
        assert codes(verify("--data-dir", server.data, code=4)) == {"database_newer"}
        assert "newer version" in done("doctor", "--data-dir", server.data, "--port", 0, code=4)


class TestTampering:
    @pytest.fixture
    def copy(self, server, tmp_path):
        backup(server, tmp_path / "backup", "--with-key", APUS_BACKUP_PASSPHRASE=PASSPHRASE)
        return tmp_path / "backup"

    def refused(self, copy):
        message = done(
            "restore", copy, "--data-dir", copy.parent / "data", code=1, APUS_BACKUP_PASSPHRASE=PASSPHRASE)
        assert not (copy.parent / "data").exists()
        return message

    @pytest.mark.parametrize("offset", [0, 30, 5000, -1])
    def test_a_changed_byte_of_the_database_is_found(self, copy, offset):
        content = bytearray((copy / "apus.db").read_bytes())
        content[offset] ^= 1
        (copy / "apus.db").write_bytes(content)
        report = verify(copy, code=4)
        assert "file_changed" in codes(report) and "apus.db" in report["problems"][0]["text"]
        assert "apus.db is not as it was made" in self.refused(copy)

    def test_a_database_that_was_cut_off_is_found(self, copy):
        size = (copy / "apus.db").stat().st_size
        os.truncate(copy / "apus.db", size - 4096)
        assert str(size) in verify(copy, code=4)["problems"][0]["text"]
        assert "bytes instead of" in self.refused(copy)

    def test_a_missing_file_is_found(self, copy):
        (copy / "apus.db").unlink()
        assert codes(verify(copy, code=4)) == {"file_missing"}
        assert "apus.db is missing" in self.refused(copy)

    def test_a_changed_key_is_found(self, copy):
        sealed = json.loads((copy / "secret.key.sealed").read_text())
        (copy / "secret.key.sealed").write_text(json.dumps(sealed | {"logCost": 15}))
        assert codes(verify(copy, code=4)) == {"file_changed"}
        assert "secret.key.sealed" in self.refused(copy)
        (copy / "secret.key.sealed").unlink()
        assert codes(verify(copy, code=4)) == {"file_missing"}
        assert "secret.key.sealed is missing" in self.refused(copy)

    def test_a_changed_manifest_is_found(self, copy):
        path = copy / "manifest.json"
        manifest = json.loads(path.read_text())
        path.write_text(json.dumps(manifest | {"counts": manifest["counts"] | {"messages": 10_000}}))
        assert codes(verify(copy, code=4)) == {"counts"}
        path.write_text(json.dumps(manifest | {"schema": "1 foundation"}))
        assert codes(verify(copy, code=4)) == {"schema"}
        path.write_text(path.read_text()[:-40])
        assert codes(verify(copy, code=4)) == {"backup_damaged"}
        assert "manifest.json cannot be read" in self.refused(copy)

    def test_a_row_that_was_changed_with_its_checksum_is_found(self, copy):
        database = sqlite3.connect(copy / "apus.db")
        database.execute("INSERT INTO deliveries VALUES (1, 1, 0, 0, 0, 9, 0, '', 1, 1, 1, NULL, NULL, NULL)")
        database.commit()
        database.close()
        assert {"file_changed", "delivery_state", "delivery_message"} <= codes(verify(copy, code=4))


class TestVerifying:
    def test_a_running_server_is_right_and_goes_on(self, start_server):
        app = App(start_server())
        device = app.register()
        with Senders(app) as senders:
            report = verify("--data-dir", app.server.data)
        assert report["ok"] and report["counts"]["devices"] == 1 and device
        assert senders.refused == []

    def test_for_people_it_says_what_is_wrong(self, start_server):
        app = App(start_server())
        app.register()
        app.send()
        app.server.stop()
        assert "Nothing is wrong." in done("verify", "--data-dir", app.server.data)
        database = sqlite3.connect(app.server.data / "apus.db")
        database.execute("UPDATE deliveries SET open = 0")
        database.commit()
        database.close()
        assert "delivery_open: 1 deliveries" in done("verify", "--data-dir", app.server.data, code=4)
