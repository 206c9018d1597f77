import ApusCore

/// The errors of Aliyun's short messages. Those of the message itself come with status 200.
enum AliyunError: String, Sendable, CaseIterable {
    case missingParameter = "MissingParameter"
    case unknownAction = "InvalidAction.NotFound"
    case unknownKey = "InvalidAccessKeyId.NotFound"
    case incompleteSignature = "IncompleteSignature"
    case signatureDoesNotMatch = "SignatureDoesNotMatch"
    case timestampExpired = "InvalidTimeStamp.Expired"
    case nonceUsed = "SignatureNonceUsed"
    case throttled = "Throttling.User"
    case numberIllegal = "isv.MOBILE_NUMBER_ILLEGAL"
    case numberCountOverLimit = "isv.MOBILE_COUNT_OVER_LIMIT"
    case businessLimit = "isv.BUSINESS_LIMIT_CONTROL"
    case amountNotEnough = "isv.AMOUNT_NOT_ENOUGH"
    case invalidTemplateParameters = "isv.INVALID_JSON_PARAM"
    case templateIllegal = "isv.SMS_TEMPLATE_ILLEGAL"
    case signatureIllegal = "isv.SMS_SIGNATURE_ILLEGAL"
    case outOfService = "isv.OUT_OF_SERVICE"
    case blacklisted = "isv.BLACK_KEY_CONTROL_LIMIT"
    case systemError = "isp.SYSTEM_ERROR"

    private var status: Int {
        switch self {
        case .unknownKey: 404
        case .missingParameter, .unknownAction, .incompleteSignature, .signatureDoesNotMatch, .timestampExpired,
            .nonceUsed, .throttled:
            400
        default: 200
        }
    }

    private var message: String {
        switch self {
        case .missingParameter: "A parameter is missing."
        case .unknownAction: "The action or its version is unknown."
        case .unknownKey: "Specified access key is not found."
        case .incompleteSignature: "SignatureMethod must be HMAC-SHA1 and SignatureVersion 1.0."
        case .signatureDoesNotMatch: "Specified signature is not matched with our calculation."
        case .timestampExpired: "Specified time stamp or date value is expired."
        case .nonceUsed: "Specified signature nonce was used already."
        case .throttled: "Request was denied due to user flow control."
        case .numberIllegal: "A number is no mobile number."
        case .numberCountOverLimit: "There are more than 1000 numbers."
        case .businessLimit: "Too many messages for this number."
        case .amountNotEnough: "The balance is not enough."
        case .invalidTemplateParameters: "TemplateParam is no JSON object."
        case .templateIllegal: "The template is unknown."
        case .signatureIllegal: "The signature is unknown."
        case .outOfService: "The service was stopped."
        case .blacklisted: "A value of the template is not allowed."
        case .systemError: "System error."
        }
    }

    func answer(_ detail: String? = nil) -> VendorAnswer {
        Self.answer(status: status, code: rawValue, message: detail ?? message, id: nil)
    }

    /// - Parameter id: of the message; nil if it is refused.
    static func answer(status: Int, code: String, message: String, id: String?) -> VendorAnswer {
        .json(status, code: id == nil ? code : nil) { object in
            object.member("RequestId", string: UniqueID.make())
            object.member("Code", string: code)
            object.member("Message", string: message)
            object.member("BizId", string: id)
        }
    }
}
