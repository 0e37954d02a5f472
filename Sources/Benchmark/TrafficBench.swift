import ArgumentParser

@main
struct TrafficBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trafficbench",
    abstract: "Measures what trafficengine costs, beside a bare loop in C that does the least that can be done.",
    subcommands: [Measure.self, Floor.self, ProxyBench.self, JSONQuery.self], defaultSubcommand: Measure.self)
}
