import ApusCore
import Foundation
import Logging
import NIOCore

/// Where log lines go and which, for all loggers of the server.
final class LogOutput: Sendable {
    struct Settings: Sendable {
        var level = Logger.Level.info
        var format = LogFormat.text
    }

    let settings: Reloadable<Settings>
    private let write: @Sendable (ByteBuffer) -> Void

    /// - Parameter write: takes one line with its end. It may be called on any thread.
    init(_ settings: Settings, write: @escaping @Sendable (ByteBuffer) -> Void) {
        self.settings = Reloadable(settings)
        self.write = write
    }

    static func standardError(_ settings: Settings) -> LogOutput {
        // One call for a line keeps lines of different threads apart.
        LogOutput(settings) { line in try? FileHandle.standardError.write(contentsOf: Data(line.readableBytesView)) }
    }

    func log(_ line: LogLine) {
        write(line.bytes(settings.value.format))
    }
}

/// Writes each event as one line.
struct LineLogHandler: LogHandler {
    let label: String
    let output: LogOutput
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var ownLevel: Logger.Level?

    init(label: String, output: LogOutput) {
        self.label = label
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// That of all loggers, which may change, unless this one was given its own.
    var logLevel: Logger.Level {
        get { ownLevel ?? output.settings.level }
        set { ownLevel = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        output.log(
            LogLine(at: SystemClock().now, event.level, label: label, message: "\(event.message)", metadata: all))
    }
}
