import Testing

@testable import TCPEngine

@Suite struct ServerSettingsTests {
  private func problem(workers: Int = 1, _ change: (inout ServerSettings) -> Void) -> String? {
    var settings = ServerSettings(
      targets: [ServerTarget(name: "a", address: 1, port: 80), ServerTarget(name: "b", address: 2, port: 80)],
      groups: [ServerGroupSettings(name: "g", algorithm: .consistentHash, targets: [0, 1])])
    change(&settings)
    do throws(ServerSettingsError) {
      _ = try ServerGroups(settings, worker: 0, workers: workers, ticksPerMillisecond: 1)
      return nil
    } catch { return error.description }
  }

  @Test func whatIsWrongIsSaid() {
    #expect(problem { _ in } == nil)
    #expect(problem { $0.targets[1].weight = 0 } == "target b: weight must be 1 to 256, not 0")
    #expect(problem { $0.targets[1].weight = 257 } == "target b: weight must be 1 to 256, not 257")
    #expect(problem { $0.targets[0].maximumConnections = -1 } == "target a: max_connections must be 0 to 2147483647, not -1")
    #expect(
      problem(workers: 4) { $0.targets[0].maximumConnections = 3 }
        == "target a: max_connections is 3, and each of 4 workers needs at least one of them")
    #expect(problem { $0.groups[0].targets = [] } == "group g has no target")
    #expect(problem { $0.groups[0].targets = [2] } == "group g: there is no target 2")
    #expect(problem { $0.groups[0].targets = [0, 0] } == "group g names a target twice")
    for size in [250, 252, 249, 65_536, 5_000_077] {
      #expect(problem { $0.groups[0].tableSize = size } == "group g: table_size must be a prime from 251 to 5000011, not \(size)")
    }
    #expect(problem { $0.groups[0].tableSize = 251 } == nil)
    #expect(problem { $0.health.maximumFails = -1 } == "max_fails must be 0 to 65535, not -1")
    #expect(problem { $0.health.failTimeout = 0 } == "fail_timeout must be 1 ms to a day, not 0 ms")
    #expect(problem { $0.groups = .init(repeating: $0.groups[0], count: 257) } == "there are 257 groups: at most 255 are possible")
  }
}
