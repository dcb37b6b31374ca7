// swap-server PORT BOOT_MS: the child of the downtime bench. Boots for BOOT_MS, then answers each TCP connection on
// 127.0.0.1:PORT with its pid. Accepts on the socket that it was given (LISTEN_PID, LISTEN_FDS), or else opens the port.
// `--version` says what the file "version" beside the program holds; `--alive PORT` ends with 0 when a server answers there.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int say_version(void) {
  char path[PATH_MAX + 16];
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
  if (length < 0) return 1;
  path[length] = 0;
  strcpy(strrchr(path, '/') + 1, "version");
  FILE *file = fopen(path, "r");
  char version[64] = "";
  if (!file || !fgets(version, sizeof version, file)) return 1;
  return puts(version) < 0;
}

static int open_port(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ? -1 : listener;
}

static int inherited_socket(void) {
  const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
  return pid && count && atoi(pid) == getpid() && atoi(count) == 1 ? 3 : -1;
}

static int ask(int port) {
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct timeval limit = {1, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char answer[32];
  if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) return 1;
  return recv(connection, answer, sizeof answer, 0) > 0 ? 0 : 1;
}

static volatile sig_atomic_t stopping;

static void stop(int number) {
  (void)number;
  stopping = 1;
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "--version") == 0) return say_version();
  if (count == 3 && strcmp(words[1], "--alive") == 0) return ask(atoi(words[2]));
  if (count != 3) return 2;
  usleep((useconds_t)atoi(words[2]) * 1000);
  int listener = inherited_socket();
  if (listener < 0) listener = open_port(atoi(words[1]));
  if (listener < 0 || listen(listener, 64) < 0) return 98;
  // Whoever was accepted gets an answer; the signal is let in between two connections only.
  sigset_t none, taken;
  sigemptyset(&none);
  sigemptyset(&taken);
  sigaddset(&taken, SIGTERM);
  sigprocmask(SIG_BLOCK, &taken, 0);
  signal(SIGTERM, stop);
  struct pollfd waiting = {.fd = listener, .events = POLLIN};
  while (!stopping) {
    if (ppoll(&waiting, 1, 0, &none) < 1) continue;
    int connection = accept(listener, 0, 0);
    if (connection < 0) continue;
    char answer[32];
    int length = sprintf(answer, "%d\n", getpid());
    send(connection, answer, (size_t)length, MSG_NOSIGNAL);
    close(connection);
  }
  return 0;
}
