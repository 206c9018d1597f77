import ApusClient
import ArgumentParser
import Foundation

/// Which server a command talks to, and how it prints the answer.
struct ClientOptions: ParsableArguments {
    @Option(help: "The server. (default: APUS_SERVER, else http://127.0.0.1:8080)")
    var server: String?

    @Option(help: "The administrator's token. (default: APUS_ADMIN_TOKEN)")
    var token: String?

    @Option(help: "The PEM file of the authority that an https server's certificate is from. (default: APUS_CA)")
    var ca: String?

    @Flag(help: "Print the server's answer as it is, or {} where it is empty.")
    var json = false

    /// - Throws: `AddressError`.
    func address() throws -> ServerAddress {
        try ServerAddress(
            server ?? Environment["APUS_SERVER"] ?? "http://127.0.0.1:8080",
            certificateAuthority: ca ?? Environment["APUS_CA"])
    }

    /// A client with the administrator's token if there is one, else with the app's key.
    func client(appKey: String? = nil) throws -> APIClient {
        let credential: APIClient.Credential =
            if let token = token ?? (appKey == nil ? Environment["APUS_ADMIN_TOKEN"] : nil) {
                .adminToken(token)
            } else if let appKey {
                .appKey(appKey)
            } else {
                .none
            }
        return APIClient(server: try address(), credential: credential)
    }

    /// Prints an answer: as it is, or as `text` makes it for people.
    func show<Answer: Decodable>(
        _ answer: APIAnswer, as type: Answer.Type = Answer.self, _ text: (Answer) -> String
    ) throws {
        print(json ? answer.text : text(try answer.decoded()))
    }

    /// Prints that something was done to which the server has nothing to answer: `{}`, or a sentence for people.
    func showDone(_ sentence: String) {
        print(json ? "{}" : sentence)
    }
}

/// The process's environment, where an empty variable is as good as none.
enum Environment {
    static subscript(name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
