package import ApusCore
import Hummingbird

/// What the paths of the business system need.
package struct BusinessContext: Sendable {
    package let settings: BusinessSettings
    package let centre: MessageCentre
    /// Guesses of one user's password in a minute.
    package let guessesPerMinute: Int

    package init(settings: BusinessSettings, centre: MessageCentre, guessesPerMinute: Int) {
        self.settings = settings
        self.centre = centre
        self.guessesPerMinute = guessesPerMinute
    }
}

/// The business system's calls (seed 004) and what Apus adds to them.
struct BusinessRoutes: Sendable {
    let dispatcher: Dispatcher
    let apps: AppRegistry
    let access: Access
    let context: BusinessContext
    let limits: Reloadable<HTTPServerContext.Limits>

    func add(to router: Router<APIContext>) {
        let business = BusinessAccess(
            dispatcher: dispatcher, apps: apps, doorkeeper: access.doorkeeper, settings: context.settings)
        let passwords = PasswordDesk()
        UserRoutes(
            dispatcher: dispatcher, access: business,
            guesses: GuessLimiter(perMinute: context.guessesPerMinute, scope: .everywhere),
            passwords: passwords, limits: limits
        ).add(to: router)
        UserAdministration(dispatcher: dispatcher, access: access, passwords: passwords).add(to: router)
        PushRoutes(dispatcher: dispatcher, apps: apps, access: business, limits: limits).add(to: router)
        ScheduleRoutes(
            dispatcher: dispatcher, apps: apps, access: access, business: business, centre: context.centre,
            limits: limits
        ).add(to: router)
        ImportRoutes(
            dispatcher: dispatcher, access: access, centre: context.centre, limits: limits
        ).add(to: router)
    }
}
