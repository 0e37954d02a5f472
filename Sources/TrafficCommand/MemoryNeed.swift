import Glibc
import TCPEngine

/// How much memory a run takes, so that one that cannot get it is refused in a sentence and not by the kernel in the middle.
enum MemoryNeed {
  /// Octets of a packet buffer besides its room: DPDK's headers.
  private static let bufferHeaders = 384
  /// DPDK's own.
  private static let base = 32 << 20
  /// Octets of a connection's end without its workload's state, and of its record, with what is kept to find it.
  private static let connectionEnd = 120
  private static let recordEnd = 96
  /// Octets of a proxied connection, both legs, with what is kept to find it.
  private static let proxiedConnection = 152

  /// Octets of packet memory.
  static func packets(_ basis: RunBasis) -> Int {
    basis.settings.port.poolSize * (basis.settings.port.bufferRoom + bufferHeaders) + basis.workers * basis.depth * 16 + base
  }

  /// Octets of connection tables when all of a generator's connections are open.
  static func tables(_ engine: EngineSettings, workloadState: Int) -> Int {
    let end = connectionEnd + workloadState + (engine.detailedRecords ? recordEnd : 0)
    return engine.maxOpen * 2 * end
  }

  /// Octets of connection tables when all of a proxy's connections are open.
  static func tables(_ proxy: ProxySettings, inspectorState: Int) -> Int {
    let record = proxy.detailedRecords ? MemoryLayout<ProxyRecord>.stride : 0
    return proxy.maxOpen * (proxiedConnection + inspectorState + record)
  }

  /// Throws `CommandFailure` when more is needed, `tables` octets of it for connections, than there is.
  static func check(_ basis: RunBasis, tables: Int) throws {
    let needed = (DPDK.freeHugePages >= packets(basis) ? 0 : packets(basis)) + tables
    guard let available, needed > available else { return }
    let lack = "about \(megabytes(needed)) MB of memory are needed, but only \(megabytes(available)) MB are free"
    throw CommandFailure(.notStarted, "\(lack): lower ports.pool_size\(tables == 0 ? "" : " or engine.max_open")")
  }

  private static func megabytes(_ octets: Int) -> String { NumberText.grouped(UInt64(octets >> 20)) }

  /// Octets that the system can give; nil: unknown.
  private static var available: Int? {
    guard let file = fopen("/proc/meminfo", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
      if words.first == "MemAvailable:", words.count > 1 { return Int(words[1]).map { $0 << 10 } }
    }
    return nil
  }
}
