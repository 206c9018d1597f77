"""Taking over the business system's tables from a dump that mysqldump wrote."""

import pytest

from business import SCHEDULED_QUERY, Business
from server import run
from waiting import eventually

# As mysqldump writes the seed's tables, shortened to the statements and the first rows.
DUMP = r"""-- MySQL dump 10.13  Distrib 5.7.44, for Linux (x86_64)
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8 */;

DROP TABLE IF EXISTS `sys_devices`;
/*!40101 SET character_set_client = utf8 */;
CREATE TABLE `sys_devices` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(255) DEFAULT NULL COMMENT '设备用户名, (a) name; `quoted`',
  `platform` varchar(255) DEFAULT NULL COMMENT '系统类型ios/android',
  `os` varchar(255) DEFAULT NULL,
  `os_version` varchar(255) DEFAULT NULL,
  `uuid` varchar(255) DEFAULT NULL,
  `push_device_token` varchar(255) DEFAULT '',
  `alias` varchar(255) DEFAULT NULL,
  `push_platform` varchar(255) DEFAULT 'umeng',
  `created_at` datetime DEFAULT CURRENT_TIMESTAMP,
  `updated_at` datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  KEY `index_sys_devices_on_platform_and_uuid` (`platform`,`uuid`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=utf8;
LOCK TABLES `sys_devices` WRITE;
/*!40000 ALTER TABLE `sys_devices` DISABLE KEYS */;
INSERT INTO `sys_devices` VALUES (1,'张三\'s \"phone\"','ios','iOS','10.3','uuid-1','token-1',NULL,'umeng','2017-05-01 08:00:00','2017-05-01 08:00:00'),(2,'a;b\\c\n','android','Android','7.0','uuid-2','token-2',NULL,'umeng','2017-05-01 08:00:00','2017-05-01 08:00:00'),(3,NULL,NULL,NULL,NULL,NULL,'',NULL,NULL,NULL,NULL);
/*!40000 ALTER TABLE `sys_devices` ENABLE KEYS */;
UNLOCK TABLES;

CREATE TABLE `sys_message_center` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `title` varchar(255) DEFAULT NULL COMMENT '标题',
  `content` text NOT NULL COMMENT '内容',
  `extra_params_string` varchar(255) DEFAULT NULL,
  `notify_mode` varchar(255) DEFAULT 'sms',
  `notify_level` int(11) DEFAULT '0',
  `receivers` text NOT NULL,
  `send_state` tinyint(1) DEFAULT '0',
  `send_result` text,
  `remark` text,
  `created_at` datetime NOT NULL,
  `updated_at` datetime NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
INSERT INTO `sys_message_center` VALUES (7,'旧消息','内容',NULL,'push',1,'1,2',1,'push_message#11',NULL,'2017-05-01 08:00:00','2017-05-01 08:00:00'),(8,'waits','c','{\"type\":\"kpi\"}','push',1,'1',0,NULL,NULL,'2017-05-01 08:00:00','2017-05-01 08:00:00');

INSERT INTO `sys_push_messages` (`id`,`title`,`content`,`push_type`,`ios_device_tokens`,`ios_ret`,`created_at`,`updated_at`) VALUES (11,'旧消息',0xE58685E5AEB9,'listcast','token-1','SUCCESS','2017-05-01 08:00:01','2017-05-01 08:00:01');

CREATE TABLE `sys_user_devices` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `user_num` varchar(255) DEFAULT NULL,
  `device_id` int(11) DEFAULT NULL,
  `state` tinyint(1) DEFAULT '1',
  `screen_lock_state` tinyint(1) DEFAULT '0',
  `screen_lock_type` varchar(255) DEFAULT NULL,
  `screen_lock` varchar(255) DEFAULT NULL,
  `created_at` datetime DEFAULT CURRENT_TIMESTAMP,
  `updated_at` datetime DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
INSERT INTO `sys_user_devices` VALUES (1,'1',1,1,0,NULL,NULL,NULL,NULL),(2,'2',1,1,0,NULL,NULL,NULL,NULL),(3,'1',2,1,0,NULL,NULL,NULL,NULL),(4,'2',3,1,0,NULL,NULL,NULL,NULL);

INSERT INTO `sys_users` (`id`,`user_name`,`user_num`,`user_pass`,`email`,`mobile`,`access_token`) VALUES (9241,'张三','1','clear one','a@example.org','13800000000','a-token-in-clear'),(9242,'李四','2','密码','','',''),(9243,NULL,'3','x','','','');
INSERT INTO `other_table` (`id`) VALUES (1),(2);
INSERT INTO `sys_users` (`id`,`user_name`,`user_num`,`user_pass`) VALUES (1,'broken
"""


