import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Times `body`, which does `count` operations, five times after a warm-up, and prints the best run per operation.
func measure(_ name: String, count: Int, _ body: () throws -> Void) rethrows {
    try body()
    var best = UInt64.max
    for _ in 0..<5 {
        let start = DispatchTime.now().uptimeNanoseconds
        try body()
        best = min(best, DispatchTime.now().uptimeNanoseconds - start)
    }
    let nanoseconds = Double(best) / Double(count)
    let text = nanoseconds < 1000 ? "\(rounded(nanoseconds)) ns" : "\(rounded(nanoseconds / 1000)) µs"
    print(name + String(repeating: " ", count: max(1, 52 - name.count)) + text)
}

private func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

/// User and system time of this process so far.
var cpuSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Keeps the optimiser from dropping what is measured.
@inline(never)
func use<Value>(_ value: Value) {}
