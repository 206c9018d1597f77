import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a script by which a shell completes commands and options.",
        discussion: """
            bash: apus completion bash > /etc/bash_completion.d/apus
            zsh:  apus completion zsh > /usr/local/share/zsh/site-functions/_apus
            fish: apus completion fish > ~/.config/fish/completions/apus.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let script: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(ApusCommand.completionScript(for: script))
    }
}
