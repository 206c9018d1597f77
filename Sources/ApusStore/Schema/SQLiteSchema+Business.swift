/// The tables of seed 004, under its names and with its columns, so that its queries run on the file as they are; and
/// what Apus has to know beside them. The seed's tables keep times as `2026-11-21 08:00:00` (UTC), the others as
/// milliseconds.
///
/// Other programs write to the seed's tables. What has to follow at once is done by triggers, the rest by the message
/// centre's scan.
extension SQLiteSchema {
    static let business = seedTables + companions + triggers

    private static let seedTables = """
        CREATE TABLE sys_users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_name TEXT NOT NULL,
            user_num TEXT NOT NULL UNIQUE,
            user_pass TEXT NOT NULL,
            email TEXT DEFAULT '',
            mobile TEXT DEFAULT '',
            tel TEXT DEFAULT '',
            join_date TEXT,
            position TEXT,
            dept_id INTEGER,
            dept_name TEXT,
            active_flag INTEGER DEFAULT 1,
            create_user INTEGER,
            update_user INTEGER,
            memo TEXT,
            load_time TEXT,
            last_login_at TEXT DEFAULT '2016-01-15 06:19:44',
            last_login_ip TEXT DEFAULT '',
            last_login_browser TEXT DEFAULT '',
            sign_in_count INTEGER DEFAULT 0,
            last_login_version TEXT DEFAULT '',
            access_token TEXT DEFAULT '',
            store_ids TEXT,
            coordinate TEXT,
            coordinate_location TEXT,
            created_at TEXT DEFAULT CURRENT_TIMESTAMP,
            updated_at TEXT DEFAULT CURRENT_TIMESTAMP
        ) STRICT;
        CREATE INDEX sys_users_clear ON sys_users(id) WHERE user_pass NOT LIKE 'scrypt$%';

        CREATE TABLE sys_devices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT,
            platform TEXT,
            os TEXT,
            os_version TEXT,
            uuid TEXT,
            push_device_token TEXT DEFAULT '',
            alias TEXT,
            push_platform TEXT DEFAULT 'umeng',
            created_at TEXT DEFAULT CURRENT_TIMESTAMP,
            updated_at TEXT DEFAULT CURRENT_TIMESTAMP
        ) STRICT;
        CREATE INDEX index_sys_devices_on_platform_and_uuid ON sys_devices(platform, uuid);
        CREATE INDEX sys_devices_by_uuid ON sys_devices(uuid);

        CREATE TABLE sys_user_devices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_num TEXT,
            device_id INTEGER,
            state INTEGER DEFAULT 1,
            screen_lock_state INTEGER DEFAULT 0,
            screen_lock_type TEXT,
            screen_lock TEXT,
            created_at TEXT DEFAULT CURRENT_TIMESTAMP,
            updated_at TEXT DEFAULT CURRENT_TIMESTAMP
        ) STRICT;
        CREATE INDEX sys_user_devices_by_device ON sys_user_devices(device_id, user_num);
        CREATE INDEX sys_user_devices_by_user ON sys_user_devices(user_num);

        CREATE TABLE sys_push_messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT,
            content TEXT,
            extra_params_string TEXT,
            push_type TEXT,
            ios_device_tokens TEXT,
            android_device_tokens TEXT,
            ios_task_id TEXT,
            ios_ret TEXT,
            ios_status TEXT,
            ios_response TEXT,
            ios_timestamp TEXT,
            is_send_ios INTEGER DEFAULT 1,
            android_task_id TEXT,
            android_ret TEXT,
            android_status TEXT,
            android_response TEXT,
            android_timestamp TEXT,
            is_send_android INTEGER DEFAULT 1,
            created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
            updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
        ) STRICT;

        CREATE TABLE sys_message_center (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT,
            content TEXT NOT NULL,
            extra_params_string TEXT,
            notify_mode TEXT DEFAULT 'sms',
            notify_level INTEGER DEFAULT 0,
            receivers TEXT NOT NULL,
            send_state INTEGER DEFAULT 0,
            send_result TEXT,
            remark TEXT,
            created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
            updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
        ) STRICT;
        CREATE INDEX sys_message_center_waiting ON sys_message_center(notify_level DESC, id) WHERE send_state = 0;

        """

