"""Devices of Umeng, JPush, Getui and FCM, against the stand-ins; and these against the vendors' own clients."""

import time

import pytest

from server import run
from vendors import Simulator, VendorApp
from waiting import eventually

# With what the tokens begin that a vendor says are dead, and its word for that.
DEAD = {
    "umeng": ("40144014", "4014"), "jpush": ("1011-", "1011"), "getui": ("invalid-", "20001"),
    "fcm": ("UNREGISTERED-", "UNREGISTERED"),
}


@pytest.fixture(scope="module", params=DEAD)
def simulator(request, tmp_path_factory):
    simulator = Simulator(request.param, tmp_path_factory.mktemp(request.param))
    yield simulator
    simulator.end()


@pytest.fixture
def app(server, simulator, tmp_path):
    is_well(simulator)
    return VendorApp(server, simulator, tmp_path)


def is_well(simulator, *rules):
    """The stand-in does what the vendor does, but for these rules."""
    prefix, code = DEAD[simulator.vendor]
    simulator.behave(*rules, {"prefix": prefix, "code": code})


def dead_token(app):
    """A token that the vendor says is dead."""
    prefix, _ = DEAD[app.vendor]
    number = time.monotonic_ns() % 10**20
    return f"{prefix}{number:036d}" if app.vendor == "umeng" else f"{prefix}{number}"


def is_active(app, device):
    return app.server.admin("GET", f"/v1/devices/{device.id}").json()["active"]


def test_a_message_goes_to_the_vendor_and_its_answer_is_explained(app):
    device = app.register()
    message = app.send_to(device, alert="hällo", title="Apus", extra={"type": "kpi"})
    eventually(lambda: app.state(message, device) == "sent")
    assert app.delivery(message, device)["route"] == app.vendor
    assert any(code.startswith(f"{app.vendor}.") for code in app.codes(message, device))


def test_the_vendor_got_what_was_sent(app, simulator):
    device = app.register()
    message = app.send_to(device, alert="a text that is nowhere else", extra={"type": "kpi"})
    eventually(lambda: app.state(message, device) == "sent")
    accepted = simulator.accepted
    assert "a text that is nowhere else" in accepted and message in accepted
    assert device.registration["nativeToken"] in accepted


def test_who_has_a_connection_gets_it_there(app):
    device = app.register()
    with device.connect() as connection:
        eventually(lambda: app.server.admin("GET", f"/v1/devices/{device.id}").json()["connected"])
        message = app.send_to(device)
        assert connection.message()["id"] == message
    eventually(lambda: app.delivery(message, device).get("route") == "websocket")


def test_many_devices_go_in_few_requests(app, simulator):
    tokens = 300 if app.vendor != "fcm" else 20
    for _ in range(tokens):
        app.register(alias="many")
    before = simulator.counts["requests"]
    message = app.send(audienceType="ALIAS", audiences=["many"])
    eventually(lambda: app.counts(message) == {"sent": tokens}, within=30)
    if app.vendor != "fcm":
        assert simulator.counts["requests"] - before < 20


def test_a_dead_token_is_dropped(app):
    device = app.register(nativeToken=dead_token(app))
    alive = app.register()
    for _ in range(4):  # JPush's tokens are believed to be dead after three
        if not is_active(app, device):
            break
        message = app.send_to(device)
        eventually(lambda: app.state(message, device) == "failed" or not is_active(app, device))
    assert not is_active(app, device)
    message = app.send_to(alive)
    eventually(lambda: app.state(message, alive) == "sent")


def test_trouble_of_the_vendor_is_waited_out(app, simulator):
    device = app.register()
    # Without a Retry-After nothing is sent for half a minute.
    is_well(simulator, {"status": 503, "times": 1})
    message = app.send_to(device)
    eventually(lambda: app.state(message, device) == "sent", within=60)


def test_a_vendor_that_answers_garbage_is_no_vendor_that_accepted(app, simulator):
    device = app.register()
    is_well(simulator, {"fault": "garbage", "times": 1000})
    message = app.send_to(device)
    eventually(lambda: len(app.codes(message, device)) > 2)
    assert app.server.is_well()


