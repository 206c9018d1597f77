"""The calls of the business system (seed 004)."""

import pytest

from business import REACHABLE_QUERY, REALTIME_QUERY, Business
from onepush import Connection
from waiting import eventually


@pytest.fixture(scope="module")
def business(tmp_path_factory):
    from server import Server

    server = Server(tmp_path_factory.mktemp("server"), settings={"business.scan_every": "1s", "business.guesses": 1000})
    yield Business(server.start())
    server.end()


@pytest.fixture
def ann(business):
    return business.add_user(email="ann@example.org", mobile="13800000000")


@pytest.fixture
def bob(business):
    return business.add_user()


# Authentication


@pytest.mark.parametrize("form", ["form", "json", "query"])
def test_a_user_authenticates_with_parameters_in_any_form(business, ann, form):
    answer = business.authenticate(ann, form=form)
    assert answer.status_code == 200, answer.text
    user = business.sql(f"select * from sys_users where user_num = '{ann}'")[0]
    assert answer.json()["id"] == user["id"]
    assert (answer.json()["user_num"], answer.json()["user_name"]) == (ann, user["user_name"])
    assert user["sign_in_count"] == 1 and user["last_login_ip"] == "127.0.0.1"


def test_passwords_and_tokens_are_kept_as_hashes(business, ann):
    token = business.authenticate(ann).json()["access_token"]
    user = business.sql(f"select * from sys_users where user_num = '{ann}'")[0]
    assert user["user_pass"].startswith("scrypt$") and user["access_token"] == ""
    assert business.authenticate(ann).status_code == 200
    for file in business.server.data.glob("apus.db*"):
        assert token.encode() not in file.read_bytes()


def test_a_clear_password_that_an_operator_writes_is_hashed_by_the_next_scan(business, ann):
    eventually(lambda: business.sql(f"select user_pass from sys_users where user_num = '{ann}'")[0]["user_pass"][:7]
               == "scrypt$")
    assert business.authenticate(ann).status_code == 200


@pytest.mark.parametrize("password", ["wrong", "", "secret ", "x" * 5000])
def test_a_wrong_password_is_refused(business, ann, password):
    answer = business.authenticate(ann, password)
    assert answer.status_code in (400, 401)
    assert answer.json()["code"] == answer.status_code and "access_token" not in answer.text


