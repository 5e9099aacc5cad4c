/* NVIDIA's management library as a test wants it: every call reads the file that
   STATE names, lines such as "0.used=1024" for GPU 0 and "count=2" for all. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7 };

static int find(const char *key, char *value) {
  char line[4096];
  size_t length = strlen(key);
  int found = 0;
  FILE *file = fopen(STATE, "r");
  while (file && fgets(line, sizeof line, file)) {
    if (strncmp(line, key, length) == 0 && line[length] == '=') {
      strcpy(value, line + length + 1);
      value[strcspn(value, "\n")] = 0;
      found = 1;
    }
  }
  if (file) fclose(file);
  return found;
}

static int find_of(void *device, const char *key, char *value) {
  char full[64];
  snprintf(full, sizeof full, "%ld.%s", (long) device - 1, key);
  return find(full, value);
}

static long long number(const char *key, long long otherwise) {
  char value[4096];
  return find(key, value) ? strtoll(value, NULL, 0) : otherwise;
}

static long long number_of(void *device, const char *key, long long otherwise) {
  char value[4096];
  return find_of(device, key, value) ? strtoll(value, NULL, 0) : otherwise;
}

static int given(void *device, const char *key, unsigned *out) {
  char value[4096];
  if (!find_of(device, key, value)) return NOT_SUPPORTED;
  *out = (unsigned) strtoul(value, NULL, 0);
  return SUCCESS;
}

static void hang_if(const char *where) {
  char value[4096];
  while (find("hang", value) && strcmp(value, where) == 0) sleep(1000);
}

int nvmlInit_v2(void) { hang_if("init"); return (int) number("init", SUCCESS); }

int nvmlDeviceGetCount_v2(unsigned *count) { *count = (unsigned) number("count", 1); return SUCCESS; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  *device = (void *) (long) (index + 1);
  return (int) number_of(*device, "error", SUCCESS);
}

int nvmlDeviceGetUUID(void *device, char *text, unsigned length) {
  snprintf(text, length, "GPU-%ld", (long) device - 1);
  return SUCCESS;
}

int nvmlDeviceGetName(void *device, char *text, unsigned length) {
  (void) device;
  snprintf(text, length, "Stub 9000");
  return SUCCESS;
}

struct pci { char legacy[16]; unsigned domain, bus, device, id, subsystem; char text[32]; };
int nvmlDeviceGetPciInfo_v3(void *device, struct pci *pci) {
  memset(pci, 0, sizeof *pci);
  pci->bus = 0x60 + (unsigned) (long) device;
  return SUCCESS;
}

struct memory { unsigned long long total, free, used; };
int nvmlDeviceGetMemoryInfo(void *device, struct memory *memory) {
  memory->total = (unsigned long long) number_of(device, "total", 80LL << 30);
  memory->used = (unsigned long long) number_of(device, "used", 0);
  memory->free = memory->total - memory->used;
  return (int) number_of(device, "memory_error", SUCCESS);
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *out) {
  (void) sensor;
  return given(device, "temperature", out);
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *out) { return given(device, "power", out); }

int nvmlDeviceGetUtilizationRates(void *device, unsigned *rates) {
  rates[1] = 0;
  return given(device, "utilisation", rates);
}

int nvmlDeviceGetTotalEccErrors(void *device, int type, int counter, unsigned long long *out) {
  unsigned count = 0;
  int result = type == 1 && counter == 0 ? given(device, "ecc", &count) : NOT_SUPPORTED;
  *out = count;
  return result;
}

int nvmlDeviceGetRemappedRows(void *device, unsigned *good, unsigned *bad, unsigned *pending, unsigned *failed) {
  *good = *bad = 0;
  *pending = (unsigned) number_of(device, "pending", 0);
  *failed = (unsigned) number_of(device, "failed", 0);
  return SUCCESS;
}

int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
  *pending = 0;
  return given(device, "mig", current);
}

struct field { unsigned id, scope; long long time, latency; int type, result; union { unsigned number; double room; } value; };
int nvmlDeviceGetFieldValues(void *device, int count, struct field *field) {
  field->result = count == 1 && field->id == 230 ? given(device, "action", &field->value.number) : NOT_SUPPORTED;
  return SUCCESS;
}

/* "0.procs=PID:BYTES PID:BYTES"; records of 24 bytes, or of 32 with "stride=32". */
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *room, char *records) {
  char value[4096] = "";
  unsigned count = 0;
  size_t stride = (size_t) number("stride", 24);
  hang_if("procs");
  find_of(device, "procs", value);
  for (char *at = strtok(value, " "); at; at = strtok(NULL, " "), count++) {
    if (count < *room) {
      char *record = records + count * stride;
      memset(record, 0, stride);
      *(uint32_t *) record = (uint32_t) strtoul(at, &at, 10);
      *(uint64_t *) (record + 8) = (uint64_t) strtoll(at + 1, NULL, 10);
      memset(record + 16, 0xff, 8);
    }
  }
  int result = count > *room ? INSUFFICIENT_SIZE : SUCCESS;
  *room = count;
  return result;
}
