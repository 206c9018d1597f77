import Foundation

extension Doctor {
    static func disk(_ configuration: Configuration) -> [Diagnosis] {
        let directory = existing(configuration.server.dataDirectory)
        var found: [Diagnosis] = []
        if let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) {
            found.append(fileSystem(of: directory, mounts: mounts))
        }
        if let bytes = freeBytes(directory) {
            found.append(space(bytes, largestFile: configuration.storage.largestFile, directory))
        }
        do {
            found.append(sync(try secondsPerSync(in: directory)))
        } catch {
            found.append(
                .problem(
                    "disk.sync", "Nothing can be written to \(directory): \(error.localizedDescription)",
                    "Make it writable for the user that the server runs as, or choose another with --data-dir."))
        }
        return found
    }

    /// The directory, or the nearest above it that there is: the server makes those that are missing.
    static func existing(_ directory: String) -> String {
        var url = URL(fileURLWithPath: directory).standardizedFileURL
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" { url.deleteLastPathComponent() }
        return url.path
    }

    /// - Parameter mounts: the text of /proc/self/mounts: device, directory, type and more on each line.
    static func fileSystem(of directory: String, mounts: String) -> Diagnosis {
        let path = (directory as NSString).resolvingSymlinksInPath
        var best = (directory: "", type: "unknown")
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2 else { continue }
            let (point, type) = (String(fields[1]), String(fields[2]))
            let isAbove = path == point || path.hasPrefix(point == "/" ? "/" : point + "/")
            if isAbove, point.count >= best.directory.count { best = (point, type) }
        }
        let finding = "\(directory) is on a file system of type \(best.type)."
        switch best.type {
        case "tmpfs", "ramfs":
            return .problem(
                "disk.file_system", finding + " It is memory: all is lost when the machine stops.",
                "Put the data on a disk with --data-dir.")
        case "nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs":
            return .problem(
                "disk.file_system", finding + " SQLite's write-ahead log does not work over a network.",
                "Put the data on a disk of this machine with --data-dir.")
        case "overlay":
            return .warning(
                "disk.file_system", finding + " In a container it goes with the container.",
                "Mount a volume at the data directory.")
        default:
            return .ok("disk.file_system", finding)
        }
    }

    private static func freeBytes(_ directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    static func space(_ free: Int, largestFile: Int, _ directory: String) -> Diagnosis {
        let megabytes = free >> 20
        let finding = "\(megabytes) MB are free in \(directory)."
        let advice =
            "Free some, move the data, or keep less (retention.*). A backup needs as much room as the data."
        if megabytes < 100 { return .problem("disk.space", finding, advice) }
        if megabytes < 1024 { return .warning("disk.space", finding, advice) }
        if largestFile > free {
            return .warning("disk.space", finding + " storage.largest_file allows the database more.", advice)
        }
        return .ok("disk.space", finding)
    }

    /// The median of some small writes that are each waited for until they are on disk, as every commit is.
    private static func secondsPerSync(in directory: String) throws -> Double {
        let path = directory + "/apus-doctor-\(ProcessInfo.processInfo.processIdentifier)"
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        defer {
            close(descriptor)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x41, count: 4096)
        var seconds: [Double] = []
        for _ in 0..<21 {
            let start = ContinuousClock.now
            guard write(descriptor, block, block.count) == block.count, fsync(descriptor) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
            seconds.append(start.duration(to: .now) / .seconds(1))
        }
        return seconds.sorted()[seconds.count / 2]
    }

    static func sync(_ seconds: Double) -> Diagnosis {
        let milliseconds = (seconds * 1000).formatted(
            .number.precision(.fractionLength(2)).locale(Locale(identifier: "en")))
        let finding =
            "A write is on disk after \(milliseconds) ms; a sender that sends one message at a time waits that long."
        return switch seconds {
        case ..<0.000_02:
            .warning(
                "disk.sync", finding + " No disk is that fast: it only says so.",
                "Make sure that the disk keeps what it confirms in a power cut (its write cache, the host of a virtual machine)."
            )
        case ..<0.02: .ok("disk.sync", finding)
        case ..<0.2:
            .warning(
                "disk.sync", finding, "A faster disk, or one that no other program keeps busy, answers senders sooner.")
        default:
            .problem(
                "disk.sync", finding,
                "Senders will be refused under load. Use another disk, or find what keeps this one busy.")
        }
    }
}
