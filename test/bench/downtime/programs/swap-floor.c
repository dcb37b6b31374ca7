// swap-floor BUNDLE STAGED OLD PROGRAM ARGS...: the shortest that a swap can be. Starts PROGRAM; on SIGUSR1 it stops it,
// makes BUNDLE → OLD and STAGED → BUNDLE of it, and starts it anew. Nothing is journalled, proven or forced to disk.
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(char **words, const sigset_t *none) {
  pid_t child = vfork();
  if (child == 0) {
    sigprocmask(SIG_SETMASK, none, 0);
    execv(words[0], words);
    _exit(127);
  }
  return child;
}

int main(int count, char **words) {
  if (count < 5) return 2;
  sigset_t none, taken;
  sigemptyset(&none);
  sigemptyset(&taken);
  sigaddset(&taken, SIGUSR1);
  sigaddset(&taken, SIGTERM);
  sigprocmask(SIG_BLOCK, &taken, 0);
  pid_t child = start(words + 4, &none);
  for (;;) {
    int signal_number;
    sigwait(&taken, &signal_number);
    kill(child, SIGTERM);
    waitpid(child, 0, 0);
    if (signal_number == SIGTERM) return 0;
    if (rename(words[1], words[3]) < 0 || rename(words[2], words[1]) < 0) return 1;
    child = start(words + 4, &none);
  }
}
