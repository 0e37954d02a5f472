#define _GNU_SOURCE
#include "ctap.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct ifreq request(const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return request;
}

static struct sockaddr internet_address(uint32_t address) {
    struct sockaddr_in internet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr any;
    memcpy(&any, &internet, sizeof any);
    return any;
}

static int create(int tap, const char *name) {
    struct ifreq wanted = request(name);
    wanted.ifr_flags = IFF_TAP | IFF_NO_PI;
    /* An interface of this name that is there would be joined, not made. */
    if (if_nametoindex(name) != 0) return -EEXIST;
    return ioctl(tap, TUNSETIFF, &wanted) == 0 ? 0 : -errno;
}

static int set_mac(int control, const char *name, uint64_t mac) {
    struct ifreq wanted = request(name);
    wanted.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    for (int octet = 0; octet < 6; octet++) wanted.ifr_hwaddr.sa_data[octet] = (char)(mac >> (40 - 8 * octet));
    return ioctl(control, SIOCSIFHWADDR, &wanted) == 0 ? 0 : -errno;
}

static int set_address(int control, const char *name, uint32_t address, uint32_t prefix_length) {
    struct ifreq wanted = request(name);
    wanted.ifr_addr = internet_address(address);
    if (ioctl(control, SIOCSIFADDR, &wanted) != 0) return -errno;
    wanted.ifr_netmask = internet_address(~0u << (32 - prefix_length));
    return ioctl(control, SIOCSIFNETMASK, &wanted) == 0 ? 0 : -errno;
}

static int set_up(int control, const char *name) {
    struct ifreq wanted = request(name);
    if (ioctl(control, SIOCGIFFLAGS, &wanted) != 0) return -errno;
    wanted.ifr_flags |= IFF_UP | IFF_RUNNING;
    return ioctl(control, SIOCSIFFLAGS, &wanted) == 0 ? 0 : -errno;
}

static int add_default_route(int control, const char *name, uint32_t gateway) {
    struct rtentry route;
    memset(&route, 0, sizeof route);
    route.rt_dst = internet_address(0);
    route.rt_genmask = internet_address(0);
    route.rt_gateway = internet_address(gateway);
    route.rt_flags = RTF_UP | RTF_GATEWAY;
    route.rt_dev = (char *)name;
    if (ioctl(control, SIOCADDRT, &route) == 0 || errno == EEXIST) return 0;
    return -errno;
}

static int configure(int tap, int control, const struct tap_settings *settings, enum tap_step *step) {
    *step = TAP_CREATE;
    int result = create(tap, settings->name);
    if (result == 0) {
        *step = TAP_MAC;
        result = set_mac(control, settings->name, settings->mac);
    }
    if (result == 0) {
        *step = TAP_ADDRESS;
        result = set_address(control, settings->name, settings->address, settings->prefix_length);
    }
    if (result == 0) {
        *step = TAP_UP;
        result = set_up(control, settings->name);
    }
    if (result == 0 && settings->gateway != 0 && settings->network_namespace != NULL) {
        *step = TAP_ROUTE;
        result = add_default_route(control, settings->name, settings->gateway);
    }
    return result;
}

/* In whatever namespace the thread is. */
static int open_here(const struct tap_settings *settings, enum tap_step *step) {
    *step = TAP_DEVICE;
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0) return -errno;
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result = control < 0 ? -errno : configure(tap, control, settings, step);
    if (control >= 0) close(control);
    if (result == 0) return tap;
    close(tap);
    return result;
}

static int enter(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    int result = setns(file, CLONE_NEWNET) == 0 ? 0 : -errno;
    close(file);
    return result;
}

int tap_open(const struct tap_settings *settings, enum tap_step *step) {
    char path[512];
    if (settings->network_namespace == NULL) return open_here(settings, step);
    *step = TAP_NAMESPACE;
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own < 0) return -errno;
    snprintf(path, sizeof path, "/run/netns/%s", settings->network_namespace);
    int result = enter(path);
    if (result == 0) {
        result = open_here(settings, step);
        if (setns(own, CLONE_NEWNET) != 0) {
            int error = errno;
            if (result >= 0) close(result);
            *step = TAP_NAMESPACE;
            result = -error;
        }
    }
    close(own);
    return result;
}

int tap_write(int tap, const void *frame, size_t length) { return write(tap, frame, length) == (ssize_t)length ? 0 : -1; }

size_t tap_read(int tap, void *frame, size_t room) {
    ssize_t length = read(tap, frame, room);
    return length > 0 ? (size_t)length : 0;
}

void tap_wait(int tap, unsigned microseconds) {
    struct pollfd wanted = {.fd = tap, .events = POLLIN};
    struct timespec limit = {.tv_sec = microseconds / 1000000, .tv_nsec = (long)(microseconds % 1000000) * 1000};
    ppoll(&wanted, 1, &limit, NULL);
}

void tap_close(int tap) { close(tap); }
