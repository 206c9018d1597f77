extension Doctor {
    static func limits(_ configuration: Configuration) -> [Diagnosis] {
        var found = [descriptors(ProcessLimits.mostDescriptors)]
        if let waiting = number(in: "/proc/sys/net/core/somaxconn") { found.append(somaxconn(waiting)) }
        if let all = number(in: "/proc/sys/fs/file-max") {
            found.append(systemDescriptors(all, wanted: ProcessLimits.mostDescriptors))
        }
        return found
    }

    /// - Parameter hard: the most that this process may open.
    static func descriptors(_ hard: Int) -> Diagnosis {
        let finding = "This process may open \(hard) files and connections; each device that is connected takes one."
        let advice =
            "Raise it: LimitNOFILE=1048576 in the systemd unit, --ulimit nofile=1048576 in Docker, ulimit -Hn elsewhere."
        return switch hard {
        case ..<256: .problem("limits.descriptors", finding, advice)
        case ..<10_000: .warning("limits.descriptors", finding, advice)
        default: .ok("limits.descriptors", finding)
        }
    }

    /// - Parameter waiting: the most connections of a port that wait to be taken.
    static func somaxconn(_ waiting: Int) -> Diagnosis {
        let finding = "Up to \(waiting) new connections may wait for the server to take them."
        guard waiting < 1024 else { return .ok("limits.somaxconn", finding) }
        return .warning(
            "limits.somaxconn", finding + " When many devices come back at once, the rest is turned away.",
            "sysctl -w net.core.somaxconn=4096, and the same line in /etc/sysctl.d.")
    }

    static func systemDescriptors(_ all: Int, wanted: Int) -> Diagnosis {
        let finding = "All processes together may open \(all) files."
        guard all < min(wanted, 100_000) else { return .ok("limits.file_max", finding) }
        return .warning(
            "limits.file_max", finding + " That is less than this one alone may.",
            "sysctl -w fs.file-max=2097152, and the same line in /etc/sysctl.d.")
    }
}
