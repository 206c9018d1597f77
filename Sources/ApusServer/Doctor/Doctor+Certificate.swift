import ApusCore
import Foundation
import NIOSSL

extension Doctor {
    static func certificate(_ configuration: Configuration) -> [Diagnosis] {
        let directory = configuration.server.dataDirectory
        let path = configuration.tls.certificate ?? directory + "/tls-certificate.pem"
        let keyPath = configuration.tls.privateKey ?? directory + "/tls-key.pem"
        guard configuration.tls.certificate != nil || FileManager.default.fileExists(atPath: path) else {
            return [.ok("certificate", "None is configured; where one is needed, the server makes a self-signed one.")]
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(path)
            let key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
            let end = Timestamp(milliseconds: Int64(chain.first?.notValidAfter ?? 0) * 1000)
            return [
                validity(
                    of: path, until: end, now: SystemClock().now, isSelfMade: configuration.tls.certificate == nil),
                privateKey(keyPath),
            ]
        } catch {
            return [
                .problem(
                    "certificate", "The certificate \(path) with the key \(keyPath) cannot be used: \(error).",
                    "Set tls.certificate and tls.private_key to PEM files that belong together.")
            ]
        }
    }

    /// - Parameter isSelfMade: whether the server made it because none is configured.
    static func validity(of path: String, until end: Timestamp, now: Timestamp, isSelfMade: Bool) -> Diagnosis {
        let days = (end.milliseconds - now.milliseconds) / 86_400_000
        let advice = isSelfMade ? "Remove it: the server makes a new one." : "Get a new one from your authority."
        if end <= now {
            return .problem(
                "certificate", "The certificate \(path) ended at \(end.rfc3339); clients refuse it.", advice)
        }
        let finding = "The certificate \(path) is valid until \(end.rfc3339), \(days) days from now."
        return days < 14 ? .warning("certificate", finding, advice) : .ok("certificate", finding)
    }

    private static func privateKey(_ path: String) -> Diagnosis {
        guard PrivateFile.permissions(of: path).map({ $0 & 0o007 == 0 }) ?? true else {
            return .problem(
                "certificate.key", "Others on this machine can read the private key \(path).", "chmod 600 \(path)")
        }
        return .ok("certificate.key", "The private key is not for everybody to read.")
    }
}
