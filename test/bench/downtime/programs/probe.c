// probe PORT LIMIT_MS: connects to 127.0.0.1:PORT in a tight loop, says "watching" once a server has answered, and ends
// 50 ms after the first answer of another one. Last line: GAP_MS REFUSED LOST SLOWEST_MS; the gap runs from the last
// answer of the old server to the first of the new one. "lost" was accepted or queued, and got no answer.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

// The answer's pid; 0 when refused, -1 when there was no answer.
static int ask(const struct sockaddr_in *address) {
  int connection = socket(AF_INET, SOCK_STREAM, 0), answer = 0;
  struct timeval limit = {10, 0};
  // A close that resets: tens of thousands of connections in TIME_WAIT would slow down whoever reads /proc/net/tcp.
  struct linger reset = {1, 0};
  setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(connection, (const struct sockaddr *)address, sizeof *address) == 0) {
    char text[32];
    ssize_t length = recv(connection, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = 0;
    answer = length > 0 ? atoi(text) : -1;
  }
  close(connection);
  return answer;
}

int main(int count, char **words) {
  if (count != 3) return 2;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  double began = now_ms(), last_old = 0, first_new = 0, slowest = 0;
  int old_pid = 0, refused = 0, lost = 0;
  while (now_ms() - began < atof(words[2]) && (first_new == 0 || now_ms() - first_new < 50)) {
    double asked = now_ms();
    int pid = ask(&address);
    double answered = now_ms();
    if (pid > 0 && answered - asked > slowest) slowest = answered - asked;
    if (pid == 0) refused++;
    if (pid < 0) lost++;
    usleep(50);
    if (pid > 0 && old_pid == 0) {
      old_pid = pid;
      puts("watching");
      fflush(stdout);
    }
    if (pid > 0 && pid == old_pid) last_old = answered;
    if (pid > 0 && pid != old_pid && first_new == 0) first_new = answered;
  }
  printf("%.3f %d %d %.3f\n", first_new > 0 ? first_new - last_old : -1, refused, lost, slowest);
  return first_new > 0 ? 0 : 1;
}
