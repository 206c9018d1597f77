import ApusCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /v1/import/business`: rows of the seed's own tables, a part of a dump at a time.
struct ImportRoutes: Sendable {
    let dispatcher: Dispatcher
    let access: Access
    let centre: MessageCentre
    let limits: Reloadable<HTTPServerContext.Limits>

    func add(to router: Router<APIContext>) {
        router.post("/v1/import/business") { request, context in try await take(request, context) }
    }

    private func take(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try access.require(.admin, request, context)
        let body = try ImportBody(try await request.body.collect(upTo: limits.batchBody))
        let now = dispatcher.clock.now
        let act = caller.act("import.business", body.table.rawValue) { $0.member("rows", int: Int64(body.rows.count)) }
        let outcomes = try await dispatcher.update(noting: { _ in act }) { transaction in
            try body.rows.map { try transaction.importRow($0, at: now) }
        }
        // Users that are logged in by the dump get their devices.
        if body.table == .userDevices { try await centre.takeLoginsOver() }
        return Response.json { object in
            object.member("taken", int: Int64(outcomes.count { $0 == .taken }))
            object.member("alreadyThere", int: Int64(outcomes.count { $0 == .alreadyThere }))
            object.member("refused", objects: Self.refused(body.rows, outcomes)) { refused, object in
                object.member("id", string: refused.id)
                object.member("reason", string: refused.reason)
            }
        }
    }

    private static func refused(
        _ rows: [ImportedRow], _ outcomes: [ImportedRow.Outcome]
    ) -> [(id: String, reason: String)] {
        zip(rows, outcomes).compactMap { row, outcome in
            guard case .refused(let reason) = outcome else { return nil }
            return (row["id"] ?? "", reason)
        }
    }
}

/// `{"table": …, "rows": [{column: text or null, …}, …]}`
struct ImportBody {
    private(set) var table = BusinessTable.users
    private(set) var rows: [ImportedRow] = []

    private static let mostRows = 1000

    init(_ body: ByteBuffer) throws(ApusError) {
        var name: String?
        var values: [[String: String?]] = []
        var problems = FieldProblems()
        try FieldProblems.eachMember(of: body) { (key, scanner) throws(JSONError) in
            switch key {
            case "table": name = try scanner.text("table", &problems)
            case "rows":
                try scanner.beginArray()
                while try scanner.nextElement() { values.append(try Self.row(&scanner)) }
            default: try scanner.skipValue()
            }
        }
        guard let table = name.flatMap({ BusinessTable(rawValue: $0) }) else {
            let tables = BusinessTable.allCases.map(\.rawValue).joined(separator: ", ")
            throw ApusError(.invalid, code: "unknown_table", "table must be one of \(tables).")
        }
        guard values.count <= Self.mostRows else {
            throw ApusError(.tooLarge, code: "too_many_rows", "At most \(Self.mostRows) rows are taken at a time.")
        }
        try problems.check()
        self.table = table
        rows = values.map { ImportedRow(table: table, values: $0).withoutToken }
    }

    private static func row(_ scanner: inout JSONScanner) throws(JSONError) -> [String: String?] {
        var values: [String: String?] = [:]
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if try scanner.kind() == .null {
                try scanner.null()
                values.updateValue(nil, forKey: key.string)
            } else {
                values[key.string] = try scanner.string()
            }
        }
        return values
    }
}
