/* A web server of its own TCP, on a TUN interface that it makes:
 *
 *     swift build -c release --product tcpstack
 *     cc -O2 -I Sources/CTCPStack/include -o embedded-stack Examples/EmbeddedStack/main.c -L .build/release -ltcpstack -Wl,-rpath,$PWD/.build/release
 *     sudo ./embedded-stack tun9 10.9.0.2 80 &
 *     sudo ip addr add 10.9.0.1/24 dev tun9 && sudo ip link set tun9 up
 *     curl http://10.9.0.2/
 *
 * It answers every request with the same page and closes; it ends by SIGINT. */
#include "tcpstack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS 256

/* What a connection has asked, and how much of the answer it has had. */
static struct client {
    int used, answering;
    char request[2048];
    size_t received, answered;
} clients[SOCKETS];

static volatile sig_atomic_t stopped;
static void stop(int signal) { (void)signal, stopped = 1; }

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int open_tun(const char *name) {
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0) {
        fprintf(stderr, "embedded-stack: cannot make the interface %s: %s\n", name, strerror(errno));
        exit(1);
    }
    return tun;
}

static const char *page(size_t *length) {
    static char text[256];
    const char *body = "<p>Hello from a TCP stack of its own.</p>\n";
    *length = (size_t)snprintf(
        text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(body), body);
    return text;
}

static void end(tcpstack *stack, int socket) {
    tcpstack_close(stack, socket);
    clients[socket].used = 0;
}

/* Reads the request, then writes as much of the answer as the socket takes. */
static void serve(tcpstack *stack, int socket) {
    struct client *client = &clients[socket];
    while (!client->answering) {
        size_t room = sizeof client->request - 1 - client->received;
        int64_t count = room == 0 ? 0 : tcpstack_receive(stack, socket, client->request + client->received, room, 0);
        if (count == -EAGAIN) return;
        if (count <= 0) return end(stack, socket);
        client->received += (size_t)count;
        client->request[client->received] = 0;
        client->answering = strstr(client->request, "\r\n\r\n") != NULL;
    }
    size_t length;
    const char *answer = page(&length);
    while (client->answered < length) {
        int64_t count = tcpstack_send(stack, socket, answer + client->answered, length - client->answered, 0);
        if (count == -EAGAIN) return;
        if (count < 0) return end(stack, socket);
        client->answered += (size_t)count;
    }
    end(stack, socket);
}

static void send_packets(tcpstack *stack, int tun) {
    char packet[65536];
    size_t length;
    while ((length = tcpstack_packet_out(stack, packet, sizeof packet)) > 0) {
        if (write(tun, packet, length) < 0 && errno != EAGAIN) perror("embedded-stack: tun");  /* lost: TCP sees to it */
    }
}

int main(int argc, char **argv) {
    struct in_addr address;
    if (argc != 4 || inet_pton(AF_INET, argv[2], &address) != 1 || atoi(argv[3]) < 1 || atoi(argv[3]) > 65535) {
        fprintf(stderr, "usage: embedded-stack INTERFACE ADDRESS PORT\n");
        return 2;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    int tun = open_tun(argv[1]);
    struct tcpstack_configuration configuration = {.address = ntohl(address.s_addr), .maximum_sockets = SOCKETS, .seed = now()};
    tcpstack *stack = tcpstack_create(&configuration, now());
    int listener = tcpstack_socket(stack);
    if (tcpstack_bind(stack, listener, 0, (uint16_t)atoi(argv[3])) != 0 || tcpstack_listen(stack, listener, 64) != 0) return 1;

    while (!stopped) {
        uint64_t deadline = tcpstack_next_deadline(stack), time = now();
        uint64_t wait = deadline > time ? (deadline - time + 999) / 1000 : 0;
        struct pollfd readable = {.fd = tun, .events = POLLIN};
        poll(&readable, 1, wait > 1000 ? 1000 : (int)wait);

        tcpstack_advance(stack, now());
        char packet[65536];
        ssize_t length;
        while ((length = read(tun, packet, sizeof packet)) > 0) tcpstack_packet_in(stack, packet, (size_t)length, now());
        int socket;
        while ((socket = tcpstack_accept(stack, listener, NULL, NULL)) >= 0) clients[socket] = (struct client){.used = 1};
        for (socket = 0; socket < SOCKETS; socket++)
            if (clients[socket].used) serve(stack, socket);
        send_packets(stack, tun);
    }
    tcpstack_destroy(stack);
    return 0;
}
