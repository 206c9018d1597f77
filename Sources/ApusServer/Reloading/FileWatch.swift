import Foundation

/// Tells when files have changed and are at rest again, so that two that belong together are not read half way.
struct FileWatch {
    /// What shows that a file is another one than before.
    struct Stamp: Equatable {
        private let device: NSNumber?
        private let inode: NSNumber?
        private let size: NSNumber?
        private let modifiedAt: Date?

        /// - Returns: nil if there is no such file.
        init?(_ path: String) {
            // What a link leads to counts, and not the link.
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else { return nil }
            device = attributes[.systemNumber] as? NSNumber
            inode = attributes[.systemFileNumber] as? NSNumber
            size = attributes[.size] as? NSNumber
            modifiedAt = attributes[.modificationDate] as? Date
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