def test_a_wrong_secret_is_told_and_loses_nothing(server, simulator, tmp_path):
    if simulator.vendor == "fcm":
        pytest.skip("a service account has its own key: a wrong one is none")
    is_well(simulator)
    app = VendorApp(server, simulator, tmp_path)
    wrong = {"umeng": {"platform": "android", "appKey": "android-key"}, "jpush": {"appKey": "app-key"},
             "getui": {"appId": "app-id", "appKey": "app-key"}}[app.vendor] | {"endpoint": simulator.url}
    app.add(tmp_path, wrong, {"masterSecret": "wrong"})
    device = app.register()
    message = app.send_to(device)
    eventually(lambda: "does not send" in app.explain(message, device)["next"]["text"])
    assert app.state(message, device) == "unsent"
    # It is reported, and no reason to send requests elsewhere.
    checks = {check["name"]: check for check in server.admin("GET", "/readyz").json()["checks"]}
    assert checks["vendors"]["state"] == "warning" and app.vendor in checks["vendors"]["detail"]
    assert server.get("/readyz").status_code == 200
    right = {"masterSecret": "android-secret" if app.vendor == "umeng" else "master-secret"}
    app.add(tmp_path, wrong, right)
    eventually(lambda: app.state(message, device) == "sent", within=30)


def test_a_message_that_is_too_large_fails_with_how_much(app):
    device = app.register()
    message = app.send_to(device, alert="x" * 3900)
    eventually(lambda: app.state(message, device) in ("failed", "sent"))
    if app.state(message, device) == "failed":
        assert "bytes" in str(app.explain(message, device))


def test_the_command_tries_a_token(app):
    ended = run(
        "provider", "test", "--app", app.id, "--provider", app.vendor, "--device-token", app.token(),
        APUS_SERVER=app.server.url, APUS_ADMIN_TOKEN=app.server.token)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(app.vendor)


def test_what_nobody_knows_is_no_vendor(server, tmp_path):
    from onepush import App

    app = App(server)
    answer = server.post("/msgpush/register", json=app.registration(vendor="nobody"))
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_vendor")


class TestStandIns:
    """Clients that the vendors or others wrote find them right."""

    def test_jpush(self, tmp_path):
        import jpush
        from jpush import common

        simulator = Simulator("jpush", tmp_path)
        try:
            common.ZONES["DEFAULT"].update(PUSH=f"{simulator.url}/v3/", REPORT=f"{simulator.url}/v3/")
            push = jpush.JPush("app-key", "master-secret").create_push()
            push.audience = jpush.audience(jpush.registration_id("r1", "r2"))
            push.platform, push.notification = jpush.all_, jpush.notification(alert="你好")
            assert push.send().payload["msg_id"]
            push.audience = jpush.audience(jpush.registration_id("1011-gone"))
            with pytest.raises(common.JPushFailure) as failed:
                push.send()
            assert failed.value.error_code == 1011
            wrong = jpush.JPush("app-key", "wrong").create_push()
            wrong.audience, wrong.platform, wrong.notification = jpush.all_, jpush.all_, jpush.notification(alert="x")
            with pytest.raises(common.Unauthorized):
                wrong.send()
        finally:
            simulator.end()

    def test_fcm(self, tmp_path):
        import firebase_admin
        from firebase_admin import credentials, exceptions, messaging

        simulator = Simulator("fcm", tmp_path)
        try:
            messaging._MessagingService.FCM_URL = simulator.url + "/v1/projects/{0}/messages:send"
            account = credentials.Certificate(str(tmp_path / "service-account.json"))
            app = firebase_admin.initialize_app(account, name="acceptance")
            message = messaging.Message(token="t1", notification=messaging.Notification("title", "body"))
            assert messaging.send(message, app=app).startswith("projects/demo/messages/")
            with pytest.raises(messaging.UnregisteredError):
                messaging.send(messaging.Message(token="UNREGISTERED-1", data={"a": "1"}), app=app)
            with pytest.raises(exceptions.FirebaseError):
                messaging.send(messaging.Message(token="t", data={"from": "x"}), app=app)
        finally:
            simulator.end()
