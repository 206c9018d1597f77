import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file with one line of JSON for each notification that was accepted.
///
/// What is given to it is in the file before the answers go out, so that a test finds there whatever it was told of.
final class APNsNotificationFile: Sendable {
    private let descriptor: CInt

    /// - Parameter path: lines are appended if there is such a file.
    init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw APNsSimulatorError("\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Appends whole lines. As one write, they do not mix with those of other threads.
    /// - Returns: false if they could not be written.
    func append(_ lines: ByteBuffer) -> Bool {
        lines.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return false }
                rest = rest.dropFirst(written)
            }
            return true
        }
    }
}
