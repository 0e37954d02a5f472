/// The server whose number is the one that the request begins with, modulo the number of servers: eight octets, big-endian, as the exchange
/// workload's connection ids are. What is shorter waits for more.
public struct ModuloRule: BindingRule {
  private let servers: UInt64

  public init(servers: Int) { self.servers = UInt64(max(1, servers)) }

  @inline(__always)
  public func decide(_ request: FirstRequest) -> BindingDecision {
    guard request.count >= 8 else { return request.isWhole ? .noRule : .needMore }
    return .target(UInt16(truncatingIfNeeded: request.start.bigEndian64(0) % servers), rule: 0)
  }
}
