"""The native API: what a send can say beyond ONE-PUSH, messages that are taken back, devices and tags."""

import datetime

from onepush import App, ids
from server import run
from waiting import eventually


def after(seconds):
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return time.isoformat(timespec="milliseconds")


def native(app, status=200, **members):
    body = {name: value for name, value in app.body(**members).items() if name != "appKey"}
    answer = app.server.post("/v1/messages", json=body, headers={"X-App-Key": app.key})
    assert answer.status_code == status, answer.text
    return answer.json()


def recall(app, message):
    answer = app.server.request("DELETE", f"/v1/messages/{message}", headers={"X-App-Key": app.key})
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestSending:
    def test_a_message_is_accepted_with_the_key_in_a_header(self, app):
        device = app.register()
        answer = native(app, color="red")
        assert answer["ignored"] == ["color"]
        assert app.state(answer["id"], device) == "unsent"
        assert app.status(answer["id"])["state"] == "accepted"

    def test_each_wrong_member_is_named(self, app):
        error = native(
            app, 400, sendAt="soon", collapseKey="a b", priority=0, localized={"?": {}}, platforms={"ios": {"x": 1}})
        assert [field["field"] for field in error["errors"]] == [
            "sendAt", "collapseKey", "priority", "localized.?", "platforms.ios.x"]

    def test_devices_read_their_language_and_their_platform(self, app):
        plain = app.register()
        chinese = app.register(language="zh-Hant-TW")
        phone = app.register(language="zh", platform="IOS")
        with plain.connect() as first, chinese.connect() as second, phone.connect() as third:
            native(
                app, title="Score", localized={"zh": {"alert": "二比一"}, "de": {"alert": "x"}},
                platforms={"ios": {"title": "On the phone", "badge": 3}})
            one, two, three = first.message(), second.message(), third.message()
        assert (one["title"], one["alert"]) == ("Score", "hello")
        assert (two["title"], two["alert"]) == ("Score", "二比一")
        assert (three["title"], three["alert"], three["badge"]) == ("On the phone", "二比一", 3)

    def test_the_latest_of_a_collapse_key_is_what_an_absent_device_gets(self, app):
        away, other = app.register(), app.register()
        old = native(app, collapseKey="score", alert="1:0")["id"]
        kept = native(app, alert="something else")["id"]
        new = native(app, collapseKey="score", alert="2:0", audienceType="DEVICE", audiences=[away.id])["id"]
        assert app.state(old, away) == "cancelled" and app.state(old, other) == "unsent"
        assert "replaced" in [step["code"] for step in app.explain(old, away)["steps"]]
        with away.connect() as connection:
            assert ids(connection.messages(2)) == [kept, new]
        with other.connect() as connection:
            assert ids(connection.messages(2)) == [old, kept]


class TestScheduled:
    def test_it_is_sent_at_its_time_to_whom_it_matches_then(self, app):
        early = app.register()
        with early.connect() as connection:
            message = native(app, sendAt=after(2), needConfirm=True)["id"]
            status = app.status(message)
            assert status["state"] == "scheduled" and status["deliveries"] == []
            explanation = app.explain(message, early)
            assert explanation["state"] == "scheduled" and explanation["next"]["code"] == "waits.scheduled"
            late = app.register()
            other = app.send_to(early)
            assert connection.message()["id"] == other
            assert connection.message()["id"] == message
        assert app.status(message)["state"] == "accepted"
        assert app.state(message, late) == "unsent"
        assert "scheduled" in [step["code"] for step in app.explain(message, late)["steps"]]

    def test_one_that_is_cancelled_is_never_sent(self, app):
        device = app.register()
        with device.connect() as connection:
            message = native(app, sendAt=after(1))["id"]
            assert recall(app, message) == {"cancelled": 0, "recalled": 0}
            assert app.status(message)["state"] == "cancelled"
            marker = native(app, sendAt=after(2))["id"]
            assert connection.messages_before(marker) == []
        assert app.explain(message, device)["next"]["code"] == "none"

    def test_it_survives_a_crash_and_is_sent_when_the_server_is_back(self, start_server):
        app = App(start_server())
        device = app.register()
        kept = native(app, sendAt=after(1))["id"]
        app.server.kill()
        app.server.start()
        with device.connect() as connection:
            assert connection.message()["id"] == kept

    def test_a_repeated_request_is_one_message(self, app):
        app.register()
        one = native(app, sendAt=after(3600), requestId="r")["id"]
        assert native(app, sendAt=after(3600), requestId="r")["id"] == one


