import ApusCore
import NIOCore
import NIOHTTP1
import Synchronization

/// Aliyun's `SendSms` (version 2017-05-25).
final class AliyunGateway: Sendable {
    /// Milliseconds that a sender's clock may be wrong.
    private static let clockSkew: Int64 = 900_000
    private static let mostNumbers = 1000
    private static let needed = ["PhoneNumbers", "SignName", "TemplateCode"]

    private let keyID: String
    private let secret: String
    private let nonces = Mutex(BoundedTable<String, Bool>(limit: 10_000))

    init(keyID: String, secret: String) {
        self.keyID = keyID
        self.secret = secret
    }

    static func refusal(_ code: String) -> VendorAnswer? {
        AliyunError(rawValue: code)?.answer()
    }

    func send(_ request: VendorRequest, _ context: VendorContext) throws(VendorAnswer) -> VendorAnswer {
        var form = request.queryFields
        if request.method == .POST { form.append(request.bodyFields) }
        try authenticate(form, request.method.rawValue, at: context.clock.now)
        for name in Self.needed where form[name] == nil {
            throw AliyunError.missingParameter.answer("\(name) is mandatory for this action.")
        }
        let numbers = (form["PhoneNumbers"] ?? "").split(separator: ",").map(String.init)
        guard numbers.count <= Self.mostNumbers else { throw AliyunError.numberCountOverLimit.answer() }
        guard numbers.allSatisfy(Self.isNumber) else { throw AliyunError.numberIllegal.answer() }
        if let parameters = form["TemplateParam"], (try? JSONValue(ByteBuffer(string: parameters)))?.members == nil {
            throw AliyunError.invalidTemplateParameters.answer()
        }
        if let code = try context.codes(for: numbers, of: request).compactMap({ $0 }).first,
            let refusal = Self.refusal(code)
        {
            throw refusal
        }
        let id = RandomToken.hex128()
        context.accept(request, id: id, targets: numbers)
        return AliyunError.answer(status: 200, code: "OK", message: "OK", id: id)
    }

    private func authenticate(_ form: FormFields, _ method: String, at now: Timestamp) throws(VendorAnswer) {
        guard form["AccessKeyId"] == keyID else { throw AliyunError.unknownKey.answer() }
        guard form["SignatureMethod"] == "HMAC-SHA1", form["SignatureVersion"] == "1.0" else {
            throw AliyunError.incompleteSignature.answer()
        }
        let fields = form.fields.filter { $0.name != "Signature" }
        guard form["Signature"] == AliyunSignature.sign(method: method, fields: fields, secret: secret) else {
            throw AliyunError.signatureDoesNotMatch.answer()
        }
        guard let text = form["Timestamp"], text.hasSuffix("Z"),
            let sentAt = Timestamp(civilTime: text.dropLast(), separator: "T"),
            sentAt.isWithin(milliseconds: Self.clockSkew, of: now)
        else { throw AliyunError.timestampExpired.answer() }
        guard form["Action"] == "SendSms", form["Version"] == "2017-05-25" else {
            throw AliyunError.unknownAction.answer()
        }
        guard let nonce = form["SignatureNonce"] else {
            throw AliyunError.missingParameter.answer("SignatureNonce is mandatory for this action.")
        }
        let isNew = nonces.withLock { nonces in
            defer { nonces[nonce] = true }
            return nonces[nonce] == nil
        }
        guard isNew else { throw AliyunError.nonceUsed.answer() }
    }

    /// A mobile number of China, with or without its country code, or one of another country.
    private static func isNumber(_ text: String) -> Bool {
        let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard (8...15).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return false }
        return digits.count != 11 || !digits.hasPrefix("1") || digits.dropFirst().first.map { $0 >= "3" } ?? false
    }
}
