"""Users of the business system as an administrator adds and changes them: `apus user`."""

import json

import pytest

from business import Business
from server import Server, run


@pytest.fixture(scope="module")
def business(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield Business(server)
    server.end()


@pytest.fixture
def user(business):
    def user(*arguments, code=0):
        ended = run(
            "user", *arguments, "--json", APUS_SERVER=business.server.url, APUS_ADMIN_TOKEN=business.server.token)
        assert ended.returncode == code, ended
        return json.loads(ended.stdout) if code == 0 else ended.stderr

    return user


def test_a_user_who_is_added_logs_in(business, user):
    added = user("add", "u1", "--name", "Ann", "--password", "secret", "--mobile", "138", "--email", "a@example.org")
    assert "password" not in added
    answer = business.authenticate("u1", "secret")
    assert (answer.status_code, answer.json()["user_name"], answer.json()["mobile"]) == (200, "Ann", "138")
    assert business.sql("select user_pass from sys_users where user_num = 'u1'")[0]["user_pass"].startswith("scrypt$")


def test_a_password_is_made_if_none_is_given(business, user):
    made = user("add", "u2")["password"]
    assert len(made) == 32 and business.authenticate("u2", made).status_code == 200


def test_a_new_password_ends_the_users_tokens(business, user):
    user("add", "u3", "--password", "old")
    token = business.authenticate("u3", "old").json()["access_token"]
    user("passwd", "u3", "--password", "new")
    assert business.authenticate("u3", "old").status_code == 401 and business.authenticate("u3", "new").status_code == 200
    answer = business.server.get(
        "/api/v1.1/query/push_message?push_message_id=1", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (401, "wrong_access_token")


def test_a_user_who_is_shut_out_cannot_log_in_until_let_in_again(business, user):
    user("add", "u4", "--password", "secret")
    assert user("change", "u4", "--no-active")["active"] is False
    assert business.authenticate("u4", "secret").status_code == 401
    assert user("change", "u4", "--active", "--name", "Bob")["user_name"] == "Bob"
    assert business.authenticate("u4", "secret").status_code == 200


def test_users_are_listed_in_pages(business, user):
    for number in ("v1", "v2"):
        user("add", number)
    page = user("list", "--limit", "1", "--after", "v0")
    assert [found["user_num"] for found in page["users"]] == ["v1"] and page["next"] == "v1"
    assert [found["user_num"] for found in user("list", "--after", "v1")["users"]] == ["v2"]
    assert "password" not in json.dumps(page)


def test_what_is_wrong_is_said(business, user):
    user("add", "w1")
    assert "already" in user("add", "w1", code=1)
    assert "commas" in user("add", "a,b", code=1)
    assert "no user with the number nobody" in user("change", "nobody", "--name", "x", code=1)


def test_an_app_key_is_not_enough(business):
    for method, path in (("GET", "/v1/users"), ("POST", "/v1/users"), ("PATCH", "/v1/users/u1")):
        assert business.server.request(method, path, headers={"X-App-Key": business.key}).status_code == 401
