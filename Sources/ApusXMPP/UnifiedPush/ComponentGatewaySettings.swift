package import NIOCore

/// Which XMPP server the gateway is a component of, and who may register there.
package struct ComponentGatewaySettings: Sendable {
    package let client: ComponentClientSettings
    /// The app that distributors are devices of.
    package let appID: String
    /// The domains whose users may register. If it is empty, it is the one that the component's is below.
    package let domains: [String]
    /// How long a distributor has to answer a push.
    package var answerTime = TimeAmount.seconds(60)

    package init(client: ComponentClientSettings, appID: String, domains: [String]) {
        self.client = client
        self.appID = appID
        self.domains = domains
    }

    func allows(_ domain: String) -> Bool {
        guard domains.isEmpty else { return domains.contains(domain) }
        return client.domain.split(separator: ".", maxSplits: 1).last.map(String.init) == domain
    }
}
