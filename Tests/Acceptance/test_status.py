"""What became of a message, and why."""

import re

import pytest

from onepush import App
from waiting import eventually

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def codes(explanation):
    return [step["code"] for step in explanation["steps"]]


class TestStatus:
    def test_every_delivery_is_listed_and_counted_once(self, app):
        offline, silent, confirming, reading = [app.register() for _ in range(4)]
        with silent.connect(), confirming.connect() as second, reading.connect() as third:
            message = app.send(needConfirm=True)
            second.message()
            second.confirm(message)
            third.message()
            third.read(message)
            eventually(lambda: app.counts(message) == {"unsent": 1, "sent": 1, "received": 1, "read": 1})
            status = app.status(message)
        assert (status["id"], status["appId"]) == (message, app.id)
        assert TIME.fullmatch(status["createdAt"]) and TIME.fullmatch(status["expiresAt"])
        assert set(status["counts"]) == {"unsent", "sent", "received", "read", "expired", "failed", "cancelled"}
        shown = {entry["deviceId"]: entry for entry in status["deliveries"]}
        assert {id: entry["state"] for id, entry in shown.items()} == {
            offline.id: "unsent", silent.id: "sent", confirming.id: "received", reading.id: "read"}
        assert "next" not in status
        assert shown[offline.id]["attempts"] == 0 and "sentAt" not in shown[offline.id]
        times = shown[reading.id]
        assert all(TIME.fullmatch(times[name]) for name in ("sentAt", "receivedAt", "readAt"))
        assert times["sentAt"] <= times["receivedAt"] <= times["readAt"]
        assert shown[reading.id]["alias"] == reading.alias

    def test_the_states_survive_a_restart_and_a_crash(self, start_server):
        app = App(start_server())
        device = app.register()
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            connection.message()
            connection.read(message)
            eventually(lambda: app.state(message, device) == "read")
        before = app.status(message)
        app.server.restart()
        assert app.status(message) == before
        app.server.kill()
        app.server.start()
        assert app.status(message) == before

    def test_a_message_for_nobody_has_no_deliveries(self, app):
        status = app.status(app.send())
        assert status["deliveries"] == []
        assert set(status["counts"].values()) == {0}

    @pytest.mark.parametrize("limit", [1, 3, 7, 10, 1000])
    def test_pages_show_every_delivery_once(self, app, limit):
        devices = {app.register().id for _ in range(10)}
        message = app.send()
        found, after = [], {}
        while True:
            page = app.status(message, limit=limit, **after)
            assert len(page["deliveries"]) <= limit
            assert page["counts"]["unsent"] == 10
            found += [entry["deviceId"] for entry in page["deliveries"]]
            if "next" not in page:
                break
            after = {"after": page["next"]}
        assert len(found) == 10 and set(found) == devices

    def test_pages_of_devices_show_every_device_once(self, app):
        devices = {app.register(alias="same").id for _ in range(7)}
        app.register(alias="another")
        found, query = [], f"appId={app.id}&alias=same&limit=3"
        page = app.server.admin("GET", f"/v1/devices?{query}").json()
        while True:
            found += [device["id"] for device in page["devices"]]
            if "next" not in page:
                break
            page = app.server.admin("GET", f"/v1/devices?{query}&after={page['next']}").json()
        assert len(found) == 7 and set(found) == devices


class TestCancelling:
    def test_what_is_not_delivered_is_taken_back(self, app):
        away, here = app.register(alias="both"), app.register(alias="both")
        with here.connect() as connection:
            message = app.send(audienceType="ALIAS", audiences=["both"], needConfirm=True)
            connection.confirm(connection.message()["id"])
            eventually(lambda: app.state(message, here) == "received")
            answer = app.server.request("DELETE", f"/v1/messages/{message}", headers={"X-App-Key": app.key})
            assert answer.status_code == 200
            assert (answer.json()["cancelled"], answer.json()["recalled"]) == (1, 1)
        assert app.counts(message) == {"received": 1, "cancelled": 1}
        with away.connect() as connection:
            assert away.receives_before_a_marker(connection) == []
        assert "cancelled" in [step["code"] for step in app.explain(message, away)["steps"]]

    def test_only_the_app_that_sent_it_may(self, app, device):
        message = app.send_to(device)
        answer = app.server.request("DELETE", f"/v1/messages/{message}", headers={"X-App-Key": App(app.server).key})
        assert answer.status_code in (401, 403, 404)
        assert app.state(message, device) == "unsent"


