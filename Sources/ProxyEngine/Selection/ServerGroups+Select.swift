extension ServerGroups {
  /// A target for a connection, counted as chosen. Nil: all were tried or are full.
  ///
  /// Targets that failures have taken out are passed over, unless nothing else is left: then the one that was out longest is tried, because
  /// without it the connection would be refused for sure. Key: hash of a part of the payload, for a consistent hash; 0: there is none. Tried: the
  /// bits of targets that this connection has been refused by. Work: a few ticks for the hashes; for the others, once over the members.
  @inline(never)
  public mutating func select(group: UInt8, clientAddress: UInt32, key: UInt32, tried: UInt64, now: UInt64) -> UInt16? {
    guard Int(group) < groups.count else { return nil }
    let state = groups.base + Int(group)
    var place =
      switch state.pointee.algorithm {
      case .roundRobin: roundRobin(state, tried: tried, now: now)
      case .weightedRoundRobin: weightedRoundRobin(state, tried: tried, now: now)
      case .leastConnections: leastConnections(state, tried: tried, now: now)
      case .sourceHash: sourceHash(state, clientAddress, tried: tried, now: now)
      case .consistentHash: consistentHash(state, key != 0 ? key : clientAddress, tried: tried, now: now)
      }
    if place == Self.none { place = lastResort(state, tried: tried, now: now) }
    guard place != Self.none else { return nil }
    let target = members.base[Int(state.pointee.firstMember &+ place)].target
    choose(target, now: now)
    return target
  }

  /// No place in a group.
  @inline(__always)
  static var none: UInt32 { .max }

  @inline(__always)
  private func target(_ group: UnsafePointer<GroupState>, _ place: UInt32) -> UInt16 {
    members.base[Int(group.pointee.firstMember &+ place)].target
  }

  @inline(__always)
  private func isUsable(_ target: UInt16, tried: UInt64, now: UInt64) -> Bool {
    let state = targets.base + Int(target)
    return tried & Self.bit(of: target) == 0 && !state.pointee.isFull && state.pointee.isHealthy(now)
  }

  /// The first usable place from `start` on, around the group.
  @inline(__always)
  private func next(_ group: UnsafePointer<GroupState>, from start: UInt32, tried: UInt64, now: UInt64) -> UInt32 {
    let count = group.pointee.memberCount
    var place = start
    for _ in 0..<count {
      if isUsable(target(group, place), tried: tried, now: now) { return place }
      place = place &+ 1 == count ? 0 : place &+ 1
    }
    return Self.none
  }

  // MARK: In turn

  @inline(__always)
  private func roundRobin(_ group: UnsafeMutablePointer<GroupState>, tried: UInt64, now: UInt64) -> UInt32 {
    let place = next(group, from: group.pointee.cursor, tried: tried, now: now)
    if place != Self.none { group.pointee.cursor = place &+ 1 == group.pointee.memberCount ? 0 : place &+ 1 }
    return place
  }

  /// All are credited their weight, the richest is chosen and pays for all: in any stretch each comes as often as its weight says, and the
  /// heavy ones not in a row.
  @inline(__always)
  func weightedRoundRobin(_ group: UnsafeMutablePointer<GroupState>, tried: UInt64, now: UInt64) -> UInt32 {
    let own = members.base + Int(group.pointee.firstMember)
    var best = Self.none
    var total: Int32 = 0
    for place in 0..<group.pointee.memberCount {
      let member = own + Int(place)
      guard isUsable(member.pointee.target, tried: tried, now: now) else { continue }
      member.pointee.credit &+= Int32(member.pointee.weight)
      total &+= Int32(member.pointee.weight)
      if best == Self.none || member.pointee.credit > own[Int(best)].credit { best = place }
    }
    if best != Self.none { own[Int(best)].credit &-= total }
    return best
  }

  /// The least (open + 1) / weight; among equals, in turn.
  @inline(__always)
  private func leastConnections(_ group: UnsafeMutablePointer<GroupState>, tried: UInt64, now: UInt64) -> UInt32 {
    let count = group.pointee.memberCount
    var place = group.pointee.cursor
    var best = Self.none
    var (bestOpen, bestWeight): (UInt64, UInt64) = (0, 1)
    for _ in 0..<count {
      let state = targets.base + Int(target(group, place))
      if isUsable(target(group, place), tried: tried, now: now) {
        let (open, weight) = (UInt64(state.pointee.open) &+ 1, UInt64(state.pointee.weight))
        if best == Self.none || open &* bestWeight < bestOpen &* weight {
          best = place
          (bestOpen, bestWeight) = (open, weight)
        }
      }
      place = place &+ 1 == count ? 0 : place &+ 1
    }
    if best != Self.none { group.pointee.cursor = best &+ 1 == count ? 0 : best &+ 1 }
    return best
  }

  // MARK: By hash

  /// After so many hashes that led to targets which cannot be used, the members are asked in turn.
  private static var rehashes: UInt32 { 16 }
  private static var golden: UInt32 { 0x9e37_79b9 }

  @inline(__always)
  private func sourceHash(_ group: UnsafePointer<GroupState>, _ address: UInt32, tried: UInt64, now: UInt64) -> UInt32 {
    var hash = SelectionHash.mix(address)
    var place: UInt32 = 0
    for _ in 0..<Self.rehashes {
      place = weighted(group, SelectionHash.scale(hash, group.pointee.totalWeight))
      if isUsable(target(group, place), tried: tried, now: now) { return place }
      hash = SelectionHash.mix(hash &+ Self.golden)
    }
    return next(group, from: place, tried: tried, now: now)
  }

  /// The place that a number below the sum of weights falls to.
  @inline(__always)
  private func weighted(_ group: UnsafePointer<GroupState>, _ number: UInt32) -> UInt32 {
    let own = members.base + Int(group.pointee.firstMember)
    var rest = number
    var place: UInt32 = 0
    while place &+ 1 < group.pointee.memberCount, rest >= UInt32(own[Int(place)].weight) {
      rest &-= UInt32(own[Int(place)].weight)
      place &+= 1
    }
    return place
  }

  /// The entry of the key; when its target cannot be used, others at steps of the key's own, so that the keys of a target that failed go to all
  /// others alike.
  @inline(__always)
  private func consistentHash(_ group: UnsafePointer<GroupState>, _ key: UInt32, tried: UInt64, now: UInt64) -> UInt32 {
    let own = entries.base + Int(group.pointee.firstEntry)
    var hash = SelectionHash.mix(key)
    var place: UInt32 = 0
    for _ in 0..<Self.rehashes {
      place = UInt32(own[Int(SelectionHash.scale(hash, group.pointee.entryCount))])
      if isUsable(target(group, place), tried: tried, now: now) { return place }
      hash = SelectionHash.mix(hash &+ Self.golden)
    }
    return next(group, from: place, tried: tried, now: now)
  }

  // MARK: When none is healthy

  /// The one that was taken out first, of those neither tried nor full.
  @inline(never)
  private func lastResort(_ group: UnsafePointer<GroupState>, tried: UInt64, now: UInt64) -> UInt32 {
    var best = Self.none
    var bestRetry: UInt64 = 0
    for place in 0..<group.pointee.memberCount {
      let state = targets.base + Int(target(group, place))
      guard tried & Self.bit(of: target(group, place)) == 0, !state.pointee.isFull else { continue }
      if best == Self.none || state.pointee.retry < bestRetry {
        best = place
        bestRetry = state.pointee.retry
      }
    }
    return best
  }
}
