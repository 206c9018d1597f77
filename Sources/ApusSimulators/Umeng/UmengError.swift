import ApusCore

/// The error codes of Umeng's interface for senders.
enum UmengError {
    static let messages: [Int: String] = [
        1000: "appkey is missing", 1001: "payload is missing", 1002: "payload.body is missing",
        1003: "payload.body.custom is missing", 1004: "payload.display_type is missing", 1005: "img is wrong",
        1007: "url is wrong", 1008: "ticker is missing", 1009: "title is missing", 1010: "text is missing",
        1014: "there is no such task", 1015: "device_tokens is missing or wrong", 1016: "type is missing",
        1018: "push is not enabled", 1019: "payload.display_type is wrong", 1022: "url is missing",
        1024: "activity is missing", 1026: "extra is wrong", 1027: "policy is wrong",
        1028: "the task cannot be cancelled",
        2000: "the app is disabled", 2002: "expire_time is wrong", 2003: "expire_time has passed",
        2004: "no IP white list is set", 2006: "the validation token is wrong", 2007: "the request is not signed",
        2008: "the body is no JSON", 2009: "alias is missing", 2011: "too many aliases",
        2012: "too many broadcasts today", 2013: "the task still waits", 2014: "the task was not cancelled",
        2015: "too many device tokens", 2016: "filter is missing or wrong", 2018: "file_id is missing",
        2019: "there is no such file", 2020: "the service is being upgraded", 2021: "appkey is unknown",
        2022: "payload is too long", 2023: "the upload failed", 2025: "payload.aps is missing or wrong",
        2026: "too many requests", 2027: "the signature is wrong", 2028: "the timestamp has expired",
        2029: "content is missing or too long", 2031: "filter is wrong", 2032: "there is no production certificate",
        2033: "there is no development certificate", 2034: "the certificate has expired",
        2035: "the certificate has expired", 2036: "the timestamp is wrong", 2039: "expire_time is beyond 7 days",
        2040: "start_time is wrong", 2046: "start_time is behind expire_time", 2047: "alias is wrong",
        2048: "type is unknown", 2049: "alias_type is missing", 2050: "the frequency limit is exceeded",
        2052: "timestamp is missing", 2053: "task_id is missing", 2054: "the IP address is not in the white list",
        3000: "database error", 4000: "internal error", 4010: "device_tokens is empty", 4012: "no permission",
        4014: "the device token is not of this appkey", 4020: "the device token is wrong",
        4025: "sending failed for all device tokens", 4026: "sending failed for some device tokens",
        5000: "the certificate does not fit", 5001: "the bundle id does not fit", 5002: "payload has d or p",
        5005: "the device token is not of this app", 5007: "the certificate was revoked", 5010: "the p8 key is missing",
        6001: "no permission", 6002: "internal error",
    ]

    /// A code is a string in the answer, as Umeng mostly writes it.
    static func answer(_ code: Int) -> VendorAnswer {
        .json(400, code: "\(code)") { object in
            object.member("ret", string: "FAIL")
            object.member(
                "data",
                object: { data in
                    data.member("error_code", string: "\(code)")
                    data.member("error_msg", string: messages[code] ?? "unknown")
                })
        }
    }
}
