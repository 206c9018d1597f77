import ApusCore
import Crypto

extension VendorBatch {
    /// 32 digits of base 16, the same for the same message, devices and attempt: by them vendors know a request that they
    /// have already. A new attempt, after a vendor said that it failed, is another one.
    var digest: String {
        let devices = deliveries.map { String($0.delivery.device.rawValue) }
        let text = "\(message.id) \(attempts) \(devices.joined(separator: " "))"
        return String(Hex.encode(SHA256.hash(data: Array(text.utf8))).prefix(32))
    }
}
