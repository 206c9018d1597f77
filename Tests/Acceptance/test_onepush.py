"""What a program written for ONE-PUSH relies on."""

import json
import re

import pytest

from onepush import App, ids
from waiting import eventually


class TestRegistration:
    def test_a_device_gets_an_id(self, app):
        assert re.fullmatch("[0-9a-f]{32}", app.register().id)

    def test_the_same_native_token_keeps_its_id(self, app, device):
        again = app.register(
            alias="another", nativeToken=device.registration["nativeToken"], platform="IOS", mobile="13700001111",
            tag=["b", "a"])
        assert again.id == device.id
        shown = app.server.admin("GET", f"/v1/devices/{device.id}").json()
        expected = {
            "id": device.id, "appId": app.id, "alias": "another", "platform": "IOS", "mobile": "13700001111",
            "tags": ["a", "b"], "active": True, "connected": False,
        }
        assert {name: value for name, value in shown.items() if name != "registeredAt"} == expected

    def test_registering_again_replaces_all_that_was_told_before(self, app):
        device = app.register(tag=["old"], mobile="1")
        app.register(nativeToken=device.registration["nativeToken"], alias=device.alias)
        shown = app.server.admin("GET", f"/v1/devices/{device.id}").json()
        assert "mobile" not in shown
        assert shown["tags"] == []

    def test_the_same_native_token_in_another_app_is_another_device(self, app, device):
        other = App(app.server).register(nativeToken=device.registration["nativeToken"])
        assert other.id != device.id

    def test_the_same_native_token_of_another_tenant_is_another_device(self, app, device):
        other = app.register(nativeToken=device.registration["nativeToken"], tenantCode="t")
        assert other.id != device.id

    @pytest.mark.parametrize("platform", ["ANDROID", "IOS", "PC", "WEB"])
    def test_every_platform_can_register(self, app, platform):
        device = app.register(platform=platform)
        assert app.server.admin("GET", f"/v1/devices/{device.id}").json()["platform"] == platform

    def test_a_tag_may_be_a_bare_text(self, app):
        device = app.register(tag="sz")
        assert app.server.admin("GET", f"/v1/devices/{device.id}").json()["tags"] == ["sz"]

    def test_under_another_alias_a_device_gets_that_ones_messages_only(self, app, device):
        earlier = app.send(audienceType="ALIAS", audiences=[device.alias], needConfirm=True)
        app.register(nativeToken=device.registration["nativeToken"], alias="another")
        app.send(audienceType="ALIAS", audiences=[device.alias])
        message = app.send(audienceType="ALIAS", audiences=["another"])
        with device.connect() as connection:
            assert ids(connection.messages(1)) == [message]
            assert device.receives_before_a_marker(connection) == []
        assert app.counts(earlier) == {"failed": 1}
        assert app.explain(earlier, device)["steps"][-1]["code"] == "failed.device.reassigned"

    def test_registering_again_under_the_same_alias_loses_nothing(self, app, device):
        message = app.send()
        app.register(**device.registration)
        with device.connect() as connection:
            assert connection.message()["id"] == message

    def test_a_connected_device_that_registers_again_stays_connected(self, app, device):
        with device.connect() as connection:
            app.register(**device.registration)
            message = app.send()
            assert connection.message()["id"] == message

    def test_missing_members_are_named_in_chinese_and_for_programs(self, app):
        answer = app.server.post("/msgpush/register", json={})
        assert answer.status_code == 400
        body = answer.json()
        assert body["code"] == 400
        assert set(re.findall(r"(\w+)是必填项;", body["message"])) == {"appId", "alias", "platform", "nativeToken"}
        assert re.sub(r"\w+是必填项;", "", body["message"]) == ""
        assert [field["code"] for field in body["errors"]] == ["required"] * 4

    @pytest.mark.parametrize("member", ["appId", "alias", "platform", "nativeToken"])
    @pytest.mark.parametrize("value", [None, ""])
    def test_a_single_missing_member_is_named(self, app, member, value):
        answer = app.server.post("/msgpush/register", json=app.registration(**{member: value}))
        assert answer.status_code == 400
        assert [field["field"] for field in answer.json()["errors"]] == [member]


