// count-lines LINES FILE...: how many of the numbered lines of tiny-server are in the files; other lines and what a logger
// puts in front are passed over. Prints "found twice broken".
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE 127
#define PREFIX 128

int main(int count, char **words) {
  long long lines = atoll(words[1]), found = 0, twice = 0, broken = 0;
  unsigned char *seen = calloc((size_t)lines, 1);
  for (int file = 2; file < count; file++) {
    int descriptor = open(words[file], O_RDONLY);
    struct stat facts;
    if (descriptor < 0 || fstat(descriptor, &facts) < 0 || facts.st_size == 0) continue;
    char *text = mmap(0, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    char *end = text + facts.st_size;
    char *begin = text;
    // What our launcher has cut off the start of the server's file is a hole, which reads as zeros.
    while (begin < end && *begin == 0) begin++;
    for (char *line = begin; line < end;) {
      char *stop = memchr(line, '\n', (size_t)(end - line));
      if (!stop) stop = end;
      char *mark = line;
      while (mark < stop && mark - line < PREFIX && !(mark[0] == 'L' && stop - mark >= 14 && mark[13] == ' ')) mark++;
      if (stop - mark == LINE && mark[0] == 'L') {
        long long number = strtoll(mark + 1, 0, 10);
        if (number >= 0 && number < lines) {
          if (seen[number]) twice++;
          else found++;
          seen[number] = 1;
        }
      } else if (memmem(line, (size_t)(stop - line), "xxxx", 4)) {
        broken++;
      }
      line = stop + 1;
    }
    munmap(text, (size_t)facts.st_size);
    close(descriptor);
  }
  printf("%lld %lld %lld\n", found, twice, broken);
  return 0;
}
