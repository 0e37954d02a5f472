// A proxy with a rule of its own: the commands, ports and reports of `proxyengine`, other choices of a server.
//
//     swift run -c release example-rule run -i veth1 --ip 10.0.0.1/24 --target 10.0.0.11:80 --target 10.0.0.12:80
import TCPEngine
import TrafficCommand

/// The server is the number that the client says first, modulo the servers: after "7\n" the second of three.
///
/// A rule is asked again with each segment of the request, with all octets so far. It is on the packet path: it must not allocate, lock, count
/// references or throw, and reads nothing beyond `count`.
struct NumberRule: BindingRule {
  let targets: UInt32

  func decide(_ request: FirstRequest) -> BindingDecision {
    var number: UInt32 = 0
    for index in 0..<request.count {
      let octet = request.start.load(fromByteOffset: index, as: UInt8.self)
      guard octet >= 0x30, octet <= 0x39 else {
        return index > 0 ? .target(UInt16(truncatingIfNeeded: number % targets), rule: 0) : .reset(rule: 0)
      }
      number = number &* 10 &+ UInt32(octet - 0x30)
    }
    return request.isWhole ? .noRule : .needMore
  }
}

/// The worker's loops, written out for this rule. In a package of its own they run, several times slower than those of the program itself, which
/// the compiler specialises (Documentation/HotPath.md).
enum NumberLoops: ProxyProgram {
  typealias Rule = NumberRule
  typealias Inspector = NoInspector

  static func run(_ worker: inout Worker<DPDKPort, ProxyEngine<NumberRule, NoInspector>, TickClock>) { worker.run() }

  static func run(_ worker: inout Worker<PairPort<DPDKPort, DPDKPort>, ProxyEngine<NumberRule, NoInspector>, TickClock>) { worker.run() }

  static func run(
    _ worker: inout Worker<PairPort<CapturePort<DPDKPort>, CapturePort<DPDKPort>>, ProxyEngine<NumberRule, NoInspector>, TickClock>
  ) { worker.run() }
}

ProxyMain.main(NumberLoops.self) { settings in
  ProxyDecisions(rule: NumberRule(targets: UInt32(settings.servers.targets.count)), inspector: NoInspector())
}
