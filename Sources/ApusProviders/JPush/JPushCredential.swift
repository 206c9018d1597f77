import ApusCore

/// A JPush credential as it is stored: `appKey`, `apnsProduction`, `endpoint`, `reportEndpoint` and `requestsPerMinute`,
/// with a secret `masterSecret`. An app has one for all platforms.
struct JPushCredential {
    static let name = "default"

    let appKey: String
    /// Whether devices with iOS get messages by Apple's production service, and not by its sandbox.
    let isAPNsProduction: Bool
    let endpoint: String
    let reportEndpoint: String
    let requestsPerMinute: Int?
    let publicSettings: JSONMembers
    /// The value of `Authorization`.
    let authorization: String

    init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(
            credential, ofVendor: JPushVendor.route, settings: ["appKey", "apnsProduction", "reportEndpoint"])
        appKey = try fields.key("appKey", "The AppKey of JPush's console")
        let secret = try fields.required("masterSecret", "The Master Secret")
        authorization = "Basic \(Base64.encode(Array("\(appKey):\(secret)".utf8)))"
        isAPNsProduction = try fields.flag("apnsProduction", default: true)
        endpoint = try fields.endpoint(default: "https://api.jpush.cn")
        let usualReports = fields["endpoint"] == nil ? "https://report.jpush.cn" : endpoint
        reportEndpoint = try fields.endpoint("reportEndpoint", default: usualReports)
        // What JPush lets apps send that pay nothing.
        requestsPerMinute = try fields.requestsPerMinute(default: 600)
        publicSettings = credential.members
    }
}
