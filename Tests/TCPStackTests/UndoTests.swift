import Testing

@testable import TCPStack

/// Timeouts of a path that has only become slow: what they took from the window is given back.
@Suite struct UndoTests {
  /// The congestion window in segments, of Linux's `struct tcp_info`.
  private func window(_ stack: Stack, _ socket: Int32) -> UInt32 {
    stack.option(socket, 6, 11).1.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 80, as: UInt32.self) }
  }

  /// A stream whose packets take 10 ms, and then, of a sudden, `slow` microseconds, for as long as `span`. The window before, at its smallest,
  /// and at its largest within a round trip of the last packet's arrival.
  private func windows(slow: UInt64, for span: UInt64, timestamps: Bool, sack: Bool = true) throws -> (
    before: UInt32, least: UInt32, after: UInt32
  ) {
    let hosts = TwoHosts(
      client: {
        $0.timestamps = timestamps
        $0.sack = sack
      })
    let sockets = try hosts.connect()
    let up = Transfer(Transfer.octets(20_000_000, seed: 3), hosts.client, sockets.client, to: hosts.server, sockets.server)
    try hosts.run(until: { up.go() || up.received.count > 400_000 })
    let before = window(hosts.client, sockets.client)
    hosts.delay = slow
    var least = before
    var after: UInt32 = 0
    let began = hosts.now
    try hosts.run(
      until: {
        if hosts.now - began > span { hosts.delay = 10_000 }
        _ = up.go()
        let now = window(hosts.client, sockets.client)
        least = min(least, now)
        after = now > least ? max(after, now) : 0
        return hosts.now - began > 2 * slow + 100_000
      })
    return (before, least, after)
  }

  @Test func theEchoOfATimestampTells() throws {
    let windows = try windows(slow: 300_000, for: .max, timestamps: true)
    #expect(windows.least == 1, "the timeout came")
    #expect(windows.after >= windows.before)
  }

  @Test func reportsOfDuplicatesTell() throws {
    let windows = try windows(slow: 1_000_000, for: 20_000, timestamps: false)
    #expect(windows.least == 1, "the timeout came")
    #expect(windows.after >= windows.before)
  }

  @Test func nothingTells() throws {
    let windows = try windows(slow: 300_000, for: .max, timestamps: false, sack: false)
    #expect(windows.least == 1, "the timeout came")
    #expect(windows.after < windows.before)
  }
}
