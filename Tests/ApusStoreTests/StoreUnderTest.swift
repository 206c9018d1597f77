import ApusCore
import ApusStore
import ApusTestKit
import Foundation
import Testing

/// Every adapter of the store port. Each passes the same contract.
enum StoreUnderTest: CaseIterable, CustomTestStringConvertible {
    case memory
    case sqlite

    var testDescription: String {
        switch self {
        case .memory: "in memory"
        case .sqlite: "SQLite"
        }
    }

    /// Runs `body` with an empty store, and clears up behind it.
    func with(_ body: (StoreFixture) throws -> Void) throws {
        switch self {
        case .memory:
            try body(StoreFixture(InMemoryMessageStore()))
        case .sqlite:
            try TemporaryDirectory.with { directory in
                let store = try SQLiteMessageStore(directory: directory, largestUncounted: 20)
                try body(StoreFixture(store))
                try store.close()
            }
        }
    }
}

enum TemporaryDirectory {
    static func with<Result>(_ body: (String) throws -> Result) throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try body(directory)
    }
}
