/// Reads a dump as mysqldump writes it: the columns of `CREATE TABLE` and the rows of `INSERT`, statement by statement.
///
/// Everything else (locks, settings, comments) is stepped over.
package struct SQLDump {
    package enum Item: Sendable, Equatable {
        case row(table: String, columns: [String], values: [String?])
        case problem(DumpProblem)
    }

    private var scanner: SQLDumpScanner
    private var columns: [String: [String]] = [:]
    /// The statement whose rows are being read.
    private var current: (table: String, columns: [String])?

    package init(_ bytes: [UInt8]) {
        scanner = SQLDumpScanner(bytes)
    }

    /// The next row, or the next statement that cannot be read; nil at the end.
    package mutating func next() -> Item? {
        while true {
            if let current {
                if let item = nextRow(current) { return item }
                continue
            }
            guard scanner.skipToStatement() else { return nil }
            do throws(DumpProblem) {
                try beginStatement()
            } catch {
                scanner.skipStatement()
                return .problem(error)
            }
        }
    }

    private mutating func beginStatement() throws(DumpProblem) {
        if scanner.take("CREATE"), scanner.take("TABLE") {
            if scanner.take("IF") { _ = scanner.take("NOT") && scanner.take("EXISTS") }
            let table = try scanner.name()
            columns[table] = try scanner.columnDefinitions()
            scanner.skipStatement()
        } else if scanner.take("INSERT") || scanner.take("REPLACE") {
            _ = scanner.take("IGNORE")
            _ = scanner.take("INTO")
            let table = try scanner.name()
            let named = try scanner.columnList()
            guard let columns = named ?? columns[table] else {
                throw DumpProblem(
                    line: scanner.line, "the columns of \(table) are not known: its CREATE TABLE is missing")
            }
            guard scanner.take("VALUES") || scanner.take("VALUE") else {
                throw DumpProblem(line: scanner.line, "INSERT INTO \(table) has no VALUES")
            }
            current = (table, columns)
        } else {
            scanner.skipStatement()
        }
    }

    /// - Returns: nil if the statement is over.
    private mutating func nextRow(_ statement: (table: String, columns: [String])) -> Item? {
        do throws(DumpProblem) {
            guard let values = try scanner.row() else {
                current = nil
                scanner.skipStatement()
                return nil
            }
            guard values.count == statement.columns.count else {
                return .problem(
                    DumpProblem(
                        line: scanner.line,
                        "a row of \(statement.table) has \(values.count) values for \(statement.columns.count) columns")
                )
            }
            return .row(table: statement.table, columns: statement.columns, values: values)
        } catch {
            current = nil
            scanner.skipStatement()
            return .problem(error)
        }
    }
}

/// What of a dump cannot be read, and where.
package struct DumpProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package let line: Int
    package let message: String

    init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    package var description: String { "line \(line): \(message)" }
}
