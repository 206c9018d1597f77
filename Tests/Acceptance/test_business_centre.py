"""The message centre of the business system (seed 004): rows that other programs insert, and what becomes of them."""

import json
import time

import pytest

from business import SCHEDULED_QUERY, Business
from onepush import Connection
from server import Server
from waiting import eventually


@pytest.fixture(scope="module")
def business(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"), settings={"business.scan_every": "1s"})
    yield Business(server.start())
    server.end()


@pytest.fixture
def ann(business):
    number = business.add_user(email="ann@example.org", mobile="13800000000")
    business.register(number)
    return number


def acted_on(business, id):
    return eventually(lambda: (row := business.row(id))["send_state"] not in (0, 3) and row)


def test_an_insert_by_another_program_is_acted_on(business, ann):
    device = business.register(ann, platform="ios", push_token=f"ios-{ann}")
    id = business.add_row(ann, title="Alarm", content="Sales are down", extra_params_string='{"type":"kpi","obj_id":7}')
    row = acted_on(business, id)
    assert (row["send_state"], row["remark"]) == (1, None)
    push = business.push_row(row["send_result"].removeprefix("push_message#"))
    assert (push["title"], push["content"]) == ("Alarm", "Sales are down")
    with Connection(business.server, device["device_id"]) as connection:
        message = connection.message()
        assert (message["title"], message["extra"]) == ("Alarm", {"type": "kpi", "obj_id": 7})


def test_the_seeds_second_query_joins_rows_and_pushes(business, ann):
    id = business.add_row(ann, title=f"for {ann}")
    acted_on(business, id)
    first = business.sql(SCHEDULED_QUERY)[0]
    assert (first["接收者员工编号列表"], first["标题"], first["推送类型"]) == (ann, f"for {ann}", "unicast")
    assert first["消息推送时间"] and first["Android 设备"].startswith("token-")


def test_the_seeds_defaults_hold_for_a_row_that_says_as_little_as_it_may(business, ann):
    id = business.sql(f"insert into sys_message_center (content, receivers, created_at, updated_at) "
                      f"values ('c', '{ann}', datetime(), datetime()) returning id")[0]["id"]
    row = acted_on(business, id)
    assert row["notify_mode"] == "sms" and row["notify_level"] == 0


@pytest.mark.parametrize("receivers", ["{},{}", "{} , {}", "{}，{}", "{},{},{}"])
def test_receivers_are_read_as_people_write_them(business, ann, receivers):
    bob = business.add_user()
    business.register(bob)
    row = acted_on(business, business.add_row(receivers.format(ann, bob, ann)))
    push = business.push_row(row["send_result"].removeprefix("push_message#"))
    assert push["push_type"] == "listcast" and len(push["android_device_tokens"].split(",")) == 2


def test_receivers_who_are_not_reached_stand_in_the_row(business, ann):
    without, left = business.add_user(), business.add_user(active_flag=0)
    row = acted_on(business, business.add_row(f"{ann},7007,{without},{left}", remark="by hand"))
    assert row["send_state"] == 1
    assert row["remark"] == (
        f"by hand\nApus: unknown user: 7007; inactive user: {left}; without a device: {without}")


@pytest.mark.parametrize("members, result", [
    ({"receivers": "7007"}, "nobody could be reached: unknown user: 7007"),
    ({"receivers": " , "}, "There are no receivers"),
    ({"extra_params_string": "{broken"}, "extra_params_string must be a JSON object"),
    ({"extra_params_string": "7"}, "extra_params_string must be a JSON object"),
    ({"notify_mode": "pigeon"}, "notify_mode is \"pigeon\"; it must be push, sms or email"),
    ({"notify_mode": ""}, "notify_mode is"),
    ({"content": "x" * 5000}, "limits.payload"),
    ({"notify_mode": "sms"}, "no SMS sender is configured: "),
    ({"notify_mode": "email"}, "no e-mail sender is configured: "),
])
def test_what_is_wrong_with_a_row_stands_in_it(business, ann, members, result):
    id = business.add_row(**({"receivers": ann} | members))
    row = acted_on(business, id)
    assert row["send_state"] == 2 and result in row["send_result"]
    letters = business.server.admin("GET", "/v1/dead-letters").json()["deadLetters"]
    assert [letter["reason"] for letter in letters if letter["row"] == id] == [row["send_result"]]


def test_a_user_without_a_device_stands_in_the_row(business):
    bob = business.add_user()
    row = acted_on(business, business.add_row(bob))
    assert (row["send_state"], row["send_result"]) == (2, f"nobody could be reached: without a device: {bob}")


@pytest.mark.parametrize("columns", [{"notify_level": "high"}, {"send_state": "x"}])
def test_a_value_of_the_wrong_type_is_refused_by_the_insert(business, ann, columns):
    with pytest.raises(AssertionError, match="cannot store TEXT value"):
        business.add_row(ann, **columns)


def test_rows_are_acted_on_by_their_level(start_server):
    business = Business(start_server(business__scan_every="1h"))
    ann = business.add_user()
    device = business.register(ann)
    values = ", ".join(f"('{level}', '{level}', 'push', {level}, '{ann}')" for level in [1, 5, 10, 3, 7])
    business.sql("insert into sys_message_center (title, content, notify_mode, notify_level, receivers) values " + values)
    business.server.restart()
    with Connection(business.server, device["device_id"]) as connection:
        assert [connection.message()["alert"] for _ in range(5)] == ["10", "7", "5", "3", "1"]


def test_a_row_that_is_set_back_to_0_is_acted_on_again(business):
    bob = business.add_user()
    id = business.add_row(bob)
    acted_on(business, id)
    business.register(bob)
    business.sql(f"update sys_message_center set send_state = 0 where id = {id}")
    assert eventually(lambda: business.row(id)["send_state"] == 1)
    letters = business.server.admin("GET", "/v1/dead-letters").json()["deadLetters"]
    assert [letter for letter in letters if letter["row"] == id] == []


def test_a_row_that_an_operator_deletes_leaves_nothing_behind(business):
    id = business.add_row("7007")
    acted_on(business, id)
    assert business.sql(f"select count(*) as n from dead_letters where row = {id}") == [{"n": 1}]
    business.sql(f"delete from sys_message_center where id = {id}")
    assert business.sql(f"select count(*) as n from dead_letters where row = {id}") == [{"n": 0}]


@pytest.mark.parametrize("table, column", [("sys_user_devices", "id"), ("sys_devices", "device_id")])
def test_a_login_or_a_device_that_an_operator_deletes_is_logged_out(business, table, column):
    bob = business.add_user()
    login = business.register(bob)
    row = business.sql(f"select id, device_id from sys_user_devices where id = {login['user_device_id']}")[0]
    business.sql(f"delete from {table} where id = {row[column]}")
    assert business.push(bob).json()["devices"] == 0


# Dead letters


def dead_letter(business, row):
    letters = business.server.admin("GET", "/v1/dead-letters").json()["deadLetters"]
    return next(letter["id"] for letter in letters if letter["row"] == row)


def test_a_dead_letter_is_tried_again_once_its_cause_is_gone(business):
    bob = business.add_user()
    id = business.add_row(bob)
    acted_on(business, id)
    letter = dead_letter(business, id)
    business.register(bob)
    assert business.server.admin("POST", f"/v1/dead-letters/{letter}/replay").json()["row"] == id
    assert eventually(lambda: business.row(id)["send_state"] == 1)
    again = business.server.admin("POST", f"/v1/dead-letters/{letter}/replay")
    assert (again.status_code, again.json()["error"]) == (404, "unknown_dead_letter")


def test_a_dead_letter_is_given_up(business):
    id = business.add_row("7007")
    acted_on(business, id)
    letter = dead_letter(business, id)
    assert business.server.admin("DELETE", f"/v1/dead-letters/{letter}").status_code == 204
    assert business.server.admin("DELETE", f"/v1/dead-letters/{letter}").status_code == 404
    assert business.row(id)["send_state"] == 2


@pytest.mark.parametrize("method, path", [
    ("GET", "/v1/dead-letters"), ("POST", "/v1/dead-letters/1/replay"), ("DELETE", "/v1/dead-letters/1"),
    ("POST", "/v1/import/business"),
])
def test_dead_letters_and_imports_are_for_administrators(business, method, path):
    assert business.server.request(method, path, headers={"X-App-Key": business.key}).status_code == 401


# Speed


def test_ten_thousand_rows_are_acted_on_in_time(start_server):
    business = Business(start_server(business__scan_every="1h"))
    users = [business.add_user() for _ in range(2)]
    for user in users:
        business.register(user)
    rows = ", ".join(f"('{n}', 'c', 'push', '{users[n % 2]}')" for n in range(10_000))
    business.sql(f"insert into sys_message_center (title, content, notify_mode, receivers) values {rows}")
    started = time.monotonic()
    body = {"content": "wakes the message centre", "receivers": users}
    business.server.post("/v1/schedules", data=json.dumps(body), headers={"X-App-Key": business.key})
    eventually(lambda: business.sql("select count(*) as n from sys_message_center where send_state = 1")[0]["n"]
               == 10_001, within=60)
    # 5 s are promised, of a release build on a machine that does nothing else.
    assert time.monotonic() - started < 20
    pushes = business.sql("select count(*) as n, count(distinct send_result) as d from sys_message_center")[0]
    assert pushes == {"n": 10_001, "d": 10_001}