    private static let companions = """
        CREATE TABLE business_tokens (
            hash BLOB PRIMARY KEY,
            user_num TEXT NOT NULL,
            app INTEGER NOT NULL REFERENCES apps(id),
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX business_tokens_by_user ON business_tokens(user_num, created_at);
        CREATE INDEX business_tokens_by_expiry ON business_tokens(expires_at);

        -- Which device of Apus a row of sys_devices is, and the token and vendor that it was registered with; stale if
        -- somebody else logged a user in since.
        CREATE TABLE business_devices (
            sys_device INTEGER PRIMARY KEY,
            device INTEGER NOT NULL UNIQUE REFERENCES devices(id),
            push_token TEXT NOT NULL,
            push_platform TEXT NOT NULL,
            stale INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        -- Which message a row of sys_push_messages became, and whether something may still become of it.
        CREATE TABLE business_pushes (
            message INTEGER PRIMARY KEY,
            push INTEGER NOT NULL UNIQUE,
            open INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX business_pushes_open ON business_pushes(message) WHERE open = 1;

        -- Rows of sys_message_center that are not for the configured app.
        CREATE TABLE centre_origins (
            row INTEGER PRIMARY KEY,
            app INTEGER NOT NULL REFERENCES apps(id)
        ) STRICT;

        CREATE TABLE schedules (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            app INTEGER NOT NULL REFERENCES apps(id),
            title TEXT NOT NULL,
            content TEXT NOT NULL,
            extra TEXT,
            mode TEXT NOT NULL,
            level INTEGER NOT NULL,
            receivers TEXT NOT NULL,
            next_at INTEGER,
            cron TEXT,
            time_zone TEXT NOT NULL,
            state TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            last_row INTEGER
        ) STRICT;
        CREATE INDEX schedules_due ON schedules(next_at) WHERE state = 'waiting';
        CREATE INDEX schedules_over ON schedules(created_at) WHERE state <> 'waiting';

        CREATE TABLE notices (
            row INTEGER NOT NULL,
            user_num TEXT NOT NULL,
            mode TEXT NOT NULL,
            address TEXT NOT NULL,
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            extra TEXT,
            app INTEGER NOT NULL REFERENCES apps(id),
            level INTEGER NOT NULL,
            state INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            not_before INTEGER NOT NULL,
            may_be_repeated INTEGER NOT NULL,
            PRIMARY KEY (row, user_num)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX notices_waiting ON notices(mode, level DESC, row) WHERE state = 0;
        CREATE INDEX notices_by_time ON notices(not_before) WHERE state = 0;
        CREATE INDEX notices_sending ON notices(row) WHERE state = 1;

        CREATE TABLE dead_letters (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            row INTEGER NOT NULL,
            mode TEXT NOT NULL,
            title TEXT NOT NULL,
            user_num TEXT,
            reason TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX dead_letters_by_row ON dead_letters(row);

        """

    /// Columns that a vendor's job fills, of one platform.
    private static func taskTrigger(_ prefix: String, platform: Int) -> String {
        """
        CREATE TRIGGER sys_push_messages_\(prefix)_task AFTER INSERT ON vendor_tasks
        WHEN NEW.platform = \(platform) AND EXISTS (SELECT 1 FROM business_pushes WHERE message = NEW.message)
        BEGIN
            UPDATE sys_push_messages SET
                \(prefix)_task_id = (
                    SELECT group_concat(id) FROM vendor_tasks WHERE message = NEW.message AND platform = \(platform)),
                \(prefix)_ret = NEW.result, \(prefix)_status = NEW.status, \(prefix)_response = NEW.response,
                \(prefix)_timestamp = datetime(NEW.at / 1000, 'unixepoch'), updated_at = CURRENT_TIMESTAMP
            WHERE id = (SELECT push FROM business_pushes WHERE message = NEW.message);
        END;

        """
    }

    /// `ON UPDATE CURRENT_TIMESTAMP` of MySQL.
    private static func touchTrigger(_ table: String) -> String {
        """
        CREATE TRIGGER \(table)_touched AFTER UPDATE ON \(table) WHEN NEW.updated_at IS OLD.updated_at
        BEGIN
            UPDATE \(table) SET updated_at = CURRENT_TIMESTAMP WHERE id = NEW.id;
        END;

        """
    }

    private static let triggers =
        taskTrigger("ios", platform: 2) + taskTrigger("android", platform: 1)
        + ["sys_users", "sys_devices", "sys_user_devices"].map(touchTrigger).joined() + logins + deletions

    private static let logins = """
        CREATE TRIGGER sys_user_devices_ended AFTER UPDATE OF state ON sys_user_devices
        WHEN NEW.state = 0 AND OLD.state <> 0
        BEGIN
            UPDATE devices SET active = 0
            WHERE id = (SELECT device FROM business_devices WHERE sys_device = NEW.device_id) AND alias = NEW.user_num;
        END;

        -- A login that somebody else brings back is taken over again.
        CREATE TRIGGER sys_user_devices_resumed AFTER UPDATE OF state ON sys_user_devices
        WHEN NEW.state <> 0 AND OLD.state = 0
        BEGIN
            UPDATE business_devices SET stale = 1 WHERE sys_device = NEW.device_id;
        END;

        """

    /// What Apus keeps beside a row goes with it.
    private static let deletions = """
        CREATE TRIGGER sys_user_devices_deleted AFTER DELETE ON sys_user_devices WHEN OLD.state <> 0
        BEGIN
            UPDATE devices SET active = 0
            WHERE id = (SELECT device FROM business_devices WHERE sys_device = OLD.device_id) AND alias = OLD.user_num;
        END;

        CREATE TRIGGER sys_devices_deleted AFTER DELETE ON sys_devices
        BEGIN
            UPDATE devices SET active = 0 WHERE id = (SELECT device FROM business_devices WHERE sys_device = OLD.id);
            DELETE FROM business_devices WHERE sys_device = OLD.id;
        END;

        CREATE TRIGGER sys_push_messages_deleted AFTER DELETE ON sys_push_messages
        BEGIN
            DELETE FROM business_pushes WHERE push = OLD.id;
        END;

        CREATE TRIGGER sys_message_center_deleted AFTER DELETE ON sys_message_center
        BEGIN
            DELETE FROM centre_origins WHERE row = OLD.id;
            DELETE FROM notices WHERE row = OLD.id;
            DELETE FROM dead_letters WHERE row = OLD.id;
        END;

        """

    /// Each app has a share of what a sender takes.
    static let noticesOfApps = """
        DROP INDEX notices_waiting;
        CREATE INDEX notices_waiting ON notices(mode, app, level DESC, row, user_num) WHERE state = 0;
        """
}
