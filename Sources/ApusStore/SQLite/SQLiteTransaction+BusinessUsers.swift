import ApusCore

private enum Statements {
    static let select = "SELECT id, user_num, user_name, user_pass, email, mobile, active_flag FROM sys_users"
    static let byNumber: SQL = "\(select) WHERE user_num = ?"
    static let list: SQL = "\(select) WHERE user_num > ? ORDER BY user_num LIMIT ?"
    static let clear: SQL = "\(select) WHERE user_pass NOT LIKE 'scrypt$%' AND user_pass <> '' LIMIT ?"
    static let put: SQL = """
        INSERT INTO sys_users (user_num, user_name, user_pass, email, mobile, active_flag, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
        ON CONFLICT (user_num) DO UPDATE SET user_name = ?2, user_pass = ?3, email = ?4, mobile = ?5,
            active_flag = ?6, updated_at = ?7
        """
    static let setPassword: SQL = "UPDATE sys_users SET user_pass = ?, updated_at = ? WHERE user_num = ?"
    static let signIn: SQL = """
        UPDATE sys_users SET last_login_at = ?1, last_login_ip = ?2, last_login_browser = ?3,
            last_login_version = coalesce(nullif(?4, ''), last_login_version),
            sign_in_count = coalesce(sign_in_count, 0) + 1, access_token = '', updated_at = ?1
        WHERE user_num = ?5
        """
    static let insertToken: SQL = """
        INSERT OR REPLACE INTO business_tokens (hash, user_num, app, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
        """
    static let trimTokens: SQL = """
        DELETE FROM business_tokens WHERE user_num = ?1 AND hash NOT IN (
            SELECT hash FROM business_tokens WHERE user_num = ?1 ORDER BY created_at DESC LIMIT ?2)
        """
    static let bearer: SQL = """
        SELECT t.user_num, t.app FROM business_tokens t JOIN sys_users u ON u.user_num = t.user_num
        WHERE t.hash = ? AND t.expires_at > ? AND coalesce(u.active_flag, 1) <> 0
        """
    static let removeTokens: SQL = "DELETE FROM business_tokens WHERE user_num = ?"
    static let expireTokens: SQL = "DELETE FROM business_tokens WHERE expires_at <= ?"
}

/// Users and their access tokens.
extension SQLiteTransaction {
    /// Tokens of one user; the oldest makes room.
    private static let mostTokens = 20

    private func user(_ row: SQLiteRow) -> BusinessUser {
        BusinessUser(
            id: row.int(0), number: row.text(1), name: row.text(2), password: row.text(3), email: row.text(4),
            mobile: row.text(5), isActive: row.optionalInt(6) != 0)
    }

    func user(_ number: String) throws -> BusinessUser? {
        try database.first(Statements.byNumber, number, value: user)
    }

    func users(after: String?, limit: Int) throws -> [BusinessUser] {
        var users: [BusinessUser] = []
        try database.rows(Statements.list, after ?? "", limit) { users.append(user($0)) }
        return users
    }

    func usersWithClearPassword(limit: Int) throws -> [BusinessUser] {
        var users: [BusinessUser] = []
        try database.rows(Statements.clear, limit) { users.append(user($0)) }
        return users
    }

    func putUser(_ user: BusinessUser, at now: Timestamp) throws {
        try database.run(
            Statements.put, user.number, user.name, user.password, user.email, user.mobile, user.isActive,
            now.sqlText)
    }

    func setPassword(_ hash: String, ofUser number: String, at now: Timestamp) throws {
        try database.run(Statements.setPassword, hash, now.sqlText, number)
    }

    func record(_ signIn: SignIn, at now: Timestamp) throws {
        try database.run(
            Statements.signIn, now.sqlText, signIn.address, signIn.browser, signIn.version, signIn.userNumber)
        try database.run(
            Statements.insertToken, signIn.token.bytes, signIn.userNumber, signIn.app, now, signIn.expiresAt)
        try database.run(Statements.trimTokens, signIn.userNumber, Self.mostTokens)
    }

    func bearer(of token: SecretHash, at now: Timestamp) throws -> TokenBearer? {
        try database.first(Statements.bearer, token.bytes, now) {
            TokenBearer(userNumber: $0.text(0), app: AppNumber($0.int(1)))
        }
    }

    func removeTokens(ofUser number: String) throws {
        try database.run(Statements.removeTokens, number)
    }

    func removeExpiredTokens(at now: Timestamp) throws {
        try database.run(Statements.expireTokens, now)
    }
}

extension Timestamp {
    /// As the seed's tables have it: `2026-11-21 08:00:00`, UTC.
    var sqlText: String {
        rfc3339.replacing("T", with: " ", maxReplacements: 1).prefix(19).description
    }
}
