import TCPEngine

extension Worker where Port: ~Copyable, C: ~Copyable, E: ~Copyable {
  /// Takes the frames that are still on the wire off it, or as many as a looped wire can hold. How many there were.
  mutating func clearWire() -> Int {
    let burst = UnsafeMutablePointer<PacketPointer>.allocate(capacity: Self.receiveBurst)
    defer { burst.deallocate() }
    var frames = 0
    while frames < 1 << 17 {
      let count = io.port.receive(burst, count: Self.receiveBurst)
      if count == 0 { break }
      for index in 0..<count { io.free(Packet(owning: burst[index])) }
      frames += count
    }
    return frames
  }
}

/// What a worker's thread leaves for the one who waits for it.
final class WorkerEndBox: @unchecked Sendable {
  var end = WorkerEnd()
}

extension WorkerEnd {
  /// Takes stock of the engine, once it was told to leave.
  init<W: Workload>(_ engine: borrowing TrafficEngine<W>) {
    (slots, flows, timers) = engine.inUse
  }
}
