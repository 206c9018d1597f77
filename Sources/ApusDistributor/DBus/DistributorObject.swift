import CDBus

/// What `/org/unifiedpush/Distributor` is on the bus apart from its own methods: the interfaces that every object should
/// have (D-Bus specification, "Standard Interfaces").
struct DistributorObject {
    static let path = "/org/unifiedpush/Distributor"
    private static let ancestors = ["/": "org", "/org": "unifiedpush", "/org/unifiedpush": "Distributor"]

    private static let introspectable = "org.freedesktop.DBus.Introspectable"
    private static let peer = "org.freedesktop.DBus.Peer"
    private static let properties = "org.freedesktop.DBus.Properties"

    /// The properties of the object, by their interface. They are only read.
    let values: (_ interface: String) -> [String: DBusValue]?

    /// The answer to a call of a standard interface, or to one that nothing here answers.
    func answer(_ call: DBusMessage) -> DBusMessage {
        switch (call.interface, call.member, call.signature) {
        case (Self.peer, "Ping", ""): return call.answer()
        case (Self.peer, "GetMachineId", ""): return machineID(call)
        case (Self.introspectable, "Introspect", ""): return introspection(call)
        case (Self.properties, let member?, _) where call.path == Self.path: return property(member, call)
        case _ where call.path != Self.path:
            return call.refusal(.unknownObject, "There is no object \(call.path ?? ""), only \(Self.path).")
        case (let interface?, _, _) where !Self.interfaces.contains(interface):
            return call.refusal(.unknownInterface, "There is no interface \(interface) here.")
        default:
            return call.refusal(
                .unknownMethod, "There is no method \(call.member ?? "") with the arguments (\(call.signature)) here.")
        }
    }

    private func machineID(_ call: DBusMessage) -> DBusMessage {
        guard let id = dbus_try_get_local_machine_id(nil) else {
            return call.refusal(.failed, "This machine has no id.")
        }
        defer { dbus_free(id) }
        return call.answer([.string(String(cString: id))])
    }

    private func property(_ member: String, _ call: DBusMessage) -> DBusMessage {
        let interface = call.arguments.first?.string ?? ""
        switch (member, call.signature) {
        case ("GetAll", "s"):
            return call.answer([.dictionary(values(interface) ?? [:])])
        case ("Get", "ss"):
            guard let name = call.arguments.last?.string, let value = values(interface)?[name] else {
                return call.refusal(.unknownProperty, "There is no such property.")
            }
            return call.answer([.variant(value)])
        case ("Set", "ssv"):
            return call.refusal(.propertyReadOnly, "The distributor's properties are only read.")
        default:
            return call.refusal(.invalidArguments, "\(member) does not take (\(call.signature)).")
        }
    }

    // MARK: Introspection

    private func introspection(_ call: DBusMessage) -> DBusMessage {
        if call.path == Self.path { return call.answer([.string(Self.document(Self.description))]) }
        guard let path = call.path, let child = Self.ancestors[path] else {
            return call.refusal(.unknownObject, "There is no object \(call.path ?? ""), only \(Self.path).")
        }
        return call.answer([.string(Self.document("  <node name=\"\(child)\"/>"))])
    }

    private static let interfaces = [
        "org.unifiedpush.Distributor1", "org.unifiedpush.Distributor2", DistributorStatus.interface, introspectable,
        peer, properties,
    ]

    private static func document(_ content: String) -> String {
        """
        <!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
         "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
        <node>
        \(content)
        </node>
        """
    }

    private static let description = """
          <interface name="org.unifiedpush.Distributor1">
            <method name="Register">
              <arg name="service" type="s" direction="in"/>
              <arg name="token" type="s" direction="in"/>
              <arg name="description" type="s" direction="in"/>
              <arg name="result" type="s" direction="out"/>
              <arg name="reason" type="s" direction="out"/>
            </method>
            <method name="Unregister">
              <arg name="token" type="s" direction="in"/>
              <annotation name="org.freedesktop.DBus.Method.NoReply" value="true"/>
            </method>
          </interface>
          <interface name="org.unifiedpush.Distributor2">
            <method name="Register">
              <arg name="args" type="a{sv}" direction="in"/>
              <arg name="result" type="a{sv}" direction="out"/>
            </method>
            <method name="Unregister">
              <arg name="args" type="a{sv}" direction="in"/>
              <arg name="result" type="a{sv}" direction="out"/>
            </method>
          </interface>
          <interface name="\(DistributorStatus.interface)">
            <method name="Unregister">
              <arg name="token" type="s" direction="in"/>
              <arg name="found" type="b" direction="out"/>
            </method>
        \(DistributorStatus.introspection)
          </interface>
          <interface name="\(introspectable)">
            <method name="Introspect"><arg name="xml" type="s" direction="out"/></method>
          </interface>
          <interface name="\(peer)">
            <method name="Ping"/>
            <method name="GetMachineId"><arg name="id" type="s" direction="out"/></method>
          </interface>
          <interface name="\(properties)">
            <method name="Get">
              <arg name="interface" type="s" direction="in"/>
              <arg name="name" type="s" direction="in"/>
              <arg name="value" type="v" direction="out"/>
            </method>
            <method name="GetAll">
              <arg name="interface" type="s" direction="in"/>
              <arg name="values" type="a{sv}" direction="out"/>
            </method>
            <method name="Set">
              <arg name="interface" type="s" direction="in"/>
              <arg name="name" type="s" direction="in"/>
              <arg name="value" type="v" direction="in"/>
            </method>
          </interface>
        """
}
