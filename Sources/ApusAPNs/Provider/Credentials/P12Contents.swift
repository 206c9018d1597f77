/// Tells what a PKCS #12 file (RFC 7292) holds, without decrypting it.
enum P12Contents {
    /// 1.2.840.113549.1.12.10.1, the bags; the number of a kind follows.
    private static let bag: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01]
    /// 1.2.840.113549.1.7.6, encrypted data. Certificates are usually in there.
    private static let encryptedData: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x06]

    /// Keys are encrypted one by one, so that it can be seen that they are there.
    static func hasKey(_ file: [UInt8]) -> Bool {
        contains(bag + [1], in: file) || contains(bag + [2], in: file)
    }

    static func hasCertificate(_ file: [UInt8]) -> Bool {
        contains(bag + [3], in: file) || contains(encryptedData, in: file)
    }

    private static func contains(_ identifier: [UInt8], in file: [UInt8]) -> Bool {
        var start = file.startIndex
        while let first = file[start...].firstIndex(of: identifier[0]) {
            if file[first...].starts(with: identifier) { return true }
            start = first + 1
        }
        return false
    }
}
