// tiny-server PORT LINES DONE_FILE HERALD [family FILE]: the child that every supervisor of the bench runs.
// Answers each TCP connection on 127.0.0.1:PORT with its pid; as soon as it accepts, it says PORT to 127.0.0.1:HERALD (UDP). On SIGUSR1 it writes LINES numbered lines of 128 bytes to
// its standard output, then DONE_FILE. With "family" it first forks two children, one of them in a session of its own.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE 128
#define LINES_A_WRITE 32

static long long lines;
static const char *done_file;

static int write_all(const char *from, size_t length) {
  while (length > 0) {
    ssize_t written = write(1, from, length);
    if (written < 0) return -1;
    from += written;
    length -= (size_t)written;
  }
  return 0;
}

static void *flood(void *set) {
  static char block[LINE * LINES_A_WRITE];
  for (;;) {
    int signal_number;
    sigwait(set, &signal_number);
    int failed = 0;
    for (long long line = 0; line < lines && !failed;) {
      int count = 0;
      for (; count < LINES_A_WRITE && line < lines; count++, line++) {
        char *at = block + count * LINE;
        memset(at, 'x', LINE);
        at[sprintf(at, "L%012lld ", line)] = 'y';
        at[LINE - 1] = '\n';
      }
      failed = write_all(block, (size_t)count * LINE);
    }
    FILE *done = fopen(done_file, "w");
    if (done) {
      fprintf(done, "%s\n", failed ? "failed" : "done");
      fclose(done);
    }
  }
  return 0;
}

static void wait_for_ever(void) {
  for (;;) pause();
}

static void found_family(const char *file) {
  pid_t near_child = fork();
  if (near_child == 0) wait_for_ever();
  pid_t far_child = fork();
  if (far_child == 0) {
    setsid();
    wait_for_ever();
  }
  FILE *out = fopen(file, "w");
  if (out) {
    fprintf(out, "%d %d\n", near_child, far_child);
    fclose(out);
  }
}

static struct sockaddr_in local(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static void tell(const char *herald, const char *word) {
  int teller = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = local(herald);
  sendto(teller, word, strlen(word), 0, (struct sockaddr *)&address, sizeof address);
  close(teller);
}

int main(int count, char **words) {
  if (count < 5) return 2;
  lines = atoll(words[2]);
  done_file = words[3];
  if (count > 6 && strcmp(words[5], "family") == 0) found_family(words[6]);
  static sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, 0);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = local(words[1]);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) return 98;
  listen(listener, 64);
  tell(words[4], words[1]);
  pthread_t thread;
  pthread_create(&thread, 0, flood, &set);
  for (;;) {
    int connection = accept(listener, 0, 0);
    if (connection < 0) continue;
    char answer[32];
    int length = sprintf(answer, "%d\n", getpid());
    send(connection, answer, (size_t)length, MSG_NOSIGNAL);
    close(connection);
  }
}
