import ApusCore
import ApusHTTP
import NIOCore

extension SessionSettings {
    init(_ configuration: Configuration.Sessions) {
        self.init()
        window = configuration.window
        pageSize = configuration.pageSize
        resendAfter = .milliseconds(configuration.resendAfter.milliseconds)
        longestResend = .milliseconds(configuration.longestResend.milliseconds)
        pingAfter = .milliseconds(configuration.pingAfter.milliseconds)
        pingTimeout = .milliseconds(configuration.pingTimeout.milliseconds)
    }
}

extension DispatchLimits {
    init(_ configuration: Configuration.Limits) {
        self.init()
        queuedAccepts = configuration.queuedRequests
    }
}

extension HTTPServerContext.Limits {
    init(_ configuration: Configuration) {
        self.init()
        body = configuration.limits.body
        batchBody = configuration.limits.batchBody
        frame = configuration.sessions.largestFrame
        send.payload = configuration.limits.payload
        send.audiences = configuration.limits.audiences
        send.batch = configuration.limits.batchMessages
        send.defaultTimeToLive = configuration.messages.defaultTimeToLive.milliseconds / 1000
        send.longestTimeToLive = configuration.messages.longestTimeToLive.milliseconds / 1000
    }
}
