/// A target as a member of a group.
struct GroupMember: BitwiseCopyable {
  let target: UInt16
  let weight: UInt16
  /// What the weighted round robin owes it.
  var credit: Int32
}

/// A group: where its members and its entries of the consistent hash lie, and whose turn it is.
struct GroupState: BitwiseCopyable {
  let algorithm: SelectionAlgorithm
  let firstMember: UInt32
  let memberCount: UInt32
  let firstEntry: UInt32
  /// 0: it has no consistent hash.
  let entryCount: UInt32
  let totalWeight: UInt32
  /// The place whose turn is next.
  var cursor: UInt32

  init(_ group: ServerGroupSettings, _ targets: [ServerTarget], firstMember: Int, firstEntry: Int, cursor: Int) {
    algorithm = group.algorithm
    self.firstMember = UInt32(firstMember)
    memberCount = UInt32(group.targets.count)
    self.firstEntry = UInt32(firstEntry)
    entryCount = UInt32(group.entries)
    totalWeight = UInt32(group.targets.reduce(0) { $0 + targets[$1].weight })
    self.cursor = UInt32(cursor)
  }
}

extension ServerGroupSettings {
  /// Entries of its consistent hash; 0: it has none.
  var entries: Int { algorithm == .consistentHash ? tableSize : 0 }
}
