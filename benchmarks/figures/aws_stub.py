"""AWS over the loopback: answers what a handler calls at once, or after some milliseconds, so that no network counts.

Runs by itself, on the standard library alone: ``python aws_stub.py [MILLISECONDS]`` prints its port. It holds no state: every
conditional write succeeds, as it does for the first text of a number.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

ANSWERS = {
    "PutOptedOutNumber": {"OptOutListName": "Default", "OptedOutTimestamp": 1793714400.0, "EndUserOptedOut": False},
    "SendTextMessage": {"MessageId": "00000000-0000-4000-8000-000000000000"},
}


async def serve(latency: float) -> None:
    """Until whoever started it is gone."""
    counts: dict[str, int] = {}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                begun = time.perf_counter()
                lines = head.decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
                }
                await reader.readexactly(int(headers.get("content-length", "0")))
                operation = headers.get("x-amz-target", "").rpartition(".")[2]
                if lines[0].startswith("GET /counts"):
                    body = json.dumps(counts)
                    counts.clear()
                else:
                    counts[operation] = counts.get(operation, 0) + 1
                    body = json.dumps(ANSWERS.get(operation, {}))
                    if latency:
                        await asyncio.sleep(latency - (time.perf_counter() - begun))
                answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                writer.write(answer.encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1] if len(sys.argv) > 1 else 0) / 1000))