class TestUnregistering:
    def test_it_closes_the_devices_connection(self, app, device):
        with device.connect() as connection:
            app.unregister(device)
            assert connection.closing() == (4404, "the device was unregistered")

    def test_the_device_is_no_longer_in_any_audience(self, app, device):
        app.unregister(device)
        for members in [
            {}, {"audienceType": "ALIAS", "audiences": [device.alias]},
            {"audienceType": "DEVICE", "audiences": [device.id]},
        ]:
            assert app.counts(app.send(**members)) == {}

    def test_the_device_is_kept_and_can_register_again(self, app, device):
        app.unregister(device)
        assert app.server.admin("GET", f"/v1/devices/{device.id}").json()["active"] is False
        assert app.register(**device.registration).id == device.id
        with device.connect() as connection:
            message = app.send()
            assert connection.message()["id"] == message

    def test_it_can_be_done_twice(self, app, device):
        app.unregister(device)
        app.unregister(device)

    @pytest.mark.parametrize("options", [{}, {"data": "{}"}, {"json": {}}, {"data": "not read"}])
    def test_its_body_does_not_matter(self, app, device, options):
        answer = app.server.post(f"/msgpush/unregister/{device.id}", **options)
        assert (answer.status_code, answer.text) == (200, "")


class TestAudience:
    """Three devices of two users; `receivers` are those that a message was made for."""

    @pytest.fixture
    def devices(self, app):
        return {
            "phone": app.register(alias="ann", platform="ANDROID", tag=["sz", "vip"]),
            "tablet": app.register(alias="ann", platform="IOS", tag=["sz"]),
            "browser": app.register(alias="bob", platform="WEB", tag=["bj"]),
        }

    def receivers(self, app, devices, **members):
        deliveries = app.status(app.send(**members))["deliveries"]
        found = [entry["deviceId"] for entry in deliveries]
        assert len(found) == len(set(found)), "a device got it twice"
        return {name for name, device in devices.items() if device.id in found}

    EVERYONE = {"phone", "tablet", "browser"}

    @pytest.mark.parametrize(
        "kind, audiences, expected",
        [("ALIAS", ["ann"], {"phone", "tablet"}),
         ("ALIAS", ["ann", "bob", "ann", "nobody"], EVERYONE),
         ("ALIAS", "bob", {"browser"}),
         ("ALIAS", ["ANN"], set()),
         ("ALIAS", ["ann "], set()),
         ("TAG", ["sz"], {"phone", "tablet"}),
         ("TAG", ["sz", "vip"], {"phone", "tablet"}),
         ("TAG", ["vip", "bj"], {"phone", "browser"}),
         ("TAG", "bj", {"browser"}),
         ("ALL", ["ALL"], EVERYONE),
         ("ALL", None, EVERYONE),
         ("ALL", [], EVERYONE),
         ("ALIAS", ["ALL"], EVERYONE),
         ("ALIAS", ["all"], EVERYONE),
         ("ALIAS", ["All", "bob"], EVERYONE),
         ("ALIAS", "aLL", EVERYONE),
         ("TAG", ["all"], EVERYONE),
         ("DEVICE", ["ALL"], EVERYONE),
         ("ALIAS", ["bob", "ALL"], {"browser"})])
    def test_a_message_is_for_whom_it_names(self, app, devices, kind, audiences, expected):
        assert self.receivers(app, devices, audienceType=kind, audiences=audiences) == expected

    @pytest.mark.parametrize("names", [["phone"], ["tablet", "browser"], ["phone", "phone"]])
    def test_devices_are_named_by_their_ids(self, app, devices, names):
        audiences = [devices[name].id for name in names]
        assert self.receivers(app, devices, audienceType="DEVICE", audiences=audiences) == set(names)

    @pytest.mark.parametrize(
        "platform, expected",
        [("ALL", EVERYONE), ("ANDROID", {"phone"}), ("IOS", {"tablet"}), ("WEB", {"browser"}), ("PC", set())])
    def test_a_message_is_for_one_platform_if_it_says_so(self, app, devices, platform, expected):
        assert self.receivers(app, devices, platform=platform) == expected

    def test_platform_and_alias_must_both_match(self, app, devices):
        members = {"audienceType": "ALIAS", "audiences": ["ann"], "platform": "IOS"}
        assert self.receivers(app, devices, **members) == {"tablet"}

    def test_another_apps_devices_are_never_meant(self, app, devices):
        other = App(app.server)
        assert self.receivers(other, devices) == set()
        assert self.receivers(other, devices, audienceType="ALIAS", audiences=["ann"]) == set()
        assert self.receivers(other, devices, audienceType="TAG", audiences=["sz"]) == set()
        phone = devices["phone"].id
        assert self.receivers(other, devices, audienceType="DEVICE", audiences=[phone]) == set()

    @pytest.mark.parametrize(
        "tenant, expected", [("red", {"red", "none"}), ("blue", {"blue", "none"}), (None, {"none"}), ("Red", {"none"})])
    @pytest.mark.parametrize("kind", ["ALL", "ALIAS", "TAG"])
    def test_a_tenants_devices_get_its_messages_only(self, app, tenant, expected, kind):
        devices = {
            "red": app.register(alias="ann", tag=["t"], tenantCode="red"),
            "blue": app.register(alias="ann", tag=["t"], tenantCode="blue"),
            "none": app.register(alias="ann", tag=["t"]),
        }
        audiences = {"ALL": ["ALL"], "ALIAS": ["ann"], "TAG": ["t"]}[kind]
        members = {"audienceType": kind, "audiences": audiences, "tenantCode": tenant}
        assert self.receivers(app, devices, **members) == expected


