import CPacket
import Testing

@testable import TCPEngine

@Suite struct StarvationTests {
  /// A request that comes in parts, a server that refuses, one that takes it, and the end: with no buffer but that of the frame itself from one
  /// step of it on, for a while.
  private func run(starvedAt step: Int, for steps: Int) -> Int {
    let script = Script(lines: 2) { $0.parameters.retries = 2 }
    var done = 0
    func act(_ action: () -> Void) {
      if done == step { script.starves = true }
      if done == step + steps { script.starves = false }
      done += 1
      action()
    }
    act { script.fromClient(.syn, options: Script<WholeLine, NoInspector>.usualSyn) }
    if let answer = script.takeSent().client.first { script.client.expected = answer.sequence &+ 1 }
    act { script.fromClient(.ack) }
    act { script.fromClient(.pshAck, "he") }
    act { script.fromClient(.pshAck, "llo\n") }
    act { script.pass(1_100) }
    learn(script, 0)
    act { script.fromServer(.rstAck, seq: 0, ack: 1_001) }
    act { script.pass(1_100) }
    learn(script, 1)
    act { script.fromServer(.synAck, ack: 1_001, server: 1) }
    act { script.pass(1_100) }
    act { script.fromServer(.ack, ack: 1_003, server: 1) }
    act { script.fromClient(.rst, seq: 1_100) }
    act { script.fromServer(.pshAck, "answer", ack: 1_007, server: 1) }
    act { script.pass(9_000) }
    script.starves = false
    script.ignoreSent()
    script.finish()
    return done
  }

  private func learn(_ script: Script<WholeLine, NoInspector>, _ index: Int) {
    let address = script.servers[index].address
    guard let syn = script.takeSent().servers.last(where: { $0.flags == .syn && $0.destination == address }) else { return }
    script.servers[index].proxyAddress = syn.source
    script.servers[index].proxyPort = syn.sourcePort
  }

  @Test func nothingIsLostTrackOfWithoutBuffers() {
    let count = run(starvedAt: -1, for: 0)
    for step in 0..<count { for steps in [1, 3, count] { _ = run(starvedAt: step, for: steps) } }
  }
}

@Suite struct RandomTests {
  private struct Known {
    var end: ScriptEnd
    var start: UInt32
  }

  /// Segments of all kinds, near to what is expected and far from it, of several clients and servers.
  @Test(arguments: 0..<40) func anySegmentsLeaveNothingBehind(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let script = Script(WholeLine(), Inserter(), servers: 3, seed: seed) {
      $0.parameters.timestamps = seed % 3 == 0 ? .always : .never
      $0.parameters.isImmediate = seed % 5 == 4
      $0.parameters.requestLimit = 64
      $0.maxOpen = 3
      $0.lingerPool = 2
      $0.parameters.lingerTimeout = 500
    }
    func roll(_ count: UInt64) -> UInt64 { random.next() % count }
    let clients = (0..<5).map {
      ScriptEnd(
        mac: 0x02_00_00_00_03_01, address: ScriptNames.clientAddress, port: 40_000 + UInt16($0),
        proxy: (ScriptNames.proxyAddress, ScriptNames.listening), next: UInt32(truncatingIfNeeded: roll(1 << 32)))
    }
    var servers: [ScriptEnd] = []
    for _ in 0..<600 {
      let isServers = !servers.isEmpty && roll(2) == 0
      let end = isServers ? servers[Int(roll(UInt64(servers.count)))] : clients[Int(roll(5))]
      let kinds: [TCPFlags] = [.ack, .ack, .pshAck, .pshAck, .pshAck, .finAck, .rst, .rstAck, .syn, .syn, .synAck, .finPshAck, .fin]
      let flags = isServers && roll(3) == 0 ? .synAck : kinds[Int(roll(UInt64(kinds.count)))]
      var payload: [UInt8] = []
      for _ in 0..<(flags.has(.psh) ? roll(40) : 0) { payload.append(UInt8(65 + roll(26))) }
      if roll(3) == 0 { payload.append(10) }
      var options: [UInt8] = []
      if flags.has(.syn), roll(2) == 0 { options = OptionOctets.mss(UInt16(roll(1_500))) + OptionOctets.scale(UInt8(roll(15))) }
      if roll(2) == 0 { options += OptionOctets.timestamps(UInt32(roll(9_000)), UInt32(roll(9_000))) }
      if !flags.has(.syn), roll(4) == 0 { options += OptionOctets.blocks(UInt32(roll(9_000)), UInt32(roll(9_000))) }
      let near = UInt32(truncatingIfNeeded: Int64(roll(20)) - 10)
      let ack = end.expected.map { roll(4) == 0 ? $0 &+ near : $0 }
      let seq: UInt32? = roll(4) == 0 ? end.next &+ near : nil
      var segment = end.segment(
        flags, payload: payload, seq: seq, ack: ack, window: UInt16(roll(3) == 0 ? roll(3) : roll(65_536)), options: options,
        urgent: UInt16(roll(2)))
      if roll(50) == 0 { segment.acknowledgment = UInt32(truncatingIfNeeded: random.next()) }
      script.send(segment)
      if roll(6) == 0 { script.pass(Int(roll(2_500)), step: 50) }
      script.starves = roll(12) == 0
      let sent = script.takeSent()
      for segment in sent.client {
        guard let end = clients.first(where: { $0.port == segment.destinationPort }) else { continue }
        end.expected = segment.sequence &+ segment.length
      }
      for segment in sent.servers {
        if segment.flags.has(.syn) {
          let index = Int(segment.destination.rawValue &- ScriptNames.serverAddress)
          let server = ScriptEnd(
            mac: ScriptNames.serverMAC(index), address: segment.destination.rawValue, port: segment.destinationPort,
            proxy: (segment.source.rawValue, segment.sourcePort), next: UInt32(truncatingIfNeeded: random.next()))
          server.expected = segment.sequence &+ 1
          servers.append(server)
          if servers.count > 6 { servers.removeFirst() }
        } else if let end = servers.last(where: { $0.proxyPort == segment.sourcePort && $0.proxyAddress == segment.source }) {
          end.expected = segment.sequence &+ segment.length
        }
      }
    }
    script.starves = false
    script.finish()
  }
}
