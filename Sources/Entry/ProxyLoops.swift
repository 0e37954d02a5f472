/// The proxy's loops with the rules of its configuration: over one port for clients and servers, over one for each, and over either with capture.
public enum ProxyLoops: ProxyWorkerLoops {
  public typealias Rule = RuleSet
  public typealias Inspector = NoInspector
  public typealias Engine = ProxyEngine<RuleSet, NoInspector>

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<DPDKPort, Engine, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<PairPort<DPDKPort, DPDKPort>, Engine, TickClock>) { worker.run() }

  #if !DEBUG
    @_noLocks
  #endif
  @inline(never)
  public static func run(_ worker: inout Worker<PairPort<CapturePort<DPDKPort>, CapturePort<DPDKPort>>, Engine, TickClock>) {
    worker.run()
  }
}

/// The loops of a rule and an inspector, one for each port: what a program with either of its own supplies, each a call of `worker.run()`.
public protocol ProxyWorkerLoops {
  associatedtype Rule: BindingRule
  associatedtype Inspector: PayloadInspector
  /// Over one port for clients and servers.
  static func run(_ worker: inout Worker<DPDKPort, ProxyEngine<Rule, Inspector>, TickClock>)
  /// Over one for each.
  static func run(_ worker: inout Worker<PairPort<DPDKPort, DPDKPort>, ProxyEngine<Rule, Inspector>, TickClock>)
  /// Over either, when frames are captured.
  static func run(_ worker: inout Worker<PairPort<CapturePort<DPDKPort>, CapturePort<DPDKPort>>, ProxyEngine<Rule, Inspector>, TickClock>)
}
