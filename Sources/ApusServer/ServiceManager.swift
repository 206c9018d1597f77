import Foundation

/// What started this process and wants to know how it stands: systemd with `Type=notify` (sd_notify(3)).
enum ServiceManager {
    enum State: String {
        /// It serves.
        case ready = "READY=1"
        /// It ends in an orderly way.
        case stopping = "STOPPING=1"
    }

    /// Says so, if somebody wants to know. What becomes of it is not waited for.
    static func tell(_ state: State, socket path: String? = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"]) {
        guard let path, let first = path.utf8.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else {
            return
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Behind an @ is a name that is no file: the system writes it with a zero byte before it.
        let name = (first == UInt8(ascii: "@") ? [0] : [first]) + Array(path.utf8.dropFirst())
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        #if os(Linux)
            let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        #else
            let descriptor = Foundation.socket(AF_UNIX, SOCK_DGRAM, 0)
        #endif
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                sendto(descriptor, state.rawValue, state.rawValue.utf8.count, 0, address, length)
            }
        }
    }
}
