package import NIOCore

/// Tells device tokens that die one by one from a credential of another app, environment or topic, for which all tokens
/// look dead.
///
/// It trips when, within the window, at least so many tokens died and they are at least such a share of the answers that
/// say anything about a token. It then stays tripped until it is reset.
package struct TokenDeathGuard: Sendable {
    package struct Settings: Sendable {
        package var window = TimeAmount.seconds(60)
        package var deaths = 20
        package var share = 0.5

        package init() {}
    }

    /// The answers of half a window.
    private struct Half {
        var deaths = 0
        var living = 0
    }

    private let settings: Settings
    private var current = Half()
    private var previous = Half()
    private var currentEnds: NIODeadline?
    package private(set) var isTripped = false

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    /// How many tokens died within the window.
    package var deaths: Int { current.deaths + previous.deaths }

    /// Takes an answer into account.
    /// - Parameter isDeath: whether the token is dead for a reason that a wrong setup would also give.
    /// - Returns: whether this tripped it.
    package mutating func record(isDeath: Bool, at now: NIODeadline) -> Bool {
        turn(to: now)
        if isDeath { current.deaths += 1 } else { current.living += 1 }
        guard !isTripped, isDeath, deaths >= settings.deaths else { return false }
        let answers = deaths + current.living + previous.living
        isTripped = Double(deaths) >= Double(answers) * settings.share
        return isTripped
    }

    /// Starts anew, when somebody has looked into it.
    package mutating func reset() {
        self = TokenDeathGuard(settings)
    }

    private mutating func turn(to now: NIODeadline) {
        let half = TimeAmount.nanoseconds(settings.window.nanoseconds / 2)
        guard let ends = currentEnds, now < ends + half else {
            (previous, current) = (Half(), Half())
            currentEnds = now + half
            return
        }
        guard now >= ends else { return }
        (previous, current) = (current, Half())
        currentEnds = ends + half
    }
}
