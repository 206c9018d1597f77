import ApusCore

/// What must hold for every row of a table.
struct StoreRule {
    let code: String
    /// What is wrong with the rows that break it, behind "5 deliveries".
    let sentence: String
    /// A condition that is true for a row that breaks it.
    let isBroken: String

    /// Those of deliveries are what the state machine keeps (`Delivery`).
    static let deliveries = [
        StoreRule(
            code: "delivery_state", sentence: "are in a state or have an end that there is not",
            isBroken: "state NOT BETWEEN 0 AND 3 OR end NOT IN ('expired', 'failed', 'cancelled')"),
        StoreRule(
            code: "delivery_open",
            sentence: "count as open though nothing remains to be done, or as done though it does",
            isBroken: "open <> (end IS NULL AND (state = 0 OR (state = 1 AND needs_confirmation = 1)))"),
        StoreRule(
            code: "delivery_times",
            sentence: "lack the time of a step that was reached, or have one of a step that was not",
            isBroken: """
                (state >= 1) <> (sent_at IS NOT NULL) OR (state >= 2) <> (received_at IS NOT NULL)
                OR (state = 3) <> (read_at IS NOT NULL) OR (end IS NULL) <> (ended_at IS NULL)
                """),
        StoreRule(
            code: "delivery_message", sentence: "belong to a message that there is not",
            isBroken: "NOT EXISTS (SELECT 1 FROM messages WHERE id = deliveries.message)"),
        StoreRule(
            code: "delivery_device", sentence: "are for a device that there is not",
            isBroken: "NOT EXISTS (SELECT 1 FROM devices WHERE id = deliveries.device)"),
    ]

    static let counts = [
        StoreRule(
            code: "delivery_counts", sentence: "are not what counting gives",
            isBroken: """
                (\(StoreInspection.buckets.joined(separator: ", "))) IS NOT (
                    SELECT \(StoreInspection.buckets.map(counting).joined(separator: ", "))
                    FROM deliveries WHERE deliveries.message = delivery_counts.message)
                """),
        StoreRule(
            code: "delivery_counts_message", sentence: "belong to a message that there is not",
            isBroken: "NOT EXISTS (SELECT 1 FROM messages WHERE id = delivery_counts.message)"),
    ]

    private static func counting(_ bucket: String) -> String {
        "count(*) FILTER (WHERE \(StoreInspection.bucket) = '\(bucket)')"
    }

    /// - Parameter now: ids hold the time when they were made, and no id that was given out is of the future.
    static func messages(at now: Timestamp) -> [StoreRule] {
        let tomorrow = MessageID(lowestAt: now.adding(seconds: 86_400))
        return [
            StoreRule(code: "message_id", sentence: "have an id that is not above zero", isBroken: "id <= 0"),
            StoreRule(
                code: "message_time",
                sentence: "have an id of more than a day ahead: this clock, or the one they were accepted by, is wrong",
                isBroken: "id > \(tomorrow)"),
        ]
    }
}
