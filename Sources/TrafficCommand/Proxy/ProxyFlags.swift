import ArgumentParser
import Configuration

/// A flag for every key of the proxy's configuration that has one. Values stay texts here, so that all mistakes are answered in
/// `ConfigurationError`'s words.
struct ProxyFlags: ParsableArguments {
  @OptionGroup(title: "Run") var run: ProxyRunFlags
  @OptionGroup(title: "Engine") var engine: ProxyEngineFlags
  @OptionGroup(title: "Timeouts") var timeouts: ProxyTimeoutFlags
  @OptionGroup(title: "Output") var output: ProxyOutputFlags

  /// The flags that were given, for `ProxyConfiguration.load`.
  func overrides() -> [Override] {
    let groups: [any FlagGroup] = [run, engine, timeouts, output]
    return groups.flatMap { $0.overrides() }
  }
}

struct ProxyRunFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .proxyKey("cores")) var cores: String?
  @Option(name: [.customShort("i"), .long], parsing: .unconditional, help: .proxyKey("ports.interface")) var interface: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.driver")) var driver: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.vdev")) var vdev: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.pci")) var pci: String?
  @Option(name: [.long, .customLong("ip")], parsing: .unconditional, help: .proxyKey("ports.ipnet")) var ipnet: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.gateway")) var gateway: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.kernel_interface")) var kernelInterface: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.namespace")) var namespace: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.addresses")) var addresses: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.sources")) var sources: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.mac")) var mac: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.linux_if")) var linuxIf: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.rxd")) var rxd: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.txd")) var txd: String?
  @Option(name: [.long, .customLong("mbuf-cnt")], parsing: .unconditional, help: .proxyKey("ports.pool_size")) var poolSize: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.cache_size")) var cacheSize: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.mtu")) var mtu: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.vlan")) var vlan: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .proxyKey("ports.checksum")) var checksum: String?
  @Flag(help: .hidden) var noChecksum = false
  @Option(parsing: .unconditional, help: .proxyKey("ports.dst_port_mask")) var dstPortMask: String?
  @Option(parsing: .unconditional, help: .proxyKey("ports.flow_steering")) var flowSteering: String?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A server; may be repeated, replaces the file's targets.", valueName: "ip:port"))
  var target: [String] = []
}

struct ProxyEngineFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .proxyKey("engine.port")) var port: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.mode")) var mode: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.default_group")) var defaultGroup: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.max_open")) var maxOpen: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.linger_pool")) var lingerPool: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.request_limit")) var requestLimit: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.duration")) var duration: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.seed")) var seed: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .proxyKey("engine.detailed_records")) var detailedRecords: String?
  @Flag(help: .hidden) var noDetailedRecords = false
  @Option(parsing: .unconditional, help: .proxyKey("engine.mss")) var mss: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.window_scale")) var windowScale: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .proxyKey("engine.sack")) var sack: String?
  @Flag(help: .hidden) var noSack = false
  @Option(parsing: .unconditional, help: .proxyKey("engine.timestamps")) var timestamps: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.rto_initial")) var rtoInitial: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.retries")) var retries: String?
  @Option(parsing: .unconditional, help: .proxyKey("health.max_fails")) var maxFails: String?
  @Option(parsing: .unconditional, help: .proxyKey("health.fail_timeout")) var failTimeout: String?
}

struct ProxyTimeoutFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .proxyKey("engine.timeouts.handshake")) var timeoutsHandshake: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.timeouts.request")) var timeoutsRequest: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.timeouts.server_first")) var timeoutsServerFirst: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.timeouts.connect")) var timeoutsConnect: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.timeouts.established")) var timeoutsEstablished: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.timeouts.closing")) var timeoutsClosing: String?
  @Option(parsing: .unconditional, help: .proxyKey("engine.timeouts.linger")) var timeoutsLinger: String?
}

struct ProxyOutputFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .proxyKey("output.json")) var json: String?
  @Option(parsing: .unconditional, help: .proxyKey("output.pcap")) var pcap: String?
  @Option(parsing: .unconditional, help: .proxyKey("output.pcap_count")) var pcapCount: String?
  @Option(parsing: .unconditional, help: .proxyKey("output.records_file")) var recordsFile: String?
  @Option(parsing: .unconditional, help: .proxyKey("output.records_sample")) var recordsSample: String?
}
