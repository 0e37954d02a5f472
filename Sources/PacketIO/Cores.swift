import CPacket

/// The machine's cores, by their numbers.
public enum Cores {
  /// Those that the calling thread may run on, in ascending order.
  public static var allowed: [Int] {
    var cores = [Int32](repeating: 0, count: 1_024)
    let count = allowed_cores(&cores, Int32(cores.count))
    return cores.prefix(Int(count)).map(Int.init)
  }

  /// Keeps the calling thread away from these, unless there are no others.
  public static func avoid(_ cores: [Int]) {
    let cores = cores.map(Int32.init)
    _ = avoid_cores(cores, Int32(cores.count))
  }
}
