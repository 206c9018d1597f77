import Foundation

/// Tells when files have changed and are at rest again, so that two that belong together are not read half way.
struct FileWatch {
    /// What shows that a file is another one than before.
    struct Stamp: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int

        /// - Returns: nil if there is no such file.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            (seconds, nanoseconds) = (time.tv_sec, time.tv_nsec)
        }
    }

    private var taken: [Stamp?]
    private var last: [Stamp?]

    init(_ stamps: [Stamp?]) {
        (taken, last) = (stamps, stamps)
    }

    /// Looks again. Whatever comes of it, the same files are not reported twice.
    /// - Returns: whether the files are to be read: they are others than those taken before, and the same as at the last
    ///   look.
    mutating func observe(_ stamps: [Stamp?]) -> Bool {
        defer { last = stamps }
        guard stamps == last, stamps != taken else { return false }
        taken = stamps
        return true
    }

    /// The files were read for another reason.
    mutating func take(_ stamps: [Stamp?]) {
        (taken, last) = (stamps, stamps)
    }
}
