package import ApusCore
package import NIOCore

extension ApusError {
    /// The HTTP status that says what `kind` says.
    package var status: Int {
        switch kind {
        case .invalid: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .gone: 410
        case .conflict: 409
        case .tooLarge: 413
        case .throttled: 429
        case .unavailable: 503
        case .internal: 500
        }
    }

    var retryAfter: Int? {
        switch kind {
        case .throttled(let seconds), .unavailable(let seconds): seconds
        default: nil
        }
    }

    /// Headers that the answer carries beside its body.
    var headers: [HTTPWireField] {
        var headers: [HTTPWireField] = []
        if let retryAfter { headers.append(HTTPWireField("Retry-After", String(retryAfter))) }
        if kind == .unauthenticated {
            let scheme = self == .signatureRequired ? "vapid" : "Bearer"
            headers.append(HTTPWireField("WWW-Authenticate", scheme))
        }
        return headers
    }

    /// The error form of ONE-PUSH, `code` and `message`, with a stable code for programs in `error` and what is wrong
    /// with which member in `errors`. The same on every path.
    package var body: ByteBuffer { body(status: status) }

    func body(status: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeJSONObject { write(to: &$0, status: status) }
        return buffer
    }

    /// The members of that form.
    func write(to object: inout JSONObjectWriter, status: Int) {
        object.member("code", int: Int64(status))
        object.member("error", string: code)
        object.member("message", string: message)
        object.member("retryAfter", int: retryAfter.map(Int64.init))
        guard !fields.isEmpty else { return }
        object.member("errors", objects: fields) { field, object in
            object.member("field", string: field.name)
            object.member("code", string: field.code)
            object.member("message", string: field.message)
        }
    }

    /// A request that could not even be read.
    init(_ error: HTTPWireError) {
        self.init(error.status == 413 ? .tooLarge : .invalid, code: error.code, error.message)
    }
}
