"""Run in a fresh interpreter: handles batches of first STOPs from an artefact, prints what each took and the peak of memory.

``python -I -S -B batches.py ARTEFACT MODULE TEXTS TIMES``: standard library only, until the handler's own imports begin.
"""

import importlib
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, sys.argv[1])
handler = importlib.import_module(sys.argv[2]).handler
sys.path.append(str(Path(__file__).parent))

import first_stop  # noqa: E402  after what is measured

texts, times = int(sys.argv[3]), int(sys.argv[4])
walls, processor = [], []
handler(first_stop.event("+14255550182"), first_stop.Context())  # the clients are connected from here on
for at in range(times):
    event = first_stop.event("+14255550183", f"batch-{at}", texts)
    begun, begun_processor = time.perf_counter(), time.process_time()
    answer = handler(event, first_stop.Context())
    walls.append((time.perf_counter() - begun) * 1000)
    processor.append((time.process_time() - begun_processor) * 1000)
    if answer != {"batchItemFailures": []}:
        sys.exit("texts failed")
# Of this program alone: getrusage would also count what it was forked from.
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
sys.stdout.write("\nTOOK " + json.dumps({"wall": walls, "processor": processor, "peak": peak}) + "\n")
