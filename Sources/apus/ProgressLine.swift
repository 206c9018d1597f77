import Foundation

/// How far long work has come, on one line of the terminal that is written over again and again. Where the standard
/// error is no terminal, nothing is written.
final class ProgressLine {
    private let isShown = isatty(STDERR_FILENO) == 1
    private var line = ""

    /// - Parameter part: which part of the work is done, from 0 to 1.
    func show(_ work: String, _ part: Double? = nil) {
        let percent = part.map { " \(Int($0 * 100)) %" } ?? ""
        write("\(work) …\(percent)")
    }

    func clear() {
        write("")
    }

    private func write(_ text: String) {
        guard isShown, text != line else { return }
        line = text
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
    }
}
