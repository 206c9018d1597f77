import NIOCore
import NIOWebSocket

/// What happens to a device's connection.
public enum ConnectionEvent: Sendable, Equatable {
    case connected
    /// The connection ended, or could not be made.
    case disconnected(ConnectionClosure)
    /// The next attempt follows after this time.
    case reconnecting(after: Duration)
    /// The message log could not be written. What it missed is forgotten when the process ends.
    case logFailed(reason: String)
}

/// Why a connection ended.
public struct ConnectionClosure: Sendable, Equatable, CustomStringConvertible {
    /// The WebSocket close code (RFC 6455 §7.4); `nil` if the connection ended without one or could not be made.
    public let code: Int?
    public let reason: String

    /// Whether the server is about to stop, or to be started anew.
    public var isServerStopping: Bool { code == 1001 || code == 1012 }

    /// After what time the server wants the device back, if it says so (`… in 7 s`): not more than 9,999 seconds.
    public var comeBackAfter: Duration? {
        guard code == 1012, let seconds = reason.firstMatch(of: /in ([0-9]{1,4}) s$/)?.output.1 else { return nil }
        return Int(seconds).map { .seconds($0) }
    }

    public var description: String {
        code.map { reason.isEmpty ? "closed with code \($0)" : "\(reason) (\($0))" } ?? reason
    }

    init(code: Int?, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// What the server's close frame says.
    init(_ frame: WebSocketFrame) {
        var data = frame.unmaskedData
        code = data.readInteger(as: UInt16.self).map(Int.init)
        reason = String(buffer: data)
    }

    /// The error that ends the connection for good; `nil` if connecting again may help.
    var finalError: DeviceConnectionError? {
        switch code {
        case 4404: .unknownDevice(reason: reason)
        case 4409: .replaced(reason: reason)
        default: nil
        }
    }
}

/// Why there is no point in connecting again.
public enum DeviceConnectionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server knows no active device with this id. Register it (again).
    case unknownDevice(reason: String)
    /// The device has connected a second time, from elsewhere.
    case replaced(reason: String)

    public var description: String {
        switch self {
        case .unknownDevice: "The server knows no active device with this id. Register it first."
        case .replaced: "The device has connected from elsewhere, which ended this connection."
        }
    }
}
