"""What happens to deliveries, as others hear of it."""

import json
import re
import socket
import time

import httpx
import httpx_sse
import pytest

from events import Listener, journal
from onepush import App
from server import run
from waiting import eventually


@pytest.fixture
def key(app):
    return {"X-App-Key": app.key}


def open_when_positioned(listener):
    """A listener that begins now is told where that is."""
    eventually(lambda: [event for event in listener.all if event.event == "position"])
    return listener


class TestListening:
    def test_a_message_tells_its_story(self, server, app, device, key):
        with Listener(server, key, app=app.id) as listener:
            open_when_positioned(listener)
            with device.connect() as connection:
                message = app.send_to(device, needConfirm=True)
                assert connection.messages_before(message) == []
                connection.confirm(message)
                connection.read(message)
                eventually(lambda: len(listener.states(message)) == 5)
            events = [event for event in listener.events if event["message"] == message]
        assert [event["state"] for event in events] == ["accepted", "unsent", "sent", "received", "read"]
        assert events[0] == {
            "id": events[0]["id"], "at": events[0]["at"], "message": message, "app": app.id, "state": "accepted",
            "deliveries": 1}
        for event in events[1:]:
            assert (event["device"], event["alias"], event["app"]) == (device.id, device.alias, app.id)
        assert [event.get("route") for event in events] == [None, None, "websocket", "websocket", "websocket"]
        delivery = app.delivery(message, device)
        assert [event["at"] for event in events[2:]] == [delivery["sentAt"], delivery["receivedAt"], delivery["readAt"]]
        ids = [int(event["id"]) for event in events]
        assert ids == sorted(set(ids))

    def test_another_client_reads_the_same(self, server, app, device, key):
        message = app.send_to(device)
        query = {"app": app.id, "after": "0", "follow": "false"}
        with httpx.Client(trust_env=False) as client, httpx_sse.connect_sse(
                client, "GET", f"{server.url}/v1/events", params=query, headers=key) as source:
            events = [event for event in source.iter_sse() if event.event == "message"]
        assert [event.json() for event in events] == journal(server, key, app=app.id)
        assert [event.json()["state"] for event in events if event.json()["message"] == message] == ["accepted", "unsent"]
        assert all(event.id == event.json()["id"] for event in events)

    def test_filters(self, server, app, key):
        ann, ben = app.register(), app.register()
        first, second = app.send_to(ann, ben), app.send_to(ben)
        answer = server.request("DELETE", f"/v1/messages/{second}", headers=key)
        assert answer.json()["cancelled"] == 1

        def found(**query):
            return [(event["message"], event["state"], event.get("device")) for event in journal(server, key, app=app.id, **query)]

        assert found(device=ann.id) == [(first, "unsent", ann.id)]
        assert found(message=second) == [
            (second, "accepted", None), (second, "unsent", ben.id), (second, "cancelled", ben.id)]
        assert found(state="accepted,cancelled") == [
            (first, "accepted", None), (second, "accepted", None), (second, "cancelled", ben.id)]
        assert found(device=ben.id, message=first, state="unsent") == [(first, "unsent", ben.id)]

    def test_failures_say_why(self, server, app, key):
        device = app.register(alias="ann", nativeToken="one")
        message = app.send_to(device)
        app.register(alias="ben", nativeToken="one")
        events = journal(server, key, app=app.id, message=message)
        assert (events[-1]["state"], events[-1]["reason"]) == ("failed", "device.reassigned")

    def test_an_administrator_hears_of_all_apps(self, server, app, device):
        message, other = app.send_to(device), App(server)
        foreign = other.send_to(other.register())
        events = {event["message"]: event["app"] for event in journal(server)}
        assert (events[message], events[foreign]) == (app.id, other.id)


