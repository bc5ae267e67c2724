/* slow-disk.c: preloaded into a node: each reading that may wait, each writing and each sync of a regular
 * file takes SLOW_DISK_MS (100) longer as long as the file $SLOW_DISK_WHILE exists. A reading with
 * RWF_NOWAIT fails every fourth time as if the page were not in memory.
 * SPDX-License-Identifier: Apache-2.0 */
#undef _FILE_OFFSET_BITS /* both names of each call are wanted */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__ ((visibility ("default")))

static int
is_slow (int fd)
{
  const char *flag = getenv ("SLOW_DISK_WHILE");
  int kept = errno, slow;
  struct stat st;

  slow = flag != NULL && access (flag, F_OK) == 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode);
  errno = kept;
  return slow;
}

static void
pause_for (int fd)
{
  const char *text = getenv ("SLOW_DISK_MS");
  long ms = text != NULL ? atol (text) : 100;
  struct timespec length = { ms / 1000, ms % 1000 * 1000000 };

  if (is_slow (fd))
    while (nanosleep (&length, &length) != 0)
      ;
}

#define REAL(name) ((__typeof__ (&name)) dlsym (RTLD_NEXT, #name))

EXPORT ssize_t
pread (int fd, void *data, size_t len, off_t at)
{
  pause_for (fd);
  return REAL (pread) (fd, data, len, at);
}

EXPORT ssize_t
pread64 (int fd, void *data, size_t len, off64_t at)
{
  pause_for (fd);
  return REAL (pread64) (fd, data, len, at);
}

static int
misses (int fd)
{
  static unsigned calls;

  return is_slow (fd) && __atomic_add_fetch (&calls, 1, __ATOMIC_RELAXED) % 4 == 0;
}

EXPORT ssize_t
preadv2 (int fd, const struct iovec *iov, int n, off_t at, int flags)
{
  if (!(flags & RWF_NOWAIT))
    pause_for (fd);
  else if (misses (fd))
    {
      errno = EAGAIN;
      return -1;
    }
  return REAL (preadv2) (fd, iov, n, at, flags);
}

EXPORT ssize_t
preadv64v2 (int fd, const struct iovec *iov, int n, off64_t at, int flags)
{
  if (!(flags & RWF_NOWAIT))
    pause_for (fd);
  else if (misses (fd))
    {
      errno = EAGAIN;
      return -1;
    }
  return REAL (preadv64v2) (fd, iov, n, at, flags);
}

EXPORT ssize_t
pwrite (int fd, const void *data, size_t len, off_t at)
{
  pause_for (fd);
  return REAL (pwrite) (fd, data, len, at);
}

EXPORT ssize_t
pwrite64 (int fd, const void *data, size_t len, off64_t at)
{
  pause_for (fd);
  return REAL (pwrite64) (fd, data, len, at);
}

EXPORT int
fdatasync (int fd)
{
  pause_for (fd);
  return REAL (fdatasync) (fd);
}

EXPORT int
fsync (int fd)
{
  pause_for (fd);
  return REAL (fsync) (fd);
}
