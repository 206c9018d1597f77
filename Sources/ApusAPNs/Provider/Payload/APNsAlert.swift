import ApusCore
import NIOCore

/// What the user sees.
package struct APNsAlert: Sendable, Equatable, ExpressibleByStringLiteral {
    package var title: APNsText?
    package var subtitle: APNsText?
    package var body: APNsText?
    /// The image or storyboard that the app starts with.
    package var launchImage: String?
    /// The label of the button, for Safari and old systems.
    package var action: String?
    /// A key of `Localizable.strings` for that label.
    package var actionKey: String?
    /// What the notification adds to its group's summary. Systems since iOS 15 ignore it.
    package var summaryArgument: String?
    /// For how many it counts there. Systems since iOS 15 ignore it.
    package var summaryArgumentCount: Int64?

    package init(title: APNsText? = nil, subtitle: APNsText? = nil, body: APNsText? = nil) {
        self.title = title
        self.subtitle = subtitle
        self.body = body
    }

    package init(stringLiteral body: String) {
        self.init(body: .verbatim(body))
    }

    /// The text, if there is nothing but a text: that can be written as a string.
    private var soleBody: String? {
        guard case .verbatim(let text)? = body, self == APNsAlert(body: body) else { return nil }
        return text
    }

    func write(to aps: inout JSONObjectWriter) {
        if let soleBody {
            aps.member("alert", string: soleBody)
        } else {
            aps.member("alert", object: writeMembers)
        }
    }

    private func writeMembers(to alert: inout JSONObjectWriter) {
        switch title {
        case .verbatim(let text): alert.member("title", string: text)
        case .localized(let key, let arguments):
            alert.member("title-loc-key", string: key)
            if !arguments.isEmpty { alert.member("title-loc-args", strings: arguments) }
        case nil: break
        }
        switch subtitle {
        case .verbatim(let text): alert.member("subtitle", string: text)
        case .localized(let key, let arguments):
            alert.member("subtitle-loc-key", string: key)
            if !arguments.isEmpty { alert.member("subtitle-loc-args", strings: arguments) }
        case nil: break
        }
        switch body {
        case .verbatim(let text): alert.member("body", string: text)
        case .localized(let key, let arguments):
            alert.member("loc-key", string: key)
            if !arguments.isEmpty { alert.member("loc-args", strings: arguments) }
        case nil: break
        }
        alert.member("launch-image", string: launchImage)
        alert.member("action", string: action)
        alert.member("action-loc-key", string: actionKey)
        alert.member("summary-arg", string: summaryArgument)
        alert.member("summary-arg-count", int: summaryArgumentCount)
    }
}
