import Foundation

extension Doctor {
    static func ports(_ configuration: Configuration) -> [Diagnosis] {
        let ports: [(String, Int?)] = [
            ("server.port", configuration.server.port), ("xmpp.port", configuration.xmpp.port),
            ("xmpp.tls_port", configuration.xmpp.tlsPort), ("xmpp.component_port", configuration.xmpp.componentPort),
            ("legacy_apns.port", configuration.legacyAPNs.port),
            ("legacy_apns.feedback_port", configuration.legacyAPNs.feedbackPort),
        ]
        let host = configuration.server.host
        let server = number(in: configuration.server.dataDirectory + "/apus.lock")
        return ports.compactMap { key, port in
            guard let port, port != 0 else { return nil }
            return self.port(
                key, host, port, try: tryToListen(host, port), holder: holder(of: port, server: server), server: server)
        }
    }

    /// - Parameters:
    ///   - error: what listening failed with; nil if it did not.
    ///   - holder: the process that listens there, if it can be seen.
    ///   - server: the process that the data directory is locked for.
    static func port(
        _ key: String, _ host: String, _ port: Int, try error: Int32?, holder: (id: Int, name: String)?, server: Int?
    ) -> Diagnosis {
        let place = "\(host):\(port)"
        if error != nil, let holder, holder.id == server {
            return .ok("ports.\(key)", "The server of this data directory (process \(holder.id)) listens on \(place).")
        }
        switch error {
        case nil:
            return .ok("ports.\(key)", "\(place) is free.")
        case EADDRINUSE:
            let who = holder.map { "\($0.name) (process \($0.id))" } ?? "a process of another user"
            return .problem(
                "ports.\(key)", "\(place) is used by \(who).", "Stop that, or choose another port with \(key).")
        case EACCES:
            return .problem(
                "ports.\(key)", "Only root may listen on \(place).",
                "Choose a port from 1024 on, or let the service: AmbientCapabilities=CAP_NET_BIND_SERVICE.")
        case EADDRNOTAVAIL:
            return .problem(
                "ports.\(key)", "This machine does not have the address \(host).",
                "Set server.host to an address of this machine; 0.0.0.0 is all of them.")
        case .some(let code):
            return .problem(
                "ports.\(key)", "\(place) cannot be listened on: \(String(cString: strerror(code))).",
                "Choose another address or port.")
        }
    }

    /// - Returns: nil if it can be listened there; otherwise the system's error.
    private static func tryToListen(_ host: String, _ port: Int) -> Int32? {
        var hints = addrinfo()
        #if os(Linux)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found?.pointee else {
            return EADDRNOTAVAIL
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.ai_family, address.ai_socktype, 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        // As the server does: what is left of closed connections is in nobody's way.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
            return errno
        }
        return nil
    }

    /// The process that listens on a port, as far as this user may see.
    private static func holder(of port: Int, server: Int?) -> (id: Int, name: String)? {
        let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { path in
            listeningSockets(on: port, table: (try? String(contentsOfFile: path, encoding: .utf8)) ?? "")
        }
        guard !sockets.isEmpty else { return nil }
        let links = Set(sockets.map { "socket:[\($0.inode)]" })
        let files = FileManager.default
        for id in ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap({ Int($0) }) {
            let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/\(id)/fd")) ?? []
            let isHolder = descriptors.contains { descriptor in
                (try? files.destinationOfSymbolicLink(atPath: "/proc/\(id)/fd/\(descriptor)")).map(links.contains)
                    ?? false
            }
            if isHolder { return (id, name(of: id)) }
        }
        // What a process has open that may do more than this one, as a service with capabilities may, is hidden.
        guard let server, (try? files.destinationOfSymbolicLink(atPath: "/proc/\(server)/exe")) == nil,
            let user = (try? files.attributesOfItem(atPath: "/proc/\(server)")).map(owner),
            sockets.contains(where: { $0.user == user })
        else { return nil }
        return (server, name(of: server))
    }

    private static func name(of process: Int) -> String {
        let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return name?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
    }

    struct ListeningSocket: Equatable {
        let inode: Int
        /// The id of the user whose process made it.
        let user: Int
    }

    /// The listening sockets in a table as /proc/net/tcp has it (proc(5)): the local address with the port in hex is the
    /// second column, the state (0A listens) the fourth, the user the eighth, the inode the tenth.
    static func listeningSockets(on port: Int, table: String) -> [ListeningSocket] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let hex = fields[1].split(separator: ":").last,
                Int(hex, radix: 16) == port, let user = Int(fields[7]), let inode = Int(fields[9])
            else { return nil }
            return ListeningSocket(inode: inode, user: user)
        }
    }
}
