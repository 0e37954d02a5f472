/// The servers as one worker sees them: its own counts of what is open, its own judgement of their health, nothing shared.
///
/// Limits of open connections are totals: each worker has its share of them, so that no counter crosses a core. All that changes lies in tables
/// made at start.
public struct ServerGroups: ~Copyable {
  let targets: Table<TargetState>
  let groups: Table<GroupState>
  let members: Table<GroupMember>
  /// The tables of the consistent hashes, one after the other.
  let entries: Table<UInt16>
  let counts: Table<TargetCounters>
  let maximumFails: UInt16
  /// Ticks.
  let failTimeout: UInt64

  /// What worker `worker` of `workers` needs of these settings; throws what is wrong with them.
  public init(_ settings: ServerSettings, worker: Int, workers: Int, ticksPerMillisecond: UInt64) throws(ServerSettingsError) {
    try settings.validate(workers: workers)
    targets = Table(count: settings.targets.count)
    counts = Table(count: settings.targets.count)
    groups = Table(count: settings.groups.count)
    members = Table(count: settings.groups.reduce(0) { $0 + $1.targets.count })
    entries = Table(count: settings.groups.reduce(0) { $0 + $1.entries })
    maximumFails = UInt16(settings.health.maximumFails)
    failTimeout = UInt64(settings.health.failTimeout) * ticksPerMillisecond
    for (index, target) in settings.targets.enumerated() {
      targets[index] = TargetState(target, limit: Self.share(of: target.maximumConnections, worker, workers))
    }
    setUp(settings, worker: worker)
  }

  /// Workers begin at different places, so that together they do not begin with the same target.
  private func setUp(_ settings: ServerSettings, worker: Int) {
    var (firstMember, firstEntry) = (0, 0)
    for (index, group) in settings.groups.enumerated() {
      let own = group.targets.map { settings.targets[$0] }
      for (place, target) in own.enumerated() {
        members[firstMember + place] = GroupMember(target: UInt16(group.targets[place]), weight: UInt16(target.weight), credit: 0)
      }
      groups[index] = GroupState(
        group, settings.targets, firstMember: firstMember, firstEntry: firstEntry, cursor: worker % own.count)
      if group.algorithm == .weightedRoundRobin {
        for _ in 0..<worker { _ = weightedRoundRobin(groups.base + index, tried: 0, now: 0) }
      }
      if group.entries > 0 {
        ConsistentHashTable.fill(
          entries.base + firstEntry, count: group.entries,
          own.enumerated().map { .init(place: UInt16($0), address: $1.address, port: $1.port, weight: $1.weight) })
      }
      firstMember += own.count
      firstEntry += group.entries
    }
  }

  private static func share(of most: Int, _ worker: Int, _ workers: Int) -> UInt32 {
    most == 0 ? .max : UInt32(most / workers + (worker < most % workers ? 1 : 0))
  }

  /// Targets, whatever their groups.
  public var targetCount: Int { targets.count }

  /// IPv4, in host order.
  @inline(__always)
  public func address(of target: UInt16) -> UInt32 { targets.base[Int(target)].address }

  @inline(__always)
  public func port(of target: UInt16) -> UInt16 { targets.base[Int(target)].port }

  /// Connections of this worker that are open there.
  @inline(__always)
  public func open(at target: UInt16) -> UInt32 { targets.base[Int(target)].open }

  @inline(__always)
  public func counters(of target: UInt16) -> TargetCounters { counts[Int(target)] }

  /// The bit that stands for a target among those that a connection has tried. Beyond 64 targets a bit stands for several.
  @inline(__always)
  public static func bit(of target: UInt16) -> UInt64 { 1 &<< UInt64(target & 63) }
}
