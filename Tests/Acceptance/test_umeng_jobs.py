"""Messages whose devices Umeng finds by itself: `apus umeng`."""

import json

import pytest

from onepush import App
from server import Server, run
from vendors import Simulator, VendorApp
from waiting import eventually


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    simulator = Simulator("umeng", tmp_path_factory.mktemp("umeng"))
    yield simulator
    simulator.end()


@pytest.fixture(scope="module")
def app(tmp_path_factory, simulator):
    directory = tmp_path_factory.mktemp("server")
    server = Server(directory).start()
    yield VendorApp(server, simulator, directory)
    server.end()


@pytest.fixture
def umeng(app, simulator):
    simulator.behave()

    def umeng(*arguments, code=0):
        ended = run("umeng", *arguments, "--json", APUS_SERVER=app.server.url, APUS_ADMIN_TOKEN=app.server.token)
        assert ended.returncode == code, ended
        return json.loads(ended.stdout) if code == 0 else ended.stderr

    return umeng


def test_a_broadcast_is_asked_for_until_it_is_done(app, umeng):
    sent = umeng("broadcast", "--app", app.id, "--platform", "android", "Hello all", "--title", "News")
    assert sent["taskId"].startswith("um") and sent["result"] == "SUCCESS" and not sent["final"], sent
    done = eventually(lambda: (job := umeng("status", sent["messageId"]))["final"] and job)
    assert done["status"] == "2" and done["taskId"] == sent["taskId"]


def test_what_was_sent_under_a_name_is_not_sent_again(app, umeng, simulator):
    arguments = ("broadcast", "--app", app.id, "--platform", "android", "Once", "--request-id", "monday")
    before = simulator.counts["accepted"]
    assert umeng(*arguments)["messageId"] == umeng(*arguments)["messageId"]
    assert simulator.counts["accepted"] == before + 1


def test_a_job_by_filter_is_cancelled(app, umeng):
    filter = json.dumps({"where": {"and": [{"tag": "vip"}]}})
    sent = umeng("groupcast", "--app", app.id, "--platform", "ios", "Hello", "--filter", filter)
    assert sent["taskId"].startswith("us")
    assert umeng("cancel", sent["messageId"])["status"] == "4"
    assert "the job is over" in umeng("cancel", sent["messageId"], code=1).lower()


def test_aliases_are_named_and_umeng_tells_no_more(app, umeng, simulator):
    sent = umeng(
        "customizedcast", "--app", app.id, "--platform", "android", "Hello", "--alias-type", "user", "--to", "ann,bob")
    assert sent["final"] and "ann,bob" in simulator.accepted
    assert umeng("status", sent["messageId"]) == sent


@pytest.mark.parametrize("arguments, problem", [
    (("broadcast", "--platform", "windows", "x"), "must be ANDROID or IOS"),
    (("groupcast", "--platform", "android", "x", "--filter", '{"tag":"a"}'), "where"),
    (("customizedcast", "--platform", "android", "x", "--alias-type", "user", "--to", ""), "aliases"),
])
def test_what_is_wrong_is_said(app, umeng, arguments, problem):
    assert problem in umeng(*arguments, "--app", app.id, code=1)


def test_what_umeng_refuses_is_told_in_its_words(app, umeng, simulator):
    simulator.behave({"code": "2054"})
    assert "2054" in umeng("broadcast", "--app", app.id, "--platform", "android", "x", code=1)


def test_of_another_apps_job_no_more_is_told_than_of_none(app, umeng):
    job = umeng("broadcast", "--app", app.id, "--platform", "android", "Hello all")["messageId"]
    other = {"name": "other", "role": "admin", "appId": App(app.server).id}
    bearer = {"Authorization": "Bearer " + app.server.admin("POST", "/v1/tokens", json=other).json()["token"]}
    there, nowhere = (app.server.get(f"/v1/umeng/jobs/{id}", headers=bearer) for id in (job, "7"))
    assert there.status_code == 404 and there.text == nowhere.text


def test_a_message_that_is_no_job_is_none(umeng):
    assert "no message with this id" in umeng("status", "7", code=1)
