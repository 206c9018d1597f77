import ApusCore
package import NIOCore
package import NIOHTTP1

/// What a vendor answers. A refusal is thrown where a check fails.
package struct VendorAnswer: Error, Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: ByteBuffer
    /// The vendor's own code, if it is a refusal.
    package var code: String?
    /// Whether a rule demanded a fault or a status.
    var isDemanded = false
    /// What comes in its place.
    var fault: VendorRule.Fault?

    package init(status: Int, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer(), code: String? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.code = code
    }

    /// A JSON value with names that are not known beforehand.
    init(_ value: JSONValue) {
        self.init(status: 200, headers: ["content-type": "application/json"])
        value.write(into: &body)
    }

    /// - Parameter members: adds the members of the object that is answered.
    static func json(
        _ status: Int = 200, code: String? = nil, _ members: (inout JSONObjectWriter) -> Void
    ) -> VendorAnswer {
        var answer = VendorAnswer(status: status, headers: ["content-type": "application/json"], code: code)
        answer.body.writeJSONObject(members)
        return answer
    }
}
