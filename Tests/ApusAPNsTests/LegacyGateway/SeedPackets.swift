/// What the programs of seed 001 send, byte by byte.
enum SeedPackets {
    static let token = bytes("1b14a89b65361301e7ded0f8de35ec1f322c37698b9fe712252a2cba42207d90")

    static let cPayload = #"{"aps":{"alert":"hello,this is a test message!","badge":1,"sound":"default"}}"#

    /// The C program: command 1, with an expiry of 0x11223344.
    static let c = bytes(
        """
        01 00000000 11223344 0020 1b14a89b65361301e7ded0f8de35ec1f322c37698b9fe712252a2cba42207d90 004d
        7b22617073223a7b22616c657274223a2268656c6c6f2c7468697320697320612074657374206d65737361676521222c22
        6261646765223a312c22736f756e64223a2264656661756c74227d7d
        """)

    static let phpPayload =
        #"{"aps":{"alert":"NVR:192.168.6.128,\u00a0 \u901a\u9053: 1 \u4ea7\u751f\u62a5\u8b66 "#
        + #"\u65e5\u671f:2014\/7\/24!","sound":"default","badage":1}}"#

    /// The PHP script: command 0.
    static let php = bytes(
        """
        00 0020 1b14a89b65361301e7ded0f8de35ec1f322c37698b9fe712252a2cba42207d90 008c
        7b22617073223a7b22616c657274223a224e56523a3139322e3136382e362e3132382c5c7530306130205c75393031615c75393035333a
        2031205c75346561375c75373531665c75363261355c7538623636205c75363565355c75363731663a323031345c2f375c2f323421222c
        22736f756e64223a2264656661756c74222c22626164616765223a317d7d
        """)

    /// What the C program's `build_output_packet_2` makes of other arguments: the identifier in the byte order of its
    /// machine, a message that is escaped halfway, and one that is shortened by bytes.
    static func c(identifier: UInt32, expiry: UInt32, message: [UInt8], badge: Int = 1) -> [UInt8] {
        var payload = cPayload(message, badge)
        if payload.count > 256 { payload = cPayload(Array(message.dropLast(payload.count - 256)), badge) }
        let identifier = (0..<4).map { UInt8(truncatingIfNeeded: identifier >> (8 * $0)) }
        let expiry = (0..<4).reversed().map { UInt8(truncatingIfNeeded: expiry >> (8 * $0)) }
        return [1] + identifier + expiry + [0, 32] + token
            + [UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
    }

    private static func cPayload(_ message: [UInt8], _ badge: Int) -> [UInt8] {
        var escaped: [UInt8] = []
        for byte in message {
            if #"\"/"#.utf8.contains(byte) || byte == 0x0A { escaped.append(UInt8(ascii: "\\")) }
            escaped.append(byte == 0x0A ? UInt8(ascii: "n") : byte)
        }
        return Array(#"{"aps":{"alert":""#.utf8) + escaped
            + Array("\",\"badge\":\(badge),\"sound\":\"default\"}}".utf8)
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
