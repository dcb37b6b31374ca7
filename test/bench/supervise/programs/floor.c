// floor PROGRAM ARGS...: the fastest a supervisor can be. Starts the program again the moment it ends, and does nothing else.
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words) {
  (void)count;
  for (;;) {
    pid_t child = vfork();
    if (child == 0) {
      execv(words[1], words + 1);
      _exit(127);
    }
    int status;
    while (waitpid(child, &status, 0) != child) continue;
  }
}
