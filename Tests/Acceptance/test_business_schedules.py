"""Notifications at chosen times."""

from datetime import datetime, timedelta, timezone

import pytest

from business import Business
from onepush import Connection
from server import Server, run
from waiting import eventually


@pytest.fixture(scope="module")
def business(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"), settings={"business.scan_every": "1h"})
    yield Business(server.start())
    server.end()


@pytest.fixture
def ann(business):
    number = business.add_user()
    business.register(number)
    return number


def soon(seconds=2):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def create(business, **members):
    return business.server.post(
        "/v1/schedules", json={"content": "content"} | members, headers={"X-App-Key": business.key})


def schedule(business, id):
    return business.server.get(f"/v1/schedules/{id}", headers={"X-App-Key": business.key}).json()


def test_without_a_time_it_is_acted_on_at_once(business, ann):
    answer = create(business, receivers=[ann], title="Now", level=10, extra={"type": "app"})
    assert answer.status_code == 201
    done = eventually(lambda: (found := schedule(business, answer.json()["id"]))["state"] == "done" and found, within=3)
    assert done["last"]["send_state"] == 1 and done["last"]["send_result"].startswith("push_message#")
    assert business.row(done["lastRow"])["extra_params_string"] == '{"type": "app"}'


def test_it_is_acted_on_at_its_time_and_not_before(business, ann):
    at = soon(3)
    id = create(business, receivers=ann, sendAt=at).json()["id"]
    assert schedule(business, id)["state"] == "waiting"
    assert datetime.fromisoformat(schedule(business, id)["next"]) == datetime.fromisoformat(at).replace(microsecond=0)
    done = eventually(lambda: (found := schedule(business, id))["state"] == "done" and found)
    assert datetime.now(timezone.utc) >= datetime.fromisoformat(at).replace(microsecond=0)
    assert done["last"]["send_state"] == 1


def test_it_waits_over_a_restart(start_server):
    business = Business(start_server(business__scan_every="1h"))
    ann = business.add_user()
    device = business.register(ann)
    id = create(business, receivers=ann, sendAt=soon(2), content="after the restart").json()["id"]
    business.server.kill()
    business.server.start()
    with Connection(business.server, device["device_id"]) as connection:
        assert connection.message()["alert"] == "after the restart"
    eventually(lambda: schedule(business, id)["state"] == "done")


def test_a_local_time_is_that_of_its_zone(business, ann):
    answer = create(business, receivers=ann, sendAt="2099-07-01 08:00", timeZone="Europe/Berlin")
    assert answer.json()["next"] == "2099-07-01T06:00:00.000Z"


def test_it_recurs(business, ann):
    answer = create(business, receivers=ann, cron="30 8 * * mon-fri", timeZone="Asia/Shanghai").json()
    next = datetime.fromisoformat(answer["next"])
    assert (next.hour, next.minute) == (0, 30) and next.isoweekday() <= 5
    # As if its time had come.
    business.sql(f"update schedules set next_at = 1 where id = {answer['id']}")
    create(business, receivers=ann)
    again = eventually(lambda: (found := schedule(business, answer["id"])).get("last") and found)
    assert (again["state"], again["next"]) == ("waiting", answer["next"]) and again["last"]["send_state"] == 1


def test_what_was_cancelled_does_not_come(business, ann):
    id = create(business, receivers=ann, sendAt=soon(3600)).json()["id"]
    path = f"/v1/schedules/{id}"
    assert business.server.request("DELETE", path, headers={"X-App-Key": business.key}).status_code == 204
    assert schedule(business, id)["state"] == "cancelled" and "next" not in schedule(business, id)
    again = business.server.request("DELETE", path, headers={"X-App-Key": business.key})
    assert (again.status_code, again.json()["error"]) == (409, "schedule_over")


@pytest.mark.parametrize("members, error", [
    ({"sendAt": "tomorrow"}, "invalid_time"), ({"sendAt": "2026-13-01T00:00:00Z"}, "invalid_time"),
    ({"sendAt": "2099-02-30T00:00:00Z"}, "invalid_time"), ({"sendAt": "2099-01-01T25:00:00Z"}, "invalid_time"),
    ({"sendAt": "2001-01-01T00:00:00Z"}, "invalid_time"), ({"timeZone": "Mars/Olympus"}, "invalid_time_zone"),
    ({"sendAt": "2099-01-01 08:00", "timeZone": "x"}, "invalid_time_zone"),
    ({"cron": "* * * *"}, "invalid_cron"), ({"cron": "60 * * * *"}, "invalid_cron"),
    ({"cron": "0 0 31 2 *"}, "invalid_cron"), ({"cron": "*/0 * * * *"}, "invalid_cron"),
    ({"cron": "0 0 * * *", "timeZone": "x"}, "invalid_time_zone"),
    ({"receivers": []}, "invalid_request"), ({"receivers": 7}, "invalid_request"), ({"content": ""}, "invalid_request"),
    ({"mode": "pigeon"}, "invalid_request"), ({"level": 11}, "invalid_request"), ({"level": "x"}, "invalid_request"),
    ({"extra": "text"}, "invalid_extra_params"),
])
def test_what_is_wrong_is_said(business, members, error):
    answer = create(business, **({"receivers": "1"} | members))
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text


def test_an_app_sees_and_cancels_its_own_only(business, ann):
    id = create(business, receivers=ann, sendAt=soon(3600)).json()["id"]
    key = business.server.create_app("Other")["appKey"]
    headers = {"X-App-Key": key}
    assert business.server.get(f"/v1/schedules/{id}", headers=headers).status_code == 404
    assert business.server.request("DELETE", f"/v1/schedules/{id}", headers=headers).status_code == 404
    assert business.server.get("/v1/schedules", headers=headers).json()["schedules"] == []
    assert business.server.get("/v1/schedules").status_code == 401


def test_lists_come_in_pages(business, ann):
    for _ in range(5):
        create(business, receivers=ann, sendAt=soon(3600))
    first = business.server.admin("GET", "/v1/schedules?limit=2").json()
    second = business.server.admin("GET", f"/v1/schedules?limit=2&before={first['next']}").json()
    ids = [entry["id"] for entry in first["schedules"] + second["schedules"]]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == 4


def test_the_commands_do_the_same(business, ann):
    options = ["--server", business.server.url, "--token", business.server.token]
    added = run("schedule", "add", "Good morning", "--to", ann, "--cron", "0 8 * * *", "--time-zone", "Asia/Shanghai",
                *options)
    assert added.returncode == 0 and "next at" in added.stdout, added.stderr
    id = added.stdout.split()[1].rstrip(",")
    listed = run("schedule", "list", *options).stdout
    assert any(line.startswith(id) and "0 8 * * *" in line for line in listed.splitlines())
    assert run("schedule", "cancel", id, *options).stdout == "The schedule was cancelled.\n"
    again = run("schedule", "cancel", id, *options)
    assert again.returncode == 1 and "cancelled already" in again.stderr
    wrong = run("schedule", "add", "x", "--to", ann, "--cron", "x", *options)
    assert wrong.returncode == 1 and "five fields" in wrong.stderr


def test_dead_letters_have_commands_too(business, ann):
    options = ["--server", business.server.url, "--token", business.server.token]
    create(business, receivers="7007")
    create(business, receivers="7008")
    letters = eventually(lambda: [
        line.split()[0] for line in run("deadletter", "list", *options).stdout.splitlines() if "700" in line][:2])
    eventually(lambda: len(run("deadletter", "list", *options).stdout.splitlines()) >= 3)
    letters = [line.split()[0] for line in run("deadletter", "list", *options).stdout.splitlines() if "700" in line]
    assert "is tried again" in run("deadletter", "replay", letters[0], *options).stdout
    assert run("deadletter", "drop", letters[1], *options).stdout == f"Dead letter {letters[1]} was dropped.\n"
