import ApusCore
import Crypto

/// A Umeng credential as it is stored: `platform`, `appKey`, `productionMode`, `miActivity`, `endpoint` and
/// `requestsPerMinute`, with a secret `masterSecret`. An app has one for each platform, named `android` and `ios`.
struct UmengCredential {
    let platform: Platform
    let appKey: String
    /// Whether it is for all devices, or for those that were registered for tests.
    let isProduction: Bool
    /// What phones of other vendors open, which get messages through these while the app does not run.
    let offlineActivity: String?
    let endpoint: String
    let requestsPerMinute: Int?
    let publicSettings: JSONMembers
    private let masterSecret: String

    init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(
            credential, ofVendor: UmengVendor.route, settings: ["platform", "appKey", "productionMode", "miActivity"])
        switch fields["platform"] {
        case "android": platform = .android
        case "ios": platform = .ios
        default:
            throw fields.error("platform", "The platform must be android or ios, as they are apps of their own there.")
        }
        appKey = try fields.key("appKey", "The AppKey of Umeng's console")
        masterSecret = try fields.required("masterSecret", "The App Master Secret")
        isProduction = try fields.flag("productionMode", default: true)
        offlineActivity = fields["miActivity"]
        endpoint = try fields.endpoint(default: "https://msgapi.umeng.com")
        requestsPerMinute = try fields.requestsPerMinute(default: nil)
        publicSettings = credential.members
    }

    var name: String { platform == .ios ? "ios" : "android" }

    /// The signature of a request.
    /// - Parameter url: without a query.
    func sign(url: String, body: some Sequence<UInt8>) -> String {
        var hash = Insecure.MD5()
        hash.update(data: Array("POST\(url)".utf8))
        hash.update(data: Array(body))
        hash.update(data: Array(masterSecret.utf8))
        return Hex.encode(hash.finalize())
    }
}
