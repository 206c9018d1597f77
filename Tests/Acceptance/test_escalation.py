"""What is done about messages that nobody confirms, through the stand-in of an SMS service."""

import json
import time

import pytest

from business import Business
from onepush import App
from server import Server, run
from vendors import Simulator, VendorApp
from waiting import eventually

TWILIO = {"accountSid": "AC00000000000000000000000000000000", "from": "+15550001111"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"), settings={"outgoing.allow": "127.0.0.1"})
    yield server.start()
    server.end()


@pytest.fixture(scope="module")
def sms(tmp_path_factory):
    simulator = Simulator("sms", tmp_path_factory.mktemp("sms"))
    yield simulator
    simulator.end()


def add_sms(app, directory, sms):
    file = directory / "secret.json"
    file.write_text(json.dumps({"authToken": "token"}))
    ended = run(
        "credential", "add", "sms.twilio", "--app", app.id, "--settings", json.dumps(TWILIO | {"endpoint": sms.url}),
        "--secret-file", file, APUS_SERVER=app.server.url, APUS_ADMIN_TOKEN=app.server.token)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture
def app(server, sms, tmp_path):
    sms.behave()
    app = App(server)
    add_sms(app, tmp_path, sms)
    return app


numbers = (f"+1555{number:07d}" for number in range(1, 10_000))


def explained(app, message):
    answer = app.get(f"/v1/messages/{message}/explain")
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(app, message):
    return [step["code"] for step in explained(app, message)["steps"]]


def sent_to(sms, number):
    return sum(number in json.loads(line)["targets"] for line in sms.accepted.splitlines())


def person(app, **members):
    return app.register(mobile=next(numbers), **members)


def escalate(app, device, steps, **members):
    return app.send(
        audienceType="ALIAS", audiences=[device.alias], escalate=steps, **{"alert": "It burns"} | members)


def test_who_does_not_confirm_gets_an_sms_and_then_somebody_else_is_told(app, sms):
    ann, boss = person(app), person(app)
    message = escalate(
        app, ann, [{"after": 1, "via": "sms"}, {"after": 1, "to": [boss.alias]}, {"after": 1, "via": "sms"}])
    with boss.connect() as connection:
        received = connection.message()
        assert (received["alert"], received["needConfirm"]) == ("It burns", True)
        assert received["id"] != message
        eventually(lambda: sent_to(sms, boss.registration["mobile"]) == 1)
        assert sent_to(sms, ann.registration["mobile"]) == 1
        explanation = explained(app, message)
        assert [step["code"] for step in explanation["steps"]] == [
            "accepted", "escalated.sms", "escalated.persons", "escalated.sms"]
        assert explanation["state"] == "escalating"
        connection.confirm(received["id"])
        eventually(lambda: codes(app, message)[-1] == "escalation.confirmed")
    assert boss.id in explained(app, message)["steps"][-1]["text"]
    assert app.state(message, ann) == "cancelled"
    assert app.state(received["id"], boss) == "received"
    assert codes(app, received["id"]) == codes(app, message)
    assert "escalation.confirmed" in [step["code"] for step in app.explain(message, ann)["steps"]]


def test_the_first_confirmation_stops_everything(app, sms):
    ann, ben, boss = person(app), person(app), person(app)
    message = app.send(
        audienceType="ALIAS", audiences=[ann.alias, ben.alias],
        escalate=[{"after": 2, "via": "sms"}, {"after": 0, "to": [boss.alias]}])
    with ann.connect() as connection:
        assert connection.message()["needConfirm"]
        connection.confirm(message)
        eventually(lambda: codes(app, message) == ["accepted", "escalation.confirmed"])
    assert app.counts(message) == {"received": 1, "cancelled": 1}
    time.sleep(3.5)  # that nothing comes can only be seen by waiting
    assert codes(app, message) == ["accepted", "escalation.confirmed"]
    assert all(sent_to(sms, device.registration["mobile"]) == 0 for device in (ann, ben, boss))
    with ben.connect() as connection:
        assert ben.receives_before_a_marker(connection) == []
    with boss.connect() as connection:
        assert boss.receives_before_a_marker(connection) == []


def test_an_alarm_does_not_wait_for_who_cannot_be_reached(app, sms):
    ann, boss = app.register(), person(app)
    message = escalate(
        app, ann, [{"after": 1, "via": "sms"}, {"after": 600, "via": "email"}, {"after": 600, "to": ["nobody"]},
                   {"after": 600, "to": [boss.alias]}, {"after": 600, "via": "sms"}])
    eventually(lambda: len(codes(app, message)) == 5)
    explanation = explained(app, message)
    assert [step["code"] for step in explanation["steps"]] == [
        "accepted", "escalated.nobody", "escalated.no_sender", "escalated.nobody", "escalated.persons"]
    assert f"without a mobile number: {ann.alias}" in explanation["steps"][1]["text"]
    assert explanation["next"]["code"] == "escalation.waits"


def test_taking_a_message_back_ends_its_escalation(app, sms):
    ann, boss = person(app), person(app)
    message = escalate(app, ann, [{"after": 1, "to": [boss.alias]}, {"after": 2, "via": "sms"}])
    eventually(lambda: "escalated.persons" in codes(app, message))
    answer = app.server.request("DELETE", f"/v1/messages/{message}", headers={"X-App-Key": app.key})
    assert answer.json() == {"cancelled": 2, "recalled": 0}
    assert codes(app, message)[-1] == "escalation.cancelled"
    time.sleep(3)  # that nothing comes can only be seen by waiting
    assert sent_to(sms, boss.registration["mobile"]) == 0
    with boss.connect() as connection:
        assert boss.receives_before_a_marker(connection) == []


def test_a_message_that_expires_escalates_no_more(app, sms):
    ann = person(app)
    message = escalate(app, ann, [{"after": 0, "via": "sms"}], duration=2)
    eventually(lambda: codes(app, message) == ["accepted", "escalated.sms", "escalation.expired"])
    assert app.counts(message) == {"expired": 1}


def test_users_of_the_business_system_get_theirs_at_the_number_of_the_table(server, sms, tmp_path):
    business = Business(server)
    business.id = business.app
    add_sms(business, tmp_path, sms)
    mobile = next(numbers)
    ann = business.add_user(mobile=mobile)
    answer = server.post("/msgpush/send", json={
        "appId": business.id, "appKey": business.key, "platform": "ALL", "audienceType": "ALIAS", "audiences": [ann],
        "alert": "It burns", "escalate": [{"after": 0, "via": "sms"}]})
    assert answer.status_code == 200, answer.text
    eventually(lambda: sent_to(sms, mobile) == 1)


def test_the_command_sends_and_explains(app, sms):
    ann = person(app)
    ended = run(
        "send", "It burns", "--app", app.id, "--key", app.key, "--alias", ann.alias, "--sms", "Fire!", "--escalate",
        '[{"after":0,"via":"sms"},{"after":600,"to":["boss"]}]', "--json", APUS_SERVER=app.server.url)
    assert ended.returncode == 0, ended.stderr
    message = json.loads(ended.stdout)["requestId"]
    eventually(lambda: sent_to(sms, ann.registration["mobile"]) == 1)
    assert "Fire" in sms.accepted
    shown = run("message", "explain", message, "--key", app.key, APUS_SERVER=app.server.url).stdout
    assert f"SMS to {ann.alias}" in shown and "the same message to boss" in shown


@pytest.mark.parametrize("steps", ["sms", "{}", '[{"after":"x"}]', '[{"via":"sms"}]', '[{"after":1,"via":"pigeon"}]'])
def test_the_command_refuses_what_are_no_steps(app, steps):
    ended = run("send", "x", "--app", app.id, "--key", app.key, "--all", "--escalate", steps, APUS_SERVER=app.server.url)
    assert ended.returncode == 2 and "list of steps" in ended.stderr


# Policies


def policy(app, *arguments, code=0):
    ended = run("app", "policy", app.id, *arguments, APUS_SERVER=app.server.url, APUS_ADMIN_TOKEN=app.server.token)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_an_sms_message_goes_out_to_whom_it_does_not_reach(app, sms):
    assert "after 600 s" in policy(app)
    assert "after 2 s" in policy(app, "--sms-after", "2")
    ann, ben = person(app), person(app)
    with ben.connect() as connection:
        message = app.send(
            audienceType="ALIAS", audiences=[ann.alias, ben.alias], needConfirm=True, smsMessage="Call the office")
        connection.message()
        connection.confirm(message)
        eventually(lambda: sent_to(sms, ann.registration["mobile"]) == 1)
        assert "Call" in sms.accepted
    assert sent_to(sms, ben.registration["mobile"]) == 0
    # It was for each of them, so nobody's confirmation took it from somebody else.
    assert app.counts(message) == {"received": 1, "unsent": 1}
    assert codes(app, message) == ["accepted", "escalated.sms", "escalation.done"]


def test_a_policy_escalates_what_needs_confirmation_and_says_nothing_else(app, sms):
    policy(app, "--escalate", '[{"after":1,"via":"sms"}]', "--sms-after", "0")
    ann = person(app)
    told = escalate(app, ann, None, needConfirm=True)
    plain = escalate(app, ann, None, smsMessage="never")
    without = escalate(app, ann, [], needConfirm=True)
    eventually(lambda: sent_to(sms, ann.registration["mobile"]) == 1)
    assert codes(app, told) == ["accepted", "escalated.sms"]
    for message in (plain, without):
        assert app.get(f"/v1/messages/{message}/explain").status_code == 400
    assert "nothing" in policy(app, "--clear")
    assert policy(app) == policy(app, "--clear")


def test_the_vendor_gets_what_a_connected_device_does_not_confirm(server, tmp_path):
    umeng = Simulator("umeng", tmp_path)
    try:
        app = VendorApp(server, umeng, tmp_path)
        device = app.register(platform="ANDROID")
        with device.connect() as connection:
            first = app.send_to(device)
            assert connection.message()["id"] == first  # from here on it is connected for sure
            answer = server.admin("PUT", f"/v1/apps/{app.id}/policy", json={
                "fallback": [{"after": 1, "via": "vendor"}], "needConfirm": True})
            assert answer.status_code == 200, answer.text
            message = app.send_to(device)
            assert connection.message()["needConfirm"]
            eventually(lambda: app.delivery(message, device).get("route") == "umeng", within=20)
            steps = [step["code"] for step in app.explain(message, device)["steps"]]
            assert "escalated.vendor" in steps
            assert device.registration["nativeToken"] in umeng.accepted
            connection.confirm(message)
            eventually(lambda: app.state(message, device) == "received")
    finally:
        umeng.end()


# What is wrong


@pytest.mark.parametrize(
    ("steps", "what"),
    [("sms", "must be a list of steps"), ({"after": 1}, "must be a list of steps"), ([1], "step 1 must be an object"),
     ([{"via": "sms"}], "step 1 must have after"), ([{"after": -1, "via": "sms"}], "step 1 must have after"),
     ([{"after": "soon", "via": "sms"}], "step 1 must have after"), ([{"after": 1}], "step 1 must have either via or to"),
     ([{"after": 1, "via": "sms", "to": ["a"]}], "step 1 must have either via or to"),
     ([{"after": 1, "via": "pigeon"}], "step 1 must have via sms, email or vendor"),
     ([{"after": 1, "via": "sms"}, {"after": 1, "to": []}], "step 2 must have via"),
     ([{"after": 1, "to": [""]}], "step 1 must have via"), ([{"after": 1, "to": ["a"] * 2 + [7]}], "step 1 must have via"),
     ([{"after": 1, "to": [f"a{n}" for n in range(101)]}], "to with 1 to 100 aliases"),
     ([{"after": 1, "via": "sms", "afer": 2}], 'step 1 has "afer"'),
     ([{"after": 1, "via": "sms"}] * 9, "has 9 steps; at most 8 are allowed"),
     ([{"after": 200_000, "via": "sms"}] * 2, "has steps later than 259200 seconds")])
def test_wrong_steps_are_refused_with_what_is_wrong(app, steps, what):
    answer = app.post(escalate=steps)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ["escalate"] and what in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "what"),
    [({"fallback": [{"after": 1, "to": ["boss"]}]}, "belong into escalate"), ({"smsAfter": -1}, "smsAfter must be"),
     ({"smsAfter": "x"}, "smsAfter must be"), ({"needConfirm": 1}, "needConfirm must be"), ({"other": 1}, "is not known"),
     ({"escalate": [{}]}, "step 1 must have after")])
