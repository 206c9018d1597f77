/// A request that is refused as it stands. The connection is to be closed after the answer.
package struct HTTPWireError: Error, Equatable, CustomStringConvertible {
    /// The status to answer with.
    package let status: Int
    /// Names the reason for programs; does not change.
    package let code: String
    /// Tells the reason to people, as a sentence.
    package let message: String
    /// Headers that the answer must have on top of the usual ones.
    package let headers: [HTTPWireField]

    package init(_ status: Int, _ code: String, _ message: String, headers: [HTTPWireField] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
    }

    package var description: String { "\(status) \(code): \(message)" }
}

extension HTTPWireError {
    static let requestLine = Self(400, "bad_request_line", "The request line is malformed.")
    static let target = Self(400, "bad_target", "The request target is malformed.")
    static let targetTooLong = Self(414, "target_too_long", "The request target is longer than 8 KB.")
    static let version = Self(505, "unsupported_version", "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    static let headTooLarge = Self(431, "head_too_large", "The request head is larger than 16 KB.")
    static let tooManyHeaders = Self(431, "too_many_headers", "The request has more than 100 headers.")
    static let lineEnd = Self(400, "bad_line_end", "A line of the request head does not end in CR LF.")
    static let headerName = Self(400, "bad_header_name", "A header name is malformed.")
    static let headerValue = Self(400, "bad_header_value", "A header value has a control character.")
    static let foldedHeader = Self(400, "folded_header", "A header is folded over several lines.")
    static let host = Self(400, "bad_host", "The request must have exactly one Host header.")
    static let contentLength = Self(400, "bad_content_length", "The Content-Length is not one decimal number.")
    static let bothLengths = Self(
        400, "ambiguous_length", "The request has both a Content-Length and a Transfer-Encoding.")
    static let transferEncoding = Self(501, "unsupported_transfer_encoding", "The only transfer encoding is chunked.")
    static let oldTransferEncoding = Self(
        400, "bad_transfer_encoding", "HTTP/1.0 has no Transfer-Encoding.")
    static let chunk = Self(400, "bad_chunk", "The chunked body is malformed.")
    static let trailersTooLarge = Self(431, "trailers_too_large", "The trailers are larger than 4 KB.")
    static let bodyTooLarge = Self(413, "body_too_large", "The request body is too large.")
}
