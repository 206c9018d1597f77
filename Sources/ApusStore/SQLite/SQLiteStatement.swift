import ApusCore
import GRDB
import GRDBSQLite

/// A value that a statement can take.
protocol SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32)
}

/// SQLite copies the bytes before `bind` returns.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension Int64: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) {
        sqlite3_bind_int64(statement, index, self)
    }
}

extension Int: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) { Int64(self).set(statement, index) }
}

extension Bool: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) { Int64(self ? 1 : 0).set(statement, index) }
}

extension String: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) {
        var text = self
        text.withUTF8 { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(statement, index, $0.baseAddress ?? emptyText, Int32($0.count), transient)
            }
        }
    }
}

/// An address for text of no bytes: SQLite takes a null pointer for NULL.
// SAFETY: never written to, never freed.
private nonisolated(unsafe) let emptyText = UnsafePointer(UnsafeMutablePointer<CChar>.allocate(capacity: 1))

extension Array<UInt8>: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) {
        withUnsafeBytes { bytes in
            // For a null pointer SQLite binds NULL.
            _ = sqlite3_bind_blob(
                statement, index, bytes.baseAddress ?? UnsafeRawPointer(emptyText), Int32(bytes.count), transient)
        }
    }
}

extension Optional: SQLiteBindable where Wrapped: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) {
        if let self { self.set(statement, index) } else { sqlite3_bind_null(statement, index) }
    }
}

extension Timestamp: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) { milliseconds.set(statement, index) }
}

extension MessageID: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) { rawValue.set(statement, index) }
}

extension DeviceNumber: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) { rawValue.set(statement, index) }
}

extension EndpointNumber: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) { rawValue.set(statement, index) }
}

extension AppNumber: SQLiteBindable {
    func set(_ statement: OpaquePointer, _ index: Int32) { rawValue.set(statement, index) }
}

/// The row that a statement stands on. Valid only until the next step.
struct SQLiteRow {
    fileprivate let statement: OpaquePointer

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }
    func bool(_ column: Int32) -> Bool { int(column) != 0 }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
        return String(decoding: bytes, as: UTF8.self)
    }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    func optionalBlob(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : blob(column) }

    func time(_ column: Int32) -> Timestamp { Timestamp(milliseconds: int(column)) }
    func optionalTime(_ column: Int32) -> Timestamp? { optionalInt(column).map { Timestamp(milliseconds: $0) } }
}

/// A statement's text. Each is made once, so that it is known by its identity.
final class SQL: Sendable, ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral text: String) { self.text = text }
}

/// Statements run straight on SQLite's C API: GRDB compiles and keeps them, and owns connections and transactions.
///
/// Lives as long as one transaction, and spares it looking a statement up by its text again and again.
final class SQLiteStatements {
    private let database: Database
    private var known: [ObjectIdentifier: OpaquePointer] = [:]

    init(_ database: Database) {
        self.database = database
    }

    var lastInsertedRow: Int64 { database.lastInsertedRowID }

    /// Runs a statement that answers no rows.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run<each Argument: SQLiteBindable>(_ sql: SQL, _ arguments: repeat each Argument) throws -> Int {
        try rows(sql, repeat each arguments) { _ in }
        return Int(sqlite3_changes(database.sqliteConnection))
    }

    /// Runs a statement that answers no rows, with as many arguments as it has.
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: SQL, arguments: [any SQLiteBindable], integers: some Sequence<Int64>) throws -> Int {
        let statement = try statement(sql)
        var index: Int32 = 0
        for argument in arguments {
            index += 1
            argument.set(statement, index)
        }
        for integer in integers {
            index += 1
            sqlite3_bind_int64(statement, index, integer)
        }
        try step(statement, sql) { _ in }
        return Int(sqlite3_changes(database.sqliteConnection))
    }

    /// Runs a statement and calls `body` for each row.
    func rows<each Argument: SQLiteBindable>(
        _ sql: SQL, _ arguments: repeat each Argument, body: (SQLiteRow) throws -> Void
    ) throws {
        let statement = try statement(sql)
        var index: Int32 = 0
        for argument in repeat each arguments {
            index += 1
            argument.set(statement, index)
        }
        try step(statement, sql, body)
    }

    private func step(_ statement: OpaquePointer, _ sql: SQL, _ body: (SQLiteRow) throws -> Void) throws {
        defer { sqlite3_reset(statement) }
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else {
                throw DatabaseError(
                    resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage, sql: sql.text)
            }
            try body(SQLiteRow(statement: statement))
        }
    }

    /// The first row's value, or nil if there is no row.
    func first<Value, each Argument: SQLiteBindable>(
        _ sql: SQL, _ arguments: repeat each Argument, value: (SQLiteRow) throws -> Value
    ) throws -> Value? {
        var result: Value?
        try rows(sql, repeat each arguments) { row in
            if result == nil { result = try value(row) }
        }
        return result
    }

    private func statement(_ sql: SQL) throws -> OpaquePointer {
        if let statement = known[ObjectIdentifier(sql)] { return statement }
        let statement = try database.cachedStatement(sql: sql.text).sqliteStatement
        known[ObjectIdentifier(sql)] = statement
        return statement
    }
}
