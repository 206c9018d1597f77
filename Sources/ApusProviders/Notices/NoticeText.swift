import ApusCore

/// What a notice says, with its `{{…}}` filled in from what the message came with.
struct NoticeText {
    private static let templates = MessageTemplates()

    let title: String
    let text: String

    /// - Throws: `ApusError` that says where a template is wrong.
    init(_ notification: OutgoingNotification) throws(ApusError) {
        guard notification.title.contains("{{") || notification.text.contains("{{") else {
            (title, text) = (notification.title, notification.text)
            return
        }
        let parts = try Self.templates.render(
            [.title: notification.title, .content: notification.text], parameters: notification.extra ?? "{}")
        title = parts[.title] ?? ""
        text = parts[.content] ?? ""
    }
}
