import ArgumentParser
import Configuration

/// A flag for every key of the configuration. Values stay texts here, so that all mistakes are answered in `ConfigurationError`'s words.
public struct SettingsFlags: ParsableArguments {
  @OptionGroup(title: "Run") var run: RunFlags
  @OptionGroup(title: "Port") var port: PortFlags
  @OptionGroup(title: "Engine") var engine: EngineFlags
  @OptionGroup(title: "TCP") var tcp: TCPFlags
  @OptionGroup(title: "Timeouts") var timeouts: TimeoutFlags
  @OptionGroup(title: "Workload http") var http: HTTPFlags
  @OptionGroup(title: "Workload bulk") var bulk: BulkFlags
  @OptionGroup(title: "Faults of the wire") var faults: FaultFlags
  @OptionGroup(title: "Output") var output: OutputFlags

  public init() {}

  /// The flags that were given, for `Configuration.load`.
  public func overrides() -> [Override] {
    let groups: [any FlagGroup] = [run, port, engine, tcp, timeouts, http, bulk, faults, output]
    return groups.flatMap { $0.overrides() }
  }
}

struct RunFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("cores")) var cores: String?
  @Option(parsing: .unconditional, help: .key("test_size")) var testSize: String?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A server to connect to, with the workload's usual port unless one is given; may be repeated, replaces the file's targets. "
        + "(default: the port's own server role)", valueName: "ip:port"))
  var target: [String] = []
}

struct PortFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("ports.kind")) var kind: String?
  @Option(name: [.customShort("i"), .long], parsing: .unconditional, help: .key("ports.interface")) var interface: String?
  @Option(parsing: .unconditional, help: .key("ports.driver")) var driver: String?
  @Option(parsing: .unconditional, help: .key("ports.vdev")) var vdev: String?
  @Option(parsing: .unconditional, help: .key("ports.pci")) var pci: String?
  @Option(parsing: .unconditional, help: .key("ports.rxd")) var rxd: String?
  @Option(parsing: .unconditional, help: .key("ports.txd")) var txd: String?
  @Option(name: [.long, .customLong("mbuf-cnt")], parsing: .unconditional, help: .key("ports.pool_size")) var poolSize: String?
  @Option(parsing: .unconditional, help: .key("ports.cache_size")) var cacheSize: String?
  @Option(parsing: .unconditional, help: .key("ports.mtu")) var mtu: String?
  @Option(parsing: .unconditional, help: .key("ports.vlan")) var vlan: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .key("ports.checksum")) var checksum: String?
  @Flag(help: .hidden) var noChecksum = false
  @Option(parsing: .unconditional, help: .key("ports.dst_port_mask")) var dstPortMask: String?
  @Option(parsing: .unconditional, help: .key("ports.flow_steering")) var flowSteering: String?
  @Option(parsing: .unconditional, help: .key("ports.mac")) var mac: String?
  @Option(parsing: .unconditional, help: .key("ports.linux_if")) var linuxIf: String?
  @Option(name: [.long, .customLong("ip")], parsing: .unconditional, help: .key("ports.ipnet")) var ipnet: String?
  @Option(parsing: .unconditional, help: .key("ports.gateway")) var gateway: String?
  @Option(parsing: .unconditional, help: .key("ports.servers")) var servers: String?
  @Option(parsing: .unconditional, help: .key("ports.clients")) var clients: String?
  @Option(parsing: .unconditional, help: .key("ports.kernel_interface")) var kernelInterface: String?
  @Option(parsing: .unconditional, help: .key("ports.namespace")) var namespace: String?
}

struct EngineFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("engine.workload")) var workload: String?
  @Option(parsing: .unconditionalSingleValue, help: .key("engine.port")) var port: [String] = []
  @Option(name: [.long, .customLong("cps")], parsing: .unconditional, help: .key("engine.cps_limit")) var cpsLimit: String?
  @Option(parsing: .unconditional, help: .key("engine.max_open")) var maxOpen: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .key("engine.detailed_records")) var detailedRecords: String?
  @Flag(help: .hidden) var noDetailedRecords = false
  @Option(parsing: .unconditional, help: .key("engine.fin_by_client")) var finByClient: String?
  @Option(parsing: .unconditional, help: .key("engine.fin_by_server")) var finByServer: String?
  @Option(parsing: .unconditional, help: .key("engine.duration")) var duration: String?
  @Option(parsing: .unconditional, help: .key("engine.ramp")) var ramp: String?
  @Option(parsing: .unconditional, help: .key("engine.payload_size")) var payloadSize: String?
  @Option(parsing: .unconditional, help: .key("engine.response_size")) var responseSize: String?
  @Option(parsing: .unconditional, help: .key("engine.think_time")) var thinkTime: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .key("engine.verify_payload")) var verifyPayload: String?
  @Flag(help: .hidden) var noVerifyPayload = false
  @Option(parsing: .unconditional, help: .key("engine.seed")) var seed: String?
  @Option(parsing: .unconditional, help: .key("engine.time_wait_pool")) var timeWaitPool: String?
}

