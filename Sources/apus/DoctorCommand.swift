import ApusServer
import ArgumentParser

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at what is around the server, and say what to do about it.",
        discussion: """
            Run it as the server's user with the server's configuration, whether the server runs or not. It looks at \
            limits, disk, clock, files, ports, certificate and settings, and changes nothing. The exit code is 4 if there \
            is a problem; warnings do not count.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    private struct Answer: Encodable {
        let ok: Bool
        let findings: [Diagnosis]
    }

    func run() throws {
        let progress = ProgressLine()
        let findings = try examine(progress)
        progress.clear()
        let problems = findings.count { $0.state == .problem }
        print(json ? try JSONText.of(Answer(ok: problems == 0, findings: findings)) : Self.text(findings))
        if problems > 0 {
            throw CommandFailure(
                .problemFound, problems == 1 ? "There is a problem." : "There are \(problems) problems.")
        }
    }

    private func examine(_ progress: ProgressLine) throws -> [Diagnosis] {
        do {
            return Doctor.examine(try options.load()) { progress.show("looking at \($0)") }
        } catch let error as ConfigurationError {
            return [Doctor.diagnosis(of: error)]
        }
    }

    private static func text(_ findings: [Diagnosis]) -> String {
        var table = TextTable()
        for finding in findings {
            table.add(finding.state.rawValue, finding.check, finding.finding)
            if let advice = finding.advice { table.add(" ", " ", "→ " + advice) }
        }
        return table.text
    }
}
