/// The namespaces of XMPP that more than one file needs.
package enum Namespace {
    package static let streams = "http://etherx.jabber.org/streams"
    package static let streamErrors = "urn:ietf:params:xml:ns:xmpp-streams"
    package static let stanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"
    package static let xml = "http://www.w3.org/XML/1998/namespace"

    package static let client = "jabber:client"
    package static let component = "jabber:component:accept"

    package static let tls = "urn:ietf:params:xml:ns:xmpp-tls"
    package static let sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
    package static let bind = "urn:ietf:params:xml:ns:xmpp-bind"
    package static let session = "urn:ietf:params:xml:ns:xmpp-session"
    package static let streamManagement = "urn:xmpp:sm:3"
    package static let rosterVersions = "urn:xmpp:features:rosterver"

    package static let legacyAuth = "jabber:iq:auth"
    package static let register = "jabber:iq:register"
    package static let roster = "jabber:iq:roster"
    package static let ping = "urn:xmpp:ping"
    package static let discoInfo = "http://jabber.org/protocol/disco#info"
    package static let discoItems = "http://jabber.org/protocol/disco#items"
    package static let receipts = "urn:xmpp:receipts"
    package static let chatMarkers = "urn:xmpp:chat-markers:0"
    package static let clientState = "urn:xmpp:csi:0"
    package static let retraction = "urn:xmpp:message-retract:1"
    package static let delay = "urn:xmpp:delay"
    package static let json = "urn:xmpp:json:0"

    package static let deliverConfirm = "androidpn:iq:deliverconfirm"
    package static let confirm = "androidpn:iq:confirm"
    package static let receipt = "androidpn:iq:receipt"
    package static let setAlias = "androidpn:iq:setalias"
    package static let setTags = "androidpn:iq:settags"

    package static let legacyAuthFeature = "http://jabber.org/features/iq-auth"
    package static let registerFeature = "http://jabber.org/features/iq-register"
}
