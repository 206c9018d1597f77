import ApusServer
import Foundation
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    /// Loads the configuration from a file with this text, this environment and these flags.
    private func load(
        _ yaml: String? = nil, environment: [String: String] = [:], flags: [ConfigurationFlag] = []
    ) throws -> Configuration {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        if let yaml {
            try yaml.write(to: directory.appendingPathComponent("apus.yaml"), atomically: true, encoding: .utf8)
        }
        return try Configuration.load(environment: environment, flags: flags, directory: directory.path)
    }

    /// The problems that loading reports, with the path of the temporary file left out.
    private func problems(
        _ yaml: String? = nil, environment: [String: String] = [:], flags: [ConfigurationFlag] = []
    ) -> [String] {
        do {
            _ = try load(yaml, environment: environment, flags: flags)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { $0.replacing(/\/\S*apus\.yaml/, with: "apus.yaml") }
        } catch {
            return ["\(error)"]
        }
    }

    @Test("without any source the defaults hold")
    func defaults() throws {
        let configuration = try load()
        #expect(configuration.server.host == "127.0.0.1")
        #expect(configuration.server.port == 8080)
        #expect(configuration.server.adminToken == nil)
        #expect(configuration.limits.payload == 4096)
        #expect(configuration.messages.longestTimeToLive == .seconds(259_200))
        #expect(configuration.settings.allSatisfy { $0.origin == .default })
    }

    @Test("flags are stronger than the environment, which is stronger than the file")
    func precedence() throws {
        let configuration = try load(
            "server:\n  host: localhost\n  port: 1\n  event_loops: 3\n",
            environment: ["APUS_SERVER_PORT": "2", "APUS_SERVER_EVENT_LOOPS": "4"],
            flags: [ConfigurationFlag(key: "server.port", value: "3", flag: "--port")])
        #expect(configuration.server.host == "localhost")
        #expect(configuration.server.eventLoops == 4)
        #expect(configuration.server.port == 3)
        #expect(configuration.origins["server.port"] == .flag("--port"))
        #expect(configuration.origins["server.event_loops"] == .environment("APUS_SERVER_EVENT_LOOPS"))
        #expect(configuration.origins["server.host"]?.description.hasSuffix("apus.yaml:2") == true)
    }

    @Test("the file that APUS_CONFIG names is read, and must exist")
    func configVariable() {
        #expect(
            problems(environment: ["APUS_CONFIG": "/nowhere/apus.yaml"]) == [
                "The configuration file apus.yaml cannot be read: it does not exist."
            ])
    }

    @Test("durations and sizes are read with their units")
    func units() throws {
        let configuration = try load(
            """
            limits: {payload: 2048, body: 1MB}
            sessions: {resend_after: 250ms, longest_resend: 5m, ping_after: 2h}
            messages: {default_time_to_live: 90s}
            storage: {largest_file: 10gb}
            """)
        #expect(configuration.limits.payload == 2048)
        #expect(configuration.limits.body == 1 << 20)
        #expect(configuration.sessions.resendAfter.milliseconds == 250)
        #expect(configuration.sessions.longestResend == .seconds(300))
        #expect(configuration.sessions.pingAfter == .seconds(7200))
        #expect(configuration.messages.defaultTimeToLive == .seconds(90))
        #expect(configuration.storage.largestFile == 10 << 30)
    }

    @Test("every wrong value is reported, with key, value, origin and what is expected")
    func wrongValues() {
        let found = problems(
            "server:\n  port: 80a\n  demo: yes please\nlimits:\n  payload: 4 apples\n",
            environment: ["APUS_SESSIONS_PING_AFTER": "60"],
            flags: [ConfigurationFlag(key: "log.level", value: "loud", flag: "--log-level")])
        #expect(
            found == [
                "apus.yaml:2: server.port cannot be \"80a\"; it must be a whole number from 0 to 65535.",
                "apus.yaml:3: server.demo cannot be \"yes please\"; it must be true or false.",
                "apus.yaml:5: limits.payload cannot be \"4 apples\"; it must be a size from 1KB to 1MB.",
                "environment APUS_SESSIONS_PING_AFTER: sessions.ping_after cannot be \"60\"; "
                    + "it must be a time from 1s to 1d.",
                "flag --log-level: log.level cannot be \"loud\"; "
                    + "it must be one of trace, debug, info, notice, warning, error, critical.",
            ])
    }

    @Test(
        "an unknown key is an error that suggests the nearest",
        arguments: [
            ("server:\n  prot: 1", "apus.yaml:2: there is no key server.prot. Did you mean server.port?"),
            ("servr:\n  port: 1", "apus.yaml:2: there is no key servr.port. Did you mean server.port?"),
            ("port: 1", "apus.yaml:1: there is no key port. Did you mean server.port?"),
            ("colour: red", "apus.yaml:1: there is no key colour."),
        ])
    func unknownKey(yaml: String, problem: String) {
        #expect(problems(yaml) == [problem])
    }

    @Test("an unknown variable is an error that suggests the nearest")
    func unknownVariable() {
        #expect(
            problems(environment: ["APUS_SERVER_PROT": "1", "HOME": "/"]) == [
                "environment APUS_SERVER_PROT: there is no key APUS_SERVER_PROT. Did you mean APUS_SERVER_PORT?"
            ])
    }

    @Test("variables for clients, scripts and service links are not settings")
    func foreignVariables() throws {
        let configuration = try load(environment: [
            "APUS_SERVER": "http://a", "APUS_APP_KEY": "k", "APUS_BENCH_SECONDS": "5", "APUS_DATA": "d",
            "APUS_PORT": "tcp://10.0.0.1:8080", "APUS_SERVICE_HOST": "10.0.0.1", "APUS_PORT_8080_TCP_ADDR": "10.0.0.1",
            "APUS_SERVER_PORT": "tcp://10.0.0.1:8080", "APUS_LOG_LEVEL": "",
        ])
        #expect(configuration.origins.isEmpty)
    }

    @Test("the admin token can come from APUS_ADMIN_TOKEN and is never shown")
    func secret() throws {
        let configuration = try load(environment: ["APUS_ADMIN_TOKEN": "hush"])
        #expect(configuration.server.adminToken == "hush")
        let setting = configuration.settings.first { $0.name == "server.admin_token" }
        #expect(setting?.value == "********")
        #expect(setting?.origin == .environment("APUS_ADMIN_TOKEN"))
    }

    @Test("demo mode is refused on an address that others can reach")
    func demo() throws {
        #expect(try load("server: {demo: true, host: \"::1\"}").server.isDemo)
        #expect(
            problems("server:\n  demo: true\n  host: 0.0.0.0") == [
                "apus.yaml:2: server.demo lets anyone make apps, so server.host must be a loopback address "
                    + "such as 127.0.0.1, not \"0.0.0.0\" (apus.yaml:3)."
            ])
    }

    @Test("a default longer than the longest is refused")
    func contradiction() {
        #expect(
            problems("messages:\n  longest_time_to_live: 1h") == [
                "messages.default_time_to_live (3d, default) must not be more than "
                    + "messages.longest_time_to_live (1h, apus.yaml:2)."
            ])
    }

    @Test(
        "a file that is not sections and keys is refused",
        arguments: ["server: [1, 2]", "- server", "server: {port: 1", "server:\n  port: 1\n  port: 2", "42"])
    func notSections(yaml: String) {
        #expect(problems(yaml).count == 1)
    }

    @Test(
        "an empty file, an empty section and a key without a value set nothing",
        arguments: ["", "server:", "log: {level: }"])
    func empty(yaml: String) throws {
        #expect(try load(yaml).origins.isEmpty)
    }

    @Test("apus.example.yaml lists every key with its default")
    func example() throws {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../").standardized
        let path = root.appendingPathComponent("apus.example.yaml").path
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Configuration.exampleFile)

        let fromExample = try Configuration.load(file: path, environment: [:])
        let defaults = Configuration()
        #expect(fromExample.settings.map(\.value) == defaults.settings.map(\.value))
        let withoutDefault = ConfigurationKey.all.filter { $0.defaultText == nil }.map(\.name)
        #expect(Set(fromExample.origins.keys).union(withoutDefault) == Set(ConfigurationKey.all.map(\.name)))
    }
}