class TestAccess:
    @pytest.mark.parametrize("path", ["", "/explain?device={device}"])
    def test_the_apps_key_or_an_administrators_token_is_needed(self, app, device, path):
        path = f"/v1/messages/{app.send()}" + path.format(device=device.id)
        for status, headers in [
            (200, {"X-App-Key": app.key}),
            (200, {"Authorization": f"Bearer {app.server.token}"}),
            (200, {"Authorization": f"bearer  {app.server.token}"}),
            (401, {}),
            (401, {"X-App-Key": "wrong"}),
            (401, {"X-App-Key": ""}),
            (404, {"X-App-Key": App(app.server).key}),
            (401, {"Authorization": "Bearer wrong"}),
            (401, {"Authorization": f"Bearer {app.key}"}),
            (401, {"Authorization": app.server.token}),
            (401, {"Authorization": "Bearer wrong", "X-App-Key": app.key}),
            (401, {"X-App-Key": app.server.token}),
        ]:
            assert app.server.get(path, headers=headers).status_code == status, headers

    @pytest.mark.parametrize("message", ["1", "0", "-1", "x", "9223372036854775807", "99999999999999999999"])
    def test_an_unknown_message_is_not_found(self, app, message):
        assert app.get(f"/v1/messages/{message}").status_code == 404
        assert app.get(f"/v1/messages/{message}/explain?device=x").status_code == 404

    def test_who_has_no_key_learns_nothing_about_which_messages_exist(self, app):
        message = app.send()
        for id in [message, "1"]:
            assert app.server.get(f"/v1/messages/{id}").status_code == 401

    def test_of_another_apps_device_no_more_is_told_than_of_none(self, app):
        message = app.send()
        strange = App(app.server).register()
        answers = [app.get(f"/v1/messages/{message}/explain?device={id}") for id in (strange.id, "unknown")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text == answers[1].text
        told = app.server.admin("GET", f"/v1/messages/{message}/explain?device={strange.id}").json()
        assert codes(told) == ["accepted", "unmatched.app"]

    def test_an_explanation_is_of_one_device(self, app):
        answer = app.get(f"/v1/messages/{app.send()}/explain")
        assert answer.status_code == 400
        assert "device" in answer.json()["message"]


class TestExplanation:
    def test_of_an_offline_device(self, app, device):
        message = app.send()
        explanation = app.explain(message, device)
        assert (explanation["messageId"], explanation["deviceId"]) == (message, device.id)
        assert explanation["state"] == "unsent"
        assert codes(explanation) == ["accepted", "matched.all"]
        assert explanation["next"]["code"] == "waits.offline"
        assert explanation["next"]["at"] == app.status(message)["expiresAt"]
        assert all(step["text"] for step in explanation["steps"])

    @pytest.mark.parametrize("kind, text", [("ALIAS", '"ann"'), ("TAG", '"sz"'), ("DEVICE", "names the device")])
    def test_of_the_rule_that_matched(self, app, kind, text):
        device = app.register(alias="ann", tag=["sz"])
        value = {"ALIAS": "ann", "TAG": "sz", "DEVICE": device.id}[kind]
        message = app.send(audienceType=kind, audiences=["other", value])
        step = app.explain(message, device)["steps"][1]
        assert step["code"] == f"matched.{kind.lower()}"
        assert text in step["text"]

    def test_of_a_device_that_has_not_confirmed(self, app, device):
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            connection.message()
            eventually(lambda: app.state(message, device) == "sent")
            explanation = app.explain(message, device)
            assert codes(explanation) == ["accepted", "matched.all", "sent"]
            assert explanation["steps"][-1]["route"] == "websocket"
            assert explanation["next"]["code"] == "waits.confirmation"
        eventually(lambda: app.explain(message, device)["next"]["code"] == "waits.reconnect")

    def test_of_what_was_sent_again(self, app, device):
        message = app.send(needConfirm=True)
        for _ in range(3):
            with device.connect() as connection:
                assert connection.message()["id"] == message
                eventually(lambda: app.state(message, device) == "sent")
        eventually(lambda: codes(app.explain(message, device))[2:] == ["sent", "resent", "resent"])
        assert app.delivery(message, device)["attempts"] == 3

    def test_of_a_message_that_was_read(self, app, device):
        with device.connect() as connection:
            message = app.send(needConfirm=True)
            connection.message()
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")
            connection.read(message)
            eventually(lambda: app.state(message, device) == "read")
        explanation = app.explain(message, device)
        assert explanation["state"] == "read"
        assert codes(explanation) == ["accepted", "matched.all", "sent", "received", "read"]
        times = [step["at"] for step in explanation["steps"] if "at" in step]
        assert times == sorted(times) and len(times) == 4
        assert explanation["next"]["code"] == "none"

    def test_of_an_expired_message(self, app, device):
        message = app.send(duration=1)
        eventually(lambda: app.state(message, device) == "expired")
        explanation = app.explain(message, device)
        assert codes(explanation) == ["accepted", "matched.all", "expired"]
        assert explanation["state"] == "expired"
        assert explanation["next"]["code"] == "none"

    def unmatched(self, app, device, message, reason):
        explanation = app.explain(message, device)
        assert explanation["state"] == "none"
        assert codes(explanation) == ["accepted", f"unmatched.{reason}"]
        assert explanation["steps"][1]["text"]
        assert explanation["next"]["code"] == "none"

    @pytest.mark.parametrize("kind", ["ALIAS", "TAG", "DEVICE"])
    def test_of_a_device_that_none_of_the_audiences_matches(self, app, device, kind):
        self.unmatched(app, device, app.send(audienceType=kind, audiences=["other"]), kind.lower())

    def test_of_a_device_of_another_platform(self, app, device):
        self.unmatched(app, device, app.send(platform="IOS"), "platform")

    def test_of_a_device_of_another_tenant(self, app):
        device = app.register(tenantCode="red")
        self.unmatched(app, device, app.send(tenantCode="blue"), "tenant")

    def test_of_a_device_that_registered_later(self, app):
        message = app.send()
        self.unmatched(app, app.register(), message, "registered_later")

    def test_of_an_unregistered_device(self, app, device):
        app.unregister(device)
        self.unmatched(app, device, app.send(), "inactive")
