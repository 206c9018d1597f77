#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Darwin)
    @preconcurrency import Darwin
#endif

enum StandardOutput {
    /// Has a line written when it is printed, also to a file or a pipe, where it would wait for a full buffer.
    static func writeLineByLine() {
        setvbuf(stdout, nil, _IOLBF, 0)
    }
}
