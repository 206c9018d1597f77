/// What single parts cost, each on one core: run it in a release build, on an otherwise idle machine.
@main
enum ApusBenchmarks {
    static func main() async throws {
        if CommandLine.arguments.dropFirst().first == "apns" {
            return try await APNsBenchmark.run(CommandLine.arguments.dropFirst(2))
        }
        try CodecBenchmarks.run()
        StateBenchmarks.run()
        try StoreBenchmarks.run()
        try StatusBenchmarks.run()
    }
}
