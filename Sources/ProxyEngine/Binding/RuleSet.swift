/// Rules in order: the first that matches decides. A rule that cannot be told yet keeps those behind it waiting.
///
/// A value of this type points to memory that is only read, so that all workers may use the same; `free` gives it back. Work of a call: each
/// protocol that rules ask for is read once, then texts are compared.
public struct RuleSet: BindingRule, @unchecked Sendable {
  private let rules: UnsafeMutablePointer<CompiledRule>
  private let octets: UnsafeMutableRawPointer
  public let count: Int

  /// Compiles rules; throws what is wrong with them.
  public init(_ settings: [RuleSettings]) throws(RuleError) {
    let (drafts, texts) = try RuleCompiler.compile(settings)
    let octets = UnsafeMutableRawPointer.allocate(byteCount: max(1, texts.count), alignment: 1)
    for (offset, octet) in texts.enumerated() { octets.store(octet, at: offset) }
    func text(_ draft: RuleCompiler.Draft) -> RuleText {
      RuleText(start: UnsafeRawPointer(octets + draft.offset), count: draft.count, isGiven: draft.isGiven, isSuffix: draft.isSuffix)
    }
    let rules = UnsafeMutablePointer<CompiledRule>.allocate(capacity: max(1, drafts.count))
    for (index, draft) in drafts.enumerated() {
      (rules + index).initialize(
        to: CompiledRule(
          kind: draft.kind, verdict: draft.verdict, number: draft.number, depth: draft.depth, key: draft.key, closes: draft.closes,
          text: text(draft.text), method: text(draft.method), second: text(draft.second)))
    }
    self.rules = rules
    self.octets = octets
    count = drafts.count
  }

  /// Gives the memory back. Nobody may use the rules any more.
  public func free() {
    rules.deallocate()
    octets.deallocate()
  }

  @inline(never)
  public func decide(_ request: FirstRequest) -> BindingDecision {
    var inspection = Inspection(request)
    for index in 0..<count {
      switch inspection.answer(rules + index) {
      case .different: continue
      case .needMore where request.isWhole: continue
      case .needMore: return .needMore
      case .matches where rules[index].closes && !request.isWhole && !inspection.hasWholeHead: return .needMore
      case .matches(let key): return verdict(rules + index, key: key, rule: UInt8(truncatingIfNeeded: index))
      case .followsBind(let consumed, let messageID): return .answerBind(consumed: consumed, messageID: messageID)
      }
    }
    return .noRule
  }

  @inline(__always)
  public func closesAfterResponse(_ rule: UInt8) -> Bool { Int(rule) < count && rules[Int(rule)].closes }

  @inline(__always)
  private func verdict(_ rule: UnsafePointer<CompiledRule>, key: UInt32, rule index: UInt8) -> BindingDecision {
    switch rule.pointee.verdict {
    case .group: .group(UInt8(truncatingIfNeeded: rule.pointee.number), key: key, rule: index)
    case .target: .target(rule.pointee.number, rule: index)
    case .reset: .reset(rule: index)
    }
  }
}
