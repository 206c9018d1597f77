import ApusCore
import NIOHPACK

/// The headers of a request. What is the same from one to the next goes into HPACK's dynamic table (RFC 7541 §2.3.2);
/// what is not stays out, or it would drive the rest out of it.
struct RequestHeaders {
    /// The server's name, and its port unless that is 443.
    let authority: String

    init(_ endpoint: APNsEndpoint) {
        authority = endpoint.port == 443 ? endpoint.serverName : "\(endpoint.serverName):\(endpoint.port)"
    }

    /// - Parameter authorization: nil if the connection has a client certificate.
    func headers(for notification: APNsNotification, authorization: String?) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(12)
        headers.add(name: ":method", value: "POST")
        headers.add(name: ":scheme", value: "https")
        headers.add(name: ":path", value: "/3/device/\(notification.deviceToken)", indexing: .nonIndexable)
        headers.add(name: ":authority", value: authority)
        if let authorization { headers.add(name: "authorization", value: authorization) }
        headers.add(name: "apns-topic", value: notification.topic)
        headers.add(name: "apns-push-type", value: notification.pushType.rawValue)
        headers.add(name: "apns-id", value: notification.id, indexing: .nonIndexable)
        switch notification.expiration {
        case .standard: break
        case .undelayed: headers.add(name: "apns-expiration", value: "0", indexing: .nonIndexable)
        case .at(let time):
            let seconds = max(time.milliseconds / 1000, 0)
            headers.add(name: "apns-expiration", value: "\(seconds)", indexing: .nonIndexable)
        }
        if let priority = notification.priority { headers.add(name: "apns-priority", value: priority.headerValue) }
        if let collapseID = notification.collapseID {
            headers.add(name: "apns-collapse-id", value: collapseID, indexing: .nonIndexable)
        }
        return headers
    }
}

extension APNsPriority {
    fileprivate var headerValue: String {
        switch self {
        case .immediate: "10"
        case .considerate: "5"
        case .passive: "1"
        }
    }
}
