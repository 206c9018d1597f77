/// Why APNs did not take a notification, in its own words: `reason` in the answer's body, or in the debug data of a
/// GOAWAY frame.
package enum APNsReason: String, Sendable, CaseIterable {
    // 400
    case badCollapseID = "BadCollapseId"
    case badDeviceToken = "BadDeviceToken"
    case badExpirationDate = "BadExpirationDate"
    case badMessageID = "BadMessageId"
    case badPriority = "BadPriority"
    case badTopic = "BadTopic"
    case deviceTokenNotForTopic = "DeviceTokenNotForTopic"
    case duplicateHeaders = "DuplicateHeaders"
    case idleTimeout = "IdleTimeout"
    case invalidPushType = "InvalidPushType"
    case missingDeviceToken = "MissingDeviceToken"
    case missingPushType = "MissingPushType"
    case missingTopic = "MissingTopic"
    case payloadEmpty = "PayloadEmpty"
    case topicDisallowed = "TopicDisallowed"
    // 400, of broadcast channels
    case badChannelID = "BadChannelId"
    case cannotCreateChannelConfig = "CannotCreateChannelConfig"
    case channelNotRegistered = "ChannelNotRegistered"
    case featureNotEnabled = "FeatureNotEnabled"
    case missingChannelID = "MissingChannelId"
    // 403
    case badCertificate = "BadCertificate"
    case badCertificateEnvironment = "BadCertificateEnvironment"
    case badEnvironmentKeyIDInToken = "BadEnvironmentKeyIdInToken"
    /// What is documented as `BadEnvironmentKeyIdInToken` comes in this spelling.
    case badEnvironmentKeyInToken = "BadEnvironmentKeyInToken"
    case expiredProviderToken = "ExpiredProviderToken"
    case forbidden = "Forbidden"
    case invalidProviderToken = "InvalidProviderToken"
    case missingProviderToken = "MissingProviderToken"
    case unrelatedKeyIDInToken = "UnrelatedKeyIdInToken"
    // 404, 405, 410, 413
    case badPath = "BadPath"
    case methodNotAllowed = "MethodNotAllowed"
    case expiredToken = "ExpiredToken"
    case unregistered = "Unregistered"
    case payloadTooLarge = "PayloadTooLarge"
    // 429
    case tooManyProviderTokenUpdates = "TooManyProviderTokenUpdates"
    case tooManyRequests = "TooManyRequests"
    // 500, 503
    case internalServerError = "InternalServerError"
    case serviceUnavailable = "ServiceUnavailable"
    case shutdown = "Shutdown"
}

/// What an answer of APNs means for the notification.
package enum APNsVerdict: Sendable, Equatable {
    case delivered
    /// It is wrong and stays wrong. Nothing is known against the device token.
    case failed
    /// The device token is of no use any more.
    case tokenDead
    /// It may be sent again after a while.
    case retry
    /// It may be sent again on another connection: this one is of no use.
    case reconnect
    /// APNs takes the lane's JWT for too old. It may be sent with a new one, on a new connection.
    case renewToken
    /// The lane's key, certificate or topic is not accepted: no notification of the lane will be.
    case credentials

    /// - Parameter reason: nil if APNs gave none, or one that is not known; then the status decides.
    package init(status: Int, reason: APNsReason?) {
        self = status == 200 ? .delivered : reason?.verdict ?? Self.verdict(ofStatus: status)
    }

    private static func verdict(ofStatus status: Int) -> APNsVerdict {
        switch status {
        case 200..<300: .delivered
        case 401, 403: .credentials
        case 410: .tokenDead
        case 408, 429, 500...: .retry
        default: .failed
        }
    }
}

extension APNsReason {
    package var verdict: APNsVerdict {
        switch self {
        case .badCollapseID, .badExpirationDate, .badMessageID, .badPriority, .badTopic, .duplicateHeaders,
            .invalidPushType, .missingDeviceToken, .missingPushType, .missingTopic, .payloadEmpty, .badPath,
            .methodNotAllowed, .payloadTooLarge, .badChannelID, .cannotCreateChannelConfig, .channelNotRegistered,
            .missingChannelID:
            .failed
        case .badDeviceToken, .deviceTokenNotForTopic, .unregistered, .expiredToken:
            .tokenDead
        case .tooManyRequests, .internalServerError, .serviceUnavailable:
            .retry
        case .idleTimeout, .shutdown:
            .reconnect
        case .expiredProviderToken:
            .renewToken
        case .topicDisallowed, .featureNotEnabled, .badCertificate, .badCertificateEnvironment,
            .badEnvironmentKeyIDInToken, .badEnvironmentKeyInToken, .forbidden, .invalidProviderToken,
            .missingProviderToken, .unrelatedKeyIDInToken, .tooManyProviderTokenUpdates:
            .credentials
        }
    }

    /// Whether it can also come of a lane that is set up for the wrong environment or topic. `unregistered` and
    /// `expiredToken` cannot: APNs knows those tokens.
    package var isSuspicious: Bool {
        self == .badDeviceToken || self == .deviceTokenNotForTopic
    }
}
