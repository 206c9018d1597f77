import ApusProviders
import ArgumentParser

struct VAPIDCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vapid", abstract: "Keys by which push services know an app.", subcommands: [Keys.self])

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a pair of keys.",
            discussion: """
                Pages subscribe with the public key (applicationServerKey). The private key goes to \
                `apus credential add webpush`, which makes a pair itself if it is given none.
                """)

        @Flag(help: "Print JSON.")
        var json = false

        func run() {
            let keys = VAPIDKeys.make()
            print(
                json
                    ? #"{"publicKey":"\#(keys.publicKey)","privateKey":"\#(keys.privateKey)"}"#
                    : "public key:  \(keys.publicKey)\nprivate key: \(keys.privateKey)")
        }
    }
}
