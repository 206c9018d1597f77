import ApusCore
import CoreMetrics
import Logging

/// Changes what can be changed while the server runs: the configuration when it is told to, certificates also when their
/// files have changed. What is broken changes nothing.
actor Reloader {
    private let current: Reloadable<Configuration>
    private let tls: ServerTLS?
    private let clock: any Clock
    private let logger: Logger
    private let load: @Sendable () throws -> Configuration
    private let apply: @Sendable (Configuration) async -> Void
    private let done: Counter
    private let refused: Counter
    private var watch: FileWatch?

    private static let interval = Duration.seconds(2)

    /// - Parameters:
    ///   - current: what holds; it is kept up to date.
    ///   - load: reads the configuration again.
    ///   - apply: hands what holds from now on to those who use it.
    init(
        _ current: Reloadable<Configuration>, tls: ServerTLS?, clock: any Clock, metrics: any MetricsFactory,
        logger: Logger, load: @escaping @Sendable () throws -> Configuration,
        apply: @escaping @Sendable (Configuration) async -> Void
    ) {
        self.current = current
        self.tls = tls
        self.clock = clock
        self.logger = logger
        self.load = load
        self.apply = apply
        let counter = { (result: String) in
            Counter(label: "apus_reload_total", dimensions: [("result", result)], factory: metrics)
        }
        (done, refused) = (counter("done"), counter("refused"))
        watch = tls.map { FileWatch(Self.stamps($0.material.files)) }
    }

    /// Reads configuration and certificate again.
    func reload() async {
        do {
            let change = ConfigurationChange(from: current.value, to: try load())
            let expiry = try useCertificate(change.result)
            current.replace(with: change.result)
            await apply(change.result)
            done.increment()
            var metadata: Logger.Metadata = ["changed": "\(Self.list(change.changed))"]
            if let expiry { metadata["certificate_until"] = "\(expiry.rfc3339)" }
            logger.notice("reloaded", metadata: metadata)
            if !change.needRestart.isEmpty {
                logger.warning("needs a restart: \(Self.list(change.needRestart))")
            }
        } catch {
            refuse(error)
        }
    }

    /// Looks at the files of the certificate until the task is cancelled.
    func watchCertificate() async {
        while !Task.isCancelled, let tls {
            try? await Task.sleep(for: Self.interval)
            guard watch?.observe(Self.stamps(tls.material.files)) ?? false else { continue }
            do {
                let expiry = try useCertificate(current.value)
                await apply(current.value)
                done.increment()
                logger.notice("a new certificate is used", metadata: ["until": "\(expiry?.rfc3339 ?? "")"])
            } catch {
                refuse(error)
            }
        }
    }

    /// - Returns: until when the certificate holds; nil if nothing is encrypted.
    private func useCertificate(_ configuration: Configuration) throws -> Timestamp? {
        guard let tls else { return nil }
        let stamps = Self.stamps(configuration.certificateFiles)
        if configuration.certificateFiles == tls.material.files { watch?.take(stamps) }
        let new = try ServerTLS.Prepared(configuration)
        // What clients refuse is worse than anything that came before it, unless it is the same.
        if new.material.chain != tls.material.chain, let refusal = refusal(of: new.material) { throw refusal }
        tls.use(new)
        watch?.take(stamps)
        return new.material.expiry
    }

    private func refusal(of material: TLSMaterial) -> StartingError? {
        let (now, file) = (clock.now, material.files.certificate)
        if material.expiry <= now {
            return StartingError(
                code: "certificate_ended",
                description: "The certificate \(file) ended at \(material.expiry.rfc3339).")
        }
        guard material.beginning > now else { return nil }
        return StartingError(
            code: "certificate_not_begun",
            description: "The certificate \(file) holds from \(material.beginning.rfc3339) on only.")
    }

    private func refuse(_ error: any Error) {
        refused.increment()
        logger.error("not reloaded: what held before still holds", metadata: ["reason": "\(error)"])
    }

    private static func stamps(_ files: TLSMaterial.Files) -> [FileWatch.Stamp?] {
        [FileWatch.Stamp(files.certificate), FileWatch.Stamp(files.key)]
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }
}
