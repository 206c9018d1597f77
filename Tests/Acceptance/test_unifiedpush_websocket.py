"""Endpoints of devices on a WebSocket: `REG:`, `UNR:` and what comes of them."""

import base64

import pytest

from onepush import App, ids
from unifiedpush import Subscription, WebSocketDistributor, path, public_key, push
from waiting import eventually


@pytest.fixture
def distributor(device):
    return WebSocketDistributor(device)


class TestRegistration:
    def test_the_answer_has_the_url(self, server, distributor):
        answer = distributor.ask("REG:mail")
        assert answer.keys() == {"endpoint", "url"}
        assert answer["endpoint"] == "mail"
        assert answer["url"].startswith(f"{server.url}/push/")

    def test_the_same_again_keeps_the_url(self, device, distributor):
        endpoint = distributor.endpoint("mail")
        assert distributor.endpoint("mail") == endpoint
        assert distributor.endpoint("chat") != endpoint
        distributor.leave()
        assert WebSocketDistributor(device).endpoint("mail") == endpoint

    def test_every_device_has_its_own(self, app, distributor):
        other = WebSocketDistributor(app.register())
        endpoint = distributor.endpoint("mail")
        assert other.endpoint("mail") != endpoint
        assert other.ask("UNR:mail") == {"endpoint": "mail", "unregistered": True}
        assert push(endpoint).status_code == 201
        assert distributor.take() == b"hello"

    def test_who_unregisters_is_told_whether_there_was_one(self, distributor):
        endpoint = distributor.endpoint("mail")
        assert distributor.ask("UNR:mail") == {"endpoint": "mail", "unregistered": True}
        assert distributor.ask("UNR:mail") == {"endpoint": "mail", "unregistered": False}
        assert push(endpoint).status_code == 410

    @pytest.mark.parametrize("name", ["m", "x" * 256, "ü" * 128, "org.example.Mail", "a:b,c", '"\\', "<&>"])
    def test_a_name_has_up_to_256_bytes(self, distributor, name):
        push(distributor.endpoint(name))
        assert distributor.push()[0]["endpoint"] == name

    @pytest.mark.parametrize("name", ["", "x" * 257, "ü" * 129, "x" * 10_000])
    def test_another_name_is_refused(self, distributor, name):
        answer = distributor.ask(f"REG:{name}")
        assert (answer["endpoint"], answer["error"]) == (name, "invalid_name")
        assert "256" in answer["message"]

    @pytest.mark.parametrize(
        "key", ["x", "mail", "A" * 87, "B" + "A" * 86, base64.b64encode(b"\x04" + b"\x01" * 64).decode()])
    def test_a_key_that_is_none_is_refused(self, distributor, key):
        answer = distributor.ask(f"REG:mail {key}")
        assert (answer["endpoint"], answer["error"]) == ("mail", "invalid_vapid_key")
        assert "87" in answer["message"]

    def test_with_a_key_only_its_owner_may_post(self, distributor):
        endpoint = distributor.endpoint("mail", key=public_key(Subscription("").key))
        answer = push(endpoint)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "vapid")

    def test_many_at_once_are_all_answered(self, distributor):
        names = [f"application-{number}" for number in range(200)]
        for name in names:
            distributor.connection.say(f"REG:{name}")
        answers = distributor.connection.messages(len(names))
        assert {answer["endpoint"] for answer in answers} == set(names)
        assert all("url" in answer or answer["error"] for answer in answers)

    def test_what_is_said_at_once_is_done_in_order(self, distributor):
        count = 30
        for _ in range(count):
            distributor.connection.say("REG:mail")
            distributor.connection.say("UNR:mail")
        answers = distributor.connection.messages(2 * count)
        urls = [answer.get("url") for answer in answers[::2]]
        assert all(urls) and len(set(urls)) == count
        assert [answer.get("unregistered") for answer in answers[1::2]] == [True] * count

    def test_the_connection_goes_on_after_every_error(self, distributor):
        distributor.ask("REG:")
        distributor.ask("UNR:")
        push(distributor.endpoint())
        assert distributor.take() == b"hello"