class TestRefusals:
    @pytest.mark.parametrize("query, code", [
        ({"state": "sent,lost"}, "unknown_state"), ({"message": "x"}, "invalid_request"),
        ({"after": "-1"}, "invalid_request"), ({"follow": "yes"}, "invalid_request"),
        ({"device": "0" * 32}, "unknown_device"), ({"app": "none"}, "unknown_app"),
    ])
    def test_what_is_not_understood_is_said(self, server, query, code):
        answer = server.admin("GET", "/v1/events", params=query)
        assert answer.status_code in (400, 404) and answer.json()["error"] == code, answer.text

    def test_a_wrong_last_event_id_is_said(self, server):
        answer = server.get("/v1/events", headers={"Authorization": f"Bearer {server.token}", "Last-Event-ID": "x"})
        assert answer.status_code == 400 and "Last-Event-ID" in answer.json()["message"]

    def test_an_app_hears_of_nothing_but_its_own(self, server, app, key):
        other = App(server)
        for query in ({"app": other.id}, {}):
            answer = server.get("/v1/events", headers=key, params=query)
            assert answer.status_code in (400, 401), answer.text
        answer = server.get("/v1/events", headers=key, params={"app": app.id, "device": other.register().id})
        assert answer.json()["error"] == "unknown_device"
        assert server.get("/v1/events").status_code == 401
        assert server.get("/v1/events", headers={"Authorization": "Bearer wrong"}).status_code == 401

    def test_who_loses_the_right_to_listen_hears_no_more(self, server, app, device):
        made = server.admin("POST", "/v1/tokens", json={"name": "listener", "role": "viewer"})
        headers = {"Authorization": f"Bearer {made.json()['token']}"}
        with Listener(server, headers, app=app.id) as listener:
            open_when_positioned(listener)
            first = app.send_to(device)
            eventually(lambda: len(listener.states(first)) == 2)
            assert server.admin("DELETE", "/v1/tokens/listener").status_code == 204
            second = app.send_to(device)
            listener.thread.join(30)
            assert not listener.thread.is_alive() and listener.states(second) == []

    def test_there_may_be_only_so_many(self, start_server):
        server = start_server(events__listeners=2)
        with Listener(server), Listener(server) as second:
            eventually(lambda: server.metric("apus_event_listeners") == 2)
            answer = server.admin("GET", "/v1/events")
            assert answer.status_code == 503 and answer.json()["error"] == "too_many_listeners"
            second.leave()
            with eventually(lambda: self.listener(server)):
                pass

    def listener(self, server):
        answer = server.admin("GET", "/v1/events", params={"follow": "false"})
        return Listener(server) if answer.status_code == 200 else None

    def test_a_server_without_a_journal_says_so(self, start_server):
        server = start_server(events__retention="0s")
        app = App(server)
        app.send_to(app.register())
        answer = server.admin("GET", "/v1/events")
        assert answer.status_code == 404 and answer.json()["error"] == "events_off"
        assert server.metric("apus_events_total") == 0


