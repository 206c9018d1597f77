/// On whose behalf requests are sent, and to which topics they may go.
struct APNsSender: Sendable, Equatable {
    enum Credentials: Sendable, Equatable {
        case providerToken
        case certificate
    }

    let credentials: Credentials
    /// With a provider token the bundle ids of the team's apps, with a certificate whole topics.
    let topics: Set<String>

    /// The topic of a request.
    ///
    /// - Parameter header: its `apns-topic`. It may be missing only if there is a certificate for a single topic.
    func topic(_ header: String?, for type: APNsPushType) throws(APNsRefusal) -> String {
        guard let topic = header ?? onlyTopic else { throw .missingTopic }
        guard !topic.isEmpty, topic.hasSuffix(type.topicSuffix) else { throw .badTopic }
        let isPermitted =
            switch credentials {
            case .providerToken: topics.contains(String(topic.dropLast(type.topicSuffix.count)))
            case .certificate: !type.needsProviderToken && topics.contains(topic)
            }
        guard isPermitted else { throw .topicDisallowed }
        return topic
    }

    private var onlyTopic: String? {
        credentials == .certificate && topics.count == 1 ? topics.first : nil
    }
}
