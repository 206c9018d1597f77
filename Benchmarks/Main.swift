/// What single parts cost, each on one core: run it in a release build, on an otherwise idle machine.
@main
enum ApusBenchmarks {
    static func main() throws {
        try CodecBenchmarks.run()
        StateBenchmarks.run()
        try StoreBenchmarks.run()
    }
}
