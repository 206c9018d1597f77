/// Keeps secrets out of logs wherever they turn up: in a message, a value, or the text of somebody else's error.
///
/// Device ids, keys and tokens are at least 128 random bits, in hexadecimal digits or base 64. Of what looks like that,
/// the first six characters stay, by which an operator can find it again.
enum LogRedaction {
    private static let kept = 6
    private static let shortestHex = 32
    private static let shortestMixed = 40

    static func redacted(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        var word: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if isWordPart(scalar) {
                word.append(scalar)
            } else {
                append(word, to: &output)
                word.removeAll(keepingCapacity: true)
                output.append(scalar)
            }
        }
        append(word, to: &output)
        return String(output)
    }

    private static func append(_ word: [Unicode.Scalar], to output: inout String.UnicodeScalarView) {
        guard isSecret(word) else { return output.append(contentsOf: word) }
        output.append(contentsOf: word.prefix(kept))
        output.append("…")
    }

    private static func isSecret(_ word: [Unicode.Scalar]) -> Bool {
        guard word.count >= shortestHex else { return false }
        if word.allSatisfy({ $0.properties.isASCIIHexDigit }) { return true }
        // Names of files and hosts may be long too, and seldom have all three.
        return word.count >= shortestMixed && word.contains { $0.properties.isUppercase }
            && word.contains { $0.properties.isLowercase } && word.contains { ("0"..."9").contains($0) }
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-_+".unicodeScalars.contains(scalar))
    }
}
