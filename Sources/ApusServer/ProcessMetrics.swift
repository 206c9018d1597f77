import ApusHTTP
import Foundation

/// What the operating system tells of this process, under the names that Prometheus gives such values.
enum ProcessMetrics {
    static func add(to metrics: PrometheusMetrics) {
        let started = Date.now.timeIntervalSince1970
        metrics.addGauge("process_start_time_seconds") { started }
        metrics.addGauge("process_cpu_seconds_total", kind: .counter) { cpuSeconds }
        metrics.addGauge("process_resident_memory_bytes") { Double(residentPages * Int(sysconf(Int32(_SC_PAGESIZE)))) }
        metrics.addGauge("process_open_fds") { Double(openDescriptors) }
        metrics.addGauge("process_max_fds") { Double(ProcessLimits.mostDescriptors) }
        metrics.addGauge("apus_descriptors_free") { Double(ProcessLimits.mostDescriptors - openDescriptors) }
    }

    private static var cpuSeconds: Double {
        // POSIX says that a second has a million of them.
        Double(clock()) / 1e6
    }

    /// 0 where there is no `/proc`.
    private static var residentPages: Int {
        let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return statm?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    private static var openDescriptors: Int {
        #if os(Linux)
            let directory = "/proc/self/fd"
        #else
            let directory = "/dev/fd"
        #endif
        // Linux tells how many there are since 6.2; before, they have to be counted.
        let size = try? FileManager.default.attributesOfItem(atPath: directory)[.size] as? NSNumber
        if let count = size?.intValue, count > 0 { return count }
        return (try? FileManager.default.contentsOfDirectory(atPath: directory).count) ?? 0
    }
}
