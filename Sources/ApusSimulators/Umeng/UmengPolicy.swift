import ApusCore

/// The `policy` of a request: when it is sent, and what makes it the same as another. Times are Beijing's.
struct UmengPolicy {
    private static let hoursEast: Int64 = 8
    private static let longest: Int64 = 7 * 86_400

    private(set) var startsAt: Timestamp
    /// The sender's own number of the message, by which a repeated one is known.
    let businessNumber: String?

    /// - Parameter isTask: only tasks can start later and have numbers.
    init(_ policy: JSONValue?, isTask: Bool, at now: Timestamp) throws(VendorAnswer) {
        guard policy == nil || policy?.members != nil else { throw UmengError.answer(1027) }
        startsAt = now
        businessNumber = isTask ? policy?["out_biz_no"]?.text : nil
        if isTask, let text = policy?["start_time"]?.string {
            guard let time = Self.time(text) else { throw UmengError.answer(2040) }
            startsAt = max(now, time)
        }
        if let text = policy?["expire_time"]?.string {
            guard let time = Self.time(text) else { throw UmengError.answer(2002) }
            guard time > now else { throw UmengError.answer(2003) }
            guard time <= startsAt.adding(seconds: Self.longest) else { throw UmengError.answer(2039) }
            guard time > startsAt else { throw UmengError.answer(2046) }
        }
        if let rate = policy?["max_send_num"], rate.int ?? 0 < 1000 { throw UmengError.answer(1027) }
    }

    private static func time(_ text: String) -> Timestamp? {
        Timestamp(civilTime: text, separator: " ", hoursEast: hoursEast)
    }
}
