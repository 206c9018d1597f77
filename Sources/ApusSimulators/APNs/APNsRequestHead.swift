import NIOHPACK

/// The headers of one request, as they came.
struct APNsRequestHead: Sendable {
    private(set) var method = ""
    private(set) var path = ""
    private(set) var authorization: String?
    private(set) var topic: String?
    private(set) var pushType: String?
    private(set) var id: String?
    private(set) var expiration: String?
    private(set) var priority: String?
    private(set) var collapseID: String?
    private(set) var hasDuplicates = false

    init(_ headers: HPACKHeaders) {
        for (name, value, _) in headers {
            switch name {
            case ":method": method = value
            case ":path": path = value
            case "authorization": Self.set(&authorization, value, &hasDuplicates)
            case "apns-topic": Self.set(&topic, value, &hasDuplicates)
            case "apns-push-type": Self.set(&pushType, value, &hasDuplicates)
            case "apns-id": Self.set(&id, value, &hasDuplicates)
            case "apns-expiration": Self.set(&expiration, value, &hasDuplicates)
            case "apns-priority": Self.set(&priority, value, &hasDuplicates)
            case "apns-collapse-id": Self.set(&collapseID, value, &hasDuplicates)
            default: break
            }
        }
    }

    private static func set(_ member: inout String?, _ value: String, _ hasDuplicates: inout Bool) {
        if member != nil { hasDuplicates = true }
        member = value
    }
}
