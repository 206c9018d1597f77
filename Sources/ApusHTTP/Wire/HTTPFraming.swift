/// Gathers from a request's headers what decides where it ends and whether another may follow
/// (RFC 9112, sections 6 and 9.3).
struct HTTPFraming {
    private let version: HTTPWireHead.Version
    private var contentLength: Int?
    private var transferEncodings = 0
    private var isChunked = true
    private var hosts = 0
    private var asksToClose = false
    private var asksToKeepAlive = false
    private(set) var expectsContinue = false

    init(version: HTTPWireHead.Version) {
        self.version = version
    }

    var keepAlive: Bool {
        !asksToClose && (version == .http11 || asksToKeepAlive)
    }

    @inline(__always)
    mutating func take(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(HTTPWireError) {
        switch name.count {
        case 4 where name.matchesIgnoringCase("host"):
            hosts += 1
        case 6 where name.matchesIgnoringCase("expect"):
            if version == .http11, value.matchesIgnoringCase("100-continue") { expectsContinue = true }
        case 10 where name.matchesIgnoringCase("connection"):
            if value.hasListedToken("close") { asksToClose = true }
            if value.hasListedToken("keep-alive") { asksToKeepAlive = true }
        case 14 where name.matchesIgnoringCase("content-length"):
            // Even a repetition of the same length is a sign that something on the way is broken.
            guard contentLength == nil, let length = Self.decimal(value) else { throw .contentLength }
            contentLength = length
        case 17 where name.matchesIgnoringCase("transfer-encoding"):
            transferEncodings += 1
            if !value.matchesIgnoringCase("chunked") { isChunked = false }
        default:
            break
        }
    }

    func bodyLength() throws(HTTPWireError) -> HTTPWireHead.BodyLength {
        guard hosts == 1 || (hosts == 0 && version == .http10) else { throw .host }
        guard transferEncodings > 0 else { return .bytes(contentLength ?? 0) }
        guard contentLength == nil else { throw .bothLengths }
        guard version == .http11 else { throw .oldTransferEncoding }
        guard transferEncodings == 1, isChunked else { throw .transferEncoding }
        return .chunked
    }

    private static func decimal(_ text: UnsafeRawBufferPointer) -> Int? {
        guard !text.isEmpty else { return nil }
        var value = 0
        for byte in text {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, stillTooLarge) = product.addingReportingOverflow(Int(digit))
            if tooLarge || stillTooLarge { return nil }
            value = sum
        }
        return value
    }
}
