import Foundation

/// Keeps a second server off the same data directory, for as long as the process lives.
package final class DataDirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `StoreOpeningError` if another process holds the lock.
    package init(directory: String) throws {
        let path = directory + "/apus.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreOpeningError.unusableDirectory(directory, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
            Foundation.close(descriptor)
            throw StoreOpeningError.inUse(directory, by: holder.flatMap { $0.isEmpty ? nil : $0 } ?? "unknown")
        }
        let process = "\(ProcessInfo.processInfo.processIdentifier)\n"
        _ = ftruncate(descriptor, 0)
        _ = process.withCString { write(descriptor, $0, strlen($0)) }
        self.descriptor = descriptor
    }

    deinit {
        Foundation.close(descriptor)
    }
}
