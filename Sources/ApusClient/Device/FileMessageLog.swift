public import Foundation
import Synchronization

/// A message log in a file, one line an entry: `CFM <id>`, `READ <id>` or `HEARD`.
///
/// Lines are appended as they come and the file is written anew, in one step, when it has twice as many as are kept. It
/// survives the end of the process at any moment; after a power cut the last lines may be missing, which costs no more
/// than messages that come again. For one `DeviceConnection` at a time.
public final class FileMessageLog: MessageLog {
    private struct State {
        var entries: [MessageLogEntry]
        /// `nil` if the file must be written anew before anything is appended.
        var file: FileHandle?
    }

    public let entries: [MessageLogEntry]
    private let url: URL
    private let capacity: Int
    private let state: Mutex<State>

    /// Opens the log, or makes it with its directory, and keeps so many entries. A file that is no message log is moved
    /// to `<name>.corrupt`.
    ///
    /// - Throws: what the file system says.
    public init(url: URL, capacity: Int = 1000) throws {
        self.url = url
        self.capacity = max(capacity, 1)
        entries = try Self.entries(in: url).suffix(self.capacity)
        let file = try Self.write(entries, to: url)
        state = Mutex(State(entries: entries, file: file))
    }

    public func note(_ entry: MessageLogEntry) throws {
        guard let line = Self.line(entry) else { return }
        try state.withLock { state in
            state.entries.append(entry)
            let file = state.file.take()
            if let file, state.entries.count < 2 * capacity {
                try file.write(contentsOf: Data(line.utf8))
                state.file = file
            } else {
                state.entries.removeFirst(max(0, state.entries.count - capacity))
                state.file = try Self.write(state.entries, to: url)
            }
        }
    }

    // MARK: The file

    private static let header = "apus message log 1\n"

    private static func entries(in url: URL) throws -> [MessageLogEntry] {
        guard FileManager.default.fileExists(atPath: url.path) else {
            let directory = url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            return []
        }
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        guard try file.read(upToCount: header.utf8.count) == Data(header.utf8) else {
            let aside = url.appendingPathExtension("corrupt")
            try? FileManager.default.removeItem(at: aside)
            try FileManager.default.moveItem(at: url, to: aside)
            return []
        }
        let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        // What stands behind the last line's end was never finished.
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap(entry)
    }

    private static func write(_ entries: [MessageLogEntry], to url: URL) throws -> FileHandle {
        let text = header + entries.compactMap(line).joined()
        try Data(text.utf8).write(to: url, options: .atomic)
        let file = try FileHandle(forWritingTo: url)
        try file.seekToEnd()
        return file
    }

    /// `nil` for a message whose id would break the lines; no server makes such.
    private static func line(_ entry: MessageLogEntry) -> String? {
        switch entry {
        case .heard: "HEARD\n"
        case .receipt(let receipt) where receipt.messageID.utf8.allSatisfy({ (0x21...0x7E).contains($0) }):
            "\(receipt.kind.rawValue) \(receipt.messageID)\n"
        case .receipt: nil
        }
    }

    private static func entry(_ line: Substring) -> MessageLogEntry? {
        if line == "HEARD" { return .heard }
        let parts = line.split(separator: " ")
        guard parts.count == 2, let kind = Receipt.Kind(rawValue: String(parts[0])) else { return nil }
        return .receipt(Receipt(kind, of: String(parts[1])))
    }
}
