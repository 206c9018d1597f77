import ApusCore
import NIOCore

/// Aliyun's answer to `SendSms`: `{"Code":"OK","BizId":"…","RequestId":"…","Message":"…"}`.
struct AliyunResponse {
    /// Somebody has to change a setting, or to pay.
    private static let operatorCodes: Set<String> = [
        "SignatureDoesNotMatch", "IncompleteSignature", "InvalidTimeStamp.Expired", "isp.RAM_PERMISSION_DENY",
        "isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "isv.PRODUCT_UN_SUBSCRIPT", "isv.ACCOUNT_ABNORMAL",
        "isv.ACCOUNT_NOT_EXISTS",
    ]
    private static let operatorPrefixes = ["InvalidAccessKeyId", "Forbidden", "NoPermission"]
    /// The service is busy or in trouble, or has a limit on how many it takes.
    private static let laterCodes: Set<String> = [
        "isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR",
        "InternalError", "ServiceUnavailable", "SignatureNonceUsed",
    ]

    let outcome: SendOutcome

    init(_ response: OutgoingResponse) {
        var members: [String: String] = [:]
        try? JSONScanner.withObject(in: response.body) { scanner in
            while let key = try scanner.nextKey() {
                let isText = try scanner.kind() == .string
                if isText { members[key.string] = try scanner.string() } else { try scanner.skipValue() }
            }
        }
        guard let code = members["Code"] else {
            let detail = "Aliyun answered \(response.status), and nothing that can be read."
            let result: SendOutcome.Result = (200..<300).contains(response.status) ? .unknown : .later(after: nil)
            outcome = SendOutcome(result, code: "aliyun.\(response.status)", detail: detail)
            return
        }
        if code == "OK" {
            let reference = ForeignText.line(members["BizId"] ?? "")
            outcome = SendOutcome(
                .accepted(reference: reference), code: "aliyun.accepted", detail: "Aliyun accepted it as \(reference).")
            return
        }
        outcome = SendOutcome(
            Self.result(of: code, status: response.status), code: "aliyun.\(ForeignText.code(code))",
            detail: "Aliyun answered \(ForeignText.line(code)): \(ForeignText.line(members["Message"] ?? ""))")
    }

    private static func result(of code: String, status: Int) -> SendOutcome.Result {
        if operatorCodes.contains(code) || operatorPrefixes.contains(where: code.hasPrefix) {
            return .later(after: SendOutcome.operatorPause)
        }
        if laterCodes.contains(code) || code.hasPrefix("Throttling") || status >= 500 { return .later(after: nil) }
        return .refused
    }
}
