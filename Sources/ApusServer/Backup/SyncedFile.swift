import ApusCore
import Crypto
import Foundation

/// Files and directories that are on disk when a call returns, not only in memory.
enum SyncedFile {
    private static let pieceSize = 4 << 20

    /// Reads a file to its end, and writes it to `target` if there is one, which is synced then.
    /// - Parameter progress: told which part is done, from 0 to 1.
    @discardableResult
    static func digest(
        _ path: String, copyingTo target: String? = nil, progress: (Double) -> Void = { _ in }
    ) throws -> BackupManifest.File {
        let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? source.close() }
        let size = Double(max(try source.seekToEnd(), 1))
        try source.seek(toOffset: 0)
        var copy: FileHandle?
        if let target {
            guard
                FileManager.default.createFile(
                    atPath: target, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            copy = try FileHandle(forWritingTo: URL(fileURLWithPath: target))
        }
        var hash = SHA256()
        var bytes: Int64 = 0
        while let piece = try source.read(upToCount: pieceSize), !piece.isEmpty {
            hash.update(data: piece)
            try copy?.write(contentsOf: piece)
            bytes += Int64(piece.count)
            progress(Double(bytes) / size)
        }
        try copy?.synchronize()
        try copy?.close()
        return BackupManifest.File(
            name: (path as NSString).lastPathComponent, bytes: bytes, sha256: Hex.encode(hash.finalize()))
    }

    /// Makes sure that the directory has the names that were made in it.
    static func syncDirectory(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    static func rename(_ path: String, to target: String) throws {
        guard Foundation.rename(path, target) == 0 else { throw CocoaError(.fileWriteUnknown) }
        let directory = (target as NSString).deletingLastPathComponent
        try syncDirectory(directory.isEmpty ? "." : directory)
    }
}
