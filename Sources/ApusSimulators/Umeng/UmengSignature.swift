import ApusCore
import Crypto

/// How requests to Umeng are signed: the MD5 of method, URL without its query, body and secret.
enum UmengSignature {
    /// - Returns: the value of the query's `sign`.
    static func sign(method: String, url: String, body: some Sequence<UInt8>, secret: String) -> String {
        Hex.encode(Insecure.MD5.hash(data: Array(method.utf8) + url.utf8 + body + secret.utf8))
    }
}
