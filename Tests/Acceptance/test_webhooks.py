"""Events posted to those who asked for it."""

import json
import re

import pytest
import standardwebhooks

from events import journal
from onepush import App
from server import REPOSITORY, run
from waiting import eventually
from webhooks import Receiver


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.end()


@pytest.fixture
def server(start_server):
    return start_server(outgoing__allow="127.0.0.1", webhooks__timeout="1s", webhooks__attempts="2")


def add(app, url, expected=201, **members):
    answer = app.server.admin("POST", "/v1/webhooks", json={"appId": app.id, "url": url} | members)
    assert answer.status_code == expected, answer.text
    return answer.json()


def shown(app, webhook):
    return app.get(f"/v1/webhooks/{webhook['id']}").json()


class TestPosting:
    def test_events_are_posted_and_signed(self, app, receiver):
        device = app.register()
        app.send_to(device)
        webhook = add(app, receiver.url, states=["unsent", "received"])
        with device.connect() as connection:
            message = app.send_to(device, needConfirm=True)
            connection.messages_before(message)
            connection.confirm(message)
            eventually(lambda: [event["state"] for event in receiver.events if event["message"] == message] == ["unsent", "received"])
        receiver.check(webhook["secret"])
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            receiver.check("whsec_" + "A" * 44)
        posted = {event["id"]: event for event in receiver.events}
        told = {event["id"]: event for event in journal(app.server, app=app.id, state="unsent,received")}
        assert posted == {id: event for id, event in told.items() if id in posted}
        body = receiver.bodies[0]
        assert (body["type"], body["app"], body["webhook"]) == ("events", app.id, webhook["id"])
        eventually(lambda: shown(app, webhook)["after"] == max(posted, key=int))
        assert "secret" not in shown(app, webhook)

    def test_what_failed_is_posted_again_and_then_a_dead_letter(self, server, app, receiver):
        receiver.answers += [(500, {}), (503, {"Retry-After": "1"})]
        webhook = add(app, receiver.url, states=["accepted"])
        first = app.send()
        eventually(lambda: shown(app, webhook).get("problem") == "it answered 500")
        letters = eventually(lambda: server.admin("GET", "/v1/dead-letters").json()["deadLetters"], within=20)
        assert [(letter["webhook"], letter["mode"], letter["reason"], letter["attempts"]) for letter in letters] == [
            (webhook["id"], "webhook", "it answered 503", 2)]
        assert len({headers["webhook-id"] for headers, _ in receiver.posts}) == 1
        second = app.send()
        eventually(lambda: [event["message"] for event in receiver.events] == [first, first, second])
        assert receiver.posts[0][1] == receiver.posts[1][1]

        replayed = run(
            "deadletter", "replay", letters[0]["id"], APUS_SERVER=server.url, APUS_ADMIN_TOKEN=server.token)
        assert replayed.returncode == 0, replayed.stderr
        assert receiver.events[-1]["message"] == first
        assert server.admin("GET", "/v1/dead-letters").json()["deadLetters"] == []
        receiver.check(webhook["secret"])

    def test_who_hangs_or_redirects_holds_up_nobody(self, app, receiver):
        stuck, moved = Receiver(), Receiver()
        try:
            stuck.answers += [(None, {})] * 2
            moved.answers += [(302, {"Location": receiver.url})] * 2
            slow, away = add(app, stuck.url), add(app, moved.url)
            add(app, receiver.url)
            message = app.send()
            eventually(lambda: [event["message"] for event in receiver.events] == [message])
            eventually(lambda: shown(app, slow).get("problem") == "the time was up")
            eventually(lambda: "redirects are not followed" in shown(app, away).get("problem", ""))
            assert len(receiver.posts) == 1
        finally:
            stuck.end()
            moved.end()

    def test_a_kill_loses_no_event(self, server, app, receiver):
        webhook = add(app, receiver.url, states=["unsent"])
        app.register()
        for _ in range(4):
            app.batch([app.body() for _ in range(60)])
            server.kill()
            server.start()
        whole = [event["id"] for event in journal(server, app=app.id, state="unsent")]
        eventually(lambda: set(whole) <= {event["id"] for event in receiver.events}, within=30)
        first = list(dict.fromkeys(event["id"] for event in receiver.events))
        assert first == whole, "in order, apart from repetitions"
        receiver.check(webhook["secret"])


