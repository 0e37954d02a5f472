// What becomes of connections, told by the engine.
extension ServerGroups {
  /// A SYN goes to the target. Comes before any other word of this connection, in the call that selected the target.
  @inline(__always)
  public mutating func opened(_ target: UInt16) { targets.base[Int(target)].open &+= 1 }

  /// The connection to the target is over, in whatever way; once for each `opened`.
  /// - Parameter isDecided: the target was told good or bad by it before.
  @inline(__always)
  public mutating func closed(_ target: UInt16, isDecided: Bool) {
    let state = targets.base + Int(target)
    assert(state.pointee.open > 0, "a connection was closed twice")
    state.pointee.open &-= 1
    // A trial that came to nothing, neither good nor bad: the next one may try at once.
    if state.pointee.health == .onTrial, !isDecided { state.pointee.retry = 0 }
  }

  /// What was selected and closed again was never asked: there was no pair of address and port of ours for it.
  @inline(__always)
  public mutating func passedOver(_ target: UInt16) { counts.base[Int(target)].chosen &-= 1 }

  /// The target refused a connection, did not answer in time, or reset it before it had acknowledged the first request.
  @inline(never)
  public mutating func failed(_ target: UInt16, now: UInt64) {
    counts.base[Int(target)].failed &+= 1
    guard maximumFails > 0 else { return }
    let state = targets.base + Int(target)
    if state.pointee.fails < .max { state.pointee.fails &+= 1 }
    switch state.pointee.health {
    case .up:
      guard state.pointee.fails >= maximumFails else { return }
      counts.base[Int(target)].takenOut &+= 1
    case .onTrial: break
    case .out: return  // a connection from before it was taken out: the time of its return stands
    }
    state.pointee.health = .out
    state.pointee.retry = now &+ failTimeout
  }

  /// The target accepted a connection, so it lives: it is back if it was out, and no failure counts.
  @inline(__always)
  public mutating func succeeded(_ target: UInt16) {
    let state = targets.base + Int(target)
    state.pointee.fails = 0
    state.pointee.health = .up
  }

  /// Whether failures have taken the target out, or it is on trial.
  @inline(__always)
  public func isOut(_ target: UInt16) -> Bool { targets.base[Int(target)].health != .up }

  /// A target that is out gets a trial: no other connection until its outcome is known, or as long as it was out.
  @inline(__always)
  mutating func choose(_ target: UInt16, now: UInt64) {
    counts.base[Int(target)].chosen &+= 1
    let state = targets.base + Int(target)
    guard state.pointee.health != .up else { return }
    state.pointee.health = .onTrial
    state.pointee.retry = now &+ failTimeout
  }
}
