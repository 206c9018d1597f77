/// Umeng's error codes, by what they mean for a message.
enum UmengError: Equatable {
    /// The app, its keys, its certificate or its list of allowed addresses are not in order.
    case credential
    case busy
    case failing
    case token
    /// It was sent to some devices and not to others.
    case partial
    /// The message or the request is wrong, or the code is not known.
    case message

    init(code: Int) {
        switch code {
        case 1000, 1018, 2000, 2004, 2006, 2007, 2021, 2027, 2028, 2032...2036, 2052, 2054, 4012, 5001, 5007...5010,
            6001:
            self = .credential
        case 2012, 2026, 2050: self = .busy
        case 2013, 2014, 2020, 2023, 3000...3004, 4000...4002, 4009, 4013, 4021, 4023, 6002...6004: self = .failing
        case 4010, 4014, 4020, 4025, 5000, 5005: self = .token
        case 4026: self = .partial
        default: self = .message
        }
    }
}
