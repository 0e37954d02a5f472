import TCPEngine

/// What a program with a rule or an inspector of its own supplies: the loops over the ports. Each is one call; written out in the program, they
/// are specialised for both.
public protocol ProxyProgram: ProxyWorkerLoops, SendableMetatype {}

extension ProxyLoops: ProxyProgram {}

/// What chooses the servers and looks at payloads, in one run of a proxy.
public struct ProxyDecisions<Rule: BindingRule, Inspector: PayloadInspector>: Sendable {
  let rule: Rule
  let inspector: Inspector
  /// Gives back what the two have, when the workers have ended.
  let release: @Sendable () -> Void

  public init(rule: Rule, inspector: Inspector, release: @escaping @Sendable () -> Void = {}) {
    self.rule = rule
    self.inspector = inspector
    self.release = release
  }
}
