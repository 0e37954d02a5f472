/// Fills the table of a consistent hash (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4): each
/// member has an order of its own over all entries, and members take turns, by weight, at the next free entry of theirs. The order follows from
/// address and port alone, so that every proxy with the same targets has the same table.
enum ConsistentHashTable {
  struct Member {
    let place: UInt16
    let address: UInt32
    let port: UInt16
    let weight: Int
  }

  /// Fills `count` entries, a prime, with places of members.
  static func fill(_ entries: UnsafeMutablePointer<UInt16>, count: Int, _ members: [Member]) {
    let members = members.sorted { ($0.address, $0.port) < ($1.address, $1.port) }
    let heaviest = members.map(\.weight).max() ?? 1
    var orders = members.map { Order($0, count: count) }
    // All take the first turn, so that none is without an entry.
    var credits = members.map { heaviest - $0.weight }
    var isTaken = [Bool](repeating: false, count: count)
    var free = count
    while true {
      for (index, member) in members.enumerated() {
        credits[index] += member.weight
        guard credits[index] >= heaviest else { continue }
        credits[index] -= heaviest
        var entry = orders[index].next()
        while isTaken[entry] { entry = orders[index].next() }
        isTaken[entry] = true
        entries[entry] = member.place
        free -= 1
        if free == 0 { return }
      }
    }
  }

  /// All entries in a member's order: a first one and a step, which a prime number of entries lets reach all.
  private struct Order {
    private var at: Int
    private let step: Int
    private let count: Int

    init(_ member: Member, count: Int) {
      let hash = SelectionHash.mix(member.address ^ SelectionHash.mix(UInt32(member.port)))
      at = Int(hash) % count
      step = Int(SelectionHash.mix(hash ^ 0x9e37_79b9)) % (count - 1) + 1
      self.count = count
    }

    mutating func next() -> Int {
      defer { at = (at + step) % count }
      return at
    }
  }
}
