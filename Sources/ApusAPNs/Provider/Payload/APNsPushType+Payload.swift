import ApusCore
import NIOCore

extension APNsPushType {
    /// The type that fits a payload: `background` if it holds nothing to show, play or count.
    /// - Throws: `ApusError` if it is not a JSON object with an `aps` dictionary.
    init(ofPayload payload: ByteBuffer) throws(ApusError) {
        do {
            var type: APNsPushType?
            try JSONScanner.withObject(in: payload) { scanner in
                while let key = try scanner.nextKey() {
                    if key == "aps" { type = try Self.type(ofDictionary: &scanner) } else { try scanner.skipValue() }
                }
            }
            guard let type else {
                throw ApusError(
                    .invalid, code: "apns_payload_invalid", "The payload has no aps dictionary. Add \"aps\":{…} to it.")
            }
            self = type
        } catch let error as ApusError {
            throw error
        } catch {
            throw ApusError(.invalid, code: "apns_payload_invalid", "The payload must be a JSON object: \(error).")
        }
    }

    private static func type(ofDictionary scanner: inout JSONScanner) throws -> APNsPushType {
        var isContentAvailable = false
        var type: APNsPushType?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "event", "content-state": type = .liveActivity
            case "content-changed": type = type ?? .widgets
            case "alert", "badge", "sound": type = type ?? .alert
            case "content-available": isContentAvailable = true
            default: break
            }
            try scanner.skipValue()
        }
        return type ?? (isContentAvailable ? .background : .alert)
    }
}