class TestRecall:
    def test_devices_that_got_it_are_told_now_or_when_they_come_back(self, app):
        here, gone, never = app.register(), app.register(), app.register()
        with here.connect() as connection:
            with gone.connect() as leaving:
                message = native(app, needConfirm=True)["id"]
                leaving.message()
                leaving.confirm(message)
                connection.message()
                eventually(lambda: app.counts(message) == {"unsent": 1, "sent": 1, "received": 1})
            answer = recall(app, message)
            assert (answer["cancelled"], answer["recalled"]) == (2, 2)
            told = connection.message()
            assert (told["id"], told["recall"], told["pushMsgType"]) == (answer["recallId"], message, "CMD")
            connection.confirm(told["id"])
        with gone.connect() as back:
            assert back.message()["recall"] == message
        with never.connect() as third:
            assert never.receives_before_a_marker(third) == []
        assert recall(app, message) == {"cancelled": 0, "recalled": 0}
        assert app.status(message)["state"] == "cancelled"

    def test_a_device_that_got_it_a_moment_ago_is_told(self, app):
        with app.register().connect() as connection:
            for _ in range(10):
                message = native(app, needConfirm=True)["id"]
                assert connection.message()["id"] == message
                recall(app, message)
                assert connection.message()["recall"] == message

    def test_a_recall_survives_a_crash(self, start_server):
        app = App(start_server())
        device = app.register()
        with device.connect() as connection:
            message = native(app)["id"]
            connection.message()
            eventually(lambda: app.counts(message) == {"sent": 1})
        recall(app, message)
        app.server.kill()
        app.server.start()
        with device.connect() as connection:
            assert connection.message()["recall"] == message


class TestMessages:
    def test_they_are_listed_in_pages_the_latest_first(self, app):
        sent = [native(app)["id"] for _ in range(5)]
        later = native(app, sendAt=after(3600))["id"]
        found, query = [], f"appId={app.id}&limit=2"
        page = app.get(f"/v1/messages?{query}").json()
        while True:
            found += ids(page["messages"])
            if "next" not in page:
                break
            page = app.get(f"/v1/messages?{query}&after={page['next']}").json()
        assert found == [later, *reversed(sent)]
        assert ids(app.get(f"/v1/messages?appId={app.id}&state=scheduled").json()["messages"]) == [later]
        recall(app, sent[2])
        assert ids(app.get(f"/v1/messages?appId={app.id}&state=cancelled").json()["messages"]) == [sent[2]]
        assert later in ids(app.server.admin("GET", "/v1/messages").json()["messages"])

    def test_only_who_may_sees_them(self, app, server):
        other = App(server)
        assert other.get(f"/v1/messages?appId={app.id}").status_code == 401
        assert other.get("/v1/messages").status_code == 401
        assert app.get(f"/v1/messages?appId={app.id}&state=lost").status_code == 400
        assert server.admin("GET", "/v1/messages?state=scheduled").status_code == 400


