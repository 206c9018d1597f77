import ApusCore
import Crypto

/// How requests to Aliyun's RPC interfaces are signed, version 1.0.
enum AliyunSignature {
    /// - Parameter fields: all but `Signature`.
    /// - Returns: the value of `Signature`.
    static func sign(method: String, fields: [(name: String, value: String)], secret: String) -> String {
        let pairs = fields.map { (encode($0.name), encode($0.value)) }.sorted { $0 < $1 }
        let query = pairs.map { "\($0)=\($1)" }.joined(separator: "&")
        let text = "\(method)&%2F&\(encode(query))"
        let code = HMAC<Insecure.SHA1>.authenticationCode(
            for: Array(text.utf8), using: SymmetricKey(data: Array((secret + "&").utf8)))
        return Base64.encode(Array(code))
    }

    /// Percent encoding (RFC 3986 §2.1) of all but unreserved characters.
    private static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
