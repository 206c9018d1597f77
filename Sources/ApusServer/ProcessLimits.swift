import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the operating system lets this process use.
package enum ProcessLimits {
    /// The processors that this process may run on, which may be fewer than the machine has.
    static var processors: Int {
        // As `sched_getaffinity` tells it, which Swift's Glibc module does not have.
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let mask = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }?.dropFirst(13) ?? ""
        let allowed = mask.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return allowed > 0 ? allowed : ProcessInfo.processInfo.activeProcessorCount
    }

    /// Descriptors that are kept for everything that is no connection.
    private static let reserve = 64

    /// How many connections this process may hold: each takes a descriptor.
    static var connections: Int {
        max(1, Int(clamping: descriptors.rlim_cur) - reserve)
    }

    /// How many descriptors the server may have once it has raised its limit.
    static var mostDescriptors: Int { Int(clamping: descriptors.rlim_max) }

    /// Allows as many descriptors as the hard limit does.
    static func raiseDescriptors() {
        var limit = descriptors
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }

    /// Uses the processors only as far as other processes leave them free, a server for one.
    package static func letOthersFirst() {
        _ = nice(10)
    }

    private static var descriptors: rlimit {
        var limit = rlimit()
        _ = getrlimit(resource, &limit)
        return limit
    }

    #if os(Linux)
        private static let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
    #else
        private static let resource = RLIMIT_NOFILE
    #endif
}