class TestPush:
    def test_it_comes_with_what_the_device_needs_to_know(self, app, distributor):
        data = bytes(range(256))
        push(distributor.endpoint("mail"), data, Urgency="low")
        message, received = distributor.push()
        assert received == data
        assert message == {
            "id": message["id"], "appId": app.id, "endpoint": "mail", "data": base64.b64encode(data).decode(),
            "urgency": "low", "needConfirm": True}

    @pytest.mark.parametrize("headers, urgency", [({}, "normal"), ({"Urgency": "very-low"}, "very-low")])
    def test_it_has_its_urgency(self, distributor, headers, urgency):
        push(distributor.endpoint(), **headers)
        assert distributor.push()[0]["urgency"] == urgency

    @pytest.mark.parametrize("command, state", [("confirm", "received"), ("read", "read")])
    def test_what_the_device_says_is_its_state(self, app, device, distributor, command, state):
        push(distributor.endpoint())
        message, _ = distributor.push()
        eventually(lambda: app.state(message["id"], device) == "sent")
        getattr(distributor.connection, command)(message["id"])
        eventually(lambda: app.state(message["id"], device) == state)

    def test_what_was_not_confirmed_comes_again_and_what_was_does_not(self, app, device, distributor):
        endpoint = distributor.endpoint()
        push(endpoint, b"confirmed")
        push(endpoint, b"not confirmed")
        confirmed = distributor.push()[0]["id"]
        distributor.connection.confirm(confirmed)
        eventually(lambda: app.state(confirmed, device) == "received")
        unconfirmed = distributor.push()
        distributor.connection.drop()
        assert WebSocketDistributor(device).push() == unconfirmed

    def test_pushes_and_messages_come_in_order(self, app, device, distributor):
        endpoint = distributor.endpoint()
        distributor.leave()
        push(endpoint, b"first")
        second = app.send_to(device, alert="second")
        push(endpoint, b"third")
        messages = WebSocketDistributor(device).connection.messages(3)
        assert [message.get("data") for message in messages] == ["Zmlyc3Q=", None, "dGhpcmQ="]
        assert ids(messages)[1] == second

    def test_nobody_confirms_anothers_push(self, app, device, distributor):
        push(distributor.endpoint())
        message, _ = distributor.push()
        other = app.register()
        with other.connect() as connection:
            connection.confirm(message["id"])
            connection.read(message["id"])
            marker = app.send_to(other, needConfirm=True)
            assert connection.message()["id"] == marker
            connection.confirm(marker)
            eventually(lambda: app.state(marker, other) == "received")
        eventually(lambda: app.state(message["id"], device) == "sent")

    def test_an_endpoint_that_is_unregistered_has_no_pushes_left(self, app, device, distributor):
        endpoint = distributor.endpoint("mail")
        kept = distributor.endpoint("chat")
        push(endpoint)
        id = distributor.push()[0]["id"]
        distributor.ask("UNR:mail")
        assert app.state(id, device) == "failed"
        assert app.explain(id, device)["steps"][-1]["code"] == "failed.endpoint.unregistered"
        distributor.leave()
        push(kept, b"kept")
        assert WebSocketDistributor(device).take() == b"kept"

    def test_a_restart_keeps_endpoints_and_pushes(self, start_server):
        app = App(start_server())
        device = app.register()
        distributor = WebSocketDistributor(device)
        endpoint = distributor.endpoint()
        distributor.leave()
        push(endpoint, b"before")
        app.server.restart()
        assert app.server.post(path(endpoint), data=b"after").status_code == 201
        distributor = WebSocketDistributor(device)
        assert [distributor.take(), distributor.take()] == [b"before", b"after"]
        assert path(distributor.endpoint()) == path(endpoint)
