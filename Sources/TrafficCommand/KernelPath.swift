import CPacket
import CTap
import Glibc
import Synchronization
import TCPEngine

/// The kernel interface of a run (ports.kernel_interface), and the thread that reads and writes it, so that no worker makes a system call.
///
/// The interface goes with its file descriptor, however this process ends.
final class KernelPath {
  /// One to a worker; the first one's worker sends what the kernel sends.
  private let channels: [UnsafeMutablePointer<KernelChannel>]
  private let tap: Int32
  private let stopping = Flag()
  private var thread: JoinableThread?

  private final class Flag: Sendable {
    let isSet = Atomic(false)
    let hasEnded = Atomic(false)
  }

  /// A channel is shared with its worker.
  private struct Channel: @unchecked Sendable {
    let pointer: UnsafePointer<KernelChannel>
  }

  /// How long a frame for the kernel may lie before this thread looks again, when the kernel sends nothing meanwhile.
  private static let pause: UInt32 = 200

  /// Makes the interface; throws `CommandFailure` when it cannot be made.
  init(_ interface: String, _ settings: PortSettings, mac: MACAddress, workers: Int) throws {
    tap = try Self.open(interface, settings, mac)
    channels = (0..<workers).map { worker in
      let channel = UnsafeMutablePointer<KernelChannel>.allocate(capacity: 1)
      channel.initialize(to: KernelChannel(sends: worker == 0))
      return channel
    }
  }

  deinit {
    stop()
    tap_close(tap)
    for channel in channels {
      channel.deinitialize(count: 1)
      channel.deallocate()
    }
  }

  func channel(_ worker: Int) -> UnsafePointer<KernelChannel> { UnsafePointer(channels[worker]) }

  /// Begins to carry frames, away from the workers' cores.
  func start(avoiding cores: [Int]) {
    let shared = channels.map { Channel(pointer: UnsafePointer($0)) }
    thread = JoinableThread { [tap, stopping] in
      Cores.avoid(cores)
      let carrier = KernelCarrier(tap: tap, channels: shared.map(\.pointer))
      while !stopping.isSet.load(ordering: .acquiring) {
        if !carrier.turn() { tap_wait(tap, Self.pause) }
      }
      carrier.giveBack()
      stopping.hasEnded.store(true, ordering: .releasing)
    }
  }

  /// Ends the thread, and waits until it touches no channel any more; from any thread, as often as one likes.
  func end() {
    stopping.isSet.store(true, ordering: .releasing)
    while !stopping.hasEnded.load(ordering: .acquiring) { usleep(100) }
  }

  private func stop() {
    guard let thread else { return }
    end()
    thread.join()
    self.thread = nil
  }

  private static func open(_ interface: String, _ settings: PortSettings, _ mac: MACAddress) throws -> Int32 {
    var step = TAP_NAMESPACE
    let result = interface.withCString { name in
      func open(_ namespace: UnsafePointer<CChar>?) -> Int32 {
        var wanted = tap_settings(
          name: name, network_namespace: namespace, mac: mac.rawValue, address: settings.address.rawValue,
          prefix_length: UInt32(settings.prefixLength), gateway: settings.gateway?.rawValue ?? 0)
        return tap_open(&wanted, &step)
      }
      return settings.namespace.map { $0.withCString(open) } ?? open(nil)
    }
    guard result < 0 else { return result }
    throw CommandFailure(.notStarted, sentence(interface, settings.namespace ?? "", step, -result))
  }

  private static func sentence(_ interface: String, _ namespace: String, _ step: tap_step, _ error: Int32) -> String {
    if error == EPERM || error == EACCES {
      return "the kernel interface '\(interface)' (ports.kernel_interface) takes root (CAP_NET_ADMIN)"
    }
    let reason = String(cString: strerror(error))
    switch (step, error) {
    case (TAP_NAMESPACE, ENOENT):
      return "there is no network namespace '\(namespace)' (ports.namespace); `ip netns list` lists those that are there"
    case (TAP_NAMESPACE, _):
      return "the network namespace '\(namespace)' (ports.namespace) could not be entered (\(reason)); `ip netns` makes such that can"
    case (TAP_DEVICE, _):
      return "the kernel interface '\(interface)' (ports.kernel_interface) needs /dev/net/tun (\(reason)); `modprobe tun` may bring it"
    case (TAP_CREATE, EEXIST), (TAP_CREATE, EBUSY):
      return "there is an interface '\(interface)' already (ports.kernel_interface): give another name, or remove it with `ip link del`"
    default:
      return "the kernel interface '\(interface)' (ports.kernel_interface) could not be set up (\(reason)): correct its name or ports.ipnet"
    }
  }
}

/// What the thread does: frames from the workers to the kernel, and back. It owns the buffers it has been given until it gives them back.
private final class KernelCarrier {
  private let tap: Int32
  private let channels: [UnsafePointer<KernelChannel>]
  /// Buffers to be filled, of the worker that sends.
  private var empties: [PacketPointer] = []

  /// Parcels handled in one go.
  private static let burst = 64

  init(tap: Int32, channels: [UnsafePointer<KernelChannel>]) {
    self.tap = tap
    self.channels = channels
    empties.reserveCapacity(KernelChannel.empties)
  }

  /// False: there was nothing to do.
  func turn() -> Bool {
    var worked = false
    for channel in channels where take(channel) { worked = true }
    return fill() || worked
  }

  /// From one worker; as many as it can be given back.
  private func take(_ channel: UnsafePointer<KernelChannel>) -> Bool {
    var count = 0
    while count < Self.burst, let parcel = channel.pointee.toKernel.peek() {
      if parcel.pointee.kind == .empty {
        empties.append(parcel.pointee.packet)
      } else {
        guard let place = channel.pointee.fromKernel.reserve() else { break }
        place.pointee = KernelParcel(parcel.pointee.packet, write(parcel.pointee.packet) ? .done : .refused)
        channel.pointee.fromKernel.commit()
      }
      channel.pointee.toKernel.consume(1)
      count += 1
    }
    return count > 0
  }

  /// A frame in several pieces is not taken: none of the ports makes one that is small enough for this interface.
  private func write(_ packet: PacketPointer) -> Bool {
    packet.pointee.nb_segs <= 1 && tap_write(tap, packet_data(packet), Int(packet.pointee.data_len)) == 0
  }

  /// What the kernel has sent, into the buffers at hand.
  private func fill() -> Bool {
    var count = 0
    while count < Self.burst, let packet = empties.last, let place = channels[0].pointee.fromKernel.reserve() {
      let length = tap_read(tap, packet_data(packet), Int(packet.pointee.buf_len - packet.pointee.data_off))
      if length == 0 { break }
      packet_set_length(packet, UInt32(length))
      empties.removeLast()
      place.pointee = KernelParcel(packet, .frame)
      channels[0].pointee.fromKernel.commit()
      count += 1
    }
    return count > 0
  }

  /// All buffers go back where they came from; there is room for them, as there is for as many as a channel ever holds.
  func giveBack() {
    for packet in empties {
      guard let place = channels[0].pointee.fromKernel.reserve() else { break }
      place.pointee = KernelParcel(packet, .done)
      channels[0].pointee.fromKernel.commit()
    }
    empties = []
  }
}
