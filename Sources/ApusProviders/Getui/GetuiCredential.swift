import ApusCore
import Crypto
import NIOCore
import NIOHTTP1

/// A Getui credential as it is stored: `appId`, `appKey`, `endpoint` and `requestsPerMinute`, with a secret
/// `masterSecret`. An app has one for all platforms.
struct GetuiCredential {
    static let name = "default"

    let endpoint: String
    let requestsPerMinute: Int?
    let publicSettings: JSONMembers
    private let appKey: String
    private let masterSecret: String

    init(_ credential: Credential) throws(ApusError) {
        let fields = try CredentialFields(credential, ofVendor: GetuiVendor.route, settings: ["appId", "appKey"])
        let appID = try fields.key("appId", "The AppID of Getui's console")
        appKey = try fields.key("appKey", "The AppKey of Getui's console")
        masterSecret = try fields.required("masterSecret", "The MasterSecret")
        endpoint = "\(try fields.endpoint(default: "https://restapi.getui.com"))/v2/\(appID)"
        requestsPerMinute = try fields.requestsPerMinute(default: nil)
        publicSettings = credential.members
    }

    /// A request.
    /// - Parameters:
    ///   - path: behind the app's own part.
    ///   - token: that Getui gave for it.
    func request(
        _ path: String, token: String? = nil, method: HTTPMethod = .POST, body: ByteBuffer = ByteBuffer()
    ) throws(ApusError) -> OutgoingRequest {
        var request = OutgoingRequest(to: try WebAddress("\(endpoint)/\(path)"))
        request.method = method
        request.headers = ["content-type": "application/json;charset=utf-8"]
        if let token { request.headers.add(name: "token", value: token) }
        request.body = body
        request.isTrusted = true
        // It names each of up to 1000 clients.
        request.bodyLimit = 256 * 1024
        return request
    }

    func authentication(at now: Timestamp) throws(ApusError) -> OutgoingRequest {
        let timestamp = String(now.milliseconds)
        var body = ByteBuffer()
        body.writeJSONObject { object in
            object.member("sign", string: sign(timestamp: timestamp))
            object.member("timestamp", string: timestamp)
            object.member("appkey", string: appKey)
        }
        return try request("auth", body: body)
    }

    func sign(timestamp: String) -> String {
        Hex.encode(SHA256.hash(data: Array("\(appKey)\(timestamp)\(masterSecret)".utf8)))
    }
}