class TestMessage:
    @pytest.fixture
    def received(self, app, device):
        """Sends a message and answers what the device gets, as text."""

        def received(**members):
            app.send(**members)
            with device.connect() as connection:
                return connection.text()

        return received

    def test_it_carries_what_was_sent(self, app, received):
        message = json.loads(received(
            alert="你好", extra={"a": 1}, tenantCode="t", pushMsgType="CMD", listenFlag="NOTB", needConfirm=True))
        del message["id"]
        assert message == {
            "appId": app.id, "tenantCode": "t", "alert": "你好", "extra": {"a": 1}, "pushMsgType": "CMD",
            "listenFlag": "NOTB", "needConfirm": True,
        }

    def test_members_that_are_null_are_left_out(self, app, received):
        message = json.loads(received(extra=None, tenantCode=None, sound=None))
        assert set(message) == {"id", "appId", "alert", "pushMsgType", "listenFlag", "needConfirm"}
        assert "null" not in json.dumps(message)

    def test_an_explicit_null_is_the_same_as_no_member(self, app, device):
        nulls = ["extra", "sound", "badge", "tenantCode", "sender", "sendDeive", "smsMessage", "duration",
                 "needConfirm", "pushMsgType", "listenFlag", "requestId"]
        answer = app.server.post("/msgpush/send", json=app.body() | dict.fromkeys(nulls))
        assert answer.status_code == 200
        with device.connect() as connection:
            assert set(connection.message()) == {"id", "appId", "alert", "pushMsgType", "listenFlag", "needConfirm"}

    def test_the_id_is_a_text_and_the_one_that_the_sender_got(self, app, device):
        message = app.send()
        with device.connect() as connection:
            assert connection.message()["id"] == message
        assert message.isdecimal()

    EXTRAS = [
        '"testmsg"', '""', "0", "-1.5e10", "12345678901234567890123", "0.1000", "true", "false", "[]", "{}",
        '{"b":1,"a":[1,2,{"c":null}],"b2":"x"}', '"\\u63a8\\u9001 \\ud83d\\ude80 \\n \\" \\\\"', '"推送🚀"',
        '{"a" : [ 1 , 2 ]}', '[[[[["deep"]]]]]', '"</script>"', '{"z":1,"a":2,"m":3}',
    ]

    @pytest.mark.parametrize("extra", EXTRAS)
    def test_extra_is_any_json_and_comes_back_exactly(self, app, device, extra):
        body = json.dumps(app.body(extra="MARK")).replace('"MARK"', extra).encode()
        assert app.server.post("/msgpush/send", data=body).status_code == 200
        with device.connect() as connection:
            text = connection.text()
        assert f'"extra":{extra}' in text
        assert json.loads(text)["extra"] == json.loads(extra)

    @pytest.mark.parametrize("alert", ["", " ", "\"\\/\b\f\n\r\t", "\u0000\u001f\u007f\u2028", "🚀" * 500, "é\u0301"])
    def test_an_alert_is_any_text(self, app, received, alert):
        assert json.loads(received(alert=alert))["alert"] == alert

    @pytest.mark.parametrize("platform", ["ANDROID", "IOS", "PC", "WEB"])
    def test_only_ios_devices_get_sound_and_badge(self, app, platform):
        device = app.register(platform=platform)
        app.send(sound="default", badge=2)
        with device.connect() as connection:
            message = connection.message()
        expected = {"sound": "default", "badge": 2} if platform == "IOS" else {}
        assert {name: message[name] for name in ("sound", "badge") if name in message} == expected

    def test_every_platform_gets_its_own_form_of_one_message(self, app):
        apple, other = app.register(platform="IOS"), app.register(platform="PC")
        with apple.connect() as first, other.connect() as second:
            app.send(sound="ding", badge=0)
            assert first.message()["sound"] == "ding"
            assert "sound" not in second.message()

    @pytest.mark.parametrize("member", ["sendDeive", "sendDevice"])
    def test_both_spellings_of_the_sending_device_are_known(self, app, member):
        answer = app.post(**{member: "ANDROID"}, sender="user2", smsMessage="sms")
        assert set(answer.json()) == {"requestId"}

    @pytest.mark.parametrize("kind", ["MSG", "CMD"])
    def test_a_message_is_for_people_or_for_the_app(self, received, kind):
        assert json.loads(received(pushMsgType=kind))["pushMsgType"] == kind

    @pytest.mark.parametrize("given, flag", [("true", True), ("false", False), (True, True), (False, False)])
    def test_a_flag_may_be_written_as_text(self, received, given, flag):
        assert json.loads(received(needConfirm=given))["needConfirm"] is flag

    def test_unknown_members_are_accepted_and_listed(self, app):
        answer = app.post(color=1, options={"a": [1]})
        assert answer.status_code == 200
        assert answer.json()["ignored"] == ["color", "options"]

    @pytest.mark.parametrize("member", ["appId", "appKey", "platform", "audienceType", "alert"])
    def test_a_missing_member_is_named_in_chinese(self, app, member):
        answer = app.post(**{member: None})
        assert answer.status_code == 400
        assert answer.json()["message"] == f"{member}是必填项;"
        assert answer.json()["errors"] == [
            {"field": member, "code": "required", "message": f"{member}是必填项;"}]

    def test_missing_audiences_are_named(self, app):
        answer = app.post(audienceType="ALIAS", audiences=None)
        assert answer.json()["message"] == "audiences是必填项;"

    def test_of_an_empty_object_all_required_members_are_named(self, server):
        body = server.post("/msgpush/send", json={}).json()
        assert {field["field"] for field in body["errors"]} == {
            "appId", "appKey", "platform", "audienceType", "audiences", "alert"}

    @pytest.mark.parametrize("type", ["application/json;charset=UTF-8", "text/plain", ""])
    def test_the_content_type_does_not_matter(self, app, type):
        answer = app.server.post("/msgpush/send", data=json.dumps(app.body()), headers={"Content-Type": type})
        assert answer.status_code == 200


