import GRDB

extension StoreInspection {
    /// What differs from a new store that went through the same migrations. What others added is theirs.
    static func schemaProblems(_ database: Database) throws -> [StoreReport.Problem] {
        let migrator = SQLiteSchema.migrator
        let applied = try migrator.appliedIdentifiers(database)
        let known = migrator.migrations
        if let unknown = applied.subtracting(known).sorted().first {
            return [.init(code: "database_newer", text: "A newer version of Apus wrote it (migration \(unknown)).")]
        }
        guard let last = known.last(where: applied.contains) else {
            return [.init(code: "schema", text: "It has no tables of Apus.")]
        }
        if let missing = known.prefix(while: { $0 != last }).first(where: { !applied.contains($0) }) {
            return [.init(code: "schema", text: "Migration \(missing) is missing, though later ones are there.")]
        }
        let model = try DatabaseQueue()
        try migrator.migrate(model, upTo: last)
        let expected = try model.read(definitions)
        let found = try definitions(database)
        return expected.keys.sorted().compactMap { name in
            guard let definition = found[name] else { return .init(code: "schema", text: "The \(name) is missing.") }
            return definition == expected[name]
                ? nil : .init(code: "schema", text: "The \(name) is not as Apus makes it.")
        }
    }

    /// The tables, indices and triggers, as in `index deliveries_open`, with what made them.
    private static func definitions(_ database: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(database, sql: "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql <> ''")
        return Dictionary(rows.map { ($0[0], $0[1]) }) { $1 }
    }
}
