import Crypto
import Foundation

// From the guide: a receiver that checks signatures by itself.
func isGenuine(_ signature: String, id: String, timestamp: String, body: Data, secret: String) -> Bool {
    guard let key = Data(base64Encoded: String(secret.dropFirst("whsec_".count))) else { return false }
    let signed = Data("\(id).\(timestamp).".utf8) + body
    return signature.split(separator: " ").contains { given in
        guard given.hasPrefix("v1,"), let code = Data(base64Encoded: String(given.dropFirst(3))) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: SymmetricKey(data: key))
    }
}
