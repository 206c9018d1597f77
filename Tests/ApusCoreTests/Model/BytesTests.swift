import ApusCore
import Testing

@Suite("Bytes as text")
struct BytesTests {
    @Test("hex digits stand for bytes, both ways")
    func hex() {
        #expect(Hex.encode([0, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
        #expect(Hex.decode("000FA5ff") == [0, 0x0F, 0xA5, 0xFF])
        #expect(Hex.decode("") == [])
    }

    @Test("what is no pairs of hex digits is nothing", arguments: ["0", "0g", "zz", " 0", "+1", "ä"])
    func noHex(_ text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("comparison in constant time compares")
    func constantTime() {
        #expect(ConstantTime.isEqual([1, 2], [1, 2]))
        #expect(!ConstantTime.isEqual([1, 2], [1, 3]))
        #expect(!ConstantTime.isEqual([1, 2], [1]))
    }
}