@pytest.fixture
def business(start_server):
    return Business(start_server(business__guesses=0))


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "dump.sql"
    path.write_text(DUMP)
    return path


def take(business, dump, *flags):
    return run("import", "business", dump, *flags, "--server", business.server.url, "--token", business.server.token)


def test_a_dump_is_taken_over_and_reported(business, dump):
    done = take(business, dump)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()[1:6]]
    assert lines == [
        ["sys_users", "2", "0", "1"], ["sys_devices", "3", "0", "0"], ["sys_user_devices", "4", "0", "0"],
        ["sys_push_messages", "1", "0", "0"], ["sys_message_center", "2", "0", "0"]]
    assert "Not taken: sys_users, id 9243: user_name is missing" in done.stdout
    assert "Not taken: 2 rows of other_table" in done.stdout
    assert "Not read: line" in done.stdout and "a string has no end" in done.stdout
    names = [row["name"] for row in business.sql("select name from sys_devices order by id")]
    assert names[:2] == ["张三's \"phone\"", "a;b\\c\n"]
    old = business.sql(SCHEDULED_QUERY)[-1]
    assert (old["标题"], old["内容"], old["iOS 推送状态"]) == ("旧消息", "内容", "SUCCESS")


def test_users_log_in_with_their_old_passwords_which_are_nowhere_in_clear(business, dump):
    take(business, dump)
    assert business.authenticate("1", "clear one").json()["id"] == 9241
    assert business.authenticate("2", "密码").status_code == 200
    for file in business.server.data.glob("apus.db*"):
        content = file.read_bytes()
        assert b"clear one" not in content and b"a-token-in-clear" not in content


def test_users_are_reached_on_the_devices_that_they_were_logged_in_on(business, dump):
    take(business, dump)
    # The last login on device 1 is user 2's, so user 1's ended.
    assert [business.push(number).json()["devices"] for number in ["1", "2"]] == [1, 1]
    push = business.push_row(business.push("1").json()["push_message_id"])
    assert push["android_device_tokens"] == "token-2"


def test_what_waited_is_not_sent_unless_that_is_asked_for(business, dump):
    take(business, dump)
    row = business.row(8)
    assert row["send_state"] == 2 and "was waiting" in row["send_result"]
    business.sql("update sys_message_center set send_state = 0 where id = 8")
    business.server.restart()
    eventually(lambda: business.row(8)["send_state"] == 1)


def test_what_waited_is_sent_if_that_is_asked_for(business, dump):
    take(business, dump, "--send-waiting")
    business.server.restart()
    eventually(lambda: business.row(8)["send_state"] == 1)


def test_a_second_run_changes_nothing(business, dump):
    take(business, dump)
    tables = ["sys_users", "sys_devices", "sys_user_devices", "sys_push_messages", "sys_message_center", "devices"]
    before = [business.sql(f"select * from {table} order by id") for table in tables]
    again = take(business, dump)
    assert again.returncode == 0
    assert [line.split()[1] for line in again.stdout.splitlines()[1:6]] == ["0"] * 5
    assert [line.split()[2] for line in again.stdout.splitlines()[1:6]] == ["2", "3", "4", "1", "2"]
    assert [business.sql(f"select * from {table} order by id") for table in tables] == before


def test_an_id_that_another_row_has_is_not_taken(business, dump):
    business.sql("insert into sys_users (id, user_name, user_num, user_pass) values (9241, 'x', 'other', 'y')")
    done = take(business, dump)
    assert "Not taken: sys_users, id 9241: another row has the id 9241" in done.stdout


@pytest.mark.parametrize("content", ["", "not a dump at all", "INSERT INTO `sys_users` VALUES (1,2"])
def test_a_file_that_is_no_dump_takes_nothing(business, dump, content):
    dump.write_text(content)
    done = take(business, dump)
    assert done.returncode == (0 if content else 2)
    assert business.sql("select count(*) as n from sys_users") == [{"n": 0}]