struct TCPFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("engine.mss")) var mss: String?
  @Option(parsing: .unconditional, help: .key("engine.window")) var window: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .key("engine.window_scale")) var windowScale: String?
  @Flag(help: .hidden) var noWindowScale = false
  @Option(defaultAsFlag: "true", parsing: .next, help: .key("engine.sack")) var sack: String?
  @Flag(help: .hidden) var noSack = false
  @Option(defaultAsFlag: "true", parsing: .next, help: .key("engine.timestamps")) var timestamps: String?
  @Flag(help: .hidden) var noTimestamps = false
  @Option(parsing: .unconditional, help: .key("engine.rto_min")) var rtoMin: String?
  @Option(parsing: .unconditional, help: .key("engine.delayed_ack")) var delayedAck: String?
  @Option(parsing: .unconditional, help: .key("engine.rto_initial")) var rtoInitial: String?
  @Option(parsing: .unconditional, help: .key("engine.syn_retries")) var synRetries: String?
  @Option(parsing: .unconditional, help: .key("engine.data_retries")) var dataRetries: String?
  @Option(parsing: .unconditional, help: .key("engine.congestion_control")) var congestionControl: String?
  @Option(parsing: .unconditional, help: .key("engine.recovery_pool")) var recoveryPool: String?
}

struct TimeoutFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("engine.timeouts.syn_sent")) var timeoutsSynSent: String?
  @Option(parsing: .unconditional, help: .key("engine.timeouts.syn_received")) var timeoutsSynReceived: String?
  @Option(parsing: .unconditional, help: .key("engine.timeouts.established")) var timeoutsEstablished: String?
  @Option(parsing: .unconditional, help: .key("engine.timeouts.closing")) var timeoutsClosing: String?
  @Option(parsing: .unconditional, help: .key("engine.timeouts.time_wait")) var timeoutsTimeWait: String?
  @Option(parsing: .unconditional, help: .key("engine.timeouts.keepalive")) var timeoutsKeepalive: String?
}

struct HTTPFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("http.method")) var method: String?
  @Option(parsing: .unconditional, help: .key("http.path")) var path: String?
  @Option(parsing: .unconditional, help: .key("http.host")) var host: String?
  @Option(name: [.long, .customShort("H")], parsing: .unconditionalSingleValue, help: .key("http.headers")) var headers: [String] = []
  @Option(parsing: .unconditional, help: .key("http.requests")) var requests: String?
  @Option(parsing: .unconditional, help: .key("http.request_body_size")) var requestBodySize: String?
  @Option(defaultAsFlag: "true", parsing: .next, help: .key("http.accept_any_status")) var acceptAnyStatus: String?
  @Flag(help: .hidden) var noAcceptAnyStatus = false
  @Option(parsing: .unconditional, help: .key("http.body_size")) var bodySize: String?
  @Option(parsing: .unconditional, help: .key("http.chunk_size")) var chunkSize: String?
}

struct BulkFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("bulk.direction")) var bulkDirection: String?
  @Option(parsing: .unconditional, help: .key("bulk.size")) var bulkSize: String?
}

struct FaultFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("faults.loss")) var loss: String?
  @Option(parsing: .unconditional, help: .key("faults.duplicate")) var duplicate: String?
  @Option(parsing: .unconditional, help: .key("faults.reorder")) var reorder: String?
  @Option(parsing: .unconditional, help: .key("faults.delay")) var delay: String?
  @Option(parsing: .unconditional, help: .key("faults.corrupt")) var corrupt: String?
}

struct OutputFlags: FlagGroup {
  @Option(parsing: .unconditional, help: .key("output.json")) var json: String?
  @Option(parsing: .unconditional, help: .key("output.pcap")) var pcap: String?
  @Option(parsing: .unconditional, help: .key("output.pcap_count")) var pcapCount: String?
  @Option(parsing: .unconditional, help: .key("output.records_file")) var recordsFile: String?
  @Option(parsing: .unconditional, help: .key("output.records_sample")) var recordsSample: String?
}