def test_a_wrong_policy_is_refused_with_what_is_wrong(app, body, what):
    answer = app.server.admin("PUT", f"/v1/apps/{app.id}/policy", json=body)
    assert answer.status_code == 400 and what in answer.json()["message"], answer.text
    assert app.server.admin("GET", f"/v1/apps/{app.id}/policy").json() == {
        "fallback": [], "escalate": [], "smsAfter": 600, "needConfirm": False}


def test_policies_are_for_administrators(app):
    assert app.get(f"/v1/apps/{app.id}/policy").status_code == 401
    assert app.server.admin("GET", "/v1/apps/none/policy").status_code == 404


# Crashes


def test_each_step_is_taken_once_however_often_the_server_is_killed(start_server, sms, tmp_path):
    sms.behave()
    server = start_server(outgoing__allow="127.0.0.1")
    app = App(server)
    add_sms(app, tmp_path, sms)
    boss = app.register()
    steps = [{"after": 0, "via": "sms"}, {"after": 1, "to": [boss.alias]}, {"after": 1, "to": [boss.alias]},
             {"after": 1, "to": [boss.alias]}]
    people = [person(app) for _ in range(40)]
    messages = [escalate(app, ann, steps) for ann in people]
    for pause in range(8):
        time.sleep(0.3 + 0.1 * pause)  # a kill at no time in particular
        server.kill()
        server.start()
    taken = ["accepted", "escalated.sms"] + ["escalated.persons"] * 3
    eventually(lambda: all(codes(app, message) == taken for message in messages), within=60)
    # Three for each alarm, none lost and none twice.
    assert len(boss_messages(boss)) == 3 * len(messages)
    for ann, message in zip(people, messages):
        step = explained(app, message)["steps"][1]["text"]
        eventually(lambda: "was sent" in (step := explained(app, message)["steps"][1]["text"]) and step)
        step = explained(app, message)["steps"][1]["text"]
        count = sent_to(sms, ann.registration["mobile"])
        assert count == 1 or (count > 1 and "twice" in step), (count, step)


def boss_messages(boss):
    found = []
    with boss.connect() as connection:
        while True:
            try:
                message = connection.message(within=2)
            except TimeoutError:
                return found
            assert message["id"] not in found
            found.append(message["id"])
            if len(found) % 100 == 0:
                time.sleep(0)
