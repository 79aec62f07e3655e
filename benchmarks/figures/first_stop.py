"""Run in a fresh interpreter: imports a handler from an artefact, handles a first STOP, prints how long that took.

``python -I -S -B first_stop.py ARTEFACT MODULE``: standard library only, until the handler's own imports begin.
"""

import sys
import time

BEGUN, BEGUN_CPU = time.perf_counter(), time.process_time()


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = function_version = aws_request_id = "first-stop"

    def get_remaining_time_in_millis(self):
        return 30_000


def event(number="+14255550182", text_id="first", texts=1):
    import json

    records = []
    for at in range(texts):
        payload = {
            "originationNumber": number if texts == 1 else f"+1{200 + at // 10_000:03d}555{at % 10_000:04d}",
            "destinationNumber": "+12125550101",
            "messageKeyword": "KEYWORD_123456789012",
            "messageBody": "STOP",
            "inboundMessageId": f"{text_id}-{at}",
            "previousPublishedMessageId": f"{text_id}-before",
        }
        body = {
            "Type": "Notification",
            "MessageId": f"8f3c2a51-0000-5000-8000-{at:012d}",
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:inbound",
            "Message": json.dumps(payload),
            "Timestamp": "2026-11-03T14:02:11.123Z",
        }
        records.append(
            {
                "messageId": f"00000000-0000-4000-8000-{at:012d}",
                "receiptHandle": "handle",
                "body": json.dumps(body),
                "attributes": {"SentTimestamp": "1793714400000", "ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "md5OfBody": "d",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:inbound",
                "awsRegion": "us-east-1",
            }
        )
    return {"Records": records}


if __name__ == "__main__":
    import importlib

    sys.path.insert(0, sys.argv[1])
    handler = importlib.import_module(sys.argv[2]).handler
    imported, imported_cpu = time.perf_counter(), time.process_time()
    answer = handler(event(), Context())
    done, done_cpu = time.perf_counter(), time.process_time()
    if answer != {"batchItemFailures": []}:
        sys.exit(f"the STOP was not handled: {answer}")
    print()
    print("TOOK", imported - BEGUN, done - BEGUN, done_cpu - BEGUN_CPU)