def test_an_unknown_user_and_a_user_who_left_are_refused_as_a_wrong_password_is(business, ann):
    business.sql(f"update sys_users set active_flag = 0 where user_num = '{ann}'")
    answers = [business.authenticate(ann), business.authenticate("nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert len({answer.text for answer in answers}) == 1


def test_guesses_are_throttled_before_the_password_is_looked_at(start_server):
    business = Business(start_server(business__guesses=1))
    ann, bob = business.add_user(), business.add_user()
    statuses = [business.authenticate(ann, "wrong").status_code for _ in range(3)]
    assert statuses == [401, 429, 429]
    right = business.authenticate(ann)
    assert right.status_code == 429 and int(right.headers["Retry-After"]) > 0
    assert business.authenticate(bob).status_code == 200
    # From one address only ten times as many guesses pass, whoever they are for.
    statuses = [business.authenticate(f"nobody-{number}", "x").status_code for number in range(12)]
    assert statuses[0] == 401 and statuses[-1] == 429


# Devices


def test_a_device_is_registered_with_the_seeds_members_and_columns(business, ann):
    answer = business.register(ann, uuid="uuid-1", push_token="token-1")
    assert answer["device_uuid"] == "uuid-1" and isinstance(answer["user_device_id"], int)
    device = business.sql("select * from sys_devices where uuid = 'uuid-1'")[0]
    assert (device["platform"], device["os"], device["push_device_token"], device["push_platform"]) == (
        "android", "Android", "token-1", "umeng")
    assert business.sql(REACHABLE_QUERY.format(ann)) == [
        {"name": "a phone", "platform": "android", "os": "Android", "os_version": "14", "push_device_token": "token-1"}]


def test_a_device_is_told_apart_by_its_uuid(business, ann):
    first = business.register(ann, uuid="uuid-2", push_token="token-2")
    second = business.register(ann, uuid="uuid-2", push_token="token-2b", os_version="15")
    assert second["user_device_id"] == first["user_device_id"] and second["device_id"] == first["device_id"]
    rows = business.sql("select push_device_token, os_version from sys_devices where uuid = 'uuid-2'")
    assert rows == [{"push_device_token": "token-2b", "os_version": "15"}]


def test_an_app_that_was_installed_anew_takes_its_token_along(business, ann):
    first = business.register(ann, uuid="uuid-3", push_token="token-3")
    business.register(ann, uuid="uuid-3b", push_token="token-3")
    assert business.push(ann).json()["devices"] == 1
    logins = business.sql(f"select id, state from sys_user_devices where user_num = '{ann}' order by id")
    assert [login["state"] for login in logins] == [0, 1] and logins[0]["id"] == first["user_device_id"]


def test_a_device_with_an_unknown_vendor_is_kept_and_the_answer_says_so(business, ann):
    answer = business.register(ann, push_platform="pigeon")
    assert answer["warning"]["code"] == "unknown_vendor" and "pigeon" in answer["warning"]["message"]
    with Connection(business.server, answer["device_id"]) as connection:
        business.push(ann, content="by its own connection")
        assert connection.message()["alert"] == "by its own connection"


@pytest.mark.parametrize("parameters, problem", [
    ({"uuid": ""}, "uuid"), ({"platform": ""}, "platform"), ({"platform": "symbian"}, "platform"),
    ({"user_num": ""}, "user_num"), ({"uuid": "x" * 300}, "uuid"),
])
def test_what_is_wrong_with_a_device_is_named(business, ann, parameters, problem):
    usual = {"user_num": ann, "uuid": "uuid-4", "platform": "ios", "push_token": "t"}
    answer = business.call("app/device", **(usual | parameters))
    assert answer.status_code == 400 and problem in answer.json()["message"]


def test_a_device_of_an_unknown_user_is_refused(business):
    answer = business.call("app/device", user_num="nobody", uuid="uuid-5", platform="ios", push_token="t")
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_user")
    assert business.sql("select * from sys_devices where uuid = 'uuid-5'") == []


def test_logging_in_ends_the_logins_of_everybody_else_on_the_device(business, ann, bob):
    business.register(ann, uuid="uuid-6")
    answer = business.register(bob, uuid="uuid-6")
    assert business.push(ann).json() == {
        "push_message_id": business.sql("select max(id) as id from sys_push_messages")[0]["id"], "devices": 0,
        "missed": f"without a device: {ann}"}
    with Connection(business.server, answer["device_id"]) as connection:
        business.push(bob, content="for bob")
        assert connection.message()["alert"] == "for bob"


def test_logging_out_ends_the_logins_of_all_users_on_the_device(business, ann, bob):
    business.register(ann, uuid="uuid-7")
    login = business.register(bob, uuid="uuid-7")
    # As the seed has it, somebody may still be marked as logged in.
    business.sql("update sys_user_devices set state = 1 where device_id = "
                 "(select id from sys_devices where uuid = 'uuid-7')")
    answer = business.call("user/logout", user_num=bob, user_device_id=login["user_device_id"])
    assert (answer.status_code, answer.json()) == (200, {"data": "successfully"})
    states = business.sql("select state from sys_user_devices where device_id = "
                          "(select id from sys_devices where uuid = 'uuid-7')")
    assert states == [{"state": 0}, {"state": 0}]
    assert business.push(bob).json()["devices"] == 0


def test_logging_out_ends_the_connection(business, ann):
    login = business.register(ann)
    with Connection(business.server, login["device_id"]) as connection:
        business.call("user/logout", user_num=ann, user_device_id=login["user_device_id"])
        connection.closing()


def test_only_an_own_login_can_be_ended(business, ann, bob):
    login = business.register(ann)
    for number, id in [(bob, login["user_device_id"]), (ann, 999_999), (ann, "x")]:
        answer = business.call("user/logout", user_num=number, user_device_id=id)
        assert (answer.status_code, answer.json()["error"]) == (404, "unknown_user_device")


def test_an_operators_update_logs_a_device_out_and_in_again(business, ann):
    login = business.register(ann)
    business.sql(f"update sys_user_devices set state = 0 where id = {login['user_device_id']}")
    assert business.push(ann).json()["devices"] == 0
    business.sql(f"update sys_user_devices set state = 1 where id = {login['user_device_id']}")
    eventually(lambda: business.push(ann).json()["devices"] == 1)


# Pushes


@pytest.mark.parametrize("form", ["form", "json", "query"])
def test_a_push_reaches_all_devices_of_the_user(business, ann, form):
    devices = [business.register(ann, platform=platform) for platform in ("ios", "android")]
    connections = [Connection(business.server, device["device_id"]) for device in devices]
    answer = business.push(ann, content="hello", extra_params_string='{"type":"kpi","url":"https://example.org/1"}',
                           form=form)
    assert answer.status_code == 200 and answer.json()["devices"] == 2
    for connection in connections:
        message = connection.message()
        assert (message["title"], message["alert"], message["extra"]["type"]) == ("title", "hello", "kpi")
        connection.close()


def test_one_call_reaches_whoever_has_the_alias(business, ann):
    registration = {"appId": "business", "alias": ann, "platform": "WEB", "nativeToken": f"browser-{ann}"}
    device = business.server.post("/msgpush/register", json=registration).json()["id"]
    with Connection(business.server, device) as connection:
        assert business.push(ann, content="to a browser").json()["devices"] == 1
        assert connection.message()["alert"] == "to a browser"


def test_an_xmpp_account_with_the_users_number_is_one_of_the_users_devices(business, ann):
    account = business.server.admin("POST", "/v1/accounts", json={"name": ann, "appId": "business"}).json()
    business.register(ann)
    id = business.push(ann).json()["push_message_id"]
    message = business.status(id).json()["message_id"]
    found = business.server.admin("GET", f"/v1/messages/{message}").json()["deliveries"]
    assert len(found) == 2 and account["deviceId"] in [delivery["deviceId"] for delivery in found]


def test_the_tokens_of_a_push_stand_in_the_seeds_columns(business, ann):
    for platform, token in [("ios", "i1"), ("ios", "i2"), ("android", "a1")]:
        business.register(ann, platform=platform, push_token=f"{token}-{ann}")
    id = business.push(ann, title="Numbers", content="They are out").json()["push_message_id"]
    row = business.push_row(id)
    assert set(row["ios_device_tokens"].split(",")) == {f"i1-{ann}", f"i2-{ann}"}
    assert row["android_device_tokens"] == f"a1-{ann}"
    assert (row["is_send_ios"], row["is_send_android"], row["title"]) == (1, 1, "Numbers")
    first = business.sql(REALTIME_QUERY)[0]
    assert (first["标题"], first["内容"], first["Android 设备"]) == ("Numbers", "They are out", f"a1-{ann}")


def test_the_status_of_a_push_follows_its_devices(business, ann):
    device = business.register(ann, platform="ios")
    id = business.push(ann).json()["push_message_id"]
    status = business.status(id).json()
    assert (status["ios_status"], status["android_status"]) == ("1 unsent", "no device")
    with Connection(business.server, device["device_id"]) as connection:
        connection.message()
        eventually(lambda: business.status(id).json()["ios_status"] == "1 sent")
    # The columns follow with the next scan.
    eventually(lambda: (business.push_row(id)["ios_ret"], business.push_row(id)["ios_status"])
               == ("SUCCESS", "1 sent"))


def test_a_repeated_call_with_the_same_key_pushes_once(business, ann):
    business.register(ann)
    answers = {business.push(ann, request_id="order-42").text for _ in range(3)}
    assert len(answers) == 1 and '"devices":1' in answers.pop()
    assert len(business.sql(f"select * from sys_push_messages where title = 'title' and android_device_tokens = "
                            f"(select push_device_token from sys_devices d join sys_user_devices l "
                            f"on l.device_id = d.id where l.user_num = '{ann}')")) == 1


def test_a_users_request_id_is_the_users_own(business, ann, bob):
    business.register(ann)
    tokens = [business.authenticate(number).json()["access_token"] for number in (ann, bob)]
    ids = {business.call("user/push_message", key=False, access_token=token, user_num=ann, content="hi",
                         request_id="1").json()["push_message_id"] for token in tokens * 2}
    assert len(ids) == 2
    longest = business.push(ann, request_id="x" * 256)
    assert (longest.status_code, longest.json()["error"]) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize("place", ["params", "data", "json"])
def test_a_status_is_asked_for_with_parameters_in_any_form(business, ann, place):
    business.register(ann)
    id = business.push(ann).json()["push_message_id"]
    answer = business.server.get(
        "/api/v1.1/query/push_message", headers={"X-App-Key": business.key}, **{place: {"push_message_id": id}})
    assert (answer.status_code, answer.json()["android_status"]) == (200, "1 unsent")


@pytest.mark.parametrize("number", ["nobody", "no,body"])
def test_a_push_to_unknown_users_is_refused(business, number):
    before = business.sql("select count(*) as n from sys_push_messages")
    answer = business.push(number)
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_user")
    assert business.sql("select count(*) as n from sys_push_messages") == before


@pytest.mark.parametrize("parameters, status, error", [
    ({"content": ""}, 400, "invalid_request"), ({"user_num": ","}, 400, "no_receivers"),
    ({"extra_params_string": "{broken"}, 400, "invalid_extra_params"),
    ({"extra_params_string": "[1]"}, 400, "invalid_extra_params"),
    ({"content": "x" * 5000}, 413, "payload_too_large"),
])
def test_what_is_wrong_with_a_push_is_said(business, ann, parameters, status, error):
    business.register(ann)
    answer = business.call("user/push_message", **({"user_num": ann, "content": "hello"} | parameters))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("id", ["0", "999999", "x", "-1"])
def test_there_is_no_status_of_a_push_that_is_not_there(business, id):
    assert business.status(id).json()["error"] == "unknown_push_message"


def test_broken_json_is_refused(business):
    answer = business.server.post(
        "/api/v1.1/user/push_message", data='{"user_num": "1", ', headers={"X-App-Key": business.key})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_json")


# Keys and tokens


@pytest.mark.parametrize("path", ["app/device", "user/push_message", "user/logout"])
def test_calls_need_a_key_or_a_token(business, ann, path):
    parameters = {"user_num": ann, "content": "x", "uuid": "u", "platform": "ios", "user_device_id": 1}
    assert business.call(path, key=False, **parameters).json()["error"] == "key_required"
    assert business.call(path, key=False, app_key="wrong", **parameters).json()["error"] == "wrong_app_key"
    wrong = business.call(path, key=False, access_token="0" * 32, **parameters)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "wrong_access_token")


def test_the_key_may_be_a_parameter(business, ann):
    answer = business.call("user/push_message", key=False, app_key=business.key, user_num=ann, content="x")
    assert answer.status_code == 200


def test_a_key_names_the_app(business, ann):
    other = business.server.create_app("Other")
    answer = business.call("app/device", key=False, app_key=other["appKey"], user_num=ann, uuid=f"other-{ann}",
                           platform="ios")
    assert answer.status_code == 200
    assert business.push(ann).json()["devices"] == 0
    pushed = business.call("user/push_message", key=False, app_key=other["appKey"], user_num=ann, content="x")
    assert pushed.json()["devices"] == 1
    # No app sees another's pushes.
    assert business.status(pushed.json()["push_message_id"]).status_code == 404


def test_a_users_token_is_for_the_user_alone(business, ann, bob):
    token = business.authenticate(ann).json()["access_token"]
    own = business.call("app/device", key=False, access_token=token, user_num=ann, uuid=f"own-{ann}", platform="ios")
    assert own.status_code == 200
    others = business.call("app/device", key=False, access_token=token, user_num=bob, uuid="x", platform="ios")
    assert (others.status_code, others.json()["error"]) == (403, "another_user")
    # Users may push to each other, and see what they sent and got.
    business.register(bob)
    id = business.call("user/push_message", key=False, access_token=token, user_num=bob,
                       content="hi").json()["push_message_id"]
    query = {"push_message_id": id}
    seen = business.server.get("/api/v1.1/query/push_message", params=query | {"access_token": token})
    assert seen.json()["android_status"] == "1 unsent"
    third = business.authenticate(business.add_user()).json()["access_token"]
    unseen = business.server.get("/api/v1.1/query/push_message", params=query | {"access_token": third})
    assert unseen.status_code == 404


def test_the_token_of_a_user_who_left_ends(business, ann):
    token = business.authenticate(ann).json()["access_token"]
    business.sql(f"update sys_users set active_flag = 0 where user_num = '{ann}'")
    answer = business.call("user/push_message", key=False, access_token=token, user_num=ann, content="x")
    assert answer.status_code == 401


def test_without_the_configured_app_the_answer_says_how_to_make_it(start_server):
    server = start_server()
    answer = server.post("/api/v1.1/user/authentication", data={"user_num": "1", "password": "x"})
    assert answer.json()["error"] == "no_business_app" and "apus app create" in answer.json()["message"]