class TestOrigins:
    @pytest.mark.parametrize("origin", ["http://elsewhere.example", "null"])
    @pytest.mark.parametrize("path", ["/msgpush/send", "/msgpush/register", "/msgpush/unregister/x", "/apps/"])
    def test_any_page_may_ask_first(self, server, origin, path):
        answer = server.request("OPTIONS", path, headers={
            "Origin": origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type"})
        assert answer.status_code in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", origin)
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert "content-type" in answer.headers["Access-Control-Allow-Headers"].lower()

    def test_any_page_may_send_and_register(self, app):
        origin = {"Origin": "null"}
        for path, body in [("/msgpush/send", app.body()), ("/msgpush/register", app.registration())]:
            answer = app.server.post(path, json=body, headers=origin)
            assert answer.status_code == 200
            assert answer.headers["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize(
        "path, body, status",
        [("/msgpush/send", b"{}", 400), ("/msgpush/register", b"{}", 400), ("/msgpush/unregister/x", b"", 404),
         ("/msgpush/send", b"x" * 70_000, 413), ("/apps/", b"name", 401)])
    def test_a_page_can_read_why_it_was_refused(self, server, path, body, status):
        answer = server.post(path, data=body, headers={"Origin": "null"})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize("path", ["/v1/apps", "/v1/devices", "/metrics"])
    def test_pages_from_elsewhere_cannot_administer(self, server, path):
        origin = {"Origin": "http://elsewhere.example"}
        allowed = server.get(path, headers=origin | {"Authorization": f"Bearer {server.token}"})
        asked = server.request("OPTIONS", path, headers=origin | {"Access-Control-Request-Method": "GET"})
        assert allowed.status_code == 200
        for answer in [allowed, asked]:
            assert "Access-Control-Allow-Origin" not in answer.headers


class TestApps:
    def test_an_app_is_made_of_a_bare_name(self, server):
        answer = server.admin("POST", "/apps/", data="测试应用".encode())
        assert answer.status_code == 200
        app = answer.json()
        assert app["name"] == "测试应用"
        assert re.fullmatch("[0-9a-f]{32}", app["id"]) and re.fullmatch("[0-9a-f]{32}", app["appKey"])

    def test_the_path_may_end_without_a_slash(self, server):
        assert server.admin("POST", "/apps", data=b"name").status_code == 200

    def test_an_app_that_moves_here_keeps_its_id_and_key(self, server):
        app = App(server, id="testapp1", appKey="dkdka")
        assert (app.id, app.key) == ("testapp1", "dkdka")
        device = app.register()
        message = app.send()
        with device.connect() as connection:
            assert connection.message()["id"] == message

    def test_two_apps_cannot_have_one_id(self, server):
        App(server, id="taken")
        answer = server.admin("POST", "/apps/", json={"name": "x", "id": "taken"})
        assert (answer.status_code, answer.json()["error"]) == (409, "app_exists")

    @pytest.mark.parametrize(
        "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}, {"X-App-Key": "x"}])
    def test_only_an_administrator_makes_and_sees_apps(self, server, app, headers):
        for method, path in [
            ("POST", "/apps/"), ("GET", f"/apps/{app.id}"), ("GET", "/v1/apps"), ("GET", "/v1/devices"),
            ("POST", f"/v1/apps/{app.id}/rotate-key"),
        ]:
            answer = server.request(method, path, headers=headers, data=b"x" if method == "POST" else None)
            assert answer.status_code == 401, path
            assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_the_key_is_shown_only_when_it_is_made(self, server, app):
        answer = server.admin("GET", f"/apps/{app.id}")
        assert answer.json()["id"] == app.id
        for answer in [answer, server.admin("GET", "/v1/apps"), server.admin("GET", "/v1/devices")]:
            assert "appKey" not in answer.text and app.key not in answer.text

    def test_an_unknown_app_is_not_found(self, server):
        assert server.admin("GET", "/apps/unknown").status_code == 404

    @pytest.mark.parametrize(
        "body", [b"", b"{}", b'{"name":""}', b'{"name":"x","id":"a b"}', b'{"name":"x","id":"a/b"}', b'{"name":5}',
                 b'{"name":"x","appKey":"abc"}', b"two\nlines"])
    def test_an_app_that_cannot_be_is_refused(self, server, body):
        answer = server.admin("POST", "/apps/", data=body)
        assert answer.status_code == 400
        assert answer.json()["message"]

    def test_a_new_key_ends_the_old_one_at_once_if_that_is_asked(self, server, app):
        answer = server.admin("POST", f"/v1/apps/{app.id}/rotate-key", data=json.dumps({"overlap": 0})).json()
        key = answer["appKey"]
        assert "oldKeyUntil" not in answer
        assert app.post().status_code == 401
        assert app.post(appKey=key).status_code == 200

    def test_a_changed_key_survives_a_restart(self, start_server):
        app = App(start_server())
        old, first = app.key, app.server.admin("POST", f"/v1/apps/{app.id}/rotate-key").json()["appKey"]
        app.key = app.server.admin("POST", f"/v1/apps/{app.id}/rotate-key").json()["appKey"]
        app.server.restart()
        assert app.post().status_code == 200
        assert app.post(appKey=first).status_code == 200, "the key before holds for a day"
        assert app.post(appKey=old).status_code == 401

    def test_in_demo_mode_anyone_makes_apps_and_only_that(self, start_server):
        server = start_server("--demo")
        answer = server.post("/apps/", data=b"for everyone")
        assert answer.status_code == 200
        assert server.get("/apps/" + answer.json()["id"]).status_code == 401
        assert server.get("/v1/devices").status_code == 401


def test_one_app_can_send_to_very_many_devices_at_once(start_server):
    app = App(start_server())
    for _ in range(300):
        app.register()
    message = app.send()
    assert app.counts(message) == {"unsent": 300}
    sample = app.register()
    later = app.send()
    with sample.connect() as connection:
        assert connection.message()["id"] == later
    eventually(lambda: app.counts(later) == {"unsent": 300, "sent": 1})
