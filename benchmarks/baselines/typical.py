"""A handler as Powertools' documentation puts one together: batch processor, parser, phonenumbers; a STOP done naively.

Look up whether the number is known, record it, record the text, put the number on the list, answer, note the answer.
"""

import os
from datetime import datetime
from typing import Literal

import boto3
import phonenumbers
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.parser import parse
from pydantic import BaseModel

KEYWORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}

logger = Logger(service="typical")
metrics = Metrics(namespace="Typical", service="typical")
processor = BatchProcessor(event_type=EventType.SQS)
dynamodb = boto3.client("dynamodb")
sms_voice = boto3.client("pinpoint-sms-voice-v2")


class Notification(BaseModel):
    Type: Literal["Notification"]
    Message: str
    Timestamp: datetime


class Text(BaseModel):
    originationNumber: str
    destinationNumber: str
    messageBody: str
    inboundMessageId: str


def hear(record: SQSRecord) -> None:
    notification = parse(event=record.json_body, model=Notification)
    text = Text.model_validate_json(notification.Message)
    word = text.messageBody.strip().upper()
    if word not in KEYWORDS and word != "START":
        logger.info("ignored")
        return
    parsed = phonenumbers.parse(text.originationNumber, None)
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    at = notification.Timestamp.isoformat()
    key = {"pk": {"S": number}, "sk": {"S": "CONSENT"}}
    ledger = os.environ["LEDGER_TABLE"]
    standing = dynamodb.get_item(TableName=ledger, Key=key, ConsistentRead=True).get("Item", {})
    text_id = {"S": text.inboundMessageId}
    if standing.get("last_text") == text_id:
        return
    opted_out = word in KEYWORDS
    consent = key | {"status": {"S": "OPTED_OUT" if opted_out else "OPTED_IN"}, "at": {"S": at}, "last_text": text_id}
    dynamodb.put_item(TableName=ledger, Item=consent)
    history = {"sk": {"S": f"TEXT#{at}"}, "body": {"S": text.messageBody}, "to": {"S": text.destinationNumber}}
    dynamodb.put_item(TableName=ledger, Item=key | history)
    if not opted_out:
        sms_voice.delete_opted_out_number(OptOutListName=os.environ["OPT_OUT_LIST"], OptedOutNumber=number)
    if standing.get("status") != consent["status"]:
        answer = sms_voice.send_text_message(
            DestinationPhoneNumber=number,
            OriginationIdentity=text.destinationNumber,
            MessageBody="You are unsubscribed and will get no more messages."
            if opted_out
            else "You are subscribed again.",
        )
        dynamodb.put_item(TableName=ledger, Item=consent | {"message": {"S": answer["MessageId"]}})
    if opted_out:
        sms_voice.put_opted_out_number(OptOutListName=os.environ["OPT_OUT_LIST"], OptedOutNumber=number)
    metrics.add_metric("OptOuts", MetricUnit.Count, 1)
    logger.info("opted out")


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event, context):
    return process_partial_response(event=event, record_handler=hear, processor=processor, context=context)
