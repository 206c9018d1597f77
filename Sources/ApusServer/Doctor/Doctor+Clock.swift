import ApusCore
import ApusStore
import Foundation

extension Doctor {
    static func clock(_ configuration: Configuration) -> [Diagnosis] {
        let now = SystemClock().now
        let last = try? StoreInspection.lastMessage(in: configuration.server.dataDirectory)
        var found = [time(now, last: last ?? nil), steadiness(drift(over: .milliseconds(200)))]
        #if os(Linux)
            found.append(
                synchronization(
                    isSynchronized: FileManager.default.fileExists(atPath: "/run/systemd/timesync/synchronized"),
                    processes: runningProcesses()))
        #endif
        return found
    }

    /// When this was written: no clock that is right shows less.
    private static let written = Timestamp(milliseconds: 1_760_000_000_000)

    /// - Parameter last: the time of the latest message that the data hold, if there is one.
    static func time(_ now: Timestamp, last: Timestamp?) -> Diagnosis {
        let finding = "It is \(now.rfc3339)."
        let advice = "Set the clock (timedatectl set-ntp true). Messages expire and are removed by it."
        if now < written {
            return .problem("clock.time", finding + " That is before this program was written.", advice)
        }
        if let last, last.milliseconds > now.milliseconds + 60_000 {
            return .problem(
                "clock.time", finding + " But the latest message was accepted at \(last.rfc3339): the clock went back.",
                advice)
        }
        return .ok("clock.time", finding)
    }

    /// How many seconds the clock gained on one that cannot be set, or lost.
    private static func drift(over time: Duration) -> Double {
        let (start, steadyStart) = (Date(), ContinuousClock.now)
        Thread.sleep(forTimeInterval: time / .seconds(1))
        return Date().timeIntervalSince(start) - steadyStart.duration(to: .now) / .seconds(1)
    }

    static func steadiness(_ drift: Double) -> Diagnosis {
        let milliseconds = Int((drift * 1000).rounded())
        guard abs(milliseconds) >= 50 else { return .ok("clock.steady", "It does not jump.") }
        return .warning(
            "clock.steady", "It jumped by \(milliseconds) ms while it was looked at.",
            "Something sets it again and again. Let one program only do that, slowly: chrony or systemd-timesyncd.")
    }

    private static let timekeepers = [
        "systemd-timesyn", "chronyd", "ntpd", "ntpd-rs", "ntp-daemon", "openntpd", "ptp4l",
    ]

    /// - Parameter processes: their names, of which Linux keeps 15 letters.
    static func synchronization(isSynchronized: Bool, processes: Set<String>) -> Diagnosis {
        if isSynchronized { return .ok("clock.synchronized", "systemd-timesyncd keeps it right.") }
        if let keeper = timekeepers.first(where: processes.contains) {
            return .ok("clock.synchronized", "\(keeper) is there to keep it right.")
        }
        return .warning(
            "clock.synchronized", "No program that would keep it right runs here.",
            "Install chrony or systemd-timesyncd. In a container the host's does it, and cannot be seen.")
    }

    static func runningProcesses() -> Set<String> {
        let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return Set(
            ids.filter { Int($0) != nil }.compactMap { id in
                (try? String(contentsOfFile: "/proc/\(id)/comm", encoding: .utf8))?
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            })
    }
}