class TestComingBack:
    def test_who_comes_back_misses_nothing(self, server, app, device, key):
        with Listener(server, key, app=app.id) as listener:
            open_when_positioned(listener)
        missed = app.send_to(device)
        with Listener(server, key, app=app.id, after=listener.last) as listener:
            eventually(lambda: listener.states(missed) == ["accepted", "unsent"])
            live = app.send_to(device)
            eventually(lambda: listener.states(live) == ["accepted", "unsent"])
            assert not listener.gaps

    def test_a_stop_ends_the_answer_at_once(self, start_server):
        server = start_server()
        with Listener(server) as listener, stuck(server):
            open_when_positioned(listener)
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < 5
            listener.thread.join(5)
            assert listener.problem is None and not listener.thread.is_alive()

    def test_kills_under_load_make_no_gap(self, start_server):
        server = start_server()
        app = App(server)
        devices = [app.register() for _ in range(5)]
        heard, last, accepted = [], 0, set()
        for _ in range(6):
            with Listener(server, after=last) as listener:
                deadline = time.monotonic() + 0.7
                while time.monotonic() < deadline:
                    answers = app.batch([app.body() for _ in range(20)])
                    accepted |= {answer["requestId"] for answer in answers}
                server.kill()
                listener.thread.join(10)
                heard += listener.events
                last = listener.last or last
                assert not listener.gaps
            server.start()
        with Listener(server, after=last) as listener:
            whole = journal(server)
            eventually(lambda: listener.events and listener.events[-1] == whole[-1] or last == whole[-1]["id"])
            heard += listener.events
        assert [event["id"] for event in heard] == [event["id"] for event in whole], "each once, in order"
        assert heard == whole
        told = {event["message"] for event in whole if event["state"] == "accepted"}
        assert accepted <= told
        unsent = [event for event in whole if event["state"] == "unsent"]
        assert len(unsent) == len(told) * len(devices)

    def test_what_is_older_than_the_journal_is_a_gap(self, start_server):
        server = start_server(events__kept=1000)
        app = App(server)
        app.register()
        for _ in range(12):
            app.batch([app.body() for _ in range(50)])

        def gap():
            with Listener(server, after=1, follow="false") as listener:
                listener.thread.join(10)
                return listener.gaps and listener
        listener = eventually(gap)
        assert listener.gaps == [{"from": "2", "to": str(int(listener.events[0]["id"]) - 1), "reason": "retention"}]
        assert int(listener.events[-1]["id"]) == 1200
        with Listener(server, after=5000) as listener:
            eventually(lambda: listener.gaps == [{"from": "5001", "to": "1200", "reason": "unknown"}])
            app.send()
            eventually(lambda: [event["id"] for event in listener.events] == ["1201", "1202"])


class stuck:
    """Who asks for events and never reads them."""

    def __init__(self, server, **query):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        query = "&".join(f"{name}={value}" for name, value in query.items())
        self.socket.sendall(
            f"GET /v1/events?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read_until(self, last):
        """Everything up to the event with this id."""
        text = b""
        self.socket.settimeout(20)
        while f"\nid: {last}\n".encode() not in text:
            part = self.socket.recv(1 << 20)
            assert part, "the answer ended"
            text += part
        return text


def test_who_never_reads_costs_little_and_loses_nothing(start_server):
    server = start_server()
    app = App(server)
    for _ in range(20):
        app.register()
    # Each wants something else, so that each has texts of its own: 5 MB in all.
    states = ["received", "read", "expired", "failed", "cancelled"]
    wanted = [["accepted", "unsent", *(state for bit, state in enumerate(states) if number >> bit & 1)] for number in range(20)]
    listeners = [stuck(server, after=0, state=",".join(states)) for states in wanted]
    eventually(lambda: server.metric("apus_event_listeners") == 20)
    app.batch([app.body() for _ in range(100)])
    before = server.memory
    for _ in range(5):
        app.batch([app.body() for _ in range(200)])
    assert server.memory - before < 64 << 20
    last = journal(server, state="unsent", message=app.send())[-1]["id"]
    text = re.sub(rb"\r\n[0-9a-f]+\r\n", b"", listeners[0].read_until(last))
    ids = [int(found) for found in re.findall(rb"\nid: (\d+)\n", text)]
    assert ids == list(range(1, int(last) + 1))
    for listener in listeners:
        listener.socket.close()
    eventually(lambda: server.metric("apus_event_listeners") == 0, within=40)


class TestCommand:
    def test_events_are_shown(self, server, app, device):
        message = app.send_to(device)
        env = {"APUS_SERVER": server.url, "APUS_APP_KEY": app.key}
        shown = run("events", "--app", app.id, "--message", message, **env)
        assert shown.returncode == 0, shown.stderr
        assert re.fullmatch(
            rf"\d+  \S+Z  accepted   {message}  1 deliveries\n\d+  \S+Z  unsent     {message}  {device.id}  {device.alias}\n",
            shown.stdout), shown.stdout
        plain = run("events", "--app", app.id, "--state", "unsent", "--json", **env).stdout
        assert json.loads(plain)["device"] == device.id
        refused = run("events", "--app", app.id, "--state", "lost", **env)
        assert refused.returncode == 1 and "lost" in refused.stderr
