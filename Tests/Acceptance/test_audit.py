"""What is done with the server is written down, and whoever changes the record is found out."""

import base64
import json
import re
import sqlite3

import pytest

from onepush import App
from server import run
from waiting import eventually


@pytest.fixture
def server(start_server):
    return start_server(audit__send_interval="1s")


def entries(server, **query):
    answer = server.admin("GET", "/v1/audit", params={"limit": 1000} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"]


def done(server):
    """Those of what others than the server itself did."""
    return [entry for entry in entries(server) if entry["actor"] != "server"]


def verify(server, *arguments, code=0):
    ended = run("audit", "verify", "--data-dir", server.data, *arguments)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stderr if code else ended.stdout


def head(text):
    return re.search(r"^head  (\d+:\w{64})$", text, re.MULTILINE)[1]


def change(server, *statements):
    """Changes the database as somebody would who knows how."""
    database = sqlite3.connect(server.data / "apus.db")
    for trigger in ["audit_unchanged", "audit_undeleted"]:
        database.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


def work(server):
    app = App(server)
    server.admin("POST", f"/v1/apps/{app.id}/rotate-key", json={"overlap": 0})
    server.admin("POST", "/v1/tokens", json={"name": "ci", "role": "viewer"})
    server.admin("DELETE", "/v1/tokens/ci")
    return app


class TestEntries:
    def test_every_act_has_one_with_who_did_what_from_where(self, server):
        app = App(server, name="Shop")
        key = app.key
        made = server.admin("POST", "/v1/tokens", json={"name": "ci", "role": "sender", "expiresIn": 3600}).json()
        bearer = {"Authorization": f"Bearer {made['token']}"}
        device = app.register()
        message = app.send_to(device)
        assert server.request("DELETE", f"/v1/messages/{message}", headers=bearer).json()["cancelled"] == 1
        schedule = server.post("/v1/schedules", headers=bearer, json={
            "appId": app.id, "content": "hello", "receivers": "1", "sendAt": "2099-01-01 00:00"}).json()["id"]
        assert server.request("DELETE", f"/v1/schedules/{schedule}", headers={"X-App-Key": key}).status_code == 204
        account = {"name": "ann", "appId": app.id, "password": "a secret password"}
        assert server.admin("POST", "/v1/accounts", json=account).status_code == 200
        assert server.admin("POST", "/v1/accounts/ann/password", json={"password": "another one"}).status_code == 200
        assert server.admin("DELETE", "/v1/accounts/ann").status_code == 204
        assert server.admin("POST", f"/v1/apps/{app.id}/rotate-key", json={"overlap": 60}).status_code == 200
        assert server.admin("DELETE", "/v1/tokens/ci").status_code == 204
        found = [(entry["actor"], entry["act"], entry["object"]) for entry in reversed(done(server))
                 if entry["act"] != "send"]
        assert found == [
            ("token:configured", "app.create", app.id),
            ("token:configured", "token.create", "ci"),
            ("token:ci", "message.cancel", message),
            ("token:ci", "schedule.create", str(schedule)),
            (f"app:{app.id}", "schedule.cancel", str(schedule)),
            ("token:configured", "account.create", "ann"),
            ("token:configured", "account.set_password", "ann"),
            ("token:configured", "account.remove", "ann"),
            ("token:configured", "app.rotate_key", app.id),
            ("token:configured", "token.revoke", "ci"),
        ]
        assert {entry["address"] for entry in done(server)} == {"127.0.0.1"}
        text = json.dumps(entries(server))
        for secret in [key, made["token"], "a secret password", "another one", "hello", device.id]:
            assert secret not in text

    def test_what_was_refused_has_none(self, server):
        app = App(server)
        server.admin("POST", "/apps/", json={"name": "again", "id": app.id})
        server.admin("POST", "/v1/apps/unknown/rotate-key", json={})
        server.admin("DELETE", "/v1/tokens/unknown")
        server.admin("DELETE", "/v1/accounts/unknown")
        server.post("/apps/", json={"name": "without a token"})
        assert [entry["act"] for entry in done(server)] == ["app.create"]

    def test_sends_are_counted(self, server):
        app = App(server)
        app.register()
        messages = [app.send() for _ in range(5)]

        def count(what):
            return sum(entry["details"][what] for entry in entries(server, act="send"))

        eventually(lambda: count("messages") == 5)
        found = entries(server, act="send")
        assert count("deliveries") == 5
        assert {(entry["actor"], entry["object"]) for entry in found} == {(f"app:{app.id}", app.id)}
        assert (found[-1]["details"]["first"], found[0]["details"]["last"]) == (messages[0], messages[-1])

    def test_sends_are_counted_also_across_a_crash(self, start_server):
        server = start_server(audit__send_interval="1h")
        app = App(server)
        messages = [app.send() for _ in range(5)]
        server.kill()
        server.start()
        (entry,) = entries(server, act="send")
        assert entry["details"] == {
            "messages": 5, "first": messages[0], "last": messages[-1], "recovered": True}
        messages = [app.send() for _ in range(2)]
        server.restart()
        assert entries(server, act="send")[0]["details"]["messages"] == 2
        assert sum(entry["details"]["messages"] for entry in entries(server, act="send")) == 7
        assert server.admin("GET", "/v1/audit/verify").json()["intact"]

    def test_they_can_be_left_out(self, start_server):
        server = start_server(audit__sends="off", audit__send_interval="1s")
        app = App(server)
        app.send()
        server.restart()
        assert [entry["act"] for entry in done(server)] == ["app.create"]
        server.restart(audit__sends="summary")
        assert entries(server, act="send") == []
        said = entries(server, act="audit")
        assert [(entry["act"], entry["details"]) for entry in reversed(said)] == [
            ("audit.sends", {"counted": False}), ("audit.sends", {"counted": True})]
        message = app.send()
        server.restart()
        (entry,) = entries(server, act="send")
        assert entry["details"]["first"] == entry["details"]["last"] == message

    def test_another_configured_token_has_one_and_the_same_has_none(self, start_server):
        server = start_server()
        server.restart()
        first, server.token = server.token, "another-token-of-the-administrators"
        server.restart()
        found = [entry for entry in reversed(entries(server)) if entry["act"] == "token.configure"]
        assert [(entry["actor"], entry["object"]) for entry in found] == [("server", "configured")] * 2
        assert len({entry["details"]["fingerprint"] for entry in found}) == 2
        assert not any(token in json.dumps(found) for token in (first, server.token))

    def test_the_command_shows_and_filters_them(self, server):
        work(server)

        def show(*arguments, code=0):
            ended = run("audit", "show", *arguments, APUS_SERVER=server.url, APUS_ADMIN_TOKEN=server.token)
            assert ended.returncode == code, ended.stdout + ended.stderr
            return ended.stderr if code else ended.stdout

        assert re.search(r"token:configured +127\.0\.0\.1 +token\.create +ci ", show())
        assert "app." not in show("--act", "token")
        assert "Nothing" in show("--actor", "token:nobody")
        assert "token.revoke" in show("--since", "1h") and "Nothing" in show("--since", "2099-01-01T00:00:00Z")
        assert "--before" in show("--limit", "2")
        assert "no time" in show("--since", "yesterday", code=1)


class TestVerifying:
    def test_it_is_whole_with_and_without_the_server(self, server):
        work(server)
        ended = run("audit", "verify", APUS_SERVER=server.url, APUS_ADMIN_TOKEN=server.token)
        assert ended.returncode == 0 and head(ended.stdout) == head(verify(server))
        assert server.stop() == 0
        kept = head(verify(server))
        assert head(verify(server, "--head", kept)) == kept

    def test_the_log_of_each_start_has_the_head_to_be_kept(self, server):
        work(server)
        assert server.stop() == 0
        kept = head(verify(server))
        server.start()
        assert f"the audit is open head={kept}" in server.log

    def test_json_says_the_same_with_and_without_the_server(self, server):
        work(server)

        def verdict(*arguments, code=0):
            ended = run("audit", "verify", "--json", *arguments, APUS_SERVER=server.url, APUS_ADMIN_TOKEN=server.token)
            assert ended.returncode == code, ended.stdout + ended.stderr
            return json.loads(ended.stdout)

        whole = verdict()
        assert whole["intact"] and whole == verdict("--data-dir", server.data)
        change(server, "DELETE FROM audit WHERE sequence = 2")
        broken = verdict(code=4)
        assert not broken["intact"] and broken["entry"] == 2 and broken == verdict("--data-dir", server.data, code=4)

    def test_a_directory_without_data_is_told_as_that(self, tmp_path):
        ended = run("audit", "verify", "--data-dir", tmp_path / "none")
        assert ended.returncode == 1 and "There is no database" in ended.stderr

    @pytest.mark.parametrize(("statement", "reason"), [
        ("UPDATE audit SET previous = zeroblob(32) WHERE sequence = 2", "entry 2 is not as it was written"),
        ("UPDATE audit SET actor = 'token:somebody' WHERE sequence = 2", "entry 2 is not as it was written"),
        ("UPDATE audit SET at = at + 1 WHERE sequence = 3", "entry 3 is not as it was written"),
        ("UPDATE audit SET details = '{}' WHERE sequence = 1", "entry 1 is not as it was written"),
        ("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 2", "entry 2 is not as it was written"),
        ("DELETE FROM audit WHERE sequence = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE sequence > 2", "entries 3 to 5 are missing"),
        ("DELETE FROM audit", "missing"),
        ("DELETE FROM audit_head", "the head is missing"),
        ("UPDATE audit_head SET seal = zeroblob(32)", "was not written by this server"),
    ])
    def test_a_change_is_found_whoever_looks(self, server, statement, reason):
        work(server)
        assert server.stop() == 0
        change(server, statement)
        assert reason in verify(server, code=4)
        server.start()
        assert ("the audit was changed" in server.log) == ("entry" not in reason)
        answer = server.admin("GET", "/v1/audit/verify").json()
        assert not answer["intact"] and reason in answer["reason"]
        # What is written next does not hide it.
        App(server)
        assert not server.admin("GET", "/v1/audit/verify").json()["intact"]
        assert server.stop() == 0
        verify(server, code=4)

    def test_a_database_that_was_put_back_is_found_by_a_kept_head(self, server):
        work(server)
        assert server.stop() == 0
        earlier = (server.data / "apus.db").read_bytes()
        server.start()
        App(server)
        assert server.stop() == 0
        kept = head(verify(server))
        (server.data / "apus.db").write_bytes(earlier)
        verify(server)
        assert "missing" in verify(server, "--head", kept, code=4)

    def test_the_database_itself_refuses_changes(self, server):
        work(server)
        assert server.stop() == 0
        database = sqlite3.connect(server.data / "apus.db")
        for statement in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"]:
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                database.execute(statement)
        database.close()

    @pytest.mark.parametrize("wrong", ["", "5", "5:xyz", "0:" + "0" * 64])
    def test_a_head_that_is_none_is_said_to_be_that(self, server, wrong):
        assert "NUMBER:SEAL" in run("audit", "verify", "--head", wrong, "--data-dir", server.data).stderr
        assert server.admin("GET", "/v1/audit/verify", params={"head": wrong}).status_code == 400


class TestKeyFile:
    def start_again(self, server, *arguments):
        return run("serve", "--port", "0", "--data-dir", server.data, *arguments)

    @pytest.fixture
    def stopped(self, start_server):
        server = start_server()
        App(server)
        assert server.stop() == 0
        return server

    def test_it_is_made_for_its_owner_only(self, stopped):
        key = stopped.data / "secret.key"
        assert key.stat().st_mode & 0o777 == 0o600
        assert len(base64.b64decode(key.read_text())) == 32

    def test_others_may_not_read_it(self, stopped):
        (stopped.data / "secret.key").chmod(0o640)
        ended = self.start_again(stopped)
        assert ended.returncode != 0 and "chmod 600" in ended.stderr

    @pytest.mark.parametrize("what", ["missing", "another"])
    def test_without_the_right_one_nothing_starts_unless_told_so(self, stopped, what):
        key = stopped.data / "secret.key"
        kept = key.read_text()
        key.unlink()
        if what == "another":
            key.write_text(base64.b64encode(bytes(32)).decode())
            key.chmod(0o600)
        ended = self.start_again(stopped)
        assert ended.returncode != 0 and "Restore it from a backup" in ended.stderr
        assert what == "another" or not key.exists()
        stopped.start(server__replace_key="true")
        assert stopped.stop() == 0
        assert key.read_text() != kept
        assert "whole from entry 3 on; those before were sealed with another key file" in verify(stopped)
        stopped.settings.pop("server.replace_key")
        stopped.start()
        App(stopped)
        assert "The audit is whole from entry 3 on" in verify(stopped)
        assert stopped.admin("GET", "/v1/audit/verify").json()["since"] == 3
        change(stopped, "UPDATE audit SET actor = 'token:somebody' WHERE sequence = 4")
        assert "entry 4 is not as it was written" in verify(stopped, code=4)