class TestDevices:
    def find(self, app, **query):
        answer = app.server.admin("GET", "/v1/devices", params={"appId": app.id} | query)
        assert answer.status_code == 200, answer.text
        return [device["id"] for device in answer.json()["devices"]]

    def test_they_are_found_by_what_they_have(self, app):
        ann = app.register(alias="ann", tag=["red", "blue"], platform="IOS", tenantCode="t", language="zh")
        ben = app.register(alias="ben", tag="red")
        assert self.find(app) == [ann.id, ben.id]
        assert self.find(app, alias="ann") == [ann.id]
        assert self.find(app, tag="red") == [ann.id, ben.id]
        assert self.find(app, tag="red", alias="ben") == [ben.id]
        assert self.find(app, platform="ios") == [ann.id]
        assert self.find(app, tenantCode="t") == [ann.id]
        assert self.find(app, tag="green") == []
        with ben.connect():
            eventually(lambda: self.find(app, connected="true") == [ben.id])
            assert self.find(app, connected="true", alias="ann") == []
        assert app.server.admin("GET", f"/v1/devices/{ann.id}").json()["language"] == "zh"
        assert app.server.admin("GET", "/v1/devices?platform=mac").status_code == 400

    def test_one_that_is_deleted_is_forgotten(self, app):
        device = app.register(alias="ann", tag="red", mobile="123")
        sent = app.send()
        with device.connect() as connection:
            connection.message()
            eventually(lambda: app.counts(sent) == {"sent": 1})
        waiting = app.send()
        with device.connect() as connection:
            connection.message()
            assert app.server.admin("DELETE", f"/v1/devices/{device.id}").status_code == 204
            assert connection.closing()[0] == 4404
        assert app.server.admin("DELETE", f"/v1/devices/{device.id}").status_code == 404
        assert self.find(app) == [] and self.find(app, tag="red") == []
        assert app.counts(sent) == {"sent": 1}
        shown = app.status(waiting)["deliveries"][0]
        assert shown["alias"] == "" and device.id not in str(app.status(waiting))
        again = app.server.post("/msgpush/register", json=device.registration).json()["id"]
        assert again != device.id

    def test_what_was_open_for_a_deleted_device_fails(self, app):
        device = app.register()
        message = app.send()
        app.server.admin("DELETE", f"/v1/devices/{device.id}")
        shown = app.status(message)["deliveries"][0]
        assert (shown["state"], shown["error"]) == ("failed", "device.deleted")

    def test_tags_are_changed_and_counted(self, app):
        ann, ben = app.register(tag=["red"]), app.register(tag=["red", "blue"])
        path = f"/v1/devices/{ann.id}/tags"
        assert app.server.admin("POST", path, json={"add": ["green"], "remove": ["red"]}).json()["tags"] == ["green"]
        assert app.server.admin("PUT", path, json={"tags": ["blue", "red"]}).json()["tags"] == ["blue", "red"]
        assert app.server.admin("PUT", path, json={}).status_code == 400
        assert app.server.admin("POST", path, json={"add": [str(n) for n in range(99)]}).status_code == 400
        app.unregister(ben)
        tags = app.get(f"/v1/apps/{app.id}/tags").json()["tags"]
        assert tags == [{"tag": "blue", "devices": 1}, {"tag": "red", "devices": 1}]
        page = app.get(f"/v1/apps/{app.id}/tags?limit=1").json()
        assert page["next"] == "blue"
        assert app.get(f"/v1/apps/{app.id}/tags?after=blue").json()["tags"] == tags[1:]

    def test_no_log_has_a_device_id(self, start_server):
        server = start_server(log__level="trace")
        app = App(server)
        device = app.register()
        with device.connect() as connection:
            app.send_to(device)
            connection.message()
        server.admin("DELETE", f"/v1/devices/{device.id}")
        server.get(f"/v1/devices/{device.id}")
        metrics = server.get("/metrics").text
        server.stop()
        assert device.id not in server.log + metrics


class TestCommands:
    def apus(self, server, *arguments):
        done = run(*arguments, APUS_SERVER=server.url, APUS_ADMIN_TOKEN=server.token)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_messages_and_devices(self, app):
        server, device = app.server, app.register(alias="ann")
        sent = self.apus(
            server, "send", "--app", app.id, "--key", app.key, "--alias", "ann", "--at", after(3600), "--priority", "9",
            "--collapse-key", "k", "later")
        message = sent.split()[-1].rstrip(".")
        assert message in self.apus(server, "message", "list", "--app", app.id, "--state", "scheduled")
        assert "scheduled for" in self.apus(server, "message", "show", message)
        self.apus(server, "message", "cancel", message)
        assert "cancelled" in self.apus(server, "message", "list", "--app", app.id)
        self.apus(server, "device", "tag", device.id, "--add", "purple")
        assert device.id in self.apus(server, "device", "search", "--app", app.id, "--tag", "purple")
        assert "purple" not in self.apus(server, "device", "tag", device.id, "--clear")
        self.apus(server, "device", "delete", device.id)
        assert device.id not in self.apus(server, "device", "list", "--app", app.id)