class TestRefusals:
    def test_private_addresses_are_refused(self, start_server, receiver):
        app = App(start_server())
        assert add(app, receiver.url, expected=400)["error"] == "url_refused"
        webhook = add(app, receiver.url.replace("127.0.0.1", "localhost"))
        answer = app.server.post(f"/v1/webhooks/{webhook['id']}/test", headers={"X-App-Key": app.key}).json()
        assert not answer["taken"] and "loopback" in answer["reason"] and "outgoing.allow" in answer["reason"]
        assert receiver.posts == []

    @pytest.mark.parametrize("members, code", [
        ({"url": "ftp://a.example"}, "url_invalid"), ({"url": ""}, "invalid_request"),
        ({"states": ["lost"]}, "unknown_state"), ({"states": []}, "invalid_request"),
    ])
    def test_wrong_members_are_named(self, app, members, code):
        assert add(app, **({"url": "https://example.org/hook", "expected": 400} | members))["error"] == code

    def test_an_app_sees_only_its_own(self, server, app):
        webhook = add(app, "http://127.0.0.1:9/hook")
        key = {"X-App-Key": App(server).key}
        path = f"/v1/webhooks/{webhook['id']}"
        assert server.get(path, headers=key).status_code == 404
        assert server.get(path).status_code == 401
        assert server.get("/v1/webhooks", headers={"X-App-Key": app.key}, params={"appId": app.id}).json()["webhooks"][0]["id"] == webhook["id"]


def test_commands(server, app, receiver):
    own = {"APUS_SERVER": server.url, "APUS_APP_KEY": app.key}
    admin = {"APUS_SERVER": server.url, "APUS_ADMIN_TOKEN": server.token}
    added = run("webhook", "add", receiver.url, "--app", app.id, "--state", "failed,expired", **admin)
    assert added.returncode == 0, added.stderr
    id, secret = re.search(r"Webhook (\w+)", added.stdout)[1], re.search(r"whsec_\S+", added.stdout)[0]
    assert receiver.url in run("webhook", "list", "--app", app.id, **own).stdout
    tested = run("webhook", "test", id, **own)
    assert (tested.returncode, tested.stdout) == (0, "The receiver took the test.\n")
    receiver.check(secret)
    rotated = run("webhook", "rotate-secret", id, "--json", **admin)
    run("webhook", "test", id, **own)
    receiver.check(secret)
    receiver.posts = receiver.posts[-1:]
    receiver.check(json.loads(rotated.stdout)["secret"])
    receiver.answers.append((410, {}))
    refused = run("webhook", "test", id, **own)
    assert refused.returncode == 1 and "it answered 410" in refused.stderr
    assert run("webhook", "remove", id, **admin).returncode == 0
    assert "no webhooks" in run("webhook", "list", "--app", app.id, **own).stdout


def test_the_example_of_the_guide_checks_signatures(server, app, receiver):
    webhook = add(app, receiver.url)
    server.post(f"/v1/webhooks/{webhook['id']}/test", headers={"X-App-Key": app.key})
    (headers, body), = receiver.posts
    page = (REPOSITORY / "Documentation/events.md").read_text()
    example = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], example)
    headers = {name.lower(): value for name, value in headers.items()}
    assert example["is_genuine"](webhook["secret"], headers, body)
    assert not example["is_genuine"](webhook["secret"], headers, body + b" ")


def test_the_swift_example_of_the_guide_is_the_one_that_is_tested():
    page = (REPOSITORY / "Documentation/events.md").read_text()
    example = re.search(r"```swift\n(.*?)```", page, re.DOTALL)[1]
    assert example in (REPOSITORY / "Tests/ApusCoreTests/Webhooks/SignatureExample.swift").read_text()
